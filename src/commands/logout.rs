//! `logout`: forgets sessions.

use super::Context;
use super::connector::selection;
use crate::cli::Logout;
use crate::config::{ConfigDir, EnvironmentName};
use crate::error::{Error, Result};

pub fn run(args: &Logout, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let selection = selection(context);
    let diagnostics = &context.streams.diagnostics;
    if !args.all {
        let name = selection.require(context.variables, &dir)?.name;
        forget(&name, &dir, context)?;
        return Ok(());
    }
    if selection.environment.is_some() {
        return Err(Error::usage("--all is for every environment, and one is named").hint("omit one of the two"));
    }
    let names = dir.sessions()?;
    if names.is_empty() {
        diagnostics.done("nobody is logged in");
    }
    names.iter().try_for_each(|name| forget(name, &dir, context))
}

fn forget(name: &EnvironmentName, dir: &ConfigDir, context: &Context<'_>) -> Result<()> {
    // Whoever it was, also if the file cannot be read.
    let user = dir.session(name).ok().flatten().map(|session| session.user_id);
    let is_removed = dir.remove_session(name)?;
    context.streams.diagnostics.done(&match (is_removed, user) {
        (true, Some(user)) => format!("{user} is logged out of {name}"),
        (true, None) => format!("the session of {name} is removed"),
        (false, _) => format!("nobody is logged in to {name}"),
    });
    Ok(())
}
