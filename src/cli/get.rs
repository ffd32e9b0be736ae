//! Arguments of `get`.

use clap::Args;

use super::{Request, Shown, Watch};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl get plugin -p plugin_id=plugin-slack
  spacectl get plugin -p plugin_id=plugin-slack -o json";

#[derive(Debug, Args)]
pub struct Get {
    /// Resource, as SERVICE.RESOURCE or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub shown: Shown,
    #[command(flatten)]
    pub watch: Watch,
}
