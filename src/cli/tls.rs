//! TLS options of every call.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Options for endpoints with TLS (grpc+ssl://). No option disables the certificate check.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    /// PEM file of the CAs to trust instead of the system's
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub ca: Option<PathBuf>,

    /// PEM file of the client certificate; may include its chain and key
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub cert: Option<PathBuf>,

    /// PEM file of the client certificate's private key, without passphrase
    // `key` is an argument of `config set` already.
    #[arg(
        id = "client_key",
        long = "key",
        global = true,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        hide_short_help = true
    )]
    pub key: Option<PathBuf>,

    /// Server name in the certificate [default: the endpoint's host]
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Hostname, hide_short_help = true)]
    pub tls_server_name: Option<String>,
}
