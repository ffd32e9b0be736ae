//! What the rows hold at a filter's key, and what the words of a filter are there.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

use super::grammar::{Comparison, Word};
use crate::error::parse_error::ParseError;
use crate::schema::did_you_mean::hint_at_field;
use crate::schema::platform;
use crate::schema::well_known::WellKnown;
use crate::spec::typing::{Shape, Wrong, free_scalar};

/// What the rows hold at a key. A list is what its items are: services compare with each of them.
#[derive(Clone, Debug)]
pub enum Field {
    /// A text, a number, a name of an enum, true or false.
    Plain(Shape),
    /// A point in time.
    Moment,
    /// Anything; only the row tells.
    Open,
    /// Something with keys of its own.
    Whole,
}

impl Field {
    /// What `rows` have at `path`.
    ///
    /// # Errors
    /// They have no such key, as far as their type tells.
    pub fn at(rows: Option<&MessageDescriptor>, path: &[String]) -> Result<Self, ParseError> {
        let Some(rows) = rows else {
            let is_moment = matches!(path, [name] if platform::names_a_moment(name));
            return Ok(if is_moment { Self::Moment } else { Self::Open });
        };
        let mut shape = Shape::Message(rows.clone());
        let mut is_moment = false;
        for name in path {
            if let Shape::List(item) = shape {
                shape = *item;
                if name.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
            }
            is_moment = false;
            if let Shape::Message(message) = &shape {
                let field = message.get_field_by_name(name).ok_or_else(|| unknown(name, message))?;
                is_moment = holds_a_moment(&field);
            }
            shape = shape.step(name).map_err(invalid)?;
        }
        if let Shape::List(item) = shape {
            shape = *item;
        }
        Ok(match shape {
            _ if is_moment => Self::Moment,
            Shape::Scalar(_) | Shape::Verbatim => Self::Plain(shape),
            // A list of lists; only a value without a type holds one.
            Shape::Free | Shape::List(_) => Self::Open,
            Shape::Message(_) | Shape::Mapping { .. } => Self::Whole,
        })
    }

    /// Checks that `comparison` means something for it.
    pub fn check(&self, comparison: Comparison, key: &str) -> Result<(), ParseError> {
        let Self::Plain(Shape::Scalar(kind)) = self else { return Ok(()) };
        let symbol = comparison.symbol();
        let wrong = match kind {
            Kind::Enum(_) | Kind::Bool if comparison.orders() => {
                format!("{symbol} asks which is larger, and {key} has no order")
            }
            Kind::String | Kind::Bytes | Kind::Enum(_) => return Ok(()),
            _ if comparison.searches() => format!("{symbol} looks in texts, and {key} is none"),
            _ => return Ok(()),
        };
        Err(ParseError::new(wrong).hint("= and != compare with it"))
    }

    /// What `word` is there; whether it `is_part` of a text that is looked for. Where the type leaves it open, such parts
    /// and what stands in quotes are texts, and other words are what they are for `-p`: `true`, `false`, `null` and whole
    /// numbers are more than text.
    pub fn value(&self, word: &Word, is_part: bool, key: &str) -> Result<Value, ParseError> {
        let text = word.text.as_str();
        match self {
            Self::Whole => Err(ParseError::new(format!("{key} has keys of its own, and no value to compare with"))
                .hint(format!("name one of them, as {key}.KEY, or ask whether it is there, as {key}?"))),
            Self::Plain(Shape::Scalar(Kind::Enum(_))) if is_part => Ok(text.into()),
            Self::Plain(shape) => {
                let as_in_the_api = match shape {
                    Shape::Scalar(Kind::Enum(names)) => {
                        names.values().map(|value| value.name().to_owned()).find(|name| name.eq_ignore_ascii_case(text))
                    }
                    _ => None,
                };
                shape
                    .value_of(as_in_the_api.as_deref().unwrap_or(text))
                    .map_err(|wrong| invalid(Wrong { message: format!("{key}: {}", wrong.message), ..wrong }))
            }
            Self::Open | Self::Moment if word.quoted || is_part => Ok(text.into()),
            Self::Open | Self::Moment => Ok(free_scalar(text)),
        }
    }
}

fn holds_a_moment(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => WellKnown::of(&message) == Some(WellKnown::Timestamp),
        Kind::String => platform::names_a_moment(field.name()),
        _ => false,
    }
}

fn unknown(name: &str, message: &MessageDescriptor) -> ParseError {
    let fields: Vec<FieldDescriptor> = message.fields().collect();
    let hint = hint_at_field(name, fields.iter().map(FieldDescriptor::name));
    ParseError::new(format!("{} has no field {name}", message.name())).hint(hint)
}

fn invalid(wrong: Wrong) -> ParseError {
    let invalid = ParseError::new(wrong.message);
    match wrong.hint {
        Some(hint) => invalid.hint(hint),
        None => invalid,
    }
}
