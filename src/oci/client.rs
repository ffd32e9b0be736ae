//! Asks registries for the tags of an image and the digest of a tag.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{LINK, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use regex::Regex;
use serde::Deserialize;

use super::auth;
use super::authorization::RegistryCredential;
use super::challenge::AuthChallenge;
use super::credentials::CredentialFiles;
use super::deadline::Deadline;
use super::http::{HttpClient, HttpRequest, HttpTarget};
use super::image::check_tag;
use super::image_ref::ImageRef;
use super::proxy::ProxyConfig;
use super::registry_error::{RegistryError, is_registry_error};
use super::tls::TrustStore;
use crate::error::parse_error::ParseError;
use crate::error::{Error, Result};

const MAX_REDIRECTS: usize = 5;

/// More tags than any image has.
const MAX_TAGS: usize = 200_000;

/// Every kind of manifest: a registry answers 404 for a tag whose kind is not accepted.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json, \
                         application/vnd.docker.distribution.manifest.v2+json, */*";

/// A link of the header Link (RFC 8288) with `rel=next`. Its target can have `,`, `;` and, from careless servers, `>`.
const NEXT_LINK: &str = r#"(?x)
    <([^<]*?)>
    (?: \s*;\s* [^\s=;,"<>]+ (?: \s*=\s* (?: "[^"]*" | [^\s;,"<>]* ) )? )*?
    \s*;\s* (?i:rel) \s*=\s* (?: "next" | next (?: [\s;,] | $ ) )
"#;

/// A client with one time limit for each question.
pub struct RegistryClient {
    http: HttpClient,
    credentials: CredentialFiles,
    limit: Duration,
}

impl fmt::Debug for RegistryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RegistryClient");
        debug.field("credentials", &self.credentials).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Why a question was not answered, and what that means for the next one.
#[derive(Clone, Debug)]
pub struct RegistryFailure {
    pub error: Error,
    /// Whether a retry may succeed.
    pub is_transient: bool,
    /// Whether access is denied, by 401 or 403.
    pub is_denied: bool,
}

impl From<RegistryFailure> for Error {
    fn from(failure: RegistryFailure) -> Self {
        failure.error
    }
}

/// A page of tags; `null` in some registries if it is empty.
#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

impl RegistryClient {
    /// A client that uses `credentials` where a registry demands one; `limit` is the time for each question.
    pub fn new(credentials: CredentialFiles, limit: Duration) -> Self {
        let http = HttpClient { trust: TrustStore::default(), proxy: ProxyConfig::default(), log: None };
        Self { http, credentials, limit }
    }

    /// Calls `log` with one line for each request, without secrets.
    #[must_use]
    pub fn on_request(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.http.log = Some(Box::new(log));
        self
    }

    /// Reaches registries on other machines through `proxy`.
    #[must_use]
    pub fn with_proxy(mut self, proxy: ProxyConfig) -> Self {
        self.http.proxy = proxy;
        self
    }

    /// Reads registries' CA certificates from `folders` instead of docker's and podman's.
    #[must_use]
    pub fn with_certificates(mut self, folders: Vec<PathBuf>) -> Self {
        self.http.trust = TrustStore::new(folders);
        self
    }

    /// All tags of an image, in the registry's order; `None` if the image does not exist.
    ///
    /// # Errors
    /// The registry is not reached, denies access, or is not one; with hints.
    pub async fn tags(&self, image: &ImageRef) -> Result<Option<Vec<String>>> {
        let tags = self.ask(image, async |question| {
            let mut target = question.target("tags/list")?;
            let mut tags = Vec::new();
            let mut known = HashSet::new();
            loop {
                let response = question.send(&target, Method::GET, "application/json").await?;
                let not_registry = || RegistryError::not_registry(&response, target.authority());
                match response.status() {
                    StatusCode::OK => {}
                    // A registry may omit the body, as other web servers do.
                    StatusCode::NOT_FOUND if response.body().is_empty() && !question.is_registry().await? => {
                        return Err(not_registry());
                    }
                    StatusCode::NOT_FOUND if is_registry_error(&response) => return Ok(None),
                    _ => return Err(RegistryError::from_response(&response, target.authority())),
                }
                let page: TagPage = serde_json::from_slice(response.body()).map_err(|_| not_registry())?;
                let before = tags.len();
                let valid = page.tags.unwrap_or_default().into_iter().filter(|tag| check_tag(tag).is_ok());
                tags.extend(valid.filter(|tag| known.insert(tag.clone())));
                let Some(query) = next_page(response.headers()) else { return Ok(Some(tags)) };
                if tags.len() == before || tags.len() > MAX_TAGS {
                    return Err(RegistryError::other("its list of tags does not end"));
                }
                target = target.with_query(&query)?;
            }
        });
        tags.await.map_err(Error::from)
    }

    /// The digest of a tag; `None` if the tag or image does not exist.
    ///
    /// # Errors
    /// As [`RegistryClient::tags`]; or `tag` is not valid.
    pub async fn digest(&self, image: &ImageRef, tag: &str) -> Result<Option<String>, RegistryFailure> {
        let invalid =
            |error: ParseError| RegistryFailure { error: error.into_local(), is_transient: false, is_denied: false };
        check_tag(tag).map_err(invalid)?;
        let digest = self.ask(image, async |question| {
            let target = question.target(&format!("manifests/{tag}"))?;
            let response = question.send(&target, Method::HEAD, MANIFESTS).await?;
            match response.status() {
                StatusCode::NOT_FOUND if is_registry_error(&response) => return Ok(None),
                StatusCode::OK => {}
                _ => return Err(RegistryError::from_response(&response, target.authority())),
            }
            // Nothing else distinguishes a registry's response to HEAD from a web server's.
            let digest = response.headers().get("docker-content-digest").and_then(|digest| digest.to_str().ok());
            digest
                .map(|digest| Some(digest.to_owned()))
                .ok_or_else(|| RegistryError::not_registry(&response, target.authority()))
        });
        digest.await
    }

    async fn ask<T>(
        &self,
        image: &ImageRef,
        work: impl AsyncFnOnce(&mut Question<'_>) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryFailure> {
        let deadline = Deadline::after(self.limit);
        let mut question = Question { client: self, image, deadline, credential: None, authorization: None };
        work(&mut question).await.map_err(|error| RegistryFailure {
            is_transient: error.is_transient(),
            is_denied: error.is_denied(),
            error: error.into_error(image, question.credential.as_ref().map(|credential| credential.source.as_str())),
        })
    }
}

/// A question to a registry: as many requests as it takes.
struct Question<'a> {
    client: &'a RegistryClient,
    image: &'a ImageRef,
    deadline: Deadline,
    /// Read when the registry demands it.
    credential: Option<RegistryCredential>,
    authorization: Option<HeaderValue>,
}

impl Question<'_> {
    fn target(&self, path: &str) -> Result<HttpTarget, RegistryError> {
        HttpTarget::new(self.image.registry(), &format!("/v2/{}/{path}", self.image.path()))
    }

    /// Whether the host is a registry:
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support>.
    async fn is_registry(&mut self) -> Result<bool, RegistryError> {
        let target = HttpTarget::new(self.image.registry(), "/v2/")?;
        let response = self.send(&target, Method::GET, "application/json").await?;
        Ok(matches!(response.status(), StatusCode::OK | StatusCode::UNAUTHORIZED))
    }

    /// Sends a request, answers one challenge, and follows redirects, to other hosts without the credential.
    async fn send(
        &mut self,
        first: &HttpTarget,
        method: Method,
        accept: &'static str,
    ) -> Result<Response<Vec<u8>>, RegistryError> {
        let mut target = first.clone();
        let mut is_challenged = false;
        for _ in 0..=MAX_REDIRECTS + 1 {
            let is_own = target.is_same_host(first);
            let authorization = self.authorization.clone().filter(|_| is_own);
            let request = HttpRequest { method: method.clone(), accept, authorization, form: None };
            let response = self.client.http.send(&target, &request, self.deadline).await?;
            if response.status() == StatusCode::UNAUTHORIZED && is_own && !is_challenged {
                is_challenged = true;
                if self.authorize(response.headers(), &target).await? {
                    continue;
                }
                return Ok(response);
            }
            let Some(location) = response.headers().get(LOCATION).filter(|_| response.status().is_redirection()) else {
                return Ok(response);
            };
            let location = location.to_str().map_err(|_| RegistryError::invalid_url(&format!("{location:?}")))?;
            target = target.join(location)?;
        }
        Err(RegistryError::other("its redirects do not end"))
    }

    /// Answers the challenge in `headers`; false without a fitting credential.
    async fn authorize(&mut self, headers: &HeaderMap, target: &HttpTarget) -> Result<bool, RegistryError> {
        let Some(challenge) = AuthChallenge::from_headers(headers) else { return Ok(false) };
        if self.credential.is_none() {
            let credential = self.client.credentials.find(self.image, self.deadline).await;
            self.credential = credential.map_err(RegistryError::Credential)?;
        }
        let (http, credential) = (&self.client.http, self.credential.as_ref());
        self.authorization = auth::authorize(http, &challenge, self.image, target, credential, self.deadline).await?;
        Ok(self.authorization.is_some())
    }
}

/// The query of the next page's link. Its host and path are ignored: a proxy may have changed them.
pub fn next_page(headers: &HeaderMap) -> Option<String> {
    let next = Regex::new(NEXT_LINK).ok()?;
    let mut links = headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    let target = links.find_map(|links| Some(next.captures(links)?.get(1)?.as_str()))?;
    Some(target.split_once('?')?.1.to_owned())
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
            ("<?last=a,b>; rel=\"next\"", Some("last=a,b")),
            ("<?last=a>;b>; rel=\"next\"", Some("last=a>;b")),
            ("<?last=a,b;c>; rel=prev,<?last=d,e>; title=\"a, b\"; Rel = next; x", Some("last=d,e")),
            ("</v2/a/tags/list>; rel=\"next\"", None),
            ("<?last=b>; rel=\"nextish\"", None),
            ("<?last=b>", None),
            ("nonsense", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, HeaderValue::from_str(link).unwrap());
            assert_eq!(next_page(&headers).as_deref(), query, "{link}");
        }
    }
}
