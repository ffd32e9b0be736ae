//! The `spacectl` program: streams in, exit code out.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
mod start;

use spacectl::config::Variables;
use spacectl::streams::Streams;

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    run().into()
}

fn run() -> u8 {
    spacectl::panics::silence();
    let variables = Variables::of_process();
    let mut streams = Streams::of_process(variables.no_color);
    spacectl::run(std::env::args_os(), &variables, &mut streams)
}
