//! The dates and times of filters: what is typed names a stretch of time, as long as it is exact, or a distance from now.
//!
//! `2026` is a year, `2026-01` a month, `2026-01-31` a day, `2026-01-31T10` an hour, then minutes and seconds; with
//! fractions of a second it is one point. So `=` means within it, `>` behind its end, `<` before its start. All of them
//! are UTC, which the services write, unless a zone stands behind: `Z`, `+09:00`, `+0900` or `+09`.
//!
//! Distances are left to the service, by whose clock its moments were written.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

/// What a filter compares a moment with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// One point in time.
    Point(Timestamp),
    /// From a point on, up to before another.
    Stretch(Timestamp, Timestamp),
    /// A distance from now, in the words of the services: `now-7d`.
    FromNow(String),
}

/// How a moment is written, for hints.
pub const FORMS: &str = "write 2026-01-31, 2026-01-31T10:00, 2026-01-31T10:00+09:00, -7d (of s, m, h, d, w), or now";

/// Reads a moment; `None` if the text is none, or lies outside of the years 1 to 9999, which the services know.
pub fn read(text: &str) -> Option<Moment> {
    if text.starts_with(['+', '-']) || text.starts_with("now") {
        return from_now(text).map(Moment::FromNow);
    }
    let (start, end) = on_the_clock(text)?;
    let known = |moment: &Timestamp| (1..=9999).contains(&moment.to_zoned(TimeZone::UTC).year());
    let moment = match end {
        Some(end) => Moment::Stretch(start, Some(end).filter(known)?),
        None => Moment::Point(start),
    };
    known(&start).then_some(moment)
}

/// Reads a date with or without a time: its start and, unless it is a point, its end.
fn on_the_clock(text: &str) -> Option<(Timestamp, Option<Timestamp>)> {
    let (date, rest) = match text.len() {
        4 | 7 => (text, ""),
        _ => text.split_at_checked(10)?,
    };
    let (day, length_of_date) = read_date(date)?;
    let (clock, zone) = match rest.strip_prefix(['T', 't', ' ']) {
        None => ("", rest),
        Some(rest) => {
            let end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            rest.split_at(end)
        }
    };
    let (time, length) = if clock.is_empty() { (Time::midnight(), Some(length_of_date)) } else { read_time(clock)? };
    let start = day.to_datetime(time);
    let offset = read_zone(zone)?;
    let at = |moment: DateTime| offset.to_timestamp(moment).ok();
    let end = match length {
        Some(length) => Some(at(start.checked_add(length).ok()?)?),
        None => None,
    };
    Some((at(start)?, end))
}

/// The first day of a year, a month or a day, and how long that lasts.
fn read_date(text: &str) -> Option<(Date, Span)> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let span = match (month, day) {
        (None, _) => Span::new().years(1),
        (Some(_), None) => Span::new().months(1),
        (Some(_), Some(_)) => Span::new().days(1),
    };
    let part = |part: Option<&str>| part.map_or(Some(1), |part| number(part, 2)?.try_into().ok());
    Some((Date::new(year, part(month)?, part(day)?).ok()?, span))
}

/// A time of the day, and how long what it names lasts; a fraction of a second is a point.
fn read_time(text: &str) -> Option<(Time, Option<Span>)> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut parts = whole.split(':');
    let hour = number(parts.next()?, 2)?;
    let (minute, second) = (parts.next(), parts.next());
    if parts.next().is_some() || (fraction.is_some() && second.is_none()) {
        return None;
    }
    let span = match (minute, second, fraction) {
        (_, _, Some(_)) => None,
        (None, _, None) => Some(Span::new().hours(1)),
        (Some(_), None, None) => Some(Span::new().minutes(1)),
        (Some(_), Some(_), None) => Some(Span::new().seconds(1)),
    };
    let part = |part: Option<&str>| part.map_or(Some(0), |part| number(part, 2)?.try_into().ok());
    let nanoseconds: i32 = match fraction {
        None => 0,
        Some(digits) if digits.len() <= 9 && is_number(digits) => format!("{digits:0<9}").parse().ok()?,
        Some(_) => return None,
    };
    Some((Time::new(hour.try_into().ok()?, part(minute)?, part(second)?, nanoseconds).ok()?, span))
}

/// `Z`, `+09:00`, `+0900`, `+09`, or nothing, which is UTC.
fn read_zone(text: &str) -> Option<Offset> {
    let sign = match text.chars().next() {
        None => return Some(Offset::UTC),
        Some('Z' | 'z') => return (text.len() == 1).then_some(Offset::UTC),
        Some('+') => 1,
        Some('-') => -1,
        Some(_) => return None,
    };
    let digits = &text[1..];
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at_checked(2)?,
        _ => digits.split_once(':')?,
    };
    let (hours, minutes) = (i32::from(number(hours, 2)?), i32::from(number(minutes, 2)?));
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && is_number(text)).then(|| text.parse().ok())?
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `-7d`, `now`, `now-7d`, `now/d-1w`, as spaceone-core's `parse_timediff_query` reads them (`/d`, `/w` and `/m` are the
/// start of the day, the week, the month); `None` also for what leads out of a thousand years, of which it cannot be
/// sure.
fn from_now(text: &str) -> Option<String> {
    let rest = text.strip_prefix("now").unwrap_or(text);
    let (start, rest) = match rest.split_at_checked(2) {
        Some((start @ ("/d" | "/w" | "/m"), rest)) => (start, rest),
        _ => ("", rest),
    };
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(format!("now{start}"));
    }
    let (sign, distance) = rest.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let distance = distance.trim_start();
    let (digits, unit) = distance.split_at_checked(distance.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let number: i64 = Some(digits).filter(|digits| is_number(digits))?.parse().ok()?;
    let farthest = SignedDuration::from_hours(24 * 365 * 1_000);
    let is_near = SignedDuration::from_secs(number.checked_mul(seconds)?) <= farthest;
    is_near.then(|| format!("now{start}{sign}{digits}{unit}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_typed_is_as_long_as_it_is_exact() {
        for (text, start, end) in [
            ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2024-02-28", "2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z"),
            ("2026-01-31T10", "2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z"),
            ("2026-01-31T23:59", "2026-01-31T23:59:00Z", "2026-02-01T00:00:00Z"),
            ("2026-01-31 10:00:59", "2026-01-31T10:00:59Z", "2026-01-31T10:01:00Z"),
            ("2026-01-31Z", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-01-31+09:00", "2026-01-30T15:00:00Z", "2026-01-31T15:00:00Z"),
            ("2026-01-31T10:00-0530", "2026-01-31T15:30:00Z", "2026-01-31T15:31:00Z"),
            ("2026-01-31t10:00:00+09", "2026-01-31T01:00:00Z", "2026-01-31T01:00:01Z"),
        ] {
            assert_eq!(read(text), Some(Moment::Stretch(at(start), at(end))), "{text}");
        }
        for text in ["2026-11-22T06:15:15.035Z", "2026-11-22T15:15:15,035+09:00"] {
            assert_eq!(read(text), Some(Moment::Point(at("2026-11-22T06:15:15.035Z"))), "{text}");
        }
    }

    #[test]
    fn distances_are_told_in_the_services_words() {
        for (text, expected) in [
            ("-7d", "now-7d"),
            ("+ 1h", "now+1h"),
            ("now", "now"),
            ("now - 90s", "now-90s"),
            ("now/d", "now/d"),
            ("now/w-2w", "now/w-2w"),
            ("now/m + 5m", "now/m+5m"),
        ] {
            assert_eq!(read(text), Some(Moment::FromNow(expected.into())), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_moments() {
        for text in [
            "",
            "x",
            "yesterday",
            "26-01-01",
            "2026-13",
            "2026-02-29",
            "2026-1-1",
            "2026/01/01",
            "20260101",
            "0000",
            "9999",
            "0001-01-01+09:00",
            "2026-01-01T",
            "2026-01-01TZ",
            "2026-01-01T24:00",
            "2026-01-01T10:00:00.",
            "2026-01-01T10.5",
            "2026-01-01T10:00X",
            "2026-01-01T10:00+",
            "2026-01-01T10:00+99:00",
            "2026-01-01+9",
            "2026-01-01T10:00:00.1234567890",
            "2026-01-01x",
            "2026-01-0é",
            "-",
            "-d",
            "-7",
            "-7D",
            "-7y",
            "7d",
            "--7d",
            "now7d",
            "now/y",
            "nowhere",
            "-/d7d",
            "/d",
            "-+7d",
            "-99999999999999999999d",
            "-999999d",
            "-1é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", shaped in "(now)?[-+0-9TZ:. /smhdwé]{0,26}") {
            let _ = (read(&text), read(&shaped));
        }

        #[test]
        fn what_the_services_write_is_a_point(second in 0..4_000_000_000_i64, milli in 1..1000_i32) {
            let moment = Timestamp::new(second, milli * 1_000_000).unwrap();
            prop_assert_eq!(read(&format!("{moment:.3}")), Some(Moment::Point(moment)));
        }
    }
}
