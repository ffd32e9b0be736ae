//! The terminal and the standard streams: output, diagnostics, questions, redrawing, signals that end a run.
//!
//! Tables and other formats are not here: they are in `output`.

pub mod diagnostics;
pub mod io_streams;
pub mod prompt;
pub mod redraw;
pub mod shutdown;
