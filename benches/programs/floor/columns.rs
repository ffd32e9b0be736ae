//! The fields of a plugin as cells: text, or compact JSON.

use std::borrow::Cow;

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde::Serialize;
use spacectl::local_service::proto::repository::v1::{PluginInfo, RepositoryInfo};

pub type Column = (&'static str, for<'a> fn(&'a PluginInfo) -> Cow<'a, str>);

pub const ALL: [Column; 16] = [
    ("plugin_id", |row| (&row.plugin_id).into()),
    ("name", |row| (&row.name).into()),
    ("state", |row| row.state().as_str_name().into()),
    ("resource_type", |row| (&row.resource_type).into()),
    ("image", |row| (&row.image).into()),
    ("provider", |row| (&row.provider).into()),
    ("registry_type", |row| row.registry_type().as_str_name().into()),
    ("registry_url", |row| (&row.registry_url).into()),
    ("registry_config", |row| json(row.registry_config.as_ref().map(Object))),
    ("capability", |row| json(row.capability.as_ref().map(Object))),
    ("labels", |row| json(row.labels.as_ref().map(Array))),
    ("tags", |row| json(row.tags.as_ref().map(Object))),
    ("domain_id", |row| (&row.domain_id).into()),
    ("repository_info", |row| json(row.repository_info.as_ref().map(Repository::from))),
    ("created_at", |row| (&row.created_at).into()),
    ("updated_at", |row| (&row.updated_at).into()),
];

/// An unset field is an empty cell.
fn json<'a>(value: Option<impl Serialize>) -> Cow<'a, str> {
    value.map_or(Cow::Borrowed(""), |value| serde_json::to_string(&value).unwrap_or_default().into())
}

#[derive(Serialize)]
struct Repository<'a> {
    repository_id: &'a str,
    name: &'a str,
    repository_type: &'a str,
}

impl<'a> From<&'a RepositoryInfo> for Repository<'a> {
    fn from(info: &'a RepositoryInfo) -> Self {
        Self { repository_id: &info.repository_id, name: &info.name, repository_type: &info.repository_type }
    }
}

struct Object<'a>(&'a Struct);

impl Serialize for Object<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.fields.iter().map(|(key, value)| (key, Any(value))))
    }
}

struct Array<'a>(&'a ListValue);

impl Serialize for Array<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values.iter().map(Any))
    }
}

struct Any<'a>(&'a Value);

impl Serialize for Any<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.kind {
            None | Some(Kind::NullValue(_)) => serializer.serialize_unit(),
            Some(Kind::NumberValue(number)) => serializer.serialize_f64(*number),
            Some(Kind::StringValue(text)) => serializer.serialize_str(text),
            Some(Kind::BoolValue(value)) => serializer.serialize_bool(*value),
            Some(Kind::StructValue(object)) => Object(object).serialize(serializer),
            Some(Kind::ListValue(list)) => Array(list).serialize(serializer),
        }
    }
}
