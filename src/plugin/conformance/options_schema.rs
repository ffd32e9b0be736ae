//! Rules about JSON Schemas in metadata, from which the console draws forms.

use serde_json::Value;

use super::finding::{Deviation, FindingGroups, dotted};
use super::rule::TestRule;
use super::values::{items, look_up};
use crate::plugin::json_schema;
use crate::text::value_ext::{is_empty, kind_of};

const OPTIONS: &str = "metadata.options_schema";
const PROTOCOL: &str = "metadata.data.schema";

pub fn check(metadata: &Value, findings: &mut FindingGroups) {
    if let Some(schema) = metadata.get("options_schema").filter(|schema| !is_empty(schema)) {
        check_schema(TestRule::OptionsSchema, OPTIONS, schema, findings);
    }
}

pub fn check_protocol(metadata: &Value, findings: &mut FindingGroups) {
    let warn = |path: &str, message: String| Deviation::new(TestRule::ProtocolSchema, path, message).warning();
    let Some(schema) = look_up(metadata, "data.schema").filter(|schema| !is_empty(schema)) else {
        findings.report(warn(PROTOCOL, "it is empty: the data of channels is not checked".to_owned()));
        return;
    };
    check_schema(TestRule::ProtocolSchema, PROTOCOL, schema, findings);
    let properties = schema.get("properties").and_then(Value::as_object);
    let unknown = items(schema, "required").filter_map(|(_, name)| name.as_str());
    for name in unknown.filter(|name| properties.is_none_or(|properties| !properties.contains_key(*name))) {
        findings.report(warn(&format!("{PROTOCOL}.required"), format!("there is no property {name}")));
    }
    let without_title = properties.into_iter().flatten().filter(|(_, property)| property.get("title").is_none());
    for (name, _) in without_title.filter(|(_, property)| property.is_object()) {
        let path = dotted(&format!("{PROTOCOL}.properties")).key(name);
        let message = "it has no title, which the console shows and errors quote";
        findings.report(Deviation::at(TestRule::ProtocolSchema, path, message).warning());
    }
}

fn check_schema(rule: TestRule, path: &str, schema: &Value, findings: &mut FindingGroups) {
    if !schema.is_object() {
        let message = format!("expected a JSON Schema, found {}", kind_of(schema));
        return findings.report(Deviation::new(rule, path, message));
    }
    json_schema::check(&dotted(path), &without_nulls(schema), &mut |path, expected| {
        let message = format!("not a JSON Schema of draft 7: expected {expected}");
        findings.report(Deviation::at(rule, path.clone(), message));
    });
}

/// Without keys that are null: libraries write what is not set so.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            set.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
