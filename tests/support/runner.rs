//! Runs the binary in an empty home and environment, and shows a run as one text to hold as a snapshot.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use tempfile::TempDir;

/// The longest run: one that hangs is a fault, which its test is to show.
const LIMIT: Duration = Duration::from_secs(120);

/// A user with a home of their own, at work in an empty folder in it.
pub struct Spacectl {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Spacectl {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        Self { home, variables: Vec::new() }
    }

    /// A user whose every call is to the embedded Repository.
    pub fn local() -> Self {
        Self::new().variable("SPACECTL_ENVIRONMENT", "local")
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable that names a file of the folder where commands run.
    pub fn variable_of_file(self, name: &str, file: &str) -> Self {
        let path = self.path(file).to_str().unwrap().to_owned();
        self.variable(name, &path)
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in the folder where commands run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home().join("work").join(name)
    }

    /// Writes a file in the folder where commands run.
    pub fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Copies a file of the project's examples there.
    pub fn example(&self, name: &str) -> &Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        std::fs::copy(from, self.path(name)).unwrap();
        self
    }

    /// The command itself, for what [`Spacectl::run`] cannot do.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spacectl"));
        command.env_clear().env("HOME", self.home()).current_dir(self.path(""));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command line, split at blanks; single quotes hold a word together.
    pub fn run(&self, line: &str) -> Run {
        self.run_with_input(line, "")
    }

    pub fn run_with_input(&self, line: &str, input: &str) -> Run {
        self.run_command(self.command(), line, input)
    }

    /// Runs a command line with further variables, for this once.
    pub fn run_with(&self, variables: &[(&str, &str)], line: &str) -> Run {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        self.run_command(command, line, "")
    }

    /// Runs a command line after `change` to how the program is started, such as its variables.
    pub fn run_changed(&self, line: &str, change: impl FnOnce(&mut std::process::Command)) -> Run {
        let mut command = self.command();
        change(&mut command);
        self.run_command(command, line, "")
    }

    fn run_command(&self, command: std::process::Command, line: &str, input: &str) -> Run {
        let output = Command::from_std(command).args(words(line)).write_stdin(input).timeout(LIMIT).output().unwrap();
        let text = |bytes: Vec<u8>| self.neutral(&String::from_utf8(bytes).unwrap());
        Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What differs from run to run and from machine to machine, replaced.
    fn neutral(&self, text: &str) -> String {
        text.replace(self.home().to_str().unwrap(), "[HOME]")
    }
}

/// What a run ended in.
pub struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The run's standard output, if it went well and said nothing else.
    #[track_caller]
    pub fn quiet_success(self) -> String {
        assert_eq!((self.status, self.stderr.as_str()), (Some(0), ""), "{self}");
        self.stdout
    }

    /// The run's standard output, if it went well.
    #[track_caller]
    pub fn success(self) -> String {
        assert_eq!(self.status, Some(0), "{self}");
        self.stdout
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => writeln!(f, "status: {status}")?,
            None => writeln!(f, "status: ended by a signal")?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    assert!(!quoted, "a quote is open: {line}");
    words.extend(word);
    words
}
