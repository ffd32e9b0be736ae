//! Registered plugins as specs, and the names of their files.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::backup::{self, LIMITS};
use super::field_change::same;
use super::plan::{self, PluginFields};
use crate::text::value_ext::is_empty;
use crate::yaml::{self, YamlDocuments, value};

/// The registries whose address only the installation knows. Services fill in that of the others.
const OWN_ADDRESS: [&str; 2] = ["HARBOR", "GCP_PRIVATE_GCR"];

/// A registered plugin as its spec.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedSpec {
    pub plugin_id: String,
    pub is_disabled: bool,
    pub text: String,
    spec: Value,
}

impl ExportedSpec {
    pub fn new(fields: &PluginFields, row: &Map<String, Value>) -> Self {
        let mut spec = fields.as_registered(row);
        remove_filled_in(&mut spec, row);
        spec.retain(|_, value| !is_empty(value));
        let plugin_id = plan::plugin_id(row).unwrap_or_default().to_owned();
        let spec = Value::Object(spec);
        Self { plugin_id, is_disabled: plan::is_disabled(row), text: yaml::to_text(&spec), spec }
    }

    /// The fields that `text` does not have; none if it cannot be read.
    pub fn removed_in(&self, text: &str) -> Vec<&str> {
        self.fields_where(text, |value| value.is_none())
    }

    /// The fields that are empty in `text`, and are not here; none if it cannot be read.
    pub fn emptied_in(&self, text: &str) -> Vec<&str> {
        self.fields_where(text, |value| value.is_some_and(is_empty))
    }

    fn fields_where(&self, text: &str, is_it: impl Fn(Option<&Value>) -> bool) -> Vec<&str> {
        let Some(Ok(tree)) = YamlDocuments::new(text, LIMITS).ok().and_then(|mut documents| documents.next()) else {
            return Vec::new();
        };
        let (Ok(fields), Value::Object(spec)) = (value::mapping(&tree), &self.spec) else { return Vec::new() };
        spec.keys().filter(|key| is_it(fields.get(*key))).map(String::as_str).collect()
    }

    /// Whether a file's only document is this spec, in whatever notation and with whatever comments.
    pub fn is_described_by(&self, content: &[u8]) -> bool {
        content == self.text.as_bytes() || matches!(&documents(content)[..], [only] if self.is_same(only))
    }

    /// Whether a document is this spec.
    pub fn is_same(&self, document: &Map<String, Value>) -> bool {
        same(&self.spec, &Value::Object(document.clone()))
    }
}

/// The documents of a file's content; none if one of them is not a mapping.
pub fn documents(content: &[u8]) -> Vec<Map<String, Value>> {
    let read = || -> Option<Vec<_>> {
        let text = yaml::decode(content.to_vec()).ok()?;
        YamlDocuments::new(&text, LIMITS).ok()?.map(|tree| value::mapping(&*tree.ok()?).ok()).collect()
    };
    read().unwrap_or_default()
}

/// Removes the address that the service filled in: `plugin push` would take it for that of another registry.
fn remove_filled_in(spec: &mut Map<String, Value>, row: &Map<String, Value>) {
    let registry = row.get("registry_type").and_then(Value::as_str).unwrap_or_default();
    if let Some(Value::Object(config)) = spec.get_mut("registry_config")
        && !OWN_ADDRESS.contains(&registry)
        && config.get("url").is_some_and(|url| Some(url) == row.get("registry_url"))
    {
        config.shift_remove("url");
    }
}

/// A file name for each plugin, none of those that are `taken`. Two of them differ by more than by case, which some
/// file systems ignore.
pub fn file_names<'a>(plugin_ids: impl Iterator<Item = &'a str>, taken: impl Iterator<Item = String>) -> Vec<String> {
    let mut taken: HashSet<String> = taken.map(|name| name.to_lowercase()).collect();
    let mut name = |id| {
        let first = backup::file_name(id);
        let stem = first.strip_suffix(".yml").unwrap_or(&first).to_owned();
        let mut names = std::iter::once(first).chain((2_usize..).map(|number| format!("{stem}-{number}.yml")));
        names.find(|name| taken.insert(name.to_lowercase())).unwrap_or_default()
    };
    plugin_ids.map(&mut name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_that_differ_by_case_or_by_odd_characters_get_names_of_their_own() {
        let ids = ["Plugin-a", "a/b", "a_b", "plugin-a", "plugin-a-2", "plugin-b"];
        let names = ["Plugin-a.yml", "a_b.yml", "a_b-2.yml", "plugin-a-2.yml", "plugin-a-2-2.yml", "plugin-b.yml"];
        assert_eq!(file_names(ids.into_iter(), std::iter::empty()), names);
        assert_eq!(file_names(["a/b"].into_iter(), std::iter::once("A_b.yml".to_owned())), ["a_b-2.yml"]);
    }

    #[test]
    fn a_file_says_the_same_in_other_words() {
        let Value::Object(row) = json!({"name": "A", "image": "x/a", "tags": {"n": 1.0, "t": "1.10"}}) else {
            panic!()
        };
        let register = ["name", "image", "tags"].map(str::to_owned).to_vec();
        let spec = ExportedSpec::new(&PluginFields { register, ..PluginFields::default() }, &row);
        let is_described_by = |text: &str| spec.is_described_by(text.as_bytes());
        assert!(is_described_by(&spec.text));
        assert!(is_described_by("# ours\n{image: x/a, tags: {t: '1.10', n: 1}, name: A}\n"));
        for other in ["", "name: A\nimage: x/a\n", "name: [", "\u{feff}\u{0}", "- a"] {
            assert!(!is_described_by(other), "{other}");
        }
        assert!(!is_described_by(&format!("{}---\nname: B\n", spec.text)));
        assert!(!spec.is_described_by(b"\xff"));
    }
}
