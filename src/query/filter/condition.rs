//! Conditions of a query from a filter and the type of the rows.

use jiff::Timestamp;
use prost_reflect::MessageDescriptor;
use serde_json::Value;

use super::field::FilterField;
use super::grammar::{Comparison, FilterTest, Parsed, Word};
use super::moment::{self, Moment};
use crate::error::parse_error::ParseError;

/// A condition as the services take it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryCondition {
    /// Dotted.
    pub key: String,
    /// As the services name it.
    pub operator: &'static str,
    pub value: Value,
}

/// The conditions of `filter`: one, or two for a span of time.
///
/// # Errors
/// Unknown keys, and comparisons that have no meaning for the key's type.
pub fn conditions(filter: &Parsed, rows: Option<&MessageDescriptor>) -> Result<Vec<QueryCondition>, ParseError> {
    let key = filter.path.join(".");
    let field = FilterField::at(rows, &filter.path)?;
    let compared = match (&filter.test, &field) {
        (FilterTest::Exists(wanted), _) => vec![("exists", (*wanted).into())],
        (FilterTest::Compare(comparison, word), FilterField::Moment) => {
            compare_moment(*comparison, &parse(word, &key)?)?
        }
        (FilterTest::Compare(comparison, word), _) => {
            field.check(*comparison, &key)?;
            vec![(name(*comparison), field.value(word, comparison.searches(), &key)?)]
        }
        (FilterTest::Among { wanted, words }, _) => {
            let value = |word| match field {
                FilterField::Moment => point(&parse(word, &key)?),
                _ => field.value(word, false, &key),
            };
            let values = words.iter().map(value).collect::<Result<_, _>>()?;
            vec![(if *wanted { "in" } else { "not_in" }, Value::Array(values))]
        }
    };
    Ok(compared.into_iter().map(|(operator, value)| QueryCondition { key: key.clone(), operator, value }).collect())
}

/// A comparison by the services' name, where no times are compared.
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
    use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Lacks, Less, LessOrEqual, NotEqual};
    let one = |operator, value| Ok(vec![(operator, value)]);
    match (moment, comparison) {
        (_, Contains | Lacks) => Err(no_search(comparison)),
        (Moment::Range(start, end), Equal) => Ok(vec![("datetime_gte", text(start)), ("datetime_lt", text(end))]),
        (Moment::Range(..), NotEqual) => {
            Err(ParseError::new("services have no condition for outside of a span of time").hint("use < or >"))
        }
        (Moment::Range(start, _), GreaterOrEqual) => one("datetime_gte", text(start)),
        (Moment::Range(_, end), Greater) => one("datetime_gte", text(end)),
        (Moment::Range(start, _), Less) => one("datetime_lt", text(start)),
        (Moment::Range(_, end), LessOrEqual) => one("datetime_lt", text(end)),
        // The services parse a text that they compare with a time.
        (Moment::Point(point), Equal | NotEqual) => one(name(comparison), text(point)),
        (Moment::Point(point), Greater) => one("datetime_gt", text(point)),
        (Moment::Point(point), GreaterOrEqual) => one("datetime_gte", text(point)),
        (Moment::Point(point), Less) => one("datetime_lt", text(point)),
        (Moment::Point(point), LessOrEqual) => one("datetime_lte", text(point)),
        (Moment::FromNow(_), Equal | NotEqual) => {
            Err(ParseError::new("a distance from now is a point in time that no row is at")
                .hint("use > >= < <= with a distance, or = with a date"))
        }
        (Moment::FromNow(distance), Greater) => one("timediff_gt", distance.as_str().into()),
        (Moment::FromNow(distance), GreaterOrEqual) => one("timediff_gte", distance.as_str().into()),
        (Moment::FromNow(distance), Less) => one("timediff_lt", distance.as_str().into()),
        (Moment::FromNow(distance), LessOrEqual) => one("timediff_lte", distance.as_str().into()),
    }
}

fn no_search(comparison: Comparison) -> ParseError {
    ParseError::new(format!("{} searches text, and this is a date and time", comparison.symbol()))
        .hint("use = with a part of a date: 2026, 2026-01 or 2026-01-31")
}

fn parse(word: &Word, key: &str) -> Result<Moment, ParseError> {
    moment::parse(&word.text)
        .ok_or_else(|| ParseError::new(format!("{key} is a date and time, and the value is not")).hint(moment::FORMS))
}

/// A time in a list.
fn point(moment: &Moment) -> Result<Value, ParseError> {
    match moment {
        Moment::Point(point) => Ok(text(point)),
        Moment::Range(..) | Moment::FromNow(_) => {
            Err(ParseError::new("in a list, a time needs the fraction of its second")
                .hint("use = for a day, or >= and < for several"))
        }
    }
}

/// A time in UTC.
fn text(moment: &Timestamp) -> Value {
    moment.to_string().into()
}
