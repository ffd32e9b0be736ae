//! What plugins can extend.
//!
//! The Repository service takes any text as a plugin's resource type; the services that look for plugins of theirs decide
//! what is of use, each by the one it asks for.

use serde_json::{Value, json};

/// A kind of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// As `service.Resource`.
    pub name: &'static str,
    /// What such a plugin does, for people.
    pub purpose: &'static str,
}

/// Found in public specs, in the plugins that services bring along, in release notes, and among the interfaces that
/// plugins implement.
pub const KNOWN: [Kind; 13] = [
    Kind { name: "notification.Protocol", purpose: "delivers notifications" },
    Kind { name: "inventory.Collector", purpose: "collects the resources of a cloud" },
    Kind { name: "monitoring.Webhook", purpose: "turns the alerts of another system into events" },
    Kind { name: "monitoring.DataSource", purpose: "reads metrics or logs" },
    Kind { name: "cost_analysis.DataSource", purpose: "reads costs" },
    Kind { name: "billing.DataSource", purpose: "reads bills" },
    Kind { name: "identity.Domain", purpose: "signs users in" },
    Kind { name: "identity.ExternalAuth", purpose: "signs users in" },
    Kind { name: "identity.AccountCollector", purpose: "collects the accounts of a cloud" },
    Kind { name: "alert_manager.Webhook", purpose: "turns the alerts of another system into events" },
    Kind { name: "alert_manager.Notification", purpose: "delivers notifications" },
    Kind { name: "power_scheduler.Controller", purpose: "starts and stops what a schedule says" },
    Kind { name: "spot_automation.Controller", purpose: "replaces instances by cheaper ones" },
];

/// The kind of this name.
pub fn find(name: &str) -> Option<Kind> {
    KNOWN.into_iter().find(|kind| kind.name == name)
}

/// What a plugin of a kind usually says of its capability, with a remark on it.
pub fn capability(name: &str) -> (Value, &'static str) {
    match name {
        "notification.Protocol" | "alert_manager.Notification" => (
            json!({"data_type": "SECRET", "supported_schema": []}),
            "data_type: PLAIN_TEXT for an address that everybody may see, SECRET for what must not be shown. \
             supported_schema: the names of the schemas of such secrets.",
        ),
        "inventory.Collector" => (
            json!({"supported_schema": [], "supported_providers": []}),
            "supported_schema: the names of the secrets' schemas that it signs in with. supported_providers: the clouds \
             that it collects from.",
        ),
        "monitoring.Webhook" | "alert_manager.Webhook" => (
            json!({"use_resource_secret": false}),
            "use_resource_secret: whether it needs the secret of what it watches.",
        ),
        "monitoring.DataSource" => (
            json!({"monitoring_type": "METRIC", "supported_schema": []}),
            "monitoring_type: METRIC or LOG. supported_schema: the names of the secrets' schemas that it signs in with.",
        ),
        _ => (
            json!({"supported_schema": []}),
            "supported_schema: the names of the secrets' schemas that it signs in with.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_a_resource_and_stands_once() {
        let mut names: Vec<&str> = KNOWN.iter().map(|kind| kind.name).collect();
        assert!(names.iter().all(|name| crate::schema::resource::Resource::parse(name).is_ok()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KNOWN.len());
        assert_eq!(find("inventory.Collector").map(|kind| kind.name), Some("inventory.Collector"));
        assert_eq!(find("inventory.collector"), None);
    }
}
