//! From a registry's challenge to the header that answers it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use serde::Deserialize;

use super::challenge::Challenge;
use super::deadline::Deadline;
use super::http::{Http, Request, Target};
use crate::oci::credentials::{Login, Secret};
use crate::oci::image_ref::ImageRef;
use crate::oci::registry_error::Fault;
use crate::secret::redact;
use crate::terminal::sanitize::percent;

/// What a token service is told of who is asking: its logs name programs, not people.
const CLIENT_ID: &str = env!("CARGO_PKG_NAME");

/// A token service's answer; older ones say `token`, OAuth 2 says `access_token`.
#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

/// The value of Authorization that answers `challenge`; `None` if nothing that is known here can.
///
/// # Errors
/// The token service is not reached, refuses, or is to be spoken to without TLS.
pub async fn authorize(
    http: &Http,
    challenge: &Challenge,
    place: &ImageRef,
    registry: &Target,
    login: Option<&Login>,
    deadline: Deadline,
) -> Result<Option<HeaderValue>, Fault> {
    let (realm, service, scope) = match challenge {
        Challenge::Basic => {
            return match login.map(|login| &login.secret) {
                Some(Secret::Password { user, password }) => basic(user, password).map(Some),
                _ => Ok(None),
            };
        }
        Challenge::Bearer { realm, service, scope } => (realm, service, scope),
    };
    let target = registry.join(realm)?;
    // A registry that says which right it wants for this question may want more than another.
    let scope = scope.clone().unwrap_or_else(|| format!("repository:{}:pull", place.path()));
    let mut parameters = vec![("scope", scope.as_str())];
    parameters.extend(service.as_deref().map(|service| ("service", service)));
    let (target, request) = match login.map(|login| &login.secret) {
        // <https://distribution.github.io/distribution/spec/auth/oauth/>
        Some(Secret::Identity(token)) => {
            redact::remember(token);
            parameters.extend([("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", token)]);
            let form: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
            (target, request(Method::POST, None, Some(form.join("&"))))
        }
        Some(Secret::Password { user, password }) => {
            (with_query(target, &parameters), request(Method::GET, Some(basic(user, password)?), None))
        }
        None => (with_query(target, &parameters), request(Method::GET, None, None)),
    };
    let answer = http.send(&target, &request, deadline).await?;
    if !answer.status.is_success() {
        // A redirect is not followed: the login would go along.
        return Err(Fault::of_answer(&answer, target.authority()));
    }
    let no_service = || Fault::no_registry(&answer, target.authority());
    let token: Answer = serde_json::from_slice(&answer.body).map_err(|_| no_service())?;
    let token = token.token.or(token.access_token).ok_or_else(no_service)?;
    redact::remember(&token);
    sensitive(&format!("Bearer {token}")).map(Some)
}

fn with_query(target: Target, parameters: &[(&str, &str)]) -> Target {
    parameters.iter().fold(target, |target, (name, value)| target.with_parameter(name, value))
}

fn request(method: Method, authorization: Option<HeaderValue>, form: Option<String>) -> Request {
    Request { method, accept: "application/json", authorization, form }
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, Fault> {
    let login = format!("{user}:{password}");
    [password, &login].into_iter().for_each(redact::remember);
    sensitive(&format!("Basic {}", STANDARD.encode(login)))
}

fn sensitive(value: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Fault::Token)?;
    value.set_sensitive(true);
    Ok(value)
}
