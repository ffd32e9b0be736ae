//! Parses numbers and durations of options such as `--limit` and `--timeout`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// Parses a number within `range`.
pub(super) fn number<T: FromStr + PartialOrd + Display>(text: &str, range: RangeInclusive<T>) -> Result<T, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("not a number from {} to {}", range.start(), range.end())),
    }
}

/// Parses a count of rows.
pub(super) fn count(text: &str) -> Result<u32, String> {
    number(text, 1..=u32::MAX)
}

/// How many requests are in flight at a time.
pub const DEFAULT_PARALLEL: u16 = 16;

/// The most requests in flight: more than services answer at a time.
const MAX_PARALLEL: u16 = 256;

/// Parses a number of requests in flight.
pub(super) fn parallel(text: &str) -> Result<u16, String> {
    number(text, 1..=MAX_PARALLEL)
}

/// A time limit; `None` means no limit.
pub type Limit = Option<Duration>;

/// Parses `3`, `500ms`, `3s`, `5m` or `1h`: a plain number is in seconds, 0 means no limit.
///
/// # Errors
/// Says what is wrong with `text`.
pub fn duration(text: &str) -> Result<Limit, String> {
    let wrong = || "not a duration: use e.g. 3, 500ms, 30s, 5m or 1h".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let millis = number.checked_mul(unit).filter(|millis| *millis < 1 << 40).ok_or_else(wrong)?;
    Ok((millis > 0).then(|| Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!((number("1", 1..=256u16), number("256", 1..=256u16)), (Ok(1), Ok(256)));
        for wrong in ["", "x", "0", "257", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(number(wrong, 1..=256u16), Err("not a number from 1 to 256".to_owned()), "{wrong}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(duration("3"), Ok(Some(Duration::from_secs(3))));
        assert_eq!(duration("500ms"), Ok(Some(Duration::from_millis(500))));
        assert_eq!(duration("5m"), Ok(Some(Duration::from_secs(300))));
        assert_eq!(duration("0"), Ok(None));
        for wrong in ["", "s", "-1", "1.5", "3 s", "3d", "99999999999999999999"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
