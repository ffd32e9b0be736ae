//! `completion SHELL`: the completion script of a shell. `completion install`.

mod block;
mod install;

use super::Context;
use crate::cli::{Completion, CompletionCommand, completion};
use crate::error::{Error, Result};

pub fn run(args: &Completion, context: &mut Context<'_>) -> Result<()> {
    match (&args.command, args.shell) {
        (Some(CompletionCommand::Install(args)), None) => install::run(args, context),
        (None, Some(shell)) => {
            context.streams.out.write_all(completion::script(shell).as_bytes())?;
            Ok(())
        }
        // clap requires one of the two.
        (_, _) => Err(Error::usage("the shell comes after install")
            .hint("use `spacectl completion install SHELL` to install completion")),
    }
}
