//! Checks and changes a record before it is saved.
//!
//! As the real service's model does: `spaceone.repository.model.plugin_model`, and `create` and `update` of
//! spaceone-core 2.x's `MongoModel`.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use super::proto::repository::v1::PluginInfo;
use super::service_error::ServiceError;

/// The most characters of a text field and of a label.
const MAX_TEXT: usize = 255;

const TOO_LONG: &str = "String value is too long";
const NOT_TEXT: &str = "StringField only accepts string values";
const DOLLAR: &str = "Invalid dictionary key name - keys may not startswith \"$\" characters";

/// Checks a new record; errors are grouped by message, as mongoengine does.
///
/// # Errors
/// A text or a label is too long, a label is not text, or an object has a key that begins with `$`.
pub fn check(plugin: &PluginInfo) -> Result<(), ServiceError> {
    let labels = plugin.labels.as_ref().map(|labels| &labels.values[..]).unwrap_or_default();
    let text = |text: &str| text_error(text).map(str::to_owned);
    let object =
        |object: &Option<Struct>| object.as_ref().filter(|object| has_dollar(object)).map(|_| DOLLAR.to_owned());
    let errors = [
        ("plugin_id", text(&plugin.plugin_id)),
        ("name", text(&plugin.name)),
        ("image", text(&plugin.image)),
        ("registry_config", object(&plugin.registry_config)),
        ("resource_type", text(&plugin.resource_type)),
        ("provider", text(&plugin.provider)),
        ("capability", object(&plugin.capability)),
        ("labels", list_error(labels)),
        ("tags", object(&plugin.tags)),
        ("docs", object(&plugin.docs)),
    ];
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (field, error) in errors {
        let Some(error) = error else { continue };
        let field = format!("'{field}'");
        match groups.iter_mut().find(|(known, _)| *known == error) {
            Some((_, fields)) => fields.push(field),
            None => groups.push((error, vec![field])),
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    let groups: Vec<_> = groups.iter().map(|(error, fields)| format!("{error}: [{}]", fields.join(", "))).collect();
    Err(ServiceError::query(format!("ValidationError (Plugin:None) ({})", groups.join(" "))))
}

/// Checks the values of an update; `None` is not changed. Here the real service names neither field nor label and
/// accepts `$`.
///
/// # Errors
/// The name or a label is too long, or a label is not text.
pub fn check_update(name: &str, labels: Option<&ListValue>) -> Result<(), ServiceError> {
    let labels = labels.into_iter().flat_map(|labels| &labels.values).map(label_error);
    match std::iter::once(text_error(name)).chain(labels).flatten().next() {
        Some(error) => Err(ServiceError::query(error)),
        None => Ok(()),
    }
}

fn text_error(text: &str) -> Option<&'static str> {
    (text.chars().count() > MAX_TEXT).then_some(TOO_LONG)
}

fn label_error(label: &Value) -> Option<&'static str> {
    match &label.kind {
        Some(Kind::StringValue(text)) => text_error(text),
        _ => Some(NOT_TEXT),
    }
}

/// The errors of a list's items, each with its index; the first item's without, as mongoengine writes it.
fn list_error(labels: &[Value]) -> Option<String> {
    let errors: Vec<String> = labels
        .iter()
        .enumerate()
        .filter_map(|(index, label)| Some((index, label_error(label)?)))
        .map(|(index, error)| if index == 0 { error.to_owned() } else { format!("{index}.{error}") })
        .collect();
    (!errors.is_empty()).then(|| errors.join(" "))
}

fn has_dollar(object: &Struct) -> bool {
    object.fields.iter().any(|(key, value)| {
        key.starts_with('$') || matches!(&value.kind, Some(Kind::StructValue(inner)) if has_dollar(inner))
    })
}

/// Trims every key and text in an object and the objects in it, but nothing in lists.
pub fn trimmed(object: Struct) -> Struct {
    let fields = object.fields.into_iter().map(|(key, value)| {
        let kind = value.kind.map(|kind| match kind {
            Kind::StringValue(text) => Kind::StringValue(text.trim().to_owned()),
            Kind::StructValue(inner) => Kind::StructValue(trimmed(inner)),
            other => other,
        });
        (key.trim().to_owned(), Value { kind })
    });
    Struct { fields: fields.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: Vec<Value>) -> Option<ListValue> {
        Some(ListValue { values })
    }

    fn message(plugin: &PluginInfo) -> String {
        tonic::Status::from(check(plugin).unwrap_err()).message().to_owned()
    }

    #[test]
    fn errors_are_grouped_as_mongoengine_groups_them() {
        let long = "x".repeat(MAX_TEXT + 1);
        let plugin = PluginInfo {
            name: long.clone(),
            provider: long.clone(),
            labels: labels(vec![Value::from(1.0), Value::from(long), Value { kind: None }]),
            ..PluginInfo::default()
        };
        assert_eq!(
            message(&plugin),
            "ERROR_DB_QUERY: Database query failed. (reason = ValidationError (Plugin:None) (String value is too long: \
             ['name', 'provider'] StringField only accepts string values 1.String value is too long 2.StringField only \
             accepts string values: ['labels']))"
        );
    }

    #[test]
    fn length_is_counted_in_characters() {
        let plugin = PluginInfo { name: "é".repeat(MAX_TEXT), ..PluginInfo::default() };
        assert_eq!(check(&plugin), Ok(()));
    }

    #[test]
    fn dollars_are_found_at_any_depth_of_objects() {
        let inner = Struct { fields: [("$d".to_owned(), Value::from(1.0))].into() };
        let inner = Value { kind: Some(Kind::StructValue(inner)) };
        let tags = Some(Struct { fields: [("a".to_owned(), inner)].into() });
        let plugin = PluginInfo { tags, ..PluginInfo::default() };
        assert!(message(&plugin).ends_with("keys may not startswith \"$\" characters: ['tags']))"));
    }

    #[test]
    fn an_update_says_what_is_wrong_first() {
        assert_eq!(check_update("", None), Ok(()));
        let wrong = labels(vec![Value::from("fine"), Value::from(true)]);
        assert_eq!(check_update("", wrong.as_ref()), Err(ServiceError::query(NOT_TEXT)));
    }

    #[test]
    fn white_space_goes_except_in_lists() {
        let text = |text: &str| Value::from(text);
        let object = Struct {
            fields: [(" k ".to_owned(), text(" v ")), ("l".to_owned(), Value::from(vec![text(" i ")]))].into(),
        };
        let expected =
            Struct { fields: [("k".to_owned(), text("v")), ("l".to_owned(), Value::from(vec![text(" i ")]))].into() };
        assert_eq!(trimmed(object), expected);
    }
}
