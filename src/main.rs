//! The `spacectl` program.

use std::process::ExitCode;

use spacectl::config::Variables;
use spacectl::error::panics;
use spacectl::terminal::io_streams::IoStreams;

fn main() -> ExitCode {
    panics::silence();
    let variables = Variables::from_process();
    let mut streams = IoStreams::from_process(variables.color, variables.is_utf8);
    spacectl::run(std::env::args_os(), &variables, &mut streams).into()
}
