//! The TLS settings of an environment's file.

use std::path::{Path, PathBuf};

use super::Environment;
use super::credential::located;
use super::keys::{CA, CERT, KEY, SERVER_NAME};
use crate::error::{Error, Result};
use crate::net::tls::{Given, Identity, TlsSettings};

impl Environment {
    /// The file's `ca`, `cert`, `key` and `tls_server_name`.
    ///
    /// `file` is where they are: relative paths start at its folder, as in kubectl's configuration; `~/` is `home`.
    pub fn tls(&self, file: &Path, home: Option<&Path>) -> Result<TlsSettings> {
        let by = |key: &str| format!("{}: `{key}`", file.display());
        let path = |key: &str| -> Result<Option<Given<PathBuf>>> {
            let Some(text) = self.text(key)? else { return Ok(None) };
            Ok(Some(Given::new(located(key, text, file.parent().unwrap_or(Path::new("")), home)?, by(key))))
        };
        let identity = match (path(CERT)?, path(KEY)?) {
            (Some(cert), key) => Some(Identity { cert, key }),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::local(format!("`{KEY}` is set and `{CERT}` is not"))
                    .hint(format!("name the client certificate too: `spacectl config set {CERT} FILE`")));
            }
        };
        let server_name = self.text(SERVER_NAME)?.map(|name| Given::new(name.to_owned(), by(SERVER_NAME)));
        Ok(TlsSettings { ca: path(CA)?, identity, server_name })
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

    fn tls(text: &str) -> Result<TlsSettings> {
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
            assert_eq!(tls(text).unwrap(), TlsSettings::default());
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
            format!("ca: {}\ncert: ~/me.pem\nkey: /keys/me.key\ntls_server_name: repo.example\n", here.display());
        assert_eq!(environment.to_yaml(), expected);
    }

    #[test]
    fn settings_that_move_keep_their_files() {
        let mut environment = environment("ca: company.pem\ncert: ~/me.pem\nkey: /keys/me.key\nendpoints: {}\n");
        environment.make_paths_absolute(Path::new("/from")).unwrap();
        assert_eq!(environment.to_yaml(), "ca: /from/company.pem\ncert: ~/me.pem\nkey: /keys/me.key\nendpoints: {}\n");
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
        // A path is not one.
        let paths = environment_of_paths();
        assert_eq!(paths.masked().get("key").unwrap(), "/keys/me.key");
        assert!(!paths.holds_secret());
    }

    fn environment_of_paths() -> Environment {
        environment("cert: me.pem\nkey: /keys/me.key\n")
    }
}
