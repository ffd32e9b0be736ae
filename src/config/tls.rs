//! What an environment's file says of TLS.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Environment, ParseError};
use crate::error::{Error, Result};
use crate::net::tls::{Given, Identity, Tls};
use crate::schema::value_ext::kind_of;
use crate::secret;

pub(super) const CA: &str = "ca";
pub(super) const CERT: &str = "cert";
pub(super) const KEY: &str = "key";
pub(super) const SERVER_NAME: &str = "tls_server_name";

/// The keys whose values are paths of files.
const PATHS: [&str; 3] = [CA, CERT, KEY];

impl Environment {
    /// The file's `ca`, `cert`, `key` and `tls_server_name`.
    ///
    /// `file` is where they stand: relative paths start at its folder, as in kubectl's configuration; `~/` is `home`.
    pub fn tls(&self, file: &Path, home: Option<&Path>) -> Result<Tls> {
        let by = |key: &str| format!("{}: `{key}`", file.display());
        let path = |key: &str| -> Result<Option<Given<PathBuf>>> {
            let path = self.tls_text(key)?.map(|text| resolve(text, file.parent(), home));
            Ok(path.map(|path| Given::new(path, by(key))))
        };
        let identity = match (path(CERT)?, path(KEY)?) {
            (Some(cert), key) => Some(Identity { cert, key }),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::local(format!("`{KEY}` is set and `{CERT}` is not"))
                    .hint(format!("name the client certificate too: `spacectl config set {CERT} FILE`")));
            }
        };
        let server_name = self.tls_text(SERVER_NAME)?.map(|name| Given::new(name.to_owned(), by(SERVER_NAME)));
        Ok(Tls { ca: path(CA)?, identity, server_name })
    }

    /// Makes relative paths start at `folder`, where the settings come from, wherever they are kept later.
    pub(super) fn anchor_tls(&mut self, folder: &Path) {
        for key in PATHS {
            if let Some(Value::String(text)) = self.values.get_mut(key)
                && !text.is_empty()
                && !secret::is_pem(text)
            {
                *text = anchored(text, folder);
            }
        }
    }

    /// The text under one of this module's keys; an empty one counts as none.
    pub(super) fn tls_text(&self, key: &str) -> Result<Option<&str>> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => check(key, text).map(Some).map_err(ParseError::into_local),
            Some(other) => Err(Error::local(format!("`{key}` must be text, and is {}", kind_of(other)))),
        }
    }
}

/// Whether `key` is one of this module's, and a path if it is.
pub(super) fn is_tls(key: &str) -> bool {
    key == SERVER_NAME || PATHS.contains(&key)
}

/// `text` as `config set` keeps it under `key`. A relative path is meant from where the user stands, and is kept such
/// that it leads to the same file from everywhere.
pub(super) fn settable(key: &str, text: &str) -> Result<String, ParseError> {
    let text = check(key, text)?;
    if text.is_empty() {
        return Err(
            ParseError::new(format!("`{key}` would be empty")).hint(format!("use `spacectl config remove {key}`"))
        );
    }
    if !PATHS.contains(&key) {
        return Ok(text.to_owned());
    }
    from_here(key, text)
}

/// A path that is typed under `key`, which is meant from where the user stands.
pub(super) fn from_here(key: &str, text: &str) -> Result<String, ParseError> {
    let here = std::env::current_dir().map_err(|error| {
        ParseError::new(format!("the folder that `{key}` is relative to is not known: {error}"))
            .hint("give a full path")
    })?;
    Ok(anchored(text, &here))
}

/// The text without blanks around it. The value itself is not shown: it may be a key.
fn check<'a>(key: &str, text: &'a str) -> Result<&'a str, ParseError> {
    let text = text.trim();
    if PATHS.contains(&key) && secret::is_pem(text) {
        let hint = format!("save the PEM in a file that only you can read, and set `{key}` to that file's path");
        return Err(ParseError::new(format!("`{key}` takes a file's path, and this is PEM itself")).hint(hint));
    }
    if text.contains(char::is_control) {
        return Err(ParseError::new(format!("`{key}` holds a line break or another control character")));
    }
    Ok(text)
}

/// A relative path as one that starts with `folder`; `~/` is kept.
fn anchored(text: &str, folder: &Path) -> String {
    if text.starts_with("~/") { text.to_owned() } else { folder.join(text).display().to_string() }
}

fn resolve(text: &str, folder: Option<&Path>, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home, folder) {
        (Some(rest), Some(home), _) => home.join(rest),
        (_, _, Some(folder)) => folder.join(text),
        (_, _, None) => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MASK;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";

    fn environment(text: &str) -> Environment {
        Environment::parse(text.as_bytes(), "prod.yml").unwrap()
    }

    fn tls(text: &str) -> Result<Tls> {
        environment(text).tls(Path::new("/c/environments/prod.yml"), Some(Path::new("/home/me")))
    }

    #[test]
    fn paths_start_at_the_files_folder_or_at_home() {
        let tls =
            tls("ca: company.pem\ncert: ~/pki/me.pem\nkey: /keys/me.key\ntls_server_name: ' repo.example '").unwrap();
        let identity = tls.identity.unwrap();
        assert_eq!(tls.ca.unwrap(), Given::new("/c/environments/company.pem".into(), "/c/environments/prod.yml: `ca`"));
        assert_eq!(identity.cert.value, Path::new("/home/me/pki/me.pem"));
        assert_eq!(identity.key.unwrap().value, Path::new("/keys/me.key"));
        assert_eq!(tls.server_name.unwrap().value, "repo.example");
    }

    #[test]
    fn what_is_not_set_or_empty_counts_for_nothing() {
        for text in ["", "ca:\ncert: ''\nkey: null\ntls_server_name: ' '"] {
            assert_eq!(tls(text).unwrap(), Tls::default());
        }
        assert_eq!(tls("cert: both.pem").unwrap().identity.unwrap().key, None);
    }

    #[test]
    fn what_cannot_be_meant_is_told_without_its_value() {
        for (text, said) in [
            ("ca: [hunter2]".to_owned(), "`ca` must be text, and is a list"),
            ("cert: 12345".to_owned(), "`cert` must be text, and is a number"),
            ("key: me.key".to_owned(), "`key` is set and `cert` is not"),
            (format!("cert: a\nkey: {PEM:?}"), "`key` takes a file's path, and this is PEM itself"),
            ("tls_server_name: \"a\\nb\"".to_owned(), "`tls_server_name` holds a line break"),
        ] {
            let error = tls(&text).unwrap_err();
            assert!(error.problems()[0].message.starts_with(said), "{error}");
            assert!(!error.to_string().contains("hunter2") && !error.to_string().contains("12345"), "{error}");
        }
    }

    #[test]
    fn a_path_is_set_so_that_it_leads_to_the_same_file_from_everywhere() {
        let mut environment = Environment::default();
        environment.set("ca", "company.pem").unwrap();
        environment.set("cert", "~/me.pem").unwrap();
        environment.set("key", " /keys/me.key\n").unwrap();
        environment.set("tls_server_name", "repo.example").unwrap();
        let here = std::env::current_dir().unwrap().join("company.pem");
        let expected =
            format!("ca: {}\ncert: '~/me.pem'\nkey: /keys/me.key\ntls_server_name: repo.example\n", here.display());
        assert_eq!(environment.to_yaml(), expected);
    }

    #[test]
    fn settings_that_move_keep_their_files() {
        let mut environment = environment("ca: company.pem\ncert: ~/me.pem\nkey: /keys/me.key\nendpoints: {}\n");
        environment.anchor_tls(Path::new("/from"));
        assert_eq!(
            environment.to_yaml(),
            "ca: /from/company.pem\ncert: '~/me.pem'\nkey: /keys/me.key\nendpoints: {}\n"
        );
    }

    #[test]
    fn a_key_pasted_in_place_of_its_path_is_refused_and_masked() {
        let mut environment = Environment::default();
        let error = environment.set("key", PEM).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("save the PEM in a file"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");

        let pasted = Environment::parse(format!("key: {PEM:?}\nca: a.pem").as_bytes(), "prod.yml").unwrap();
        assert_eq!(pasted.masked().get("key").unwrap(), MASK);
        assert!(pasted.holds_secret());
        // A path is none.
        let paths = environment_of_paths();
        assert_eq!(paths.masked().get("key").unwrap(), "/keys/me.key");
        assert!(!paths.holds_secret());
    }

    fn environment_of_paths() -> Environment {
        environment("cert: me.pem\nkey: /keys/me.key\n")
    }
}
