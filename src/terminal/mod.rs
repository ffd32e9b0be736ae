//! The process's standard streams: what is written to them, asked on them, and what ends the writing.

pub mod io_streams;
pub mod json;
pub mod prompt;
pub mod redraw;
pub mod sanitize;
pub mod shutdown;
