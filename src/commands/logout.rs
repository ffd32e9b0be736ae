//! `logout`: removes sessions.

use super::Context;
use super::connector::selection;
use crate::cli::Logout;
use crate::config::{ConfigDir, EnvironmentName};
use crate::error::{Error, Result};

pub fn run(args: &Logout, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let selection = selection(context);
    if !args.all {
        let name = selection.require(context.variables, &dir)?.name;
        // A typing error must not look like a logout.
        if !dir.has(&name) && !dir.sessions()?.contains(&name) {
            dir.load(&name)?;
        }
        return remove(&name, &dir, context);
    }
    if selection.environment.is_some() {
        return Err(Error::usage("--all is for every environment, and one is named").hint("omit one of the two"));
    }
    let names = dir.sessions()?;
    if names.is_empty() {
        context.streams.diagnostics.done("not logged in to any environment");
    }
    // One that cannot be removed does not keep the others.
    let results: Vec<Result<()>> = names.iter().map(|name| remove(name, &dir, context)).collect();
    results.into_iter().collect()
}

/// Removes the session of an environment, if it has one.
fn remove(name: &EnvironmentName, dir: &ConfigDir, context: &Context<'_>) -> Result<()> {
    // Whoever it was, also if the file cannot be read.
    let user = dir.session(name).ok().flatten().map(|session| session.user_id);
    let is_removed = dir.remove_session(name)?;
    context.streams.diagnostics.done(&match (is_removed, user) {
        (true, Some(user)) => format!("{user} is logged out of {name}"),
        (true, None) => format!("the session of {name} is removed"),
        (false, _) => format!("not logged in to {name}"),
    });
    if let Some(key) = dir.load(name).ok().and_then(|environment| environment.credential_keys().first().copied()) {
        context.streams.diagnostics.note(&format!("calls of {name} use its {key}"));
    }
    Ok(())
}
