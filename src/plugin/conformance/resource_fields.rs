//! Rules about the fields of collected resources, by their type.

use serde_json::{Map, Value};

use super::finding::{Deviation, FindingGroups};
use super::rule::TestRule;
use super::values::{dollar_key, longer_than, look_up, non_finite, text};
use crate::text::value_ext::kind_of;

/// The requirements of the inventory service for one type of resource.
struct ResourceFields {
    name: &'static str,
    /// Missing or null: refused.
    required: &'static [&'static str],
    /// Texts and lists of texts, with their most characters.
    lengths: &'static [(&'static str, usize)],
}

const TYPES: [ResourceFields; 5] = [
    ResourceFields {
        name: "CloudService",
        required: &["provider", "cloud_service_group", "cloud_service_type"],
        lengths: &[
            ("provider", 255),
            ("cloud_service_group", 255),
            ("cloud_service_type", 255),
            ("account", 255),
            ("instance_type", 255),
            ("region_code", 255),
            ("ip_addresses", 255),
        ],
    },
    ResourceFields {
        name: "CloudServiceType",
        required: &["name", "group", "provider"],
        lengths: &[("name", 255), ("group", 255), ("provider", 255), ("service_code", 255), ("labels", 255)],
    },
    ResourceFields {
        name: "Region",
        required: &["region_code", "provider", "name"],
        lengths: &[("region_code", 255), ("provider", 255), ("name", 255)],
    },
    ResourceFields {
        name: "Namespace",
        required: &["name", "resource_type"],
        lengths: &[("name", 40), ("group", 40), ("category", 40), ("namespace_id", 80), ("version", 40)],
    },
    ResourceFields {
        name: "Metric",
        required: &["name", "metric_type", "query_options", "namespace_id"],
        lengths: &[("name", 80), ("metric_id", 80), ("namespace_id", 80), ("version", 40)],
    },
];

/// Checks the fields of a resource; `name` is its type without `inventory.`.
pub fn check(name: &str, resource: &Value, findings: &mut FindingGroups) {
    let Some(fields) = TYPES.iter().find(|fields| fields.name == name) else { return };
    let mut report = |rule, field: &str, message: String| {
        findings.report(Deviation::new(rule, &format!("resource.{field}"), message));
    };
    let of_field = TestRule::ResourceTypeOfField;
    for field in fields.required.iter().filter(|field| resource.get(field).is_none_or(Value::is_null)) {
        report(TestRule::ResourceRequired, field, format!("{name} needs it, and it is missing"));
    }
    for (field, max) in fields.lengths {
        let Some(value) = resource.get(field) else { continue };
        let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if texts.iter().any(|text| longer_than(text, *max).is_some()) {
            report(of_field, field, format!("longer than {max} characters"));
        }
    }
    let has = |field: &str| text(resource, field).is_some();
    match name {
        "Metric" if !matches!(text(resource, "metric_type"), None | Some("COUNTER" | "GAUGE")) => {
            report(TestRule::ResourceRequired, "metric_type", "expected COUNTER or GAUGE".to_owned());
        }
        "Region" if resource.get("name").is_some_and(|name| name == "") => {
            let message = "a region has no name".to_owned();
            findings.report(Deviation::new(TestRule::ResourceRequired, "resource.name", message).warning());
        }
        "CloudService" => {
            if resource.get("data").is_none() && !has("json_data") {
                report(TestRule::ResourceRequired, "data", format!("{name} needs data or json_data"));
            }
            if !has("name") && look_up(resource, "reference.resource_id").is_none_or(Value::is_null) {
                let message = "a cloud service has neither name nor reference.resource_id";
                findings.report(Deviation::new(TestRule::ResourceRequired, "resource", message).warning());
            }
        }
        _ => {}
    }
    if let Some(word) = non_finite(resource) {
        let message = format!("a number is {word}");
        findings.report(Deviation::new(TestRule::NonFinite, "resource", message).warning());
    }
    if matches!(name, "CloudService" | "CloudServiceType") {
        check_types(resource, findings);
        check_free(resource, findings);
    }
}

/// Checks the types of fields that are set.
fn check_types(resource: &Value, findings: &mut FindingGroups) {
    let set = |field: &str| resource.get(field).filter(|value| !value.is_null());
    let mut report = |field: &str, message: String| {
        findings.report(Deviation::new(TestRule::ResourceTypeOfField, &format!("resource.{field}"), message));
    };
    let mut expect = |field: &str, expected: &str, is_right: fn(&Value) -> bool| {
        if let Some(value) = set(field).filter(|value| !is_right(value)) {
            report(field, format!("expected {expected}, found {}", kind_of(value)));
        }
    };
    expect("instance_size", "a number", Value::is_number);
    expect("ip_addresses", "a list of texts", super::values::is_list_of_texts);
    expect("tags", "a mapping or a list of key and value", |tags| match tags {
        Value::Array(tags) => tags.iter().all(|tag| tag.get("key").is_some() && tag.get("value").is_some()),
        tags => tags.is_object(),
    });
    expect("reference", "a mapping", Value::is_object);
    for (key, value) in set("reference").and_then(Value::as_object).into_iter().flatten() {
        if !matches!(key.as_str(), "resource_id" | "external_link") {
            report("reference", format!("{key} is unknown: expected resource_id and external_link"));
        } else if !value.is_string() && !value.is_null() {
            report("reference", format!("expected text in {key}, found {}", kind_of(value)));
        }
    }
}

/// Checks `data` and `metadata`, also as JSON texts.
fn check_free(resource: &Value, findings: &mut FindingGroups) {
    for (free, as_json) in [("data", "json_data"), ("metadata", "json_metadata")] {
        if let Some(key) = resource.get(free).and_then(Value::as_object).and_then(dollar_key) {
            report_dollar(free, key, findings);
        }
        match resource.get(as_json) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(json) => match json.as_str().and_then(parse_object) {
                Some((object, is_finite)) => {
                    if let Some(key) = dollar_key(&object) {
                        report_dollar(as_json, key, findings);
                    }
                    if !is_finite {
                        let path = format!("resource.{as_json}");
                        findings.report(Deviation::new(TestRule::NonFinite, &path, "a number is not finite").warning());
                    }
                }
                None => {
                    let path = format!("resource.{as_json}");
                    findings.report(Deviation::new(TestRule::ResourceJson, &path, "expected a JSON object as text"));
                }
            },
        }
    }
}

fn report_dollar(field: &str, key: &str, findings: &mut FindingGroups) {
    let (path, message) = (format!("resource.{field}"), format!("the key {key} begins with $"));
    findings.report(Deviation::new(TestRule::ResourceTypeOfField, &path, message));
}

/// Parses a JSON object as Python does, which takes NaN and Infinity; and says whether it has none of them.
fn parse_object(text: &str) -> Option<(Map<String, Value>, bool)> {
    let parse = |text: &str| serde_json::from_str(text).ok();
    let is_finite = |object| (object, true);
    // Texts change with it, but only keys are looked at.
    let finite =
        || ["-Infinity", "Infinity", "NaN"].iter().fold(text.to_owned(), |text, word| text.replace(word, "null"));
    parse(text).map(is_finite).or_else(|| Some((parse(&finite())?, false)))
}
