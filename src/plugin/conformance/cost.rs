//! Rules about what the cost-analysis service reads.

use jiff::civil::Date;
use serde_json::Value;

use super::finding::{Deviation, FindingGroups, dotted};
use super::rule::TestRule;
use super::values::{dollar_key, is_non_finite, items, longer_than, non_finite, text, truthy_at};
use crate::text::value_ext::{is_empty, kind_of};

const CONDITION_KEYS: [&str; 7] =
    ["provider", "region_code", "product", "account", "usage_type", "resource_group", "resource"];
const CONDITION_PREFIXES: [&str; 2] = ["tags.", "additional_info."];
const OPERATORS: [&str; 4] = ["eq", "contain", "not", "not_contain"];

/// The texts of a cost with their most characters.
const LENGTHS: [(&str, usize); 5] =
    [("provider", 40), ("usage_unit", 255), ("region_code", 255), ("product", 255), ("usage_type", 255)];

pub fn check_metadata(metadata: &Value, findings: &mut FindingGroups) {
    let currency = "metadata.currency";
    match metadata.get("currency") {
        Some(Value::String(code)) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {}
        None | Some(Value::Null) => findings.report(Deviation::new(TestRule::CostCurrency, currency, "it is missing")),
        Some(_) => {
            let message = "expected three capital letters, e.g. USD";
            findings.report(Deviation::new(TestRule::CostCurrency, currency, message).warning());
        }
    }
    let routes = metadata.get("use_account_routing").and_then(Value::as_bool) == Some(true);
    if routes && text(metadata, "account_match_key").is_none() {
        let message = "use_account_routing is true, and this is missing";
        let deviation = Deviation::new(TestRule::CostRoutingKey, "metadata.account_match_key", message);
        findings.report(deviation.hint("if init answers it, release 2.0.108 of the plugin library dropped it"));
    }
    for (index, rule) in items(metadata, "data_source_rules") {
        for (field, message) in rule_faults(rule) {
            let path = dotted("metadata.data_source_rules").index(index);
            let path = if field.is_empty() { path } else { path.key(field) };
            findings.report(Deviation::at(TestRule::CostRules, path, message));
        }
    }
}

/// The fields that make the service refuse a rule, and why.
fn rule_faults(rule: &Value) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let policy = text(rule, "conditions_policy").unwrap_or("nothing");
    if !["ALL", "ANY", "ALWAYS"].contains(&policy) {
        faults.push(("conditions_policy", format!("expected ALL, ANY or ALWAYS, found {policy}")));
    }
    if policy != "ALWAYS" && items(rule, "conditions").next().is_none() {
        faults.push(("conditions", "they are missing, which only ALWAYS allows".to_owned()));
    }
    for (_, condition) in items(rule, "conditions").filter(|_| policy != "ALWAYS") {
        let (key, operator) = (text(condition, "key"), text(condition, "operator"));
        let is_key = |key: &str| {
            CONDITION_KEYS.contains(&key) || CONDITION_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        };
        if !key.is_some_and(is_key) {
            let known = [&CONDITION_KEYS[..], &["tags.*", "additional_info.*"]].concat().join(", ");
            faults.push(("conditions", format!("expected a key of {known}, found {}", key.unwrap_or("nothing"))));
        }
        if !operator.is_some_and(|operator| OPERATORS.contains(&operator)) {
            let found = operator.unwrap_or("nothing");
            faults.push(("conditions", format!("expected an operator of {}, found {found}", OPERATORS.join(", "))));
        }
        if truthy_at(condition, "value").is_none() {
            faults.push(("conditions", "a condition has no value".to_owned()));
        }
    }
    let actions = rule.get("actions").and_then(Value::as_object);
    if actions.is_none() {
        faults.push(("actions", "they are missing".to_owned()));
    }
    let matches =
        actions.into_iter().flatten().filter(|(name, action)| name.starts_with("match_") && !is_empty(action));
    for (name, _) in matches.filter(|(_, action)| action.get("source").is_none()) {
        faults.push(("actions", format!("{name} has no source")));
    }
    faults
}

/// Checks one message of `Cost.get_data`.
pub fn check(answer: &Value, findings: &mut FindingGroups) {
    for (index, cost) in items(answer, "results") {
        let of_field = |rule, field: &str, message: String| {
            Deviation::at(rule, dotted("results").index(index).key(field), message)
        };
        match text(cost, "billed_date") {
            None => {
                let deviation = of_field(TestRule::CostBilledDate, "billed_date", "it is missing".to_owned());
                findings.report(match text(cost, "billed_at") {
                    Some(_) => deviation.hint("billed_at is a field of API 1"),
                    None => deviation,
                });
            }
            Some(date) if !is_date(date) => {
                let deviation = of_field(TestRule::CostBilledDate, "billed_date", "expected YYYY-MM-DD".to_owned());
                findings.report(deviation.detail(format!(", found {date}")));
            }
            Some(_) => {}
        }
        for (field, max) in LENGTHS {
            if let Some(length) = cost.get(field).and_then(|text| longer_than(text, max)) {
                let message = format!("longer than {max} characters");
                findings.report(of_field(TestRule::CostLengths, field, message).detail(format!(": it has {length}")));
            }
        }
        for field in ["tags", "additional_info", "data"] {
            let Some(free) = cost.get(field) else { continue };
            if let Some(key) = free.as_object().and_then(dollar_key) {
                findings.report(of_field(TestRule::CostLengths, field, format!("the key {key} begins with $")));
            }
            if let Some(word) = non_finite(free) {
                findings.report(of_field(TestRule::NonFinite, field, format!("a number is {word}")).warning());
            }
        }
        for field in ["cost", "usage_quantity"] {
            if let Some(word) = text(cost, field).filter(|text| is_non_finite(text)) {
                findings.report(of_field(TestRule::NonFinite, field, format!("it is {word}")));
            }
        }
    }
}

/// Whether `%Y-%m-%d` of Python takes it, also without leading zeros.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |lengths: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let is_number = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { part.parse::<i16>().ok() } else { None }
    };
    let (year, month, day) = (number(4..=4), number(1..=2), number(1..=2));
    let date = || Date::new(year?, i8::try_from(month?).ok()?, i8::try_from(day?).ok()?).ok();
    parts.next().is_none() && date().is_some()
}

/// Checks the answer of `get_tasks` beyond its tasks: what has changed, and which accounts were synchronized.
pub fn check_changes(answer: &Value, findings: &mut FindingGroups) {
    for (index, changed) in items(answer, "changed") {
        for field in ["start", "end"] {
            let Some(month) = changed.get(field).filter(|month| !is_empty(month)) else { continue };
            if !month.as_str().is_some_and(|month| month.len() <= 7 && is_date(&format!("{month}-01"))) {
                let path = dotted("changed").index(index).key(field);
                let found = month.as_str().unwrap_or_else(|| kind_of(month));
                let deviation = Deviation::at(TestRule::TasksShape, path, "expected YYYY-MM");
                findings.report(deviation.detail(format!(", found {found}")));
            }
        }
    }
    for (index, account) in items(answer, "synced_accounts") {
        if account.get("account_id").and_then(|id| longer_than(id, 100)).is_some() {
            let path = dotted("synced_accounts").index(index).key("account_id");
            findings.report(Deviation::at(TestRule::TasksShape, path, "longer than 100 characters"));
        }
    }
}
