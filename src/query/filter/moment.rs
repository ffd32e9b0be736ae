//! Dates and times of filters.
//!
//! A typed time is a span as long as it is exact, or a distance from now.
//!
//! `2026` is a year, `2026-01` a month, `2026-01-31` a day, `2026-01-31T10` an hour, then minutes and seconds; with
//! fractions of a second it is one point. `=` means within the span, `>` after its end, `<` before its start. All are
//! UTC, which the services write, unless an offset follows: `Z`, `+09:00`, `+0900` or `+09`.
//!
//! Distances are left to the service, whose clock wrote its rows.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use crate::query::timestamp::{self, from_difference};

/// What a filter compares a time with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    Point(Timestamp),
    /// From the first up to, but without, the second.
    Range(Timestamp, Timestamp),
    /// A distance from now in the services' words: `now-7d`.
    FromNow(String),
}

/// How times are written, for hints.
pub const FORMS: &str = "write 2026-01-31, 2026-01-31T10:00, 2026-01-31T10:00+09:00, -7d (of s, m, h, d, w), or now";

/// Parses a time; `None` if the text is not one, or is outside of the years 1 to 9999, which the services know.
pub fn parse(text: &str) -> Option<Moment> {
    if text.starts_with(['+', '-']) || text.starts_with("now") {
        return from_now(text).map(Moment::FromNow);
    }
    let (start, end) = absolute(text)?;
    let known = |moment: &Timestamp| (1..=9999).contains(&moment.to_zoned(TimeZone::UTC).year());
    let moment = match end {
        Some(end) => Moment::Range(start, Some(end).filter(known)?),
        None => Moment::Point(start),
    };
    known(&start).then_some(moment)
}

/// The start of a date with or without a time and, unless that is a point, its end.
fn absolute(text: &str) -> Option<(Timestamp, Option<Timestamp>)> {
    // What a shorter form leaves out.
    const REST: &str = "yyyy-01-01T00:00:00";
    // jiff would read `2026-01-31T10:00:00Z[Asia/Seoul]` and drop what is in brackets.
    if text.contains('[') {
        return None;
    }
    let offset = text.get(10..).and_then(|rest| rest.find(['Z', 'z', '+', '-'])).map_or(text.len(), |at| at + 10);
    let (civil, offset) = text.split_at(offset);
    let length = match civil.len() {
        4 => Some(Span::new().years(1)),
        7 => Some(Span::new().months(1)),
        10 => Some(Span::new().days(1)),
        13 => Some(Span::new().hours(1)),
        16 => Some(Span::new().minutes(1)),
        19 => Some(Span::new().seconds(1)),
        20.. => None,
        _ => return None,
    };
    let start: DateTime = format!("{civil}{}", REST.get(civil.len()..).unwrap_or_default()).parse().ok()?;
    let at = |civil: DateTime| {
        let offset = if offset.is_empty() { "Z" } else { offset };
        format!("{civil}{offset}").parse::<Timestamp>().ok()
    };
    let end = match length {
        Some(length) => Some(at(start.checked_add(length).ok()?)?),
        None => None,
    };
    Some((at(start)?, end))
}

/// `-7d`, `now`, `now-7d`, `now/d-1w`, as spaceone-core's `parse_timediff_query` reads them; `None` also for a distance
/// over a thousand years, which it may not be able to compute.
fn from_now(text: &str) -> Option<String> {
    let text = format!("now{}", text.strip_prefix("now").unwrap_or(text));
    let now = timestamp::now();
    let distance = from_difference(&text, now)?.duration_since(now).abs();
    let farthest = SignedDuration::from_hours(24 * 365 * 1_000);
    (distance <= farthest).then(|| text.split_whitespace().collect())
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
            assert_eq!(parse(text), Some(Moment::Range(at(start), at(end))), "{text}");
        }
        for text in ["2026-11-22T06:15:15.035Z", "2026-11-22T15:15:15,035+09:00"] {
            assert_eq!(parse(text), Some(Moment::Point(at("2026-11-22T06:15:15.035Z"))), "{text}");
        }
    }

    #[test]
    fn distances_are_sent_in_the_services_words() {
        for (text, expected) in [
            ("-7d", "now-7d"),
            ("+ 1h", "now+1h"),
            ("now", "now"),
            ("now - 90s", "now-90s"),
            ("now/d", "now/d"),
            ("now/w-2w", "now/w-2w"),
            ("now/m + 5m", "now/m+5m"),
        ] {
            assert_eq!(parse(text), Some(Moment::FromNow(expected.into())), "{text}");
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
            "2026-01-31T10:00:00.5[Asia/Seoul]",
            "2026-01-31[Asia/Seoul]",
            "2026-01-31T10:00:00Z[Asia/Seoul]",
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
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", shaped in "(now)?[-+0-9TZ:. /smhdwé]{0,26}") {
            let _ = (parse(&text), parse(&shaped));
        }

        #[test]
        fn what_the_services_write_is_a_point(second in 0..4_000_000_000_i64, milli in 1..1000_i32) {
            let moment = Timestamp::new(second, milli * 1_000_000).unwrap();
            prop_assert_eq!(parse(&format!("{moment:.3}")), Some(Moment::Point(moment)));
        }
    }
}
