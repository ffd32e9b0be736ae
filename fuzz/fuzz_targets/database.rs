//! A damaged row of the local database: read, listed and changed.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use prost_reflect::prost::Message as _;
use rusqlite::Connection;
use serde_json::json;
use spacectl::codec::decode::decode;
use spacectl::codec::encode::encode;
use spacectl::error::Result;
use spacectl::grpc::call::Caller;
use spacectl::grpc::channel::Transport;
use spacectl::grpc::metadata::Metadata;
use spacectl::local_service::proto::repository::v1::PluginInfo;
use spacectl::local_service::{ServiceOptions, Store, routes};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static SERVICE: Service = Service::new();
}

/// The embedded service, open for the whole run: most of a run of the program is its start.
struct Service {
    runtime: Runtime,
    caller: Caller,
    /// Another connection to its database.
    connection: Connection,
}

impl Service {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let path = spacectl_fuzz::HOME.path().join("repository.db");
        let store = Store::open(&path).expect("a database");
        let routes = runtime.block_on(routes(store, ServiceOptions::default())).expect("the embedded service");
        let transport = Transport::InProcess(routes);
        let caller = Caller::new(transport, Metadata::default(), Some(Duration::from_secs(60)), "local");
        let connection = Connection::open(path).expect("the database");
        connection.execute_batch("PRAGMA synchronous = OFF").expect("a setting");
        Self { runtime, caller, connection }
    }

    /// Makes `info` the only row.
    fn store(&self, plugin_id: &str, info: &[u8]) {
        self.connection.execute("DELETE FROM plugin", ()).expect("no plugin");
        let insert = "INSERT INTO plugin (plugin_id, name, info) VALUES (?1, 'x', ?2)";
        self.connection.execute(insert, (plugin_id, info)).expect("one plugin");
    }

    /// Calls a method, and reads its response as a client.
    fn call(&self, verb: &str, request: serde_json::Value) -> Result<serde_json::Value> {
        let method = spacectl_fuzz::plugin_method(verb);
        let request = encode(request.as_object().expect("an object"), &method.input()).expect("a request");
        let response = self.runtime.block_on(self.caller.unary(&method, true, request.into()))?;
        Ok(decode(response, &method.output()).expect("the service's own message"))
    }
}

fuzz_target!(|data: &[u8]| {
    SERVICE.with(|service| {
        let plugin = PluginInfo::decode(data).ok();
        let plugin_id = plugin.as_ref().map_or("plugin-x", |plugin| &plugin.plugin_id);
        service.store(plugin_id, data);
        let all = service.call("list", json!({}));
        assert!(all.is_err() || plugin.is_some(), "{all:?}");
        for query in [
            json!({"filter": [{"k": "tags.a", "v": 1, "o": "gte"}, {"k": "labels", "v": ["x"], "o": "in"}]}),
            json!({"filter_or": [{"k": "name", "v": "x", "o": "regex"}, {"k": "created_at", "v": "", "o": "not"}]}),
            json!({"sort": [{"key": "tags.a"}, {"key": "updated_at", "desc": true}], "only": ["tags.a.b", "labels"]}),
            json!({"keyword": "x", "minimal": true}),
        ] {
            let _ = service.call("list", json!({ "query": query }));
        }
        let _ = service.call("get", json!({"plugin_id": plugin_id}));
        let _ = service.call("update", json!({"plugin_id": plugin_id, "name": "y", "tags": {"a": 1}}));
    });
});
