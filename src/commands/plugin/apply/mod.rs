//! `plugin apply`: the service has what the specs say.

mod execute;
pub mod plan;

use std::io::Write as _;

use serde_json::{Map, Value};

use super::read_specs;
use crate::cli::{ApplyFormat, PluginApply};
use crate::commands::connector::Connector;
use crate::commands::plugin::apply::plan::{Planned, Wishes};
use crate::commands::{Context, block_on};
use crate::error::{Error, Result};
use crate::plugin::report::{ChangeOutcome, Done, Restored};
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::json;
use crate::terminal::prompt::Prompt;
use crate::terminal::shutdown::Shutdown;
use crate::yaml;

pub fn run(args: &PluginApply, context: &mut Context<'_>) -> Result<()> {
    if args.label.as_ref().is_some_and(|label| label.trim().is_empty()) {
        return Err(Error::usage("--label is empty").hint("--prune deregisters only what carries a label"));
    }
    let drafts = read_specs(&args.specs, context.streams)?;
    let connector = Connector::new(context)?;
    let wishes = Wishes { strict: args.specs.strict, replace: args.replace, prune: args.label.clone() };
    block_on(async {
        let streams = &mut *context.streams;
        let mut planned = Planned::make(&connector, drafts, wishes, &mut streams.diagnostics).await?;
        planned.check()?;
        let mut report = Report::new(args.output, args.dry_run);
        if args.dry_run {
            planned.foreseen().into_iter().try_for_each(|outcome| report.add(outcome, streams))?;
            return report.finish(streams);
        }
        if !args.yes && confirm(&planned, streams)? {
            // A person takes time, in which others can write.
            planned.look_again().await?;
            planned.check()?;
        }
        let diagnostics: Diagnostics = streams.diagnostics.clone();
        let mut shutdown = Shutdown::listen()?;
        let done = planned.carry_out(&mut shutdown, &diagnostics, |outcome| report.add(outcome, streams)).await;
        // What was done is said, whatever ended it.
        let reported = report.finish(streams);
        done.and(reported)
    })
}

/// Asks whether what no spec has may be deregistered and what a backup says may be taken over, and says whether there was
/// anything to ask. For what is taken over, `--replace` has said so already where nobody can be asked.
fn confirm(planned: &Planned, streams: &mut IoStreams) -> Result<bool> {
    let ids: Vec<&str> = planned.gone_ids().collect();
    let restored = planned.all_restored();
    if ids.is_empty() {
        let prompt = if restored.is_empty() { None } else { Prompt::new(streams) };
        return match prompt {
            Some(mut prompt) => confirm_restored(&restored, &mut prompt).map(|()| true),
            None => Ok(false),
        };
    }
    let what = if ids.len() == 1 { "1 plugin".to_owned() } else { format!("{} plugins", ids.len()) };
    let Some(mut prompt) = Prompt::new(streams) else {
        return Err(Error::usage(format!("--prune would deregister {what}: {}", ids.join(", ")))
            .hint("--yes lets it, without asking")
            .hint("nothing was sent"));
    };
    if !restored.is_empty() {
        confirm_restored(&restored, &mut prompt)?;
    }
    prompt.say(&format!("--prune deregisters {what} in no spec:"));
    ids.iter().for_each(|id| prompt.say(&format!("  {id}")));
    if prompt.confirm("deregister")? {
        Ok(true)
    } else {
        Err(Error::local("nothing was sent: deregistering was not wanted"))
    }
}

fn confirm_restored(restored: &[(&str, Restored)], prompt: &mut Prompt<'_>) -> Result<()> {
    for (id, Restored { from, changes }) in restored {
        prompt.say(&format!("{id} takes these fields from {from}, because its replacement was not finished:"));
        for change in changes {
            let value = change.after.as_ref().map(json::compact).unwrap_or_default();
            prompt.say(&format!("  {}: {value}", change.path));
        }
    }
    if prompt.confirm("apply these fields")? {
        Ok(())
    } else {
        Err(Error::local("cancelled: nothing was sent").hint("remove that file to ignore the old spec"))
    }
}

/// What is said of each plugin on standard output.
pub(super) struct Report {
    format: ApplyFormat,
    is_dry_run: bool,
    /// What is said before them, in formats that are one document.
    before: Map<String, Value>,
    /// For formats that are one document.
    outcomes: Vec<Value>,
}

impl Report {
    pub(super) fn new(format: ApplyFormat, is_dry_run: bool) -> Self {
        Self { format, is_dry_run, before: Map::new(), outcomes: Vec::new() }
    }

    /// Says something before the plugins: in a document under `key`.
    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        self.before.insert(key.to_owned(), value);
        self
    }

    pub(super) fn add(&mut self, outcome: ChangeOutcome, streams: &mut IoStreams) -> Result<()> {
        match self.format {
            ApplyFormat::Json | ApplyFormat::Yaml => self.outcomes.push(outcome.to_value()),
            ApplyFormat::Text => {
                writeln!(streams.out, "{}", outcome.line(self.is_dry_run))?;
                // Each as soon as it is done: the next can take long.
                streams.out.flush()?;
            }
            ApplyFormat::Quiet if outcome.is_change() => {
                writeln!(streams.out, "{}", crate::terminal::sanitize::control(&outcome.plugin_id))?;
                streams.out.flush()?;
            }
            ApplyFormat::Quiet => {}
        }
        if let (Done::Replaced { kept: Some(kept), .. }, ApplyFormat::Text) = (&outcome.done, self.format) {
            streams.diagnostics.note(&format!("{} as it was is kept in {kept}", outcome.plugin_id));
        }
        Ok(())
    }

    pub(super) fn finish(self, streams: &mut IoStreams) -> Result<()> {
        let document = || {
            let mut document = Map::from_iter([("dry_run".to_owned(), self.is_dry_run.into())]);
            document.extend(self.before);
            document.insert("plugins".to_owned(), self.outcomes.into());
            Value::from(document)
        };
        match self.format {
            ApplyFormat::Text | ApplyFormat::Quiet => {}
            ApplyFormat::Json => json::pretty(&mut *streams.out, &document())?,
            ApplyFormat::Yaml => yaml::write_document(&mut *streams.out, &document())?,
        }
        Ok(())
    }
}
