//! Findings as SARIF 2.1.0.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::plugin::lint::{Finding, Rule};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The characters that a path's reference does not have (RFC 3986): a colon in its first part would end a scheme.
const NOT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A log of one run, with all rules, so that a result's index is that of its rule.
pub fn log(findings: &[Finding]) -> Value {
    let rules: Value = Rule::ALL.iter().map(|rule| descriptor(*rule)).collect();
    let results: Value = findings.iter().map(result).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "spacectl plugin lint",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            // Not units of UTF-16.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(rule: Rule) -> Value {
    json!({
        "id": rule.name(),
        "shortDescription": { "text": message_string(rule.summary()) },
        "fullDescription": { "text": message_string(rule.explanation()) },
        "help": { "text": message_string(rule.explanation()) },
        "defaultConfiguration": { "level": rule.severity().word() },
    })
}

fn result(finding: &Finding) -> Value {
    let Finding { location, severity, rule, message, hint } = finding;
    let hint = hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    json!({
        "ruleId": rule.name(),
        "ruleIndex": Rule::ALL.iter().position(|known| known == rule),
        "level": severity.word(),
        "message": { "text": message_string(&format!("{message}{hint}")) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&location.source) },
                "region": { "startLine": location.line, "startColumn": location.column },
            },
        }],
    })
}

/// A message string (section 3.11.5), in which single braces enclose arguments.
fn message_string(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// A reference to a path, relative unless the path is absolute.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(path.trim_start_matches("./"), NOT_IN_PATH))
}

#[cfg(test)]
mod tests {
    use super::{message_string, uri};

    #[test]
    fn braces_hold_no_place_for_arguments() {
        assert_eq!(message_string("no field {0} in `{`"), "no field {{0}} in `{{`");
    }

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            ("plugin.yml", "plugin.yml"),
            ("./specs/plugin.yml", "specs/plugin.yml"),
            ("../plugin.yml", "../plugin.yml"),
            ("/srv/a b.yml", "file:///srv/a%20b.yml"),
            ("a:b#c?.yml", "a%3Ab%23c%3F.yml"),
            ("플.yml", "%ED%94%8C.yml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
