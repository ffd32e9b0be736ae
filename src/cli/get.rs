//! `get RESOURCE`.

use clap::Args;

use super::{Request, Shown, Watch};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl get repository.Plugin -p plugin_id=plugin-slack-noti-protocol
  spacectl get repository.Plugin -p plugin_id=plugin-slack-noti-protocol -o json";

#[derive(Debug, Args)]
pub struct Get {
    /// What to show: SERVICE.RESOURCE, or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub shown: Shown,
    #[command(flatten)]
    pub watch: Watch,
}
