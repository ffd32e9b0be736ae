//! Outcomes and differences of plugins, as text and as values.

mod text_diff;

use serde_json::{Map, Value, json};

use super::field_change::FieldChange;
use crate::text::{json, sanitize};

/// What was done with one plugin, or would be.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplyResult {
    Registered,
    Updated(Vec<FieldChange>),
    /// Deregistered and registered again; `backup` is the file with the old spec.
    Replaced {
        changes: Vec<FieldChange>,
        backup: Option<String>,
    },
    Unchanged,
    Deregistered,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChangeOutcome {
    pub plugin_id: String,
    pub result: ApplyResult,
    pub restored: Option<RestoredFields>,
}

/// Fields that come from the backup of a replacement that was not finished.
#[derive(Clone, Debug, PartialEq)]
pub struct RestoredFields {
    /// The file.
    pub from: String,
    pub changes: Vec<FieldChange>,
}

impl ChangeOutcome {
    pub fn deregistered(plugin_id: &str) -> Self {
        Self { plugin_id: plugin_id.to_owned(), result: ApplyResult::Deregistered, restored: None }
    }

    pub fn is_change(&self) -> bool {
        self.result != ApplyResult::Unchanged
    }

    fn parts(&self) -> (&'static str, &[FieldChange]) {
        match &self.result {
            ApplyResult::Registered => ("registered", &[]),
            ApplyResult::Updated(changes) => ("updated", changes),
            ApplyResult::Replaced { changes, .. } => ("replaced", changes),
            ApplyResult::Unchanged => ("unchanged", &[]),
            ApplyResult::Deregistered => ("deregistered", &[]),
        }
    }

    /// A line like `plugin-slack updated tags.icon, labels`.
    pub fn line(&self, is_dry_run: bool) -> String {
        self.line_about(&self.plugin_id, is_dry_run)
    }

    /// A line like `plugin-slack released ghcr.io/me/plugin-slack:1.2.0@sha256:...; spec unchanged`.
    pub fn line_of_release(&self, image: &str) -> String {
        self.line_about(&format!("{} released {image}; spec", self.plugin_id), false)
    }

    fn line_about(&self, subject: &str, is_dry_run: bool) -> String {
        let would_be = if is_dry_run && self.is_change() { "would be " } else { "" };
        let (result, changes) = self.parts();
        let line = format!("{subject} {would_be}{result} {}", paths(changes));
        let restored = self.restored.as_ref();
        let restored =
            restored.map(|restored| format!("; restored from {}: {}", restored.from, paths(&restored.changes)));
        sanitize::line_start(&format!("{}{}", line.trim_end(), restored.unwrap_or_default())).into_owned()
    }

    pub fn to_value(&self) -> Value {
        let (result, changes) = self.parts();
        let mut object = json!({"plugin_id": self.plugin_id, "result": result});
        if !changes.is_empty() {
            object["changes"] = changes.iter().map(change_value).collect();
        }
        if let ApplyResult::Replaced { backup: Some(file), .. } = &self.result {
            object["kept"] = file.clone().into();
        }
        if let Some(RestoredFields { from, changes }) = &self.restored {
            object["restored"] = json!({"from": from, "changes": changes.iter().map(change_value).collect::<Value>()});
        }
        object
    }
}

fn paths(changes: &[FieldChange]) -> String {
    changes.iter().map(|change| change.path.to_string()).collect::<Vec<_>>().join(", ")
}

fn change_value(FieldChange { path, before, after }: &FieldChange) -> Value {
    let mut object = Map::from_iter([("path".to_owned(), path.to_string().into())]);
    object.extend(before.clone().map(|before| ("before".to_owned(), before)));
    object.extend(after.clone().map(|after| ("after".to_owned(), after)));
    object.into()
}

/// A plugin that differs from its spec.
#[derive(Clone, Debug)]
pub struct SpecDiff {
    pub plugin_id: String,
    /// The document of its spec.
    pub source: String,
    /// `register`, `update`, `replace`, or `finish` an earlier replacement.
    pub action: &'static str,
    pub changes: Vec<FieldChange>,
    /// The fields among them that cannot be updated.
    pub fixed: Vec<String>,
    pub restored: Option<RestoredFields>,
}

impl SpecDiff {
    pub fn to_value(&self) -> Value {
        let change = |change: &FieldChange| {
            let mut value = change_value(change);
            if self.is_fixed(change) {
                value["updatable"] = false.into();
            }
            if let Some(from) = self.origin(change) {
                value["restored_from"] = from.into();
            }
            value
        };
        let changes: Value = self.changes.iter().map(change).collect();
        json!({"plugin_id": self.plugin_id, "source": self.source, "action": self.action, "changes": changes})
    }

    /// The backup that a change comes from.
    fn origin(&self, change: &FieldChange) -> Option<&str> {
        let restored = self.restored.as_ref()?;
        restored.changes.iter().any(|restored| restored.path == change.path).then_some(&*restored.from)
    }

    fn is_fixed(&self, change: &FieldChange) -> bool {
        self.action == "replace" && self.fixed.iter().any(|field| field == change.field())
    }

    /// Lines for people, with styles if `color`.
    pub fn to_text(&self, color: bool) -> String {
        let paint = |style: &str, text: &str| {
            if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
        };
        let state = match self.action {
            "register" => "not registered",
            "replace" => "differs in fields that cannot be updated",
            "finish" => "its replacement was not finished",
            _ => "differs",
        };
        let header = format!("{} ({}): {state}", self.plugin_id, self.source);
        let mut text = paint("1", &sanitize::line_start(&header)) + "\n";
        for change in &self.changes {
            let (sign, style) = match (&change.before, &change.after) {
                (None, _) => ("+", "32"),
                (Some(_), None) => ("-", "31"),
                (Some(_), Some(_)) => ("~", "33"),
            };
            let remark = match self.origin(change) {
                Some(from) => format!(" (restored from {})", sanitize::control(from)),
                None if self.is_fixed(change) => " (cannot be updated)".to_owned(),
                None => String::new(),
            };
            let path = change.path.to_string();
            let mut add = |values: &str| {
                let line = format!("{sign} {}:{values}", sanitize::control(&path));
                text += &format!("  {}{remark}\n", paint(style, &line));
            };
            match (&change.before, &change.after) {
                (Some(Value::String(before)), Some(Value::String(after)))
                    if (before.clone() + after).contains('\n') =>
                {
                    add("");
                    for (style, line) in text_diff::lines(before, after) {
                        text += &format!("      {}\n", paint(style, &sanitize::control(&line)));
                    }
                }
                (before, after) => {
                    let values: Vec<String> = before.iter().chain(after).map(json::compact).collect();
                    add(&format!(" {}", values.join(" -> ")));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::field_path::FieldPath;

    fn change(path: [&str; 2], before: Option<Value>, after: Option<Value>) -> FieldChange {
        let [field, key] = path;
        FieldChange { path: FieldPath::default().key(field).key(key), before, after }
    }

    #[test]
    fn an_outcome_is_one_line_that_no_id_can_break() {
        let changes =
            vec![change(["tags", "icon"], None, Some(json!(1))), change(["docs", "en"], Some(json!(1)), None)];
        let outcome = |id: &str, result| ChangeOutcome { plugin_id: id.to_owned(), result, restored: None };
        assert_eq!(
            outcome("plugin-a", ApplyResult::Updated(changes)).line(false),
            "plugin-a updated tags.icon, docs.en"
        );
        assert_eq!(outcome("plugin-a", ApplyResult::Registered).line(true), "plugin-a would be registered");
        assert_eq!(outcome("plugin-a", ApplyResult::Unchanged).line(true), "plugin-a unchanged");
        assert_eq!(outcome("a\nb\x1b[2J", ApplyResult::Deregistered).line(false), "a\\nb\\u{1b}[2J deregistered");
    }

    #[test]
    fn texts_of_several_lines_are_compared_line_by_line_and_drive_no_terminal() {
        let difference = SpecDiff {
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
