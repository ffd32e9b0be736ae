//! Rules about the events that a webhook makes of a payload.

use std::collections::HashSet;

use serde_json::Value;

use super::finding::{Deviation, FindingGroups, dotted};
use super::kind::PluginKind;
use super::rule::TestRule;
use super::step::Step;
use super::values::{items, text};
use crate::query::timestamp;

/// Checks one answer of `Event.parse`. An absent severity says nothing: NONE is not on the wire.
pub fn check(kind: PluginKind, answer: &Value, findings: &mut FindingGroups) {
    let mut keys = HashSet::new();
    for (index, event) in items(answer, "results") {
        let of_field = |rule, field: &str, message: String| {
            Deviation::at(rule, dotted("results").index(index).key(field), message)
        };
        match text(event, "event_key") {
            None => findings.report(of_field(TestRule::EventKey, "event_key", "it is missing".to_owned())),
            Some(key) if !keys.insert(key) => {
                let message = "another event of this payload has the same key".to_owned();
                findings.report(of_field(TestRule::EventKeyShared, "event_key", message));
            }
            Some(_) => {}
        }
        let types = event_types(kind);
        let event_type = text(event, "event_type");
        if !event_type.is_some_and(|event_type| types.contains(&event_type)) {
            let found = event_type.unwrap_or("nothing");
            let message = format!("expected one of {}, found {found}", types.join(", "));
            findings.report(of_field(TestRule::EventType, "event_type", message));
        }
        match text(event, "occurred_at") {
            None => {
                let message = "it is missing: the time of the request is taken".to_owned();
                findings.report(of_field(TestRule::EventOccurredAt, "occurred_at", message).warning());
            }
            Some(time) if timestamp::from_iso8601(time).is_none() => {
                let deviation = of_field(TestRule::EventOccurredAt, "occurred_at", "it is not ISO 8601".to_owned());
                findings.report(deviation.detail(format!(": {time}")).hint("e.g. 2026-11-22T06:15:15.000Z"));
            }
            Some(_) => {}
        }
        if text(event, "title").is_none() {
            findings.report(of_field(TestRule::EventTitle, "title", "it is missing".to_owned()));
        }
    }
    if items(answer, "results").next().is_none() {
        findings.report(Deviation::new(TestRule::EventNone, "results", "the payload has no events"));
    }
}

/// The values of `event_type`.
pub fn event_types(kind: PluginKind) -> &'static [&'static str] {
    match kind {
        PluginKind::AlertWebhook => &["ALERT", "RECOVERY"],
        _ => &["ALERT", "RECOVERY", "ERROR"],
    }
}

/// Compares two answers to one payload.
pub fn check_keys(first: &Value, second: &Value, findings: &mut FindingGroups) {
    let keys = |answer| items(answer, "results").map(|(_, event)| text(event, "event_key")).collect::<Vec<_>>();
    let (first, second) = (keys(first), keys(second));
    let mut both = first.iter().zip(&second);
    let index = both.position(|(first, second)| first != second).or_else(|| {
        let is_same = first.len() == second.len();
        (!is_same).then(|| first.len().min(second.len()))
    });
    if let Some(index) = index {
        let path = dotted("results").index(index).key("event_key");
        let message = "the same payload gave another key the second time";
        findings.report_of(Some(Step::Parse), Deviation::at(TestRule::EventKeyStable, path, message));
    }
}
