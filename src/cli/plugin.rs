//! `plugin`: creates, lints, publishes and manages plugins.

mod apply;
mod change;
mod edit;
mod export;
mod image;
mod init;
mod lint;
mod query;
mod test;

use clap::{Subcommand, ValueEnum};

use super::Listing;
use super::habits::aliases;

pub use apply::{ApplyFormat, PluginApply, PluginDiff, Specs};
pub use change::{PluginChange, PluginDeregister};
pub use edit::PluginEdit;
pub use export::PluginExport;
pub use image::{PluginBuild, PluginImage, PluginPublish, PluginSources};
pub use init::PluginInit;
pub use lint::PluginLint;
pub use query::{PluginGet, PluginGetFormat, PluginVersions};
pub use test::{PluginTest, TestFormat};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin publish -f plugin.yml --tag 1.2.0
  spacectl plugin apply -f plugin.yml -e local";

#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Create a spec, and a JSON Schema for editors
    #[command(after_long_help = init::EXAMPLES, aliases = aliases("plugin", "init"))]
    Init(PluginInit),
    /// Check specs offline: fields, image names, likely mistakes
    #[command(after_long_help = lint::EXAMPLES)]
    Lint(PluginLint),
    /// Call a running plugin as the platform does, and check its answers
    #[command(after_long_help = test::EXAMPLES)]
    Test(Box<PluginTest>),
    /// Show what 'plugin apply' would change, field by field
    #[command(after_long_help = apply::DIFF_EXAMPLES)]
    Diff(PluginDiff),
    /// Register and update plugins to match their specs
    #[command(after_long_help = apply::APPLY_EXAMPLES)]
    Apply(PluginApply),
    /// Write registered plugins as specs, one file each
    #[command(after_long_help = export::EXAMPLES)]
    Export(PluginExport),
    /// Build and push the image, then apply the spec; safe to re-run
    #[command(after_long_help = image::PUBLISH_EXAMPLES)]
    Publish(PluginPublish),
    /// Build a plugin's image with docker, podman or buildah
    #[command(after_long_help = image::BUILD_EXAMPLES)]
    Build(PluginBuild),
    /// Push a plugin's image, and wait until the registry has it
    #[command(after_long_help = image::PUSH_EXAMPLES)]
    Push(PluginImage),
    /// List registered plugins
    #[command(after_long_help = query::LIST_EXAMPLES, aliases = aliases("plugin", "list"))]
    List(Box<Listing>),
    /// Show a registered plugin
    #[command(after_long_help = query::GET_EXAMPLES, aliases = aliases("plugin", "get"))]
    Get(PluginGet),
    /// Change a registered plugin in an editor
    #[command(after_long_help = edit::EXAMPLES)]
    Edit(PluginEdit),
    /// List a plugin's versions: the tags of its image in the registry
    #[command(after_long_help = query::VERSIONS_EXAMPLES, aliases = aliases("plugin", "versions"))]
    Versions(PluginVersions),
    /// Enable plugins
    #[command(after_long_help = change::ENABLE_EXAMPLES)]
    Enable(PluginChange),
    /// Disable plugins without deregistering them
    #[command(after_long_help = change::DISABLE_EXAMPLES)]
    Disable(PluginChange),
    /// Remove plugins from the service; their images stay in the registry
    #[command(after_long_help = change::DEREGISTER_EXAMPLES, aliases = aliases("plugin", "deregister"))]
    Deregister(PluginDeregister),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PluginFormat {
    Text,
    Json,
    Yaml,
}
