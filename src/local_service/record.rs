//! What a plugin's record may hold: what the real service's model checks and changes before it saves.
//! (`spaceone.repository.model.plugin_model`, and `create` and `update` of spaceone-core 2.x's `MongoModel`.)

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use super::proto::repository::v1::PluginInfo;
use crate::local_service::service_error::ServiceError;

/// The most characters of a text field and of a label.
const MAX_TEXT: usize = 255;

const TOO_LONG: &str = "String value is too long";
const NO_TEXT: &str = "StringField only accepts string values";
const DOLLAR: &str = "Invalid dictionary key name - keys may not startswith \"$\" characters";

/// Checks a record that is about to be added.
///
/// # Errors
/// A text or a label is too long, a label is no text, or an object has a key that begins with `$`. All that is wrong is
/// said at once, grouped by what is wrong.
pub fn check(plugin: &PluginInfo) -> Result<(), ServiceError> {
    let labels = plugin.labels.as_ref().map(|labels| &labels.values[..]).unwrap_or_default();
    let found = [
        ("plugin_id", text_error(&plugin.plugin_id)),
        ("name", text_error(&plugin.name)),
        ("image", text_error(&plugin.image)),
        ("registry_config", object_error(plugin.registry_config.as_ref())),
        ("resource_type", text_error(&plugin.resource_type)),
        ("provider", text_error(&plugin.provider)),
        ("capability", object_error(plugin.capability.as_ref())),
        ("labels", list_error(labels)),
        ("tags", object_error(plugin.tags.as_ref())),
        ("docs", object_error(plugin.docs.as_ref())),
    ];
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (field, error) in found {
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
    let said: Vec<String> = groups.iter().map(|(error, fields)| format!("{error}: [{}]", fields.join(", "))).collect();
    Err(ServiceError::query(format!("ValidationError (Plugin:None) ({})", said.join(" "))))
}

/// Checks the values of an update; `None` stays as it is. Here the real service names neither field nor label and lets
/// `$` pass.
///
/// # Errors
/// The name or a label is too long, or a label is no text.
pub fn check_update(name: &str, labels: Option<&ListValue>) -> Result<(), ServiceError> {
    let labels = labels.into_iter().flat_map(|labels| &labels.values).map(label_error);
    match std::iter::once(text_error(name)).chain(labels).flatten().next() {
        Some(error) => Err(ServiceError::query(error)),
        None => Ok(()),
    }
}

fn text_error(text: &str) -> Option<String> {
    (text.chars().count() > MAX_TEXT).then(|| TOO_LONG.to_owned())
}

fn label_error(label: &Value) -> Option<String> {
    match &label.kind {
        Some(Kind::StringValue(text)) => text_error(text),
        _ => Some(NO_TEXT.to_owned()),
    }
}

/// The errors of a list's items, each with its index; the first item's without, as mongoengine writes it.
fn list_error(labels: &[Value]) -> Option<String> {
    let errors: Vec<String> = labels
        .iter()
        .enumerate()
        .filter_map(|(index, label)| Some((index, label_error(label)?)))
        .map(|(index, error)| if index == 0 { error } else { format!("{index}.{error}") })
        .collect();
    (!errors.is_empty()).then(|| errors.join(" "))
}

fn object_error(object: Option<&Struct>) -> Option<String> {
    object.is_some_and(has_dollar).then(|| DOLLAR.to_owned())
}

fn has_dollar(object: &Struct) -> bool {
    object.fields.iter().any(|(key, value)| {
        key.starts_with('$') || matches!(&value.kind, Some(Kind::StructValue(inner)) if has_dollar(inner))
    })
}

/// Takes the white space off both ends of every key and text in an object, down to its lists and not into them.
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
        assert_eq!(check_update("", wrong.as_ref()), Err(ServiceError::query(NO_TEXT)));
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
