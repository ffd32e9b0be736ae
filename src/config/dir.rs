//! The configuration's folder: finds, creates and removes environments.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::file;
use super::keys::REGISTRY;
use super::name::BUILT_IN;
use super::{Environment, EnvironmentName, Variables, yaml};
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Lock};
use crate::schema::did_you_mean::{hint_at_name, nearest};
use crate::text::quoted_list;
use crate::text::value_ext::kind_of;

const FOLDER: &str = ".spaceone";
const CURRENT: &str = "environment.yml";
const CURRENT_KEY: &str = "environment";
const ENVIRONMENTS: &str = "environments";

/// The configuration's folder. It is created only when something is saved.
#[derive(Clone, Debug)]
pub struct ConfigDir {
    folder: PathBuf,
}

impl ConfigDir {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// `SPACECTL_CONFIG_DIR`, else `~/.spaceone`. It need not exist.
    pub fn locate(variables: &Variables) -> Result<Self> {
        match (&variables.config_dir, &variables.home) {
            (Some(folder), _) => Ok(Self::new(folder)),
            (None, Some(home)) => Ok(Self::new(home.join(FOLDER))),
            (None, None) => Err(Error::local("there is no home folder for the configuration")
                .hint("set HOME to a folder that exists, or set SPACECTL_CONFIG_DIR")),
        }
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Whether this user may not see what is in it: it is another user's, as the home can be in a container, or it is a
    /// file.
    pub fn is_closed(&self) -> bool {
        file::is_out_of_sight(&self.current_file())
    }

    /// The file of an environment, whether it exists or not.
    pub fn file_of(&self, name: &EnvironmentName) -> PathBuf {
        self.environments_folder().join(name.file_name())
    }

    /// The environments that have a file, sorted; without the built-in one.
    pub fn environments(&self) -> Result<Vec<EnvironmentName>> {
        file::names_in(&self.environments_folder(), EnvironmentName::from_file_name)
    }

    /// The environment that `environment.yml` names, whether it has a file or not; `None` if it names none.
    pub fn current(&self) -> Result<Option<EnvironmentName>> {
        let path = self.current_file();
        let Some(bytes) = file::read(&path)? else { return Ok(None) };
        let source = path.display().to_string();
        let hint = "choose an environment with `spacectl config environment -s NAME`, which rewrites the file";
        let refuse = |error: Error| Err(error.context(&source).hint(hint));
        let read = yaml::parse(&bytes, &source).map_err(|error| error.hint(hint))?;
        match read.get(CURRENT_KEY) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) if name.is_empty() => Ok(None),
            Some(Value::String(name)) => match EnvironmentName::new(name.as_str()) {
                Ok(name) => Ok(Some(name)),
                Err(invalid) => refuse(invalid.into_local()),
            },
            Some(other) => {
                let kind = kind_of(other);
                refuse(Error::local(format!("`{CURRENT_KEY}` must be an environment's name, and is {kind}")))
            }
        }
    }

    /// Makes an environment the current one; it has a file or is built in.
    pub fn switch(&self, name: &EnvironmentName) -> Result<()> {
        let _lock = self.lock()?;
        self.write_current(name)
    }

    /// Like [`ConfigDir::switch`], unless there is a current one already, which is returned.
    pub fn switch_if_none(&self, name: &EnvironmentName) -> Result<Option<EnvironmentName>> {
        let _lock = self.lock()?;
        let current = self.current()?;
        if current.is_none() {
            self.write_current(name)?;
        }
        Ok(current)
    }

    fn write_current(&self, name: &EnvironmentName) -> Result<()> {
        if !name.is_built_in() && !self.has(name) {
            return Err(self.not_found(name));
        }
        file::make_folder(&self.folder)?;
        self.stage_current(name)?.replace().map_err(file::failed("write", &self.current_file()))
    }

    fn stage_current(&self, name: &EnvironmentName) -> Result<AtomicFile> {
        let content = serde_json::Map::from_iter([(CURRENT_KEY.to_owned(), name.as_str().into())]);
        file::stage(&self.current_file(), &yaml::to_text(&content), true)
    }

    /// Loads an environment's file; the built-in one needs none.
    pub fn load(&self, name: &EnvironmentName) -> Result<Environment> {
        match self.find(name)? {
            None if !name.is_built_in() => Err(self.not_found(name)),
            found => Ok(found.unwrap_or_default()),
        }
    }

    /// Like [`ConfigDir::load`]; `None` if the file does not exist.
    pub fn find(&self, name: &EnvironmentName) -> Result<Option<Environment>> {
        let path = self.file_of(name);
        file::read(&path)?.map(|bytes| Environment::parse(&bytes, &path.display().to_string())).transpose()
    }

    /// The file of the built-in environment, which needs none: a folder that cannot be looked into is worth a warning
    /// only.
    pub(super) fn find_built_in(&self) -> Result<(Option<Environment>, Option<String>)> {
        let name = EnvironmentName::built_in();
        match self.find(&name) {
            Err(error) if self.is_closed() => {
                let warning = format!("{}: using the built-in environment without its settings", error.summary());
                Ok((None, Some(warning)))
            }
            found => Ok((found?, None)),
        }
    }

    /// Creates or replaces an environment's file; the caller has the lock.
    pub(super) fn save(&self, name: &EnvironmentName, environment: &Environment) -> Result<()> {
        file::make_folder(&self.environments_folder())?;
        file::replace(&self.file_of(name), &environment.to_yaml())
    }

    /// Changes and returns an environment under the lock, so that changes of other processes at the same moment are not
    /// lost; nothing is saved if `change` fails.
    pub fn update(
        &self,
        name: &EnvironmentName,
        change: impl FnOnce(&mut Environment) -> Result<()>,
    ) -> Result<Environment> {
        let _lock = self.lock()?;
        let before = self.load(name)?;
        let mut environment = before.clone();
        change(&mut environment)?;
        check_built_in(name, &before, &environment)?;
        self.save(name, &environment)?;
        Ok(environment)
    }

    /// The content of an environment's file as it is; the built-in one needs no file.
    pub fn text(&self, name: &EnvironmentName) -> Result<Option<Vec<u8>>> {
        let text = file::read(&self.file_of(name))?;
        if text.is_none() && !name.is_built_in() { Err(self.not_found(name)) } else { Ok(text) }
    }

    /// Replaces the content of an environment's file as it is, under the lock. Returns false, without a change, if the
    /// content differs from `before`.
    pub fn replace_text(&self, name: &EnvironmentName, before: Option<&[u8]>, text: &str) -> Result<bool> {
        file::make_folder(&self.environments_folder())?;
        let _lock = self.lock()?;
        let path = self.file_of(name);
        if file::read(&path)?.as_deref() != before {
            return Ok(false);
        }
        file::replace(&path, text)?;
        Ok(true)
    }

    /// Creates environments, all or none; replaces those that exist only if `overwrite`. None becomes the current one.
    ///
    /// `local` is refused, because its file would hide the built-in environment.
    pub fn create(&self, contents: &[(&EnvironmentName, &Environment)], overwrite: bool) -> Result<()> {
        self.create_all(contents, overwrite, None)
    }

    /// Like [`ConfigDir::create`] for one environment, which becomes the current one. An error while it is created
    /// leaves neither change: the same command can be run again.
    pub fn create_current(&self, name: &EnvironmentName, content: &Environment, overwrite: bool) -> Result<()> {
        self.create_all(&[(name, content)], overwrite, Some(name))
    }

    fn create_all(
        &self,
        contents: &[(&EnvironmentName, &Environment)],
        overwrite: bool,
        current: Option<&EnvironmentName>,
    ) -> Result<()> {
        if let Some((name, _)) = contents.iter().find(|(name, _)| name.is_built_in()) {
            return Err(Error::usage(format!("the environment `{name}` is built in and needs no configuration"))
                .hint(format!("use it with `--environment {name}`, or choose another name")));
        }
        file::make_folder(&self.environments_folder())?;
        let _lock = self.lock()?;
        let existing: Vec<_> = contents.iter().map(|(name, _)| *name).filter(|name| self.has(name)).collect();
        if !overwrite && !existing.is_empty() {
            return Err(exist_already(&existing));
        }
        let stage = |(name, content): &(&EnvironmentName, &Environment)| {
            file::stage(&self.file_of(name), &content.to_yaml(), overwrite)
        };
        let staged = contents.iter().map(stage).collect::<Result<Vec<AtomicFile>>>()?;
        let current = current.map(|name| self.stage_current(name)).transpose()?;
        let remove_first = |count: usize| {
            contents[..count].iter().try_for_each(|(name, _)| file::remove(&self.file_of(name)).map(drop))
        };
        for (done, (file, (name, _))) in staged.into_iter().zip(contents).enumerate() {
            let written = if overwrite { file.replace().map(|()| true) } else { file.create() };
            let written = written.map_err(file::failed("write", &self.file_of(name)));
            // The Python client takes no lock: it may have created one at the same moment.
            let written = written.and_then(|is_new| if is_new { Ok(()) } else { Err(exist_already(&[name])) });
            if written.is_err() && !overwrite {
                remove_first(done)?;
            }
            written?;
        }
        let written = current.map(AtomicFile::replace).transpose().map_err(file::failed("write", &self.current_file()));
        if written.is_err() && !overwrite {
            remove_first(contents.len())?;
        }
        written.map(drop)
    }

    /// Removes an environment's file, its session and the key that `login --app` stored; returns true if it was the
    /// current one, so that none is current now.
    ///
    /// The Python client chooses another one instead, and the next command then runs where nobody expects it.
    pub fn remove(&self, name: &EnvironmentName) -> Result<bool> {
        let _lock = self.lock()?;
        // A file that cannot be read may name this one; a wrong one names none.
        file::read(&self.current_file())?;
        let was_current = self.current().ok().flatten().as_ref() == Some(name);
        // First, so that the file of the current environment never names one that is gone: whatever ends this in
        // between, the same command finishes it.
        if was_current && self.has(name) {
            file::remove(&self.current_file())?;
        }
        self.remove_session(name)?;
        file::remove(&self.key_file(name))?;
        if !file::remove(&self.file_of(name))? {
            return Err(if name.is_built_in() {
                Error::local(format!("the environment `{name}` is built in and cannot be removed"))
            } else {
                self.not_found(name)
            });
        }
        Ok(was_current)
    }

    /// A warning if `environment`, loaded from the file of `name`, has a secret that others on this machine can read.
    pub fn exposure(&self, name: &EnvironmentName, environment: &Environment) -> Option<String> {
        if environment.holds_secret() { file::exposure(&self.file_of(name)) } else { None }
    }

    /// The error that no environment is selected.
    pub(super) fn none_selected(&self) -> Error {
        let names = self.environments().unwrap_or_default();
        let error = if names.is_empty() {
            Error::local(format!("there is no configuration in {}", self.folder.display())).hint(format!(
                "create one with `{}`, with `spacectl login --url grpc+ssl://HOST:443`, or with `spacectl config \
                 init`, which asks on a terminal; `spacectl config import FILE` imports those of other programs",
                how_to_create("prod")
            ))
        } else {
            Error::local("no environment is selected")
                .hint(format!("choose one with `spacectl config environment -s NAME`: {}", quoted_list(&names)))
        };
        error.hint(
            "or name one for this call: --environment NAME or SPACECTL_ENVIRONMENT=NAME; \
             `local` is built in and needs no configuration",
        )
    }

    /// The error that an environment has no file.
    pub(super) fn not_found(&self, name: &EnvironmentName) -> Error {
        let error = Error::local(format!("there is no environment `{name}` in {}", self.folder.display()));
        let names = self.environments().unwrap_or_default();
        let others = names.iter().filter(|name| !name.is_built_in()).map(EnvironmentName::as_str);
        let choices: Vec<&str> = others.chain([BUILT_IN]).collect();
        if names.is_empty() && nearest(name.as_str(), choices.iter().copied()).is_none() {
            return error.hint(format!("create it with `{}`", how_to_create(name.as_str())));
        }
        error.hint(hint_at_name(name.as_str(), &choices))
    }

    /// Whether an environment has a file.
    pub fn has(&self, name: &EnvironmentName) -> bool {
        self.file_of(name).is_file()
    }

    /// Locks the folder for a change, from before the read until after the write.
    pub(super) fn lock(&self) -> Result<Lock> {
        Lock::acquire(&self.folder)
    }

    fn current_file(&self) -> PathBuf {
        self.folder.join(CURRENT)
    }

    fn environments_folder(&self) -> PathBuf {
        self.folder.join(ENVIRONMENTS)
    }
}

fn exist_already(names: &[&EnvironmentName]) -> Error {
    let message = match names {
        [name] => format!("the environment `{name}` exists already"),
        _ => format!("the environments {} exist already", quoted_list(names)),
    };
    Error::local(message).hint(
        "change it with `spacectl config set KEY VALUE`, replace it with --force, or choose another name with -e NAME",
    )
}

/// Checks that the built-in environment gets its only setting: endpoints would hide it.
pub fn check_built_in(name: &EnvironmentName, before: &Environment, after: &Environment) -> Result<()> {
    let is_changed = |(key, value): (&String, &Value)| key != REGISTRY && before.values().get(key) != Some(value);
    if name.is_built_in() && !before.has_endpoints() && after.values().iter().any(is_changed) {
        return Err(reads_registry_only(name));
    }
    Ok(())
}

/// The error that the built-in environment has no other setting.
pub fn reads_registry_only(name: &EnvironmentName) -> Error {
    Error::usage(format!("the environment `{name}` is built in and reads `{REGISTRY}` only"))
        .hint(format!("create another one with `{}`", how_to_create("prod")))
}

/// The command that creates the environment `name`.
pub fn how_to_create(name: &str) -> String {
    format!("spacectl config init -e {name} --service repository=grpc+ssl://HOST:443")
}

#[cfg(test)]
#[path = "dir_tests.rs"]
mod tests;
