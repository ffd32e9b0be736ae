//! Runs the user's editor on a private copy of a text.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, ErrorKind as IoErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGQUIT};
use signal_hook::low_level::unregister;
use signal_hook::{SigId, flag};
use tempfile::TempDir;

use super::plugin::child_process::{command, describe};
use crate::config::Variables;
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, open_file, read_limited};
use crate::plugin::builder::CommandLine;
use crate::spec::source::MAX_BYTES;
use crate::terminal::io_streams::IoStreams;

/// The editor of a user who has chosen none, as in git.
const DEFAULT_EDITOR: &str = "vi";
/// The exit codes with which a shell says that it cannot run a command.
const NOT_RUN: [i32; 2] = [126, 127];

/// A file that nobody else can read, in a folder of its own, where an editor puts its own files. Both are removed when
/// this is dropped.
pub struct PrivateCopy {
    folder: TempDir,
    path: PathBuf,
}

impl PrivateCopy {
    /// Writes `text` to a file `name` in a new folder in `parent`.
    pub fn new(parent: &Path, name: &str, text: &[u8]) -> io::Result<Self> {
        let permissions = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("spacectl-edit-").permissions(permissions).tempdir_in(parent)?;
        let path = folder.path().join(name);
        AtomicFile::beside(&path, text, Readers::None)?.replace()?;
        Ok(Self { folder, path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn read(&self) -> Result<String> {
        let failed = || Error::local(format!("cannot read {}", self.path.display()));
        let bytes = open_file(&self.path).and_then(|file| read_limited(file, MAX_BYTES));
        let bytes = bytes.map_err(|error| failed().cause(error))?;
        String::from_utf8(bytes).map_err(|_| failed().cause("it is not UTF-8 text"))
    }

    /// Whether there is something of the user's in it that is not in `before`.
    pub fn is_edited(&self, before: &[u8]) -> bool {
        match open_file(&self.path).and_then(|file| read_limited(file, MAX_BYTES)) {
            Ok(bytes) => !bytes.is_empty() && bytes != before,
            Err(error) => error.kind() != IoErrorKind::NotFound,
        }
    }

    /// Leaves the file there, and returns its path.
    pub fn keep(self) -> PathBuf {
        let _ = self.folder.keep();
        self.path
    }
}

/// The user's editor. While there is one, Ctrl-C and Ctrl-\ end the program unless the editor runs: the terminal sends
/// them to both.
pub struct Editor {
    /// A command of the shell.
    command: OsString,
    ends_program: Arc<AtomicBool>,
    registered: Vec<SigId>,
}

impl Editor {
    /// # Errors
    /// None is chosen, and the default one needs a terminal.
    pub fn new(variables: &Variables, streams: &IoStreams) -> Result<Self> {
        let command = match &variables.editor {
            Some(editor) => editor.clone(),
            None if streams.in_is_terminal && streams.out_is_terminal => DEFAULT_EDITOR.into(),
            None => {
                return Err(Error::local(format!("there is no terminal for {DEFAULT_EDITOR}, the default editor"))
                    .hint("set VISUAL or EDITOR to a command that edits a file"));
            }
        };
        let ends_program = Arc::new(AtomicBool::new(true));
        let register = |signal| flag::register_conditional_default(signal, Arc::clone(&ends_program));
        let registered: io::Result<_> = [SIGINT, SIGQUIT].into_iter().map(register).collect();
        let registered = registered.map_err(|error| Error::local("cannot wait for signals").cause(error))?;
        Ok(Self { command, ends_program, registered })
    }

    /// Edits a file. The editor runs by the shell, as in git: it may have options; it gets none of this program's
    /// secrets.
    pub fn run(&self, path: &Path) -> Result<()> {
        // Ctrl-C must not end the shell, which would hide how the editor ended; what a shell traps is not trapped in
        // its children.
        let mut script = OsString::from("trap : INT QUIT; ");
        script.push(&self.command);
        script.push(r#" "$@""#);
        let arguments = vec!["-c".into(), script, self.command.clone(), path.into()];
        let line = CommandLine { program: "sh".into(), arguments };
        let failed = || Error::local(format!("the editor {} failed", self.command.display()));
        self.ends_program.store(false, Ordering::SeqCst);
        let status = command(&line).into_std().status();
        self.ends_program.store(true, Ordering::SeqCst);
        let status = status.map_err(|error| failed().cause(error))?;
        if status.success() {
            return Ok(());
        }
        let is_not_run = status.code().is_some_and(|code| NOT_RUN.contains(&code));
        let hint = is_not_run.then_some("set VISUAL or EDITOR to a command that edits a file");
        Err(failed().cause(format!("it {}", describe(status))).hints(hint))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            unregister(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_for_its_owner_and_goes_unless_it_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let copy = PrivateCopy::new(parent.path(), "plugin-a.yml", b"name: A\n").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(copy.path()), mode(copy.path().parent().unwrap())), (0o600, 0o700));
        assert!(!copy.is_edited(b"name: A\n") && copy.is_edited(b""));
        let path = copy.path().to_owned();
        drop(copy);
        assert!(!path.exists());
        let path = PrivateCopy::new(parent.path(), "plugin-a.yml", b"name: A\n").unwrap().keep();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "name: A\n");
    }
}
