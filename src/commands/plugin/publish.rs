//! `plugin build|push|publish`: image to the registry, spec to the service.
//!
//! Each step can be run again: one that fails ends the command, and the same command continues there.

use std::io::Write as _;

use serde_json::Value;

use super::apply::plan::{ApplyOptions, ApplyPlan};
use super::apply::report::ApplyReport;
use super::image::{TaggedImage, note_interruption, print};
use super::test::test_image;
use crate::cli::{ApplyFormat, PluginBuild, PluginImage, PluginPublish};
use crate::commands::connector::Connector;
use crate::commands::plugin::resume_command;
use crate::commands::{Context, block_on};
use crate::error::{Error, Result};
use crate::plugin::builder::quoted;
use crate::plugin::lint::Generation;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::shutdown::Shutdown;

/// The beginning of the service's message that it does not find an image.
const NO_IMAGE: &str = "ERROR_NO_IMAGE_IN_REGISTRY";

pub fn build(args: &PluginBuild, context: &mut Context<'_>) -> Result<()> {
    let image = TaggedImage::read("build", &args.image, context)?;
    let line = image.build_command(&args.sources)?;
    if args.image.dry_run {
        return print(&[line], context.streams);
    }
    block_on(async { image.build(&line, &mut Shutdown::listen()?).await })?;
    Ok(writeln!(context.streams.out, "{image}")?)
}

pub fn push(args: &PluginImage, context: &mut Context<'_>) -> Result<()> {
    let image = TaggedImage::read("push", args, context)?;
    let line = image.push_command();
    if args.dry_run {
        return print(&[line], context.streams);
    }
    block_on(async {
        let mut shutdown = Shutdown::listen()?;
        // If the registry does not tell, the push finds out why.
        let before = image.digest(&mut shutdown, |_| Ok(None)).await?;
        image.push(&line, &mut shutdown).await?;
        image.wait_for_tag(before, context.global.timeout, &mut shutdown).await
    })?;
    Ok(writeln!(context.streams.out, "{image}")?)
}

pub fn publish(args: &PluginPublish, context: &mut Context<'_>) -> Result<()> {
    let image = TaggedImage::read("publish", &args.image, context)?;
    let commands = [image.build_command(&args.sources)?, image.push_command()];
    if args.test {
        image.builder().check_runs().map_err(|error| error.into_local().context("--test"))?;
    }
    let connector = Connector::new(context)?;
    // Before signals are handled here: a person may have to type the key's passphrase.
    connector.metadata()?;
    let options = ApplyOptions { strict: args.image.specs.strict, replace: args.replace, prune: None };
    let resume = resume_command::apply(&args.image.specs, args.replace, context.global);
    block_on(async {
        let diagnostics = context.streams.diagnostics.clone();
        let mut shutdown = Shutdown::listen()?;
        // What cannot be applied or pushed is not built.
        let planning = ApplyPlan::new(&connector, vec![image.draft.clone()], options, &mut context.streams.diagnostics);
        let planned = shutdown.race(planning).await;
        let mut plan =
            planned.inspect_err(|error| note_interruption(error, "reading from the service", &diagnostics))?;
        image.texts.check(Generation::of(&plan.service.register.input()), &diagnostics)?;
        plan.check()?;
        let mut report = ApplyReport::new(args.output, args.image.dry_run).with("image", image.to_string().into());
        if args.image.dry_run {
            report = report.with("commands", commands.iter().map(ToString::to_string).collect::<Value>());
            if args.output == ApplyFormat::Text {
                print(&commands, context.streams)?;
            }
            plan.preview().into_iter().try_for_each(|outcome| report.add(outcome, context.streams))?;
            return report.finish(context.streams);
        }
        let [build, push] = &commands;
        let unanswered = |unanswered: crate::oci::RegistryFailure| {
            // Some registries refuse to answer for images that they do not have.
            if !unanswered.is_denied {
                return Err(unanswered.error.hint("nothing was built or pushed"));
            }
            diagnostics.note(&format!("{}: if the push is refused, too, log in", unanswered.error.summary()));
            Ok(None)
        };
        let before = image.digest(&mut shutdown, unanswered).await?;
        image.build(build, &mut shutdown).await?;
        if args.test {
            let tested = test_image(image.builder().clone(), &image.to_string(), &mut shutdown, context).await;
            tested.map_err(|error| error.hint("the image is built; nothing was pushed"))?;
        }
        image.push(push, &mut shutdown).await?;
        image.wait_for_tag(before, context.global.timeout, &mut shutdown).await?;
        // Others may have written meanwhile.
        let refreshed = shutdown.race(plan.refresh()).await.and_then(|()| plan.check());
        let applied = match refreshed {
            Ok(()) => plan.execute(&mut shutdown, &diagnostics, |outcome| report.add(outcome, context.streams)).await,
            Err(error) => Err(error),
        };
        let applied = applied.map_err(|error| not_applied(error, &image, &resume, &diagnostics));
        for id in plan.disabled_ids().filter(|_| applied.is_ok()) {
            let enable = format!("spacectl plugin enable {}", quoted(id));
            diagnostics.note(&format!("{id} is disabled and stays so; to enable it, run: {enable}"));
        }
        // What was done is reported, however it ended.
        let reported = report.finish(context.streams);
        applied.and(reported)
    })
}

/// Adds that the image is pushed, and how to apply the spec.
fn not_applied(error: Error, image: &TaggedImage, resume: &str, diagnostics: &Diagnostics) -> Error {
    if error.kind().is_silent() {
        diagnostics.warn(&format!("{image} is pushed, but the spec may not be applied: finish with {resume}"));
        return error;
    }
    let mut causes = error.problems().iter().flat_map(|problem| &problem.causes);
    let is_image_missing = causes.any(|cause| cause.starts_with(NO_IMAGE));
    let error = error.hint(format!("{image} is pushed; to apply the spec, run {resume}"));
    if !is_image_missing {
        return error;
    }
    error.hint(
        "check the registry in the service's configuration and in registry_type: the service looks for the image there",
    )
}
