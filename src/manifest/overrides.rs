//! Variables from the command line: `KEY=VALUE`, `--var-file` and `--env`.

use serde_json::{Map, Value};

use super::written::WrittenNumbers;
use crate::error::{Error, Result};
use crate::schema::field_path::FieldPath;
use crate::spec::source::{Stdin, limits, read_file};
use crate::yaml::{self, YamlDocuments, value};

/// Values that outrank those of the manifest.
#[derive(Debug, Default)]
pub struct VarOverrides {
    pub var: Map<String, Value>,
    pub env: Map<String, Value>,
    /// The texts of numbers in `var`.
    pub numbers: WrittenNumbers,
}

impl VarOverrides {
    /// Reads `--var-file`, then `vars` over it, each `KEY=VALUE`, where a key may be a path.
    ///
    /// # Errors
    /// A file that cannot be read, or a variable without `=`.
    pub fn read(file: Option<&str>, vars: &[String], env: &[String], stdin: &mut Stdin<'_>) -> Result<Self> {
        let mut overrides = match file {
            Some(file) => Self::from_file(file)?,
            None => Self::default(),
        };
        for argument in vars {
            let (key, text) = split(argument)?;
            set(&mut overrides.var, key, parse(text, stdin)?)?;
        }
        for argument in env {
            let (key, text) = split(argument)?;
            overrides.env.insert(key.to_owned(), text.into());
        }
        Ok(overrides)
    }

    fn from_file(file: &str) -> Result<Self> {
        let fault = |fault: yaml::YamlError| fault.into_error(Error::usage, file);
        let text = yaml::decode(read_file(file)?).map_err(fault)?;
        let documents: Result<Vec<_>, _> = YamlDocuments::new(&text, limits(text.len())).map_err(fault)?.collect();
        let [document] = &documents.map_err(fault)?[..] else {
            return Err(Error::usage(format!("{file} must hold one document, with `var` or `env`")));
        };
        let mut overrides = Self::default();
        let numbers = WrittenNumbers::from_node(document);
        for (name, part) in value::mapping(document).map_err(fault)? {
            let path = FieldPath::default().key(&name);
            match (name.as_str(), part) {
                ("var", Value::Object(var)) => (overrides.var, overrides.numbers) = (var, numbers.at(&path)),
                ("env", Value::Object(mut env)) => {
                    numbers.write_into(&path, &mut env);
                    overrides.env = env;
                }
                ("var" | "env", _) => return Err(Error::usage(format!("{file}: {name} must be a mapping"))),
                _ => {
                    let hint = "write variables below `var:`";
                    return Err(Error::usage(format!("{file}: unknown key {name}")).hint(hint));
                }
            }
        }
        Ok(overrides)
    }
}

fn split(argument: &str) -> Result<(&str, &str)> {
    argument.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or_else(|| {
        Error::usage("a variable has no `=`").hint("write KEY=VALUE, e.g. domain.name=acme; a file's path comes first")
    })
}

/// Text; but `[` and `{` begin JSON, `@FILE` is a file's text, and `@-` or `-` standard input.
fn parse(text: &str, stdin: &mut Stdin<'_>) -> Result<Value> {
    let from = match text {
        "-" => Some("-"),
        _ => text.strip_prefix('@'),
    };
    if let Some(file) = from {
        let (name, bytes) = stdin.read_or_file(file)?;
        let text = yaml::decode(bytes).map_err(|fault| fault.into_error(Error::local, &name))?;
        return Ok(text.strip_suffix('\n').unwrap_or(&text).into());
    }
    if !text.starts_with(['[', '{']) {
        return Ok(text.into());
    }
    let tree = yaml::parse_json(text, limits(text.len())).and_then(|tree| value::of(&tree));
    tree.map_err(|fault| {
        let hint = "a value that begins with [ or { is JSON; put other text into a file: KEY=@FILE";
        fault.into_error(Error::usage, "--var").hint(hint)
    })
}

fn set(vars: &mut Map<String, Value>, key: &str, value: Value) -> Result<()> {
    let mut steps = key.split('.').peekable();
    let mut fields = vars;
    while let Some(step) = steps.next() {
        if step.is_empty() {
            return Err(Error::usage(format!("the variable {key} has an empty step")));
        }
        if steps.peek().is_none() {
            fields.insert(step.to_owned(), value);
            break;
        }
        let below = fields.entry(step).or_insert_with(|| Map::new().into());
        if !below.is_object() {
            *below = Map::new().into();
        }
        let Value::Object(below) = below else { break };
        fields = below;
    }
    Ok(())
}

/// Puts `over` over `under`, mapping by mapping: `--var domain.root=x` leaves the other keys of `domain`.
pub fn merge(under: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Object(under)), Value::Object(over)) => merge(under, over),
            (_, value) => {
                under.insert(name, value);
            }
        }
    }
}
