//! `completion SHELL`: the script that makes a shell ask this program.

use super::Context;
use crate::cli::Completion;
use crate::cli::completion;
use crate::error::Result;

pub fn run(args: &Completion, context: &mut Context<'_>) -> Result<()> {
    context.streams.out.write_all(completion::script(args.shell).as_bytes())?;
    Ok(())
}
