//! The file that `login --app` stores an environment's key in, and that its `api_key_file` names.

use std::path::PathBuf;

use super::{ConfigDir, EnvironmentName, file};
use crate::error::Result;
use crate::fs::{AtomicFile, Readers};

/// The folder of these files, in the configuration's folder.
const FOLDER: &str = "keys";

impl ConfigDir {
    /// The file of an environment's key, whether it exists or not.
    pub fn key_file(&self, name: &EnvironmentName) -> PathBuf {
        self.path().join(FOLDER).join(name.as_str())
    }

    /// Checks that the key of an environment can be stored, before there is one to lose.
    pub fn check_key_can_be_stored(&self, name: &EnvironmentName) -> Result<()> {
        file::make_folder(&self.path().join(FOLDER))?;
        let path = self.key_file(name);
        // Removed when it is dropped.
        AtomicFile::beside(&path, b"", Readers::None).map(drop).map_err(file::failed("write", &path))
    }

    /// Stores the key of an environment in a file of its own, for its owner only; returns the file's path.
    pub fn store_key(&self, name: &EnvironmentName, key: &str) -> Result<PathBuf> {
        let path = self.key_file(name);
        file::make_folder(&self.path().join(FOLDER))?;
        file::replace_itself(&path, &format!("{key}\n"))?;
        Ok(path)
    }
}
