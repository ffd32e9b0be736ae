//! `completion SHELL`: the completion script of a shell.

use super::Context;
use crate::cli::{Completion, completion};
use crate::error::Result;

pub fn run(args: &Completion, context: &mut Context<'_>) -> Result<()> {
    context.streams.out.write_all(completion::script(args.shell).as_bytes())?;
    Ok(())
}
