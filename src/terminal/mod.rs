//! The process's standard streams: what is written to them, asked on them, and what ends the writing.

pub mod escape;
pub mod json;
pub mod prompt;
pub mod screen;
pub mod stop;
pub mod streams;
