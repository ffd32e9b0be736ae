//! Command lines of docker, podman and buildah.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::parse_error::ParseError;
use crate::secret::{self, MASK};

/// The known programs, in the order in which they are looked for.
const KNOWN: [(&str, Kind); 3] = [("docker", Kind::Docker), ("podman", Kind::Podman), ("buildah", Kind::Buildah)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Docker,
    Podman,
    Buildah,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageBuilder {
    program: PathBuf,
    kind: Kind,
}

/// One image to build.
#[derive(Clone, Copy, Debug)]
pub struct BuildOptions<'a> {
    /// `HOST/PATH:TAG`.
    pub image: &'a str,
    pub context: &'a Path,
    /// `None` takes the context's own.
    pub dockerfile: Option<&'a Path>,
    /// `NAME=VALUE`, or `NAME` for the value in the builder's environment.
    pub arguments: &'a [String],
    /// For example `linux/arm64`; `None` is this machine's.
    pub platform: Option<&'a str>,
}

impl ImageBuilder {
    /// Finds the `chosen` builder, or the first known one in `folders`; not a docker without its daemon if there is
    /// another.
    pub fn find(
        chosen: Option<&str>,
        folders: impl Iterator<Item = PathBuf> + Clone,
        is_program: impl Fn(&Path) -> bool,
        has_running_daemon: impl FnOnce(&Self) -> bool,
    ) -> Result<Self, ParseError> {
        let is_in_folders = |name: &str| folders.clone().any(|folder| is_program(&folder.join(name)));
        let Some(chosen) = chosen else {
            let found = KNOWN.into_iter().filter(|(name, _)| is_in_folders(name));
            let found: Vec<Self> = found.map(|(name, kind)| Self { program: name.into(), kind }).collect();
            return match &found[..] {
                [docker, other, ..] if docker.has_daemon() && !has_running_daemon(docker) => Ok(other.clone()),
                [first, ..] => Ok(first.clone()),
                [] => Err(ParseError::new(
                    "found no program that builds images: docker, podman and buildah are not in PATH",
                )
                .hint("install one of them, or pass its path: --builder PATH")),
            };
        };
        let (path, is_path) = (Path::new(chosen), chosen.contains('/'));
        if !if is_path { is_program(path) } else { is_in_folders(chosen) } {
            let place = if is_path { "there" } else { "in PATH" };
            return Err(ParseError::new(format!("the builder {chosen} is not {place}, or cannot be run"))
                .hint("--builder takes docker, podman, buildah or the path of one"));
        }
        // `podman-remote` is a podman; others, e.g. nerdctl, take docker's command line.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = KNOWN.iter().find(|(known, _)| name.starts_with(known)).map_or(Kind::Docker, |(_, kind)| *kind);
        Ok(Self { program: chosen.into(), kind })
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn has_daemon(&self) -> bool {
        self.kind == Kind::Docker
    }

    /// The default names of a Dockerfile, the first that exists.
    pub fn dockerfiles(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Docker => &["Dockerfile"],
            Kind::Podman | Kind::Buildah => &["Containerfile", "Dockerfile"],
        }
    }

    pub fn build(&self, options: &BuildOptions<'_>, quiet: bool) -> CommandLine {
        let BuildOptions { image, context, dockerfile, arguments, platform } = options;
        let mut line = self.command("build").with_if(quiet, "--quiet");
        // The others cache layers by default. Without, a build that changes nothing makes another image.
        line = line.with_if(self.kind == Kind::Buildah, "--layers");
        if let Some(dockerfile) = dockerfile {
            line = line.with("--file").with(dockerfile);
        }
        line = line.with("--tag").with(image);
        for argument in *arguments {
            line = line.with(BUILD_ARG).with(argument);
        }
        if let Some(platform) = platform {
            line = line.with("--platform").with(platform);
        }
        // A path must not be taken for an option.
        let is_like_option = context.as_os_str().as_encoded_bytes().starts_with(b"-");
        if is_like_option { line.with(Path::new(".").join(context)) } else { line.with(context) }
    }

    pub fn push(&self, image: &str, is_plain_http: bool, quiet: bool) -> CommandLine {
        let line = self.command("push").with_if(quiet, "--quiet");
        line.with_if(self.needs_plain_http(is_plain_http), "--tls-verify=false").with(image)
    }

    /// The command to log in at `host`.
    pub fn login(&self, host: &str, is_plain_http: bool) -> CommandLine {
        self.command("login").with_if(self.needs_plain_http(is_plain_http), "--tls-verify=false").with(host)
    }

    /// # Errors
    /// It runs no images.
    pub fn check_runs(&self) -> Result<(), ParseError> {
        if self.kind != Kind::Buildah {
            return Ok(());
        }
        Err(ParseError::new("buildah runs no images").hint("install docker or podman"))
    }

    /// The command that runs `image` as the container `name` until its end, and publishes the port `inner` as `port` of
    /// the loopback address.
    ///
    /// # Errors
    /// As [`ImageBuilder::check_runs`].
    pub fn run(&self, name: &str, port: u16, inner: u16, image: &str) -> Result<CommandLine, ParseError> {
        self.check_runs()?;
        let line = self.command("run").with("--rm").with("--name").with(name);
        // An image beginning with `-` must not be taken for an option.
        Ok(line.with("--publish").with(format!("127.0.0.1:{port}:{inner}")).with("--").with(image))
    }

    /// The command that ends and removes a container.
    pub fn remove(&self, name: &str) -> CommandLine {
        self.command("rm").with("--force").with(name)
    }

    /// The command that fails if the daemon does not answer.
    pub fn probe(&self) -> CommandLine {
        self.command("version")
    }

    fn command(&self, verb: &str) -> CommandLine {
        CommandLine { program: self.program.clone(), arguments: vec![verb.into()] }
    }

    /// Docker speaks plaintext with loopback addresses by default.
    fn needs_plain_http(&self, is_plain_http: bool) -> bool {
        is_plain_http && self.kind != Kind::Docker
    }
}

const BUILD_ARG: &str = "--build-arg";

/// A program and its arguments, displayed for a shell with secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

impl CommandLine {
    fn with(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    fn with_if(self, condition: bool, argument: &str) -> Self {
        if condition { self.with(argument) } else { self }
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

/// A build argument, masked if its name or its value looks like a secret.
fn masked(argument: &str) -> String {
    let Some((name, value)) = argument.split_once('=') else { return argument.to_owned() };
    let mut value = Value::from(value);
    secret::mask_value(name, &mut value);
    format!("{name}={}", value.as_str().unwrap_or(MASK))
}

/// A word for a shell. The crate shlex would quote `A=1`, too.
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

    fn plain() -> BuildOptions<'static> {
        BuildOptions {
            image: "127.0.0.1:5000/x/plugin-a:1.0",
            context: Path::new("."),
            dockerfile: None,
            arguments: &[],
            platform: None,
        }
    }

    fn find(chosen: Option<&str>, there: &[&str]) -> Result<ImageBuilder, ParseError> {
        let folders = ["/bin", "/opt/bin"].map(PathBuf::from).into_iter();
        ImageBuilder::find(chosen, folders, |path| there.iter().any(|known| Path::new(known) == path), |_| true)
    }

    fn builder(chosen: &str) -> ImageBuilder {
        find(Some(chosen), &["/bin/docker", "/bin/podman", "/bin/buildah", "/x/podman-remote", "/x/nerdctl"]).unwrap()
    }

    #[test]
    fn the_first_of_three_is_taken_unless_one_is_chosen() {
        let name = |there: &[&str]| find(None, there).map(|builder| builder.program.display().to_string());
        assert_eq!(name(&["/bin/buildah", "/opt/bin/podman"]).as_deref(), Ok("podman"));
        assert_eq!(name(&["/bin/buildah", "/bin/podman", "/opt/bin/docker"]).as_deref(), Ok("docker"));
        assert_eq!(name(&["/bin/buildah", "/usr/bin/docker"]).as_deref(), Ok("buildah"));
        let none = name(&["/bin/sh"]).unwrap_err().into_local().to_string();
        for part in ["docker, podman and buildah", "--builder"] {
            assert!(none.contains(part), "{none}");
        }
        assert_eq!(find(Some("podman"), &["/bin/docker", "/bin/podman"]).unwrap().program, Path::new("podman"));
        assert_eq!(find(Some("/x/docker"), &["/x/docker"]).unwrap().program, Path::new("/x/docker"));
        for missing in ["podman", "/x/podman", "./docker"] {
            let error = find(Some(missing), &["/bin/docker"]).unwrap_err().into_local().to_string();
            assert!(error.contains(missing) && error.contains("--builder takes"), "{error}");
        }
    }

    #[test]
    fn each_takes_its_own_command_line() {
        let arguments = ["A=1".to_owned(), "HOME".to_owned()];
        let full = BuildOptions {
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
                    "{name} build --quiet{layers} --file deploy/Dockerfile --tag 127.0.0.1:5000/x/plugin-a:1.0 \
                     --build-arg A=1 --build-arg HOME --platform linux/arm64 'my plugin'"
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
        let odd = BuildOptions { context: Path::new("-x"), ..plain() };
        assert!(builder("docker").build(&odd, false).to_string().ends_with(" ./-x"));
    }

    #[test]
    fn a_secret_is_passed_on_and_not_shown() {
        let arguments = ["NPM_TOKEN=hunter2".to_owned(), "PROXY=http://me:hunter2@proxy".to_owned(), "A=b".to_owned()];
        let line = builder("docker").build(&BuildOptions { arguments: &arguments, ..plain() }, false);
        assert!(line.arguments.iter().any(|argument| argument == "NPM_TOKEN=hunter2"));
        let shown = line.to_string();
        assert!(!shown.contains("hunter2") && shown.contains("A=b") && shown.contains("NPM_TOKEN="), "{shown}");
    }
}
