//! A message's bytes to events for a [`Sink`], by the server's descriptors.
//!
//! The form is protobuf's JSON mapping with the fields' own names, as the Python client shows it: unset fields are left
//! out, enums are names, 64-bit integers are text. Keys of maps are sorted, since the wire has no order for them.
//!
//! A [`DecodePlan`] reads the bytes where they lie and holds nothing in between. [`DecodePlan::check`] comes first, so
//! that a malformed message is refused before anything of it is written. Property tests hold all of it against
//! prost-reflect's `DynamicMessage`. A text that is not UTF-8 makes a message malformed there and here;
//! [`DecodePlan::repair`] makes another message of it, with U+FFFD in place of what is not.

mod any_types;
mod check;
mod decoder;
mod emit;
mod map;
mod plan;
mod repair;
mod scalar;
mod sink;
mod spans;
#[cfg(test)]
pub(crate) mod tests;
mod text_form;

pub use crate::codec::wire_format::Malformed;
pub use any_types::type_name;
pub use decoder::{Decoder, decode};
pub use plan::DecodePlan;
pub use repair::RepairedTexts;
pub use sink::{Sink, ValueSink, emit_value};
pub use spans::Workspace;
