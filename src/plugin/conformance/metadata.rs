//! Rules about metadata, which `init` answers.
//!
//! They know the keys that the platform reads, and those of its plugin libraries. These fill in the keys that a
//! collector or a cost data source leaves out, so an absent key says nothing.

use serde_json::{Map, Value};

use super::cost;
use super::finding::{Deviation, FindingGroups, dotted};
use super::kind::{MonitoringType, PluginKind};
use super::options_schema;
use super::rule::TestRule;
use super::values::{is_list_of_texts, items, text};
use crate::schema::did_you_mean::misspelt;
use crate::text::quoted_list;
use crate::text::value_ext::{is_empty, kind_of};

const COLLECTOR_KEYS: [&str; 7] = [
    "supported_resource_type",
    "supported_schedules",
    "supported_features",
    "filter_format",
    "options_schema",
    // Read by the inventory service, given by plugins without the library.
    "concurrency",
    "collector_rules",
];
const PROTOCOL_KEYS: [&str; 2] = ["data_type", "data"];
const COST_KEYS: [&str; 13] = [
    "data_source_rules",
    "supported_secret_types",
    "currency",
    "alias",
    "use_account_routing",
    "account_connect_polices",
    "account_match_key",
    "additional_info",
    // Given by public plugins.
    "cost_info",
    "data_info",
    "collect_resource_id",
    "exclude_license_cost",
    "include_credit_cost",
];

/// The resource types of the inventory service.
pub(super) const RESOURCE_TYPES: [&str; 6] = [
    "inventory.CloudService",
    "inventory.CloudServiceType",
    "inventory.Region",
    "inventory.Namespace",
    "inventory.Metric",
    "inventory.ErrorResource",
];
/// A resource type of API 1.
pub(super) const SERVER: &str = "inventory.Server";

/// The words in lists of a collector's metadata.
const KNOWN_WORDS: [(&str, &[&str]); 3] = [
    ("supported_resource_type", &RESOURCE_TYPES),
    ("supported_features", &["garbage_collection"]),
    ("supported_schedules", &["hours", "interval", "cron"]),
];

/// Checks the answer of `init`. `monitoring_type` is that of the spec.
pub fn check(kind: PluginKind, monitoring_type: Option<MonitoringType>, answer: &Value, findings: &mut FindingGroups) {
    // 10 of 10 public webhooks answer an empty one, and no service reads it.
    if kind.is_webhook() {
        return;
    }
    let Some(metadata) = answer.get("metadata").and_then(Value::as_object) else {
        let deviation = Deviation::new(TestRule::MetadataAbsent, "metadata", "init answers no metadata")
            .hint("answer {\"metadata\": {...}}; look for a misspelt `metadata`");
        // Nothing is known of what alert_manager does without.
        findings.report(if kind == PluginKind::AlertProtocol { deviation.warning() } else { deviation });
        return;
    };
    if metadata.is_empty() {
        let is_needed = match kind {
            PluginKind::Protocol | PluginKind::CostDataSource => true,
            PluginKind::MonitoringDataSource => monitoring_type == Some(MonitoringType::Metric),
            _ => false,
        };
        let deviation = Deviation::new(TestRule::MetadataEmpty, "metadata", "it is empty");
        findings.report(if is_needed { deviation } else { deviation.info() });
    }
    let of_answer = Value::Object(metadata.clone());
    match kind {
        PluginKind::Collector => {
            check_unknown_keys(metadata, &COLLECTOR_KEYS, findings);
            check_words(&of_answer, findings);
            options_schema::check(&of_answer, findings);
        }
        PluginKind::Protocol => {
            check_unknown_keys(metadata, &PROTOCOL_KEYS, findings);
            check_data_type(&of_answer, findings);
            options_schema::check_protocol(&of_answer, findings);
        }
        PluginKind::CostDataSource => {
            check_unknown_keys(metadata, &COST_KEYS, findings);
            cost::check_metadata(&of_answer, findings);
        }
        PluginKind::MonitoringDataSource => check_monitoring(metadata, monitoring_type, findings),
        _ => {}
    }
}

fn check_unknown_keys(metadata: &Map<String, Value>, known: &[&str], findings: &mut FindingGroups) {
    for key in metadata.keys().filter(|key| !known.contains(&key.as_str())) {
        let path = dotted("metadata").key(key);
        let deviation = Deviation::at(TestRule::MetadataUnknownKey, path, "unknown key, dropped by the library");
        findings.report(match misspelt(key, known.iter().copied()) {
            Some(meant) => deviation.hint(format!("did you mean {meant}?")),
            None => deviation.info(),
        });
    }
}

fn check_words(metadata: &Value, findings: &mut FindingGroups) {
    for (list, known) in KNOWN_WORDS {
        for (index, word) in items(metadata, list) {
            let word = word.as_str().unwrap_or_else(|| kind_of(word));
            if known.contains(&word) {
                continue;
            }
            let mut deviation = Deviation::new(TestRule::KnownWords, &format!("metadata.{list}"), "");
            deviation.path.push_index(index);
            findings.report(if word == SERVER {
                Deviation { message: format!("{SERVER} is a resource type of API 1"), ..deviation.info() }
            } else {
                Deviation { message: format!("unknown word {word}"), ..deviation }
                    .hint(format!("known words: {}", known.join(", ")))
            });
        }
    }
}

fn check_data_type(metadata: &Value, findings: &mut FindingGroups) {
    let message = match metadata.get("data_type") {
        Some(Value::String(word)) if word == "PLAIN_TEXT" || word == "SECRET" => return,
        Some(Value::String(word)) => format!("expected PLAIN_TEXT or SECRET, found {word}"),
        Some(other) => format!("expected PLAIN_TEXT or SECRET, found {}", kind_of(other)),
        None => "it is missing: expected PLAIN_TEXT or SECRET".to_owned(),
    };
    findings.report(Deviation::new(TestRule::ProtocolDataType, "metadata.data_type", message));
}

/// The kind of data source that has the metadata of this answer.
pub fn shape(answer: &Value) -> Option<MonitoringType> {
    shape_of(answer.get("metadata")?.as_object()?)
}

fn shape_of(metadata: &Map<String, Value>) -> Option<MonitoringType> {
    let has = |key| metadata.contains_key(key);
    // supported_stat is the one key that is required, and only of METRIC.
    match (has("supported_stat"), has("view")) {
        (true, _) => Some(MonitoringType::Metric),
        (false, true) => Some(MonitoringType::Log),
        (false, false) => None,
    }
}

fn check_monitoring(metadata: &Map<String, Value>, of_spec: Option<MonitoringType>, findings: &mut FindingGroups) {
    let shape = shape_of(metadata);
    let expected = of_spec.or(shape);
    let known = expected.map_or(&[][..], MonitoringType::metadata_keys);
    let of_any = |key: &&String| MonitoringType::ALL.iter().any(|each| each.metadata_keys().contains(&key.as_str()));
    for key in metadata.keys().filter(|key| !known.contains(&key.as_str())) {
        let path = dotted("metadata").key(key);
        let deviation = |message| Deviation::at(TestRule::MonMetadataUnknownKey, path, message);
        match expected {
            _ if !of_any(&key) => {
                let near = misspelt(key, MonitoringType::ALL.iter().flat_map(|each| each.metadata_keys()).copied());
                let hint = near.map_or_else(|| "remove it".to_owned(), |near| format!("did you mean {near}?"));
                findings.report(deviation("the monitoring service refuses this key".to_owned()).hint(hint));
            }
            Some(expected) => {
                let message = format!("the monitoring service refuses this key of a {} data source", expected.word());
                let deviation = deviation(message);
                findings.report(if of_spec.is_some() { deviation } else { deviation.warning() });
            }
            None => {}
        }
    }
    if expected == Some(MonitoringType::Metric) && !metadata.get("supported_stat").is_some_and(is_list_of_texts) {
        let message = "expected a list of texts, e.g. [AVERAGE, MAX]";
        findings.report(Deviation::new(TestRule::MonStatMissing, "metadata.supported_stat", message));
    }
    if metadata.get("required_keys").is_none_or(|keys| is_empty(keys) || !keys.is_array()) {
        let message = "expected a list with a path in a cloud service, e.g. [reference.resource_id]";
        findings.report(Deviation::new(TestRule::MonRequiredKeys, "metadata.required_keys", message));
    }
    if let (Some(of_spec), Some(shape)) = (of_spec, shape)
        && of_spec != shape
    {
        let (spec, shape) = (of_spec.word(), shape.word());
        let message = format!("the spec's monitoring_type is {spec}, the metadata is that of a {shape} data source");
        findings.report(Deviation::new(TestRule::SpecCapability, "metadata", message).warning());
    }
}

/// Checks the fields of a spec, and returns its `monitoring_type`.
pub fn check_spec(kind: PluginKind, spec: &Value, findings: &mut FindingGroups) -> Option<MonitoringType> {
    let in_capability = |path: &str, message: &str| Deviation::new(TestRule::SpecCapability, path, message);
    let of_spec = text(spec, "resource_type").or_else(|| text(spec, "service_type"));
    if let Some(of_spec) = of_spec.filter(|of_spec| PluginKind::from_resource_type(of_spec) != Some(kind)) {
        let message = format!("the spec is of {of_spec}, the plugin is tested as {}", kind.resource_type());
        findings.report(Deviation::new(TestRule::SpecCapability, "resource_type", message).warning());
    }
    let nothing = Value::Null;
    let capability = spec.get("capability").unwrap_or(&nothing);
    let has_schemas = matches!(kind, PluginKind::MonitoringDataSource | PluginKind::Protocol);
    if has_schemas && capability.get("supported_schema").is_none_or(Value::is_null) {
        findings.report(in_capability("capability.supported_schema", "it is missing").hint("add supported_schema: []"));
    }
    if kind != PluginKind::MonitoringDataSource {
        return None;
    }
    let given = text(capability, "monitoring_type");
    let monitoring_type = MonitoringType::ALL.iter().copied().find(|each| Some(each.word()) == given);
    if monitoring_type.is_none() {
        let words = quoted_list(MonitoringType::ALL.iter().map(|each| each.word()));
        let found = given.map_or("nothing".to_owned(), |given| format!("`{given}`"));
        let message = format!("expected one of {words}, found {found}");
        findings.report(in_capability("capability.monitoring_type", &message));
    }
    monitoring_type
}
