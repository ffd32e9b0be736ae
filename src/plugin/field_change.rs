//! Field by field differences between a spec and a row of a service.

use serde_json::{Map, Value};

use crate::schema::field_path::{FieldPath, Segment};
use crate::secret::{self, MASK};
use crate::text::value_ext::is_empty;

/// A difference at its deepest path, for display: secrets are masked.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    pub path: FieldPath,
    /// The service's value.
    pub before: Option<Value>,
    /// The spec's value; `None` if the service's is removed.
    pub after: Option<Value>,
}

impl FieldChange {
    /// The top-level field.
    pub fn field(&self) -> &str {
        match self.path.0.first() {
            Some(Segment::Key(field)) => field,
            _ => "",
        }
    }
}

/// The differences in `fields`. A field that `spec` leaves out is not a difference.
pub fn between(spec: &Map<String, Value>, row: &Map<String, Value>, fields: &[&str]) -> Vec<FieldChange> {
    let mut paths = Vec::new();
    for &field in fields {
        let Some(after) = spec.get(field) else { continue };
        let nothing = match after {
            Value::Object(_) => Value::Object(Map::new()),
            _ => Value::Null,
        };
        let before = row.get(field).unwrap_or(&nothing);
        // On the wire an empty value is like none.
        if is_empty(before) && is_empty(after) {
            continue;
        }
        descend(FieldPath::default().key(field), before, after, &mut paths);
    }
    let (row, spec) = (masked(row), masked(spec));
    let change = |path: FieldPath| {
        let (before, mut after) = (at(&row, &path), at(&spec, &path));
        // A service that trims texts does not keep these blanks.
        if let (Some(Value::String(before)), Some(Value::String(after))) = (&before, &mut after)
            && before.trim() == before
        {
            *after = after.trim().to_owned();
        }
        FieldChange { path, before, after }
    };
    paths.into_iter().map(change).collect()
}

/// All of `spec` as changes, for a plugin that is not registered.
pub fn of_new(spec: &Map<String, Value>) -> Vec<FieldChange> {
    let fields: Vec<&str> = spec.keys().map(String::as_str).collect();
    between(spec, &Map::new(), &fields)
}

fn descend(path: FieldPath, before: &Value, after: &Value, paths: &mut Vec<FieldPath>) {
    if same(before, after) {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        paths.push(path);
        return;
    };
    for (key, after) in new {
        match entry(old, key) {
            Some(before) => descend(path.key(key), before, after, paths),
            None => paths.push(path.key(key)),
        }
    }
    let gone = old.keys().filter(|key| !new.keys().any(|new| new == *key || new.trim() == *key));
    paths.extend(gone.map(|key| path.key(key)));
}

/// Whether a service that was sent `after` may answer with `before`: texts and keys come back trimmed, numbers in
/// another notation.
pub fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::String(before), Value::String(after)) => before == after || before == after.trim(),
        (Value::Number(before), Value::Number(after)) => before == after || before.as_f64() == after.as_f64(),
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| same(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && after.iter().all(|(key, after)| entry(before, key).is_some_and(|before| same(before, after)))
        }
        (before, after) => before == after,
    }
}

/// The entry of a spec's key, which a service may have trimmed.
fn entry<'a>(row: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    row.get(key).or_else(|| row.get(key.trim()))
}

fn masked(fields: &Map<String, Value>) -> Value {
    let mut value = Value::Object(fields.clone());
    secret::mask_value("", &mut value);
    value
}

/// The value at `path`, or the mask of a value around it.
fn at(value: &Value, path: &FieldPath) -> Option<Value> {
    let mut value = value;
    for segment in &path.0 {
        value = match (value, segment) {
            (Value::Object(entries), Segment::Key(key)) => entry(entries, key)?,
            (Value::String(text), _) if text == MASK => break,
            _ => return None,
        };
    }
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(row: Value, spec: Value) -> Vec<String> {
        let (Value::Object(row), Value::Object(spec)) = (row, spec) else { panic!("two objects") };
        let fields: Vec<&str> = spec.keys().map(String::as_str).collect();
        let told = |value: Option<Value>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        let changes = between(&spec, &row, &fields).into_iter();
        changes.map(|change| format!("{}: {} -> {}", change.path, told(change.before), told(change.after))).collect()
    }

    #[test]
    fn a_difference_is_told_at_its_deepest_path_and_a_list_as_a_whole() {
        let row = json!({"name": "A", "tags": {"icon": "a", "deep": {"x": 1, "y": 2}, "old": 1}, "labels": ["a", "b"]});
        let spec =
            json!({"name": "A", "tags": {"icon": "b", "deep": {"x": 1, "y": 3}, "new": {"z": 1}}, "labels": ["b"]});
        assert_eq!(
            changes(row, spec),
            [
                "tags.icon: \"a\" -> \"b\"",
                "tags.deep.y: 2 -> 3",
                "tags.new: nothing -> {\"z\":1}",
                "tags.old: 1 -> nothing",
                "labels: [\"a\",\"b\"] -> [\"b\"]"
            ]
        );
    }

    #[test]
    fn what_the_spec_leaves_out_or_a_service_writes_otherwise_is_no_difference() {
        let row = json!({"name": "A", "image": "x/a", "tags": {"k": "v", "n": 1, "l": ["a"]}, "state": "ENABLED"});
        assert_eq!(changes(row.clone(), json!({})), [""; 0]);
        let spec = json!({"name": " A ", "tags": {"l": ["a "], "n": 1.0, " k": "v\n"}, "labels": [], "docs": {}});
        assert_eq!(changes(row, spec), [""; 0]);
    }

    #[test]
    fn blanks_that_a_service_has_kept_can_be_taken_away() {
        assert_eq!(changes(json!({"name": " A"}), json!({"name": "A"})), ["name: \" A\" -> \"A\""]);
        assert_eq!(changes(json!({"name": " A"}), json!({"name": " A"})), [""; 0]);
        assert_eq!(changes(json!({"tags": {" k": 1}}), json!({"tags": {" k": 1}})), [""; 0]);
    }

    #[test]
    fn what_is_emptied_is_told_by_what_goes() {
        assert_eq!(changes(json!({"tags": {"a": 1}}), json!({"tags": {}})), ["tags.a: 1 -> nothing"]);
        assert_eq!(changes(json!({"labels": ["a"]}), json!({"labels": []})), ["labels: [\"a\"] -> []"]);
        assert_eq!(changes(json!({}), json!({"tags": {"a": 1}})), ["tags.a: nothing -> 1"]);
    }

    #[test]
    fn a_secret_differs_and_does_not_show_wherever_it_stands() {
        let row = json!({"tags": {"token": {"x": "hunter1"}, "env": {"name": "API_KEY", "value": "hunter2"}}});
        let spec = json!({"tags": {"token": {"x": "hunter3"}, "env": {"name": "API_KEY", "value": "hunter4"}}});
        assert_eq!(
            changes(row, spec),
            ["tags.token.x: \"********\" -> \"********\"", "tags.env.value: \"********\" -> \"********\""]
        );
    }
}
