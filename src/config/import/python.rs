//! The Python client's folder and files.
//!
//! They are this program's own, so an environment is imported as it is.

use std::path::Path;

use super::{Import, ImportedEnvironment};
use crate::config::{ConfigDir, EnvironmentName};
use crate::error::{Error, Result};

pub(super) const ENVIRONMENTS: &str = "environments";
const TEMPLATES: &str = "template";

/// All environments of a folder such as `~/.spaceone`.
pub(super) fn read_folder(path: &Path) -> Result<Import> {
    let dir = ConfigDir::new(path);
    let environments = dir.environments()?.into_iter().map(|name| {
        let mut imported = ImportedEnvironment { environment: dir.load(&name)?, ..Default::default() };
        imported.make_paths_absolute(&path.join(ENVIRONMENTS))?;
        Ok((name.to_string(), imported))
    });
    let environments = environments.collect::<Result<Vec<_>>>()?;
    if environments.is_empty() {
        return Err(Error::local(format!("there is no environment in {}", path.display())));
    }
    // Only a suggestion: a file that cannot be read names no environment.
    let current = dir.current().ok().flatten().map(|name| name.to_string());
    let templates = path.join(TEMPLATES).is_dir().then(|| format!("{TEMPLATES}, which holds templates"));
    Ok(Import { environments, is_single: false, current, ignored: templates.into_iter().collect() })
}

/// The name of the environment in a file of a folder `environments`.
pub(super) fn name_by_path(path: &Path) -> Option<EnvironmentName> {
    let is_environments = path.parent()?.file_name()? == ENVIRONMENTS;
    path.file_name()?.to_str().filter(|_| is_environments).and_then(EnvironmentName::from_file_name)
}
