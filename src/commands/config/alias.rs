//! `config alias`: the user's own names for resources.

use serde_json::{Value, json};

use crate::cli::{Alias, Format};
use crate::commands::Context;
use crate::commands::output_options::{OutputOptions, columns};
use crate::config::ConfigDir;
use crate::error::Result;
use crate::output::view::Document;
use crate::schema::resource::alias;
use crate::schema::resource::alias::Own;

const COLUMNS: &str = "alias|Alias,resource|Resource";
const ALL_COLUMNS: &str = "alias|Alias,resource|Resource,source|Source";

pub(super) fn run(args: &Alias, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    match args {
        Alias::Set { name, resource } => set(&dir, name, resource, context),
        Alias::Remove { name } => {
            dir.remove_alias(name)?;
            let said = match alias::built_in(name) {
                Some(target) => format!("{name} stands for {target} again, as it is built in"),
                None => format!("{name} is removed"),
            };
            context.streams.diagnostics.done(&said);
            Ok(())
        }
        Alias::List { all, output } => list(&dir.aliases()?, *all, *output, context),
    }
}

fn set(dir: &ConfigDir, name: &str, resource: &str, context: &mut Context<'_>) -> Result<()> {
    let before = dir.set_alias(name, resource).map_err(|error| match alias::built_in(resource) {
        Some(meant) => error.hint(format!("{resource} is an alias itself: name {meant}")),
        None => error,
    })?;
    let before = before.as_deref().or_else(|| alias::built_in(name)).filter(|before| *before != resource);
    let instead = before.map(|before| format!(" and no longer for {before}")).unwrap_or_default();
    context.streams.diagnostics.done(&format!("{name} stands for {resource}{instead}"));
    Ok(())
}

/// The user's own, and behind them those that are built in, each in alphabetical order.
fn list(own: &Own, all: bool, output: Format, context: &mut Context<'_>) -> Result<()> {
    let row = |alias: &str, target: &str, source: &str| match all {
        true => json!({"alias": alias, "resource": target, "source": source}),
        false => json!({"alias": alias, "resource": target}),
    };
    let mut rows: Vec<Value> = own.iter().map(|(alias, target)| row(alias, target, "yours")).collect();
    if all {
        rows.extend(alias::visible(own).map(|(alias, target)| row(alias, target, "built in")));
    }
    let columns = columns(output, if all { ALL_COLUMNS } else { COLUMNS }, "alias");
    OutputOptions::parse(columns, output)?.write(Document::from_rows(rows), context.streams)
}
