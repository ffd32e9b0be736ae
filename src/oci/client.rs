//! What a registry is asked.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{LINK, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Deserialize;

use super::auth;
use super::challenge::AuthChallenge;
use super::deadline::Deadline;
use super::http::{HttpClient, HttpRequest, HttpResponse, RequestTarget};
use super::image::check_tag;
use super::proxy::ProxyConfig;
use crate::error::parse_error::ParseError;
use crate::error::{Error, Result};
use crate::oci::credentials::{CredentialFiles, RegistryCredential};
use crate::oci::image_ref::ImageRef;
use crate::oci::registry_error;
use crate::oci::registry_error::RegistryError;
use crate::oci::tls::TrustStore;

/// How often a registry may send a request elsewhere, as curl's users know it from browsers.
const MAX_REDIRECTS: usize = 5;

/// More tags than any image has; what goes on past it has no end.
const MAX_TAGS: usize = 200_000;

/// Every kind of manifest, as the specifications name them: a registry that knows a tag under another kind says that it
/// does not know it.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json, \
                         application/vnd.docker.distribution.manifest.v2+json, */*";

/// Asks registries. Every question takes at most the time limit.
pub struct RegistryClient {
    http: HttpClient,
    logins: CredentialFiles,
    limit: Duration,
}

impl fmt::Debug for RegistryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryClient")
            .field("logins", &self.logins)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Why a question was not answered.
#[derive(Clone, Debug)]
pub struct RegistryFailure {
    pub error: Error,
    /// Whether time can mend it: nobody is there, or has time, for the moment.
    pub is_passing: bool,
    /// Whether it is refused to whoever asks, by 401 or 403.
    pub is_refusal: bool,
}

impl From<RegistryFailure> for Error {
    fn from(unanswered: RegistryFailure) -> Self {
        unanswered.error
    }
}

/// A page of tags. One without any is `null` in some registries.
#[derive(Deserialize)]
struct Page {
    tags: Option<Vec<String>>,
}

impl RegistryClient {
    /// A client that may use `logins` where a registry asks for one, and waits `limit` for each question.
    pub fn new(logins: CredentialFiles, limit: Duration) -> Self {
        Self {
            http: HttpClient { trust: TrustStore::default(), proxy: ProxyConfig::default(), tell: None },
            logins,
            limit,
        }
    }

    /// Tells `listener` a line for each request. It holds no secret.
    #[must_use]
    pub fn on_request(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.http.tell = Some(Box::new(listener));
        self
    }

    /// Reaches registries that are not on this machine through `proxy`, as far as that says so.
    #[must_use]
    pub fn with_proxy(mut self, proxy: ProxyConfig) -> Self {
        self.http.proxy = proxy;
        self
    }

    /// Trusts, for a registry, the certificates in the folder of its name in `folders`, instead of docker's and podman's.
    #[must_use]
    pub fn with_certificates(mut self, folders: Vec<PathBuf>) -> Self {
        self.http.trust = TrustStore::new(folders);
        self
    }

    /// All tags of an image, in the registry's order; `None` if the registry knows no such image.
    ///
    /// # Errors
    /// The registry is not reached, refuses, or is none; with what to do about it.
    pub async fn tags(&self, place: &ImageRef) -> Result<Option<Vec<String>>> {
        self.ask(place, async |question| {
            let mut target = question.target("tags/list");
            let mut tags = Vec::new();
            let mut known = HashSet::new();
            loop {
                let answer = question.send(&target, Method::GET, "application/json").await?;
                match answer.status {
                    StatusCode::OK => {}
                    // A registry may leave out the words, as what is none does.
                    StatusCode::NOT_FOUND if answer.body.is_empty() && !question.is_of_registry().await? => {
                        return Err(RegistryError::no_registry(&answer, target.authority()));
                    }
                    StatusCode::NOT_FOUND if registry_error::is_registry_word(&answer) => return Ok(None),
                    _ => return Err(RegistryError::of_answer(&answer, target.authority())),
                }
                let no_registry = |_| RegistryError::no_registry(&answer, target.authority());
                let page: Page = serde_json::from_slice(&answer.body).map_err(no_registry)?;
                let before = tags.len();
                // What is no tag could not be asked for, and may be anything.
                let fitting = page.tags.unwrap_or_default().into_iter().filter(|tag| check_tag(tag).is_ok());
                tags.extend(fitting.filter(|tag| known.insert(tag.clone())));
                let Some(query) = next_page(&answer.headers) else { return Ok(Some(tags)) };
                if tags.len() == before || tags.len() > MAX_TAGS {
                    return Err(RegistryError::Endless);
                }
                target = target.with_query(&query);
            }
        })
        .await
        .map_err(Error::from)
    }

    /// The digest of what `tag` stands for; `None` if the registry knows no such tag or image.
    ///
    /// # Errors
    /// As [`RegistryClient::tags`]; or `tag` is no tag.
    pub async fn digest(&self, place: &ImageRef, tag: &str) -> Result<Option<String>, RegistryFailure> {
        let no_tag =
            |error: ParseError| RegistryFailure { error: error.into_local(), is_passing: false, is_refusal: false };
        check_tag(tag).map_err(no_tag)?;
        self.ask(place, async |question| {
            let target = question.target(&format!("manifests/{tag}"));
            let answer = question.send(&target, Method::HEAD, MANIFESTS).await?;
            match answer.status {
                StatusCode::NOT_FOUND if registry_error::is_registry_word(&answer) => return Ok(None),
                StatusCode::OK => {}
                _ => return Err(RegistryError::of_answer(&answer, target.authority())),
            }
            let digest = answer.headers.get("docker-content-digest").and_then(|digest| digest.to_str().ok());
            // Nothing else tells a registry's answer to HEAD from a web server's.
            digest
                .map(|digest| Some(digest.to_owned()))
                .ok_or_else(|| RegistryError::no_registry(&answer, target.authority()))
        })
        .await
    }

    async fn ask<T>(
        &self,
        place: &ImageRef,
        work: impl AsyncFnOnce(&mut Question<'_>) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryFailure> {
        let deadline = Deadline::after(self.limit);
        let mut question = Question { client: self, place, deadline, login: None, authorization: None };
        work(&mut question).await.map_err(|fault| RegistryFailure {
            is_passing: fault.is_passing(),
            is_refusal: fault.is_refusal(),
            error: fault.into_error(place, question.login.as_ref().map(|login| login.from.as_str())),
        })
    }
}

/// One question on its way, through as many requests as it takes.
struct Question<'a> {
    client: &'a RegistryClient,
    place: &'a ImageRef,
    deadline: Deadline,
    /// Looked for when the registry asks for it.
    login: Option<RegistryCredential>,
    authorization: Option<HeaderValue>,
}

impl Question<'_> {
    fn target(&self, what: &str) -> RequestTarget {
        RequestTarget::new(self.place.registry(), format!("/v2/{}/{what}", self.place.path()))
    }

    /// Whether it is a registry that is asked. All of them have this address, for that purpose:
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support>.
    async fn is_of_registry(&mut self) -> Result<bool, RegistryError> {
        let target = RequestTarget::new(self.place.registry(), "/v2/".to_owned());
        let answer = self.send(&target, Method::GET, "application/json").await?;
        Ok(matches!(answer.status, StatusCode::OK | StatusCode::UNAUTHORIZED))
    }

    /// Sends a request, answers a challenge once, and follows the registry elsewhere, where it goes without a login.
    async fn send(
        &mut self,
        first: &RequestTarget,
        method: Method,
        accept: &'static str,
    ) -> Result<HttpResponse, RegistryError> {
        let mut target = first.clone();
        let mut is_asked = false;
        for _ in 0..=MAX_REDIRECTS + 1 {
            let is_own = target.is_same_host(first);
            let authorization = self.authorization.clone().filter(|_| is_own);
            let request = HttpRequest { method: method.clone(), accept, authorization, form: None };
            let answer = self.client.http.send(&target, &request, self.deadline).await?;
            if answer.status == StatusCode::UNAUTHORIZED && is_own && !is_asked {
                is_asked = true;
                if self.authorize(&answer.headers, &target).await? {
                    continue;
                }
                return Ok(answer);
            }
            let Some(location) = answer.headers.get(LOCATION).filter(|_| answer.status.is_redirection()) else {
                return Ok(answer);
            };
            let location = location.to_str().map_err(|_| RegistryError::Address(format!("{location:?}")))?;
            target = target.join(location)?;
        }
        Err(RegistryError::Redirects)
    }

    /// Gets what answers the challenge in `headers`; false if there is nothing.
    async fn authorize(&mut self, headers: &HeaderMap, target: &RequestTarget) -> Result<bool, RegistryError> {
        let Some(challenge) = AuthChallenge::of(headers) else { return Ok(false) };
        if self.login.is_none() {
            self.login = self.client.logins.find(self.place, self.deadline).await.map_err(RegistryError::Credential)?;
        }
        let login = self.login.as_ref();
        let http = &self.client.http;
        self.authorization = auth::authorize(http, &challenge, self.place, target, login, self.deadline).await?;
        Ok(self.authorization.is_some())
    }
}

/// The query of the next page, by the header Link (RFC 8288). Its host and path are not followed: a page lies where the
/// first one did, whatever a proxy between makes of its address.
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| links.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"') == "next"
        });
        let query = target.split_once('?')?.1;
        is_next.then(|| query.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_named_by_link() {
        for (link, query) in [
            ("</v2/a/tags/list?last=b&n=2>; rel=\"next\"", Some("last=b&n=2")),
            ("<https://elsewhere.example/x?last=b>; rel=next", Some("last=b")),
            ("<?last=a>; rel=\"prev\", <?last=c>; rel=\"next\"", Some("last=c")),
            ("</v2/a/tags/list>; rel=\"next\"", None),
            ("<?last=b>", None),
            ("nonsense", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, HeaderValue::from_str(link).unwrap());
            assert_eq!(next_page(&headers).as_deref(), query, "{link}");
        }
    }
}
