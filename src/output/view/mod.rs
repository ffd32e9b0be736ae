//! From a response to rows: which columns, in which order.
//!
//! A response is recognised as a list or as one value ([`Shape`]), becomes a [`Document`], is sorted and cut here where
//! the service cannot do it ([`Local`]), and is narrowed to the columns that were asked for ([`Columns`]) or that are kept
//! for it ([`Template`]).
//!
//! A list that came over the wire stays in its bytes ([`WireList`]) wherever what is asked for can be read out of them; it and
//! lists of plain values ([`List`]) are written as [`Rows`].

mod cell;
mod check;
mod columns;
mod document;
mod grammar;
mod local;
mod rows;
mod selector;
mod shape;
mod template;
#[cfg(test)]
pub(crate) mod test_types;
mod wired;

pub use cell::cell_text;
pub use check::is_plain;
pub use columns::{Column, Columns, add_only_key};
pub use document::{Document, List};
pub use local::{Local, Sort};
pub use rows::{Cell, Made, Rows};
pub use shape::Shape;
pub use template::{Fitted, Template};
pub use wired::WireList;
