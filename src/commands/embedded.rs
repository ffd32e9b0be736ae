//! The store of the embedded service, and the image registry that it asks.

use std::time::Duration;

use crate::config::{BUILT_IN, Variables};
use crate::error::Result;
use crate::grpc::trace::Trace;
use crate::local_service::{ImageRegistry, Store};
use crate::oci;
use crate::oci::{CredentialFiles, ProxyConfig, RegistryUrl};
use crate::terminal::io_streams::Diagnostics;

/// How long the embedded service waits for its image registry.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(20);

/// Credentials and proxy for image registries, from the process environment.
#[derive(Clone, Debug)]
pub struct RegistryAccess {
    logins: CredentialFiles,
    proxy: ProxyConfig,
}

impl RegistryAccess {
    pub fn of(variables: &Variables) -> Self {
        let proxy = ProxyConfig::new(variables.https_proxy.clone(), variables.no_proxy.clone());
        Self { logins: CredentialFiles::new(variables.registry_logins()), proxy }
    }

    /// A client that waits `limit` for each response.
    pub fn client(self, limit: Duration) -> oci::RegistryClient {
        oci::RegistryClient::new(self.logins, limit).with_proxy(self.proxy)
    }
}

/// The registry in which the embedded service looks up images.
pub fn images(registry: RegistryUrl, access: RegistryAccess, trace: Trace) -> ImageRegistry {
    let client = access.client(REGISTRY_PATIENCE);
    ImageRegistry::new(registry, client.on_request(move |line| trace.step(|| line.to_owned())))
}

/// Opens the store of the environment `local`, and says where it is when it is new.
pub fn open_store(variables: &Variables, registry: Option<&RegistryUrl>, diagnostics: &Diagnostics) -> Result<Store> {
    let path = variables.repository_database()?;
    let store = Store::open(&path)?;
    if store.is_new() {
        let images = match registry {
            Some(registry) => format!("images are looked up at {registry}"),
            None => "image existence is not checked".to_owned(),
        };
        diagnostics.note(&format!("the environment {BUILT_IN} stores plugins in {}; {images}", path.display()));
    }
    Ok(store)
}
