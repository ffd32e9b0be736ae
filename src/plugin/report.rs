//! What is said of plugins: what was done with each, and what would change.

use serde_json::{Map, Value, json};

use super::field_change::Change;
use crate::terminal::json;
use crate::terminal::sanitize;

mod text_diff;

/// What was done with one plugin, or would be.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    Registered,
    Updated(Vec<Change>),
    /// Deregistered and registered anew; `kept` is the file with the old spec.
    Replaced {
        changes: Vec<Change>,
        kept: Option<String>,
    },
    Unchanged,
    Deregistered,
}

/// A plugin and what was done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeOutcome {
    pub plugin_id: String,
    pub done: Done,
    /// What is taken over from the backup of a replacement that was not finished.
    pub restored: Option<Restored>,
}

/// What the backup of a replacement that was not finished says beyond the spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    /// The file.
    pub from: String,
    pub changes: Vec<Change>,
}

impl ChangeOutcome {
    pub fn is_change(&self) -> bool {
        self.done != Done::Unchanged
    }

    fn word(&self) -> &'static str {
        match self.done {
            Done::Registered => "registered",
            Done::Updated(_) => "updated",
            Done::Replaced { .. } => "replaced",
            Done::Unchanged => "unchanged",
            Done::Deregistered => "deregistered",
        }
    }

    fn changes(&self) -> &[Change] {
        match &self.done {
            Done::Updated(changes) | Done::Replaced { changes, .. } => changes,
            Done::Registered | Done::Unchanged | Done::Deregistered => &[],
        }
    }

    /// `plugin-slack updated tags.icon, labels`.
    pub fn line(&self, is_dry_run: bool) -> String {
        let would_be = if is_dry_run && self.is_change() { "would be " } else { "" };
        let line = format!("{} {would_be}{} {}", self.plugin_id, self.word(), paths(self.changes()));
        let restored = self.restored.as_ref();
        let restored =
            restored.map(|Restored { from, changes }| format!("; taken over from {from}: {}", paths(changes)));
        sanitize::control(&format!("{}{}", line.trim_end(), restored.unwrap_or_default())).into_owned()
    }

    pub fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("plugin_id".into(), self.plugin_id.clone().into());
        object.insert("result".into(), self.word().into());
        if !self.changes().is_empty() {
            object.insert("changes".into(), self.changes().iter().map(change_value).collect());
        }
        if let Done::Replaced { kept: Some(kept), .. } = &self.done {
            object.insert("kept".into(), kept.clone().into());
        }
        if let Some(Restored { from, changes }) = &self.restored {
            let changes: Value = changes.iter().map(change_value).collect();
            object.insert("restored".into(), json!({"from": from, "changes": changes}));
        }
        object.into()
    }
}

/// The paths of changes, each once.
pub fn paths(changes: &[Change]) -> String {
    changes.iter().map(|change| change.path.to_string()).collect::<Vec<_>>().join(", ")
}

fn change_value(change: &Change) -> Value {
    let mut object = Map::new();
    object.insert("path".into(), change.path.to_string().into());
    object.extend(change.before.clone().map(|before| ("before".to_owned(), before)));
    object.extend(change.after.clone().map(|after| ("after".to_owned(), after)));
    object.into()
}

/// One plugin that differs at the service.
#[derive(Clone, Debug)]
pub struct Difference {
    pub plugin_id: String,
    /// Where its spec stands.
    pub source: String,
    /// What `apply` would do: `register`, `update`, `replace`, or `finish` a replacement that was stopped.
    pub action: &'static str,
    pub changes: Vec<Change>,
    /// The fields among them that cannot be updated.
    pub fixed: Vec<String>,
    /// What among them is taken over from the backup of a replacement that was not finished.
    pub restored: Option<Restored>,
}

impl Difference {
    pub fn to_value(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            let mut value = change_value(change);
            if self.is_fixed(change) {
                value["updatable"] = false.into();
            }
            if let Some(from) = self.origin(change) {
                value["restored_from"] = from.into();
            }
            value
        });
        json!({"plugin_id": self.plugin_id, "source": self.source, "action": self.action, "changes": changes.collect::<Value>()})
    }

    /// The backup that a change is taken over from.
    fn origin(&self, change: &Change) -> Option<&str> {
        let restored = self.restored.as_ref()?;
        restored.changes.iter().any(|restored| restored.path == change.path).then_some(&*restored.from)
    }

    fn is_fixed(&self, change: &Change) -> bool {
        self.action == "replace" && self.fixed.iter().any(|field| field == change.field())
    }

    /// The difference as lines for people; `color` for a terminal that may be sent styles.
    pub fn to_text(&self, color: bool) -> String {
        let paint = |style: &str, text: &str| {
            if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
        };
        let meant = match self.action {
            "register" => "not registered",
            "replace" => "differs in what cannot be updated",
            "finish" => "its replacement was not finished",
            _ => "differs",
        };
        let header = format!("{} ({}): {meant}", self.plugin_id, self.source);
        let mut text = paint("1", &sanitize::control(&header)) + "\n";
        for change in &self.changes {
            let (sign, style) = match (&change.before, &change.after) {
                (None, _) => ("+", "32"),
                (Some(_), None) => ("-", "31"),
                (Some(_), Some(_)) => ("~", "33"),
            };
            let path = sanitize::control(&change.path.to_string()).into_owned();
            let fixed = match self.origin(change) {
                Some(from) => format!(" (taken over from {})", sanitize::control(from)),
                None if self.is_fixed(change) => " (cannot be updated)".to_owned(),
                None => String::new(),
            };
            if let (Some(Value::String(before)), Some(Value::String(after))) = (&change.before, &change.after)
                && (before.contains('\n') || after.contains('\n'))
            {
                text += &format!("  {}{fixed}\n", paint(style, &format!("{sign} {path}:")));
                for line in text_diff::between(before, after) {
                    let line = line.to_string();
                    let style = match line.as_bytes().first() {
                        Some(b'+') => "32",
                        Some(b'-') => "31",
                        _ => "2",
                    };
                    text += &format!("      {}\n", paint(style, &line));
                }
                continue;
            }
            let values: Vec<String> = change.before.iter().chain(&change.after).map(json::compact).collect();
            text += &format!("  {}{fixed}\n", paint(style, &format!("{sign} {path}: {}", values.join(" -> "))));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::field_path::FieldPath;

    fn change(path: [&str; 2], before: Option<Value>, after: Option<Value>) -> Change {
        let [field, key] = path;
        Change { path: FieldPath::default().key(field).key(key), before, after }
    }

    #[test]
    fn an_outcome_is_one_line_that_no_id_can_break() {
        let changes =
            vec![change(["tags", "icon"], None, Some(json!(1))), change(["docs", "en"], Some(json!(1)), None)];
        let outcome = |plugin_id: &str, done| ChangeOutcome { plugin_id: plugin_id.to_owned(), done, restored: None };
        assert_eq!(outcome("plugin-a", Done::Updated(changes)).line(false), "plugin-a updated tags.icon, docs.en");
        assert_eq!(outcome("plugin-a", Done::Registered).line(true), "plugin-a would be registered");
        assert_eq!(outcome("plugin-a", Done::Unchanged).line(true), "plugin-a unchanged");
        assert_eq!(outcome("a\nb\x1b[2J", Done::Deregistered).line(false), "a\\nb\\u{1b}[2J deregistered");
    }

    #[test]
    fn texts_of_several_lines_are_compared_line_by_line_and_drive_no_terminal() {
        let difference = Difference {
            plugin_id: "plugin-a".to_owned(),
            source: "a.yml".to_owned(),
            action: "update",
            changes: vec![
                change(["docs", "en"], Some(json!("one\ntwo\n\x1b[2J")), Some(json!("one\n2\n\x1b[2J"))),
                change(["tags", "a"], Some(json!("\x1b[2J")), None),
            ],
            fixed: Vec::new(),
            restored: None,
        };
        let expected = "plugin-a (a.yml): differs\n  ~ docs.en:\n        one\n      - two\n      + 2\n        \
                        \\u{1b}[2J\n  - tags.a: \"\\u001b[2J\"\n";
        assert_eq!(difference.to_text(false), expected);
        assert!(difference.to_text(true).contains("\x1b[31m- two\x1b[0m"));
    }
}
