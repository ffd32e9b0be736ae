//! Specs of plugins.

use std::fmt::Write as _;

/// One file with so many documents.
pub fn yaml(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\n\
             name: Plugin Number {number} Webhook\n\
             resource_type: monitoring.Webhook\n\
             image: cloudforet/plugin-{number:06}-mon-webhook\n\
             provider: aws\n\
             capability:\n  supported_schema:\n    - a\n    - b\n  data_type: SECRET\n\
             labels: [a, b, c]\n\
             tags:\n  description: desc {number}\n  \"spaceone:plugin_name\": P{number}\n  icon: https://x/icon.svg\n"
        );
        text
    })
}
