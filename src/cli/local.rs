//! Arguments of `local`.

use std::path::PathBuf;

use super::values::number;
use clap::{Subcommand, ValueEnum, ValueHint};

use super::{Limit, duration};

#[derive(Debug, Subcommand)]
pub enum Local {
    /// Serve it on a port until Ctrl-C or SIGTERM
    #[command(after_long_help = SERVE_EXAMPLES)]
    Serve {
        /// Address to listen on, HOST:PORT
        ///
        /// Port 0 picks a free port and prints it.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
        listen: String,
        /// Database file [default: that of -e local]
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        data: Option<PathBuf>,
        /// Image registry of the plugins, HOST[:PORT][/PREFIX]
        ///
        /// Its tags are the plugins' versions, and an image without a tag is refused. https:// may be given; http://
        /// only for a loopback address. [default: `registry` of the environment `local`; none with --data]
        #[arg(long, value_name = "REGISTRY")]
        registry: Option<String>,
        /// Directory with the specs of a managed repository
        ///
        /// They are listed as read-only plugins.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        managed: Option<String>,
        /// Connections at a time; further ones wait until one ends
        #[arg(long, value_name = "N", default_value = "256", value_parser = |text: &str| number(text, 1..=u16::MAX))]
        max_connections: u16,
        /// Close a connection that has no call for this long, e.g. 30s or 5m; 0 disables it
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m")]
        idle_timeout: Limit,
        /// When a change is on the disk
        #[arg(long, value_name = "MODE", value_enum, default_value_t = SyncMode::Normal)]
        sync: SyncMode,
        /// Reject what a current Repository service rejects
        #[arg(long)]
        strict: bool,
    },
    /// Remove all plugins of the environment `local`
    #[command(after_long_help = RESET_EXAMPLES)]
    Reset {
        /// Skip the confirmation
        #[arg(short, long)]
        yes: bool,
    },
}

/// When a change is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SyncMode {
    /// Soon: a power failure can lose the last changes, and never damages the file
    Normal,
    /// Before the call returns: slower, and no change is lost
    Full,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl local serve
  spacectl list repository.Plugin -e local";

const SERVE_EXAMPLES: &str = "\
Examples:
  spacectl local serve --managed examples/managed
  spacectl local serve --listen 127.0.0.1:0 --data /tmp/plugins.db --strict";

const RESET_EXAMPLES: &str = "\
Examples:
  spacectl local reset
  spacectl local reset --yes

It asks for confirmation on a terminal; without a terminal, --yes is required.";
