//! Tests of the services as a caller sees them.
//!
//! They expect what the real service 1.12.5 answers, except where the 2.x API differs or a comment says otherwise.

mod filtering;
mod listing;
mod managed;
mod registering;
mod serving;
mod sharing;

use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::json;
use tempfile::TempDir;
use tonic::{Code, Request, Status};

use super::plugin::PluginService;
use super::proto::core::v2::filter::{KeyAlias, OperatorAlias, ValueAlias};
use super::proto::core::v2::{Filter, Query};
use super::proto::repository::v1::plugin_server::Plugin;
use super::proto::repository::v1::{
    PluginInfo, PluginQuery, PluginRequest, PluginsInfo, RegisterPluginRequest, RepositoryPluginRequest,
    UpdatePluginRequest,
};
use super::{ServiceOptions, Store};

/// A Plugin service on a store of its own.
struct Service {
    plugins: PluginService,
    // Removed with the service.
    _folder: TempDir,
}

impl Service {
    fn new() -> Self {
        Self::with_options(ServiceOptions::default())
    }

    fn with_options(options: ServiceOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("plugins.db")).unwrap();
        Self { plugins: PluginService::new(store, options), _folder: folder }
    }

    async fn register(&self, request: RegisterPluginRequest) -> Result<PluginInfo, Status> {
        self.plugins.register(Request::new(request)).await.map(|response| response.into_inner())
    }

    async fn update(&self, request: UpdatePluginRequest) -> Result<PluginInfo, Status> {
        self.plugins.update(Request::new(request)).await.map(|response| response.into_inner())
    }

    async fn get(&self, plugin_id: &str) -> Result<PluginInfo, Status> {
        let request = RepositoryPluginRequest { plugin_id: plugin_id.into(), ..Default::default() };
        self.plugins.get(Request::new(request)).await.map(|response| response.into_inner())
    }

    async fn list(&self, request: PluginQuery) -> Result<PluginsInfo, Status> {
        let list = self.plugins.list(Request::new(request)).await?.into_inner();
        Ok(PluginsInfo::decode(&*list.encode_to_vec()).unwrap())
    }
}

fn registration(image: &str) -> RegisterPluginRequest {
    RegisterPluginRequest {
        name: "A".into(),
        resource_type: "inventory.Collector".into(),
        image: image.into(),
        ..Default::default()
    }
}

fn plugin_request(plugin_id: &str) -> Request<PluginRequest> {
    Request::new(PluginRequest { plugin_id: plugin_id.into() })
}

/// A protobuf value from JSON.
fn value(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    let kind = match json {
        Json::Null => None,
        Json::Bool(bool) => Some(Kind::BoolValue(bool)),
        Json::Number(number) => number.as_f64().map(Kind::NumberValue),
        Json::String(text) => Some(Kind::StringValue(text)),
        Json::Array(items) => Some(Kind::ListValue(ListValue { values: items.into_iter().map(value).collect() })),
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(key, field)| (key, value(field))).collect();
            Some(Kind::StructValue(Struct { fields }))
        }
    };
    Value { kind }
}

fn object(json: serde_json::Value) -> Option<Struct> {
    match value(json).kind {
        Some(Kind::StructValue(object)) => Some(object),
        other => panic!("no object: {other:?}"),
    }
}

fn list(json: serde_json::Value) -> Option<ListValue> {
    match value(json).kind {
        Some(Kind::ListValue(list)) => Some(list),
        other => panic!("no list: {other:?}"),
    }
}

/// What a call was refused with.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    let status = result.unwrap_err();
    (status.code(), status.message().to_owned())
}

/// Four plugins that differ in everything that filters can ask for. By name they are q0 q2 q1 q3.
async fn four() -> Service {
    let service = Service::new();
    let deep = json!({"n": 1, "s": "Hello", "deep": {"x": [1, 2]}, "l": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]});
    let plugins = [
        ("Alpha", "aws", deep),
        ("beta", "gcp", json!({"n": 2.5})),
        ("Gamma", "", json!({"n": "text", "b": true, "z": null})),
        ("delta.x", "aws", json!({})),
    ];
    for (index, (name, provider, tags)) in plugins.into_iter().enumerate() {
        let request = RegisterPluginRequest {
            name: name.into(),
            provider: provider.into(),
            tags: object(tags),
            labels: list(json!([format!("L{index}"), "All"])),
            ..registration(&format!("x/q{index}"))
        };
        service.register(request).await.unwrap();
    }
    service
}

fn condition(key: &str, operator: &str, json: serde_json::Value) -> Filter {
    Filter {
        key_alias: Some(KeyAlias::K(key.into())),
        value_alias: Some(ValueAlias::V(value(json))),
        operator_alias: Some(OperatorAlias::O(operator.into())),
    }
}

fn filtered(filter: Filter) -> PluginQuery {
    queried(Query { filter: vec![filter], ..Default::default() })
}

fn queried(query: Query) -> PluginQuery {
    PluginQuery { query: Some(query), ..Default::default() }
}

async fn ids(service: &Service, request: PluginQuery) -> String {
    let answer = service.list(request).await.unwrap();
    let ids: Vec<&str> = answer.results.iter().map(|plugin| plugin.plugin_id.as_str()).collect();
    ids.join(" ")
}
