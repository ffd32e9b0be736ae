//! The plugins that the service answers with, as their bytes.

use bytes::Bytes;
use prost::Message as _;

/// `PluginsInfo` of the Repository API 2.x as the platform's services send it. The generated type keeps a `Struct`'s fields
/// sorted; on the wire they come in any order, and a client has to put up with that.
#[derive(Clone, PartialEq, prost::Message)]
struct PluginsInfo {
    #[prost(message, repeated, tag = "1")]
    results: Vec<PluginInfo>,
    #[prost(int32, tag = "2")]
    total_count: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PluginInfo {
    #[prost(string, tag = "1")]
    plugin_id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(int32, tag = "3")]
    state: i32,
    #[prost(string, tag = "4")]
    resource_type: String,
    #[prost(string, tag = "5")]
    image: String,
    #[prost(string, tag = "6")]
    provider: String,
    #[prost(int32, tag = "7")]
    registry_type: i32,
    #[prost(string, tag = "8")]
    registry_url: String,
    #[prost(message, optional, tag = "9")]
    registry_config: Option<Unsorted>,
    #[prost(message, optional, tag = "10")]
    capability: Option<Unsorted>,
    #[prost(message, optional, tag = "11")]
    labels: Option<prost_types::ListValue>,
    #[prost(message, optional, tag = "12")]
    tags: Option<Unsorted>,
    #[prost(string, tag = "21")]
    domain_id: String,
    #[prost(message, optional, tag = "22")]
    repository_info: Option<RepositoryInfo>,
    #[prost(string, tag = "31")]
    created_at: String,
    #[prost(string, tag = "32")]
    updated_at: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RepositoryInfo {
    #[prost(string, tag = "1")]
    repository_id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    repository_type: String,
}

/// A `google.protobuf.Struct` whose fields keep their order.
#[derive(Clone, PartialEq, prost::Message)]
struct Unsorted {
    #[prost(message, repeated, tag = "1")]
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Field {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<prost_types::Value>,
}

impl Unsorted {
    fn new<const N: usize>(fields: [(&str, prost_types::Value); N]) -> Option<Self> {
        let field = |(key, value): (&str, _)| Field { key: key.to_owned(), value: Some(value) };
        Some(Self { fields: fields.into_iter().map(field).collect() })
    }
}

/// The answer to a `list` of `count` rows out of `total`, the first of them numbered `start`, with the fields of `only`; with
/// all if that is empty.
pub fn answer(start: usize, count: usize, total: usize, only: &[String]) -> Bytes {
    let rows = (start..start + count).map(|number| cut(plugin(number), only));
    let total_count = i32::try_from(total).unwrap_or(i32::MAX);
    PluginsInfo { results: rows.collect(), total_count }.encode_to_vec().into()
}

fn plugin(number: usize) -> PluginInfo {
    let url = "registry.hub.docker.com";
    PluginInfo {
        plugin_id: format!("plugin-{number:06}-mon-webhook"),
        name: format!("Plugin Number {number} Webhook"),
        state: 1,
        resource_type: "monitoring.Webhook".into(),
        image: format!("cloudforet/plugin-{number:06}-mon-webhook"),
        provider: "aws".into(),
        registry_type: 1,
        registry_url: url.into(),
        registry_config: Unsorted::new([("url", url.to_owned().into())]),
        capability: Unsorted::new([("supported_schema", list(&["a", "b"]).into()), ("data_type", text("SECRET"))]),
        labels: Some(prost_types::ListValue { values: list(&["a", "b", "c"]) }),
        tags: Unsorted::new([
            ("description", format!("desc {number}").into()),
            ("spaceone:plugin_name", format!("P{number}").into()),
            ("icon", text("https://x/icon.svg")),
        ]),
        domain_id: "domain-lab".into(),
        repository_info: Some(RepositoryInfo {
            repository_id: "repo-local".into(),
            name: "Private".into(),
            repository_type: "LOCAL".into(),
        }),
        created_at: "2026-01-01T00:00:00.000Z".into(),
        updated_at: "2026-01-01T00:00:00.000Z".into(),
    }
}

fn text(text: &str) -> prost_types::Value {
    text.to_owned().into()
}

fn list(items: &[&str]) -> Vec<prost_types::Value> {
    items.iter().map(|item| text(item)).collect()
}

fn cut(row: PluginInfo, only: &[String]) -> PluginInfo {
    if only.is_empty() {
        return row;
    }
    let has = |name: &str| only.iter().any(|key| key == name);
    // The columns that somebody here asks for; anything else would be answered with rows that lack it, and noticed.
    PluginInfo {
        plugin_id: if has("plugin_id") { row.plugin_id } else { String::new() },
        name: if has("name") { row.name } else { String::new() },
        state: if has("state") { row.state } else { 0 },
        resource_type: if has("resource_type") { row.resource_type } else { String::new() },
        provider: if has("provider") { row.provider } else { String::new() },
        ..PluginInfo::default()
    }
}
