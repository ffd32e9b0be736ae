//! A plugin's image: which one a spec and a tag mean, and each step on its way into the registry.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access};
use serde_json::Value;

use super::there_are;
use crate::cli::{PluginImage, PluginSources};
use crate::commands::Context;
use crate::commands::connector::{RegistryAccess, registry_of_local};
use crate::commands::method;
use crate::commands::plugin::child_process::Step;
use crate::commands::plugin::poll;
use crate::commands::plugin::poll::{Last, Look, Waited};
use crate::commands::plugin::preflight::Texts;
use crate::config::Variables;
use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::oci;
use crate::oci::{ImageRef, RegistryFailure};
use crate::plugin::builder::{Build, Builder, CommandLine};
use crate::plugin::lint::Generation;
use crate::plugin::lint::placeholder::{self, Placeholder};
use crate::schema::field_path::FieldPath;
use crate::spec::{self, Draft, RequestTarget, SpanPart, SpecRequest};
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::shutdown::Shutdown;

/// The longest wait for the answer to a question for the tag.
const ANSWER: Duration = Duration::from_secs(30);

/// The longest wait for what would be good to know.
const SIDE_QUESTION: Duration = Duration::from_secs(5);

/// An image that is to be built or pushed.
pub struct Image {
    /// The spec that names it.
    pub draft: Draft,
    /// The text of that spec.
    pub texts: Texts,
    place: ImageRef,
    tag: String,
    builder: Builder,
    quiet: bool,
    has_terminal: bool,
}

/// The image's name as docker, podman and buildah take it.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.place, self.tag)
    }
}

impl Image {
    /// Finds out which image `verb` is about, and what handles it. Asks nobody.
    ///
    /// # Errors
    /// There is not exactly one spec, it names no image, it does not say where the image lies, or nothing that builds
    /// images is there.
    pub fn read(verb: &str, args: &PluginImage, context: &mut Context<'_>) -> Result<Self> {
        oci::check_tag(&args.tag).map_err(|error| error.into_usage().context("--tag"))?;
        let registry = args.registry.as_deref().map(str::parse).transpose();
        let registry = registry.map_err(|error: ParseError| error.into_usage().context("--registry"))?;
        // The embedded service looks there for all images, whatever the spec says.
        let registry = registry.or_else(|| registry_of_local(context));
        let (mut drafts, texts) = Texts::read(&args.specs, context.streams)?;
        let draft = match (drafts.pop(), drafts.len()) {
            (Some(draft), 0) => draft,
            (_, others) => {
                return Err(Error::usage(format!("{verb} takes one spec, and {} documents are given", others + 1))
                    .hint("each image has a tag and a folder of its own: give one spec at a time"));
            }
        };
        let request = resolved(draft.clone(), args.specs.strict)?;
        let image = text(&request, "image")?.ok_or_else(|| without_image(verb, &request))?;
        refuse_placeholders(verb, &request)?;
        let place = match registry {
            Some(registry) => ImageRef::new(&registry, image),
            None => {
                let config = request.value.get("registry_config").and_then(Value::as_object);
                ImageRef::from_spec(image, text(&request, "registry_type")?, config)
            }
        };
        let place = place.map_err(|error| misplaced(error, &request))?;
        let (chosen, path) = (args.builder.as_deref(), context.variables.program_folders());
        let builder = Builder::find(chosen, path.into_iter(), is_program).map_err(ParseError::into_local)?;
        let (quiet, has_terminal) = (context.global.quiet, context.streams.in_is_terminal);
        Ok(Self { draft, texts, place, tag: args.tag.clone(), builder, quiet, has_terminal })
    }

    /// The command that builds it.
    ///
    /// # Errors
    /// The folder or the Dockerfile is not there.
    pub fn building(&self, sources: &PluginSources) -> Result<CommandLine> {
        let PluginSources { context, dockerfile, build_arg, platform } = sources;
        if !context.is_dir() {
            let what = if context.exists() { "is no folder" } else { "is not there" };
            return Err(Error::local(format!("--context: {} {what}", context.display()))
                .hint("it is the folder that the build takes its files from"));
        }
        match dockerfile {
            Some(file) if !file.is_file() => {
                return Err(Error::local(format!("--dockerfile: {} is no file that is there", file.display()))
                    .hint("it is looked for from the folder that you are in, not from the context"));
            }
            None if !self.builder.dockerfiles().iter().any(|name| context.join(name).is_file()) => {
                return Err(Error::local(format!("{} has no Dockerfile", context.display()))
                    .hint("name another folder with --context, or the file with --dockerfile"));
            }
            _ => {}
        }
        let image = self.to_string();
        let build = Build {
            image: &image,
            context,
            dockerfile: dockerfile.as_deref(),
            arguments: build_arg,
            platform: platform.as_deref(),
        };
        Ok(self.builder.build(&build, self.quiet))
    }

    /// The command that pushes it.
    pub fn pushing(&self) -> CommandLine {
        self.builder.push(&self.to_string(), self.place.is_plain_http(), self.quiet)
    }

    pub async fn build(&self, line: &CommandLine, shutdown: &mut Shutdown, diagnostics: &Diagnostics) -> Result<()> {
        let built = self.run("build", line, shutdown, diagnostics).await;
        built.map_err(|error| self.advise(error).hint("what it said is above; nothing is pushed"))
    }

    pub async fn push(&self, line: &CommandLine, shutdown: &mut Shutdown, diagnostics: &Diagnostics) -> Result<()> {
        let pushed = self.run("push", line, shutdown, diagnostics).await;
        pushed.map_err(|error| {
            let login = self.builder.login(self.place.registry().authority(), self.place.is_plain_http());
            self.advise(error)
                .hint(format!("what it said is above; if the registry refused it, log in: {login}"))
                .hint("then run it again: it goes on from there")
        })
    }

    async fn run(
        &self,
        name: &'static str,
        line: &CommandLine,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
    ) -> Result<()> {
        diagnostics.note(&format!("{name}: {line}"));
        let step = Step { name, quiet: self.quiet, has_terminal: self.has_terminal };
        step.run(line, shutdown).await.inspect_err(|error| told_stop(error, name, diagnostics))
    }

    fn advise(&self, error: Error) -> Error {
        match self.builder.has_daemon() {
            true if !error.kind().is_silent() => {
                error.hint("is its daemon running? `docker info` tells; --builder takes podman and buildah, too")
            }
            _ => error,
        }
    }

    /// What the registry has under the tag now, before a push that follows at once; `None` if that is nothing, or if it
    /// does not tell: then the push finds out why.
    ///
    /// # Errors
    /// The end is asked for.
    pub async fn look_before_push(
        &self,
        variables: &Variables,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
    ) -> Result<Option<String>> {
        self.look(variables, shutdown, diagnostics, |_| Ok(None)).await
    }

    /// As [`Image::look_before_push`], before work that would be in vain without a registry. `None` also if it refuses to
    /// tell: some do for images that they do not have.
    ///
    /// # Errors
    /// It cannot be reached, or is no registry; or the end is asked for.
    pub async fn look_before_build(
        &self,
        variables: &Variables,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
    ) -> Result<Option<String>> {
        let unanswered = |RegistryFailure { error, is_denied, .. }| {
            if !is_denied {
                return Err(error.hint("nothing is built or pushed"));
            }
            diagnostics.note(&format!("{}: if the push is refused, too, log in", error.summary()));
            Ok(None)
        };
        self.look(variables, shutdown, diagnostics, unanswered).await
    }

    async fn look(
        &self,
        variables: &Variables,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
        unanswered: impl FnOnce(RegistryFailure) -> Result<Option<String>>,
    ) -> Result<Option<String>> {
        let client = RegistryAccess::of(variables).client(SIDE_QUESTION);
        let asking = async { client.digest(&self.place, &self.tag).await.or_else(unanswered) };
        shutdown.race(asking).await.inspect_err(|error| told_stop(error, "the question to the registry", diagnostics))
    }

    /// Waits until the registry shows the tag, for `limit` at most. `before` is what it had under it before the push.
    ///
    /// # Errors
    /// It does not in that time, or refuses to answer.
    pub async fn wait_for_tag(
        &self,
        before: Option<String>,
        limit: Option<Duration>,
        variables: &Variables,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
    ) -> Result<()> {
        let client = |limit| RegistryAccess::of(variables).client(limit);
        let asking = client(limit.unwrap_or(ANSWER).min(ANSWER));
        let looking = async || match asking.digest(&self.place, &self.tag).await {
            Ok(Some(digest)) => Ok(Look::There(digest)),
            Ok(None) => {
                let note = format!("the registry does not show {self} yet: waiting for it");
                Ok(Look::NotYet { note, why: "it knows no such tag".to_owned() })
            }
            Err(RegistryFailure { error, is_transient: true, .. }) => Ok(Look::Failed(error)),
            Err(RegistryFailure { error, .. }) => {
                Err(error.hint(format!("{self} is pushed; run it again to go on from there")))
            }
        };
        let waiting = async {
            match poll::wait(limit, diagnostics, looking).await? {
                Waited::There(digest) => {
                    if before.as_ref() == Some(&digest) {
                        diagnostics
                            .note(&format!("the registry had {self} already, and has the same under it: {digest}"));
                    }
                    Ok(())
                }
                Waited::Late { limit, mut last } => {
                    if let Last::NotYet(why) = &mut last
                        && let Ok(tags) = client(SIDE_QUESTION).tags(&self.place).await
                    {
                        *why = there_are(&tags.unwrap_or_default());
                    }
                    let late = format!("the registry does not show {self} after {limit:?}, though it is pushed");
                    let hint = "--timeout waits longer, 0 without end; run it again to go on from there";
                    Err(last.explain(Error::local(late)).hint(hint))
                }
            }
        };
        let waited = shutdown.race(waiting).await;
        waited.inspect_err(|error| told_stop(error, "the wait for the registry", diagnostics))
    }

    /// Writes the commands as a shell takes them, a line each.
    pub fn print(lines: &[CommandLine], streams: &mut IoStreams) -> Result<()> {
        lines.iter().try_for_each(|line| writeln!(streams.out, "{line}").map_err(Error::from))
    }
}

/// Says, before Ctrl-C ends all without a word, where it came.
pub fn told_stop(error: &Error, name: &str, diagnostics: &Diagnostics) {
    if error.kind().is_silent() {
        diagnostics
            .warn(&format!("{name} was interrupted: nothing after it is done; run it again to go on from there"));
    }
}

/// The spec's fields, as far as no service is needed to know them: image and registry are called the same in all
/// generations of the API, so that the bundled one serves.
fn resolved(draft: Draft, strict: bool) -> Result<SpecRequest> {
    let input = Generation::Two.request()?;
    let target = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input };
    Ok(draft.resolve(&target, strict)?.request)
}

/// A field that is a text; `None` if it is not there or empty.
fn text<'a>(request: &'a SpecRequest, name: &str) -> Result<Option<&'a str>> {
    match request.value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => {
            let at = request.locate(&FieldPath::default().key(name), SpanPart::Value);
            Err(Error::local(format!("{name}: it must be a text")).at(at))
        }
    }
}

/// The error that a spec names no image; for `publish`, which registers too, with all else that is missing.
fn without_image(verb: &str, request: &SpecRequest) -> Error {
    let at = request.locate(&FieldPath::default(), SpanPart::Value);
    let problem = |message: String| Problem::new(message).at(at.clone());
    let mut problems = vec![problem(format!("{}: image is missing", request.label()))];
    if verb == "publish" {
        let is_resolved = |name: &str| !matches!(name, "image" | "service_type");
        let needed = spec::needed("repository", "Plugin", "register");
        let missing = spec::missing(needed, &request.value, is_resolved);
        problems.extend(missing.map(|name| problem(format!("{}: {name} is missing", request.label()))));
    }
    Error::from_problems(ErrorKind::Local, problems).unwrap_or_else(|| Error::local("image is missing"))
}

/// Refuses what is not filled in: in all that `publish` sends, otherwise in the image.
fn refuse_placeholders(verb: &str, request: &SpecRequest) -> Result<()> {
    let is_used = |found: &Placeholder| verb == "publish" || found.path == FieldPath::default().key("image");
    let found: Vec<Placeholder> = placeholder::find(&request.value).into_iter().filter(is_used).collect();
    let is_in_file = found.iter().any(|found| request.is_from_file(&found.path));
    let kind = if is_in_file { ErrorKind::Local } else { ErrorKind::Usage };
    let problems = found.into_iter().map(|found| method::problem(method::unfilled(found), request)).collect();
    Error::from_problems(kind, problems).map_or(Ok(()), Err)
}

/// Says where in the spec it is that the image's place cannot be told from.
fn misplaced(error: ParseError, request: &SpecRequest) -> Error {
    let message = error.to_string();
    let field = ["registry_config", "registry_type"].into_iter().find(|field| message.starts_with(field));
    let locate = |name: &str| request.locate(&FieldPath::default().key(name), SpanPart::Value);
    error.into_local().at(field.and_then(locate).or_else(|| locate("image")))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}
