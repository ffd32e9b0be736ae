//! SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::plugin::lint::{Finding, Rule};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log of one run. All rules are told, whether they were broken or not, so that a result's index is that of its rule.
pub fn log(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = Rule::ALL.iter().map(|rule| descriptor(*rule)).collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
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
            // Columns count characters here, not the units of UTF-16.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(rule: Rule) -> Value {
    let level = if rule.levels().starts_with("error") { "error" } else { "warning" };
    json!({
        "id": rule.name(),
        "shortDescription": { "text": message_string(rule.summary()) },
        "fullDescription": { "text": message_string(rule.explanation()) },
        "help": { "text": message_string(rule.explanation()) },
        "defaultConfiguration": { "level": level },
    })
}

fn result(finding: &Finding) -> Value {
    let Finding { location, severity, rule, message, hint } = finding;
    let index = Rule::ALL.iter().position(|known| known == rule);
    let text = match hint {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message.clone(),
    };
    json!({
        "ruleId": rule.name(),
        "ruleIndex": index,
        "level": severity.word(),
        "message": { "text": message_string(&text) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&location.source) },
                "region": { "startLine": location.line, "startColumn": location.column },
            },
        }],
    })
}

/// A text as a message string (section 3.11.5), in which braces hold places for arguments unless they are doubled.
fn message_string(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// A path as a reference by RFC 3986: relative to where the program ran, unless the path is absolute.
fn uri(path: &str) -> String {
    let relative = path.trim_start_matches("./");
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in relative.bytes() {
        match byte {
            // In the first part of a relative reference a colon would end a scheme.
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => {
                // Writing to a String cannot fail.
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
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
