//! A spec to begin with.

use serde_json::{Value, json};

use super::lint::{Generation, PLACEHOLDER};
use super::resource_type;
use crate::error::Result;
use crate::error::parse_error::ParseError;
use crate::explain::schema;
use crate::oci::plugin_image;
use crate::oci::plugin_image::MAX_LENGTH;
use crate::{spec, yaml};

/// What the new plugin is.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The image's name, which becomes the plugin's id.
    pub name: String,
    pub resource_type: String,
    /// With its namespace; `None` where that is not known yet.
    pub image: Option<String>,
    pub provider: Option<String>,
    pub generation: Generation,
}

impl Wanted {
    /// Checks what a spec cannot be made of.
    ///
    /// # Errors
    /// A name that the service or registries refuse, an image that is called otherwise, an empty resource type.
    pub fn check(&self) -> Result<(), ParseError> {
        check_name(&self.name)?;
        let called = self.image.as_deref().map_or(&*self.name, plugin_image::name_of);
        if called != self.name {
            return Err(ParseError::new(format!("the image is called {called}, and the plugin {}", self.name))
                .hint(format!("the part of --image behind its last `/` is the plugin's name: .../{}", self.name)));
        }
        if self.resource_type.trim().is_empty() {
            return Err(ParseError::new("an empty resource type").hint("name one, as notification.Protocol"));
        }
        Ok(())
    }

    /// The spec's file, with `schema` as the name of the file that holds its JSON Schema.
    pub fn spec(&self, schema: &str) -> String {
        let (type_field, source) = match self.generation {
            Generation::One => ("service_type", " --api 1"),
            Generation::Two => ("resource_type", ""),
        };
        let mut page = Page(format!("# yaml-language-server: $schema={schema}\n"));
        page.remark(&format!("A plugin for `spacectl plugin`. Check it with: spacectl plugin lint{source} -f FILE"));
        page.field("The name that people see.", &json!({ "name": title(&self.name) }));
        let purpose = resource_type::find(&self.resource_type).map(|kind| format!(": it {}", kind.purpose));
        let remark = format!("What it extends{}.", purpose.unwrap_or_default());
        page.field(&remark, &json!({ type_field: self.resource_type }));
        match &self.image {
            Some(image) => page.field("The image, without registry host and tag.", &json!({ "image": image })),
            None => page.field(
                &format!("The image, without registry host and tag. Replace {PLACEHOLDER} by where it is pushed to."),
                &json!({ "image": format!("{PLACEHOLDER}/{}", self.name) }),
            ),
        }
        page.field(
            "The registry that has it: DOCKER_HUB, or another with what it needs in registry_config.",
            &json!({ "registry_type": "DOCKER_HUB" }),
        );
        match &self.provider {
            Some(provider) => page.field("The cloud or product that it is for.", &json!({ "provider": provider })),
            None => {
                page.comment("The cloud or product that it is for, as aws or slack.", &json!({ "provider": "slack" }))
            }
        }
        let (capability, remark) = resource_type::capability(&self.resource_type);
        page.field(&format!("What it can do. {remark}"), &json!({ "capability": capability }));
        page.comment("Words to find it by.", &json!({ "labels": ["Slack"] }));
        page.field(
            "What people want to know of it. The console shows description and icon.",
            &json!({ "tags": { "description": title(&self.name) } }),
        );
        page.0
    }

    /// The JSON Schema by which an editor completes and checks the spec.
    ///
    /// # Errors
    /// None, unless the program was built from broken descriptors.
    pub fn schema(&self) -> Result<Value> {
        let method = self.generation.register()?;
        let needed = spec::needed("repository", "Plugin", method.name());
        Ok(schema::of_request("repository.Plugin.register", &method, needed))
    }
}

/// Refuses what no image can be called.
fn check_name(name: &str) -> Result<(), ParseError> {
    let rule =
        format!("a plugin is named by its image: lower-case letters, digits and `-`, at most {MAX_LENGTH} of them");
    let wrong = |what: String| Err(ParseError::new(what).hint(rule.clone()));
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    match plugin_image::check(name) {
        Err(plugin_image::ImageNameError::Length) => {
            return wrong(format!("a name of {} characters, and {MAX_LENGTH} are allowed", name.chars().count()));
        }
        Err(plugin_image::ImageNameError::Character) if name.is_empty() => return wrong("an empty name".to_owned()),
        _ => {}
    }
    match name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        Some(other) => wrong(format!("`{other}` cannot stand in a plugin's name")),
        None if !is_edge(name.chars().next()) || !is_edge(name.chars().next_back()) => {
            wrong("a plugin's name begins and ends with a letter or a digit".to_owned())
        }
        None => Ok(()),
    }
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

struct Page(String);

impl Page {
    /// The widest line of a remark.
    const WIDTH: usize = 100;

    fn remark(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split_whitespace() {
            if line.len() + 1 + word.len() > Self::WIDTH {
                self.line(&line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    fn field(&mut self, remark: &str, entry: &Value) {
        self.0.push('\n');
        self.remark(remark);
        self.0.push_str(&yaml::to_text(entry));
    }

    /// A field that is to be taken up, or not.
    fn comment(&mut self, remark: &str, entry: &Value) {
        self.0.push('\n');
        self.remark(remark);
        yaml::to_text(entry).lines().for_each(|line| self.line(&format!("#{line}")));
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::lint::{self, Generations, Input, Rule};
    use crate::plugin::resource_type::KNOWN;

    fn wanted(name: &str) -> Wanted {
        Wanted {
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
                    let wanted = Wanted { image, provider, resource_type, generation, ..wanted("plugin-x") };
                    wanted.check().unwrap();
                    let input = Input::of_bytes("plugin.yml", wanted.spec("s.json").into_bytes());
                    let findings = lint::check(&[input], &Generations::new(&[generation]).unwrap());
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
            assert!(wanted(name).check().is_err(), "{name}");
        }
        for name in ["a", "plugin-slack-noti-protocol", &"x".repeat(48)] {
            assert_eq!(wanted(name).check(), Ok(()), "{name}");
        }
        let other = Wanted { image: Some("acme/plugin-y".to_owned()), ..wanted("plugin-x") };
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
