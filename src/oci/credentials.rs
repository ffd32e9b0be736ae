//! The registry credentials that docker, podman and buildah store.
//!
//! docker: <https://docs.docker.com/reference/cli/docker/login/>; podman and buildah: containers-auth.json(5). Read
//! here and not by the crate docker_credential, which knows no credentials for parts of a registry and waits for
//! helpers without a limit.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::authorization::{CredentialSecret, RegistryCredential};
use super::deadline::Deadline;
use super::helper;
use super::image_ref::ImageRef;
use crate::error::{Error, Result};
use crate::fs;

/// The largest file: many times what any has.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Docker Hub's name in docker's files and to helpers; podman's is `docker.io`.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Credential files; the first with a credential for a registry wins. They are read when a registry demands one.
#[derive(Clone, Debug, Default)]
pub struct CredentialFiles {
    files: Vec<PathBuf>,
}

/// docker's `config.json` and containers' `auth.json`, which is a part of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CredentialFile {
    auths: Option<BTreeMap<String, AuthEntry>>,
    creds_store: Option<String>,
    cred_helpers: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct AuthEntry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl CredentialFiles {
    /// Credentials in `files`; a missing file has none.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self { files }
    }

    /// The credential for `image`.
    ///
    /// # Errors
    /// A file cannot be read or parsed, or a helper fails or does not answer until `deadline`.
    pub async fn find(&self, image: &ImageRef, deadline: Deadline) -> Result<Option<RegistryCredential>> {
        for file in &self.files {
            if let Some(credential) = find_in(file, image, deadline).await? {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }
}

async fn find_in(path: &Path, image: &ImageRef, deadline: Deadline) -> Result<Option<RegistryCredential>> {
    let Some(file) = read(path)? else { return Ok(None) };
    let source = path.display().to_string();
    let registry = image.registry();
    // docker's order: the registry's own helper, the helper for all, the file itself.
    let servers = if registry.is_docker_hub() { vec![DOCKER_HUB, "docker.io"] } else { vec![registry.authority()] };
    let own = |server: &&str| file.cred_helpers.iter().flatten().find(|(key, _)| host_of(key) == host_of(server));
    let own = servers.iter().filter_map(|server| own(server).map(|(_, name)| (name, *server)));
    let helpers = own.chain(file.creds_store.as_ref().map(|name| (name, servers[0])));
    for (name, server) in helpers.filter(|(name, _)| !name.is_empty()) {
        if let Some(secret) = helper::get(name, server, &source, deadline).await? {
            let source = format!("docker-credential-{name}, named in {source}");
            return Ok(Some(RegistryCredential { secret, source }));
        }
    }
    let auths = file.auths.unwrap_or_default();
    let entry = keys(image)
        .into_iter()
        .find_map(|name| auths.get_key_value(&name).or_else(|| auths.iter().find(|(key, _)| host_of(key) == name)));
    let Some((key, entry)) = entry else { return Ok(None) };
    let secret = entry.secret().map_err(|cause| {
        Error::local(format!("{source}: the login for {key} cannot be read: {cause}"))
            .hint(format!("log in again: docker login {}", registry.authority()))
    })?;
    Ok(secret.map(|secret| RegistryCredential { secret, source }))
}

impl AuthEntry {
    /// `None` for an entry that only says that a helper has the secret.
    fn secret(&self) -> Result<Option<CredentialSecret>, &'static str> {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = set(&self.registrytoken) {
            return Ok(Some(CredentialSecret::RegistryToken(token)));
        }
        if let Some(token) = set(&self.identitytoken) {
            return Ok(Some(CredentialSecret::IdentityToken(token)));
        }
        if let Some(auth) = set(&self.auth) {
            let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
            let decoded = engine.decode(auth).map_err(|_| "it is not valid base64")?;
            let decoded = String::from_utf8(decoded).map_err(|_| "it is not valid UTF-8")?;
            let (user, password) = decoded.split_once(':').ok_or("it has no `:` between user and password")?;
            // docker pads some of them so.
            let password = password.trim_end_matches('\0').to_owned();
            return Ok(Some(CredentialSecret::Password { user: user.to_owned(), password }));
        }
        let login = set(&self.username).zip(set(&self.password));
        Ok(login.map(|(user, password)| CredentialSecret::Password { user, password }))
    }
}

/// The keys of a credential for `image`, the nearest first: containers' files have credentials for parts of a registry.
fn keys(image: &ImageRef) -> Vec<String> {
    let host = image.registry().authority();
    let mut keys = vec![format!("{host}/{}", image.path())];
    keys.extend(image.path().rmatch_indices('/').map(|(end, _)| format!("{host}/{}", &image.path()[..end])));
    keys.push(host.to_owned());
    if image.registry().is_docker_hub() {
        keys.extend([DOCKER_HUB, "index.docker.io", "registry-1.docker.io"].map(str::to_owned));
    }
    keys
}

/// The registry of a key: old versions of docker wrote URLs.
fn host_of(key: &str) -> &str {
    let Some((_, rest)) = key.split_once("://") else { return key };
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

fn read(path: &Path) -> Result<Option<CredentialFile>> {
    let failed = || Error::local(format!("{}: the registry logins cannot be read", path.display()));
    let bytes = match fs::open_file(path).and_then(|file| fs::read_limited(file, MAX_BYTES)) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(failed().cause(error)),
    };
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    // The parser's message may repeat a secret: only its position is shown.
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        failed().cause(format!("it is not a valid docker config.json (line {line}, column {column})"))
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
            CredentialSecret::IdentityToken(token) => format!("identity {token}"),
            CredentialSecret::RegistryToken(token) => format!("registry {token}"),
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
            (json!({"auth": ME, "registrytoken": "t"}), Some("registry t")),
            (json!({"auth": "dTpwOnE="}), Some("u p:q")),
            (json!({}), None),
        ] {
            let document = json!({"auths": {"h.example": entry}});
            assert_eq!(found(&document, "h.example/a").as_deref(), login, "{entry}");
        }
        let (far, near) = (json!({"username": "u", "password": "far"}), json!({"username": "u", "password": "near"}));
        let nearest = json!({"auths": {"h.example": far, "h.example/a": near}});
        assert_eq!(found(&nearest, "h.example/a/b").as_deref(), Some("u near"));
    }

    #[test]
    fn the_helper_of_docker_hub_has_either_of_its_names() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (key, server) in
            [("https://index.docker.io/v1/", DOCKER_HUB), ("index.docker.io", DOCKER_HUB), ("docker.io", "docker.io")]
        {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), json!({"credHelpers": {key: "not-installed"}}).to_string()).unwrap();
            let image = ImageRef::new(&"docker.io".parse().unwrap(), "a/b").unwrap();
            let files = CredentialFiles::new(vec![file.path().into()]);
            let error = runtime.block_on(files.find(&image, soon())).unwrap_err().to_string();
            let said = format!("docker-credential-not-installed gives no login for {server}");
            assert!(error.contains(&said), "{key}: {error}");
        }
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
