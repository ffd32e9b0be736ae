//! The key of calls: its text, or the file or command that gives it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::command::MAX_BYTES;
use super::keys::{API_KEY, API_KEY_COMMAND, API_KEY_FILE, TOKEN};
use super::{Environment, ParseError, Secret, command, metadata};
use crate::error::{Error, Result};
use crate::fs::{open_file, read_limited};

/// The keys that give a credential: an earlier one outranks a later one.
const KEYS: [&str; 4] = [TOKEN, API_KEY, API_KEY_FILE, API_KEY_COMMAND];

/// What is sent as `token`, or what gives it. It is fetched only when something is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The text itself.
    Value(Secret),
    /// The file that holds it.
    File(PathBuf),
    /// The shell command that prints it.
    Command(String),
}

impl Credential {
    /// Where the text comes from, by the name of the key that says so.
    pub fn origin(&self) -> &'static str {
        match self {
            Self::Value(_) => "the configuration",
            Self::File(_) => API_KEY_FILE,
            Self::Command(_) => API_KEY_COMMAND,
        }
    }

    /// The text to send. A command is run, and may take as long as `limit`. No error shows what was read.
    pub fn obtain(&self, limit: Option<Duration>) -> Result<Secret> {
        let (key, text) = match self {
            Self::Value(secret) => return Ok(secret.clone()),
            Self::File(path) => (format!("{API_KEY_FILE} {}", path.display()), read(path)?),
            Self::Command(line) => {
                let text = command::output(line, limit).map_err(|error| error.context(API_KEY_COMMAND))?;
                (format!("the output of {API_KEY_COMMAND}"), text)
            }
        };
        let text = metadata::value(&key, &text).map_err(ParseError::into_local)?;
        text.map(Secret::new).ok_or_else(|| Error::local(format!("{key} holds no key: it is empty")))
    }
}

fn read(path: &Path) -> Result<String> {
    let bytes = open_file(path).and_then(|file| read_limited(file, MAX_BYTES)).map_err(|error| {
        Error::local(format!("cannot read the {API_KEY_FILE} {}", path.display()))
            .cause(error)
            .hint("a relative path starts at the folder of the environment's file")
    })?;
    String::from_utf8(bytes).map_err(|_| Error::local(format!("{API_KEY_FILE} {} is not UTF-8 text", path.display())))
}

impl Environment {
    /// What is sent as `token`: the file's `token`, else its `api_key`, else what `api_key_file` or `api_key_command`
    /// give. `folder` is the one of the environment's file.
    pub fn credential(&self, folder: &Path, home: Option<&Path>) -> Result<Option<Credential>> {
        for key in [TOKEN, API_KEY] {
            if let Some(text) = self.text(key)? {
                return Ok(Some(Credential::Value(Secret::new(text))));
            }
        }
        if let Some(path) = self.api_key_file(folder, home)? {
            return Ok(Some(Credential::File(path)));
        }
        Ok(self.text(API_KEY_COMMAND)?.map(|line| Credential::Command(line.to_owned())))
    }

    /// The keys that give a credential and have a value: the first one counts.
    pub fn credential_keys(&self) -> Vec<&'static str> {
        let is_set =
            |key: &&str| self.values.get(*key).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        KEYS.into_iter().filter(is_set).collect()
    }

    /// The command that this environment runs for its key, if it has one.
    pub fn api_key_command(&self) -> Option<&str> {
        self.text(API_KEY_COMMAND).ok().flatten()
    }

    /// The file that the key is read from.
    pub fn api_key_file(&self, folder: &Path, home: Option<&Path>) -> Result<Option<PathBuf>> {
        self.text(API_KEY_FILE)?.map(|path| located(API_KEY_FILE, path, folder, home)).transpose()
    }
}

/// The path that the value of `key` names: `~/` is the home folder, and a relative path starts at `folder`.
pub(super) fn located(key: &str, text: &str, folder: &Path, home: Option<&Path>) -> Result<PathBuf> {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        (Some(_), None) => {
            Err(Error::local(format!("`{key}`: there is no home folder")).hint("set HOME to a folder that exists"))
        }
        (None, _) => Ok(folder.join(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(text: &str) -> Environment {
        Environment::parse(text.as_bytes(), "dev.yml").unwrap()
    }

    fn credential(text: &str) -> Option<Credential> {
        environment(text).credential(Path::new("/conf"), Some(Path::new("/home/me"))).unwrap()
    }

    fn value(text: &str) -> Option<Credential> {
        Some(Credential::Value(Secret::new(text)))
    }

    #[test]
    fn what_is_empty_is_outranked_by_what_is_not() {
        let all = "token: t\napi_key: k\napi_key_file: f\napi_key_command: c\n";
        for (text, found, keys) in [
            (all, value("t"), &KEYS[..]),
            ("token: ''\napi_key: ' k '\n", value("k"), &[API_KEY]),
            ("token: null\napi_key: k\n", value("k"), &[API_KEY]),
            ("api_key_command: c\napi_key_file: f\n", Some(Credential::File("/conf/f".into())), &KEYS[2..]),
            ("api_key_command: ' c | d '\n", Some(Credential::Command("c | d".into())), &[API_KEY_COMMAND]),
            ("token: null\n", None, &[]),
            ("", None, &[]),
        ] {
            assert_eq!(credential(text), found, "{text:?}");
            assert_eq!(environment(text).credential_keys(), keys, "{text:?}");
        }
    }

    #[test]
    fn a_path_counts_from_the_files_folder_or_home() {
        for (text, path) in [("k", "/conf/k"), ("../k", "/conf/../k"), ("/k", "/k"), ("~/k", "/home/me/k")] {
            assert_eq!(credential(&format!("api_key_file: {text}\n")), Some(Credential::File(path.into())));
        }
        let error = environment("api_key_file: ~/k\n").credential(Path::new("/conf"), None).unwrap_err();
        assert!(error.to_string().contains("set HOME"), "{error}");
    }

    #[test]
    fn a_path_that_is_brought_elsewhere_still_leads_to_the_same_file() {
        for (text, becomes) in [("k", Some("/old/k")), ("/k", None), ("~/k", None)] {
            let mut environment = environment(&format!("api_key_file: {text}\n"));
            assert_eq!(environment.make_paths_absolute(Path::new("/old")).unwrap().as_deref(), becomes);
            assert_eq!(environment.text(API_KEY_FILE).unwrap(), Some(becomes.unwrap_or(text)));
        }
    }

    #[test]
    fn a_file_gives_its_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let obtain = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            Credential::File(path.clone()).obtain(None)
        };
        assert_eq!(obtain(b"the-key\r\n").unwrap(), Secret::new("the-key"));
        for (content, said) in [
            (&b"\n"[..], "holds no key: it is empty"),
            (b"hunter2\nhunter3\n", "line break"),
            (b"hunter2\xff", "is not UTF-8 text"),
            (&[b'x'; 2 << 20], "larger than 64 KiB"),
        ] {
            let error = obtain(content).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hunter"), "{error}");
        }
        let error = Credential::File("/nowhere/key".into()).obtain(None).unwrap_err().to_string();
        assert!(error.starts_with("error: cannot read the api_key_file /nowhere/key"), "{error}");
    }

    #[test]
    fn a_command_gives_what_it_prints() {
        let obtain = |line: &str| Credential::Command(line.into()).obtain(None);
        assert_eq!(obtain("echo ' the-key'; echo").unwrap(), Secret::new("the-key"));
        for (line, said) in [
            ("true", "the output of api_key_command holds no key: it is empty"),
            ("echo hunter2; echo hunter3", "line break"),
            ("echo hunter2; exit 7", "api_key_command: it ended with exit status 7"),
        ] {
            let error = obtain(line).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hunter"), "{error}");
        }
    }
}
