//! Rows and cells as JSON, in the program's form: unset fields left out, enums as names.

use std::borrow::Cow;
use std::io::{self, Write};

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde::ser::{Serialize, SerializeMap as _};
use serde_json::ser::{PrettyFormatter, Serializer};
use spacectl::repository::proto::repository::v1::{PluginInfo, RepositoryInfo};

/// The whole answer, indented by four.
pub fn pretty<'a, R>(out: &mut impl Write, rows: &'a [PluginInfo], total_count: i32) -> io::Result<()>
where
    R: From<&'a PluginInfo> + Serialize,
{
    #[derive(serde::Serialize)]
    struct Answer<R: Serialize> {
        results: R,
        total_count: i32,
    }

    let answer = Answer { results: Rows::<R>(rows, std::marker::PhantomData), total_count };
    answer.serialize(&mut Serializer::with_formatter(&mut *out, PrettyFormatter::with_indent(b"    ")))?;
    writeln!(out)
}

/// A row a line.
pub fn lines<'a, R>(out: &mut impl Write, rows: &'a [PluginInfo]) -> io::Result<()>
where
    R: From<&'a PluginInfo> + Serialize,
{
    for row in rows {
        serde_json::to_writer(&mut *out, &R::from(row))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

struct Rows<'a, R>(&'a [PluginInfo], std::marker::PhantomData<R>);

impl<'a, R: From<&'a PluginInfo> + Serialize> Serialize for Rows<'a, R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(R::from))
    }
}

/// Two fields of a row.
#[derive(serde::Serialize)]
pub struct Two<'a> {
    plugin_id: &'a str,
    name: &'a str,
}

impl<'a> From<&'a PluginInfo> for Two<'a> {
    fn from(row: &'a PluginInfo) -> Self {
        Self { plugin_id: &row.plugin_id, name: &row.name }
    }
}

/// Every field of a row.
#[derive(serde::Serialize)]
pub struct All<'a> {
    plugin_id: &'a str,
    name: &'a str,
    state: &'a str,
    resource_type: &'a str,
    image: &'a str,
    provider: &'a str,
    registry_type: &'a str,
    registry_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_config: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capability: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Array<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Object<'a>>,
    domain_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_info: Option<Repository<'a>>,
    created_at: &'a str,
    updated_at: &'a str,
}

impl<'a> From<&'a PluginInfo> for All<'a> {
    fn from(row: &'a PluginInfo) -> Self {
        Self {
            plugin_id: &row.plugin_id,
            name: &row.name,
            state: row.state().as_str_name(),
            resource_type: &row.resource_type,
            image: &row.image,
            provider: &row.provider,
            registry_type: row.registry_type().as_str_name(),
            registry_url: &row.registry_url,
            registry_config: row.registry_config.as_ref().map(Object),
            capability: row.capability.as_ref().map(Object),
            labels: row.labels.as_ref().map(Array),
            tags: row.tags.as_ref().map(Object),
            domain_id: &row.domain_id,
            repository_info: row.repository_info.as_ref().map(Repository::from),
            created_at: &row.created_at,
            updated_at: &row.updated_at,
        }
    }
}

#[derive(serde::Serialize)]
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
        let mut map = serializer.serialize_map(Some(self.0.fields.len()))?;
        for (key, value) in &self.0.fields {
            map.serialize_entry(key, &Any(value))?;
        }
        map.end()
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

pub fn object(object: Option<&Struct>) -> Cow<'_, str> {
    cell(object.map(Object))
}

pub fn array(list: Option<&ListValue>) -> Cow<'_, str> {
    cell(list.map(Array))
}

pub fn repository(info: Option<&RepositoryInfo>) -> Cow<'_, str> {
    cell(info.map(Repository::from))
}

/// Compact JSON; an unset field is an empty cell.
fn cell<'a>(value: Option<impl Serialize>) -> Cow<'a, str> {
    match value {
        // Texts, numbers and lists of such always have a JSON form.
        Some(value) => Cow::Owned(serde_json::to_string(&value).unwrap_or_default()),
        None => Cow::Borrowed(""),
    }
}
