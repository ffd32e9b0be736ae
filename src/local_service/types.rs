//! The types that callers name, also in builds without the embedded service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::OpenStore;
use super::proto::repository::v1::PluginInfo;
use crate::oci::{RegistryClient, RegistryUrl};

/// The plugins that are registered in one file. Cheap to clone; clones share one connection.
#[derive(Clone, Debug)]
pub struct Store(pub(super) OpenStore);

/// Called with the text of each warning.
pub type OnWarning = Arc<dyn Fn(&str) + Send + Sync>;

/// Settings of the embedded service.
#[derive(Clone, Default)]
pub struct ServiceOptions {
    /// Reject an image name that a current service rejects, instead of a warning. Off by default: the documentation's
    /// own example has such a name.
    pub strict: bool,
    /// Called for each accepted image name that a current service rejects.
    pub on_warning: Option<OnWarning>,
    /// The registry whose tags are the plugins' versions; without one, images are not looked up.
    pub images: Option<ImageRegistry>,
    /// The plugins of the managed repository.
    pub managed: Arc<[PluginInfo]>,
}

impl fmt::Debug for ServiceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ServiceOptions");
        debug.field("strict", &self.strict).field("images", &self.images).finish_non_exhaustive()
    }
}

/// A registry that holds every plugin's image, whatever its registry type. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ImageRegistry {
    pub registry: RegistryUrl,
    pub client: Arc<RegistryClient>,
}

impl ImageRegistry {
    pub fn new(registry: RegistryUrl, client: RegistryClient) -> Self {
        Self { registry, client: Arc::new(client) }
    }
}

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Further ones wait until one ends.
    pub max_connections: usize,
    /// How long a connection may be without a call.
    pub idle_timeout: Option<Duration>,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { max_connections: 256, idle_timeout: Some(Duration::from_secs(300)) }
    }
}
