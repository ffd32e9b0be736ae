//! `plugin diff`: shows what `plugin apply` would change, field by field.

use std::io::Write as _;

use serde_json::{Value, json};

use super::apply::plan::{ApplyOptions, ApplyPlan};
use super::read_specs;
use crate::cli::{PluginDiff, PluginFormat};
use crate::commands::connector::Connector;
use crate::commands::{Context, block_on};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::report::SpecDiff;
use crate::terminal::io_streams::IoStreams;
use crate::text::json;
use crate::yaml;

pub fn run(args: &PluginDiff, context: &mut Context<'_>) -> Result<()> {
    let diffs = compare(args, context).map_err(Error::into_diff_failure)?;
    match show(&diffs, args.output, context.streams) {
        // The exit code is the same for a reader that stops reading.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into_diff_failure()),
        _ if diffs.is_empty() => Ok(()),
        _ => Err(Error::diff()),
    }
}

fn compare(args: &PluginDiff, context: &mut Context<'_>) -> Result<Vec<SpecDiff>> {
    let drafts = read_specs(&args.specs, context.streams)?;
    let connector = Connector::new(context)?;
    let options = ApplyOptions { strict: args.specs.strict, ..ApplyOptions::default() };
    block_on(async {
        let plan = ApplyPlan::new(&connector, drafts, options, &mut context.streams.diagnostics).await?;
        plan.check_managed()?;
        Ok(plan.diffs())
    })
}

fn show(diffs: &[SpecDiff], format: PluginFormat, streams: &mut IoStreams) -> Result<()> {
    let document = || json!({"plugins": diffs.iter().map(SpecDiff::to_value).collect::<Value>()});
    match format {
        PluginFormat::Text => {
            diffs.iter().try_for_each(|diff| write!(streams.out, "{}", diff.to_text(streams.out_color)))?;
        }
        PluginFormat::Json => json::pretty(&mut *streams.out, &document())?,
        PluginFormat::Yaml => yaml::write_document(&mut *streams.out, &document())?,
    }
    Ok(streams.out.flush()?)
}
