//! The option `--watch`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::Args;

/// The option `--watch`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct WatchArgs {
    /// Repeat until Ctrl-C, every SECONDS [default: 2]
    ///
    /// A terminal is redrawn in place; a pipe gets a document per change.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = seconds,
        conflicts_with = "dry_run"
    )]
    pub watch: Option<Duration>,
}

const OPTION: &str = "--watch";

/// The shortest interval: a service has other callers.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// The longest interval; short enough for every clock.
const MAX_INTERVAL: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Parses seconds such as `2` or `0.5`.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 =
        if is_number(text) { text.parse().ok() } else { None }.ok_or("not a number of seconds: use e.g. 2 or 0.5")?;
    match Duration::try_from_secs_f64(number) {
        Ok(time) if time < MIN_INTERVAL => Err("too short: the minimum is 0.1 seconds".to_owned()),
        Ok(time) if time <= MAX_INTERVAL => Ok(time),
        _ => Err("too long: the maximum is one month".to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Rewrites `--watch 5` to `--watch=5`, but only before a number: in `--watch repository.Plugin` the resource stays
/// a resource. clap would take any word that follows, or none.
pub fn join_watch(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut are_options = true;
    for arg in args {
        are_options &= arg != "--";
        match joined.last_mut() {
            Some(last) if are_options && last == OPTION && arg.to_str().is_some_and(is_number) => {
                last.push(OsStr::new("="));
                last.push(arg);
            }
            _ => joined.push(arg),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        assert_eq!(seconds("2"), Ok(Duration::from_secs(2)));
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("0.1"), Ok(MIN_INTERVAL));
        for wrong in ["", "0", "0.09", "-1", "1e3", "inf", "NaN", "1.2.3", ".5", "2s", "99999999999", "1_0"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_number_is_joined() {
        let joined = |line: &str| {
            let joined = join_watch(line.split(' ').map(OsString::from));
            joined.join(OsStr::new(" ")).into_string().unwrap()
        };
        assert_eq!(joined("list --watch 5 a.B"), "list --watch=5 a.B");
        assert_eq!(joined("list a.B --watch 0.5 -l 3"), "list a.B --watch=0.5 -l 3");
        assert_eq!(joined("list a.B --watch 5x"), "list a.B --watch 5x");
        for same in ["list --watch a.B", "list --watch=5 6", "list -l 5 --watch", "list -- --watch 5", "list a.B"] {
            assert_eq!(joined(same), same);
        }
    }
}
