//! The type of a filter's key, and of its values.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

use super::grammar::{Word, symbol};
use crate::error::parse_error::ParseError;
use crate::query::operator::FilterOperator;
use crate::schema::did_you_mean::hint_at_field;
use crate::schema::spaceone;
use crate::schema::well_known::WellKnown;
use crate::spec::typing::{FieldShape, ValueError, free_scalar};

/// The type of a key. A list counts as its items: services compare each of them.
#[derive(Clone, Debug)]
pub enum FilterField {
    /// A text, a number, an enum or a bool.
    Plain(FieldShape),
    /// A time.
    Moment,
    /// Anything: only the row decides.
    Open,
    /// A message or map.
    Whole,
}

impl FilterField {
    /// The type at `path`; an error for a key that the rows do not have.
    pub fn at(rows: Option<&MessageDescriptor>, path: &[String]) -> Result<Self, ParseError> {
        let Some(rows) = rows else {
            let is_moment = matches!(path, [name] if spaceone::is_time_field(name));
            return Ok(if is_moment { Self::Moment } else { Self::Open });
        };
        let mut shape = FieldShape::Message(rows.clone());
        let mut is_moment = false;
        for name in path {
            if let FieldShape::List(item) = shape {
                shape = *item;
                if name.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
            }
            is_moment = false;
            if let FieldShape::Message(message) = &shape {
                let field = message.get_field_by_name(name).ok_or_else(|| unknown(name, message))?;
                is_moment = holds_a_moment(&field);
            }
            shape = shape.step(name).map_err(invalid)?;
        }
        if let FieldShape::List(item) = shape {
            shape = *item;
        }
        Ok(match shape {
            _ if is_moment => Self::Moment,
            FieldShape::Scalar(_) | FieldShape::Verbatim => Self::Plain(shape),
            // A list of lists is in a free-form value only.
            FieldShape::Free | FieldShape::List(_) => Self::Open,
            FieldShape::Message(_) | FieldShape::Mapping { .. } => Self::Whole,
        })
    }

    /// Checks that the comparison is possible.
    pub fn check(&self, operator: FilterOperator, key: &str) -> Result<(), ParseError> {
        let Self::Plain(FieldShape::Scalar(kind)) = self else { return Ok(()) };
        let symbol = symbol(operator);
        let wrong = match kind {
            Kind::Enum(_) | Kind::Bool if matches!(operator, FilterOperator::Range(_)) => {
                format!("{symbol} compares sizes, and {key} has no order")
            }
            Kind::String | Kind::Bytes | Kind::Enum(_) => return Ok(()),
            _ if operator.is_search() => format!("{symbol} searches text, and {key} is not text"),
            _ => return Ok(()),
        };
        Err(ParseError::new(wrong).hint("use = or !="))
    }

    /// Types `word`, which may be a part (`is_part`) of a text. In a free-form value, parts and quoted words are text,
    /// and other words are typed as `-p` types them.
    pub fn value(&self, word: &Word, is_part: bool, key: &str) -> Result<Value, ParseError> {
        let text = word.text.as_str();
        match self {
            Self::Whole => Err(ParseError::new(format!("{key} has keys of its own, and no value to compare with"))
                .hint(format!("name one of them, e.g. {key}.KEY, or use {key}? to test whether it exists"))),
            Self::Plain(FieldShape::Scalar(Kind::Enum(_))) if is_part => Ok(text.into()),
            Self::Plain(shape) => {
                let as_in_the_api = match shape {
                    FieldShape::Scalar(Kind::Enum(names)) => {
                        names.values().map(|value| value.name().to_owned()).find(|name| name.eq_ignore_ascii_case(text))
                    }
                    _ => None,
                };
                shape
                    .value_of(as_in_the_api.as_deref().unwrap_or(text))
                    .map_err(|wrong| invalid(ValueError { message: format!("{key}: {}", wrong.message), ..wrong }))
            }
            Self::Open | Self::Moment if word.quoted || is_part => Ok(text.into()),
            Self::Open | Self::Moment => Ok(free_scalar(text)),
        }
    }
}

fn holds_a_moment(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => WellKnown::of(&message) == Some(WellKnown::Timestamp),
        Kind::String => spaceone::is_time_field(field.name()),
        _ => false,
    }
}

fn unknown(name: &str, message: &MessageDescriptor) -> ParseError {
    let fields: Vec<FieldDescriptor> = message.fields().collect();
    let hint = hint_at_field(name, fields.iter().map(FieldDescriptor::name));
    ParseError::new(format!("{} has no field {name}", message.name())).hint(hint)
}

fn invalid(wrong: ValueError) -> ParseError {
    let invalid = ParseError::new(wrong.message);
    match wrong.hint {
        Some(hint) => invalid.hint(hint),
        None => invalid,
    }
}
