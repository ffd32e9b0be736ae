//! `plugin publish`: a plugin's image built and pushed, and its spec applied, in an order in which each step can be
//! begun again.

use serde_json::Value;

use super::apply::Report;
use super::image::{Image, told_stop};
use crate::cli::{ApplyFormat, PluginPublish};
use crate::commands::connector::Connector;
use crate::commands::plugin::apply::plan::{Planned, Wishes};
use crate::commands::plugin::resume_command;
use crate::commands::{Context, block_on};
use crate::error::{Error, Result};
use crate::plugin::builder::quoted;
use crate::plugin::lint::Generation;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::shutdown::Shutdown;

/// How the service begins to say that it does not find an image.
const NO_IMAGE: &str = "ERROR_NO_IMAGE_IN_REGISTRY";

pub fn run(args: &PluginPublish, context: &mut Context<'_>) -> Result<()> {
    let image = Image::read("publish", &args.image, context)?;
    let commands = [image.building(&args.sources)?, image.pushing()];
    let connector = Connector::new(context)?;
    // Before signals are taken over: a person may have to type something for the key.
    connector.metadata()?;
    let wishes = Wishes { strict: args.image.specs.strict, replace: args.replace, prune: None };
    let apply = resume_command::apply(&args.image.specs, args.replace, context.global);
    let limit = context.global.timeout;
    let variables = context.variables;
    block_on(async {
        let streams = &mut *context.streams;
        let diagnostics = streams.diagnostics.clone();
        let mut shutdown = Shutdown::listen()?;
        // What cannot be applied is not worth building; nor is anything if nobody is there to apply it.
        let planning = Planned::make(&connector, vec![image.draft.clone()], wishes, &mut streams.diagnostics);
        let planned = shutdown.race(planning).await;
        let mut planned = planned.inspect_err(|error| told_stop(error, "the question to the service", &diagnostics))?;
        image.texts.check(Generation::of(&planned.service.register.input()), &diagnostics)?;
        planned.check()?;
        let report = Report::new(args.output, args.image.dry_run).with("image", image.to_string().into());
        if args.image.dry_run {
            let shown: Value = commands.iter().map(ToString::to_string).collect();
            let mut report = report.with("commands", shown);
            if args.output == ApplyFormat::Text {
                Image::print(&commands, streams)?;
            }
            planned.foreseen().into_iter().try_for_each(|outcome| report.add(outcome, streams))?;
            return report.finish(streams);
        }
        let [build, push] = &commands;
        // Nor where nothing can be pushed to.
        let before = image.look_before_build(variables, &mut shutdown, &diagnostics).await?;
        image.build(build, &mut shutdown, &diagnostics).await?;
        image.push(push, &mut shutdown, &diagnostics).await?;
        image.wait_for_tag(before, limit, variables, &mut shutdown, &diagnostics).await?;
        let mut report = report;
        // Others may have written meanwhile.
        let looked = shutdown.race(planned.look_again()).await.and_then(|()| planned.check());
        let applied = match looked {
            Ok(()) => planned.carry_out(&mut shutdown, &diagnostics, |outcome| report.add(outcome, streams)).await,
            Err(error) => Err(error),
        };
        let applied = applied.map_err(|error| unapplied(error, &image, &apply, &diagnostics));
        for id in planned.disabled_ids().filter(|_| applied.is_ok()) {
            diagnostics
                .note(&format!("{id} is disabled and stays so; to enable it: spacectl plugin enable {}", quoted(id)));
        }
        // What was done is said, whatever ended it.
        let reported = report.finish(streams);
        applied.and(reported)
    })
}

/// Says that the image is where it belongs, and what is left to do.
fn unapplied(error: Error, image: &Image, apply: &str, diagnostics: &Diagnostics) -> Error {
    if error.kind().is_silent() {
        diagnostics.warn(&format!("{image} is pushed, and the spec may not be applied: finish with {apply}"));
        return error;
    }
    let says_no_image = |cause: &String| cause.starts_with(NO_IMAGE);
    let is_unseen = error.problems().iter().flat_map(|problem| &problem.causes).any(says_no_image);
    let error = if is_unseen {
        error.hint("the service looks for the image itself, in the registry of its own configuration and of the spec's registry_type")
    } else {
        error
    };
    error.hint(format!("{image} is pushed; what is left is {apply}"))
}
