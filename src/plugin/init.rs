//! New specs, with a comment on each field.

use serde_json::{Value, json};

use super::conformance::{PluginKind, Step};
use super::lint::{Generation, PLACEHOLDER};
use super::resource_type;
use crate::error::Result;
use crate::error::parse_error::ParseError;
use crate::explain::schema;
use crate::oci::plugin_image::{self, MAX_LENGTH};
use crate::{spec, yaml};

/// The widest line of a comment.
const WIDTH: usize = 100;

/// Settings for `plugin test`.
const TEST_SETTINGS: &str = r#"# Settings of `spacectl plugin test`; its options override them.

# What the plugin extends.
resource_type = "TYPE"

# The command that starts the plugin, and its port.
exec = "spaceone run plugin-server plugin -s src -p 50051"
port = 50051

# The longest time of a call.
#timeout = "30s"

# Rules whose findings are ignored.
#allow = []

# Options of each request.
#[options]
#region = "kr"

# What an answer has to hold, by method; it may have more.
#[expect.init.metadata]

# Fields that change with each run, for --compare.
#[compare]
#ignore = ["results[].occurred_at"]
"#;

/// The same for payloads of webhooks.
const DATA_SETTINGS: &str = r#"
# A payload, and what its answer has to hold. Repeatable.
#[[data]]
#name = "disk"
#file = "payloads/disk.json"
#expect = { results = [{ event_type = "ALERT", severity = "ERROR" }] }
"#;

/// A plugin whose spec is to be created.
#[derive(Clone, Debug)]
pub struct NewPlugin {
    /// The image's name, which becomes the plugin's id.
    pub name: String,
    pub resource_type: String,
    /// With its namespace, if that is known.
    pub image: Option<String>,
    pub provider: Option<String>,
    pub generation: Generation,
}

impl NewPlugin {
    /// Refuses invalid names, an image of another name, and no resource type.
    pub fn check(&self) -> Result<(), ParseError> {
        check_name(&self.name)?;
        let image_name = self.image.as_deref().map_or(&*self.name, plugin_image::name_of);
        if image_name != self.name {
            return Err(ParseError::new(format!("the image is {image_name}, and the plugin {}", self.name))
                .hint(format!("make the plugin's name the last part of --image: .../{}", self.name)));
        }
        if self.resource_type.trim().is_empty() {
            return Err(ParseError::new("the resource type is empty").hint("name one, e.g. notification.Protocol"));
        }
        Ok(())
    }

    /// Settings for `plugin test`, if plugins of the resource type can be tested.
    pub fn test_settings(&self) -> Option<String> {
        let kind = PluginKind::from_resource_type(&self.resource_type)?;
        let data = if kind.steps().contains(&Step::Parse) { DATA_SETTINGS } else { "" };
        Some(TEST_SETTINGS.replace("TYPE", &self.resource_type) + data)
    }

    /// The text of the spec, which names the file with its JSON Schema, if there is one.
    pub fn spec(&self, schema: Option<&str>) -> String {
        let (type_field, lint_option) = match self.generation {
            Generation::One => ("service_type", " --api 1"),
            Generation::Two => ("resource_type", ""),
        };
        let known = resource_type::find(&self.resource_type);
        let purpose = known.map(|known| format!(": it {}", known.purpose)).unwrap_or_default();
        let place = match self.image {
            Some(_) => String::new(),
            None => format!(" Replace {PLACEHOLDER} with the namespace it is pushed to."),
        };
        let image = self.image.clone().unwrap_or_else(|| format!("{PLACEHOLDER}/{}", self.name));
        let (capability, remark) = resource_type::capability(&self.resource_type);
        let title = title(&self.name);
        // An example that the author will change.
        let topic = title.split(' ').next().unwrap_or(&title);
        let provider = self.provider.clone();
        let has_provider = provider.is_some();
        let mut text = schema.map(|file| format!("# yaml-language-server: $schema={file}\n")).unwrap_or_default();
        text += &comment(&format!(
            "A spec for `spacectl plugin`. Check it with: spacectl plugin lint{lint_option} -f FILE"
        ));
        for (remark, entry, is_set) in [
            ("The display name.".to_owned(), json!({ "name": title }), true),
            (format!("What it extends{purpose}."), json!({ type_field: self.resource_type }), true),
            (format!("The image, without registry host and tag.{place}"), json!({ "image": image }), true),
            (
                "The image's registry: DOCKER_HUB, or another with its settings in registry_config.".to_owned(),
                json!({ "registry_type": "DOCKER_HUB" }),
                true,
            ),
            (
                "The cloud or product that it is for, e.g. aws.".to_owned(),
                json!({ "provider": provider.unwrap_or_else(|| topic.to_ascii_lowercase()) }),
                has_provider,
            ),
            (format!("What it can do. {remark}"), json!({ "capability": capability }), true),
            ("Words to find it by.".to_owned(), json!({ "labels": [topic] }), false),
            (
                "Further information. The console shows description and icon.".to_owned(),
                json!({ "tags": { "description": title } }),
                true,
            ),
        ] {
            text += &format!("\n{}", comment(&remark));
            let sign = if is_set { "" } else { "#" };
            text.extend(yaml::to_text(&entry).lines().map(|line| format!("{sign}{line}\n")));
        }
        text
    }

    /// The JSON Schema for editors to complete and check the spec.
    pub fn schema(&self) -> Result<Value> {
        let method = self.generation.register()?;
        let needed = spec::needed("repository", "Plugin", method.name());
        Ok(schema::of_request("repository.Plugin.register", &method, needed))
    }
}

fn check_name(name: &str) -> Result<(), ParseError> {
    let is_plain = |c| matches!(c, 'a'..='z' | '0'..='9' | '-');
    let has_plain_edges = !name.starts_with('-') && !name.ends_with('-');
    if (1..=MAX_LENGTH).contains(&name.len()) && name.chars().all(is_plain) && has_plain_edges {
        return Ok(());
    }
    Err(ParseError::new(format!("invalid plugin name `{name}`"))
        .hint(format!("use lower-case letters, digits and, between them, `-`: at most {MAX_LENGTH} characters")))
}

/// `Slack Notification` for `plugin-slack-notification`.
fn title(name: &str) -> String {
    let bare = name.strip_prefix("plugin-").filter(|rest| !rest.is_empty()).unwrap_or(name);
    let words = bare.split('-').filter(|word| !word.is_empty()).map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A comment of lines that are not too wide.
fn comment(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => *line += &format!(" {word}"),
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::lint::{self, Input, Rule};
    use crate::plugin::resource_type::KNOWN;

    fn plugin(name: &str) -> NewPlugin {
        NewPlugin {
            name: name.to_owned(),
            resource_type: "notification.Protocol".to_owned(),
            image: None,
            provider: None,
            generation: Generation::Two,
        }
    }

    #[test]
    fn what_it_writes_passes_but_for_the_namespace() {
        for generation in [Generation::One, Generation::Two] {
            for kind in KNOWN {
                for (image, provider) in [(None, None), (Some("acme/plugin-x".to_owned()), Some("no".to_owned()))] {
                    let resource_type = kind.name.to_owned();
                    let has_image = image.is_some();
                    let plugin = NewPlugin { image, provider, resource_type, generation, ..plugin("plugin-x") };
                    plugin.check().unwrap();
                    let input = Input::from_bytes("plugin.yml", plugin.spec(Some("s.json")).into_bytes());
                    let findings = lint::check(&[input], &[generation]).unwrap();
                    let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
                    let expected = if has_image { &[][..] } else { &[Rule::Placeholder] };
                    assert_eq!(rules, expected, "{} {generation}", kind.name);
                }
            }
        }
    }

    #[test]
    fn names_that_no_image_can_have_are_refused() {
        for name in ["", "a_b", "a/b", "Plugin", "plugin:1", "-a", "a-", &"x".repeat(49), "é"] {
            assert!(plugin(name).check().is_err(), "{name}");
        }
        for name in ["a", "plugin-slack-noti-protocol", &"x".repeat(48)] {
            assert_eq!(plugin(name).check(), Ok(()), "{name}");
        }
        let other = NewPlugin { image: Some("acme/plugin-y".to_owned()), ..plugin("plugin-x") };
        assert!(other.check().is_err());
    }

    #[test]
    fn a_title_is_made_of_the_name() {
        for (name, expected) in
            [("plugin-slack-noti", "Slack Noti"), ("x", "X"), ("a--b", "A B"), ("plugin-", "Plugin")]
        {
            assert_eq!(title(name), expected);
        }
    }
}
