//! The `spacectl` program: streams in, exit code out.

use std::process::ExitCode;

use spacectl::config::Variables;
use spacectl::error::panics;
use spacectl::terminal::streams::Streams;

fn main() -> ExitCode {
    panics::silence();
    let variables = Variables::of_process();
    let mut streams = Streams::of_process(variables.no_color);
    spacectl::run(std::env::args_os(), &variables, &mut streams).into()
}
