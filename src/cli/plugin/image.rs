//! `plugin build|push|publish -f SPEC --tag TAG`: a plugin's image on its way into a registry.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

use super::{ApplyFormat, Specs};

pub(super) const BUILD_EXAMPLES: &str = "\
Examples:
  spacectl plugin build -f plugin.yml --tag 1.2.0
  spacectl plugin build -f plugin.yml --context src --tag 1.2.0 --builder podman --dry-run";

pub(super) const PUSH_EXAMPLES: &str = "\
Examples:
  spacectl plugin push -f plugin.yml --tag 1.2.0
  spacectl plugin push -f plugin.yml --tag 1.2.0 --registry localhost:5000 --timeout 10m";

pub(super) const PUBLISH_EXAMPLES: &str = "\
Examples:
  spacectl plugin publish -f plugin.yml --tag 1.2.0
  spacectl plugin publish -f plugin.yml --context src --tag 1.2.0 --dry-run

A step that fails ends it, and nothing after it is done. Run again, it does what is left.";

/// Which image it is, and what handles it.
#[derive(Debug, Args)]
pub struct PluginImage {
    #[command(flatten)]
    pub specs: Specs,
    /// Tag of the image, as 1.2.0
    #[arg(long, value_name = "TAG", help_heading = "Image")]
    pub tag: String,
    /// Registry of the image, HOST[:PORT][/PROJECT], instead of what registry_type and registry_config say; plain
    /// http is spoken with a loopback address only
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, help_heading = "Image")]
    pub registry: Option<String>,
    /// docker, podman, buildah, or the path of one; without it the first of them that is in PATH
    #[arg(long, value_name = "BUILDER", value_parser = NonEmptyStringValueParser::new(), help_heading = "Image")]
    pub builder: Option<String>,
    /// Print the commands, and run none
    #[arg(long)]
    pub dry_run: bool,
}

/// What an image is built of.
#[derive(Debug, Args)]
#[command(next_help_heading = "Build")]
pub struct PluginSources {
    /// Folder that the build takes its files from
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub context: PathBuf,
    /// Dockerfile, if it is not the one in the context
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub dockerfile: Option<PathBuf>,
    /// Argument of the build; NAME alone takes the value of that variable
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub build_arg: Vec<String>,
    /// Platform to build for, instead of this machine's
    #[arg(long, value_name = "OS/ARCH", value_parser = one_platform)]
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
    /// Deregister the plugin and register it anew where its image, registry or type differ, which cannot be updated
    #[arg(long, help_heading = "Changes")]
    pub replace: bool,
    /// What is said of the plugin: text is a line, quiet its id if it was changed
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ApplyFormat::Text, help_heading = "Output")]
    pub output: ApplyFormat,
}

/// One platform: of several, each would take the image's name from the one before.
fn one_platform(text: &str) -> Result<String, String> {
    match text.split_once(',') {
        Some(_) => Err("one platform can be built at a time".to_owned()),
        None if text.is_empty() => Err("write it as linux/arm64".to_owned()),
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
