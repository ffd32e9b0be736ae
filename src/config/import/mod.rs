//! Reads other programs' environments as this program's.
//!
//! - The **Python client**'s folder or one of its environments' files, which have this program's own form. So has what
//!   the console offers for download as `spacectl_config`.
//! - The **console**'s JSON of a key: `client_secret` of an app, or before there were apps, `api_key`.
//! - **cfctl**'s `setting.yaml`.
//!
//! A form is recognised by its keys. Errors name keys, never a value that may be secret.

mod cfctl;
mod console;
mod python;

use std::fs;
use std::io::Read;
use std::path::Path;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::{BUILT_IN, Environment, EnvironmentName, ParseError, file, yaml};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::fs::open_file;
use crate::schema::did_you_mean::hint_at_name;

/// A program whose environments can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportSource {
    Python,
    Console,
    Cfctl,
}

impl ImportSource {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "the Python client",
            Self::Console => "the console",
            Self::Cfctl => "cfctl",
        }
    }
}

/// Environments of another program, each with its name there.
#[derive(Debug)]
pub struct Import {
    environments: Vec<(String, ImportedEnvironment)>,
    /// Whether the user chooses the name: a file of one environment. It has an empty one if none is known.
    is_single: bool,
    /// The current environment there.
    current: Option<String>,
    /// What does not belong to an environment and is not imported.
    ignored: Vec<String>,
}

/// One imported environment.
#[derive(Clone, Debug, Default)]
pub struct ImportedEnvironment {
    pub environment: Environment,
    /// What is not imported, by key, with the reason where there is one.
    pub ignored: Vec<String>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// What to create, and what is ignored.
#[derive(Debug)]
pub struct ImportSelection {
    pub environments: Vec<(EnvironmentName, ImportedEnvironment)>,
    /// The one of these that is current where they come from; the only one, if it is the only one.
    pub current: Option<EnvironmentName>,
    /// What does not belong to an environment and is not imported.
    pub ignored: Vec<String>,
}

impl Import {
    fn single(environment: ImportedEnvironment) -> Self {
        Self { environments: vec![(String::new(), environment)], is_single: true, current: None, ignored: Vec::new() }
    }

    /// Reads a file, or the folder of the Python client or of cfctl.
    pub fn read_path(path: &Path, from: Option<ImportSource>) -> Result<Self> {
        let failed = |error| Error::local(format!("cannot read {}", path.display())).cause(error);
        if fs::metadata(path).map_err(failed)?.is_dir() {
            return Self::read_folder(path, from);
        }
        let mut import = Self::read(open_file(path).map_err(failed)?, &path.display().to_string(), from)?;
        if import.is_single {
            for (name, imported) in &mut import.environments {
                *name = python::name_by_path(path).map(|name| name.to_string()).unwrap_or_default();
                imported.make_paths_absolute(path.parent().unwrap_or(Path::new("")))?;
            }
        }
        Ok(import)
    }

    fn read_folder(path: &Path, from: Option<ImportSource>) -> Result<Self> {
        let settings = path.join(cfctl::FILE);
        if settings.is_file() && matches!(from, None | Some(ImportSource::Cfctl)) {
            return Self::read_path(&settings, Some(ImportSource::Cfctl));
        }
        if path.join(python::ENVIRONMENTS).is_dir() && matches!(from, None | Some(ImportSource::Python)) {
            return python::read_folder(path);
        }
        let program = from.map_or("the Python client or cfctl", ImportSource::name);
        Err(Error::local(format!("{} is not a folder of {program}", path.display())).hint(
            "the Python client's is ~/.spaceone, with a folder `environments`; \
             cfctl's is ~/.cfctl, with `setting.yaml`",
        ))
    }

    /// Reads YAML or JSON of at most 1 MiB; `source` names it in errors.
    pub fn read(reader: impl Read, source: &str, from: Option<ImportSource>) -> Result<Self> {
        let values = yaml::parse(&file::read_from(reader, source)?, source)?;
        let form = recognise(&values);
        let import = match (form, from) {
            (Some(Form::Cfctl), None | Some(ImportSource::Cfctl)) => cfctl::read(values),
            (Some(Form::Key), None | Some(ImportSource::Console)) => Ok(console::read(values)),
            (Some(Form::Environment), None | Some(ImportSource::Python | ImportSource::Console)) => {
                Ok(Self::single(ImportedEnvironment { environment: Environment { values }, ..Default::default() }))
            }
            _ => return Err(not_recognised(source, form, from)),
        };
        import.map_err(|error| error.context(source))
    }

    /// Chooses what to create: all, or only the environment `name`. A single one without a name of its own gets `name`,
    /// or else `default`. The error has all that is wrong in the chosen ones.
    pub fn select(self, name: Option<EnvironmentName>, default: EnvironmentName) -> Result<ImportSelection> {
        let Self { mut environments, is_single, current, mut ignored } = self;
        match name {
            _ if is_single => {
                for (own, _) in &mut environments {
                    match &name {
                        Some(name) => *own = name.to_string(),
                        None if own.is_empty() => *own = default.to_string(),
                        None => {}
                    }
                }
            }
            Some(name) => {
                if !environments.iter().any(|(own, _)| own == name.as_str()) {
                    return Err(not_among(&name, &environments));
                }
                environments.retain(|(own, _)| own == name.as_str());
            }
            // Only among others: alone, or asked for by name, it is an error later.
            None if environments.len() > 1 && environments.iter().any(|(own, _)| own == BUILT_IN) => {
                environments.retain(|(own, _)| own != BUILT_IN);
                ignored.push(format!("the environment {BUILT_IN}, whose name is the built-in one's"));
            }
            None => {}
        }
        let mut problems: Vec<Problem> = Vec::new();
        let mut selected = Vec::with_capacity(environments.len());
        for (name, imported) in environments {
            let checked = EnvironmentName::new(&name).map_err(ParseError::into_local).and_then(|name| {
                imported.environment.check().map_err(|error| error.context(format_args!("environment `{name}`")))?;
                Ok(name)
            });
            match checked {
                Ok(name) => selected.push((name, imported)),
                Err(error) => problems.extend_from_slice(error.problems()),
            }
        }
        if let Some(error) = Error::from_problems(ErrorKind::Local, problems) {
            return Err(error);
        }
        let current = match &selected[..] {
            [(only, _)] => Some(only.clone()),
            all => all.iter().map(|(name, _)| name).find(|name| current.as_deref() == Some(name.as_str())).cloned(),
        };
        Ok(ImportSelection { environments: selected, current, ignored })
    }
}

impl ImportedEnvironment {
    fn make_paths_absolute(&mut self, folder: &Path) -> Result<()> {
        if let Some(path) = self.environment.make_paths_absolute(folder)? {
            self.notes.push(format!("api_key_file is now {path}, as it was relative to its old folder"));
        }
        Ok(())
    }
}

fn not_among(name: &EnvironmentName, environments: &[(String, ImportedEnvironment)]) -> Error {
    let error = Error::local(format!("there is no environment `{name}` in what is imported"));
    let names: Vec<&str> = environments.iter().map(|(name, _)| name.as_str()).collect();
    error.hint(hint_at_name(name.as_str(), &names))
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One environment, as the Python client writes it and the console offers it.
    Environment,
    /// A key without endpoints, as the console offers it.
    Key,
    /// All of cfctl's environments.
    Cfctl,
}

fn recognise(values: &Map<String, Value>) -> Option<Form> {
    if values.contains_key(cfctl::ENVIRONMENTS) {
        Some(Form::Cfctl)
    } else if console::has_key(values) {
        Some(Form::Key)
    } else {
        values.keys().any(|key| Environment::is_known(key)).then_some(Form::Environment)
    }
}

fn not_recognised(source: &str, form: Option<Form>, from: Option<ImportSource>) -> Error {
    let error = match from {
        None => Error::local(format!("{source} is not an environment in a known format")),
        Some(from) => Error::local(format!("{source} is not what {} writes", from.name())),
    };
    error.hint(match form {
        Some(Form::Environment) => "it looks like one environment: leave --from out",
        Some(Form::Key) => "it looks like a key from the console: leave --from out",
        Some(Form::Cfctl) => "it looks like cfctl's settings: leave --from out",
        None => {
            "known formats are the Python client's environments (`api_key`, `endpoints`), the console's downloads \
             (`token` or `client_secret`), and cfctl's setting.yaml (`environments`)"
        }
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
