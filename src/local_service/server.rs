//! The embedded services as tonic routes.

use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};
use tonic_health::ServingStatus;
use tonic_reflection::server::Builder;

use super::plugin::PluginService;
use super::proto::core::v1::VersionInfo;
use super::proto::core::v1::server_info_server::{ServerInfo, ServerInfoServer};
use super::proto::repository::v1::plugin_server::PluginServer;
use super::proto::repository::v1::repository_server::RepositoryServer;
use super::proto::{FILE_DESCRIPTOR_SET, HEALTH_DESCRIPTOR_SET};
use super::repository_method::RepositoryService;
use super::types::{ServiceOptions, Store};
use crate::error::{Error, Result};
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// The version that ServerInfo reports: the first 2.x release of the real service with this API.
pub const API_VERSION: &str = "2.0.52";

/// Builds all services: Plugin, Repository, ServerInfo, Health and reflection (v1, v1alpha).
///
/// # Errors
/// None, unless the program was built from broken descriptors.
pub async fn routes(store: Store, options: ServiceOptions) -> Result<Routes> {
    let plugins = PluginServer::new(PluginService::new(store, options))
        .max_decoding_message_size(MAX_MESSAGE_SIZE)
        .max_encoding_message_size(MAX_MESSAGE_SIZE);
    let (health, health_service) = tonic_health::server::health_reporter();
    for service in [
        PluginServer::<PluginService>::NAME,
        RepositoryServer::<RepositoryService>::NAME,
        ServerInfoServer::<ServerInfoService>::NAME,
    ] {
        health.set_service_status(service, ServingStatus::Serving).await;
    }
    let reflection = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(HEALTH_DESCRIPTOR_SET)
    };
    let broken =
        |error| Error::local("the bundled descriptors cannot be read").caused_by(&error as &dyn std::error::Error);
    Ok(Routes::new(plugins)
        .add_service(RepositoryServer::new(RepositoryService))
        .add_service(ServerInfoServer::new(ServerInfoService))
        .add_service(health_service)
        .add_service(reflection().build_v1().map_err(broken)?)
        .add_service(reflection().build_v1alpha().map_err(broken)?)
        .prepare())
}

#[derive(Clone, Copy, Debug)]
struct ServerInfoService;

#[async_trait]
impl ServerInfo for ServerInfoService {
    async fn get_version(&self, _: Request<()>) -> Result<Response<VersionInfo>, Status> {
        Ok(Response::new(VersionInfo { version: API_VERSION.to_owned() }))
    }
}
