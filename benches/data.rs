//! Plugins as a service sends them and as people write them.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use prost_types::FileDescriptorSet;
use serde_json::json;
use spacectl::local_service::proto::FILE_DESCRIPTOR_SET;

/// The Repository API without comments, as services describe it.
pub static API: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    files.file.iter_mut().for_each(|file| file.source_code_info = None);
    DescriptorPool::from_file_descriptor_set(files).unwrap()
});

/// `PluginsInfo`, its rows encoded already.
#[derive(prost::Message)]
struct Plugins {
    #[prost(bytes = "vec", repeated, tag = "1")]
    results: Vec<Vec<u8>>,
    #[prost(int32, tag = "2")]
    total_count: i32,
}

/// Encodes the response to a `list` of plugins 0 to `count`, with the fields of `only` or all.
pub fn list_response(count: usize, only: &[String]) -> Vec<u8> {
    let results = (0..count).map(|number| plugin(number, only)).collect();
    Plugins { results, total_count: i32::try_from(count).unwrap() }.encode_to_vec()
}

/// Encodes a plugin. As from the platform's services, the fields of a Struct come in any order.
pub fn plugin(number: usize, only: &[String]) -> Vec<u8> {
    let mut plugin = json!({
        "plugin_id": format!("plugin-{number:06}-mon-webhook"),
        "name": format!("Plugin Number {number:06} Webhook"),
        "state": "ENABLED",
        "resource_type": "monitoring.Webhook",
        "image": format!("cloudforet/plugin-{number:06}-mon-webhook"),
        "provider": "aws",
        "registry_type": "DOCKER_HUB",
        "registry_url": "registry.hub.docker.com",
        "registry_config": {"url": "registry.hub.docker.com"},
        "capability": {"supported_schema": ["a", "b"], "data_type": "SECRET"},
        "labels": ["a", "b", "c"],
        "tags": {"description": format!("desc {number:06}"), "spaceone:plugin_name": "P", "icon": "https://x/icon.svg"},
        "domain_id": "domain-lab",
        "repository_info": {"repository_id": "repo-local", "name": "Private", "repository_type": "LOCAL"},
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    });
    plugin.as_object_mut().unwrap().retain(|name, _| only.is_empty() || only.contains(name));
    let descriptor = API.get_message_by_name("spaceone.api.repository.v1.PluginInfo").unwrap();
    DynamicMessage::deserialize(descriptor, plugin).unwrap().encode_to_vec()
}

/// Writes plugins 0 to `count` as one file of specs.
pub fn specs(count: usize) -> String {
    let spec = |number| {
        format!(
            "---
name: Plugin Number {number:06} Webhook
resource_type: monitoring.Webhook
image: cloudforet/plugin-{number:06}-mon-webhook
provider: aws
capability:
  supported_schema:
    - a
    - b
  data_type: SECRET
labels: [a, b, c]
tags:
  description: desc {number:06}
  \"spaceone:plugin_name\": P
  icon: https://x/icon.svg
"
        )
    };
    (0..count).map(spec).collect()
}
