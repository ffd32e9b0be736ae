//! `completion install [SHELL]`: loads completion in every new shell.

use std::fs;
use std::io::{self, ErrorKind as IoErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use rustix::process::geteuid;

use super::block;
use crate::cli::{CompletionInstall, Shell};
use crate::commands::Context;
use crate::config::Variables;
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, folder_of, open_file, read_limited};

/// The largest startup file, in bytes.
const MAX_BYTES: u64 = 16 << 20;

pub(super) fn run(args: &CompletionInstall, context: &mut Context<'_>) -> Result<()> {
    let shell = args.shell.map_or_else(|| login_shell(context.variables), Ok)?;
    let file = StartupFile::read(shell, context.variables)?;
    let done = if args.remove { file.remove()? } else { file.install()? };
    let diagnostics = &context.streams.diagnostics;
    diagnostics.done(&format!("{} completion {done}", file.shell));
    let is_in = |folder: PathBuf| folder.join("spacectl").is_file();
    if !args.remove && !context.variables.program_folders().into_iter().any(is_in) {
        diagnostics.note("spacectl is not in PATH: completion works as soon as it is");
    }
    Ok(())
}

/// The user's shell, by its program's name.
fn login_shell(variables: &Variables) -> Result<Shell> {
    let hint = "name it, e.g. `spacectl completion install bash`";
    let Some(path) = &variables.shell else {
        return Err(Error::usage("the shell is not known: SHELL is not set").hint(hint));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Shell::from_str(&name, true).map_err(|_| {
        Error::usage(format!("there is no completion for the shell in SHELL, {}", path.display())).hint(hint)
    })
}

/// The lines that load completion in `shell`, also where spacectl is not installed.
fn lines(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => {
            "if command -v spacectl >/dev/null 2>&1; then\n    \
                 eval \"$(spacectl completion bash)\"\n\
             fi"
        }
        Shell::Zsh => {
            "if command -v spacectl >/dev/null 2>&1; then\n    \
                 (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }\n    \
                 source <(spacectl completion zsh)\n\
             fi"
        }
        Shell::Fish => "command -q spacectl; and spacectl completion fish | source",
        Shell::Elvish => "if (has-external spacectl) { eval (spacectl completion elvish | slurp) }",
        Shell::Powershell => {
            "if (Get-Command spacectl -ErrorAction SilentlyContinue) {\n    \
                 spacectl completion powershell | Out-String | Invoke-Expression\n\
             }"
        }
    }
}

/// The lines in one, which a shell of their kind understands.
fn one_line(lines: &str) -> String {
    let mut joined = String::new();
    for line in lines.lines().map(str::trim) {
        let separator = match &*joined {
            "" => "",
            text if text.ends_with(['{', ';']) || text.ends_with(" then") || line.starts_with('}') => " ",
            _ => "; ",
        };
        joined.push_str(separator);
        joined.push_str(line);
    }
    joined
}

/// The file that `shell` reads when it starts, or when it completes spacectl for the first time.
fn path(shell: Shell, variables: &Variables) -> Option<PathBuf> {
    let in_config = |path: &str| variables.xdg_config_home().map(|folder| folder.join(path));
    match shell {
        Shell::Bash => variables.home.as_ref().map(|home| home.join(".bashrc")),
        Shell::Zsh => variables.zsh_dir.as_ref().or(variables.home.as_ref()).map(|folder| folder.join(".zshrc")),
        Shell::Fish => in_config("fish/completions/spacectl.fish"),
        Shell::Elvish => in_config("elvish/rc.elv"),
        Shell::Powershell => in_config("powershell/Microsoft.PowerShell_profile.ps1"),
    }
}

/// A shell's startup file and what is in it.
struct StartupFile {
    /// The shell's name.
    shell: String,
    lines: &'static str,
    path: PathBuf,
    /// `None` if the file does not exist.
    text: Option<Vec<u8>>,
    block: Option<block::Block>,
}

impl StartupFile {
    fn read(shell: Shell, variables: &Variables) -> Result<Self> {
        let path = path(shell, variables)
            .ok_or_else(|| Error::local("there is no home folder").hint("set HOME to a folder that exists"))?;
        let text = read(&path).map_err(|error| Error::local(format!("cannot read {}", path.display())).cause(error))?;
        let block = block::find(text.as_deref().unwrap_or_default()).map_err(|line| {
            Error::local(format!("{}:{line}: a mark of the spacectl block without its other one", path.display()))
                .hint("remove the lines from `# >>> spacectl completion >>>` to `# <<< spacectl completion <<<`")
        })?;
        let name = shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        Ok(Self { shell: name, lines: lines(shell), path, text, block })
    }

    /// Adds or updates the block, and says what was done.
    fn install(&self) -> Result<String> {
        let path = self.path.display();
        if let (Some(block), Some(text)) = (&self.block, &self.text) {
            let updated = block::update(text, block, self.lines);
            if updated == *text {
                return Ok(format!("is already installed in {path}:{}", block.line));
            }
            self.write(&updated)?;
            return Ok(format!("is updated in {path}:{}; new shells load it", block.line));
        }
        if let Some(line) = self.line_of_others() {
            return Ok(format!("is already installed: {path}:{line} loads it"));
        }
        let (text, line) = block::add(self.text.as_deref(), self.lines);
        self.write(&text)?;
        Ok(format!("is installed in {path}:{line}; new shells load it"))
    }

    /// Removes the block, and says what was done.
    fn remove(&self) -> Result<String> {
        let path = self.path.display();
        let (Some(block), Some(text)) = (&self.block, &self.text) else {
            return Ok(match self.line_of_others() {
                Some(line) => format!("was not installed by this command: {path}:{line} loads it, and stays"),
                None => format!("is not installed in {path}"),
            });
        };
        match block::remove(text, block) {
            Some(text) => self.write(&text)?,
            // A link to the file was made by somebody else.
            None if self.path.is_symlink() => self.write(b"")?,
            None => fs::remove_file(&self.path).map_err(|error| self.failed(error))?,
        }
        Ok(format!("is removed from {path}:{}", block.line))
    }

    /// The number of the line that loads completion without this command.
    fn line_of_others(&self) -> Option<usize> {
        let text = String::from_utf8_lossy(self.text.as_deref()?);
        let loads = [format!("spacectl completion {}", self.shell), "complete --command spacectl".to_owned()];
        let is_loading = |line: &str| !line.starts_with('#') && loads.iter().any(|loading| line.contains(loading));
        text.lines().position(|line| is_loading(line.trim_start())).map(|index| index + 1)
    }

    /// Replaces the file as a whole; a link to it and its permissions stay.
    fn write(&self, text: &[u8]) -> Result<()> {
        let write = || -> io::Result<()> {
            match fs::metadata(&self.path) {
                Ok(metadata) => {
                    if metadata.uid() != geteuid().as_raw() {
                        return Err(io::Error::new(IoErrorKind::PermissionDenied, "it belongs to another user"));
                    }
                    let readers = Readers::Mode(metadata.permissions().mode() & 0o777);
                    AtomicFile::behind_links(&self.path, text, readers)?.replace()
                }
                Err(error) if error.kind() == IoErrorKind::NotFound => {
                    fs::create_dir_all(folder_of(&self.path))?;
                    AtomicFile::beside(&self.path, text, Readers::ByUmask)?.replace()
                }
                Err(error) => Err(error),
            }
        };
        write().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::local(format!("cannot change {}", self.path.display()))
            .cause(error)
            .hint(format!("change it yourself; this line loads completion: {}", one_line(self.lines)))
    }
}

/// The content of the file; `None` if it does not exist.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match open_file(path) {
        Ok(file) => read_limited(file, MAX_BYTES).map(Some),
        Err(error) if error.kind() == IoErrorKind::NotFound && path.is_symlink() => {
            Err(io::Error::new(IoErrorKind::NotFound, "it is a link to a file that does not exist"))
        }
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
