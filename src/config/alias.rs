//! The user's aliases of resources: `alias.yml`.
//!
//! One `NAME: SERVICE.RESOURCE` a line.
//!
//! They are the user's and not an environment's. The Python client has no such file.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::file;
use super::keys::MAX_KEY;
use super::{ConfigDir, ParseError, yaml};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::schema::resource::Resource;
use crate::schema::resource::alias;
use crate::schema::resource::alias::Own;
use crate::yaml::value::MappingEntry;
use crate::yaml::{Content, YamlError};

const FILE: &str = "alias.yml";

impl ConfigDir {
    /// The user's own aliases; empty without a file. An error about an entry has its line.
    pub fn aliases(&self) -> Result<Own> {
        let entries = self.read_aliases()?.into_iter();
        Ok(entries.filter_map(|(name, target)| Some((name, target.as_str()?.to_owned()))).collect())
    }

    /// Makes `name` an alias of the resource `target`; returns its previous resource.
    pub fn set_alias(&self, name: &str, target: &str) -> Result<Option<String>> {
        check_name(name).map_err(ParseError::into_usage)?;
        Resource::parse(target)?;
        file::make_folder(self.path())?;
        self.change_aliases(|aliases| Ok(aliases.insert(name.to_owned(), target.into())))
            .map(|before| before.and_then(|before| before.as_str().map(str::to_owned)))
    }

    /// Removes an alias of the user.
    pub fn remove_alias(&self, name: &str) -> Result<()> {
        let remove = |aliases: &mut Map<String, Value>| {
            if aliases.shift_remove(name).is_some() {
                return Ok(());
            }
            if let Some(target) = alias::built_in(name) {
                return Err(Error::local(format!("the alias `{name}` of {target} is built in and cannot be removed"))
                    .hint(format!("override it with `spacectl config alias set {name} SERVICE.RESOURCE`")));
            }
            let error = Error::local(format!("there is no alias `{name}`"));
            Err(match nearest(name, aliases.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`spacectl config alias list` lists your aliases"),
            })
        };
        self.change_aliases(remove)
    }

    /// The file of the user's aliases, whether it exists or not.
    pub fn alias_file(&self) -> PathBuf {
        self.path().join(FILE)
    }

    /// Changes the file under the lock; nothing is saved if `change` fails.
    fn change_aliases<T>(&self, change: impl FnOnce(&mut Map<String, Value>) -> Result<T>) -> Result<T> {
        let _lock = self.lock()?;
        let mut aliases = self.read_aliases()?;
        let changed = change(&mut aliases)?;
        file::replace(&self.alias_file(), &yaml::to_text(&aliases))?;
        Ok(changed)
    }

    /// The file's checked entries, in their order.
    fn read_aliases(&self) -> Result<Map<String, Value>> {
        let path = self.alias_file();
        let Some(bytes) = file::read(&path)? else { return Ok(Map::new()) };
        yaml::parse_checked(&bytes, &path.display().to_string(), check_entry)
            .map_err(|error| error.hint("the file holds your aliases, a line each: NAME: SERVICE.RESOURCE"))
    }
}

fn check_entry(entry: &MappingEntry<'_>) -> Result<(), YamlError> {
    check_name(entry.name).map_err(|invalid| YamlError::new(entry.key.at, invalid.to_string()))?;
    match &entry.value.content {
        Content::Scalar { text, .. } if Resource::parse(text).is_ok() => Ok(()),
        _ => Err(YamlError::new(entry.value.at, format!("the alias `{}` does not name a resource", entry.name))),
    }
}

/// Checks that `name` can be an alias: no dot, as resources have, and nothing special to a shell or the command line.
fn check_name(name: &str) -> Result<(), ParseError> {
    let fault = if name.is_empty() {
        "it is empty"
    } else if name.contains('.') {
        "it has a dot, as resources do"
    } else if name.starts_with('-') {
        "it starts with a `-`, as options do"
    } else if name.chars().any(char::is_whitespace) {
        "it has a blank"
    } else if name.len() > MAX_KEY {
        "it is too long"
    } else if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        "it has a character other than letters, digits, `_` and `-`"
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(MAX_KEY).collect();
    Err(ParseError::new(format!("`{shown}` cannot be an alias: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn folder() -> (TempDir, ConfigDir) {
        let home = tempfile::tempdir().unwrap();
        let dir = ConfigDir::new(home.path().join(".spaceone"));
        (home, dir)
    }

    fn with_file(text: &str) -> (TempDir, ConfigDir) {
        let (home, dir) = folder();
        file::make_folder(dir.path()).unwrap();
        fs::write(dir.alias_file(), text).unwrap();
        (home, dir)
    }

    #[test]
    fn what_is_set_is_there_and_what_is_removed_is_not() {
        let (_home, dir) = folder();
        assert_eq!(dir.aliases().unwrap(), Own::new());
        assert_eq!(dir.set_alias("p", "repository.Plugin").unwrap(), None);
        assert_eq!(dir.set_alias("h", "grpc.health.v1.Health").unwrap(), None);
        assert_eq!(dir.set_alias("p", "lab.Echo").unwrap().as_deref(), Some("repository.Plugin"));
        assert_eq!(fs::read_to_string(dir.alias_file()).unwrap(), "p: lab.Echo\nh: grpc.health.v1.Health\n");
        dir.remove_alias("p").unwrap();
        let own = dir.aliases().unwrap();
        assert_eq!(own.into_iter().collect::<Vec<_>>(), [("h".to_owned(), "grpc.health.v1.Health".to_owned())]);
    }

    #[test]
    fn what_no_alias_can_be_is_refused_and_changes_nothing() {
        let (_home, dir) = folder();
        let long = "x".repeat(MAX_KEY + 1);
        for name in ["", "a.b", "-x", "a b", "\t", "a\u{a0}b", "a\u{1b}[2J", "a\nb", "<<", "a:b", "a/b", "#", &long] {
            let error = dir.set_alias(name, "repository.Plugin").unwrap_err();
            assert_eq!(error.exit_code(), 2, "{name:?}");
            assert!(error.to_string().contains("cannot be an alias: it "), "{name:?}: {error}");
        }
        for target in ["", "plugin", "repository.", ".Plugin", "a b.C", "-a.B", "1.5"] {
            assert_eq!(dir.set_alias("p", target).unwrap_err().exit_code(), 2, "{target:?}");
        }
        assert!(!dir.path().exists());
    }

    #[test]
    fn names_that_yaml_has_a_meaning_for_are_names() {
        let (_home, dir) = folder();
        let names = ["null", "true", "no", "1", "1e3", "플러그인", "_", "a-b"];
        for name in names {
            dir.set_alias(name, "repository.Plugin").unwrap();
        }
        assert_eq!(dir.aliases().unwrap().len(), names.len());
    }

    #[test]
    fn removing_what_is_not_there_says_what_is() {
        let (_home, dir) = folder();
        dir.set_alias("plug", "repository.Plugin").unwrap();
        for (name, said) in [
            ("plugg", "hint: did you mean `plug`?"),
            ("zzz", "`spacectl config alias list` lists"),
            ("plugin", "of repository.Plugin is built in"),
        ] {
            let error = dir.remove_alias(name).unwrap_err();
            assert_eq!(error.exit_code(), 1);
            assert!(error.to_string().contains(said), "{name}: {error}");
        }
    }

    #[test]
    fn a_broken_file_is_told_with_its_place_and_is_not_written_over() {
        for (text, place) in [
            ("p: repository.Plugin\nq: [\n", ":2:4: "),
            ("- p\n", ":1:1: "),
            ("p: repository.Plugin\nq: 12\n", ":2:4: the alias `q` does not name a resource"),
            ("p: repository.Plugin\nq:\n", ":2:"),
            ("q: plugin\n", ":1:4: the alias `q` does not name a resource"),
            ("a.b: repository.Plugin\n", ":1:1: `a.b` cannot be an alias: it has a dot"),
            ("p: a.B\np: c.D\n", ":2:1: the key `p` is given twice"),
            ("1: a.B\n{}: c.D\n", ":2:1: "),
        ] {
            let (_home, dir) = with_file(text);
            for error in [dir.aliases().map(drop), dir.set_alias("x", "a.B").map(drop), dir.remove_alias("p")] {
                let error = error.unwrap_err();
                assert_eq!(error.exit_code(), 1, "{text:?}");
                let begin = format!("error: {}{place}", dir.alias_file().display());
                assert!(error.to_string().starts_with(&begin), "{text:?}: {error}");
            }
            assert_eq!(fs::read_to_string(dir.alias_file()).unwrap(), text);
        }
        let (_home, dir) = with_file("# nothing yet\n");
        assert_eq!(dir.aliases().unwrap(), Own::new());
    }

    #[test]
    fn changes_at_the_same_moment_are_not_lost() {
        let (_home, dir) = folder();
        dir.set_alias("first", "a.B").unwrap();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let dir = &dir;
                scope.spawn(move || dir.set_alias(&format!("n{number}"), "a.B").unwrap());
            }
        });
        assert_eq!(dir.aliases().unwrap().len(), 9);
    }
}
