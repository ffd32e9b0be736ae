//! `config alias`: the user's own names for resources.

use serde_json::{Value, json};

use super::write_rows;
use crate::cli::AliasCommand;
use crate::commands::Context;
use crate::config::ConfigDir;
use crate::error::Result;
use crate::schema::resource::alias;

pub(super) fn run(args: &AliasCommand, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let done = match args {
        AliasCommand::Set { name, resource } => set(&dir, name, resource)?,
        AliasCommand::Remove { name } => {
            dir.remove_alias(name)?;
            match alias::built_in(name) {
                Some(target) => format!("{name} is the built-in alias of {target} again"),
                None => format!("{name} is removed"),
            }
        }
        AliasCommand::List { all, output } => {
            let own = dir.aliases()?;
            let row = |alias: &str, target: &str, source: &str| match all {
                true => json!({"alias": alias, "resource": target, "source": source}),
                false => json!({"alias": alias, "resource": target}),
            };
            let mut rows: Vec<Value> = own.iter().map(|(alias, target)| row(alias, target, "yours")).collect();
            if *all {
                rows.extend(alias::visible(&own).map(|(alias, target)| row(alias, target, "built in")));
            }
            let columns =
                if *all { "alias|Alias,resource|Resource,source|Source" } else { "alias|Alias,resource|Resource" };
            return write_rows(rows, columns, "alias", *output, context);
        }
    };
    context.streams.diagnostics.done(&done);
    Ok(())
}

fn set(dir: &ConfigDir, name: &str, resource: &str) -> Result<String> {
    let before = dir.set_alias(name, resource).map_err(|error| match alias::built_in(resource) {
        Some(target) => error.hint(format!("{resource} is an alias itself: use {target}")),
        None => error,
    })?;
    let before = before.as_deref().or_else(|| alias::built_in(name)).filter(|before| *before != resource);
    let before = before.map(|before| format!(", and no longer of {before}")).unwrap_or_default();
    Ok(format!("{name} is an alias of {resource}{before}"))
}
