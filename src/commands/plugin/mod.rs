//! `plugin ...`: what a plugin's developer does in a day.

mod apply;
mod carry;
mod diff;
mod get;
mod init;
mod lint;
mod planned;
mod service;

use serde_json::Value;

use super::Context;
use crate::cli::{Api, Plugin, Request, Specs};
use crate::error::Result;
use crate::plugin::lint::Generation;
use crate::resource::Resource;
use crate::spec::{self, Draft, Inputs};
use crate::streams::Streams;

/// The version of the API that has the Repository service, in all of its generations.
const API_VERSION: &str = "v1";

pub fn run(args: &Plugin, context: &mut Context<'_>) -> Result<()> {
    match args {
        Plugin::Init(args) => init::run(args, context),
        Plugin::Lint(args) => lint::run(args, context),
        Plugin::Get(args) => get::run(args, context),
        Plugin::Diff(args) => diff::run(args, context),
        Plugin::Apply(args) => apply::run(args, context),
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
        api_version: API_VERSION.to_owned(),
        strict: false,
        dry_run: false,
    }
}

fn generation(api: Api) -> Generation {
    match api {
        Api::One => Generation::One,
        Api::Two => Generation::Two,
    }
}

/// Reads the specs that the command line names: one draft for each document.
fn read_specs(specs: &Specs, streams: &mut Streams) -> Result<Vec<Draft>> {
    let inputs = Inputs {
        files: specs.file_parameter.clone(),
        json: specs.json_parameter.clone(),
        params: specs.parameter.clone(),
    };
    spec::read(&inputs, &mut streams.input)
}
