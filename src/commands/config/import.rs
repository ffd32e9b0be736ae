//! `config import`: imports the environments of another program.

use std::path::{Path, PathBuf};

use super::environments::note_variable;
use super::{DEFAULT_NAME, warn_of_content, warn_of_exposed_key};
use crate::cli;
use crate::commands::Context;
use crate::commands::hint_flags::with_environment;
use crate::config::import::{Import, ImportSelection, ImportSource, ImportedEnvironment};
use crate::config::{ConfigDir, EnvironmentName, ParseError};
use crate::error::{Error, Result};
use crate::terminal::io_streams::Diagnostics;

const STDIN: &str = "-";
/// The programs' own folders, in the home folder.
const PYTHON_FOLDER: &str = ".spaceone";
const CFCTL_FOLDER: &str = ".cfctl";

pub fn run(args: &cli::ConfigImport, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let import = match &args.file {
        Some(path) if path == Path::new(STDIN) => Import::read(&mut context.streams.input, "stdin", args.from)?,
        Some(path) => Import::read_path(not_own(path, &dir)?, args.from)?,
        None => Import::read_path(not_own(&default_folder(args.from, context)?, &dir)?, args.from)?,
    };
    // The flag only: which environment a variable selects says nothing about what is imported.
    let name = context.global.environment.as_ref().map(|name| EnvironmentName::new(name.as_str())).transpose();
    let default = EnvironmentName::new(DEFAULT_NAME).map_err(ParseError::into_usage)?;
    let ImportSelection { environments, current, ignored } =
        import.select(name.map_err(ParseError::into_usage)?, default)?;
    let contents: Vec<_> = environments.iter().map(|(name, imported)| (name, &imported.environment)).collect();
    dir.create(&contents, args.force)?;

    let diagnostics = &context.streams.diagnostics;
    environments.iter().for_each(|(name, imported)| report(name, imported, diagnostics));
    if !ignored.is_empty() {
        diagnostics.note(&format!("not imported: {}", ignored.join("; ")));
    }
    // An import changes what there is to choose from, and not what was chosen.
    let before = match &current {
        Some(name) => dir.switch_if_none(name)?,
        None => dir.current()?,
    };
    match (before, current) {
        (None, Some(name)) => {
            diagnostics.done(&format!("{name} is the current environment"));
            note_variable(&name, context);
        }
        (None, None) => diagnostics.note("choose an environment with `spacectl config environment -s NAME`"),
        (Some(current), _) => diagnostics.note(&format!("the current environment is still {current}")),
    }
    Ok(())
}

/// Reports what was imported of one environment and what was not: keys, never values.
fn report(name: &EnvironmentName, imported: &ImportedEnvironment, diagnostics: &Diagnostics) {
    let ImportedEnvironment { environment, ignored, notes } = imported;
    let keys = environment.values().iter().map(|(key, value)| match value.as_object() {
        Some(entries) => format!("{key} ({})", entries.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        None => key.clone(),
    });
    let keys = keys.collect::<Vec<_>>().join(", ");
    diagnostics.done(&format!("{name} is created with {}", if keys.is_empty() { "nothing" } else { &keys }));
    if !ignored.is_empty() {
        diagnostics.note(&format!("{name}: not imported: {}", ignored.join("; ")));
    }
    notes.iter().for_each(|note| diagnostics.note(&format!("{name}: {}", with_environment(note, name.as_str()))));
    warn_of_content(environment, &format!("{name}: "), diagnostics);
    warn_of_exposed_key(name, environment, diagnostics);
}

fn default_folder(from: Option<ImportSource>, context: &Context<'_>) -> Result<PathBuf> {
    let folder = match from {
        Some(ImportSource::Python) => PYTHON_FOLDER,
        Some(ImportSource::Cfctl) => CFCTL_FOLDER,
        Some(ImportSource::Console) => return Err(Error::usage("--from console needs the file that was downloaded")),
        None => return Err(Error::usage("what to import is missing").hint("give a file or a folder, or --from cfctl")),
    };
    match &context.variables.home {
        Some(home) => Ok(home.join(folder)),
        None => Err(Error::local("there is no home folder").hint("set HOME to a folder that exists")),
    }
}

/// `path`, unless it is this program's own configuration.
fn not_own<'a>(path: &'a Path, dir: &ConfigDir) -> Result<&'a Path> {
    if matches!((path.canonicalize(), dir.path().canonicalize()), (Ok(path), Ok(own)) if path == own) {
        return Err(Error::usage(format!("{} is this program's own configuration", path.display()))
            .hint("it is shared with the Python client: there is nothing to import"));
    }
    Ok(path)
}
