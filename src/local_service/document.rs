//! A plugin's record as queries see it: named fields, and paths into those that hold objects or lists.

use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::proto::repository::v1::PluginInfo;
use crate::local_service::bson_value::BsonValue;
use crate::local_service::service_error::ServiceError;

/// What a field holds; decides which paths lead into it and how a filter's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Text,
    Date,
    TextList,
    Object,
}

/// How a field is read.
type Read = fn(&PluginInfo) -> BsonValue<'_>;

/// The fields that filters and sort keys can name: those that the real service stores. It computes `registry_url` and
/// `repository_info` when it answers and finds nothing by them.
const STORED: [(&str, FieldType, Read); 15] = [
    ("plugin_id", FieldType::Text, |plugin| BsonValue::Text(&plugin.plugin_id)),
    ("name", FieldType::Text, |plugin| BsonValue::Text(&plugin.name)),
    ("state", FieldType::Text, |plugin| BsonValue::Text(plugin.state().as_str_name())),
    ("resource_type", FieldType::Text, |plugin| BsonValue::Text(&plugin.resource_type)),
    ("image", FieldType::Text, |plugin| BsonValue::Text(&plugin.image)),
    ("provider", FieldType::Text, |plugin| match plugin.provider.as_str() {
        // A provider that was left out is stored as null.
        "" => BsonValue::Null,
        provider => BsonValue::Text(provider),
    }),
    ("registry_type", FieldType::Text, |plugin| BsonValue::Text(plugin.registry_type().as_str_name())),
    ("registry_config", FieldType::Object, |plugin| object(&plugin.registry_config)),
    ("capability", FieldType::Object, |plugin| object(&plugin.capability)),
    ("labels", FieldType::TextList, |plugin| match &plugin.labels {
        Some(labels) => BsonValue::List(&labels.values),
        None => BsonValue::Missing,
    }),
    ("tags", FieldType::Object, |plugin| object(&plugin.tags)),
    ("docs", FieldType::Object, |plugin| object(&plugin.docs)),
    ("domain_id", FieldType::Text, |plugin| BsonValue::Text(&plugin.domain_id)),
    ("created_at", FieldType::Date, |plugin| moment(&plugin.created_at)),
    ("updated_at", FieldType::Date, |plugin| moment(&plugin.updated_at)),
];

fn object(field: &Option<Struct>) -> BsonValue<'_> {
    field.as_ref().map_or(BsonValue::Missing, BsonValue::Object)
}

fn moment(text: &str) -> BsonValue<'_> {
    text.parse().map_or(BsonValue::Missing, BsonValue::Date)
}

/// A stored field, or a place inside one: `name`, `tags.icon`, `labels.0`.
#[derive(Clone, Debug)]
pub struct RecordKey {
    shape: FieldType,
    read: Read,
    path: Vec<String>,
}

impl RecordKey {
    /// Reads a dotted key.
    ///
    /// # Errors
    /// No plugin can have this key.
    pub fn parse(key: &str) -> Result<Self, ServiceError> {
        let mut steps = key.split('.');
        let field = steps.next().unwrap_or_default();
        let path: Vec<String> = steps.map(str::to_owned).collect();
        let (_, shape, read) =
            *STORED.iter().find(|(name, ..)| *name == field).ok_or_else(|| ServiceError::no_field(field))?;
        match (shape, path.first()) {
            (FieldType::Object, _) | (_, None) => {}
            (FieldType::TextList, Some(index)) if index.parse::<usize>().is_ok() && path.len() == 1 => {}
            (_, Some(step)) => return Err(ServiceError::no_field(step)),
        }
        Ok(Self { shape, read, path })
    }

    /// The shape of the field, whatever the path leads to inside it.
    pub fn shape(&self) -> FieldType {
        self.shape
    }

    /// Whether `test` holds for something at this key: the value or, if it is a list, one of its items.
    pub fn any(&self, plugin: &PluginInfo, mut test: impl FnMut(BsonValue<'_>) -> bool) -> bool {
        let mut found = false;
        self.visit(plugin, |datum| {
            found = found || test(datum);
            if let BsonValue::List(items) = datum {
                found = found || items.iter().any(|item| test(item.into()));
            }
        });
        found
    }

    /// Calls `visit` with each value at this key, with [`BsonValue::Missing`] where there is none.
    pub fn visit<'a>(&self, plugin: &'a PluginInfo, mut visit: impl FnMut(BsonValue<'a>)) {
        (self.read)(plugin).descend(&self.path, &mut visit);
    }
}

/// The fields that an answer keeps.
#[derive(Clone, Debug)]
pub enum Projection {
    All,
    /// What identifies a plugin.
    Minimal,
    /// The fields with these dotted keys, field by field; each path stands for a part of the field.
    Only(Vec<(String, Vec<String>)>),
}

/// The fields that only an answer has.
const COMPUTED: [&str; 2] = ["registry_url", "repository_info"];

impl Projection {
    /// The fields with these dotted keys.
    ///
    /// # Errors
    /// No plugin can have one of the keys.
    pub fn only(keys: &[String]) -> Result<Self, ServiceError> {
        let split = |key: &String| {
            let mut steps = key.split('.').map(str::to_owned);
            let field = steps.next().unwrap_or_default();
            let known = COMPUTED.contains(&field.as_str()) || STORED.iter().any(|(name, ..)| *name == field);
            if known { Ok((field, steps.collect())) } else { Err(ServiceError::no_field(&field)) }
        };
        keys.iter().map(split).collect::<Result<_, _>>().map(Self::Only)
    }

    /// Cuts `plugin` down to the selected fields.
    pub fn cut(&self, plugin: PluginInfo) -> PluginInfo {
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
            Self::Only(keys) => cut_to(keys, plugin),
        }
    }
}

fn cut_to(keys: &[(String, Vec<String>)], plugin: PluginInfo) -> PluginInfo {
    // The paths asked for inside a field; none at all if the field is not asked for.
    let paths = |field: &str| -> Vec<&[String]> {
        keys.iter().filter(|(name, _)| name == field).map(|(_, path)| path.as_slice()).collect()
    };
    // A path below a text leads nowhere, so only the field itself counts.
    let whole = |field: &str| paths(field).iter().any(|path| path.is_empty());
    let object = |field: &str, value: Option<Struct>| {
        let paths = paths(field);
        value.filter(|_| !paths.is_empty()).map(|object| cut_object(object, &paths))
    };
    PluginInfo {
        plugin_id: plugin.plugin_id.kept(whole("plugin_id")),
        name: plugin.name.kept(whole("name")),
        state: plugin.state.kept(whole("state")),
        resource_type: plugin.resource_type.kept(whole("resource_type")),
        image: plugin.image.kept(whole("image")),
        provider: plugin.provider.kept(whole("provider")),
        registry_type: plugin.registry_type.kept(whole("registry_type")),
        registry_url: plugin.registry_url.kept(whole("registry_url")),
        registry_config: object("registry_config", plugin.registry_config),
        capability: object("capability", plugin.capability),
        labels: plugin.labels.kept(whole("labels")),
        tags: object("tags", plugin.tags),
        docs: object("docs", plugin.docs),
        domain_id: plugin.domain_id.kept(whole("domain_id")),
        // The real service cuts nothing inside it.
        repository_info: plugin.repository_info.kept(!paths("repository_info").is_empty()),
        created_at: plugin.created_at.kept(whole("created_at")),
        updated_at: plugin.updated_at.kept(whole("updated_at")),
    }
}

trait Kept: Default {
    fn kept(self, wanted: bool) -> Self {
        if wanted { self } else { Self::default() }
    }
}

impl<T: Default> Kept for T {}

fn cut_object(object: Struct, paths: &[&[String]]) -> Struct {
    if paths.iter().any(|path| path.is_empty()) {
        return object;
    }
    let fields = object.fields.into_iter().filter_map(|(key, value)| {
        let below: Vec<&[String]> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(step, _)| **step == key)
            .map(|(_, rest)| rest)
            .collect();
        if below.is_empty() { None } else { cut_value(value, &below).map(|value| (key, value)) }
    });
    Struct { fields: fields.collect() }
}

/// The parts of `value` at `paths`; `None` if it is no object and has no parts. A list passes the paths on to the
/// objects in it.
fn cut_value(value: Value, paths: &[&[String]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value);
    }
    match value.kind? {
        Kind::StructValue(object) => Some(Value { kind: Some(Kind::StructValue(cut_object(object, paths))) }),
        Kind::ListValue(list) => {
            let items: Vec<Value> = list.values.into_iter().filter_map(|item| cut_value(item, paths)).collect();
            Some(Value::from(items))
        }
        _ => None,
    }
}
