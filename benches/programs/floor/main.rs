//! The floor: a client of the Repository service written by hand. Its types are compiled in, its requests hard-coded, and
//! there is nothing in it that the call does not need, as one would write it with tonic and prost.
//!
//! `bench-floor URL list FORMAT COLUMNS` and `bench-floor URL register COUNT IN_FLIGHT`, with an `http://` or `https://` URL.

mod columns;
mod json;
mod list;
mod register;
mod table;

use tonic::client::Grpc;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

/// Where distributions keep the authorities that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match words[..] {
            [url, "list", format, columns] => list::list(connect(url).await?, format, columns).await,
            [url, "register", count, in_flight] => {
                register::register(connect(url).await?, count.parse()?, in_flight.parse()?).await
            }
            _ => Err("bench-floor URL list FORMAT COLUMNS | URL register COUNT IN_FLIGHT".into()),
        }
    })
}

async fn connect(url: &str) -> Result<Grpc<Channel>> {
    let mut endpoint = Channel::from_shared(url.to_owned())?;
    if url.starts_with("https:") {
        endpoint = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(bundle()?)))?;
    }
    let mut grpc = Grpc::new(endpoint.connect().await?).max_decoding_message_size(usize::MAX);
    grpc.ready().await?;
    Ok(grpc)
}

fn bundle() -> Result<Vec<u8>> {
    if let Some(file) = std::env::var_os("SSL_CERT_FILE") {
        return Ok(std::fs::read(file)?);
    }
    let found = BUNDLES.iter().find_map(|file| std::fs::read(file).ok());
    found.ok_or_else(|| "this system has no bundle of authorities".into())
}
