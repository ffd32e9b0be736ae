//! The points in time that filters name: ISO 8601, and distances from now.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment as the service writes one: UTC with milliseconds, `2026-11-22T06:15:15.035Z`.
pub fn written(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// Reads ISO 8601: a date or a date and time, UTC where no offset stands; also `2026` and `2026-11`.
pub fn from_iso8601(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    // A year or a month alone means its first day.
    let filled = match text.len() {
        4 => format!("{text}-01-01"),
        7 if text.as_bytes()[4] == b'-' => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let civil: DateTime = filled.parse().ok()?;
    in_utc(civil)
}

/// Reads `now`, `now/d`, `now/w` or `now/m` (the start of today, of this week from Monday, of this month), each
/// with or without a distance such as `- 2w` (`s`, `m`, `h`, `d`, `w`).
pub fn from_difference(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let rest = text.strip_prefix("now")?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let (start, rest) = match rest.get(..2) {
        Some("/d") => (midnight(today)?, &rest[2..]),
        Some("/w") => {
            let days = i64::from(today.weekday().to_monday_zero_offset());
            let monday = today.checked_sub(SignedDuration::from_hours(24 * days)).ok()?;
            (midnight(monday)?, &rest[2..])
        }
        Some("/m") => (midnight(today.first_of_month())?, &rest[2..]),
        _ => (now, rest),
    };
    let distance = rest.trim_start();
    match distance.chars().next() {
        None => Some(start),
        Some('+') => start.checked_add(duration(&distance[1..])?).ok(),
        Some('-') => start.checked_sub(duration(&distance[1..])?).ok(),
        Some(_) => None,
    }
}

fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim_start();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number.parse::<i64>().ok()?.checked_mul(seconds)?))
}

fn midnight(date: Date) -> Option<Timestamp> {
    in_utc(date.at(0, 0, 0, 0))
}

fn in_utc(civil: DateTime) -> Option<Timestamp> {
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
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
    fn moments_are_written_with_milliseconds() {
        assert_eq!(written(at("2026-11-22T06:15:15.0351Z")), "2026-11-22T06:15:15.035Z");
        assert_eq!(written(at("2026-11-22T06:15:15Z")), "2026-11-22T06:15:15.000Z");
    }
}
