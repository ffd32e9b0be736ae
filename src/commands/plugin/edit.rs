//! `plugin edit`: changes a registered plugin in an editor.

use std::path::Path;

use super::apply::plan::{ApplyOptions, ApplyPlan};
use super::apply::report::ApplyReport;
use super::export;
use super::service::PluginClient;
use crate::cli::PluginEdit;
use crate::commands::connector::Connector;
use crate::commands::editor::{Editor, PrivateCopy};
use crate::commands::{Context, block_on, confirm, managed};
use crate::error::{Error, Result};
use crate::plugin::builder::quoted;
use crate::plugin::export::{ExportedSpec, file_names};
use crate::plugin::plan;
use crate::plugin::report::{ApplyResult, ChangeOutcome, SpecDiff};
use crate::spec::{self, Draft, Inputs};
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::progress::Progress;
use crate::terminal::prompt::{DefaultSignals, Prompt};
use crate::terminal::shutdown::Shutdown;

pub fn run(args: &PluginEdit, context: &mut Context<'_>) -> Result<()> {
    let id = &args.plugin_id;
    // Asked before the editor runs: what was typed there would be lost.
    if !args.yes && Prompt::new(context.streams).is_none() {
        return Err(confirm::no_terminal(&format!("edit changes {id}")));
    }
    let connector = Connector::new(context)?;
    // Before signals are handled here: a person may have to type the key's passphrase.
    connector.metadata()?;
    let spec =
        block_on(async { Shutdown::listen()?.race(registered(id, &connector, &context.streams.diagnostics)).await })?;
    let name = file_names(std::iter::once(&*spec.plugin_id), std::iter::empty()).pop().unwrap_or_default();
    let copy = PrivateCopy::new(&std::env::temp_dir(), &name, spec.text.as_bytes())
        .map_err(|error| Error::local("cannot write the file to edit").cause(error))?;
    match edit(args, &spec, &copy, &connector, context) {
        Err(error) if copy.is_edited(spec.text.as_bytes()) => {
            let path = copy.keep();
            let file = quoted(&path.to_string_lossy());
            if error.kind().is_silent() {
                context.streams.diagnostics.warn(&format!("your changes are in {file}"));
            }
            Err(error.hint(format!("your changes are in {file}; to apply them: `spacectl plugin apply -f {file}`")))
        }
        done => done,
    }
}

/// Edits the copy, and applies what was changed.
fn edit(
    args: &PluginEdit,
    spec: &ExportedSpec,
    copy: &PrivateCopy,
    connector: &Connector,
    context: &mut Context<'_>,
) -> Result<()> {
    Editor::new(context.variables, context.streams)?.run(copy.path())?;
    let text = copy.read()?;
    if text == spec.text {
        return report(args, vec![unchanged(&args.plugin_id)], context.streams);
    }
    if text.trim().is_empty() {
        return Err(confirm::cancelled().cause("the file is empty"));
    }
    block_on(async {
        let mut shutdown = Shutdown::listen()?;
        apply(args, spec, copy.path(), connector, &mut shutdown, context).await
    })
}

/// The plugin as its spec, if it can be changed.
async fn registered(id: &str, connector: &Connector, diagnostics: &Diagnostics) -> Result<ExportedSpec> {
    let service = PluginClient::connect(connector).await?;
    let row = service.registered_row(id, diagnostics).await?;
    if let Some(kind) = plan::repository_type(&row).filter(|kind| kind != "local") {
        return Err(Error::local(managed::message(id, &kind)));
    }
    let spec = export::specs_of(vec![row], &service.fields).pop();
    spec.ok_or_else(|| Error::local(format!("{id} is not registered")))
}

/// Applies the file at `path`, after its differences were shown and confirmed.
async fn apply(
    args: &PluginEdit,
    before: &ExportedSpec,
    path: &Path,
    connector: &Connector,
    shutdown: &mut Shutdown,
    context: &mut Context<'_>,
) -> Result<()> {
    let (id, streams) = (&*before.plugin_id, &mut *context.streams);
    let draft = read(path, streams)?;
    let mut unseen = Progress::none();
    let planning =
        ApplyPlan::new(connector, vec![draft], ApplyOptions::default(), &mut unseen, &mut streams.diagnostics);
    let mut plan = shutdown.race(planning).await?;
    if let Some(other) = plan.plugin_ids().find(|other| *other != id) {
        return Err(Error::local(format!("the file is about {other}, not about {id}"))
            .hint("the id of a plugin, which is in plugin_id or image, cannot be changed"));
    }
    plan.check()?;
    let diffs = plan.diffs();
    check_emptied(before, path, &diffs)?;
    note_removed(before, path, streams);
    if diffs.is_empty() {
        return report(args, vec![unchanged(id)], streams);
    }
    let lines: Vec<String> = diffs.iter().map(|diff| diff.to_text(false)).collect();
    lines.iter().flat_map(|text| text.lines()).for_each(|line| {
        if !context.global.quiet || !args.yes {
            streams.diagnostics.println(line);
        }
    });
    if !args.yes {
        let question = format!("Update {id} at {}", connector.location("repository")?);
        let signals = DefaultSignals::restore()?;
        confirm::agreement(&question, &format!("edit changes {id}"), streams)?;
        drop(signals);
        // Others can write while a person decides.
        shutdown.race(plan.refresh()).await?;
        plan.check()?;
    }
    let diagnostics = streams.diagnostics.clone();
    let mut outcomes = ApplyReport::new(args.output, false);
    let done = plan.execute(shutdown, &diagnostics, Progress::none(), |outcome| outcomes.add(outcome, streams)).await;
    // What was done is reported, however it ended.
    let reported = outcomes.finish(streams);
    done.and(reported)
}

/// The only document of the file.
fn read(path: &Path, streams: &mut IoStreams) -> Result<Draft> {
    let inputs = Inputs { files: vec![path.to_string_lossy().into_owned()], ..Inputs::default() };
    let mut drafts = spec::read(&inputs, &mut streams.input)?;
    match (drafts.pop(), drafts.len()) {
        (Some(only), 0) => Ok(only),
        (_, others) => Err(Error::local(format!("the file has {} documents, and a plugin is one", others + 1))),
    }
}

/// Refuses empty values that no request can carry: a service takes an empty text for one that is not given.
fn check_emptied(before: &ExportedSpec, path: &Path, diffs: &[SpecDiff]) -> Result<()> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let is_sent = |field: &&str| diffs.iter().flat_map(|diff| &diff.changes).any(|change| change.field() == *field);
    let mut emptied = before.emptied_in(&text);
    emptied.retain(|field| !is_sent(field));
    if emptied.is_empty() {
        return Ok(());
    }
    Err(Error::local(format!("cannot be emptied: {}", emptied.join(", ")))
        .cause("an empty value of these is not sent, so they would stay as they are")
        .hint("give them other values; a list or a mapping is emptied by [] or {}"))
}

/// Says which fields stay as they are, because the file has them no more.
fn note_removed(before: &ExportedSpec, path: &Path, streams: &IoStreams) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let gone: Vec<&str> = before.removed_in(&text);
    if !gone.is_empty() {
        let fields = gone.join(", ");
        let note = format!("not in the file, so unchanged: {fields}; to empty a list or a mapping, write [] or {{}}");
        streams.diagnostics.note(&note);
    }
}

fn unchanged(id: &str) -> ChangeOutcome {
    ChangeOutcome { plugin_id: id.to_owned(), result: ApplyResult::Unchanged, restored: None }
}

fn report(args: &PluginEdit, outcomes: Vec<ChangeOutcome>, streams: &mut IoStreams) -> Result<()> {
    let mut report = ApplyReport::new(args.output, false);
    outcomes.into_iter().try_for_each(|outcome| report.add(outcome, streams))?;
    report.finish(streams)
}
