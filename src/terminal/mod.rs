//! The terminal: standard streams, diagnostics, progress, prompts, signals.
//!
//! Tables and other formats are not here: they are in `output`.

pub mod color;
pub mod diagnostics;
pub mod io_streams;
pub mod progress;
pub mod prompt;
pub mod redraw;
pub mod shutdown;
