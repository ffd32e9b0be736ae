//! From a response to rows: which columns, in which order.
//!
//! A response is recognised as a list or as one value ([`Shape`]), becomes a [`Document`], is sorted and cut here where
//! the service cannot do it ([`Local`]), and is narrowed to the columns that were asked for ([`Columns`]) or that are kept
//! for it ([`Template`]).

mod cell;
mod check;
mod columns;
mod document;
mod grammar;
mod local;
mod selector;
mod shape;
mod template;
#[cfg(test)]
pub(crate) mod test_types;

pub use cell::cell_text;
pub use check::is_plain;
pub use columns::{Column, Columns};
pub use document::{Document, List};
pub use local::{Local, Sort};
pub use shape::Shape;
pub use template::{Fitted, Template};
