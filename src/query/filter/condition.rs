//! Conditions of a query from a filter and the type of the rows.

use jiff::Timestamp;
use prost_reflect::MessageDescriptor;
use serde_json::Value;

use super::field::FilterField;
use super::grammar::{FilterTest, Parsed, Word, symbol};
use super::moment::{self, Moment};
use crate::error::parse_error::ParseError;
use crate::query::operator::{FilterOperator, RangeOperator};

/// A condition as the services take it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryCondition {
    /// Dotted.
    pub key: String,
    pub operator: FilterOperator,
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
        (FilterTest::Exists(wanted), _) => vec![(FilterOperator::Exists, (*wanted).into())],
        (FilterTest::Compare(operator, word), FilterField::Moment) => compare_moment(*operator, &parse(word, &key)?)?,
        (FilterTest::Compare(operator, word), _) => {
            field.check(*operator, &key)?;
            vec![(*operator, field.value(word, operator.is_search(), &key)?)]
        }
        (FilterTest::Among(operator, words), _) => {
            let value = |word| match field {
                FilterField::Moment => point(&parse(word, &key)?),
                _ => field.value(word, false, &key),
            };
            let values = words.iter().map(value).collect::<Result<_, _>>()?;
            vec![(*operator, Value::Array(values))]
        }
    };
    Ok(compared.into_iter().map(|(operator, value)| QueryCondition { key: key.clone(), operator, value }).collect())
}

fn compare_moment(operator: FilterOperator, moment: &Moment) -> Result<Vec<(FilterOperator, Value)>, ParseError> {
    use FilterOperator::{Datetime, Equal, Range, Timediff};
    use RangeOperator::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let one = |operator, value| Ok(vec![(operator, value)]);
    match (moment, operator) {
        (_, operator) if operator.is_search() => Err(no_search(operator)),
        (Moment::Range(start, end), Equal) => {
            Ok(vec![(Datetime(GreaterOrEqual), text(start)), (Datetime(Less), text(end))])
        }
        (Moment::Range(start, _), Range(range @ (GreaterOrEqual | Less))) => one(Datetime(range), text(start)),
        (Moment::Range(_, end), Range(Greater)) => one(Datetime(GreaterOrEqual), text(end)),
        (Moment::Range(_, end), Range(LessOrEqual)) => one(Datetime(Less), text(end)),
        (Moment::Range(..), _) => {
            Err(ParseError::new("services have no condition for outside of a span of time").hint("use < or >"))
        }
        (Moment::Point(point), Range(range)) => one(Datetime(range), text(point)),
        // The services parse a text that they compare with a time.
        (Moment::Point(point), _) => one(operator, text(point)),
        (Moment::FromNow(distance), Range(range)) => one(Timediff(range), distance.as_str().into()),
        (Moment::FromNow(_), _) => Err(ParseError::new("a distance from now is a point in time that no row is at")
            .hint("use > >= < <= with a distance, or = with a date")),
    }
}

fn no_search(operator: FilterOperator) -> ParseError {
    ParseError::new(format!("{} searches text, and this is a date and time", symbol(operator)))
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
