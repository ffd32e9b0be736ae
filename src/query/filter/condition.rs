//! From a filter and the type of the rows to conditions of a query.

use jiff::Timestamp;
use prost_reflect::MessageDescriptor;
use serde_json::Value;

use super::field::Field;
use super::grammar::{Comparison, Parsed, Test, Word};
use super::moment::{self, Moment};
use crate::error::parse_error::ParseError;

/// A condition as the services take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Dotted.
    pub key: String,
    /// By the services' name.
    pub operator: &'static str,
    pub value: Value,
}

/// The conditions that say together what `filter` says: one, or two for a stretch of time.
///
/// # Errors
/// The rows have no such key, or what is there cannot be compared so.
pub fn conditions(filter: &Parsed, rows: Option<&MessageDescriptor>) -> Result<Vec<Condition>, ParseError> {
    let key = filter.path.join(".");
    let field = Field::at(rows, &filter.path)?;
    let compared = match (&filter.test, &field) {
        (Test::Exists(wanted), _) => vec![("exists", (*wanted).into())],
        (Test::Compare(comparison, word), Field::Moment) => compare_moment(*comparison, &read(word, &key)?)?,
        (Test::Compare(comparison, word), _) => {
            field.check(*comparison, &key)?;
            vec![(name(*comparison), field.value(word, comparison.searches(), &key)?)]
        }
        (Test::Among { wanted, words }, _) => {
            let value = |word| match field {
                Field::Moment => point(&read(word, &key)?),
                _ => field.value(word, false, &key),
            };
            let values = words.iter().map(value).collect::<Result<_, _>>()?;
            vec![(if *wanted { "in" } else { "not_in" }, Value::Array(values))]
        }
    };
    Ok(compared.into_iter().map(|(operator, value)| Condition { key: key.clone(), operator, value }).collect())
}

/// A comparison by the services' name, where no moments are compared.
fn name(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "eq",
        Comparison::NotEqual => "not",
        Comparison::Contains => "contain",
        Comparison::Lacks => "not_contain",
        Comparison::Greater => "gt",
        Comparison::GreaterOrEqual => "gte",
        Comparison::Less => "lt",
        Comparison::LessOrEqual => "lte",
    }
}

fn compare_moment(comparison: Comparison, moment: &Moment) -> Result<Vec<(&'static str, Value)>, ParseError> {
    let (start, end) = match moment {
        Moment::FromNow(distance) => return compare_with_now(comparison, distance),
        Moment::Point(point) => return compare_with_point(comparison, point),
        Moment::Stretch(start, end) => (text(start), text(end)),
    };
    Ok(match comparison {
        Comparison::Equal => vec![("datetime_gte", start), ("datetime_lt", end)],
        Comparison::NotEqual => {
            return Err(
                ParseError::new("outside of a stretch of time is no condition that services know").hint("use < or >")
            );
        }
        Comparison::Greater => vec![("datetime_gte", end)],
        Comparison::GreaterOrEqual => vec![("datetime_gte", start)],
        Comparison::Less => vec![("datetime_lt", start)],
        Comparison::LessOrEqual => vec![("datetime_lt", end)],
        Comparison::Contains | Comparison::Lacks => return Err(no_search(comparison)),
    })
}

fn compare_with_point(comparison: Comparison, point: &Timestamp) -> Result<Vec<(&'static str, Value)>, ParseError> {
    let operator = match comparison {
        // The services read a text that they compare with a moment.
        Comparison::Equal => "eq",
        Comparison::NotEqual => "not",
        Comparison::Greater => "datetime_gt",
        Comparison::GreaterOrEqual => "datetime_gte",
        Comparison::Less => "datetime_lt",
        Comparison::LessOrEqual => "datetime_lte",
        Comparison::Contains | Comparison::Lacks => return Err(no_search(comparison)),
    };
    Ok(vec![(operator, text(point))])
}

fn compare_with_now(comparison: Comparison, distance: &str) -> Result<Vec<(&'static str, Value)>, ParseError> {
    let operator = match comparison {
        Comparison::Greater => "timediff_gt",
        Comparison::GreaterOrEqual => "timediff_gte",
        Comparison::Less => "timediff_lt",
        Comparison::LessOrEqual => "timediff_lte",
        Comparison::Equal | Comparison::NotEqual => {
            return Err(ParseError::new("a distance from now is a point that no row is at")
                .hint("> >= < <= compare with it, and = with a date"));
        }
        Comparison::Contains | Comparison::Lacks => return Err(no_search(comparison)),
    };
    Ok(vec![(operator, distance.into())])
}

fn no_search(comparison: Comparison) -> ParseError {
    ParseError::new(format!("{} looks in texts, and this is a date and time", comparison.symbol()))
        .hint("= takes a part of a date: 2026, 2026-01, 2026-01-31")
}

fn read(word: &Word, key: &str) -> Result<Moment, ParseError> {
    moment::read(&word.text)
        .ok_or_else(|| ParseError::new(format!("{key} is a date and time, and the value is none")).hint(moment::FORMS))
}

/// A moment in a list.
fn point(moment: &Moment) -> Result<Value, ParseError> {
    match moment {
        Moment::Point(point) => Ok(text(point)),
        Moment::Stretch(..) | Moment::FromNow(_) => {
            Err(ParseError::new("in a list, a time is written to the fraction of its second")
                .hint("use = for a day, or >= and < for several"))
        }
    }
}

/// A moment in UTC.
fn text(moment: &Timestamp) -> Value {
    moment.to_string().into()
}
