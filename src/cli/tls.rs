//! How a service is trusted, and what it is shown.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// For endpoints that speak TLS, grpc+ssl://. No option turns the check of the service's certificate off.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct Tls {
    /// Certificates of the authorities to trust instead of the system's, in PEM; no option turns the check off
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub ca: Option<PathBuf>,

    /// Client certificate in PEM, for services that ask for one; its chain and its key can be in the same file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub cert: Option<PathBuf>,

    /// Private key of the client certificate in PEM, without a passphrase
    // `key` is an argument of `config set` already.
    #[arg(id = "client_key", long = "key", global = true, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub key: Option<PathBuf>,

    /// Name that the service's certificate must hold, if it is not the endpoint's host
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Hostname, hide_short_help = true)]
    pub tls_server_name: Option<String>,
}
