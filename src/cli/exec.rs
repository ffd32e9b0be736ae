//! Arguments of `exec`.

use clap::Args;

use super::values::{DEFAULT_PARALLEL, count, parallel};
use super::{Request, Shown};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl exec register plugin -f plugin.yml -p tags.icon=https://x.io/a.svg
  spacectl exec update plugin -p plugin_id=plugin-slack -p name='Slack plugin'

`spacectl explain plugin.register --skeleton` prints a file to fill in and pass to -f.

With several documents, 16 requests are in flight at a time; responses are printed in document order. \
Ctrl-C stops sending and waits for the requests in flight. To send the rest, run the same command \
again with --keep-going.

A streaming method prints each message as it arrives, until --limit, Ctrl-C or --timeout (0 disables it). \
Its documents are sent one after another.";

#[derive(Debug, Args)]
pub struct Exec {
    /// Verb to call: register, update, enable, get_versions, ...
    pub verb: String,
    /// Resource, as SERVICE.RESOURCE or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    /// Skip the confirmation on a terminal, e.g. of delete and deregister
    #[arg(short, long, help_heading = "Request")]
    pub yes: bool,
    #[command(flatten)]
    pub many: ManyArgs,
    #[command(flatten)]
    pub shown: Shown,
    /// End each stream after this many messages
    #[arg(short, long, value_name = "N", value_parser = count, help_heading = "Output")]
    pub limit: Option<u32>,
}

/// Options for several documents.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many documents")]
pub struct ManyArgs {
    /// Requests in flight at a time; 1 sends one after another
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PARALLEL, value_parser = parallel)]
    pub parallel: u16,
    /// Continue after a rejected document
    ///
    /// Connection failures still stop the run.
    #[arg(long)]
    pub keep_going: bool,
}
