//! Image registries: where an image lies, whose login opens it, and which tags it has.
//!
//! They are asked by the OCI distribution API (<https://github.com/opencontainers/distribution-spec>), which Docker Hub,
//! ghcr.io, Harbor, ECR and Google's registries speak, and with the logins that docker, podman and buildah keep.
//!
//! A question passes `place` (which registry, which image: `url`, `image`), `client` (what to ask for), `auth` (who is
//! asking: `challenge`, `logins`, `helper`), `http` (one request: `trust`), and `fault` (what went wrong and what to do).
//!
//! Plaintext is spoken with loopback addresses only, certificates are always verified, and a login goes to nobody but
//! the registry that it belongs to and the token service that this registry names.

mod auth;
mod challenge;
mod client;
mod fault;
mod helper;
mod http;
mod image;
mod logins;
mod place;
mod trust;
mod url;
mod versions;

pub use client::Client;
pub use image::{check_image, check_tag};
pub use logins::Logins;
pub use place::ImagePlace;
pub use url::RegistryUrl;
pub use versions::newest_first;
