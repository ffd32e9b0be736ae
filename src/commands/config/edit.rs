//! `config edit`: an environment's file in the user's editor.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io::{self, ErrorKind as IoErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGQUIT};
use signal_hook::flag;
use tempfile::TempDir;

use super::{selected, warn_of_content, warn_of_exposed_key};
use crate::commands::Context;
use crate::commands::confirm::cancelled;
use crate::commands::plugin::child_process::{command, describe};
use crate::config::{ConfigDir, Environment, EnvironmentName, check_built_in};
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, create_private_folder, open_file, read_limited, shell_word};
use crate::plugin::builder::CommandLine;
use crate::terminal::prompt::Prompt;

/// The editor of a user who has chosen none, as in git.
const DEFAULT_EDITOR: &str = "vi";
/// The largest file that the configuration reads, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// The exit codes by which a shell says that it cannot run a command.
const NOT_RUN: [i32; 2] = [126, 127];

pub(super) fn run(context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let editor = editor(context)?;
    let before = dir.text(&name)?;
    let copy = PrivateCopy::new(&dir, &name, before.as_deref().unwrap_or_default())?;
    match edit(&dir, &name, before.as_deref(), &copy, &editor, context) {
        Ok(()) => Ok(()),
        Err(error) if copy.is_edited(before.as_deref()) => {
            let path = copy.keep();
            let file = shell_word(&dir.file_of(&name));
            Err(last_hint(error, format!("your text is in {0}: run `diff {file} {0}`", shell_word(&path))))
        }
        Err(error) => Err(error),
    }
}

/// `error` with a hint after all of its problems.
fn last_hint(error: Error, hint: String) -> Error {
    let mut problems = error.problems().to_vec();
    problems.iter_mut().last().into_iter().for_each(|problem| problem.hints.push(hint.clone()));
    Error::from_problems(error.kind(), problems).unwrap_or(error)
}

/// The user's editor, as a command of the shell.
fn editor(context: &Context<'_>) -> Result<OsString> {
    match &context.variables.editor {
        Some(editor) => Ok(editor.clone()),
        None if context.streams.in_is_terminal && context.streams.out_is_terminal => Ok(DEFAULT_EDITOR.into()),
        None => Err(Error::local(format!("there is no terminal for {DEFAULT_EDITOR}, the default editor"))
            .hint("set VISUAL or EDITOR to a command that edits a file, or use `spacectl config set KEY VALUE`")),
    }
}

/// Edits the copy until it is correct or given up, and then replaces the file.
fn edit(
    dir: &ConfigDir,
    name: &EnvironmentName,
    before: Option<&[u8]>,
    copy: &PrivateCopy,
    editor: &OsStr,
    context: &mut Context<'_>,
) -> Result<()> {
    let signals = DeferredSignals::new()?;
    let (text, environment) = loop {
        signals.ignored_during(|| run_editor(editor, &copy.path))?;
        let text = copy.read()?;
        if text.as_bytes() == before.unwrap_or_default() {
            context.streams.diagnostics.done(&format!("{name} is unchanged"));
            return Ok(());
        }
        match check(&text, before.unwrap_or_default(), name) {
            Ok(environment) => break (text, environment),
            Err(error) => {
                let diagnostics = context.streams.diagnostics.clone();
                let Some(mut prompt) = Prompt::new(context.streams) else { return Err(error) };
                diagnostics.refuse(&error);
                if !prompt.confirm(&format!("Edit again (your text is in {})", copy.path.display()))? {
                    return Err(cancelled());
                }
            }
        }
    };
    if !dir.replace_text(name, before, &text)? {
        return Err(Error::local(format!("another program changed {name} meanwhile: nothing was saved")));
    }
    let diagnostics = &context.streams.diagnostics;
    warn_of_content(&environment, "", diagnostics);
    warn_of_exposed_key(name, &environment, diagnostics);
    diagnostics.done(&format!("{name} is saved"));
    Ok(())
}

/// Checks the new text as a whole.
fn check(text: &str, before: &[u8], name: &EnvironmentName) -> Result<Environment> {
    // A file that cannot be read is what the user is about to correct.
    let before = Environment::read(before, "").unwrap_or_default();
    let environment = Environment::parse_edited(text.as_bytes(), &name.file_name(), &before)?;
    check_built_in(name, &before, &environment)?;
    if environment.values().is_empty() && !before.values().is_empty() {
        return Err(Error::local("the edited file has no settings")
            .hint(format!("use `spacectl config environment -r {name}` to remove the environment")));
    }
    Ok(environment)
}

/// Runs the editor by the shell, as git does: it may have options. Ctrl-C must not end the shell, which would hide how
/// the editor ended; what a shell traps is not trapped in its children.
fn run_editor(editor: &OsStr, path: &Path) -> Result<()> {
    let mut script = OsString::from("trap : INT QUIT; ");
    script.push(editor);
    script.push(r#" "$@""#);
    let line =
        CommandLine { program: "sh".into(), arguments: vec!["-c".into(), script, editor.to_owned(), path.into()] };
    let failed = || Error::local(format!("the editor {} failed", editor.display()));
    let status = command(&line).into_std().status().map_err(|error| failed().cause(error))?;
    if status.success() {
        return Ok(());
    }
    let is_not_run = status.code().is_some_and(|code| NOT_RUN.contains(&code));
    let hint = is_not_run.then_some("set VISUAL or EDITOR to a command that edits a file");
    Err(failed().cause(format!("it {}", describe(status))).hints(hint))
}

/// A copy of an environment's file that nobody else can read, in a folder of its own, where an editor puts its own
/// files. Removed when dropped.
struct PrivateCopy {
    folder: TempDir,
    path: PathBuf,
}

impl PrivateCopy {
    /// Within the configuration's folder: secrets are not to lie elsewhere, and a copy that is left outlives a reboot.
    fn new(dir: &ConfigDir, name: &EnvironmentName, text: &[u8]) -> Result<Self> {
        let new = || -> io::Result<Self> {
            create_private_folder(dir.path())?;
            let permissions = Permissions::from_mode(0o700);
            let folder = tempfile::Builder::new().prefix("edit-").permissions(permissions).tempdir_in(dir.path())?;
            let path = folder.path().join(name.file_name());
            AtomicFile::beside(&path, text, Readers::None)?.replace()?;
            Ok(Self { folder, path })
        };
        let failed =
            |error: io::Error| Error::local(format!("cannot copy {name} into {}", dir.path().display())).cause(error);
        new().map_err(failed)
    }

    fn read(&self) -> Result<String> {
        let failed = || Error::local(format!("cannot read {}", self.path.display()));
        let bytes = open_file(&self.path).and_then(|file| read_limited(file, MAX_BYTES));
        let bytes = bytes.map_err(|error| failed().cause(error))?;
        String::from_utf8(bytes).map_err(|_| failed().cause("it is not UTF-8 text"))
    }

    /// Whether there is something of the user's in it.
    fn is_edited(&self, before: Option<&[u8]>) -> bool {
        match open_file(&self.path).and_then(|file| read_limited(file, MAX_BYTES)) {
            Ok(bytes) => !bytes.is_empty() && bytes != before.unwrap_or_default(),
            Err(error) => error.kind() != IoErrorKind::NotFound,
        }
    }

    /// Leaves it there, and returns its path.
    fn keep(self) -> PathBuf {
        let _ = self.folder.keep();
        self.path
    }
}

/// Ctrl-C and Ctrl-\ while the editor runs: they are for the editor, as the terminal sends them to both.
struct DeferredSignals {
    is_default: Arc<AtomicBool>,
}

impl DeferredSignals {
    fn new() -> Result<Self> {
        let is_default = Arc::new(AtomicBool::new(true));
        for signal in [SIGINT, SIGQUIT] {
            flag::register_conditional_default(signal, Arc::clone(&is_default))
                .map_err(|error| Error::local("cannot wait for signals").cause(error))?;
        }
        Ok(Self { is_default })
    }

    /// Runs `work`; they end nothing here meanwhile.
    fn ignored_during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.is_default.store(false, Ordering::SeqCst);
        let done = work();
        self.is_default.store(true, Ordering::SeqCst);
        done
    }
}
