//! Rules about match rules, with which inventory finds an existing resource.

use serde_json::Value;

use super::finding::{Deviation, FindingGroups, dotted};
use super::rule::TestRule;
use super::values::truthy_at;
use crate::text::value_ext::is_empty;

/// Checks `match_rules` of a message, and returns the values of the first rule that has any.
pub fn check<'a>(resource_type: &str, answer: &'a Value, findings: &mut FindingGroups) -> Vec<&'a Value> {
    let rules = answer.get("match_rules").and_then(Value::as_object).filter(|rules| !rules.is_empty());
    let (Some(rules), Some(resource)) = (rules, answer.get("resource")) else {
        if rules.is_none() {
            let message = format!("{resource_type} needs match rules, and has none");
            let keys = match resource_type {
                "inventory.CloudServiceType" => r#""name", "group", "provider""#,
                "inventory.Region" => r#""region_code", "provider""#,
                _ => r#""reference.resource_id", "provider", "cloud_service_type", "cloud_service_group""#,
            };
            let hint = format!("give match_keys, e.g. [[{keys}]]");
            findings.report(Deviation::new(TestRule::MatchRulesMissing, "match_rules", message).hint(hint));
        }
        return Vec::new();
    };
    // In the order in which the service tries them.
    let mut rules: Vec<(&String, &Value)> = rules.iter().collect();
    rules.sort_by_key(|(number, _)| number.parse::<u64>().unwrap_or(u64::MAX));
    let mut first = Vec::new();
    for (number, keys) in rules {
        let path = dotted("match_rules").key(number);
        let keys: Option<Vec<&str>> =
            keys.as_array().and_then(|keys| keys.iter().map(Value::as_str).collect::<Option<_>>());
        let Some(keys) = keys.filter(|keys| !keys.is_empty()) else {
            let message = format!("rule {number} of {resource_type} is not a list of paths");
            findings.report(Deviation::at(TestRule::MatchRulesMissing, path, message));
            continue;
        };
        let values: Vec<(&str, Option<&Value>)> = keys.iter().map(|key| (*key, truthy_at(resource, key))).collect();
        if values.iter().all(|(_, value)| value.is_none()) {
            let keys = keys.join(", ");
            let message = format!("rule {number} of {resource_type} matches any resource: no value at {keys}");
            let deviation = Deviation::at(TestRule::MatchRulesVoid, path, message);
            findings.report(
                if keys.contains("data.") && resource.get("json_data").is_some_and(|text| !is_empty(text)) {
                    deviation.hint("paths into data find nothing in json_data: use other keys, or send data")
                } else {
                    deviation
                },
            );
            continue;
        }
        for (key, _) in values.iter().filter(|(_, value)| value.is_none()) {
            let message = format!("rule {number} of {resource_type} ignores {key}, which has no value");
            findings.report(Deviation::at(TestRule::MatchRulesLoose, path.clone(), message));
        }
        if first.is_empty() {
            first = values.iter().filter_map(|(_, value)| *value).collect();
        }
    }
    first
}
