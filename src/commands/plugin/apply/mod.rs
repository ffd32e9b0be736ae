//! `plugin apply`: makes a service agree with specs.
//!
//! `plan` and `read` compare, `execute` and `reconcile` write, `report` shows; `plugin diff` and `plugin publish` use
//! them, too.

mod execute;
pub mod plan;
mod read;
mod reconcile;
pub mod report;

use self::plan::{ApplyOptions, ApplyPlan};
use self::report::ApplyReport;
use super::read_specs;
use crate::cli::{ApplyFormat, Global, PluginApply};
use crate::commands::confirm::{cancelled, no_terminal};
use crate::commands::connector::Connector;
use crate::commands::{Context, block_on, resume_command};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::report::RestoredFields;
use crate::spec::Draft;
use crate::terminal::io_streams::IoStreams;
use crate::terminal::progress::Progress;
use crate::terminal::prompt::{DefaultSignals, Prompt};
use crate::terminal::shutdown::Shutdown;
use crate::text::json;

pub fn run(args: &PluginApply, context: &mut Context<'_>) -> Result<()> {
    let drafts = read_specs(&args.specs, context.streams)?;
    apply(args, drafts, context)
}

fn apply(args: &PluginApply, drafts: Vec<Draft>, context: &mut Context<'_>) -> Result<()> {
    if args.label.as_ref().is_some_and(|label| label.trim().is_empty()) {
        return Err(Error::usage("--label is empty").hint("name the label of the plugins that --prune may deregister"));
    }
    let connector = Connector::new(context)?;
    let options = ApplyOptions {
        strict: args.specs.strict,
        replace: args.replace,
        prune: args.label.clone(),
        parallel: args.parallel.into(),
    };
    // Before signals are handled here: a person may have to type the key's passphrase.
    connector.metadata()?;
    let resume = resume(args, context.global);
    block_on(async {
        let streams = &mut *context.streams;
        let mut shutdown = Shutdown::listen()?;
        let mut progress = Progress::new("compared", drafts.len(), streams);
        let planning = ApplyPlan::new(&connector, drafts, options, &mut progress, &mut streams.diagnostics);
        let planned = shutdown.race(planning).await;
        progress.clear();
        let mut plan = planned.inspect_err(|error| {
            if is_signal(error) {
                let note = format!("interrupted while comparing: nothing was changed; to start again, run {resume}");
                streams.diagnostics.note(&note);
            }
        })?;
        plan.check()?;
        let mut report = ApplyReport::new(args.output, args.dry_run);
        if args.dry_run {
            plan.preview().into_iter().try_for_each(|outcome| report.add(outcome, streams))?;
            return report.finish(streams);
        }
        let signals = DefaultSignals::restore()?;
        let is_asked = !args.yes && confirm(&plan, &connector.location("repository")?, streams)?;
        drop(signals);
        if is_asked {
            // Others can write while a person decides.
            shutdown.race(plan.refresh()).await?;
            plan.check()?;
        }
        let diagnostics = streams.diagnostics.clone();
        let progress = Progress::new("applied", plan.len(), streams);
        let done = plan.execute(&mut shutdown, &diagnostics, progress, |outcome| report.add(outcome, streams)).await;
        // What was done is reported, however it ended.
        let reported = report.finish(streams);
        if done.as_ref().is_err_and(is_signal) {
            diagnostics.note(&format!("to continue, run {resume}"));
        }
        done.and(reported)
    })
}

fn is_signal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Signal(_))
}

/// The command that goes on.
fn resume(args: &PluginApply, global: &Global) -> String {
    let flag = |name: &str, is_set: bool| is_set.then(|| name.to_owned());
    let option = |name: &str, value: Option<String>| value.map(|value| [name.to_owned(), value]).into_iter().flatten();
    let format = clap::ValueEnum::to_possible_value(&args.output).filter(|_| !matches!(args.output, ApplyFormat::Text));
    let flags = flag("--replace", args.replace)
        .into_iter()
        .chain(flag("--prune", args.prune))
        .chain(option("--label", args.label.clone()))
        .chain(flag("--yes", args.yes))
        .chain(option("-o", format.map(|format| format.get_name().to_owned())));
    resume_command::of_specs("apply", &args.specs, flags.collect(), global)
}

/// Asks before plugins are pruned and before fields of a backup are restored; returns whether it asked. Without a
/// terminal `--replace` alone allows the latter.
fn confirm(plan: &ApplyPlan, location: &str, streams: &mut IoStreams) -> Result<bool> {
    let ids: Vec<&str> = plan.ids_to_prune().collect();
    let restored = plan.all_restored();
    let count = if ids.len() == 1 { "1 plugin".to_owned() } else { format!("{} plugins", ids.len()) };
    if ids.is_empty() && restored.is_empty() {
        return Ok(false);
    }
    let Some(mut prompt) = Prompt::new(streams) else {
        if ids.is_empty() {
            return Ok(false);
        }
        let ids = ids.join(", ");
        return Err(no_terminal(&format!("--prune would deregister {count} ({ids})")));
    };
    for (id, RestoredFields { from, changes }) in &restored {
        prompt.say(&format!("{id} takes these fields from {from}, because its replacement was not finished:"));
        for change in changes {
            let value = change.after.as_ref().map(json::compact).unwrap_or_default();
            prompt.say(&format!("  {}: {value}", change.path));
        }
    }
    if !restored.is_empty() && !prompt.confirm("apply these fields")? {
        return Err(cancelled().hint("remove that file to ignore the old spec"));
    }
    if !ids.is_empty() {
        prompt.say(&format!("--prune deregisters {count} without a spec:"));
        ids.iter().for_each(|id| prompt.say(&format!("  {id}")));
        if !prompt.confirm(&format!("Deregister {count} from {location}"))? {
            return Err(cancelled());
        }
    }
    Ok(true)
}
