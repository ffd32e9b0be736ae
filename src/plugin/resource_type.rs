//! The resource types that plugins can extend.
//!
//! The Repository service accepts any text; other services look for plugins of their own resource types.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// `service.Resource`.
    pub name: &'static str,
    /// What such a plugin does.
    pub purpose: &'static str,
}

/// From public specs, plugins in services, release notes, and the interfaces of plugins.
pub const KNOWN: [ResourceType; 14] = [
    ResourceType { name: "notification.Protocol", purpose: "delivers notifications" },
    ResourceType { name: "inventory.Collector", purpose: "collects the resources of a cloud" },
    ResourceType { name: "monitoring.Webhook", purpose: "turns the alerts of another system into events" },
    ResourceType { name: "monitoring.DataSource", purpose: "reads metrics or logs" },
    ResourceType { name: "cost_analysis.DataSource", purpose: "reads costs" },
    ResourceType { name: "billing.DataSource", purpose: "reads bills" },
    ResourceType { name: "identity.Domain", purpose: "signs users in" },
    ResourceType { name: "identity.ExternalAuth", purpose: "signs users in" },
    ResourceType { name: "identity.AccountCollector", purpose: "collects the accounts of a cloud" },
    ResourceType { name: "alert_manager.Webhook", purpose: "turns the alerts of another system into events" },
    ResourceType { name: "alert_manager.Notification", purpose: "delivers notifications" },
    // The same by the name of its service.
    ResourceType { name: "alert_manager.Protocol", purpose: "delivers notifications" },
    ResourceType { name: "power_scheduler.Controller", purpose: "starts and stops what a schedule says" },
    ResourceType { name: "spot_automation.Controller", purpose: "replaces instances by cheaper ones" },
];

pub fn find(name: &str) -> Option<ResourceType> {
    KNOWN.into_iter().find(|known| known.name == name)
}

/// The usual `capability` of a resource type, with a comment on its keys.
pub fn capability(name: &str) -> (Value, &'static str) {
    match name {
        "notification.Protocol" | "alert_manager.Notification" | "alert_manager.Protocol" => (
            json!({"data_type": "SECRET", "supported_schema": []}),
            "data_type: PLAIN_TEXT for public addresses, SECRET for secrets. \
             supported_schema: the schemas of these secrets.",
        ),
        "inventory.Collector" => (
            json!({"supported_schema": [], "supported_providers": []}),
            "supported_schema: the schemas of the secrets that it signs in with. supported_providers: the clouds that \
             it collects from.",
        ),
        "monitoring.Webhook" | "alert_manager.Webhook" => (
            json!({"use_resource_secret": false}),
            "use_resource_secret: whether it needs the secret of the resource that it monitors.",
        ),
        "monitoring.DataSource" => (
            json!({"monitoring_type": "METRIC", "supported_schema": []}),
            "monitoring_type: METRIC or LOG. supported_schema: the schemas of the secrets that it signs in with.",
        ),
        _ => (json!({"supported_schema": []}), "supported_schema: the schemas of the secrets that it signs in with."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_resource_and_unique() {
        let mut names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        assert!(names.iter().all(|name| crate::schema::resource::Resource::parse(name).is_ok()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KNOWN.len());
        assert_eq!(find("inventory.Collector").map(|known| known.name), Some("inventory.Collector"));
        assert_eq!(find("inventory.collector"), None);
    }
}
