//! The console's JSON of a key.
//!
//! `client_secret` of an app, or `api_key` of a user, as it was before there were apps.
//!
//! It has no endpoints. The YAML that the console offers beside it (`spacectl_config`) has both.

use serde_json::{Map, Value};

use super::{Import, ImportedEnvironment};

const CLIENT_SECRET: &str = "client_secret";
const API_KEY: &str = "api_key";
const API_KEY_ID: &str = "api_key_id";

/// Whether these are the keys of such a file.
pub(super) fn has_key(values: &Map<String, Value>) -> bool {
    values.contains_key(CLIENT_SECRET) || values.contains_key(API_KEY_ID)
}

pub(super) fn read(values: Map<String, Value>) -> Import {
    let mut imported = ImportedEnvironment::default();
    for (key, value) in values {
        match key.as_str() {
            // The console's own YAML calls an app's secret `token`.
            CLIENT_SECRET => drop(imported.environment.values.insert("token".into(), value)),
            API_KEY => drop(imported.environment.values.insert(key, value)),
            _ => imported.ignored.push(key),
        }
    }
    imported.notes.push(
        "the file holds a key and no endpoints: add each with `spacectl config endpoint add SERVICE URL`, \
         or import the YAML that the console offers beside it"
            .into(),
    );
    Import::single(imported)
}
