//! What has to be done so that a service has what a spec says.

use serde_json::{Map, Value};

use super::field_change::{self, Change, same};
use crate::oci::plugin_image;

/// The fields of a service's requests and rows, as its descriptors have them.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub register: Vec<String>,
    pub update: Vec<String>,
    /// What tells which plugin is meant: the fields of the request that removes one.
    pub keys: Vec<String>,
    /// Those of what `get` answers.
    pub row: Vec<String>,
}

/// What has to be done for one plugin.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    Register,
    Keep,
    Update(Vec<Change>),
    /// Something differs that cannot be updated.
    Replace(Vec<Change>),
}

impl Plan {
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Register | Self::Keep => &[],
            Self::Update(changes) | Self::Replace(changes) => changes,
        }
    }
}

/// The id that a plugin has, or gets when it is registered as `spec` says; `None` if that does not tell.
pub fn plugin_id(spec: &Map<String, Value>) -> Option<&str> {
    let text = |name: &str| spec.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    text("plugin_id").or_else(|| text("image").map(plugin_image::name_of)).filter(|id| !id.is_empty())
}

impl Fields {
    /// What has to be done so that a service that has `row` has what `spec` says. Both are as the codec reads them from
    /// their bytes.
    pub fn plan(&self, spec: &Map<String, Value>, row: Option<&Map<String, Value>>) -> Plan {
        let Some(row) = row else { return Plan::Register };
        let changes = self.changes(spec, row);
        if changes.is_empty() {
            Plan::Keep
        } else if changes.iter().all(|change| self.can_update(change.field())) {
            Plan::Update(changes)
        } else {
            Plan::Replace(changes)
        }
    }

    fn changes(&self, spec: &Map<String, Value>, row: &Map<String, Value>) -> Vec<Change> {
        let is_compared = |field: &&str| !self.is_key(field) && self.row.iter().any(|name| name == field);
        let fields: Vec<&str> = self.register.iter().map(String::as_str).filter(is_compared).collect();
        let mut row = row.clone();
        leave_out_filled_in(&mut row, spec);
        field_change::between(spec, &row, &fields)
    }

    /// What differs from a plugin that is no longer there, whose register request was `old`. Whose address stood in its
    /// registry's settings cannot be told any more: it counts as the service's.
    pub fn changes_since(&self, spec: &Map<String, Value>, old: &Map<String, Value>) -> Vec<Change> {
        let mut row = old.clone();
        let address = old.get("registry_config").and_then(|config| config.get("url")).cloned();
        row.extend(address.map(|address| ("registry_url".to_owned(), address)));
        self.changes(spec, &row)
    }

    /// Whether a plugin's field of this name can be changed.
    pub fn can_update(&self, field: &str) -> bool {
        !self.is_key(field) && self.update.iter().any(|name| name == field)
    }

    fn is_key(&self, field: &str) -> bool {
        self.keys.iter().any(|key| key == field)
    }

    /// What tells a service which plugin `spec` is about.
    pub fn identity(&self, spec: &Map<String, Value>) -> Map<String, Value> {
        let given = spec.iter().filter(|(name, _)| self.is_key(name));
        let mut identity: Map<_, _> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(id) = plugin_id(spec) {
            identity.insert("plugin_id".to_owned(), id.into());
        }
        identity
    }

    /// The request that makes `changes` to what a service has: whole fields of `spec`, and none that stays as it is.
    pub fn update(&self, spec: &Map<String, Value>, changes: &[Change]) -> Map<String, Value> {
        let mut request = self.identity(spec);
        request.retain(|name, _| self.update.contains(name));
        for name in self.update.iter().filter(|name| changes.iter().any(|change| change.field() == *name)) {
            request.extend(spec.get(name).map(|value| (name.clone(), value.clone())));
        }
        request
    }

    /// The request that registers a plugin again as it is in `row`.
    pub fn as_registered(&self, row: &Map<String, Value>) -> Map<String, Value> {
        let fields = self.register.iter().filter(|name| !self.is_key(name));
        let mut request: Map<_, _> =
            fields.filter_map(|name| row.get(name).map(|value| (name.clone(), value.clone()))).collect();
        // The rest of the key is the caller's own.
        let id = row.get("plugin_id").filter(|id| id.as_str() != plugin_id(&request));
        if let (Some(id), true) = (id, self.register.iter().any(|name| name == "plugin_id")) {
            request.insert("plugin_id".to_owned(), id.clone());
        }
        request
    }

    /// The request that registers what `spec` says in the place of `old`, which was removed. As with an update, what
    /// `spec` leaves out stays; but the settings of a registry are of no use at another one.
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

/// Takes away what a service has put into `row` itself: the registry's address, which it writes into the settings too
/// where these do not hold one.
fn leave_out_filled_in(row: &mut Map<String, Value>, spec: &Map<String, Value>) {
    let says_url = spec.get("registry_config").is_some_and(|config| config.get("url").is_some());
    let Some(address) = row.get("registry_url").filter(|_| !says_url).cloned() else { return };
    if let Some(Value::Object(config)) = row.get_mut("registry_config")
        && config.get("url").is_some_and(|url| same(url, &address))
    {
        config.remove("url");
    }
}

/// Whether services may use the plugin.
pub fn is_disabled(row: &Map<String, Value>) -> bool {
    row.get("state").is_some_and(|state| state == "DISABLED")
}

/// The kind of the repository that holds a plugin, in small letters; `None` where a row does not tell.
pub fn repository_type(row: &Map<String, Value>) -> Option<String> {
    Some(row.get("repository_info")?.get("repository_type")?.as_str()?.to_ascii_lowercase())
}

/// Whether a plugin carries `label`, in a repository that is known to be the domain's own.
pub fn is_ours_with(label: &str, row: &Map<String, Value>) -> bool {
    let labels = row.get("labels").and_then(Value::as_array);
    repository_type(row).as_deref() == Some("local")
        && labels.is_some_and(|labels| labels.iter().any(|carried| carried == label))
}

#[cfg(test)]
mod tests;
