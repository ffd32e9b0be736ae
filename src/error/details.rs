//! Error details as lines of text.

use serde_json::Value;

use crate::text::json;

/// Types with a list of one kind of thing: the list, and the fields of an item that make a line.
const LISTS: [(&str, &str, &[&str]); 4] = [
    ("BadRequest", "field_violations", &["field", "description"]),
    ("PreconditionFailure", "violations", &["type", "subject", "description"]),
    ("QuotaFailure", "violations", &["subject", "description"]),
    ("Help", "links", &["description", "url"]),
];

/// The lines of a detail of google.rpc's or another type.
///
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto> says what each field means.
pub(super) fn lines(detail: &Value) -> Vec<String> {
    let full_name = detail["@type"].as_str().unwrap_or_default();
    let full_name = full_name.rsplit('/').next().unwrap_or_default();
    let name = full_name.strip_prefix("google.rpc.").unwrap_or(full_name);
    let known = LISTS.iter().find(|(known, ..)| *known == name);
    if let Some((items, fields)) = known.and_then(|(_, list, fields)| Some((detail[list].as_array()?, fields))) {
        return items.iter().map(|item| joined(fields.iter().map(|field| &item[field]))).collect();
    }
    vec![match name {
        "LocalizedMessage" => joined([&detail["message"]]),
        "ErrorInfo" => error_info(detail),
        "RetryInfo" => format!("try again after {}", joined([&detail["retry_delay"]])),
        _ => {
            let mut fields = detail.clone();
            fields.as_object_mut().map(|fields| fields.shift_remove("@type"));
            format!("{name} {}", json::compact(&fields))
        }
    }]
}

/// `REASON (domain): key=value, ...`
fn error_info(detail: &Value) -> String {
    let metadata = detail["metadata"].as_object().into_iter().flatten();
    let metadata: Vec<_> = metadata.map(|(key, value)| format!("{key}={}", joined([value]))).collect();
    let reason = format!("{} ({})", joined([&detail["reason"]]), joined([&detail["domain"]]));
    if metadata.is_empty() { reason } else { format!("{reason}: {}", metadata.join(", ")) }
}

/// The texts that are not empty.
fn joined<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let texts = values.into_iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(": ")
}
