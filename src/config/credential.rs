//! The key that an environment's calls go with, and where it is kept.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::environment::{API_KEY, TOKEN};
use super::{Environment, ParseError, Secret, command, metadata};
use crate::error::{Error, Result};

pub(super) const API_KEY_FILE: &str = "api_key_file";
pub(super) const API_KEY_COMMAND: &str = "api_key_command";

/// What a file or a command may hold, in bytes: more than any key has.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// The keys that give a credential: an earlier one outranks a later one.
const KEYS: [&str; 4] = [TOKEN, API_KEY, API_KEY_FILE, API_KEY_COMMAND];

/// What is sent as `token`, or where it is found. It is looked for only when something is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The text itself.
    Value(Secret),
    /// The file that holds it.
    File(PathBuf),
    /// The command that prints it, as a shell reads it.
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

    /// The text to send. A command is run, and may take as long as `limit`.
    ///
    /// # Errors
    /// Nothing is found, or nothing that can be sent. No error shows what was found.
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
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        Error::local(format!("cannot read the {API_KEY_FILE} {}", path.display()))
            .cause(error)
            .hint("a path that does not begin with / or ~/ counts from the folder of the environment's file")
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::local(format!("{API_KEY_FILE} {} holds no key: it is larger than 64 KiB", path.display())));
    }
    String::from_utf8(bytes).map_err(|_| Error::local(format!("{API_KEY_FILE} {} holds no text", path.display())))
}

impl Environment {
    /// What is sent as `token`: the file's `token`, else its `api_key`, else what `api_key_file` or `api_key_command`
    /// lead to. `folder` is the one of the environment's file.
    pub fn credential(&self, folder: &Path, home: Option<&Path>) -> Result<Option<Credential>> {
        for key in [TOKEN, API_KEY] {
            if let Some(text) = self.sent(key)? {
                return Ok(Some(Credential::Value(Secret::new(text))));
            }
        }
        if let Some(path) = self.line(API_KEY_FILE)? {
            return located(path, folder, home).map(Credential::File).map(Some);
        }
        Ok(self.line(API_KEY_COMMAND)?.map(|line| Credential::Command(line.to_owned())))
    }

    /// The keys that give a credential and have a value: the first counts, the others do nothing.
    pub fn credential_keys(&self) -> Vec<&'static str> {
        let is_set =
            |key: &&str| self.values.get(*key).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        KEYS.into_iter().filter(is_set).collect()
    }

    /// The command that this environment runs for its key, if it has one.
    pub fn api_key_command(&self) -> Option<&str> {
        self.line(API_KEY_COMMAND).ok().flatten()
    }

    /// The file that the key is read from.
    pub fn api_key_file(&self, folder: &Path, home: Option<&Path>) -> Result<Option<PathBuf>> {
        self.line(API_KEY_FILE)?.map(|path| located(path, folder, home)).transpose()
    }

    /// Makes the paths that count from `folder` count from everywhere, for an environment that comes from there. Returns
    /// the `api_key_file` that was written.
    pub fn anchor(&mut self, folder: &Path) -> Result<Option<PathBuf>> {
        // A file that is named alone lies where the user stands.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = std::path::absolute(folder)
            .map_err(|error| Error::local(format!("cannot find the folder {}", folder.display())).cause(error))?;
        self.anchor_tls(&folder);
        let Some(path) = self.line(API_KEY_FILE)?.map(PathBuf::from) else { return Ok(None) };
        if path.is_absolute() || path.starts_with("~") {
            return Ok(None);
        }
        let path = folder.join(path);
        self.set_api_key_file(&path)?;
        Ok(Some(path))
    }

    /// Sets the file that the key is read from.
    pub fn set_api_key_file(&mut self, path: &Path) -> Result<()> {
        let text = path.to_str().ok_or_else(|| {
            Error::usage(format!("{} cannot stand in a configuration: it is not UTF-8", path.display()))
        })?;
        self.set(API_KEY_FILE, text)
    }
}

/// The path that `text` means: `~/` is the home folder, and what does not begin at the root counts from `folder`.
fn located(text: &str, folder: &Path, home: Option<&Path>) -> Result<PathBuf> {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        (Some(_), None) => {
            Err(Error::local(format!("`{API_KEY_FILE}`: the home folder is not known")).hint("set HOME"))
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
            assert_eq!(environment.anchor(Path::new("/old")).unwrap(), becomes.map(PathBuf::from));
            assert_eq!(environment.line(API_KEY_FILE).unwrap(), Some(becomes.unwrap_or(text)));
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
            (b"hunter2\xff", "holds no text"),
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
