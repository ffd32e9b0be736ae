//! What a file given to `apply` is, by its top-level keys.

use crate::yaml::value::{self, MappingEntry};
use crate::yaml::{Content, Node};

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestForm {
    /// Tasks, or what they need.
    Manifest,
    /// The spec of a plugin, which `plugin apply` takes.
    PluginSpec,
    /// Values of a Helm chart with a manifest under `main`.
    HelmValues,
    /// A document of cfctl: `service`, `verb`, `resource`, `spec`.
    Cfctl,
    Unknown,
}

impl ManifestForm {
    pub fn is_plugin_spec(self) -> bool {
        self == Self::PluginSpec
    }

    pub fn of(document: &Node) -> Self {
        if matches!(document.content, Content::List(_)) {
            return Self::Manifest;
        }
        let entries = value::entries(document).unwrap_or_default();
        let has = |name: &str| entries.iter().any(|entry| entry.name == name);
        if ["tasks", "import", "var", "env"].into_iter().any(has) {
            Self::Manifest
        } else if has("service") && has("verb") && has("resource") {
            Self::Cfctl
        } else if entries.iter().any(is_wrapped) {
            Self::HelmValues
        } else if has("image") || has("name") && (has("resource_type") || has("service_type")) {
            Self::PluginSpec
        } else {
            Self::Unknown
        }
    }
}

/// `main:` with a manifest in it.
fn is_wrapped(entry: &MappingEntry<'_>) -> bool {
    let keys = value::entries(entry.value).unwrap_or_default();
    entry.name == "main" && keys.iter().any(|key| matches!(key.name, "import" | "var" | "tasks"))
}
