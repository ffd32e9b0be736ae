//! Rule `resource-type`, as the Repository service accepts any text.

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::plugin::resource_type::{self, KNOWN};
use crate::schema::did_you_mean::nearest;

pub fn check(checker: &mut Checker<'_>) {
    let field = checker.document.type_field();
    let Some(text) = checker.document.text(field).filter(|text| !text.is_empty()) else { return };
    if let Some((message, hint)) = doubt(text) {
        checker.report(Violation::in_field(Rule::ResourceType, field, message).hint(hint));
    }
}

/// The message and the hint for an unknown resource type.
pub fn doubt(text: &str) -> Option<(String, String)> {
    if resource_type::find(text).is_some() {
        return None;
    }
    let known = || KNOWN.iter().map(|known| known.name);
    let is_resource = text.split('.').count() == 2 && text.split('.').all(|part| !part.is_empty());
    let message = if is_resource {
        format!("no known service looks for plugins of {text}")
    } else {
        format!("{text} is not SERVICE.RESOURCE")
    };
    let hint = match nearest(text, known()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known resource types: {}", known().collect::<Vec<_>>().join(", ")),
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
        assert_eq!(message, "collector is not SERVICE.RESOURCE");
        assert!(hint.contains("inventory.Collector"), "{hint}");
        assert_eq!(doubt("monitoring.Webhook"), None);
    }
}
