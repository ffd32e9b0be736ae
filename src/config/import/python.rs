//! The Python client's files. They are this program's own, so an environment is taken as it is.

use std::path::Path;

use super::{Content, Import, Taken};
use crate::config::{ConfigDir, Environment, EnvironmentName};
use crate::error::{Error, Result};

pub(super) const ENVIRONMENTS: &str = "environments";
/// What lies in the folder beside the environments.
const TEMPLATES: &str = "template";

/// All environments of a folder such as `~/.spaceone`.
pub(super) fn folder(path: &Path) -> Result<Import> {
    let dir = ConfigDir::new(path);
    let names = dir.environments()?;
    if names.is_empty() {
        return Err(Error::local(format!("there is no environment in {}", path.display())));
    }
    let several = names.into_iter().map(|name| {
        let mut taken = Taken { environment: dir.load(&name)?, ..Taken::default() };
        taken.place(&path.join(ENVIRONMENTS))?;
        Ok((name.to_string(), taken))
    });
    let several = several.collect::<Result<Vec<_>>>()?;
    // Only a suggestion: a file that cannot be read names no environment.
    let current = dir.current().ok().flatten().map(|name| name.to_string());
    let left =
        path.join(TEMPLATES).is_dir().then(|| format!("{TEMPLATES}, which holds templates")).into_iter().collect();
    Ok(Import { content: Content::Several(several), current, left })
}

/// One environment's file.
pub(super) fn one(environment: Environment) -> Import {
    let taken = Taken { environment, ..Taken::default() };
    Import { content: Content::One { known_as: None, taken }, current: None, left: Vec::new() }
}

/// The name that a file in a folder `environments` gives its environment.
pub(super) fn name_by_path(path: &Path) -> Option<EnvironmentName> {
    let is_environments = path.parent()?.file_name()? == ENVIRONMENTS;
    path.file_name()?.to_str().filter(|_| is_environments).and_then(EnvironmentName::of_file)
}
