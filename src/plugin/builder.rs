//! The programs that build and push images: which one is there, and the command lines that it takes.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::parse_error::ParseError;
use crate::secret::{self, MASK};

/// The programs that are known, in the order in which they are looked for.
const KNOWN: [(&str, Kind); 3] = [("docker", Kind::Docker), ("podman", Kind::Podman), ("buildah", Kind::Buildah)];

/// Whose command line a program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Docker,
    Podman,
    Buildah,
}

/// A program that builds images and pushes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    program: PathBuf,
    kind: Kind,
}

/// One image to build.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// What it is called: `HOST/PATH:TAG`.
    pub image: &'a str,
    /// The folder that the build takes its files from.
    pub context: &'a Path,
    /// `None` takes the context's own.
    pub dockerfile: Option<&'a Path>,
    /// Each as `NAME=VALUE`, or as `NAME` to take the value from the builder's environment.
    pub arguments: &'a [String],
    /// As `linux/arm64`; `None` is this machine's.
    pub platform: Option<&'a str>,
}

impl Builder {
    /// The builder that was `chosen`, by its name or its path; else the first that is in one of `folders`.
    /// `is_program` tells whether a file is there that can be run.
    ///
    /// # Errors
    /// It is not there, or none is.
    pub fn find(
        chosen: Option<&str>,
        folders: impl Iterator<Item = PathBuf> + Clone,
        is_program: impl Fn(&Path) -> bool,
    ) -> Result<Self, ParseError> {
        let in_folders = |name: &str| folders.clone().map(|folder| folder.join(name)).find(|path| is_program(path));
        let Some(chosen) = chosen else {
            // The name alone: it is what a person would type, and the system finds the same one by it.
            let found = KNOWN.iter().find(|(name, _)| in_folders(name).is_some());
            let found = found.map(|&(name, kind)| Self { program: name.into(), kind });
            return found.ok_or_else(|| {
                ParseError::new("there is no program to build images with: docker, podman and buildah are not in PATH")
                    .hint("install one of them, or say where it is: --builder PATH")
            });
        };
        let is_there = if chosen.contains('/') { is_program(Path::new(chosen)) } else { in_folders(chosen).is_some() };
        if !is_there {
            let place = if chosen.contains('/') { "there" } else { "in PATH" };
            return Err(ParseError::new(format!("the builder {chosen} is not {place}, or cannot be run"))
                .hint("--builder takes docker, podman, buildah or the path of one"));
        }
        Ok(Self { program: chosen.into(), kind: Kind::of(Path::new(chosen)) })
    }

    /// The program as errors name it.
    pub fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or(self.program.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Whether it hands its work to a daemon, which has to run.
    pub fn has_daemon(&self) -> bool {
        self.kind == Kind::Docker
    }

    /// The files that it takes for a Dockerfile where none is named, the first that is there.
    pub fn dockerfiles(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Docker => &["Dockerfile"],
            Kind::Podman | Kind::Buildah => &["Containerfile", "Dockerfile"],
        }
    }

    /// Builds an image and keeps it here. If `quiet`, nothing is said but errors.
    pub fn build(&self, build: &Build<'_>, quiet: bool) -> CommandLine {
        let mut line = CommandLine::new(&self.program).with("build").with_if(quiet, "--quiet");
        // The others keep each step's layer by themselves. Without them a build that changes nothing makes another image.
        line = line.with_if(self.kind == Kind::Buildah, "--layers");
        if let Some(dockerfile) = build.dockerfile {
            line = line.with("--file").with(dockerfile);
        }
        line = line.with("--tag").with(build.image);
        for argument in build.arguments {
            line = line.with(BUILD_ARG).with(argument);
        }
        if let Some(platform) = build.platform {
            line = line.with("--platform").with(platform);
        }
        line.with(not_an_option(build.context))
    }

    /// Pushes an image that is here to the registry in its name. Docker speaks plaintext with this machine by itself;
    /// the others have to be told of it, and must be told nowhere else.
    pub fn push(&self, image: &str, is_plain_http: bool, quiet: bool) -> CommandLine {
        let is_told = is_plain_http && self.kind != Kind::Docker;
        let line = CommandLine::new(&self.program).with("push").with_if(quiet, "--quiet");
        line.with_if(is_told, "--tls-verify=false").with(image)
    }

    /// What a person types to log in at `host`.
    pub fn login(&self, host: &str, is_plain_http: bool) -> CommandLine {
        let is_told = is_plain_http && self.kind != Kind::Docker;
        CommandLine::new(&self.program).with("login").with_if(is_told, "--tls-verify=false").with(host)
    }
}

impl Kind {
    /// By the program's name, as in `podman-remote`; others take docker's command line, as nerdctl does.
    fn of(program: &Path) -> Self {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        KNOWN.iter().find(|(known, _)| name.starts_with(known)).map_or(Self::Docker, |(_, kind)| *kind)
    }
}

const BUILD_ARG: &str = "--build-arg";

/// A path that cannot be taken for an option.
fn not_an_option(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path.to_owned() }
}

/// A program and its arguments. It is written as a shell takes it, without the secrets among the build arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

impl CommandLine {
    fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), arguments: Vec::new() }
    }

    fn with(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    fn with_if(self, is_so: bool, argument: &str) -> Self {
        if is_so { self.with(argument) } else { self }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.program.to_string_lossy()))?;
        let mut is_build_argument = false;
        for argument in &self.arguments {
            let text = argument.to_string_lossy();
            let shown = if is_build_argument { masked(&text) } else { text.into_owned() };
            write!(f, " {}", quoted(&shown))?;
            is_build_argument = argument == BUILD_ARG;
        }
        Ok(())
    }
}

/// A build argument, its value masked if its name or the value itself says that it is a secret.
fn masked(argument: &str) -> String {
    let Some((name, value)) = argument.split_once('=') else { return argument.to_owned() };
    let mut value = Value::from(value);
    secret::mask_value(name, &mut value);
    format!("{name}={}", value.as_str().unwrap_or(MASK))
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Build<'static> {
        Build {
            image: "127.0.0.1:5000/x/plugin-a:1.0",
            context: Path::new("."),
            dockerfile: None,
            arguments: &[],
            platform: None,
        }
    }

    fn find(chosen: Option<&str>, there: &[&str]) -> Result<Builder, ParseError> {
        let folders = ["/bin", "/opt/bin"].map(PathBuf::from).into_iter();
        Builder::find(chosen, folders, |path| there.iter().any(|known| Path::new(known) == path))
    }

    fn builder(chosen: &str) -> Builder {
        find(Some(chosen), &["/bin/docker", "/bin/podman", "/bin/buildah", "/x/podman-remote", "/x/nerdctl"]).unwrap()
    }

    #[test]
    fn the_first_of_three_is_taken_unless_one_is_chosen() {
        let name = |there: &[&str]| find(None, there).map(|builder| builder.name());
        assert_eq!(name(&["/bin/buildah", "/opt/bin/podman"]).as_deref(), Ok("podman"));
        assert_eq!(name(&["/bin/buildah", "/bin/podman", "/opt/bin/docker"]).as_deref(), Ok("docker"));
        assert_eq!(name(&["/bin/buildah", "/usr/bin/docker"]).as_deref(), Ok("buildah"));
        let none = name(&["/bin/sh"]).unwrap_err().into_local().to_string();
        for part in ["docker, podman and buildah", "--builder"] {
            assert!(none.contains(part), "{none}");
        }
        assert_eq!(find(Some("podman"), &["/bin/docker", "/bin/podman"]).unwrap().name(), "podman");
        assert_eq!(find(Some("/x/docker"), &["/x/docker"]).unwrap().program, Path::new("/x/docker"));
        for missing in ["podman", "/x/podman", "./docker"] {
            let error = find(Some(missing), &["/bin/docker"]).unwrap_err().into_local().to_string();
            assert!(error.contains(missing) && error.contains("--builder takes"), "{error}");
        }
    }

    #[test]
    fn each_takes_its_own_command_line() {
        let arguments = ["A=1".to_owned(), "HOME".to_owned()];
        let full = Build {
            context: Path::new("my plugin"),
            dockerfile: Some(Path::new("deploy/Dockerfile")),
            arguments: &arguments,
            platform: Some("linux/arm64"),
            ..plain()
        };
        for name in ["docker", "podman", "buildah", "/x/nerdctl"] {
            let builder = builder(name);
            let layers = if name == "buildah" { " --layers" } else { "" };
            assert_eq!(
                builder.build(&plain(), false).to_string(),
                format!("{name} build{layers} --tag 127.0.0.1:5000/x/plugin-a:1.0 .")
            );
            assert_eq!(
                builder.build(&full, true).to_string(),
                format!(
                    "{name} build --quiet{layers} --file deploy/Dockerfile --tag 127.0.0.1:5000/x/plugin-a:1.0 --build-arg A=1 \
                     --build-arg HOME --platform linux/arm64 'my plugin'"
                )
            );
            assert_eq!(builder.push("ghcr.io/a/b:1", false, false).to_string(), format!("{name} push ghcr.io/a/b:1"));
        }
        let insecure = |name| builder(name).push("localhost:5000/b:1", true, false).to_string();
        assert_eq!(insecure("docker"), "docker push localhost:5000/b:1");
        assert_eq!(insecure("podman"), "podman push --tls-verify=false localhost:5000/b:1");
        assert_eq!(insecure("buildah"), "buildah push --tls-verify=false localhost:5000/b:1");
        assert_eq!(insecure("/x/podman-remote"), "/x/podman-remote push --tls-verify=false localhost:5000/b:1");
        assert_eq!(builder("podman").login("ghcr.io", false).to_string(), "podman login ghcr.io");
        assert_eq!(
            builder("buildah").login("localhost:5000", true).to_string(),
            "buildah login --tls-verify=false localhost:5000"
        );
        assert_eq!(builder("docker").login("localhost:5000", true).to_string(), "docker login localhost:5000");
    }

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        for (word, shown) in [
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
            ("~", "'~'"),
            ("a;b", "'a;b'"),
            ("é", "'é'"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(quoted(word), shown);
        }
        let odd = Build { context: Path::new("-x"), ..plain() };
        assert!(builder("docker").build(&odd, false).to_string().ends_with(" ./-x"));
    }

    #[test]
    fn a_secret_is_passed_on_and_not_shown() {
        let arguments = ["NPM_TOKEN=hunter2".to_owned(), "PROXY=http://me:hunter2@proxy".to_owned(), "A=b".to_owned()];
        let line = builder("docker").build(&Build { arguments: &arguments, ..plain() }, false);
        assert!(line.arguments.iter().any(|argument| argument == "NPM_TOKEN=hunter2"));
        let shown = line.to_string();
        assert!(!shown.contains("hunter2") && shown.contains("A=b") && shown.contains("NPM_TOKEN="), "{shown}");
    }
}
