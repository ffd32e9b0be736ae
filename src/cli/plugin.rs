//! `plugin`: a plugin's way from its sources to a service.

mod apply;
mod change;
mod diff;
mod get;
mod image;
mod init;
mod lint;
mod list;
mod specs;
mod versions;

use clap::{Subcommand, ValueEnum};

use super::Listing;

pub use apply::{ApplyFormat, PluginApply};
pub use change::{PluginChange, PluginDeregister};
pub use diff::{DiffFormat, PluginDiff};
pub use get::PluginGet;
pub use image::{PluginBuild, PluginImage, PluginPublish, PluginSources};
pub use init::PluginInit;
pub use lint::{LintFormat, PluginLint};
pub use specs::Specs;
pub use versions::PluginVersions;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin publish -f plugin.yml --tag 1.2.0
  spacectl plugin apply -f plugin.yml -e local";

#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Write a plugin's spec to begin with, and the schema by which an editor checks it
    #[command(after_help = init::EXAMPLES)]
    Init(PluginInit),
    /// Check plugins' specs, without a network: fields, image names, likely slips
    #[command(after_help = lint::EXAMPLES)]
    Lint(PluginLint),
    /// Show what specs would change at the service, field by field
    #[command(after_help = diff::EXAMPLES)]
    Diff(PluginDiff),
    /// Register and update plugins so that the service has what specs say
    #[command(after_help = apply::EXAMPLES)]
    Apply(PluginApply),
    /// Build a plugin's image, push it, and apply its spec, all of it or what is left
    #[command(after_help = image::PUBLISH_EXAMPLES)]
    Publish(PluginPublish),
    /// Build a plugin's image by docker, podman or buildah
    #[command(after_help = image::BUILD_EXAMPLES)]
    Build(PluginBuild),
    /// Push a plugin's image, and wait until its registry shows it
    #[command(after_help = image::PUSH_EXAMPLES)]
    Push(PluginImage),
    /// List the plugins that are registered
    #[command(after_help = list::EXAMPLES)]
    List(Box<Listing>),
    /// Show a plugin that is registered
    #[command(after_help = get::EXAMPLES)]
    Get(PluginGet),
    /// Show a plugin's versions: the tags that its image has in the registry
    #[command(after_help = versions::EXAMPLES)]
    Versions(PluginVersions),
    /// Let plugins be used again
    #[command(after_help = change::ENABLE_EXAMPLES)]
    Enable(PluginChange),
    /// Let plugins no longer be used, and keep them registered
    #[command(after_help = change::DISABLE_EXAMPLES)]
    Disable(PluginChange),
    /// Remove plugins from the service; their images stay where they are
    #[command(after_help = change::DEREGISTER_EXAMPLES)]
    Deregister(PluginDeregister),
}

/// How what was done is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PluginFormat {
    /// A line for each plugin
    Text,
    Json,
    Yaml,
}

/// A generation of the Repository API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Api {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
    Two,
}
