//! `config import`: the environments of another program.

use std::path::{Path, PathBuf};

use super::{DEFAULT_NAME, init, named_elsewhere, warn_of_exposed_key, warn_of_slip};
use crate::cli;
use crate::commands::Context;
use crate::config::import::{Found, Import, Origin, Selected};
use crate::config::{ConfigDir, EnvironmentName, ParseError};
use crate::error::{Error, Result};

const STDIN: &str = "-";
/// Where the programs keep theirs, in the home folder.
const PYTHON_FOLDER: &str = ".spaceone";
const CFCTL_FOLDER: &str = ".cfctl";

pub fn run(args: &cli::Import, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let from = args.from.map(Origin::from);
    let import = match &args.file {
        Some(path) if path == Path::new(STDIN) => Import::read(&mut context.streams.input, "stdin", from)?,
        Some(path) => Import::read_path(elsewhere(path, &dir)?, from)?,
        None => Import::read_path(elsewhere(&own_place(from, context)?, &dir)?, from)?,
    };
    // Named by flag only: which environment is in use here says nothing of what is imported.
    let name = context.global.environment.as_ref().map(|name| EnvironmentName::new(name.as_str())).transpose();
    let default = EnvironmentName::new(DEFAULT_NAME).map_err(ParseError::into_usage)?;
    let Selected { environments, current, left } = import.select(name.map_err(ParseError::into_usage)?, default)?;
    let contents: Vec<_> = environments.iter().map(|found| (&found.name, &found.environment)).collect();
    dir.create(&contents, args.force)?;

    for found in &environments {
        tell(found, context);
    }
    if !left.is_empty() {
        context.streams.diagnostics.note(&format!("not taken: {}", left.join("; ")));
    }
    make_current(current, &dir, context)
}

/// Says what was taken of one environment and what was not: keys, never values.
fn tell(found: &Found, context: &mut Context<'_>) {
    let Found { name, environment, left, notes } = found;
    let taken = environment.values().iter().map(|(key, value)| match value.as_object() {
        Some(entries) => format!("{key} ({})", entries.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        None => key.clone(),
    });
    let taken = taken.collect::<Vec<_>>().join(", ");
    let taken = if taken.is_empty() { "nothing" } else { &taken };
    let diagnostics = &mut context.streams.diagnostics;
    diagnostics.done(&format!("{name} is made with {taken}"));
    if !left.is_empty() {
        diagnostics.note(&format!("{name}: not taken: {}", left.join("; ")));
    }
    notes.iter().for_each(|note| diagnostics.note(&format!("{name}: {note}")));
    if let Some(command) = environment.api_key_command() {
        diagnostics.note(&format!("{name}: {}", init::runs(command)));
    }
    for key in environment.values().keys() {
        warn_of_slip(key, context);
    }
    warn_of_exposed_key(name, environment, context);
}

/// An import changes what there is to choose from, and not what was chosen.
fn make_current(current: Option<EnvironmentName>, dir: &ConfigDir, context: &mut Context<'_>) -> Result<()> {
    let before = match &current {
        Some(name) => dir.switch_if_none(name)?,
        None => dir.current()?,
    };
    match (before, current) {
        (None, Some(name)) => {
            context.streams.diagnostics.done(&format!("{name} is the current environment"));
            named_elsewhere(&name, context);
        }
        (None, None) => {
            context.streams.diagnostics.note("choose an environment with `spacectl config environment -s NAME`");
        }
        (Some(current), _) => context.streams.diagnostics.note(&format!("the current environment is still {current}")),
    }
    Ok(())
}

/// Where a program keeps its own.
fn own_place(from: Option<Origin>, context: &Context<'_>) -> Result<PathBuf> {
    let home =
        context.variables.home.as_ref().ok_or_else(|| Error::local("the home folder is not known").hint("set HOME"));
    match from {
        Some(Origin::Python) => Ok(home?.join(PYTHON_FOLDER)),
        Some(Origin::Cfctl) => Ok(home?.join(CFCTL_FOLDER)),
        Some(Origin::Console) => Err(Error::usage("--from console needs the file that was downloaded")),
        None => Err(Error::usage("what to import is missing").hint("give a file or a folder, or --from cfctl")),
    }
}

/// `path`, unless it is this program's own configuration.
fn elsewhere<'a>(path: &'a Path, dir: &ConfigDir) -> Result<&'a Path> {
    let is_own = matches!((path.canonicalize(), dir.path().canonicalize()), (Ok(path), Ok(own)) if path == own);
    if is_own {
        return Err(Error::usage(format!("{} is this program's own configuration", path.display()))
            .hint("it is shared with the Python client: there is nothing to import"));
    }
    Ok(path)
}

impl From<cli::Origin> for Origin {
    fn from(origin: cli::Origin) -> Self {
        match origin {
            cli::Origin::Python => Self::Python,
            cli::Origin::Console => Self::Console,
            cli::Origin::Cfctl => Self::Cfctl,
        }
    }
}
