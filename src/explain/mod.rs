//! What descriptors tell a person who is about to write a request, and the editor that helps.
//!
//! [`Address`] finds what is asked about, [`describe`] takes it apart into plain data, and [`text`] and [`skeleton`]
//! write that down for people; [`schema`] says the same to an editor. All of it works on descriptors, wherever they
//! came from, and none of it calls anything.

mod address;
mod comments;
mod describe;
mod fill;
mod form;
mod lookup;
mod patterns;
pub mod schema;
pub mod skeleton;
pub mod text;
mod words;

pub use address::Address;
pub use describe::{Describer, Explained, ExplainedField, ExplainedResource, ExplainedVerb, Field, Found, Message};
pub use lookup::find;
