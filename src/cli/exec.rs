//! `exec VERB RESOURCE`.

use clap::Args;

use super::{Request, Shown};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl exec register plugin -p name=Slack -p resource_type=a.B -p image=me/plugin-slack
  spacectl exec update plugin -p plugin_id=plugin-slack -p tags.icon=https://example.com/slack.svg

A file with the fields is given by -f: `spacectl explain plugin.register --skeleton` prints one to fill in.

A method that streams is shown message by message, until Ctrl-C or --timeout; --timeout 0 sets no end.";

#[derive(Debug, Args)]
pub struct Exec {
    /// What to do: register, update, enable, get_versions, ...
    pub verb: String,
    /// What to do it to: SERVICE.RESOURCE, or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub shown: Shown,
}
