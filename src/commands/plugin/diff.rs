//! `plugin diff`: what specs would change at the service.

use std::io::Write as _;

use serde_json::{Value, json};

use super::read_specs;
use crate::cli::{DiffFormat, PluginDiff};
use crate::commands::connector::Connector;
use crate::commands::plugin::apply::plan::{Planned, Wishes};
use crate::commands::{Context, block_on};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::report::Difference;
use crate::terminal::io_streams::IoStreams;
use crate::terminal::json;
use crate::yaml;

pub fn run(args: &PluginDiff, context: &mut Context<'_>) -> Result<()> {
    let differences = compare(args, context).map_err(Error::into_diff_failure)?;
    let shown = show(&differences, args.output, context.streams);
    match shown {
        // A reader that has seen enough is told the same by the exit code.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into_diff_failure()),
        _ if differences.is_empty() => Ok(()),
        _ => Err(Error::diff()),
    }
}

fn compare(args: &PluginDiff, context: &mut Context<'_>) -> Result<Vec<Difference>> {
    let drafts = read_specs(&args.specs, context.streams)?;
    let connector = Connector::new(context)?;
    let wishes = Wishes { strict: args.specs.strict, ..Wishes::default() };
    block_on(async {
        let planned = Planned::make(&connector, drafts, wishes, &mut context.streams.diagnostics).await?;
        planned.check_managed()?;
        Ok(planned.differences())
    })
}

fn show(differences: &[Difference], format: DiffFormat, streams: &mut IoStreams) -> Result<()> {
    let document = || json!({"plugins": differences.iter().map(Difference::to_value).collect::<Value>()});
    match format {
        DiffFormat::Text => {
            let color = streams.out_is_terminal && streams.color;
            for difference in differences {
                write!(streams.out, "{}", difference.to_text(color))?;
            }
        }
        DiffFormat::Json => json::pretty(&mut *streams.out, &document())?,
        DiffFormat::Yaml => yaml::write_document(&mut *streams.out, &document())?,
    }
    Ok(streams.out.flush()?)
}
