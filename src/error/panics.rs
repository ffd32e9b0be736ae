//! Turns panics into errors.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use futures_util::FutureExt as _;

use crate::error::Error;

thread_local! {
    /// The location of this thread's last panic.
    static LOCATION: Cell<Option<String>> = const { Cell::new(None) };
}

/// Keeps panics off the terminal: they are reported where they are caught.
pub fn silence() {
    panic::set_hook(Box::new(|info| LOCATION.set(info.location().map(ToString::to_string))));
}

/// Runs `work`, and catches its panic.
///
/// # Errors
/// The panic's message and location.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| text(&*panic))
}

/// As [`catch`], for a future.
pub(crate) async fn catch_async<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| text(&*panic))
}

/// The error for a panic.
pub(crate) fn error(panic: String) -> Error {
    Error::local("internal error")
        .cause(panic)
        .hint("report it with the command and its output: it is a bug of spacectl")
}

fn text(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let message = message.unwrap_or("no reason given");
    match LOCATION.take() {
        Some(location) => format!("{message} ({location})"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message() {
        assert_eq!(catch(|| 1), Ok(1));
        assert_eq!(catch(|| panic!("literal")), Err::<(), _>("literal".to_owned()));
        assert_eq!(catch(|| panic!("number {}", 2)), Err::<(), _>("number 2".to_owned()));
        assert_eq!(catch(|| panic::panic_any(3)), Err::<(), _>("no reason given".to_owned()));
    }

    #[test]
    fn a_panic_after_waiting_is_caught() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let late = async {
            tokio::task::yield_now().await;
            panic!("late")
        };
        assert_eq!(runtime.block_on(catch_async(late)), Err::<(), _>("late".to_owned()));
    }
}
