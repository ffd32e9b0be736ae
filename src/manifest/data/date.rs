//! Dates around a base date, as texts.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use minijinja::Value as TemplateValue;
use minijinja::value::{Enumerator, Object, ObjectExt};
use serde_json::{Map, Value};

use crate::manifest::engine::from_json;
use crate::query::timestamp::{from_difference, from_iso8601};

/// How far back the names go that are always there; others are computed when they are asked for.
const YEARS: i64 = 3;
const MONTHS: i64 = 11;
const DAYS: i64 = 15;

/// Dates by the names of the module's output: `date-1d`, `month+1m`, `year_start_month`.
#[derive(Debug)]
pub struct Dates {
    base: Zoned,
    now: Timestamp,
}

impl Dates {
    /// `base` is a date, a date and time, or `now` with an offset such as `now/m - 1d`; UTC.
    ///
    /// # Errors
    /// It is none of these.
    pub fn new(base: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let base = match base.map(str::trim).filter(|base| !base.is_empty()) {
            None => now,
            Some(base) => from_difference(base, now).or_else(|| from_iso8601(base)).ok_or(Self::expected())?,
        };
        Ok(Self { base: base.to_zoned(TimeZone::UTC), now })
    }

    /// What a base date may be.
    pub fn expected() -> &'static str {
        "base_date must be a date such as 2026-01-31, or now, now/d, now/w or now/m with - 1d"
    }

    /// The names that are always there.
    pub fn names() -> Vec<String> {
        let back = |unit: &str, letter: char, most: i64| -> Vec<String> {
            (1..=most).map(|count| format!("{unit}-{count}{letter}")).collect()
        };
        let one = |name: &str| vec![name.to_owned()];
        [
            one("year"),
            back("year", 'y', YEARS),
            one("month"),
            one("month+1m"),
            back("month", 'm', MONTHS),
            one("date"),
            one("date+1d"),
            back("date", 'd', DAYS),
            ["year_start_month", "month_start_date", "datetime", "timestamp"].map(str::to_owned).to_vec(),
        ]
        .concat()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<Value> {
        let text = |format: &str, at: &Zoned| Some(Value::from(at.strftime(format).to_string()));
        match name {
            "year_start_month" => text("%Y-01", &self.base),
            "month_start_date" => text("%Y-%m-01", &self.base),
            "datetime" => text("%Y-%m-%dT%H:%M:%SZ", &self.base),
            "timestamp" => Some(self.now.as_second().into()),
            _ => {
                let unit_end = name.find(['+', '-']).unwrap_or(name.len());
                let (unit, offset) = name.split_at(unit_end);
                let (format, letter) = match unit {
                    "year" => ("%Y", 'y'),
                    "month" => ("%Y-%m", 'm'),
                    "date" => ("%Y-%m-%d", 'd'),
                    _ => return None,
                };
                if offset.is_empty() {
                    return text(format, &self.base);
                }
                let count: i64 = offset.strip_suffix(letter)?.parse().ok()?;
                let span = match letter {
                    'y' => Span::new().try_years(count),
                    'm' => Span::new().try_months(count),
                    _ => Span::new().try_days(count),
                };
                text(format, &self.base.checked_add(span.ok()?).ok()?)
            }
        }
    }

    /// The output of the module.
    pub fn output(&self) -> Value {
        let names = Self::names().into_iter();
        names.filter_map(|name| Some((name.clone(), self.get(&name)?))).collect::<Map<_, _>>().into()
    }

    /// The output as templates see it: with every offset.
    pub fn into_view(self) -> TemplateValue {
        TemplateValue::from_object(self)
    }
}

impl Object for Dates {
    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        self.get(key.as_str()?).map(|value| from_json(&value))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|_| Box::new(Self::names().into_iter().map(TemplateValue::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(base: Option<&str>) -> Dates {
        Dates::new(base, "2024-03-31T01:02:03Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn dates_are_as_the_python_client_has_them() {
        let output = dates(None).output();
        for (name, expected) in [
            ("year", "2024"),
            ("year-3y", "2021"),
            ("month", "2024-03"),
            ("month+1m", "2024-04"),
            ("month-1m", "2024-02"),
            ("month-11m", "2023-04"),
            ("date", "2024-03-31"),
            ("date+1d", "2024-04-01"),
            ("date-15d", "2024-03-16"),
            ("year_start_month", "2024-01"),
            ("month_start_date", "2024-03-01"),
            ("datetime", "2024-03-31T01:02:03Z"),
        ] {
            assert_eq!(output[name], expected, "{name}");
        }
        assert_eq!(output["timestamp"], 1_711_846_923);
        assert_eq!(output.as_object().unwrap().len(), 38);
    }

    #[test]
    fn a_base_date_is_a_date_or_an_offset_from_now() {
        for (base, expected) in [("now/m - 1d", "2024-02-29"), ("2024-01-01", "2024-01-01"), (" now ", "2024-03-31")] {
            assert_eq!(dates(Some(base)).output()["date"], expected, "{base}");
        }
        assert_eq!(dates(None).get("date-40d"), Some("2024-02-20".into()));
        assert_eq!(dates(None).get("date-99999999999d"), None);
        assert!(Dates::new(Some("yesterday"), Timestamp::UNIX_EPOCH).is_err());
    }
}
