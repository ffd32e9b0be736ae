//! Images of plugins, from a spec and a tag to the registry.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use serde_json::Value;

use super::describe_tags;
use crate::cli::{PluginImage, PluginSources};
use crate::commands::connector::registry_of_local;
use crate::commands::embedded::RegistryAccess;
use crate::commands::plugin::child_process::{BuilderProcess, succeeds};
use crate::commands::plugin::poll::{Pending, PollTimeout, poll};
use crate::commands::plugin::preflight::SpecTexts;
use crate::commands::{Context, block_on, request_faults};
use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Location, Problem, Result};
use crate::oci;
use crate::oci::{ImageRef, RegistryFailure, RegistryUrl};
use crate::plugin::builder::{BuildOptions, CommandLine, ImageBuilder};
use crate::plugin::lint::Generation;
use crate::plugin::lint::placeholder::{self, Placeholder};
use crate::schema::field_path::FieldPath;
use crate::spec::{self, Draft, RequestTarget, SpanPart, SpecRequest};
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::shutdown::Shutdown;

/// The longest wait for one answer of the registry while the tag is polled.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The same for answers that are not necessary.
const SIDE_TIMEOUT: Duration = Duration::from_secs(5);

/// An image to be built or pushed, displayed by its full name.
pub struct TaggedImage {
    pub draft: Draft,
    /// The document of its spec.
    location: Option<Location>,
    place: ImageRef,
    tag: String,
    builder: ImageBuilder,
    access: RegistryAccess,
    diagnostics: Diagnostics,
    quiet: bool,
    has_terminal: bool,
}

impl fmt::Display for TaggedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.place, self.tag)
    }
}

impl TaggedImage {
    /// Reads the specs of `verb`, and finds each image's place, and a builder.
    pub fn read_all(verb: &str, args: &PluginImage, context: &mut Context<'_>) -> Result<(Vec<Self>, SpecTexts)> {
        oci::check_tag(&args.tag).map_err(|error| error.into_usage().context("--tag"))?;
        let registry = args.registry.as_deref().map(str::parse).transpose();
        let registry = registry.map_err(|error: ParseError| error.into_usage().context("--registry"))?;
        let (drafts, texts) = SpecTexts::read(&args.specs, context.streams)?;
        let (mut images, mut builder) = (Vec::with_capacity(drafts.len()), None);
        for draft in drafts {
            images.push(Self::new(verb, args, draft, registry.as_ref(), &mut builder, context)?);
        }
        Ok((images, texts))
    }

    fn new(
        verb: &str,
        args: &PluginImage,
        draft: Draft,
        registry: Option<&RegistryUrl>,
        builder: &mut Option<ImageBuilder>,
        context: &Context<'_>,
    ) -> Result<Self> {
        let request = resolve(draft.clone(), args.specs.strict)?;
        let image = text(&request, "image")?.ok_or_else(|| missing_fields(verb, &request))?;
        refuse_placeholders(verb, &request)?;
        // The embedded service looks there for all images, whatever the spec says.
        let looked_up = match registry_of_local(context) {
            Some(registry) => ImageRef::new(&registry, image),
            None => {
                let config = request.value.get("registry_config").and_then(Value::as_object);
                ImageRef::from_spec(image, text(&request, "registry_type")?, config)
            }
        };
        let place = registry.map_or_else(|| looked_up.clone(), |registry| ImageRef::new(registry, image));
        let place = place.map_err(|error| locate_error(error, &request))?;
        if let Ok(looked_up) = looked_up
            && verb == "publish"
            && looked_up != place
        {
            let diagnostics = &context.streams.diagnostics;
            diagnostics.warn(&format!("--registry: {place} is pushed, but the service will look for {looked_up}"));
        }
        let builder = match builder {
            Some(builder) => builder.clone(),
            None => builder.insert(find_builder(args.builder.as_deref(), context)?).clone(),
        };
        Ok(Self {
            draft,
            location: request.locate(&FieldPath::default(), SpanPart::Value),
            place,
            tag: args.tag.clone(),
            builder,
            access: RegistryAccess::of(context.variables),
            diagnostics: context.streams.diagnostics.clone(),
            quiet: context.global.quiet,
            has_terminal: context.streams.in_is_terminal,
        })
    }

    /// The directory that it is built from by default: that of its spec; of a single image, the current one.
    pub fn context(&self, is_alone: bool) -> PathBuf {
        let file = self.location.as_ref().filter(|_| !is_alone).map(|location| Path::new(&location.source));
        let folder = file.and_then(Path::parent).filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// The commands that build `images`, if the contexts and the Dockerfiles exist.
    pub fn build_commands(images: &[Self], sources: &PluginSources) -> Result<Vec<CommandLine>> {
        let mut contexts: Vec<PathBuf> = Vec::new();
        for image in images {
            let context = sources.context.clone().unwrap_or_else(|| image.context(images.len() == 1));
            if let Some(other) = contexts.iter().position(|other| *other == context && sources.context.is_none()) {
                let message = format!("{image} and {} would be built from the same folder", images[other]);
                return Err(Error::local(message)
                    .at(image.location.clone())
                    .hint("keep each plugin in a folder of its own, or pass --context to build all from one"));
            }
            contexts.push(context);
        }
        images.iter().zip(&contexts).map(|(image, context)| image.build_command(context, sources)).collect()
    }

    fn build_command(&self, context: &Path, sources: &PluginSources) -> Result<CommandLine> {
        let PluginSources { dockerfile, build_arg, platform, .. } = sources;
        if !context.is_dir() {
            let what = if context.exists() { "is not a directory" } else { "does not exist" };
            return Err(Error::local(format!("--context: {} {what}", context.display()))
                .hint("pass the directory that the build takes its files from"));
        }
        match dockerfile {
            Some(file) if !file.is_file() => {
                return Err(Error::local(format!("--dockerfile: {} is not an existing file", file.display()))
                    .hint("pass a path relative to the current directory, not to the context"));
            }
            None if !self.builder.dockerfiles().iter().any(|name| context.join(name).is_file()) => {
                return Err(Error::local(format!("{} has no Dockerfile", context.display()))
                    .hint("pass another directory with --context, or the file with --dockerfile"));
            }
            _ => {}
        }
        let options = BuildOptions {
            image: &self.to_string(),
            context,
            dockerfile: dockerfile.as_deref(),
            arguments: build_arg,
            platform: platform.as_deref(),
        };
        Ok(self.builder.build(&options, self.quiet))
    }

    /// The builder, to run the image.
    pub fn builder(&self) -> &ImageBuilder {
        &self.builder
    }

    pub fn push_command(&self) -> CommandLine {
        self.builder.push(&self.to_string(), self.place.is_plain_http(), self.quiet)
    }

    pub async fn build(&self, line: &CommandLine, shutdown: &mut Shutdown) -> Result<()> {
        let built = self.run("build", line, self.has_terminal, shutdown).await;
        built.map_err(|error| error.hint("see the builder's output above; nothing was pushed"))
    }

    /// Only the push of a single image may prompt: several pushes run side by side.
    pub async fn push(&self, line: &CommandLine, is_alone: bool, shutdown: &mut Shutdown) -> Result<()> {
        let pushed = self.run("push", line, self.has_terminal && is_alone, shutdown).await;
        pushed.map_err(|error| {
            let login = self.builder.login(self.place.registry().authority(), self.place.is_plain_http());
            error
                .hint(format!("see the builder's output above; if the registry refused it, log in: {login}"))
                .hint("then run the same command again to continue")
        })
    }

    async fn run(
        &self,
        name: &'static str,
        line: &CommandLine,
        has_terminal: bool,
        shutdown: &mut Shutdown,
    ) -> Result<()> {
        self.diagnostics.note(&format!("{name}: {line}"));
        let process = BuilderProcess { name, line, quiet: self.quiet, has_terminal };
        let done = process.run(shutdown).await.inspect_err(|error| note_interruption(error, name, &self.diagnostics));
        done.map_err(|error| match self.builder.has_daemon() && !error.kind().is_silent() {
            true => error.hint("check that the daemon runs: docker info; podman and buildah (--builder) need none"),
            false => error,
        })
    }

    /// The digest of the tag now; `unanswered` decides what a missing answer means.
    pub async fn digest(
        &self,
        unanswered: impl FnOnce(RegistryFailure) -> Result<Option<String>>,
    ) -> Result<Option<String>> {
        let client = self.access.clone().client(SIDE_TIMEOUT);
        client.digest(&self.place, &self.tag).await.or_else(unanswered)
    }

    /// Waits until the registry has the tag, and returns its digest; `before` is the digest before the push.
    pub async fn wait_for_tag(
        &self,
        before: Option<&str>,
        limit: Option<Duration>,
        shutdown: &mut Shutdown,
    ) -> Result<String> {
        let client = |limit| self.access.clone().client(limit);
        let asking = client(limit.unwrap_or(ANSWER_TIMEOUT).min(ANSWER_TIMEOUT));
        let attempt = async || match asking.digest(&self.place, &self.tag).await {
            Ok(Some(digest)) => Ok(Ok(digest)),
            Ok(None) => {
                let note = format!("the registry does not have {self} yet: waiting for it");
                Ok(Err(Pending::NotYet { note, cause: "it has no such tag".to_owned() }))
            }
            Err(RegistryFailure { error, is_transient: true, .. }) => Ok(Err(Pending::NoAnswer(error))),
            Err(RegistryFailure { error, .. }) => {
                Err(error.hint(format!("{self} is pushed; run the same command again to continue")))
            }
        };
        let waiting = async {
            match poll(limit, &self.diagnostics, attempt).await? {
                Ok(digest) => {
                    if before == Some(&*digest) {
                        let note = format!("the registry already had {self} with the same digest: {digest}");
                        self.diagnostics.note(&note);
                    }
                    Ok(digest)
                }
                Err(PollTimeout { limit, mut last }) => {
                    if let Some(Pending::NotYet { cause, .. }) = &mut last
                        && let Ok(tags) = client(SIDE_TIMEOUT).tags(&self.place).await
                    {
                        *cause = describe_tags(&tags.unwrap_or_default());
                    }
                    let error = PollTimeout { limit, last }.into_error(&format!("the registry does not have {self}"));
                    Err(error.hint("it is pushed: run the same command again to continue"))
                }
            }
        };
        let waited = shutdown.race(waiting).await;
        waited.inspect_err(|error| note_interruption(error, "waiting for the registry", &self.diagnostics))
    }
}

/// Finds the `chosen` builder, or the first that works.
pub fn find_builder(chosen: Option<&str>, context: &Context<'_>) -> Result<ImageBuilder> {
    let is_program = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let has_daemon = |docker: &ImageBuilder| {
        let has_daemon = block_on(async { Ok(succeeds(&docker.probe(), SIDE_TIMEOUT).await) }).unwrap_or(true);
        if !has_daemon {
            context.streams.diagnostics.note("docker is not used: its daemon does not answer");
        }
        has_daemon
    };
    let folders = context.variables.program_folders().into_iter();
    ImageBuilder::find(chosen, folders, is_program, has_daemon).map_err(ParseError::into_local)
}

/// Writes commands as a shell takes them, a line each.
pub fn print(lines: &[CommandLine], streams: &mut IoStreams) -> Result<()> {
    lines.iter().try_for_each(|line| writeln!(streams.out, "{line}").map_err(Error::from))
}

/// Warns, before a signal ends the program, which step it interrupted.
pub fn note_interruption(error: &Error, step: &str, diagnostics: &Diagnostics) {
    if error.kind().is_silent() {
        diagnostics.warn(&format!("{step} was interrupted: run the same command again to continue there"));
    }
}

/// Resolves a spec without a service: all generations have the needed fields.
fn resolve(draft: Draft, strict: bool) -> Result<SpecRequest> {
    let input = Generation::Two.request()?;
    let target = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input };
    Ok(draft.resolve(&target, strict)?.request)
}

/// A text field that is not empty.
fn text<'a>(request: &'a SpecRequest, name: &str) -> Result<Option<&'a str>> {
    match request.value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => {
            let location = request.locate(&FieldPath::default().key(name), SpanPart::Value);
            Err(Error::local(format!("{name}: expected text")).at(location))
        }
    }
}

/// The error that the image is missing; for `publish`, with all missing fields.
fn missing_fields(verb: &str, request: &SpecRequest) -> Error {
    let needed = if verb == "publish" { spec::needed("repository", "Plugin", "register") } else { &[] };
    let has = |name: &str| !matches!(name, "image" | "service_type");
    let names = std::iter::once("image").chain(spec::missing(needed, &request.value, has));
    let location = request.locate(&FieldPath::default(), SpanPart::Value);
    let problems = names.map(|name| Problem::new(format!("{name}: required, and missing")).at(location.clone()));
    Error::from_problems(ErrorKind::Local, problems.collect())
        .unwrap_or_else(|| Error::local("image: required, and missing"))
}

/// Refuses placeholders: for `publish` in all fields, else in the image.
fn refuse_placeholders(verb: &str, request: &SpecRequest) -> Result<()> {
    let is_used = |found: &Placeholder| verb == "publish" || found.path == FieldPath::default().key("image");
    let found: Vec<Placeholder> = placeholder::find(&request.value).into_iter().filter(is_used).collect();
    let is_in_file = found.iter().any(|found| request.is_from_file(&found.path));
    let kind = if is_in_file { ErrorKind::Local } else { ErrorKind::Usage };
    let problems =
        found.into_iter().map(|found| request_faults::problem(request_faults::unfilled(found), request)).collect();
    Error::from_problems(kind, problems).map_or(Ok(()), Err)
}

/// Adds the location of the field that an error begins with.
fn locate_error(error: ParseError, request: &SpecRequest) -> Error {
    let message = error.to_string();
    let field = ["registry_config", "registry_type"].into_iter().find(|field| message.starts_with(field));
    let locate = |name: &str| request.locate(&FieldPath::default().key(name), SpanPart::Value);
    error.into_local().at(field.and_then(locate).or_else(|| locate("image")))
}
