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
use crate::cli::PluginApply;
use crate::commands::confirm::{cancelled, no_terminal};
use crate::commands::connector::Connector;
use crate::commands::exec::progress::Progress;
use crate::commands::{Context, block_on};
use crate::error::{Error, Result};
use crate::plugin::report::RestoredFields;
use crate::terminal::io_streams::IoStreams;
use crate::terminal::prompt::Prompt;
use crate::terminal::shutdown::Shutdown;
use crate::text::json;

pub fn run(args: &PluginApply, context: &mut Context<'_>) -> Result<()> {
    if args.label.as_ref().is_some_and(|label| label.trim().is_empty()) {
        return Err(Error::usage("--label is empty").hint("name the label of the plugins that --prune may deregister"));
    }
    let drafts = read_specs(&args.specs, context.streams)?;
    let connector = Connector::new(context)?;
    let options = ApplyOptions {
        strict: args.specs.strict,
        replace: args.replace,
        prune: args.label.clone(),
        parallel: args.parallel.into(),
    };
    block_on(async {
        let streams = &mut *context.streams;
        let mut plan = ApplyPlan::new(&connector, drafts, options, &mut streams.diagnostics).await?;
        plan.check()?;
        let mut report = ApplyReport::new(args.output, args.dry_run);
        if args.dry_run {
            plan.preview().into_iter().try_for_each(|outcome| report.add(outcome, streams))?;
            return report.finish(streams);
        }
        if !args.yes && confirm(&plan, &connector.location("repository")?, streams)? {
            // Others can write while a person decides.
            plan.refresh().await?;
            plan.check()?;
        }
        let diagnostics = streams.diagnostics.clone();
        let mut shutdown = Shutdown::listen()?;
        let progress = Progress::new(plan.len(), context.global, streams);
        let done = plan.execute(&mut shutdown, &diagnostics, progress, |outcome| report.add(outcome, streams)).await;
        // What was done is reported, however it ended.
        let reported = report.finish(streams);
        done.and(reported)
    })
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
