//! Timestamps in filters: ISO 8601, and offsets from now.

use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

/// The time of this machine's clock. (`Timestamp::now` panics where a clock is beyond the year 9999.)
pub fn now() -> Timestamp {
    nearest(SystemTime::now())
}

fn nearest(time: SystemTime) -> Timestamp {
    let limit = if time < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::try_from(time).unwrap_or(limit)
}

/// Formats a timestamp as the service does: UTC with milliseconds, `2026-11-22T06:15:15.035Z`.
pub fn to_text(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}

/// Parses ISO 8601: a date or a date and time, UTC without an offset; also `2026` and `2026-11`.
pub fn from_iso8601(text: &str) -> Option<Timestamp> {
    // A year or a month alone is its first day.
    let filled = match text.len() {
        4 => format!("{text}-01-01"),
        7 if text.as_bytes()[4] == b'-' => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let in_utc = || filled.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| Some(in_utc()?.timestamp()))
}

/// Parses `now`, `now/d`, `now/w` or `now/m` (the start of today, of this week from Monday, of this month), each with
/// an optional offset such as `- 2w` (`s`, `m`, `h`, `d`, `w`).
pub fn from_difference(text: &str, now: Timestamp) -> Option<Timestamp> {
    let rest = text.trim().strip_prefix("now")?;
    let now = now.to_zoned(TimeZone::UTC);
    let today = now.start_of_day().ok()?;
    let (start, rest) = match rest.get(..2) {
        Some("/d") => (today, &rest[2..]),
        Some("/w") => (today.checked_sub(today.weekday().to_monday_zero_offset().days()).ok()?, &rest[2..]),
        Some("/m") => (today.first_of_month().ok()?, &rest[2..]),
        _ => (now, rest),
    };
    let offset = rest.trim_start();
    let end = match offset.chars().next() {
        None => start,
        Some('+') => start.checked_add(offset_span(&offset[1..])?).ok()?,
        Some('-') => start.checked_sub(offset_span(&offset[1..])?).ok()?,
        Some(_) => return None,
    };
    Some(end.timestamp())
}

fn offset_span(text: &str) -> Option<Span> {
    let text = text.trim_start();
    // jiff's format also has signs, sums, fractions and words, which the real service rejects.
    let number = text.strip_suffix(['s', 'm', 'h', 'd', 'w'])?;
    if number.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn iso_8601_is_utc_unless_it_says_otherwise() {
        assert_eq!(from_iso8601("2026-11-22T06:15:15.035Z"), Some(at("2026-11-22T06:15:15.035Z")));
        assert_eq!(from_iso8601("2026-11-22T09:00:00+09:00"), Some(at("2026-11-22T00:00:00Z")));
        assert_eq!(from_iso8601("2026-11-22 06:15:15"), Some(at("2026-11-22T06:15:15Z")));
        for start in ["2026", "2026-01", "2026-01-01", "20260101"] {
            assert_eq!(from_iso8601(start), Some(at("2026-01-01T00:00:00Z")), "{start}");
        }
        for wrong in ["", "junk", "2026-13", "22.11.2026", "äöü"] {
            assert_eq!(from_iso8601(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn distances_start_at_now_or_at_the_start_of_its_day_week_or_month() {
        // A Sunday: the week began on the Monday before.
        let now = at("2026-11-22T06:15:15Z");
        for (text, expected) in [
            ("now", "2026-11-22T06:15:15Z"),
            (" now/d ", "2026-11-22T00:00:00Z"),
            ("now/w", "2026-11-16T00:00:00Z"),
            ("now/m", "2026-11-01T00:00:00Z"),
            ("now-1d", "2026-11-21T06:15:15Z"),
            ("now/d + 90m", "2026-11-22T01:30:00Z"),
            ("now/m - 2w", "2026-10-18T00:00:00Z"),
        ] {
            assert_eq!(from_difference(text, now), Some(at(expected)), "{text}");
        }
        for wrong in ["", "tomorrow", "now/y", "now 1d", "now-", "now-d", "now-1x", "now- -1d", "now-99999999999999w"] {
            assert_eq!(from_difference(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn a_clock_may_show_any_year() {
        let far = Duration::from_secs(300_000_000_000);
        assert_eq!(nearest(SystemTime::UNIX_EPOCH + far), Timestamp::MAX);
        assert_eq!(nearest(SystemTime::UNIX_EPOCH - far * 2), Timestamp::MIN);
        assert_eq!(nearest(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), at("1969-12-31T23:59:59Z"));
    }

    #[test]
    fn timestamps_are_written_with_milliseconds() {
        assert_eq!(to_text(at("2026-11-22T06:15:15.0351Z")), "2026-11-22T06:15:15.035Z");
        assert_eq!(to_text(at("2026-11-22T06:15:15Z")), "2026-11-22T06:15:15.000Z");
    }
}
