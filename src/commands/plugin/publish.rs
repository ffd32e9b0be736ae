//! `plugin build|push|publish`: images to the registry, specs to the service.
//!
//! Each step can be run again: one that fails ends the command, and the same command continues there.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::apply::plan::{ApplyOptions, ApplyPlan};
use super::apply::report::{ApplyReport, ReleasedImage};
use super::image::{TaggedImage, note_interruption, print};
use super::test::test_image;
use crate::cli::{ApplyFormat, PluginBuild, PluginImage, PluginPublish};
use crate::commands::connector::Connector;
use crate::commands::{Context, block_on, resume_command};
use crate::error::{Error, ErrorKind, Result};
use crate::oci::RegistryFailure;
use crate::plugin::builder::{CommandLine, quoted};
use crate::plugin::lint::Generation;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::progress::{Progress, ProgressState, in_flight as names_in_flight};
use crate::terminal::shutdown::Shutdown;

/// The most digests that are asked for side by side.
const MAX_DIGESTS: usize = 16;

/// The most pushes side by side.
const MAX_PUSHES: usize = 4;

/// The beginning of the service's message that it does not find an image.
const NO_IMAGE: &str = "ERROR_NO_IMAGE_IN_REGISTRY";

pub fn build(args: &PluginBuild, context: &mut Context<'_>) -> Result<()> {
    let (images, _) = TaggedImage::read_all("build", &args.image, context)?;
    let lines = TaggedImage::build_commands(&images, &args.sources)?;
    if args.image.dry_run {
        return print(&lines, context.streams);
    }
    block_on(async {
        let mut shutdown = Shutdown::listen()?;
        for (image, line) in images.iter().zip(&lines) {
            image.build(line, &mut shutdown).await?;
            writeln!(context.streams.out, "{image}")?;
        }
        Ok(())
    })
}

pub fn push(args: &PluginImage, context: &mut Context<'_>) -> Result<()> {
    let (images, _) = TaggedImage::read_all("push", args, context)?;
    let lines: Vec<CommandLine> = images.iter().map(TaggedImage::push_command).collect();
    if args.dry_run {
        return print(&lines, context.streams);
    }
    block_on(async {
        let mut shutdown = Shutdown::listen()?;
        // If the registry does not tell, the push finds out why.
        let before = digests(&images, &mut shutdown, &context.streams.diagnostics, |_| Ok(None)).await?;
        let progress = Progress::without_total("pushed", context.streams);
        push_all(&images, &lines, &before, context.global.timeout(), progress).await?;
        images.iter().try_for_each(|image| Ok(writeln!(context.streams.out, "{image}")?))
    })
}

/// The digests that the tags have now.
async fn digests(
    images: &[TaggedImage],
    shutdown: &mut Shutdown,
    diagnostics: &Diagnostics,
    unanswered: impl Fn(RegistryFailure) -> Result<Option<String>>,
) -> Result<Vec<Option<String>>> {
    let asking = stream::iter(images.iter().map(|image| image.digest(&unanswered)));
    let asking = asking.buffered(MAX_DIGESTS).try_collect();
    let asked = shutdown.race(asking).await;
    asked.inspect_err(|error| note_interruption(error, "reading from the registry", diagnostics))
}

/// Pushes images side by side, and waits until the registry has them; returns their digests. One that fails ends no
/// other.
async fn push_all(
    images: &[TaggedImage],
    lines: &[CommandLine],
    before: &[Option<String>],
    limit: Option<Duration>,
    mut progress: Progress,
) -> Result<Vec<String>> {
    let (running, ready, waiting) = (&Cell::new(0_usize), &Cell::new(0_u64), &RefCell::new(Vec::<String>::new()));
    // Each push ends at the next signal.
    let shutdowns = images.iter().map(|_| Shutdown::listen()).collect::<Result<Vec<_>>>()?;
    let pushes = images.iter().zip(lines).zip(before).zip(shutdowns);
    let pushes = pushes.map(|(((image, line), before), mut shutdown)| async move {
        // Not after a signal that came while others were pushed.
        shutdown.race(async { Ok(()) }).await?;
        running.set(running.get() + 1);
        let pushed = image.push(line, images.len() == 1, &mut shutdown).await;
        running.set(running.get() - 1);
        pushed?;
        waiting.borrow_mut().push(image.to_string());
        let waited = image.wait_for_tag(before.as_deref(), limit, &mut shutdown).await;
        waiting.borrow_mut().retain(|other| *other != image.to_string());
        ready.set(ready.get() + 1);
        waited
    });
    // The builders write to the terminal, too.
    let state = || {
        let in_flight = waiting.borrow().iter().map(|image| format!("{image} (until the registry has it)")).collect();
        let in_flight: Vec<String> = in_flight;
        let state = ProgressState { done: ready.get(), in_flight: names_in_flight(in_flight.into_iter()) };
        Some(state).filter(|_| running.get() == 0)
    };
    progress.set_total(images.len() as u64);
    let pushing = stream::iter(pushes).buffered(MAX_PUSHES).collect();
    let pushed: Vec<Result<String>> = progress.during(state, pushing).await;
    progress.clear();
    let (mut digests, mut done, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (image, pushed) in images.iter().zip(pushed) {
        match pushed {
            Ok(digest) => {
                digests.push(digest);
                done.push(image.to_string());
            }
            // A signal has ended the others, too.
            Err(error) if error.is_silent() => return Err(error),
            Err(error) => errors.extend_from_slice(error.problems()),
        }
    }
    match Error::from_problems(ErrorKind::Local, errors) {
        None => Ok(digests),
        Some(error) if done.is_empty() => Err(error),
        Some(error) => Err(error.hint(format!("pushed: {}", done.join(", ")))),
    }
}

pub fn publish(args: &PluginPublish, context: &mut Context<'_>) -> Result<()> {
    let (images, texts) = TaggedImage::read_all("publish", &args.image, context)?;
    let builds = TaggedImage::build_commands(&images, &args.sources)?;
    let pushes: Vec<CommandLine> = images.iter().map(TaggedImage::push_command).collect();
    if args.test {
        images
            .iter()
            .try_for_each(|image| image.builder().check_runs())
            .map_err(|error| error.into_local().context("--test"))?;
    }
    let connector = Connector::new(context)?;
    // Before signals are handled here: a person may have to type the key's passphrase.
    connector.metadata()?;
    let options = ApplyOptions { strict: args.image.specs.strict, replace: args.replace, ..ApplyOptions::default() };
    let resume = resume_command::apply(&args.image.specs, args.replace, context.global);
    block_on(async {
        let diagnostics = context.streams.diagnostics.clone();
        let mut shutdown = Shutdown::listen()?;
        // What cannot be applied or pushed is not built.
        let drafts = images.iter().map(|image| image.draft.clone()).collect();
        let mut comparing = Progress::new("compared", images.len(), context.streams);
        let planning = ApplyPlan::new(&connector, drafts, options, &mut comparing, &mut context.streams.diagnostics);
        let planned = shutdown.race(planning).await;
        comparing.clear();
        let mut plan =
            planned.inspect_err(|error| note_interruption(error, "reading from the service", &diagnostics))?;
        texts.check(Generation::of(&plan.service.register.input()), &diagnostics)?;
        plan.check()?;
        let mut report = ApplyReport::new(args.output, args.image.dry_run);
        if let [image] = &images[..] {
            report = report.with("image", image.to_string().into());
        }
        if args.image.dry_run {
            let commands: Vec<CommandLine> = builds.into_iter().chain(pushes).collect();
            report = report.with("commands", commands.iter().map(ToString::to_string).collect::<Value>());
            if args.output == ApplyFormat::Text {
                print(&commands, context.streams)?;
            }
            plan.preview().into_iter().try_for_each(|outcome| report.add(outcome, context.streams))?;
            return report.finish(context.streams);
        }
        let unanswered = |unanswered: RegistryFailure| {
            // Some registries refuse to answer for images that they do not have.
            if !unanswered.is_denied {
                return Err(unanswered.error.hint("nothing was built or pushed"));
            }
            diagnostics.note(&format!("{}: if the push is refused, too, log in", unanswered.error.summary()));
            Ok(None)
        };
        let before = digests(&images, &mut shutdown, &diagnostics, unanswered).await?;
        for (image, line) in images.iter().zip(&builds) {
            image.build(line, &mut shutdown).await?;
        }
        for image in images.iter().filter(|_| args.test) {
            let folder = image.context(images.len() == 1);
            let tested = test_image(image.builder().clone(), &image.to_string(), &folder, &mut shutdown, context).await;
            tested.map_err(|error| error.into_local().hint(format!("{image} is built; nothing was pushed")))?;
        }
        let progress = Progress::without_total("pushed", context.streams);
        let digests = push_all(&images, &pushes, &before, context.global.timeout(), progress).await?;
        for ((id, image), digest) in plan.plugin_ids().zip(&images).zip(digests) {
            report.released(id, ReleasedImage { image: image.to_string(), digest });
        }
        // Others may have written meanwhile.
        let refreshed = shutdown.race(plan.refresh()).await.and_then(|()| plan.check());
        let applied = match refreshed {
            Ok(()) => {
                let progress = Progress::new("applied", plan.len(), context.streams);
                plan.execute(&mut shutdown, &diagnostics, progress, |outcome| report.add(outcome, context.streams))
                    .await
            }
            Err(error) => Err(error),
        };
        let applied = applied.map_err(|error| not_applied(error, &images, &resume, &diagnostics));
        for id in plan.disabled_ids().filter(|_| applied.is_ok()) {
            let enable = format!("spacectl plugin enable {}", quoted(id));
            diagnostics.note(&format!("{id} is disabled and stays so; to enable it, run: {enable}"));
        }
        // What was done is reported, however it ended.
        let reported = report.finish(context.streams);
        applied.and(reported)
    })
}

/// Adds that the images are pushed, and how to apply the specs.
fn not_applied(error: Error, images: &[TaggedImage], resume: &str, diagnostics: &Diagnostics) -> Error {
    let (pushed, specs) = match images {
        [image] => (format!("{image} is pushed"), "the spec"),
        _ => (format!("{} images are pushed", images.len()), "the specs"),
    };
    if error.kind().is_silent() {
        diagnostics.warn(&format!("{pushed}, but {specs} may not be applied: finish with {resume}"));
        return error;
    }
    let mut causes = error.problems().iter().flat_map(|problem| &problem.causes);
    let is_image_missing = causes.any(|cause| cause.starts_with(NO_IMAGE));
    let error = error.hint(format!("{pushed}; to apply {specs}, run {resume}"));
    if !is_image_missing {
        return error;
    }
    error.hint(
        "check the registry in the service's configuration and in registry_type: the service looks for the image there",
    )
}
