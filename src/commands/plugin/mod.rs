//! `plugin ...`: what a plugin's developer does in a day.

mod apply;
mod build;
mod change;
mod child_process;
pub(super) mod confirm;
mod diff;
mod get;
mod image;
mod init;
mod lint;
mod list;
mod poll;
mod preflight;
mod publish;
mod push;
mod resume_command;
mod service;
mod versions;

use serde_json::Value;

use super::Context;
use crate::cli::{Api, Plugin, Request, Specs};
use crate::error::Result;
use crate::plugin::lint::Generation;
use crate::schema::resource::Resource;
use crate::spec::{self, Draft, Inputs};
use crate::terminal::io_streams::IoStreams;

pub fn run(args: &Plugin, context: &mut Context<'_>) -> Result<()> {
    match args {
        Plugin::Init(args) => init::run(args, context),
        Plugin::Lint(args) => lint::run(args, context),
        Plugin::Get(args) => get::run(args, context),
        Plugin::Diff(args) => diff::run(args, context),
        Plugin::Apply(args) => apply::run(args, context),
        Plugin::List(args) => list::run(args, context),
        Plugin::Versions(args) => versions::run(args, context),
        Plugin::Build(args) => build::run(args, context),
        Plugin::Push(args) => push::run(args, context),
        Plugin::Publish(args) => publish::run(args, context),
        Plugin::Enable(args) => change::enable(args, context),
        Plugin::Disable(args) => change::disable(args, context),
        Plugin::Deregister(args) => change::deregister(args, context),
    }
}

/// What every command here is about.
fn resource() -> Result<Resource> {
    Resource::parse("repository.Plugin")
}

/// What `-j` with these fields would say, and nothing else.
fn request(fields: &Value) -> Request {
    Request {
        parameter: Vec::new(),
        json_parameter: Some(fields.to_string()),
        file_parameter: Vec::new(),
        api_version: None,
        strict: false,
        dry_run: false,
    }
}

/// Reads the specs that the command line names: one draft for each document.
fn read_specs(specs: &Specs, streams: &mut IoStreams) -> Result<Vec<Draft>> {
    spec::read(&inputs(specs), &mut streams.input)
}

fn inputs(specs: &Specs) -> Inputs {
    Inputs { files: specs.file_parameter.clone(), json: specs.json_parameter.clone(), params: specs.parameter.clone() }
}

/// The most tags that an error names.
const MAX_NAMED: usize = 10;

/// Which tags there are, for an error about one that is not.
fn there_are(tags: &[String]) -> String {
    if tags.is_empty() {
        return "there is no tag at all".to_owned();
    }
    let named = tags.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match tags.len().saturating_sub(MAX_NAMED) {
        0 => format!("there are {named}"),
        more => format!("there are {named} and {more} more"),
    }
}

fn generation(api: Api) -> Generation {
    match api {
        Api::One => Generation::One,
        Api::Two => Generation::Two,
    }
}
