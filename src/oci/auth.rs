//! From a registry's challenge to the header that answers it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use serde::Deserialize;

use super::challenge::AuthChallenge;
use super::deadline::Deadline;
use super::http::{HttpClient, HttpRequest, RequestTarget};
use crate::oci::credentials::{CredentialSecret, RegistryCredential};
use crate::oci::image_ref::ImageRef;
use crate::oci::registry_error::RegistryError;
use crate::secret::redact;
use crate::terminal::sanitize::percent;

/// What a token service is told of who is asking: its logs name programs, not people.
const CLIENT_ID: &str = env!("CARGO_PKG_NAME");

/// A token service's answer; older ones say `token`, OAuth 2 says `access_token`.
#[derive(Deserialize)]
struct TokenResponse {
    token: Option<String>,
    access_token: Option<String>,
}

/// The value of Authorization that answers `challenge`; `None` if nothing that is known here can.
///
/// # Errors
/// The token service is not reached, refuses, or is to be spoken to without TLS.
pub async fn authorize(
    http: &HttpClient,
    challenge: &AuthChallenge,
    place: &ImageRef,
    registry: &RequestTarget,
    login: Option<&RegistryCredential>,
    deadline: Deadline,
) -> Result<Option<HeaderValue>, RegistryError> {
    let (realm, service, scope) = match challenge {
        AuthChallenge::Basic => {
            return match login.map(|login| &login.secret) {
                Some(CredentialSecret::Password { user, password }) => basic(user, password).map(Some),
                _ => Ok(None),
            };
        }
        AuthChallenge::Bearer { realm, service, scope } => (realm, service, scope),
    };
    let target = registry.join(realm)?;
    // A registry that says which right it wants for this question may want more than another.
    let scope = scope.clone().unwrap_or_else(|| format!("repository:{}:pull", place.path()));
    let mut parameters = vec![("scope", scope.as_str())];
    parameters.extend(service.as_deref().map(|service| ("service", service)));
    let (target, request) = match login.map(|login| &login.secret) {
        // <https://distribution.github.io/distribution/spec/auth/oauth/>
        Some(CredentialSecret::Identity(token)) => {
            redact::remember(token);
            parameters.extend([("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", token)]);
            let form: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
            (target, request(Method::POST, None, Some(form.join("&"))))
        }
        Some(CredentialSecret::Password { user, password }) => {
            (with_query(target, &parameters), request(Method::GET, Some(basic(user, password)?), None))
        }
        None => (with_query(target, &parameters), request(Method::GET, None, None)),
    };
    let answer = http.send(&target, &request, deadline).await?;
    if !answer.status.is_success() {
        // A redirect is not followed: the login would go along.
        return Err(RegistryError::of_answer(&answer, target.authority()));
    }
    let no_service = || RegistryError::no_registry(&answer, target.authority());
    let token: TokenResponse = serde_json::from_slice(&answer.body).map_err(|_| no_service())?;
    let token = token.token.or(token.access_token).ok_or_else(no_service)?;
    redact::remember(&token);
    sensitive(&format!("Bearer {token}")).map(Some)
}

fn with_query(target: RequestTarget, parameters: &[(&str, &str)]) -> RequestTarget {
    parameters.iter().fold(target, |target, (name, value)| target.with_parameter(name, value))
}

fn request(method: Method, authorization: Option<HeaderValue>, form: Option<String>) -> HttpRequest {
    HttpRequest { method, accept: "application/json", authorization, form }
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, RegistryError> {
    let login = format!("{user}:{password}");
    [password, &login].into_iter().for_each(redact::remember);
    sensitive(&format!("Basic {}", STANDARD.encode(login)))
}

fn sensitive(value: &str) -> Result<HeaderValue, RegistryError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| RegistryError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}
