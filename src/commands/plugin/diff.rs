//! `plugin diff`: shows what `plugin apply` would change, field by field.

use std::io::Write as _;

use serde_json::{Value, json};

use super::apply::plan::{ApplyOptions, ApplyPlan};
use super::read_specs;
use crate::cli::{PluginDiff, PluginFormat};
use crate::commands::connector::Connector;
use crate::commands::{Context, block_on, resume_command};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::report::SpecDiff;
use crate::terminal::io_streams::IoStreams;
use crate::terminal::progress::Progress;
use crate::terminal::shutdown::Shutdown;
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
    // Before signals are handled here: a person may have to type the key's passphrase.
    connector.metadata()?;
    block_on(async {
        let mut progress = Progress::new("compared", drafts.len(), context.streams);
        let mut shutdown = Shutdown::listen()?;
        let planning = ApplyPlan::new(&connector, drafts, options, &mut progress, &mut context.streams.diagnostics);
        let planned = shutdown.race(planning).await;
        progress.clear();
        let plan = planned.inspect_err(|error| {
            if error.kind().is_silent() {
                let again = resume_command::of_specs("diff", &args.specs, Vec::new(), context.global);
                context.streams.diagnostics.note(&format!("interrupted while comparing; to start again, run {again}"));
            }
        })?;
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
