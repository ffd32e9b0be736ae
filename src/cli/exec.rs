//! `exec VERB RESOURCE`.

use clap::Args;

use super::{Request, Shown};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl exec register plugin -p name=Slack -p resource_type=a.B -p image=me/plugin-slack
  spacectl exec update plugin -p plugin_id=plugin-slack -p tags.icon=https://example.com/slack.svg

A file with the fields is given by -f: `spacectl explain plugin.register --skeleton` prints one to fill in.

Of many documents 16 are in flight at a time, and answers come out in the documents' order. Ctrl-C ends the sending and \
waits for what is in flight; run again with --keep-going, the same command does the rest.

A method that streams is shown message by message, until Ctrl-C or --timeout; --timeout 0 sets no end. Of many documents \
for it, each waits for the one before.";

/// The most requests that may be in flight: more than services answer at a time.
const MAX_PARALLEL: u16 = 256;

#[derive(Debug, Args)]
pub struct Exec {
    /// What to do: register, update, enable, get_versions, ...
    pub verb: String,
    /// What to do it to: SERVICE.RESOURCE, or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub many: Many,
    #[command(flatten)]
    pub shown: Shown,
}

/// How many documents are sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many documents")]
pub struct Many {
    /// Requests that are in flight at a time; 1 sends one after the other
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_PARALLEL)))]
    pub parallel: u16,
    /// Continue after a rejected document; one of unknown outcome still stops the run
    #[arg(long)]
    pub keep_going: bool,
}
