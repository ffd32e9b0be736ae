//! A Repository service with so many plugins: a process of its own, so that its time and its memory are nobody else's.

mod plugins;
mod reflection;

use std::fs;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use spacectl::repository::proto::core::v1::VersionInfo;
use spacectl::repository::proto::core::v1::server_info_server::{ServerInfo, ServerInfoServer};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, async_trait};

use plugins::Plugins;
use reflection::Style;

/// What a service is started with, as one line on its standard input. It ends when that ends.
#[derive(Debug, Deserialize, Serialize)]
pub struct Start {
    pub rows: usize,
    /// The certificate and its key, in PEM.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Where it listens, as one line on its standard output.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Listening {
    /// Plaintext; a symbol is answered with its one file.
    pub plain: SocketAddr,
    /// Plaintext; a symbol is answered with its file and all that this imports.
    pub along: SocketAddr,
    /// TLS, and otherwise as plaintext.
    pub tls: SocketAddr,
}

/// The process.
pub fn run() -> Result<()> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let start: Start = serde_json::from_str(&line)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(start))
}

async fn serve(start: Start) -> Result<()> {
    let bind = || TcpIncoming::bind(([127, 0, 0, 1], 0).into()).map(|incoming| incoming.with_nodelay(Some(true)));
    let (plain, along, tls) = (bind()?, bind()?, bind()?);
    let identity = Identity::from_pem(fs::read(&start.certificate)?, fs::read(&start.key)?);
    let with_tls = ServerTlsConfig::new().identity(identity);

    let pool = reflection::descriptors()?;
    let plugins = Plugins::new(start.rows);
    let routes = |style| {
        Routes::new(plugins.clone())
            .add_service(reflection::service(&pool, style))
            .add_service(ServerInfoServer::new(Info))
            .prepare()
    };
    let listening = Listening { plain: plain.local_addr()?, along: along.local_addr()?, tls: tls.local_addr()? };
    println!("{}", serde_json::to_string(&listening)?);
    std::thread::spawn(|| {
        // Whoever started it holds the other end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::try_join!(
        Server::builder().add_routes(routes(Style::Alone)).serve_with_incoming(plain),
        Server::builder().add_routes(routes(Style::Along)).serve_with_incoming(along),
        Server::builder().tls_config(with_tls)?.add_routes(routes(Style::Alone)).serve_with_incoming(tls),
    )?;
    Ok(())
}

#[derive(Clone, Copy, Debug)]
struct Info;

#[async_trait]
impl ServerInfo for Info {
    async fn get_version(&self, _: Request<()>) -> Result<Response<VersionInfo>, Status> {
        Ok(Response::new(VersionInfo { version: spacectl::repository::API_VERSION.to_owned() }))
    }
}
