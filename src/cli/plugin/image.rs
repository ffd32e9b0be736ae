//! `plugin build|push|publish -f SPEC --tag TAG`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

use super::{ApplyFormat, Specs};

pub(super) const BUILD_EXAMPLES: &str = "\
Examples:
  spacectl plugin build -f plugin.yml --tag 1.2.0
  spacectl plugin build -f plugin.yml --tag 1.2.0 --builder podman --dry-run";

pub(super) const PUSH_EXAMPLES: &str = "\
Examples:
  spacectl plugin push -f plugin.yml --tag 1.2.0
  spacectl plugin push -f plugin.yml --tag 1.2.0 --registry localhost:5000";

pub(super) const PUBLISH_EXAMPLES: &str = "\
Examples:
  spacectl plugin publish -f plugin.yml --tag 1.2.0
  spacectl plugin publish -f plugin.yml --context src --tag 1.2.0 --dry-run

A step that fails ends the run. The same command continues there.";

#[derive(Debug, Args)]
pub struct PluginImage {
    #[command(flatten)]
    pub specs: Specs,
    /// Tag of the image, e.g. 1.2.0
    #[arg(long, value_name = "TAG", help_heading = "Image")]
    pub tag: String,
    /// Registry to use, HOST[:PORT][/PROJECT]
    ///
    /// By default that of the spec. Plain HTTP is used with loopback addresses only.
    #[arg(long, value_name = "REGISTRY", value_hint = ValueHint::Url, help_heading = "Image")]
    pub registry: Option<String>,
    /// docker, podman, buildah or the path of one
    ///
    /// [default: the first of the three in PATH]
    #[arg(long, value_name = "BUILDER", value_parser = NonEmptyStringValueParser::new(), help_heading = "Image")]
    pub builder: Option<String>,
    /// Print the commands without running them
    #[arg(long, help_heading = "Image")]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Build")]
pub struct PluginSources {
    /// Directory to build from
    ///
    /// By default the current one; with several plugins, that of each spec.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub context: Option<PathBuf>,
    /// Dockerfile [default: the context's own]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub dockerfile: Option<PathBuf>,
    /// Build argument; NAME alone passes that environment variable
    #[arg(long, value_name = "NAME[=VALUE]", hide_short_help = true)]
    pub build_arg: Vec<String>,
    /// Platform to build for [default: this machine's]
    #[arg(long, value_name = "OS/ARCH", value_parser = one_platform, hide_short_help = true)]
    pub platform: Option<String>,
}

#[derive(Debug, Args)]
pub struct PluginBuild {
    #[command(flatten)]
    pub image: PluginImage,
    #[command(flatten)]
    pub sources: PluginSources,
}

#[derive(Debug, Args)]
pub struct PluginPublish {
    #[command(flatten)]
    pub image: PluginImage,
    #[command(flatten)]
    pub sources: PluginSources,
    /// Deregister and register again what cannot be updated
    ///
    /// The old spec is saved to PLUGIN.yml.replaced.
    #[arg(long, help_heading = "Changes")]
    pub replace: bool,
    /// Run 'plugin test' on the image before the push
    #[arg(long, help_heading = "Build")]
    pub test: bool,
    /// Output format
    ///
    /// quiet prints the plugin's id if it changed.
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text", help_heading = "Output")]
    pub output: ApplyFormat,
}

/// Parses one platform: builds for several would overwrite each other's image.
fn one_platform(text: &str) -> Result<String, String> {
    match text.split_once(',') {
        Some(_) => Err("only one platform can be built at a time".to_owned()),
        None if text.is_empty() => Err("write it like linux/arm64".to_owned()),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::one_platform;

    #[test]
    fn platforms_are_built_one_at_a_time() {
        assert_eq!(one_platform("linux/arm64"), Ok("linux/arm64".to_owned()));
        assert!(one_platform("linux/arm64,linux/amd64").is_err() && one_platform("").is_err());
    }
}
