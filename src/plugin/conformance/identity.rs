//! Rules about what the identity service asks of plugins.

use serde_json::Value;

use super::finding::{Deviation, FindingGroups, dotted};
use super::rule::TestRule;
use super::values::{items, text};
use crate::schema::field_path::FieldPath;

/// Checks the answer of `ExternalAuth.authorize`; an absent state is ENABLED.
pub fn check_user(answer: &Value, findings: &mut FindingGroups) {
    if text(answer, "user_id").is_none() {
        findings.report(Deviation::new(TestRule::AuthUser, "user_id", "it is missing"));
    }
}

/// Checks the answer of `AccountCollector.sync`.
pub fn check_accounts(answer: &Value, findings: &mut FindingGroups) {
    for (index, account) in items(answer, "results") {
        let path = dotted("results").index(index);
        check_names(&path, account, findings);
        let locations = path.key("location");
        if items(account, "location").next().is_none() {
            let message = "it is missing: in the scope DOMAIN the account is skipped";
            findings.report(Deviation::at(TestRule::Accounts, locations.clone(), message).warning());
        }
        for (index, location) in items(account, "location") {
            check_names(&locations.index(index), location, findings);
        }
    }
}

fn check_names(path: &FieldPath, entry: &Value, findings: &mut FindingGroups) {
    for field in ["name", "resource_id"].into_iter().filter(|field| text(entry, field).is_none()) {
        findings.report(Deviation::at(TestRule::Accounts, path.key(field), "it is missing"));
    }
}
