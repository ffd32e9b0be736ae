//! What other programs keep of environments, read as this program's.
//!
//! - The **Python client**'s folder or one of its environments' files, which are this program's own form. What the console
//!   offers for download as `spacectl_config` is such a file too.
//! - The **console**'s JSON of a key: `client_secret` of an app, or before there were apps, `api_key`.
//! - **cfctl**'s `setting.yaml`.
//!
//! A form is known by what it holds. Nothing is written here, and errors name keys, never a value that may be secret.

mod cfctl;
mod console;
mod python;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::{Environment, EnvironmentName, ParseError, file, yaml};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::schema::did_you_mean::nearest;

/// Which program wrote what is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Python,
    Console,
    Cfctl,
}

impl Origin {
    /// The program, for people.
    fn program(self) -> &'static str {
        match self {
            Self::Python => "the Python client",
            Self::Console => "the console",
            Self::Cfctl => "cfctl",
        }
    }
}

/// Environments of another program.
#[derive(Debug)]
pub struct Import {
    content: Content,
    /// The one that is in use there.
    current: Option<String>,
    /// What is not an environment's and stays behind.
    left: Vec<String>,
}

#[derive(Debug)]
enum Content {
    /// A file of one environment, with the name that it goes by, if it has one.
    One { known_as: Option<EnvironmentName>, taken: Taken },
    /// Several, each with its name.
    Several(Vec<(String, Taken)>),
}

/// What is taken of one environment.
#[derive(Clone, Debug, Default)]
struct Taken {
    environment: Environment,
    /// What stays behind, by key, each with the reason where there is one.
    left: Vec<String>,
    /// What the user should know.
    notes: Vec<String>,
}

/// One environment, ready to be made.
#[derive(Debug)]
pub struct Found {
    pub name: EnvironmentName,
    pub environment: Environment,
    /// What stays behind, by key.
    pub left: Vec<String>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// What is to be made, and what is not.
#[derive(Debug)]
pub struct Selected {
    pub environments: Vec<Found>,
    /// The one of these that is in use where they come from; the only one, if there is no other.
    pub current: Option<EnvironmentName>,
    /// What is not an environment's and stays behind.
    pub left: Vec<String>,
}

impl Import {
    /// Reads a file, or the folder of the Python client or of cfctl.
    ///
    /// # Errors
    /// It cannot be read, or is not what `from` writes, or what nobody writes.
    pub fn read_path(path: &Path, from: Option<Origin>) -> Result<Self> {
        let source = path.display().to_string();
        let failed = |error: std::io::Error| Error::local(format!("cannot read {source}")).cause(error);
        if fs::metadata(path).map_err(failed)?.is_dir() {
            return Self::read_folder(path, from);
        }
        let import = Self::read(File::open(path).map_err(failed)?, &source, from)?;
        // A relative path in it counts from where it lies.
        import.placed(path.parent().unwrap_or(Path::new("")), python::name_by_path(path))
    }

    fn read_folder(path: &Path, from: Option<Origin>) -> Result<Self> {
        let settings = path.join(cfctl::FILE);
        if settings.is_file() && matches!(from, None | Some(Origin::Cfctl)) {
            return Self::read_path(&settings, Some(Origin::Cfctl));
        }
        if path.join(python::ENVIRONMENTS).is_dir() && matches!(from, None | Some(Origin::Python)) {
            return python::folder(path);
        }
        let program = from.map_or("the Python client or cfctl", Origin::program);
        Err(Error::local(format!("{} is no folder of {program}", path.display())).hint(
            "the Python client's is ~/.spaceone, with a folder `environments`; cfctl's is ~/.cfctl, with `setting.yaml`",
        ))
    }

    /// Reads YAML or JSON of at most 1 MiB; `source` names it in errors.
    pub fn read(reader: impl Read, source: &str, from: Option<Origin>) -> Result<Self> {
        let values = yaml::parse(&file::read_from(reader, source)?, source)?;
        let import = match (recognise(&values), from) {
            (Some(Form::Cfctl), None | Some(Origin::Cfctl)) => cfctl::settings(values),
            (Some(Form::Key), None | Some(Origin::Console)) => console::key(values),
            (Some(Form::Environment), None | Some(Origin::Python | Origin::Console)) => {
                Ok(python::one(Environment { values }))
            }
            (form, from) => return Err(not_recognised(source, form, from)),
        };
        import.map_err(|error| error.context(source))
    }

    fn placed(mut self, folder: &Path, name: Option<EnvironmentName>) -> Result<Self> {
        if let Content::One { known_as, taken } = &mut self.content {
            *known_as = name;
            taken.place(folder)?;
        }
        Ok(self)
    }

    /// Chooses what to make: all, or only the environment `name`. Where there is but one without a name of its own, it
    /// gets `name`, or else `default`.
    ///
    /// # Errors
    /// There is no such environment, a name cannot be one here, or something in an environment is wrong; all that is
    /// wrong is told.
    pub fn select(self, name: Option<EnvironmentName>, default: EnvironmentName) -> Result<Selected> {
        let Self { content, current, mut left } = self;
        let mut several = match content {
            Content::One { known_as, taken } => {
                let name = name.clone().or(known_as).unwrap_or(default);
                vec![(name.to_string(), taken)]
            }
            Content::Several(several) => match &name {
                None => several,
                Some(name) => vec![only(several, name)?],
            },
        };
        // Asked for by name, it is an error; among others, it is left behind.
        if name.is_none() {
            let built_in = EnvironmentName::built_in();
            let before = several.len();
            if before > 1 {
                several.retain(|(name, _)| name != built_in.as_str());
            }
            if several.len() < before {
                left.push(format!("the environment {built_in}, whose name is the built-in one's"));
            }
        }
        let mut environments = Vec::with_capacity(several.len());
        let mut problems: Vec<Problem> = Vec::new();
        for (name, taken) in several {
            match taken.checked(&name) {
                Ok(found) => environments.push(found),
                Err(error) => problems.extend_from_slice(error.problems()),
            }
        }
        if let Some(error) = Error::from_problems(ErrorKind::Local, problems) {
            return Err(error);
        }
        let current = match &environments[..] {
            [only] => Some(only.name.clone()),
            all => all.iter().map(|found| &found.name).find(|name| current.as_deref() == Some(name.as_str())).cloned(),
        };
        Ok(Selected { environments, current, left })
    }
}

impl Taken {
    /// Makes what counts from `folder` count from everywhere.
    fn place(&mut self, folder: &Path) -> Result<()> {
        if let Some(path) = self.environment.make_paths_absolute(folder)? {
            self.notes.push(format!("api_key_file is {path} now, as it counted from where it came from"));
        }
        Ok(())
    }

    fn checked(self, name: &str) -> Result<Found> {
        let name = EnvironmentName::new(name).map_err(ParseError::into_local)?;
        self.environment.check().map_err(|error| error.context(format_args!("environment `{name}`")))?;
        Ok(Found { name, environment: self.environment, left: self.left, notes: self.notes })
    }
}

fn only(several: Vec<(String, Taken)>, name: &EnvironmentName) -> Result<(String, Taken)> {
    let names: Vec<String> = several.iter().map(|(name, _)| name.clone()).collect();
    several.into_iter().find(|(candidate, _)| candidate == name.as_str()).ok_or_else(|| {
        let error = Error::local(format!("there is no environment `{name}` in what is imported"));
        match nearest(name.as_str(), names.iter().map(String::as_str)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint(format!("there are: {}", names.join(", "))),
        }
    })
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One environment, as the Python client keeps it and the console offers it.
    Environment,
    /// A key without endpoints, as the console offers it.
    Key,
    /// All of cfctl's environments.
    Cfctl,
}

fn recognise(values: &Map<String, Value>) -> Option<Form> {
    if values.contains_key(cfctl::ENVIRONMENTS) {
        Some(Form::Cfctl)
    } else if console::holds_key(values) {
        Some(Form::Key)
    } else {
        values.keys().any(|key| Environment::is_known(key)).then_some(Form::Environment)
    }
}

fn not_recognised(source: &str, form: Option<Form>, from: Option<Origin>) -> Error {
    let error = match from {
        None => Error::local(format!("{source} holds no environment that is known here")),
        Some(from) => Error::local(format!("{source} is not what {} writes", from.program())),
    };
    error.hint(match form {
        Some(Form::Environment) => "it looks like one environment: leave --from out",
        Some(Form::Key) => "it looks like a key from the console: leave --from out",
        Some(Form::Cfctl) => "it looks like cfctl's settings: leave --from out",
        None => {
            "known are the Python client's environments (`api_key`, `endpoints`), the console's downloads \
             (`token` or `client_secret`), and cfctl's setting.yaml (`environments`)"
        }
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
