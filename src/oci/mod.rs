//! Image registries: references, credentials, tags and digests.
//!
//! It speaks the OCI distribution API (<https://github.com/opencontainers/distribution-spec>), as Docker Hub, ghcr.io,
//! Harbor, ECR and Google's registries do, with the credentials that docker, podman and buildah store.
//!
//! A request passes `image_ref` (`url`, `image`), `client` (what to ask for), `auth` (`challenge`, `credentials`,
//! `helper`, `authorization`), `http` (one request: `connect`, `proxy`, `tls`) and `registry_error` (causes and
//! hints), within one `deadline`.
//! Plaintext is for loopback addresses only, certificates are always verified, and credentials go only to their
//! registry and to the token service that it names. Not here: pulling and pushing images.
//!
//! Why no library: oci-client 0.18 does not follow `Link` to the next page of tags, reads responses without a limit,
//! sends credentials to any address that a challenge names, drops the reason of a rejected login, and panics on a token
//! with a line break; its HTTP client cannot be configured from outside. hyper and rustls come with the gRPC client.

mod auth;
mod authorization;
mod challenge;
mod client;
mod connect;
mod credentials;
mod deadline;
mod helper;
mod http;
mod image;
mod image_ref;
pub mod plugin_image;
mod proxy;
mod registry_error;
mod tls;
mod url;
mod versions;

pub use challenge::AuthChallenge;
pub use client::{RegistryClient, RegistryFailure, next_page};
pub use credentials::CredentialFiles;
pub use image::{check_image, check_tag};
pub use image_ref::ImageRef;
pub use proxy::ProxyConfig;
pub use url::RegistryUrl;
pub use versions::{newest, newest_first};
