//! `spacectl plugin`: creates, lints, publishes and manages plugins.
//!
//! One file per verb, or per group of verbs: `publish` has build and push, `change` has enable, disable and
//! deregister, `apply/` has the plan that diff and publish use, too. Rules without input or output are in
//! `crate::plugin`.

mod apply;
mod change;
pub mod child_process;
mod diff;
mod edit;
mod export;
mod get;
mod image;
mod init;
mod lint;
mod poll;
mod preflight;
mod process_table;
mod publish;
mod rows;
mod rule_help;
mod service;
mod test;
mod versions;

use serde_json::{Map, Value};

use super::{Context, list};
use crate::cli::{Plugin, PluginApply, Specs};
use crate::error::{Error, Result};
use crate::schema::resource::Resource;
use crate::spec::{self, Draft, Inputs};
use crate::terminal::io_streams::IoStreams;

pub fn run(args: &Plugin, context: &mut Context<'_>) -> Result<()> {
    match args {
        Plugin::Init(args) => init::run(args, context),
        Plugin::Lint(args) => lint::run(args, context),
        Plugin::Test(args) => test::run(args, context),
        Plugin::Diff(args) => diff::run(args, context),
        Plugin::Apply(args) => apply::run(args, context),
        Plugin::Export(args) => export::run(args, context),
        Plugin::Publish(args) => publish::publish(args, context),
        Plugin::Build(args) => publish::build(args, context),
        Plugin::Push(args) => publish::push(args, context),
        Plugin::List(args) => list::show(resource()?, args, context),
        Plugin::Get(args) => get::run(args, context),
        Plugin::Edit(args) => edit::run(args, context),
        Plugin::Versions(args) => versions::run(args, context),
        Plugin::Enable(args) => change::run("enable", "enabled", args, context),
        Plugin::Disable(args) => change::run("disable", "disabled", args, context),
        Plugin::Deregister(args) => change::deregister(args, context),
    }
}

/// Does what `plugin apply -f FILE...` does.
pub fn apply_files(files: Vec<String>, dry_run: bool, context: &mut Context<'_>) -> Result<()> {
    apply::run(&PluginApply::of_files(files, dry_run), context)
}

fn resource() -> Result<Resource> {
    Resource::parse("repository.Plugin")
}

/// The fields of a request that is about one plugin.
fn fields_of(plugin_id: &str) -> Map<String, Value> {
    Map::from_iter([("plugin_id".to_owned(), plugin_id.into())])
}

/// Reads the specs of the command line: one draft per document.
fn read_specs(specs: &Specs, streams: &mut IoStreams) -> Result<Vec<Draft>> {
    spec::read(&inputs(specs), &mut streams.input)
}

fn inputs(specs: &Specs) -> Inputs {
    Inputs { files: specs.file_parameter.clone(), json: specs.json_parameter.clone(), params: specs.parameter.clone() }
}

/// The most names in a message.
const MAX_NAMED: usize = 10;

/// The existing tags, for an error about one that does not exist.
fn describe_tags(tags: &[String]) -> String {
    if tags.is_empty() { "there are no tags".to_owned() } else { format!("existing tags: {}", named(tags)) }
}

/// As many of `names` as fit into a message.
fn named<T: AsRef<str>>(names: &[T]) -> String {
    let named = names.iter().take(MAX_NAMED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Adds how far a run over several plugins came.
fn with_progress(error: Error, done: usize, count: usize) -> Error {
    if error.kind().is_silent() || count == 1 {
        return error;
    }
    error.hint(format!("done before it: {done} of {count}; not sent: {}", count - done - 1))
}
