//! The console's JSON of a key: `client_secret`, which an app is given, and `api_key`, which users were given before.
//!
//! It says nothing of endpoints. The YAML that the console offers beside it (`spacectl_config`) has both.

use serde_json::{Map, Value};

use super::{Content, Import, Taken};
use crate::config::Environment;
use crate::error::Result;

const CLIENT_SECRET: &str = "client_secret";
const API_KEY: &str = "api_key";
const API_KEY_ID: &str = "api_key_id";

/// Whether these are the keys of such a file.
pub(super) fn holds_key(values: &Map<String, Value>) -> bool {
    values.contains_key(CLIENT_SECRET) || values.contains_key(API_KEY_ID)
}

pub(super) fn key(values: Map<String, Value>) -> Result<Import> {
    let mut environment = Map::new();
    let mut left = Vec::new();
    for (key, value) in values {
        // An app's secret is what the console itself calls `token` in its YAML.
        match key.as_str() {
            CLIENT_SECRET => drop(environment.insert("token".into(), value)),
            API_KEY => drop(environment.insert(key, value)),
            _ => left.push(key),
        }
    }
    let notes = vec![
        "the file holds a key and no endpoints: add each with `spacectl config endpoint add SERVICE URL`, \
         or import the YAML that the console offers beside it"
            .to_owned(),
    ];
    let taken = Taken { environment: Environment { values: environment }, left, notes };
    Ok(Import { content: Content::One { known_as: None, taken }, current: None, left: Vec::new() })
}
