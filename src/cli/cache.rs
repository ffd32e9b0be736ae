//! `cache`: what is kept on disk of services.

use clap::Subcommand;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl cache clear
  spacectl --no-cache list repository.Plugin

What services say of themselves is kept in ~/.cache/spacectl, so that a call that reads waits for
one answer instead of two, and so that completion is quick. It holds neither keys nor rows of a
service that asks who is calling. What a service says by now is looked at in every call, so that
nothing has to be cleared after an upgrade.";

#[derive(Debug, Subcommand)]
pub enum Cache {
    /// Remove all that is kept
    #[command(after_help = "Examples:\n  spacectl cache clear\n  XDG_CACHE_HOME=/tmp/cache spacectl cache clear")]
    Clear,
}
