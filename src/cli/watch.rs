//! The option `--watch`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::Args;

use super::duration;

/// The option `--watch`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct WatchArgs {
    /// Repeat until Ctrl-C, e.g. every 500ms [default: 2s]
    ///
    /// A terminal is redrawn in place, changed rows marked; a pipe gets a document per change.
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2s",
        value_parser = interval
    )]
    pub watch: Option<Duration>,
}

const OPTION: &str = "--watch";

/// The shortest interval: a service has other callers.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// The longest interval; short enough for every clock.
const MAX_INTERVAL: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Parses an interval as [`duration`] does, or seconds with a fraction such as `0.5`.
fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || "not an interval: use e.g. 2, 0.5, 500ms, 10s or 1m".to_owned();
    let interval = match duration(text) {
        Ok(interval) => interval.unwrap_or_default(),
        Err(_) if is_interval(text) => {
            let seconds: f64 = text.trim_end_matches('s').parse().map_err(|_| wrong())?;
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        }
        Err(_) => return Err(wrong()),
    };
    match interval {
        short if short < MIN_INTERVAL => Err("too short: the minimum is 100ms".to_owned()),
        long if long > MAX_INTERVAL => Err("too long: the maximum is one month".to_owned()),
        interval => Ok(interval),
    }
}

/// Whether a text is seconds with a fraction, or a duration; no name of a resource is.
fn is_interval(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    text.starts_with(|c: char| c.is_ascii_digit())
        && (matches!(unit, "" | "s") || (!text.contains('.') && matches!(unit, "ms" | "m" | "h")))
}

/// Rewrites `--watch 5s` to `--watch=5s`, but only before an interval: in `--watch repository.Plugin` the resource
/// stays a resource. clap would take any word that follows, or none.
pub fn join_watch(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut are_options = true;
    for arg in args {
        are_options &= arg != "--";
        match joined.last_mut() {
            Some(last) if are_options && last == OPTION && arg.to_str().is_some_and(is_interval) => {
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
        for (text, millis) in
            [("2", 2_000), ("2s", 2_000), ("0.25", 250), ("0.25s", 250), ("0.1", 100), ("100ms", 100), ("1m", 60_000)]
        {
            assert_eq!(interval(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for wrong in [
            "",
            "0",
            "0.09",
            "99ms",
            "-1",
            "1e3",
            "inf",
            "NaN",
            "1.2.3",
            ".5",
            "0.5m",
            "2ss",
            "99999999999",
            "32d",
            "1_0",
            "800h",
            "1.5ms",
        ] {
            assert!(interval(wrong).is_err(), "{wrong}");
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
        assert_eq!(joined("get --watch 500ms a.B"), "get --watch=500ms a.B");
        assert_eq!(joined("list a.B --watch 5x"), "list a.B --watch 5x");
        for same in ["list --watch a.B", "list --watch=5 6", "list -l 5 --watch", "list -- --watch 5", "list a.B"] {
            assert_eq!(joined(same), same);
        }
    }
}
