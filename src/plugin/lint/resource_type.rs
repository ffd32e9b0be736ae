//! What the plugin extends. The Repository service takes any text, so that a slip shows only where the plugin is looked for.

use super::finding::Severity;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::plugin::resource_type::{self, KNOWN};
use crate::schema::did_you_mean::nearest;

pub fn check(sink: &mut Sink<'_>) {
    let field = sink.document.type_field();
    let Some(text) = sink.document.text(field).filter(|text| !text.is_empty()) else { return };
    if let Some((message, hint)) = doubt(text) {
        sink.add(Found::in_field(Rule::ResourceType, Severity::Warning, field, message).hint(hint));
    }
}

/// What to say of a resource type that no service is known to look for: the message and the hint.
pub fn doubt(text: &str) -> Option<(String, String)> {
    if resource_type::find(text).is_some() {
        return None;
    }
    let known = || KNOWN.iter().map(|kind| kind.name);
    let is_resource = text.split('.').count() == 2 && text.split('.').all(|part| !part.is_empty());
    let message = if is_resource {
        format!("no service is known to look for plugins of {text}")
    } else {
        format!("{text} is no SERVICE.RESOURCE")
    };
    let hint = match nearest(text, known()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known are {}", known().collect::<Vec<_>>().join(", ")),
    };
    Some((message, hint))
}

#[cfg(test)]
mod tests {
    use super::doubt;

    #[test]
    fn slips_are_answered_with_what_was_meant() {
        for (slip, meant) in [
            ("cost-analysis.DataSource", "cost_analysis.DataSource"),
            ("inventory.collector", "inventory.Collector"),
            ("notification.Protocl", "notification.Protocol"),
        ] {
            assert_eq!(doubt(slip).unwrap().1, format!("did you mean {meant}?"));
        }
        let (message, hint) = doubt("collector").unwrap();
        assert_eq!(message, "collector is no SERVICE.RESOURCE");
        assert!(hint.contains("inventory.Collector"), "{hint}");
        assert_eq!(doubt("monitoring.Webhook"), None);
    }
}
