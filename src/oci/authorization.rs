//! Registry credentials, and the Authorization headers that they make.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::registry_error::RegistryError;
use crate::secret::mask;

/// A credential, and where it comes from.
#[derive(Clone)]
pub struct RegistryCredential {
    pub secret: CredentialSecret,
    /// The file, or the helper and the file that names it.
    pub source: String,
}

#[derive(Clone)]
pub enum CredentialSecret {
    /// For Basic authentication.
    Password { user: String, password: String },
    /// A refresh token of OAuth 2, for the registry's token service.
    IdentityToken(String),
    /// A token for the registry itself.
    RegistryToken(String),
}

impl fmt::Debug for RegistryCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryCredential").field("source", &self.source).finish_non_exhaustive()
    }
}

/// The header with user and password (RFC 7617).
pub fn basic(user: &str, password: &str) -> Result<HeaderValue, RegistryError> {
    let login = format!("{user}:{password}");
    [password, &login].into_iter().for_each(mask::remember);
    sensitive(&format!("Basic {}", STANDARD.encode(login)))
}

/// The header with a token (RFC 6750).
pub fn bearer(token: &str) -> Result<HeaderValue, RegistryError> {
    mask::remember(token);
    sensitive(&format!("Bearer {token}"))
}

fn sensitive(value: &str) -> Result<HeaderValue, RegistryError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| RegistryError::invalid_token())?;
    value.set_sensitive(true);
    Ok(value)
}
