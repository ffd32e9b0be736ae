//! A plugin's record as queries see it: fields, paths, projections.

use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::bson_value::BsonValue;
use super::proto::repository::v1::PluginInfo;
use super::service_error::ServiceError;

/// The type of a stored field: decides which paths lead into it and how a filter's value is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Text,
    Date,
    TextList,
    Object,
}

type Getter = fn(&PluginInfo) -> BsonValue<'_>;

/// The fields that the real service stores, and so filters and sorts by.
const STORED: [(&str, FieldType, Getter); 15] = [
    ("plugin_id", FieldType::Text, |plugin| BsonValue::Text(&plugin.plugin_id)),
    ("name", FieldType::Text, |plugin| BsonValue::Text(&plugin.name)),
    ("state", FieldType::Text, |plugin| BsonValue::Text(plugin.state().as_str_name())),
    ("resource_type", FieldType::Text, |plugin| BsonValue::Text(&plugin.resource_type)),
    ("image", FieldType::Text, |plugin| BsonValue::Text(&plugin.image)),
    ("provider", FieldType::Text, |plugin| match plugin.provider.as_str() {
        // An omitted provider is stored as null.
        "" => BsonValue::Null,
        provider => BsonValue::Text(provider),
    }),
    ("registry_type", FieldType::Text, |plugin| BsonValue::Text(plugin.registry_type().as_str_name())),
    ("registry_config", FieldType::Object, |plugin| object(&plugin.registry_config)),
    ("capability", FieldType::Object, |plugin| object(&plugin.capability)),
    ("labels", FieldType::TextList, |plugin| {
        plugin.labels.as_ref().map_or(BsonValue::Missing, |labels| BsonValue::List(&labels.values))
    }),
    ("tags", FieldType::Object, |plugin| object(&plugin.tags)),
    ("docs", FieldType::Object, |plugin| object(&plugin.docs)),
    ("domain_id", FieldType::Text, |plugin| BsonValue::Text(&plugin.domain_id)),
    ("created_at", FieldType::Date, |plugin| date(&plugin.created_at)),
    ("updated_at", FieldType::Date, |plugin| date(&plugin.updated_at)),
];

/// The fields that the real service computes for a response.
const COMPUTED: [&str; 2] = ["registry_url", "repository_info"];

fn object(field: &Option<Struct>) -> BsonValue<'_> {
    field.as_ref().map_or(BsonValue::Missing, BsonValue::Object)
}

fn date(text: &str) -> BsonValue<'_> {
    text.parse().map_or(BsonValue::Missing, BsonValue::Date)
}

/// A stored field, or a path inside one: `name`, `tags.icon`, `labels.0`.
#[derive(Clone, Debug)]
pub struct RecordKey {
    field_type: FieldType,
    get: Getter,
    path: Vec<String>,
}

impl RecordKey {
    /// Parses a dotted key.
    ///
    /// # Errors
    /// No plugin can have this key.
    pub fn parse(key: &str) -> Result<Self, ServiceError> {
        let (field, path) = split(key);
        let stored = STORED.iter().find(|(name, ..)| *name == field);
        let (_, field_type, get) = *stored.ok_or_else(|| ServiceError::no_field(&field))?;
        match (field_type, path.as_slice()) {
            (FieldType::Object, _) | (_, []) => {}
            (FieldType::TextList, [index]) if index.parse::<usize>().is_ok() => {}
            (_, [step, ..]) => return Err(ServiceError::no_field(step)),
        }
        Ok(Self { field_type, get, path })
    }

    /// The type of the field, whatever the path leads to.
    pub fn field_type(&self) -> FieldType {
        self.field_type
    }

    /// Whether `test` is true for a value at this key or, if that is a list, for one of its items.
    pub fn any(&self, plugin: &PluginInfo, test: impl FnMut(BsonValue<'_>) -> bool) -> bool {
        (self.get)(plugin).any(&self.path, test)
    }

    /// Calls `visit` with each value at this key, with [`BsonValue::Missing`] where it is missing.
    pub fn visit<'a>(&self, plugin: &'a PluginInfo, mut visit: impl FnMut(BsonValue<'a>)) {
        (self.get)(plugin).descend(&self.path, &mut visit);
    }
}

fn split(key: &str) -> (String, Vec<String>) {
    let mut steps = key.split('.').map(str::to_owned);
    (steps.next().unwrap_or_default(), steps.collect())
}

/// The fields of a response.
#[derive(Clone, Debug)]
pub enum Projection {
    All,
    /// The fields that identify a plugin.
    Minimal,
    /// Fields, each with a path inside it.
    Only(Vec<(String, Vec<String>)>),
}

impl Projection {
    /// The fields with these dotted keys.
    ///
    /// # Errors
    /// No plugin can have one of the keys.
    pub fn only(keys: &[String]) -> Result<Self, ServiceError> {
        let keys = keys.iter().map(|key| {
            let (field, path) = split(key);
            let is_known = COMPUTED.contains(&field.as_str()) || STORED.iter().any(|(name, ..)| *name == field);
            if is_known { Ok((field, path)) } else { Err(ServiceError::no_field(&field)) }
        });
        keys.collect::<Result<_, _>>().map(Self::Only)
    }

    /// Reduces `plugin` to the selected fields.
    pub fn apply(&self, plugin: PluginInfo) -> PluginInfo {
        match self {
            Self::All => plugin,
            Self::Minimal => PluginInfo {
                plugin_id: plugin.plugin_id,
                name: plugin.name,
                state: plugin.state,
                image: plugin.image,
                registry_type: plugin.registry_type,
                resource_type: plugin.resource_type,
                provider: plugin.provider,
                ..PluginInfo::default()
            },
            Self::Only(keys) => select(keys, plugin),
        }
    }
}

fn select(keys: &[(String, Vec<String>)], plugin: PluginInfo) -> PluginInfo {
    let paths = |field: &str| -> Vec<&[String]> {
        keys.iter().filter(|(name, _)| name == field).map(|(_, path)| path.as_slice()).collect()
    };
    // A path inside text leads nowhere: only the field itself counts.
    let is_whole = |field: &str| paths(field).iter().any(|path| path.is_empty());
    let text = |field: &str, value: String| if is_whole(field) { value } else { String::new() };
    let number = |field: &str, value: i32| if is_whole(field) { value } else { 0 };
    let object = |field: &str, value: Option<Struct>| {
        let paths = paths(field);
        value.filter(|_| !paths.is_empty()).map(|object| select_in_object(object, &paths))
    };
    PluginInfo {
        plugin_id: text("plugin_id", plugin.plugin_id),
        name: text("name", plugin.name),
        state: number("state", plugin.state),
        resource_type: text("resource_type", plugin.resource_type),
        image: text("image", plugin.image),
        provider: text("provider", plugin.provider),
        registry_type: number("registry_type", plugin.registry_type),
        registry_url: text("registry_url", plugin.registry_url),
        registry_config: object("registry_config", plugin.registry_config),
        capability: object("capability", plugin.capability),
        labels: plugin.labels.filter(|_| is_whole("labels")),
        tags: object("tags", plugin.tags),
        docs: object("docs", plugin.docs),
        domain_id: text("domain_id", plugin.domain_id),
        // The real service selects nothing inside it.
        repository_info: plugin.repository_info.filter(|_| !paths("repository_info").is_empty()),
        created_at: text("created_at", plugin.created_at),
        updated_at: text("updated_at", plugin.updated_at),
    }
}

fn select_in_object(object: Struct, paths: &[&[String]]) -> Struct {
    if paths.iter().any(|path| path.is_empty()) {
        return object;
    }
    let fields = object.fields.into_iter().filter_map(|(key, value)| {
        let steps = paths.iter().filter_map(|path| path.split_first());
        let below: Vec<&[String]> = steps.filter(|(step, _)| **step == key).map(|(_, rest)| rest).collect();
        if below.is_empty() { None } else { select_in_value(value, &below).map(|value| (key, value)) }
    });
    Struct { fields: fields.collect() }
}

/// The parts of `value` at `paths`; `None` if it has none. A list passes the paths on to the objects in it.
fn select_in_value(value: Value, paths: &[&[String]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value);
    }
    match value.kind? {
        Kind::StructValue(object) => Some(Value { kind: Some(Kind::StructValue(select_in_object(object, paths))) }),
        Kind::ListValue(list) => {
            let items: Vec<Value> = list.values.into_iter().filter_map(|item| select_in_value(item, paths)).collect();
            Some(Value::from(items))
        }
        _ => None,
    }
}
