//! A plugin's fields as cells.

use std::borrow::Cow;

use spacectl::repository::proto::repository::v1::PluginInfo;

use super::json;

/// One field, as text.
pub struct Column {
    pub name: &'static str,
    pub cell: for<'a> fn(&'a PluginInfo) -> Cow<'a, str>,
}

pub const ID: [Column; 1] = [PLUGIN_ID];
pub const TWO: [Column; 2] = [PLUGIN_ID, NAME];
/// What a table shows where nobody chooses.
pub const PRESET: [Column; 5] = [PLUGIN_ID, NAME, STATE, RESOURCE_TYPE, PROVIDER];
/// All that the rows have.
pub const ALL: [Column; 16] = [
    PLUGIN_ID,
    NAME,
    STATE,
    RESOURCE_TYPE,
    Column { name: "image", cell: |row| text(&row.image) },
    PROVIDER,
    Column { name: "registry_type", cell: |row| text(row.registry_type().as_str_name()) },
    Column { name: "registry_url", cell: |row| text(&row.registry_url) },
    Column { name: "registry_config", cell: |row| json::object(row.registry_config.as_ref()) },
    Column { name: "capability", cell: |row| json::object(row.capability.as_ref()) },
    Column { name: "labels", cell: |row| json::array(row.labels.as_ref()) },
    Column { name: "tags", cell: |row| json::object(row.tags.as_ref()) },
    Column { name: "domain_id", cell: |row| text(&row.domain_id) },
    Column { name: "repository_info", cell: |row| json::repository(row.repository_info.as_ref()) },
    Column { name: "created_at", cell: |row| text(&row.created_at) },
    Column { name: "updated_at", cell: |row| text(&row.updated_at) },
];

const PLUGIN_ID: Column = Column { name: "plugin_id", cell: |row| text(&row.plugin_id) };
const NAME: Column = Column { name: "name", cell: |row| text(&row.name) };
const STATE: Column = Column { name: "state", cell: |row| text(row.state().as_str_name()) };
const RESOURCE_TYPE: Column = Column { name: "resource_type", cell: |row| text(&row.resource_type) };
const PROVIDER: Column = Column { name: "provider", cell: |row| text(&row.provider) };

fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
