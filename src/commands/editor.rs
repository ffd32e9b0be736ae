//! Runs the user's editor on a private copy of a text.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::TempDir;

use super::plugin::child_process::BuilderProcess;
use crate::config::Variables;
use crate::error::{Error, Result};
use crate::fs::{open_file, open_file_with, read_limited};
use crate::plugin::builder::CommandLine;
use crate::spec::source::MAX_BYTES;
use crate::terminal::shutdown::Shutdown;

/// The editor where neither `VISUAL` nor `EDITOR` is set.
const DEFAULT_EDITOR: &str = "vi";

/// A text in a file that only its owner can read, in a folder of its own: editors write backups beside a file. Both are
/// removed when this is dropped.
pub struct PrivateCopy {
    folder: TempDir,
    path: PathBuf,
}

impl PrivateCopy {
    /// Writes `text` to a file that ends in `name`.
    pub fn new(name: &str, text: &str) -> Result<Self> {
        let cannot_write = |error| Error::local("cannot write the file to edit").cause(error);
        let permissions = std::fs::Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix("spacectl-").permissions(permissions).tempdir().map_err(cannot_write)?;
        let path = folder.path().join(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let mut file = open_file_with(&path, flags).map_err(cannot_write)?;
        file.write_all(text.as_bytes()).map_err(cannot_write)?;
        Ok(Self { folder, path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the file where it is.
    pub fn keep(self) -> PathBuf {
        let _ = self.folder.keep();
        self.path
    }
}

/// Runs the editor of `variables` on `copy`, and returns the text after it. The editor has this program's terminal and
/// none of its secrets; a signal ends both.
pub async fn edit(copy: &PrivateCopy, variables: &Variables, shutdown: &mut Shutdown) -> Result<String> {
    let line = command(variables, copy.path());
    BuilderProcess { name: "the editor", line: &line, quiet: false, has_terminal: true }
        .run(shutdown)
        .await
        .map_err(|error| error.hint("set VISUAL or EDITOR to the editor to use, e.g. EDITOR=nano"))?;
    let unreadable = |error: &dyn std::fmt::Display| Error::local("cannot read the edited file").cause(error);
    let bytes = open_file(copy.path()).and_then(|file| read_limited(file, MAX_BYTES));
    String::from_utf8(bytes.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))
}

/// `code --wait FILE` for `EDITOR='code --wait'`.
fn command(variables: &Variables, path: &Path) -> CommandLine {
    let chosen = variables.editor.as_ref().map(|editor| editor.to_string_lossy().into_owned());
    let words = chosen.map(|editor| shlex::split(&editor).unwrap_or_else(|| vec![editor]));
    let words = words.filter(|words| !words.is_empty()).unwrap_or_else(|| vec![DEFAULT_EDITOR.to_owned()]);
    let mut words = words.into_iter().map(OsString::from);
    let program = PathBuf::from(words.next().unwrap_or_default());
    CommandLine { program, arguments: words.chain([path.as_os_str().to_owned()]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_for_its_owner_and_goes_unless_it_is_left() {
        let copy = PrivateCopy::new("plugin-a.yml", "name: A\n").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(copy.path()), mode(copy.path().parent().unwrap())), (0o600, 0o700));
        let path = copy.path().to_owned();
        drop(copy);
        assert!(!path.exists());
        let path = PrivateCopy::new("plugin-a.yml", "name: A\n").unwrap().keep();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "name: A\n");
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn visual_outranks_editor_and_both_can_have_arguments() {
        let line = |visual: Option<&str>, editor: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let variables = Variables { visual: own(visual), editor: own(editor), ..Variables::default() };
            command(&variables, Path::new("/x/a.yml")).to_string()
        };
        assert_eq!(line(None, None), "vi /x/a.yml");
        assert_eq!(line(None, Some("nano")), "nano /x/a.yml");
        assert_eq!(line(Some("code --wait"), Some("nano")), "code --wait /x/a.yml");
        assert_eq!(line(Some("'/my editors/e'"), None), "'/my editors/e' /x/a.yml");
        assert_eq!(line(Some(" "), Some("nano")), "nano /x/a.yml");
    }
}
