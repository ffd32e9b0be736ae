//! Image registries: where an image lies, whose login opens it, and which tags it has.
//!
//! They are asked by the OCI distribution API (<https://github.com/opencontainers/distribution-spec>), which Docker Hub,
//! ghcr.io, Harbor, ECR and Google's registries speak, and with the logins that docker, podman and buildah keep.
//!
//! A question passes `place` (which registry, which image: `url`, `image`), `client` (what to ask for), `auth` (who is
//! asking: `challenge`, `logins`, `helper`), `http` (one request: `dial`, `proxy`, `trust`), and `fault` (what went wrong
//! and what to do). Each step keeps to the question's `deadline`.
//!
//! Plaintext is spoken with loopback addresses only, certificates are always verified, and a login goes to nobody but
//! the registry that it belongs to and the token service that this registry names.
//!
//! Why not by a library: oci-client 0.18 does not follow `Link` to the next page of tags, reads answers without a bound,
//! sends the login to whatever address a challenge names, drops the reason where a login is refused, and panics on a
//! token with a line break; the HTTP client in it cannot be set from outside. The little that is asked here stands on
//! hyper and rustls, which the gRPC client brings anyway.

mod auth;
mod challenge;
mod client;
mod credentials;
mod deadline;
mod dial;
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

pub use client::{RegistryClient, RegistryFailure};
pub use credentials::CredentialFiles;
pub use image::{check_image, check_tag};
pub use image_ref::ImageRef;
pub use proxy::ProxyConfig;
pub use url::RegistryUrl;
pub use versions::{newest, newest_first};
