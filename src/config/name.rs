//! Names of environments, which become file names.

use std::fmt;

use super::ParseError;

/// The environment that needs no file: the embedded Repository service.
pub const BUILT_IN: &str = "local";

/// The longest file name that common file systems allow, in bytes.
const MAX_FILE_NAME: usize = 255;
const EXTENSION: &str = ".yml";

/// The name of an environment; it cannot leave the folder of environments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// Checks that `name` can be a file name and leads to no other folder.
    pub fn new(name: impl Into<String>) -> Result<Self, ParseError> {
        let name = name.into();
        let fault = if name.is_empty() {
            "it is empty"
        } else if name.starts_with('.') {
            "it starts with a dot"
        } else if name.contains(['/', '\\']) || (cfg!(windows) && name.contains(':')) {
            "it holds a path separator"
        } else if name.chars().any(char::is_control) {
            "it holds a control character"
        } else if name.trim() != name {
            "it starts or ends with a space"
        } else if name.len() + EXTENSION.len() > MAX_FILE_NAME {
            "it is too long for a file name"
        } else {
            return Ok(Self(name));
        };
        Err(ParseError::new(format!("`{name}` cannot name an environment: {fault}")))
    }

    /// The built-in environment's name.
    pub fn built_in() -> Self {
        Self(BUILT_IN.into())
    }

    pub fn is_built_in(&self) -> bool {
        self.0 == BUILT_IN
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn file_name(&self) -> String {
        format!("{}{EXTENSION}", self.0)
    }

    /// The environment in a file of this name, if it has one.
    pub(in crate::config) fn from_file_name(file_name: &str) -> Option<Self> {
        Self::new(file_name.strip_suffix(EXTENSION)?).ok()
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "x".repeat(252);
        let hostile = [
            "",
            ".",
            "..",
            ".hidden",
            "../x",
            "a/b",
            "/etc/passwd",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\x1b[2J",
            " a",
            "a ",
            "a\u{85}",
            &long,
        ];
        for name in hostile {
            assert!(EnvironmentName::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn ordinary_names_are_taken_as_they_are() {
        let long = "x".repeat(251);
        for name in ["dev", "d", "my env", "a.b", "운영", "prod_1-x", "a..b", &long] {
            let name = EnvironmentName::new(name).unwrap();
            assert_eq!(EnvironmentName::from_file_name(&name.file_name()), Some(name));
        }
    }

    #[test]
    fn only_yml_files_are_environments() {
        for file in ["dev.yaml", "dev.yml.bak", "dev", ".yml", ".dev.yml"] {
            assert_eq!(EnvironmentName::from_file_name(file), None, "{file}");
        }
    }
}
