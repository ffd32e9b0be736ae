//! The managed repository of the embedded service: read-only plugins.
//!
//! The real service reads them from its own files and applies a few fields of a list request to them, and of its query
//! `keyword`, `sort`, `page` and `minimal` (`spaceone.repository.manager.plugin_manager`).

use tonic::Status;

use super::condition::FilterCondition;
use super::document::Projection;
use super::proto::core::v2;
use super::proto::repository::v1::{PluginInfo, PluginQuery, RegisterPluginRequest};
use super::registration::Registration;
use super::repository_method::RepositoryKind;
use super::service_error::ServiceError;
use crate::query::timestamp;

/// The plugin of a managed repository that a spec describes, as if it were registered.
///
/// # Errors
/// Those of registering it.
pub fn managed_plugin(spec: RegisterPluginRequest) -> Result<PluginInfo, Status> {
    let plugin = Registration::new(spec, timestamp::now())?.plugin;
    Ok(PluginInfo {
        repository_info: Some(RepositoryKind::Managed.info()),
        created_at: String::new(),
        updated_at: String::new(),
        ..plugin
    })
}

/// The `plugins` that match `request`, of all pages.
///
/// # Errors
/// The sort key is not supported.
pub fn list(plugins: &[PluginInfo], request: &PluginQuery) -> Result<Vec<PluginInfo>, ServiceError> {
    if plugins.is_empty() {
        return Ok(Vec::new());
    }
    let no_query = v2::Query::default();
    let query = request.query.as_ref().unwrap_or(&no_query);
    let keyword = Some(&query.keyword).filter(|word| !word.is_empty());
    let keyword = keyword.map(|word| FilterCondition::contains("name", word)).transpose()?;
    let is = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
    let matches = |plugin: &&PluginInfo| {
        is(&request.plugin_id, &plugin.plugin_id)
            && is(&request.name, &plugin.name)
            && is(&request.resource_type, &plugin.resource_type)
            && is(&request.provider, &plugin.provider)
            && keyword.as_ref().is_none_or(|keyword| keyword.is_met_by(plugin))
    };
    let mut matching: Vec<PluginInfo> = plugins.iter().filter(matches).cloned().collect();
    // The real service sorts by the first key only.
    if let Some(sort) = query.sort.iter().find(|sort| !sort.key.is_empty()) {
        let key = sort_field(&sort.key).ok_or_else(|| ServiceError::SortKey { key: sort.key.clone() })?;
        matching.sort_by(|a, b| if sort.desc { key(b).cmp(key(a)) } else { key(a).cmp(key(b)) });
    }
    let projection = if query.minimal { Projection::Minimal } else { Projection::All };
    Ok(matching.into_iter().map(|plugin| projection.apply(plugin)).collect())
}

/// The getter of a field that can be sorted by: the real service's files have no state and no dates.
fn sort_field(key: &str) -> Option<fn(&PluginInfo) -> &str> {
    Some(match key {
        "plugin_id" => |plugin| &plugin.plugin_id,
        "name" => |plugin| &plugin.name,
        "image" => |plugin| &plugin.image,
        "resource_type" => |plugin| &plugin.resource_type,
        "provider" => |plugin| &plugin.provider,
        _ => return None,
    })
}
