//! The files of resources' templates: `template/SERVICE.RESOURCE.yml`.
//!
//! The form is that of the Python client.
//!
//! Their content is known to `output`; here they are bytes.

use std::fmt;
use std::path::PathBuf;

use super::{ConfigDir, ParseError, file};
use crate::error::Result;

const FOLDER: &str = "template";
const EXTENSION: &str = ".yml";
/// The longest name of a service or resource, in bytes: two of them fit a file name.
const MAX_PART: usize = 100;

/// The resource of a template; its name cannot leave the folder of templates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateName(String);

impl TemplateName {
    /// Checks that service and resource are identifiers, so that they can be a file name.
    pub fn new(service: &str, resource: &str) -> Result<Self, ParseError> {
        let is_identifier = |part: &str| {
            (1..=MAX_PART).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        if is_identifier(service) && is_identifier(resource) {
            return Ok(Self(format!("{service}.{resource}")));
        }
        Err(ParseError::new(format!("`{service}.{resource}` cannot have a template"))
            .hint("use letters, digits, `_` and `-`, e.g. repository.Plugin"))
    }

    /// `service.Resource`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource of a template's file with this name.
    fn from_file_name(file_name: &str) -> Option<Self> {
        let (service, resource) = file_name.strip_suffix(EXTENSION)?.split_once('.')?;
        Self::new(service, resource).ok()
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigDir {
    /// The file of a template, whether it exists or not.
    pub fn template_file(&self, name: &TemplateName) -> PathBuf {
        self.templates_folder().join(format!("{name}{EXTENSION}"))
    }

    /// The content of a template's file; `None` if the file does not exist.
    pub fn template(&self, name: &TemplateName) -> Result<Option<Vec<u8>>> {
        file::read(&self.template_file(name))
    }

    /// Creates or replaces a template's file.
    pub fn save_template(&self, name: &TemplateName, content: &str) -> Result<()> {
        file::make_folder(&self.templates_folder())?;
        let _lock = self.lock()?;
        file::replace(&self.template_file(name), content)
    }

    /// Removes a template's file; returns false if there was none.
    pub fn remove_template(&self, name: &TemplateName) -> Result<bool> {
        let _lock = self.lock()?;
        file::remove(&self.template_file(name))
    }

    /// The resources that have a template's file, sorted.
    pub fn templates(&self) -> Result<Vec<TemplateName>> {
        file::names_in(&self.templates_folder(), TemplateName::from_file_name)
    }

    fn templates_folder(&self) -> PathBuf {
        self.path().join(FOLDER)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn name(service: &str, resource: &str) -> TemplateName {
        TemplateName::new(service, resource).unwrap()
    }

    #[test]
    fn only_identifiers_name_a_file() {
        assert_eq!(name("cost_analysis", "DataSource").as_str(), "cost_analysis.DataSource");
        let long = "x".repeat(101);
        for (service, resource) in [
            ("", "Plugin"),
            ("repository", ""),
            ("..", "Plugin"),
            ("a/b", "Plugin"),
            ("/etc/cron", "d"),
            ("a\\b", "Plugin"),
            ("repository", "Plugin\n"),
            ("c:", "Plugin"),
            ("저장소", "Plugin"),
            ("repository", &long),
        ] {
            assert!(TemplateName::new(service, resource).is_err(), "{service}.{resource}");
        }
    }

    #[test]
    fn looking_makes_nothing_and_saving_makes_the_folder() {
        let home = tempfile::tempdir().unwrap();
        let dir = ConfigDir::new(home.path().join("config"));
        let plugin = name("repository", "Plugin");
        assert_eq!(dir.template(&plugin).unwrap(), None);
        assert_eq!(dir.templates().unwrap(), []);
        assert!(!dir.remove_template(&plugin).unwrap());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

        dir.save_template(&plugin, "old").unwrap();
        dir.save_template(&plugin, "new").unwrap();
        dir.save_template(&name("identity", "Project"), "other").unwrap();
        assert_eq!(dir.template(&plugin).unwrap(), Some(b"new".to_vec()));
        for stray in ["note.txt", "Plugin.yml", "a.b.c.yml", ".Plugin.yml"] {
            fs::write(dir.path().join("template").join(stray), "").unwrap();
        }
        assert_eq!(dir.templates().unwrap(), [name("identity", "Project"), plugin.clone()]);
        assert!(dir.remove_template(&plugin).unwrap());
        assert_eq!(dir.template(&plugin).unwrap(), None);
    }
}
