//! The services put together: in the process, or on a port.

use std::future::Future;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, async_trait};
use tonic_health::ServingStatus;

use super::plugin::{PluginService, ServiceOptions};
use super::proto::core::v1::VersionInfo;
use super::proto::core::v1::server_info_server::{ServerInfo, ServerInfoServer};
use super::proto::repository::v1::plugin_server::PluginServer;
use super::proto::repository::v1::repository_server::RepositoryServer;
use super::reflection::Reflection;
use super::store::Store;
use crate::error::{Error, Result};
use crate::local_service::repository_method::RepositoryService;
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// What ServerInfo answers: the first 2.x release of the real service whose API this is, so that a client that looks at
/// the version treats both alike. It says nothing about this program's version.
pub const API_VERSION: &str = "2.0.52";

/// How long open calls may go on after the end was asked for. A watched health status would never end by itself.
const GRACE: Duration = Duration::from_secs(3);

/// All services: Plugin, Repository, ServerInfo, Health, and reflection in both versions.
pub async fn routes(store: Store, rules: ServiceOptions) -> Routes {
    let plugins = PluginServer::new(PluginService::new(store, rules))
        .max_decoding_message_size(MAX_MESSAGE_SIZE)
        .max_encoding_message_size(MAX_MESSAGE_SIZE);
    let (health, health_service) = tonic_health::server::health_reporter();
    for service in [
        PluginServer::<PluginService>::NAME,
        RepositoryServer::<RepositoryService>::NAME,
        ServerInfoServer::<Info>::NAME,
    ] {
        health.set_service_status(service, ServingStatus::Serving).await;
    }
    Routes::new(plugins)
        .add_service(RepositoryServer::new(RepositoryService))
        .add_service(ServerInfoServer::new(Info))
        .add_service(health_service)
        .add_service(Reflection::<false>)
        .add_service(Reflection::<true>)
        .prepare()
}

/// Serves `routes` on `listener` until `shutdown` is done; then takes no new calls and lets open ones end, for at most
/// three seconds.
///
/// # Errors
/// The server fails.
pub async fn serve(listener: TcpListener, routes: Routes, shutdown: impl Future<Output = ()>) -> Result<()> {
    let (asked, to_end) = tokio::sync::oneshot::channel::<()>();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let served = Server::builder().add_routes(routes).serve_with_incoming_shutdown(incoming, async {
        // Either way it is time to end.
        let _ = to_end.await;
    });
    let end = async {
        shutdown.await;
        // The server may have failed before.
        let _ = asked.send(());
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = served => result.map_err(|error| Error::local("the local repository server failed").caused_by(&error)),
        () = end => Ok(()),
    }
}

#[derive(Clone, Copy, Debug)]
struct Info;

#[async_trait]
impl ServerInfo for Info {
    async fn get_version(&self, _: Request<()>) -> std::result::Result<Response<VersionInfo>, Status> {
        Ok(Response::new(VersionInfo { version: API_VERSION.to_owned() }))
    }
}
