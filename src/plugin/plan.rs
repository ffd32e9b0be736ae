//! Actions and requests that make the rows of a service agree with specs.

use serde_json::{Map, Value};

use super::field_change::{self, FieldChange, same};
use crate::oci::plugin_image;

/// The fields of a service's requests and rows, from its descriptors.
#[derive(Clone, Debug, Default)]
pub struct PluginFields {
    pub register: Vec<String>,
    pub update: Vec<String>,
    /// The fields of `deregister`, that identify a plugin.
    pub keys: Vec<String>,
    /// The fields of the response of `get`.
    pub row: Vec<String>,
}

/// What makes one plugin agree with its spec.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Register,
    Unchanged,
    Update(Vec<FieldChange>),
    /// A field differs that cannot be updated.
    Replace(Vec<FieldChange>),
}

impl Action {
    pub fn changes(&self) -> &[FieldChange] {
        match self {
            Self::Register | Self::Unchanged => &[],
            Self::Update(changes) | Self::Replace(changes) => changes,
        }
    }
}

/// The id that a plugin has, or gets when `spec` registers it.
pub fn plugin_id(spec: &Map<String, Value>) -> Option<&str> {
    let text = |name: &str| spec.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    text("plugin_id").or_else(|| text("image").map(plugin_image::name_of)).filter(|id| !id.is_empty())
}

impl PluginFields {
    /// Compares `spec` with `row`; both are decoded from their bytes.
    pub fn action(&self, spec: &Map<String, Value>, row: Option<&Map<String, Value>>) -> Action {
        let Some(row) = row else { return Action::Register };
        let changes = self.changes(spec, row);
        if changes.is_empty() {
            Action::Unchanged
        } else if changes.iter().all(|change| self.can_update(change.field())) {
            Action::Update(changes)
        } else {
            Action::Replace(changes)
        }
    }

    fn changes(&self, spec: &Map<String, Value>, row: &Map<String, Value>) -> Vec<FieldChange> {
        let is_compared = |field: &&str| !self.is_key(field) && self.row.iter().any(|name| name == field);
        let fields: Vec<&str> = self.register.iter().map(String::as_str).filter(is_compared).collect();
        let mut row = row.clone();
        remove_filled_in(&mut row, spec);
        field_change::between(spec, &row, &fields)
    }

    /// The changes since a plugin was registered by `old`. Who set the address in its `registry_config` is not known
    /// any more: it counts as the service's.
    pub fn changes_since(&self, spec: &Map<String, Value>, old: &Map<String, Value>) -> Vec<FieldChange> {
        let mut row = old.clone();
        let address = old.get("registry_config").and_then(|config| config.get("url")).cloned();
        row.extend(address.map(|address| ("registry_url".to_owned(), address)));
        self.changes(spec, &row)
    }

    pub fn can_update(&self, field: &str) -> bool {
        !self.is_key(field) && self.update.iter().any(|name| name == field)
    }

    fn is_key(&self, field: &str) -> bool {
        self.keys.iter().any(|key| key == field)
    }

    /// The fields with which a service finds the plugin of `spec`.
    pub fn identity(&self, spec: &Map<String, Value>) -> Map<String, Value> {
        let given = spec.iter().filter(|(name, _)| self.is_key(name));
        let mut identity: Map<_, _> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(id) = plugin_id(spec) {
            identity.insert("plugin_id".to_owned(), id.into());
        }
        identity
    }

    /// The request that updates the fields with `changes`, each as a whole.
    pub fn update(&self, spec: &Map<String, Value>, changes: &[FieldChange]) -> Map<String, Value> {
        let mut request = self.identity(spec);
        request.retain(|name, _| self.update.contains(name));
        for name in self.update.iter().filter(|name| changes.iter().any(|change| change.field() == *name)) {
            request.extend(spec.get(name).map(|value| (name.clone(), value.clone())));
        }
        request
    }

    /// The request that registers the plugin of `row` again.
    pub fn as_registered(&self, row: &Map<String, Value>) -> Map<String, Value> {
        let fields = self.register.iter().filter(|name| !self.is_key(name));
        let mut request: Map<_, _> =
            fields.filter_map(|name| row.get(name).map(|value| (name.clone(), value.clone()))).collect();
        let id = row.get("plugin_id").filter(|id| id.as_str() != plugin_id(&request));
        if let (Some(id), true) = (id, self.register.iter().any(|name| name == "plugin_id")) {
            request.insert("plugin_id".to_owned(), id.clone());
        }
        request
    }

    /// The request that registers `spec` in place of `old`. As in an update, fields that `spec` leaves out stay; but
    /// the settings of a registry do not apply to another one.
    pub fn in_place_of(&self, old: &Map<String, Value>, spec: &Map<String, Value>) -> Map<String, Value> {
        let mut request = old.clone();
        let registry = |fields: &Map<String, Value>| fields.get("registry_type").cloned();
        if registry(spec).is_some_and(|new| Some(new) != registry(old)) {
            request.remove("registry_config");
        }
        request.extend(spec.iter().map(|(name, value)| (name.clone(), value.clone())));
        request
    }
}

/// Removes what a service filled in: the registry's address, which it writes into `registry_config` if it is missing.
fn remove_filled_in(row: &mut Map<String, Value>, spec: &Map<String, Value>) {
    let has_url = spec.get("registry_config").is_some_and(|config| config.get("url").is_some());
    let Some(address) = row.get("registry_url").filter(|_| !has_url).cloned() else { return };
    if let Some(Value::Object(config)) = row.get_mut("registry_config")
        && config.get("url").is_some_and(|url| same(url, &address))
    {
        config.remove("url");
    }
}

pub fn is_disabled(row: &Map<String, Value>) -> bool {
    row.get("state").is_some_and(|state| state == "DISABLED")
}

/// The type of the repository of a plugin, in lower case, if the row names it.
pub fn repository_type(row: &Map<String, Value>) -> Option<String> {
    Some(row.get("repository_info")?.get("repository_type")?.as_str()?.to_ascii_lowercase())
}

/// Whether a plugin of the domain's own repository carries `label`.
pub fn is_ours_with(label: &str, row: &Map<String, Value>) -> bool {
    repository_type(row).as_deref() == Some("local") && has_label(label, row)
}

pub fn has_label(label: &str, row: &Map<String, Value>) -> bool {
    let labels = row.get("labels").and_then(Value::as_array);
    labels.is_some_and(|labels| labels.iter().any(|carried| carried == label))
}

#[cfg(test)]
mod tests;
