//! Candidates from descriptors: fields with their types, values of enums.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::shell::Candidate;
use crate::query::columns::is_plain;
use crate::schema::well_known::WellKnown;

/// Columns of `row` that `text` does not name yet.
pub(super) fn columns(row: &MessageDescriptor, text: &str) -> Vec<Candidate> {
    next_column(text, |column| keys(row, column, &[""]))
}

/// As [`columns`], of rows without a descriptor.
pub(super) fn columns_named(names: &[&str], text: &str) -> Vec<Candidate> {
    next_column(text, |_| names.iter().map(|name| Candidate::new(name, "")).collect())
}

fn next_column(text: &str, candidates: impl FnOnce(&str) -> Vec<Candidate>) -> Vec<Candidate> {
    let start = last_unescaped(text, ',').map_or(0, |comma| comma + 1);
    let (before, column) = text.split_at(start);
    if last_unescaped(column, '|').is_some() {
        return Vec::new();
    }
    let named: Vec<&str> = before.split(',').map(|column| column.split('|').next().unwrap_or(column)).collect();
    let mut candidates = candidates(column);
    candidates.retain(|candidate| !named.contains(&candidate.value.as_str()));
    prefixed(before, candidates)
}

/// The fields of `message`, by their paths.
pub(super) fn names(message: &MessageDescriptor, text: &str) -> Vec<Candidate> {
    keys(message, text, &[""])
}

/// Fields to sort by; `-` before one reverses the order.
pub(super) fn sort_keys(row: &MessageDescriptor, text: &str) -> Vec<Candidate> {
    let (minus, key) = text.split_at(usize::from(text.starts_with('-')));
    let mut candidates = keys(row, key, &[""]);
    candidates.retain(|candidate| at(row, &candidate.value).is_some_and(|field| is_plain(&field)));
    prefixed(minus, candidates)
}

/// The fields that can complete a path, whose last step may be incomplete; each with every suffix, e.g. an operator.
pub(super) fn keys(message: &MessageDescriptor, path: &str, suffixes: &[&str]) -> Vec<Candidate> {
    let (above, _) = path.rsplit_once('.').map_or(("", path), |(above, _)| path.split_at(above.len() + 1));
    let Some(message) =
        above.strip_suffix('.').map_or_else(|| Some(message.clone()), |above| below(&at(message, above)?))
    else {
        return Vec::new();
    };
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    let candidates = |field: &FieldDescriptor| {
        let help = type_name(field);
        // Where operators follow, fields below can, too.
        let dot = (suffixes != [""] && takes_keys(field)).then_some(&".");
        let word = |suffix: &&str| Candidate::new(&format!("{above}{}{suffix}", field.name()), &help);
        suffixes.iter().chain(dot).map(word).collect::<Vec<_>>()
    };
    fields.iter().flat_map(candidates).collect()
}

/// The field at the end of a path of names and list indexes.
pub(super) fn at(message: &MessageDescriptor, path: &str) -> Option<FieldDescriptor> {
    let mut message = Some(message.clone());
    let mut field: Option<FieldDescriptor> = None;
    for step in path.split('.') {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        if is_index && field.as_ref().is_some_and(FieldDescriptor::is_list) {
            continue;
        }
        let next = message?.get_field_by_name(step)?;
        message = below(&next);
        field = Some(next);
    }
    field
}

/// The message type of a field, if its fields are known.
fn below(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if !field.is_map() && !is_well_known(&message) => Some(message),
        _ => None,
    }
}

/// True for protobuf's own types, which have no fields in JSON, or any.
fn is_well_known(message: &MessageDescriptor) -> bool {
    message.full_name().starts_with("google.protobuf.")
}

/// True if keys below the field can be given.
fn takes_keys(field: &FieldDescriptor) -> bool {
    let is_object =
        |message: &MessageDescriptor| !is_well_known(message) || WellKnown::of(message) == Some(WellKnown::Struct);
    field.is_map() || (!field.is_list() && field.kind().as_message().is_some_and(is_object))
}

/// The values that a field's type lists.
pub(super) fn values(field: &FieldDescriptor) -> Vec<Candidate> {
    match field.kind() {
        _ if field.is_list() => Vec::new(),
        Kind::Enum(kind) => kind.values().map(|value| Candidate::new(value.name(), "")).collect(),
        Kind::Bool => ["true", "false"].map(|value| Candidate::new(value, "")).into(),
        _ => Vec::new(),
    }
}

/// True if rows can be searched for their texts in this field.
pub(super) fn holds_text(field: &FieldDescriptor) -> bool {
    !field.is_list() && !field.is_map() && field.kind() == Kind::String
}

/// The type as protobuf writes it, without packages.
fn type_name(field: &FieldDescriptor) -> String {
    let kind = |kind: &Kind| {
        let name = match kind {
            Kind::Message(message) => message.full_name().to_owned(),
            Kind::Enum(kind) => kind.full_name().to_owned(),
            plain => format!("{plain:?}"),
        };
        name.rsplit('.').next().unwrap_or_default().to_owned()
    };
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let [key, value] = [entry.map_entry_key_field(), entry.map_entry_value_field()];
            format!("map<{}, {}>", kind(&key.kind()), kind(&value.kind()))
        }
        of if field.is_list() => format!("repeated {}", kind(&of)),
        of => kind(&of),
    }
}

/// The index of the last `mark` without a backslash before it.
fn last_unescaped(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    let mut found = None;
    for (at, c) in text.char_indices() {
        if c == mark && !escaped {
            found = Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    found
}

pub(super) fn prefixed(prefix: &str, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.iter_mut().for_each(|candidate| candidate.value.insert_str(0, prefix));
    candidates
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    fn message(name: &str) -> MessageDescriptor {
        let source = r#"
            syntax = "proto3";
            package test;
            import "google/protobuf/struct.proto";
            import "google/protobuf/timestamp.proto";
            import "google/protobuf/duration.proto";
            import "google/protobuf/wrappers.proto";
            enum State { NONE = 0; ON = 1; }
            message Row {
                string row_id = 1; State state = 9; bool ready = 3; repeated State states = 4;
                google.protobuf.Struct tags = 5; map<string, Place> places = 6;
                repeated Place more = 7; Place place = 8;
                google.protobuf.Timestamp at = 10; google.protobuf.ListValue list = 11;
            }
            message Place { string city = 1; Inner inner = 2; }
            message Times { google.protobuf.Duration wait = 1; google.protobuf.Int64Value size = 2;
                google.protobuf.StringValue note = 3; google.protobuf.Struct free = 4; Inner inner = 5;
                repeated google.protobuf.Timestamp all = 6; }
            message Inner { int32 depth = 1; }"#;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.proto"), source).unwrap();
        let files = protox::compile(["t.proto"], [dir.path()]).unwrap();
        let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
        pool.get_message_by_name(&format!("test.{name}")).unwrap()
    }

    fn words(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| candidate.value.as_str()).collect()
    }

    #[test]
    fn columns_are_fields_by_number_with_their_types() {
        let shown: Vec<String> =
            columns(&message("Row"), "").iter().map(|one| format!("{}: {}", one.value, one.help)).collect();
        assert_eq!(
            shown,
            [
                "row_id: string",
                "ready: bool",
                "states: repeated State",
                "tags: Struct",
                "places: map<string, Place>",
                "more: repeated Place",
                "place: Place",
                "state: State",
                "at: Timestamp",
                "list: ListValue",
            ]
        );
    }

    #[test]
    fn columns_go_on_behind_commas_and_below_dots() {
        let row = message("Row");
        assert_eq!(words(&columns(&row, "row_id,place.")), ["row_id,place.city", "row_id,place.inner"]);
        assert_eq!(words(&columns(&row, "more.0.inner.")), ["more.0.inner.depth"]);
        assert_eq!(words(&columns(&row, "more.city")), ["more.city", "more.inner"]);
        for nothing in ["tags.", "places.x.", "nope.", "row_id.", "place.0.", "row_id|A", "..", "0."] {
            assert_eq!(words(&columns(&row, nothing)), [""; 0], "{nothing}");
        }
        let left = columns(&row, "row_id|ID,state,tags.a\\,b,");
        assert!(
            left[0].value == "row_id|ID,state,tags.a\\,b,ready"
                && left.iter().all(|one| !one.value.ends_with(",state"))
        );
    }

    #[test]
    fn only_what_has_an_order_is_sorted_by() {
        let row = message("Row");
        assert_eq!(words(&sort_keys(&row, "-")), ["-row_id", "-ready", "-state", "-at"]);
        assert_eq!(words(&sort_keys(&row, "place.")), ["place.city"]);
        // What is one text or number in JSON is one cell.
        assert_eq!(words(&sort_keys(&message("Times"), "")), ["wait", "size", "note"]);
    }

    #[test]
    fn keys_say_what_follows() {
        let row = message("Row");
        let found = keys(&row, "", &["="]);
        assert_eq!(
            words(&found)[..8],
            ["row_id=", "ready=", "states=", "tags=", "tags.", "places=", "places.", "more="]
        );
        assert_eq!(words(&keys(&row, "place.inner.", &["=", "~"])), ["place.inner.depth=", "place.inner.depth~"]);
        assert_eq!(words(&keys(&row, "at.", &["="])), [""; 0]);
    }

    #[test]
    fn types_list_their_values() {
        let row = message("Row");
        let of = |path: &str| values(&at(&row, path).unwrap());
        assert_eq!(words(&of("state")), ["NONE", "ON"]);
        assert_eq!(words(&of("ready")), ["true", "false"]);
        assert_eq!(words(&of("states")), [""; 0]);
        assert_eq!(words(&of("row_id")), [""; 0]);
        assert!(holds_text(&at(&row, "place.city").unwrap()) && !holds_text(&at(&row, "state").unwrap()));
        assert!(at(&row, "tags.x").is_none() && at(&row, "").is_none());
    }
}
