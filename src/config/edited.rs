//! Checks an environment's file after editing: each problem has its place.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::keys::{ENDPOINTS, METADATA};
use super::{Environment, metadata, service_of, yaml};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::yaml::value::{self, MappingEntry};
use crate::yaml::{Content, Mark};

impl Environment {
    /// Parses the new content of the file of `before`, and checks what this program reads. A new key must not be
    /// misspelt; others may be another program's.
    ///
    /// # Errors
    /// All problems, each with its line and column; the first one only if the text is not YAML.
    pub fn parse_edited(bytes: &[u8], source: &str, before: &Self) -> Result<Self> {
        let problems: RefCell<Vec<Problem>> = RefCell::default();
        let report = |at: Mark, error: &Error| {
            let at = Some(at.in_source(source));
            problems.borrow_mut().extend(error.problems().iter().cloned().map(|problem| problem.at(at.clone())));
        };
        let values = yaml::parse_checked(bytes, source, |entry| {
            for (at, part) in parts(entry)? {
                part.check().unwrap_or_else(|error| report(at, &error));
            }
            if !before.values.contains_key(entry.name) {
                let key = check_new_key(entry, before);
                key.unwrap_or_else(|error| report(entry.key.at, &error));
            }
            Ok(())
        })?;
        match Error::from_problems(ErrorKind::Local, problems.into_inner()) {
            Some(error) => Err(error),
            None => Ok(Self { values }),
        }
    }
}

/// The parts of an entry that are checked one by one: of mappings their entries.
fn parts(entry: &MappingEntry<'_>) -> Result<Vec<(Mark, Environment)>, crate::yaml::YamlError> {
    let part = |value: Value| Environment { values: Map::from_iter([(entry.name.to_owned(), value)]) };
    if ![ENDPOINTS, METADATA].contains(&entry.name) || !matches!(entry.value.content, Content::Mapping(_)) {
        return Ok(vec![(entry.value.at, part(value::of(entry.value)?))]);
    }
    let inner = value::entries(entry.value)?.into_iter();
    let inner = inner.map(|inner| {
        let one = Map::from_iter([(inner.name.to_owned(), value::of(inner.value)?)]);
        Ok((inner.value.at, part(one.into())))
    });
    inner.collect()
}

fn check_new_key(entry: &MappingEntry<'_>, before: &Environment) -> Result<()> {
    let key = entry.name;
    if Environment::is_known(key) {
        return Ok(());
    }
    // `config set` takes these, and writes them where they are read.
    if let Some(name) = service_of(key).or(metadata::name_of(key)) {
        let mapping = key.strip_suffix(name).unwrap_or(key).trim_end_matches('.');
        return Err(Error::local(format!("nothing reads the key `{key}`"))
            .hint(format!("write `{name}: VALUE` on a line of its own below `{mapping}:`, indented")));
    }
    let text = match &entry.value.content {
        Content::Scalar { text, .. } => text,
        _ => "",
    };
    before.check_key(key, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str) -> Result<Environment> {
        let before = Environment::parse(b"api_kye: x\napi_key: k\n", "x").unwrap();
        Environment::parse_edited(text.as_bytes(), "lab.yml", &before)
    }

    #[test]
    fn each_problem_has_its_place_and_no_secret_is_shown() {
        for (text, problems) in [
            ("", &[][..]),
            ("api_kye: y\nother: 1\nendpoints: {identity: 'grpc://h:1'}\nmetadata: {x-a: b}\n", &[]),
            ("a: b\n c: d\n", &["lab.yml:2:3"]),
            ("x_domain_id: 5\n", &["lab.yml:1:14: `x_domain_id` must be text, and is a number"]),
            (
                "endpoints:\n  identity: grpc://h:1\n  repository: http://hunter2\nregistry: 'ftp://x'\n",
                &["lab.yml:3:15: `endpoints.repository`", "lab.yml:4:11: `registry`"],
            ),
            ("endpoints: hunter2\n", &["lab.yml:1:12: `endpoints`"]),
            (
                "metadata:\n  x-a: 5\n  X A: b\n",
                &["lab.yml:2:8: `metadata.x-a` must be text", "lab.yml:3:8: `metadata`"],
            ),
            ("token: \"hunter2\\nx\"\n", &["lab.yml:1:8: `token` holds a line break"]),
            ("api_keey: hunter2\n", &["lab.yml:1:1: nothing reads the key `api_keey`: did you mean `api_key`?"]),
            ("repository: hunter2\n", &["lab.yml:1:1: `repository` is not a key"]),
            ("endpoints.identity: grpc://h:1\n", &["lab.yml:1:1: nothing reads the key `endpoints.identity`"]),
            ("환경: 5\ntoken: 5\n", &["lab.yml:2:8: `token` must be text"]),
        ] {
            let error = edited(text).err();
            let found = error.iter().flat_map(Error::problems);
            let found: Vec<String> = found
                .map(|problem| match &problem.location {
                    Some(at) => format!("{at}: {}", problem.message),
                    None => problem.message.clone(),
                })
                .collect();
            assert_eq!(found.len(), problems.len(), "{text}: {found:?}");
            assert!(found.iter().zip(problems).all(|(found, start)| found.starts_with(start)), "{text}: {found:?}");
            let secret = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(!secret.contains("hunter2") || text.contains("http://hunter2"), "{secret}");
        }
    }
}
