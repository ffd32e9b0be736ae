//! Replaces the embedded service in builds without the feature `local`.
//!
//! The descriptors are here as in every build. A [`Store`] cannot be opened, so nothing else is ever called.

use std::path::Path;

use tokio::net::TcpListener;
use tonic::Status;
use tonic::service::Routes;

use crate::error::{Error, Result};

#[path = "proto.rs"]
pub mod proto;
#[path = "types.rs"]
mod types;

pub use proto::repository::v1::PluginsInfo as EncodedPlugins;
use proto::repository::v1::{PluginInfo, RegisterPluginRequest};
pub use proto::{descriptor_sets, descriptors, first_generation};
pub use types::{ConnectionLimits, ImageRegistry, OnWarning, ServiceOptions, Store};

/// As in the embedded service, whose descriptors are bundled.
pub const API_VERSION: &str = "2.0.52";

const ABSENT: &str = "this build of spacectl has no embedded service";

/// What a [`Store`] has of its file: no value exists.
///
/// Private, so that the compiler does not warn those who hold a store that their code is unreachable.
#[derive(Clone, Debug)]
enum OpenStore {}

impl Store {
    /// Says that there is no embedded service.
    ///
    /// # Errors
    /// Always.
    pub fn open(_: &Path) -> Result<Self> {
        Err(Error::local(ABSENT)
            .cause("it was built without the feature `local`")
            .hint("select an environment with -e NAME, or a service with --endpoint URL"))
    }

    pub fn with_full_sync(self) -> Result<Self> {
        match self.0 {}
    }

    pub fn is_new(&self) -> bool {
        match self.0 {}
    }

    pub async fn count(&self) -> Result<usize, Status> {
        match self.0 {}
    }

    pub async fn clear(&self) -> Result<usize, Status> {
        match self.0 {}
    }
}

pub async fn routes(store: Store, _: ServiceOptions) -> Result<Routes> {
    match store.0 {}
}

/// Ends at once.
pub async fn serve(_: TcpListener, _: Routes, _: ConnectionLimits, _: Option<OnWarning>, _: impl Future<Output = ()>) {}

/// Says that there is no embedded service.
///
/// # Errors
/// Always.
pub fn managed_plugin(_: RegisterPluginRequest) -> Result<PluginInfo, Status> {
    Err(Status::unavailable(ABSENT))
}
