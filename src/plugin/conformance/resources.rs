//! Rules about the messages of `Collector.collect`, and counts of them.
//!
//! A stream can have millions: only counts, hashes and first messages stay.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use serde_json::Value;

use super::finding::{Deviation, FindingGroups, shortened};
use super::metadata::{RESOURCE_TYPES, SERVER};
use super::rule::TestRule;
use super::step::Step;
use super::values::text;
use super::{match_rules, resource_fields};

/// The most rows of a summary; further types and states are counted in the last.
const MAX_ROWS: usize = 50;
/// The most different messages of failures in a row.
const MAX_MESSAGES: usize = 5;
/// The most resources among which duplicates are looked for: their hashes take 16 to 32 MiB.
const MAX_HASHES: usize = 1_000_000;
/// The most types of cloud services, and of those that lack a CloudServiceType.
const MAX_TYPES: usize = 10_000;

const MIB: usize = 1024 * 1024;

/// A row of the summary of what was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectedRow {
    pub resource_type: String,
    /// `SUCCESS`, `FAILURE`, or another state; `NONE` if it is not set.
    pub state: String,
    pub count: u64,
    pub bytes: u64,
    /// The size of the largest message.
    pub largest: usize,
    /// The first different messages of failures.
    pub messages: Vec<String>,
    hashes: Vec<u64>,
}

/// The summary of all streams.
#[derive(Debug, Default)]
pub struct Collected {
    rows: Vec<CollectedRow>,
    count: u64,
    failures: u64,
    resources: HashSet<u64>,
    delivered_types: HashSet<u64>,
    /// The types of cloud services, by their hashes.
    used_types: HashMap<u64, String>,
}

impl Collected {
    pub fn rows(&self) -> &[CollectedRow] {
        &self.rows
    }

    pub fn has_only_failures(&self) -> bool {
        self.count > 0 && self.failures == self.count
    }

    /// Checks a message, whose encoded size is `bytes`.
    pub fn check(&mut self, answer: &Value, bytes: usize, findings: &mut FindingGroups) {
        let resource_type = text(answer, "resource_type").unwrap_or_default();
        let state = text(answer, "state").unwrap_or("NONE");
        let message = text(answer, "message");
        self.count(resource_type, state, message, bytes);
        check_size(bytes, findings);
        let is_known = RESOURCE_TYPES.contains(&resource_type);
        if !is_known {
            let message = match resource_type {
                "" => "it is missing".to_owned(),
                SERVER => format!("{SERVER} is a resource type of API 1"),
                other => format!("inventory has no resource type {other}"),
            };
            let deviation = Deviation::new(TestRule::ResourceType, "resource_type", message);
            findings.report(deviation.hint(format!("resource types: {}", RESOURCE_TYPES.join(", "))));
        }
        match state {
            "SUCCESS" => {}
            "FAILURE" => {
                let failed = match message {
                    Some(message) => format!(", first: {message}"),
                    None => {
                        let missing = Deviation::new(TestRule::FailureMessage, "message", "a FAILURE has no message");
                        findings.report(missing.hint("the plugin library makes it of the key error_message"));
                        String::new()
                    }
                };
                // The libraries send ErrorResource, and what it was for in it.
                let name = answer.get("resource").and_then(|resource| text(resource, "resource_type"));
                let name = name.unwrap_or(if resource_type.is_empty() { "a resource" } else { resource_type });
                findings.report(Deviation::new(TestRule::ResourceFailure, "", format!("{name} failed")).detail(failed));
                return;
            }
            other => {
                let message = format!("{other} counts as success: expected SUCCESS or FAILURE");
                findings.report(Deviation::new(TestRule::ResourceState, "state", message));
            }
        }
        if is_known && resource_type != "inventory.ErrorResource" {
            self.check_resource(resource_type, answer, findings);
        }
    }

    fn check_resource(&mut self, resource_type: &str, answer: &Value, findings: &mut FindingGroups) {
        let name = resource_type.trim_start_matches("inventory.");
        if matches!(name, "CloudService" | "CloudServiceType" | "Region") {
            let values = match_rules::check(resource_type, answer, findings);
            let hash = hash_of(&(resource_type, values.iter().map(|value| value.to_string()).collect::<Vec<_>>()));
            if self.resources.len() < MAX_HASHES && !values.is_empty() && !self.resources.insert(hash) {
                let message = format!("{resource_type} has the values of an earlier one");
                findings.report(Deviation::new(TestRule::ResourceDuplicate, "match_rules", message));
            }
        }
        let Some(resource) = answer.get("resource").filter(|resource| resource.is_object()) else {
            let message = format!("{resource_type} has no resource");
            let deviation = Deviation::new(TestRule::ResourceRequired, "resource", message);
            return findings.report(deviation.hint("give the fields under the key that the library has for this type"));
        };
        resource_fields::check(name, resource, findings);
        let fields = match name {
            "CloudService" => ["provider", "cloud_service_group", "cloud_service_type"],
            "CloudServiceType" => ["provider", "group", "name"],
            _ => return,
        };
        let fields = fields.map(|field| text(resource, field).unwrap_or_default());
        if fields.contains(&"") {
            return;
        }
        if name == "CloudServiceType" && self.delivered_types.len() < MAX_TYPES {
            self.delivered_types.insert(hash_of(&fields));
        } else if name == "CloudService" && self.used_types.len() < MAX_TYPES {
            self.used_types.entry(hash_of(&fields)).or_insert_with(|| fields.join(" / "));
        }
    }

    fn count(&mut self, resource_type: &str, state: &str, message: Option<&str>, bytes: usize) {
        self.count += 1;
        self.failures += u64::from(state == "FAILURE");
        let is_row = |row: &CollectedRow| row.resource_type == resource_type && row.state == state;
        let index = self.rows.iter().position(is_row).unwrap_or_else(|| {
            if self.rows.len() < MAX_ROWS {
                let (resource_type, state) = (resource_type.to_owned(), state.to_owned());
                self.rows.push(CollectedRow { resource_type, state, ..CollectedRow::default() });
            }
            self.rows.len() - 1
        });
        let row = &mut self.rows[index];
        row.count += 1;
        row.bytes += bytes as u64;
        row.largest = row.largest.max(bytes);
        if let Some(message) = message.filter(|_| state == "FAILURE" && row.messages.len() < MAX_MESSAGES) {
            // Each message is masked only once: there can be a million.
            let hash = hash_of(&message);
            if !row.hashes.contains(&hash) {
                row.hashes.push(hash);
                row.messages.push(shortened(message));
            }
        }
    }

    /// Checks what only the whole shows, after all streams ended with OK.
    pub fn conclude(&self, findings: &mut FindingGroups) {
        if self.delivered_types.is_empty() || self.delivered_types.len() >= MAX_TYPES {
            return;
        }
        let mut orphans: Vec<&String> = self
            .used_types
            .iter()
            .filter(|(hash, _)| !self.delivered_types.contains(hash))
            .map(|(_, name)| name)
            .collect();
        orphans.sort_unstable();
        for name in orphans {
            let message = format!("no inventory.CloudServiceType for {name} (provider, group, type)");
            findings.report_of(Some(Step::Collect), Deviation::new(TestRule::ResourceOrphan, "", message));
        }
    }
}

fn check_size(bytes: usize, findings: &mut FindingGroups) {
    let of_size = |message: &str| Deviation::new(TestRule::Size, "", message).detail(format!(": {} MiB", bytes / MIB));
    findings.report(match bytes / MIB {
        0..4 => return,
        4..16 => of_size("a message is larger than 4 MiB, which default gRPC clients refuse").warning(),
        16..256 => of_size("a resource is larger than 16 MiB, which MongoDB refuses"),
        _ => of_size("a message is larger than 256 MiB, which the inventory service refuses"),
    });
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
