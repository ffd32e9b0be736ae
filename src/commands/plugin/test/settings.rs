//! `plugin-test.toml`: what to test, with which inputs, and what to expect.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cli::duration;
use crate::error::{Error, Location, Result};
use crate::fs::{folder_of, open_file, read_limited};
use crate::plugin::conformance::PluginKind;
use crate::schema::did_you_mean::hint_at_name;
use crate::schema::field_path::{FieldPath, Segment};
use crate::secret::MASK;
use crate::text::json;

/// The file that is read if it exists.
pub const SETTINGS_FILE: &str = "plugin-test.toml";

/// The largest file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The settings of a test. Flags override them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestSettings {
    pub resource_type: Option<String>,
    pub exec: Option<String>,
    pub port: Option<NonZeroU16>,
    pub options: Option<Map<String, Value>>,
    /// The longest time of a step.
    pub timeout: Option<String>,
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub data: Vec<DataSettings>,
    /// By method, e.g. `init`: the fields that an answer has to hold.
    #[serde(default)]
    pub expect: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    pub compare: CompareSettings,
}

/// A data case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSettings {
    pub name: Option<String>,
    /// Relative to the folder of the settings.
    pub file: PathBuf,
    /// The fields that its answer has to hold.
    #[serde(default)]
    pub expect: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareSettings {
    /// Fields that change with each run, e.g. `results[].occurred_at`.
    #[serde(default)]
    pub ignore: Vec<String>,
}

impl TestSettings {
    /// Reads `path`, or [`SETTINGS_FILE`] if it exists.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let is_given = path.is_some();
        let path = path.unwrap_or(Path::new(SETTINGS_FILE));
        if !is_given && !path.exists() {
            return Ok(Self::default());
        }
        let name = path.display().to_string();
        let failed = |error: std::io::Error| Error::local(format!("cannot read {name}")).cause(error);
        let bytes = read_limited(open_file(path).map_err(failed)?, MAX_BYTES).map_err(failed)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::local(format!("{name}: not UTF-8 text")))?;
        let mut settings: Self = toml::from_str(&text).map_err(|error| {
            // Its own display repeats the line, whose values may be secret.
            let location = error.span().map(|span| locate(&text, span.start, &name));
            Error::local(without_text(error.message().lines().next().unwrap_or("not TOML"))).at(location)
        })?;
        for case in &mut settings.data {
            case.file = folder_of(path).join(&case.file);
        }
        if let Some(text) = &settings.timeout {
            duration(text).map_err(|why| Error::local(format!("{name}: timeout: {why}")))?;
        }
        Ok(settings)
    }

    /// Refuses expectations of methods that no test of a `kind` calls.
    pub fn check_expect(&self, kind: PluginKind) -> Result<()> {
        let mut methods: Vec<&str> = kind.steps().iter().map(|step| step.method()).collect();
        methods.dedup();
        let unknown = self.expect.keys().find(|name| !methods.contains(&name.as_str()));
        unknown.map_or(Ok(()), |name| {
            Err(Error::usage(format!("expect.{name}: a test of {} calls no method {name}", kind.resource_type()))
                .hint(hint_at_name(name, &methods)))
        })
    }
}

/// A message of the parser without the text in it, which may be secret: `invalid type: string "********"`.
fn without_text(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(start), Some(end)) if start < end => format!("{}{MASK}{}", &message[..=start], &message[end..]),
        _ => message.to_owned(),
    }
}

fn locate(text: &str, offset: usize, source: &str) -> Location {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let newlines = before.bytes().filter(|byte| *byte == b'\n').count();
    Location { source: source.to_owned(), line: newlines + 1, column: line.chars().count() + 1 }
}

/// The first place where `value` does not hold `expected`: one of its fields, or an item of its lists at the same
/// index.
pub fn mismatch(value: &Value, expected: &Value) -> Option<String> {
    mismatch_at(&FieldPath::default(), Some(value), expected)
}

fn mismatch_at(path: &FieldPath, value: Option<&Value>, expected: &Value) -> Option<String> {
    let holds = match (value, expected) {
        (Some(Value::Object(fields)), Value::Object(expected)) => {
            return expected.iter().find_map(|(key, value)| mismatch_at(&path.key(key), fields.get(key), value));
        }
        (Some(Value::Array(items)), Value::Array(expected)) => {
            let mut expected = expected.iter().enumerate();
            return expected.find_map(|(index, value)| mismatch_at(&path.index(index), items.get(index), value));
        }
        // A Struct makes every number a double.
        (Some(Value::Number(value)), Value::Number(expected)) => value.as_f64() == expected.as_f64(),
        (Some(value), expected) => value == expected,
        // A default is not on the wire, but an item of a list is.
        (None, expected) => is_unset(expected) && !matches!(path.0.last(), Some(Segment::Index(_))),
    };
    let found = value.map_or_else(|| "nothing".to_owned(), json::compact);
    (!holds).then(|| format!("{path}: expected {}, found {found}", json::compact(expected)))
}

/// Whether a field with this value is not on the wire.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Bool(value) => !value,
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subset_holds_and_defaults_may_be_absent() {
        let value = json!({"results": [{"event_key": "a", "n": 1.0, "tags": {"x": 1.0}}, {"event_key": "b"}]});
        for expected in [
            json!({}),
            json!({"results": [{"event_key": "a", "n": 1}]}),
            json!({"results": [{"tags": {"x": 1}}, {"event_key": "b", "severity": "", "cost": 0}]}),
        ] {
            assert_eq!(mismatch(&value, &expected), None, "{expected}");
        }
        for (expected, message) in [
            (json!({"results": [{"event_key": "b"}]}), "results[0].event_key: expected \"b\", found \"a\""),
            (json!({"results": [{}, {}, {}]}), "results[2]: expected {}, found nothing"),
            (json!({"x": 1}), "x: expected 1, found nothing"),
            (json!({"results": [{"event_key": ""}]}), "results[0].event_key: expected \"\", found \"a\""),
            (json!({"results": [{"n": 0}]}), "results[0].n: expected 0, found 1.0"),
        ] {
            assert_eq!(mismatch(&value, &expected).as_deref(), Some(message));
        }
    }
}
