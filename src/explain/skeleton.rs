//! YAML skeletons of requests: required fields to fill in.
//!
//! Prose begins with `# `, a commented-out field with `#` alone. Uncommenting a nested field takes all of its lines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::describe::{ExplainedVerb, FieldDescription};
use crate::text::sanitize;
use crate::yaml;

/// The skeleton of a verb's request. `command` calls the verb, and `explained` is its path for `explain`.
pub fn render(verb: &ExplainedVerb, command: &str, explained: &str) -> String {
    let mut page = Page { text: String::new() };
    let name = verb.resource.rsplit('.').next().unwrap_or_default().to_lowercase();
    let name = if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') { name } else { "request".to_owned() };
    page.remark("", "", &format!("{}.{}", verb.resource, verb.verb));
    verb.description.iter().for_each(|description| page.remark("", "", description));
    page.remark("", "", "");
    page.remark("", "", "Fill in the required fields, and uncomment the others that you need. Then:");
    page.remark("", "", &format!("  {command} -f {name}.yml"));
    page.remark("", "", "For completion and checks in an editor, use its JSON Schema:");
    page.remark("", "", &format!("  spacectl explain {explained} --json-schema > {name}.schema.json"));
    page.remark("", "", &format!("  the first line: \"# yaml-language-server: $schema={name}.schema.json\""));
    let (needed, others): (Vec<&FieldDescription>, Vec<&FieldDescription>) =
        verb.request.fields.iter().partition(|field| field.is_needed);
    if needed.is_empty() {
        page.text.push('\n');
        page.remark("", "", "No field is known to be required: this is an empty request.");
        page.text.push_str("{} # remove this line when you use a field\n");
    }
    for field in without_other_names(needed.into_iter().chain(others)) {
        page.text.push('\n');
        let hash = if field.is_needed { "" } else { "#" };
        page.about(field, "", "");
        page.field(field, hash, "");
    }
    page.text
}

/// Of a oneof's fields only the first is shown.
fn without_other_names<'a>(fields: impl IntoIterator<Item = &'a FieldDescription>) -> Vec<&'a FieldDescription> {
    let mut shown: Vec<&FieldDescription> = Vec::new();
    for field in fields {
        if !shown.iter().any(|before| field.alternatives.contains(&before.name)) {
            shown.push(field);
        }
    }
    shown
}

struct Page {
    text: String,
}

impl Page {
    /// A field with its nested fields. Every line begins with `hash`, which comments it out, and then `margin`.
    fn field(&mut self, field: &FieldDescription, hash: &str, margin: &str) {
        if field.fields.is_empty() || field.is_map {
            return self.lines(&json!({ &*field.name: field.sample }), hash, margin);
        }
        self.lines(&json!({ &*field.name: null }), hash, margin);
        // A key without a value, which the nested fields follow.
        self.text.truncate(self.text.trim_end().trim_end_matches("null").trim_end().len());
        self.text.push('\n');
        let mut below = format!("{margin}  ");
        if field.sample.is_array() {
            self.line(hash, &below, "-");
            below.push_str("  ");
        }
        for (at, inner) in without_other_names(&field.fields).into_iter().enumerate() {
            if at > 0 {
                self.line(hash, "", "");
            }
            self.about(inner, hash, &below);
            self.field(inner, hash, &below);
        }
    }

    fn lines(&mut self, entry: &Value, hash: &str, margin: &str) {
        yaml::to_text(entry).lines().for_each(|line| self.line(hash, margin, line));
    }

    /// Type, requirement, description and values.
    fn about(&mut self, field: &FieldDescription, hash: &str, margin: &str) {
        let mut head = field.plain_type.clone();
        if field.is_needed {
            head.push_str(", required");
        }
        if field.is_deprecated {
            head.push_str(", deprecated");
        }
        if !field.alternatives.is_empty() {
            let _ = write!(head, ", or instead {}", field.alternatives.join(", "));
        }
        if let Some(example) = field.example {
            let _ = write!(head, ", {example}");
        }
        if !field.values.is_empty() {
            let names: Vec<&str> = field.values.iter().map(|value| value.name.as_str()).collect();
            let _ = write!(head, ": {}", names.join(", "));
        }
        self.remark(hash, margin, &head);
        field.description.iter().for_each(|description| self.remark(hash, margin, description));
        if !field.names_below.is_empty() {
            self.remark(hash, margin, &format!("fields: {}", field.names_below.join(", ")));
        }
    }

    fn remark(&mut self, hash: &str, margin: &str, text: &str) {
        for line in text.split('\n') {
            let line = format!("# {}", sanitize::control(line));
            self.line(hash, margin, line.trim_end());
        }
    }

    fn line(&mut self, hash: &str, margin: &str, text: &str) {
        let line = format!("{hash}{margin}{text}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}
