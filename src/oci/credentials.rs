//! The logins that docker, podman and buildah keep.
//!
//! docker: <https://docs.docker.com/reference/cli/docker/login/>; podman and buildah: containers-auth.json(5).

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::deadline::Deadline;
use super::helper;
use crate::error::{Error, Result};
use crate::oci::image_ref::ImageRef;

/// Many times what any such file has.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Docker Hub's name in a login, and to a helper.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The files to look for logins in, the first that has one for a registry outranking the others. Nothing is read before a
/// registry asks for a login.
#[derive(Clone, Debug, Default)]
pub struct CredentialFiles {
    files: Vec<PathBuf>,
}

/// Who is asking, and where that was found.
#[derive(Clone)]
pub struct RegistryCredential {
    pub secret: CredentialSecret,
    /// The file, or the helper and the file that names it.
    pub from: String,
}

/// What proves who is asking.
#[derive(Clone)]
pub enum CredentialSecret {
    Password {
        user: String,
        password: String,
    },
    /// What a registry's token service changes for a token: a refresh token of OAuth 2.
    Identity(String),
}

impl fmt::Debug for RegistryCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryCredential").field("from", &self.from).finish_non_exhaustive()
    }
}

/// docker's `config.json` and containers' `auth.json`, which is a part of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    auths: Option<BTreeMap<String, Entry>>,
    creds_store: Option<String>,
    cred_helpers: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

impl CredentialFiles {
    /// Those in `files`; a file that is not there holds none.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self { files }
    }

    /// The login for the image at `place`.
    ///
    /// # Errors
    /// A file cannot be read or is none of its kind, or a helper fails, or does not answer until `deadline`.
    pub async fn find(&self, place: &ImageRef, deadline: Deadline) -> Result<Option<RegistryCredential>> {
        for file in &self.files {
            if let Some(login) = find_in(file, place, deadline).await? {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }
}

async fn find_in(file: &Path, place: &ImageRef, deadline: Deadline) -> Result<Option<RegistryCredential>> {
    let Some(document) = read(file)? else { return Ok(None) };
    let shown = file.display().to_string();
    let hub = place.registry().is_docker_hub();
    let server = if hub { DOCKER_HUB } else { place.registry().authority() };
    // docker's order: the registry's own helper, then the one for all, then what stands in the file.
    let own = document.cred_helpers.iter().flatten().find(|(key, _)| host_of(key) == host_of(server));
    let helpers = [own.map(|(_, name)| name), document.creds_store.as_ref()];
    for name in helpers.into_iter().flatten().filter(|name| !name.is_empty()) {
        if let Some(secret) = helper::ask(name, server, &shown, deadline).await? {
            return Ok(Some(RegistryCredential {
                secret,
                from: format!("docker-credential-{name}, named in {shown}"),
            }));
        }
    }
    let auths = document.auths.unwrap_or_default();
    let Some((key, entry)) = names(place).iter().find_map(|name| {
        auths
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .or_else(|| auths.iter().find(|(key, _)| host_of(key) == name))
    }) else {
        return Ok(None);
    };
    let secret = entry.secret().map_err(|why| {
        Error::local(format!("{shown}: the login for {key} cannot be read: {why}"))
            .hint(format!("log in again: docker login {}", place.registry().authority()))
    })?;
    Ok(secret.map(|secret| RegistryCredential { secret, from: shown }))
}

impl Entry {
    /// An entry without a secret only says that a helper has it.
    fn secret(&self) -> Result<Option<CredentialSecret>, &'static str> {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = set(&self.identitytoken) {
            return Ok(Some(CredentialSecret::Identity(token)));
        }
        if let Some(auth) = set(&self.auth) {
            let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let decoded =
                GeneralPurpose::new(&alphabet::STANDARD, config).decode(auth).map_err(|_| "it is no base64")?;
            let decoded = String::from_utf8(decoded).map_err(|_| "it is no text")?;
            let (user, password) = decoded.split_once(':').ok_or("it has no `:` between user and password")?;
            // docker pads some of them so.
            let password = password.trim_end_matches('\0');
            return Ok(Some(CredentialSecret::Password { user: user.to_owned(), password: password.to_owned() }));
        }
        Ok(set(&self.username)
            .zip(set(&self.password))
            .map(|(user, password)| CredentialSecret::Password { user, password }))
    }
}

/// Under what the login for `place` may stand, the nearest first: containers' files know logins for parts of a registry.
fn names(place: &ImageRef) -> Vec<String> {
    let hub = place.registry().is_docker_hub();
    let host = place.registry().authority();
    let mut path = place.path();
    let mut names = vec![format!("{host}/{path}")];
    while let Some((above, _)) = path.rsplit_once('/') {
        names.push(format!("{host}/{above}"));
        path = above;
    }
    names.push(host.to_owned());
    if hub {
        names.extend([DOCKER_HUB, "index.docker.io", "registry-1.docker.io"].map(str::to_owned));
    }
    names
}

/// The registry that a key names: docker has written URLs once.
fn host_of(key: &str) -> &str {
    let Some((_, rest)) = key.split_once("://") else { return key };
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

fn read(file: &Path) -> Result<Option<Document>> {
    let failed = || Error::local(format!("{}: the registry logins cannot be read", file.display()));
    let mut bytes = Vec::new();
    match File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed().cause(error)),
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed().cause("it is too large"));
    }
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    // The parser's words may repeat what stands there, and that is secret: only the place is told.
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        failed().cause(format!("it is no JSON of docker's kind (line {}, column {})", error.line(), error.column()))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(10))
    }

    fn found(document: &Value, place: &str) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), document.to_string()).unwrap();
        let (host, image) = place.split_once('/').unwrap();
        let place = ImageRef::new(&host.parse().unwrap(), image).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let missing = PathBuf::from("/nowhere/config.json");
        let logins = CredentialFiles::new(vec![missing, file.path().into()]);
        let login = runtime.block_on(logins.find(&place, soon())).unwrap();
        login.map(|login| match login.secret {
            CredentialSecret::Password { user, password } => format!("{user} {password}"),
            CredentialSecret::Identity(token) => format!("identity {token}"),
        })
    }

    /// "me:hunter2"
    const ME: &str = "bWU6aHVudGVyMg==";

    #[test]
    fn a_login_is_found_under_every_name_of_its_registry() {
        for (key, place) in [
            ("ghcr.io", "ghcr.io/a/b"),
            ("https://ghcr.io/v2/", "ghcr.io/a/b"),
            ("127.0.0.1:5000", "127.0.0.1:5000/a/b"),
            ("https://index.docker.io/v1/", "docker.io/a/b"),
            ("docker.io", "docker.io/a/b"),
            ("quay.io/a", "quay.io/a/b"),
        ] {
            let document = json!({"auths": {key: {"auth": ME}}});
            assert_eq!(found(&document, place).as_deref(), Some("me hunter2"), "{key}");
        }
        let document = json!({"auths": {"ghcr.io": {"auth": ME}}});
        for place in ["ghcr.io.evil.example/a/b", "evil.example/ghcr.io", "ghcr.io:8443/a/b", "docker.io/a/b"] {
            let place = place.replace("evil.example/ghcr.io", "evil.example/ghcr");
            assert_eq!(found(&document, &place), None, "{place}");
        }
    }

    #[test]
    fn each_form_of_an_entry_is_read() {
        for (entry, login) in [
            (json!({"auth": ME.trim_end_matches('=')}), Some("me hunter2")),
            (json!({"username": "u", "password": "p"}), Some("u p")),
            (json!({"auth": "", "identitytoken": "t"}), Some("identity t")),
            (json!({"auth": "dTpwOnE="}), Some("u p:q")),
            (json!({}), None),
        ] {
            let document = json!({"auths": {"h.example": entry}});
            assert_eq!(found(&document, "h.example/a").as_deref(), login, "{entry}");
        }
        let nearest = json!({"auths": {"h.example": {"username": "u", "password": "far"}, "h.example/a": {"username": "u", "password": "near"}}});
        assert_eq!(found(&nearest, "h.example/a/b").as_deref(), Some("u near"));
    }

    #[test]
    fn a_broken_file_is_named_and_not_repeated() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"auths\": {\"h.example\": \"hunter2\"}}").unwrap();
        let place = ImageRef::new(&"h.example".parse().unwrap(), "a").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let logins = CredentialFiles::new(vec![file.path().into()]);
        let error = runtime.block_on(logins.find(&place, soon())).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()) && !error.contains("hunter2"), "{error}");
    }
}
