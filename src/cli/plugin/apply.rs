//! `plugin apply -f SPEC`.

use clap::{ArgGroup, Args, ValueEnum};

use super::Specs;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin apply -f plugin.yml
  spacectl plugin apply -f plugins/ --prune --label team-a --dry-run

What a spec leaves out stays as it is at the service. A second run changes nothing, or finishes what was stopped.";

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("asks").args(["prune", "replace"]).multiple(true)))]
pub struct PluginApply {
    #[command(flatten)]
    pub specs: Specs,

    /// Deregister a plugin and register it anew where its image, registry or type differ, which cannot be updated; its
    /// old spec is kept beside the new one, in PLUGIN.yml.replaced
    #[arg(long, help_heading = "Changes")]
    pub replace: bool,

    /// Deregister the plugins that carry the label of --label and are in none of the specs
    #[arg(long, requires = "label", help_heading = "Changes")]
    pub prune: bool,

    /// Label of the plugins that --prune may deregister
    #[arg(long, value_name = "LABEL", requires = "prune", help_heading = "Changes")]
    pub label: Option<String>,

    /// Deregister what --prune found, and finish with --replace what was stopped, without asking
    #[arg(short, long, requires = "asks", help_heading = "Changes")]
    pub yes: bool,

    /// Say what would be done, and do nothing
    #[arg(long, help_heading = "Changes")]
    pub dry_run: bool,

    /// What is said of each plugin: text is a line each, quiet the ids of those that were changed
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ApplyFormat::Text, help_heading = "Output")]
    pub output: ApplyFormat,
}

/// How what was done is written on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ApplyFormat {
    Text,
    Json,
    Yaml,
    Quiet,
}
