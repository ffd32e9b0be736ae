//! A message's bytes to what they say, by the server's descriptors.
//!
//! The form is protobuf's JSON mapping with the fields' own names, as the Python client shows it: unset fields are left
//! out, enums are names, 64-bit integers are text. Keys of maps are sorted, since the wire has no order for them.
//!
//! There are two ways to it. [`decode`] makes a plain value of a message, through a `DynamicMessage`, and takes every
//! message that protobuf allows. A [`Plan`] reads the bytes where they lie and hands what they say to a [`Sink`], a text
//! or a value, without holding anything in between: what lists of many rows are shown by. It refuses, as [`Odd`], what no
//! serializer writes (groups, a field's message in two parts, two members of one `oneof`, whatever is broken); that is
//! for the first way. What both take, both say the same of.

mod check;
mod decoder;
mod dynamic;
mod emit;
mod find;
mod map;
mod moment;
mod plan;
mod scalar;
mod sink;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::codec::wire_format::Odd;
pub use check::Checked;
pub use decoder::Decoder;
pub use dynamic::{decode, decode_reflected, value};
pub use find::{Field, Found, Scratch};
pub use plan::Plan;
pub use sink::{Sink, ValueSink, serialize_into};
