//! Arguments of `cache`.

use clap::Subcommand;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl cache clear
  spacectl --no-cache list repository.Plugin

The cache (~/.cache/spacectl) holds service descriptors, which saves one round trip per call and makes \
completion fast. It holds no keys, and no rows of a service that requires a key. Every call checks \
that the descriptors are current, so an upgraded service needs no `cache clear`.";

#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Remove all cached descriptors
    #[command(after_long_help = "Examples:\n  spacectl cache clear\n  XDG_CACHE_HOME=/tmp/cache spacectl cache clear")]
    Clear,
}
