//! Answers a registry's challenge with an Authorization header.

use http::{HeaderValue, Method};
use serde::Deserialize;

use super::authorization::{CredentialSecret, RegistryCredential, basic, bearer};
use super::challenge::AuthChallenge;
use super::deadline::Deadline;
use super::http::{HttpClient, HttpRequest, HttpTarget};
use super::image_ref::ImageRef;
use super::registry_error::RegistryError;
use crate::secret::mask;
use crate::text::sanitize::percent;

/// Names the program, not the person, in a token service's logs.
const CLIENT_ID: &str = env!("CARGO_PKG_NAME");

/// A token service's response; older ones have `token`, OAuth 2 has `access_token`.
#[derive(Deserialize)]
struct TokenResponse {
    token: Option<String>,
    access_token: Option<String>,
}

/// The Authorization header that answers `challenge`; `None` without a fitting credential.
///
/// # Errors
/// The token service is not reached, refuses, or does not speak TLS.
pub async fn authorize(
    http: &HttpClient,
    challenge: &AuthChallenge,
    image: &ImageRef,
    registry: &HttpTarget,
    credential: Option<&RegistryCredential>,
    deadline: Deadline,
) -> Result<Option<HeaderValue>, RegistryError> {
    let secret = credential.map(|credential| &credential.secret);
    let (realm, service, scope) = match (challenge, secret) {
        (AuthChallenge::Basic, Some(CredentialSecret::Password { user, password })) => {
            return basic(user, password).map(Some);
        }
        (AuthChallenge::Basic, _) => return Ok(None),
        (AuthChallenge::Bearer { .. }, Some(CredentialSecret::RegistryToken(token))) => return bearer(token).map(Some),
        (AuthChallenge::Bearer { realm, service, scope }, _) => (realm, service, scope),
    };
    let target = registry.join(realm)?;
    // A registry that names a scope may want more than this one.
    let scope = scope.clone().unwrap_or_else(|| format!("repository:{}:pull", image.path()));
    let mut parameters = vec![("scope", scope.as_str())];
    parameters.extend(service.as_deref().map(|service| ("service", service)));
    // <https://distribution.github.io/distribution/spec/auth/oauth/>
    if let Some(CredentialSecret::IdentityToken(token)) = secret {
        mask::remember(token);
        parameters.extend([("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", token)]);
    }
    let encoded = parameters.iter().map(|(name, value)| format!("{name}={}", percent(value)));
    let (target, method, authorization, form) = match secret {
        Some(CredentialSecret::IdentityToken(_)) => {
            (target, Method::POST, None, Some(encoded.collect::<Vec<_>>().join("&")))
        }
        secret => {
            let query: Vec<String> = target.query().map(str::to_owned).into_iter().chain(encoded).collect();
            let authorization = match secret {
                Some(CredentialSecret::Password { user, password }) => Some(basic(user, password)?),
                _ => None,
            };
            (target.with_query(&query.join("&"))?, Method::GET, authorization, None)
        }
    };
    let request = HttpRequest { method, accept: "application/json", authorization, form };
    let response = http.send(&target, &request, deadline).await?;
    if !response.status().is_success() {
        // A redirect is not followed: the credential would go along.
        return Err(RegistryError::from_response(&response, target.authority()));
    }
    let not_token_service = || RegistryError::not_registry(&response, target.authority());
    let token: TokenResponse = serde_json::from_slice(response.body()).map_err(|_| not_token_service())?;
    let mut tokens = [token.token, token.access_token].into_iter().flatten();
    let token = tokens.find(|token| !token.is_empty()).ok_or_else(not_token_service)?;
    bearer(&token).map(Some)
}
