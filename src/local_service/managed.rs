//! The managed repository of the embedded service: plugins nobody can change.
//!
//! The real service reads them from its own files, applies a few fields of a list's request to them and nothing of its
//! query but `keyword`, `sort`, `page` and `minimal` (`spaceone.repository.manager.plugin_manager`).

use jiff::Timestamp;
use tonic::Status;

use super::condition::FilterCondition;
use super::document::Projection;
use super::proto::core::v2;
use super::proto::repository::v1::{PluginInfo, PluginQuery, RegisterPluginRequest};
use super::registration;
use crate::local_service::repository_method;
use crate::local_service::service_error::ServiceError;

/// The plugin of a managed repository that a spec describes, as it would be registered.
///
/// # Errors
/// What registering it would be refused with.
pub fn managed_plugin(spec: RegisterPluginRequest) -> Result<PluginInfo, Status> {
    let plugin = registration::read(spec, Timestamp::now())?.plugin;
    Ok(PluginInfo {
        repository_info: Some(repository_method::managed()),
        created_at: String::new(),
        updated_at: String::new(),
        ..plugin
    })
}

/// Those of `plugins` that `request` asks for, whatever its page.
///
/// # Errors
/// They cannot be sorted by the key that is asked for.
pub fn list(plugins: &[PluginInfo], request: &PluginQuery) -> Result<Vec<PluginInfo>, ServiceError> {
    if plugins.is_empty() {
        return Ok(Vec::new());
    }
    let no_query = v2::Query::default();
    let query = request.query.as_ref().unwrap_or(&no_query);
    let keyword = Some(&query.keyword).filter(|word| !word.is_empty());
    let keyword = keyword.map(|word| FilterCondition::contains("name", word)).transpose()?;
    let is = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
    let is_asked_for = |plugin: &&PluginInfo| {
        is(&request.plugin_id, &plugin.plugin_id)
            && is(&request.name, &plugin.name)
            && is(&request.resource_type, &plugin.resource_type)
            && is(&request.provider, &plugin.provider)
            && keyword.as_ref().is_none_or(|keyword| keyword.holds(plugin))
    };
    let mut found: Vec<PluginInfo> = plugins.iter().filter(is_asked_for).cloned().collect();
    // The first key that is one; the others are not looked at.
    if let Some(sort) = query.sort.iter().find(|sort| !sort.key.is_empty()) {
        let key = text_of(&sort.key).ok_or_else(|| ServiceError::SortKey { key: sort.key.clone() })?;
        found.sort_by(|a, b| if sort.desc { key(b).cmp(key(a)) } else { key(a).cmp(key(b)) });
    }
    let selection = if query.minimal { Projection::Minimal } else { Projection::All };
    Ok(found.into_iter().map(|plugin| selection.cut(plugin)).collect())
}

/// How the field that is sorted by is read; `None` if they cannot be sorted by it. Its files have no state, no dates.
fn text_of(key: &str) -> Option<fn(&PluginInfo) -> &str> {
    Some(match key {
        "plugin_id" => |plugin| &plugin.plugin_id,
        "name" => |plugin| &plugin.name,
        "image" => |plugin| &plugin.image,
        "resource_type" => |plugin| &plugin.resource_type,
        "provider" => |plugin| &plugin.provider,
        _ => return None,
    })
}
