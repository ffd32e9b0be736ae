//! Selects the environment of a command: by flag, variable or file.

use std::fmt;

use super::{ConfigDir, EnvironmentName, Variables};
use crate::error::Result;

/// The options of the command line that select where a call goes, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `--environment NAME`.
    pub environment: Option<String>,
    /// `--endpoint URL`.
    pub endpoint: Option<String>,
    /// `--domain-id ID`, above the environment's `x_domain_id`.
    pub domain_id: Option<String>,
    /// `--workspace-id ID`, above the environment's `x_workspace_id`.
    pub workspace_id: Option<String>,
    /// `-H 'NAME: VALUE'`, above the environment's `metadata`.
    pub headers: Vec<String>,
    /// Whether the environment's session is left out, as where a new one is made.
    pub without_session: bool,
}

/// What named an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionSource {
    /// `--environment`.
    Flag,
    /// `SPACECTL_ENVIRONMENT`.
    Variable,
    /// `environment.yml`.
    Current,
    /// `SPACECTL_DEFAULT_ENVIRONMENT`, if `environment.yml` names none.
    DefaultVariable,
}

impl fmt::Display for SelectionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--environment",
            Self::Variable => "SPACECTL_ENVIRONMENT",
            Self::Current => "environment.yml",
            Self::DefaultVariable => "SPACECTL_DEFAULT_ENVIRONMENT",
        })
    }
}

/// An environment's name and what named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedEnvironment {
    pub name: EnvironmentName,
    pub source: SelectionSource,
}

impl Selection {
    /// Whether `--endpoint` or `SPACECTL_ENDPOINT` names the endpoint of the call.
    pub fn names_endpoint(&self, variables: &Variables) -> bool {
        self.endpoint.is_some() || variables.endpoint.is_some()
    }

    /// The environment named for this call: by flag, else by variable.
    pub fn named(&self, variables: &Variables) -> Result<Option<SelectedEnvironment>> {
        if let Some(name) = &self.environment {
            return select(name, SelectionSource::Flag).map(Some);
        }
        variables.environment.as_ref().map(|name| select(name, SelectionSource::Variable)).transpose()
    }

    /// The selected environment: by flag, else variable, else the current one, else the default variable. Whether it
    /// exists is not checked.
    pub fn find(&self, variables: &Variables, dir: &ConfigDir) -> Result<Option<SelectedEnvironment>> {
        if let Some(selected) = self.named(variables)? {
            return Ok(Some(selected));
        }
        if let Some(name) = dir.current()? {
            return Ok(Some(SelectedEnvironment { name, source: SelectionSource::Current }));
        }
        variables.default_environment.as_ref().map(|name| select(name, SelectionSource::DefaultVariable)).transpose()
    }

    /// Like [`Selection::find`]; the error says how to select one.
    pub fn require(&self, variables: &Variables, dir: &ConfigDir) -> Result<SelectedEnvironment> {
        self.find(variables, dir)?.ok_or_else(|| dir.none_selected())
    }
}

fn select(name: &str, source: SelectionSource) -> Result<SelectedEnvironment> {
    match (EnvironmentName::new(name), source) {
        (Ok(name), source) => Ok(SelectedEnvironment { name, source }),
        (Err(invalid), SelectionSource::Flag) => Err(invalid.into_usage().context(source)),
        (Err(invalid), source) => Err(invalid.into_local().context(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    #[test]
    fn flag_then_variable_then_file_then_default() {
        let home = tempfile::tempdir().unwrap();
        let dir = ConfigDir::new(home.path());
        let current = EnvironmentName::new("current").unwrap();
        dir.create(&[(&current, &Environment::default())], false).unwrap();
        dir.switch(&current).unwrap();
        let nothing = ConfigDir::new(home.path().join("nothing"));

        let some = |given: bool, name: &str| given.then(|| name.to_owned());
        for (flag, variable, file, default, expected) in [
            (true, true, true, true, Some(("flag", SelectionSource::Flag))),
            (true, false, false, false, Some(("flag", SelectionSource::Flag))),
            (false, true, true, true, Some(("variable", SelectionSource::Variable))),
            (false, true, false, false, Some(("variable", SelectionSource::Variable))),
            (false, false, true, true, Some(("current", SelectionSource::Current))),
            (false, false, false, true, Some(("default", SelectionSource::DefaultVariable))),
            (false, false, false, false, None),
        ] {
            let selection = Selection { environment: some(flag, "flag"), ..Selection::default() };
            let variables = Variables {
                environment: some(variable, "variable"),
                default_environment: some(default, "default"),
                ..Variables::default()
            };
            let found = selection.find(&variables, if file { &dir } else { &nothing }).unwrap();
            let found = found.as_ref().map(|selected| (selected.name.as_str(), selected.source));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused_with_its_source() {
        let dir = ConfigDir::new("/nowhere");
        let variables = Variables { environment: Some("../x".into()), ..Variables::default() };
        let error = Selection::default().find(&variables, &dir).unwrap_err().to_string();
        assert!(error.starts_with("error: SPACECTL_ENVIRONMENT: `../x`"), "{error}");
        let flag = Selection { environment: Some(String::new()), ..Selection::default() };
        let error = flag.find(&variables, &dir).unwrap_err().to_string();
        assert!(error.starts_with("error: --environment: ``"), "{error}");
    }

    #[test]
    fn without_any_the_error_says_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let dir = ConfigDir::new(home.path());
        let require = || Selection::default().require(&Variables::default(), &dir).unwrap_err().to_string();
        let error = require();
        for part in ["no configuration in", "config init -e", "--environment", "local"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        dir.create(&[(&EnvironmentName::new("dev").unwrap(), &Environment::default())], false).unwrap();
        let error = require();
        assert!(error.contains("no environment is selected") && error.contains("-s NAME`: `dev`"), "{error}");
    }
}
