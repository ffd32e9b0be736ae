//! The inputs of a plugin: options, secret data, data cases, filter, schema.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::golden::file_name;
use super::settings::TestSettings;
use crate::cli::PluginTest;
use crate::error::{Error, Result};
use crate::fs::{shared_mode, shell_word};
use crate::plugin::conformance::GivenInputs;
use crate::secret::mask;
use crate::spec::source::{SourceText, Stdin, Syntax};
use crate::terminal::io_streams::IoStreams;
use crate::yaml::{YamlError, value};

type Fields = Map<String, Value>;

/// One payload, and the fields that its answer has to hold.
pub struct DataCase {
    /// The file's name without extension, or the one in the settings.
    pub name: String,
    pub fields: Fields,
    pub expect: Fields,
}

/// The user's inputs; `None` where nothing was given.
#[derive(Default)]
pub struct TestInputs {
    pub options: Option<Fields>,
    pub secret_data: Option<Fields>,
    pub data: Vec<DataCase>,
    pub filter: Option<Fields>,
    pub schema: Option<String>,
}

impl TestInputs {
    /// Reads what the flags name, and else what `settings` say.
    pub fn read(args: &PluginTest, settings: &mut TestSettings, streams: &mut IoStreams) -> Result<Self> {
        let mut stdin = Stdin::new(&mut *streams.input);
        let options = match &args.options {
            Some(given) => Some(file_or_json("--options", given, &mut stdin)?),
            None => settings.options.take(),
        };
        let filter = args.filter.as_deref().map(|given| file_or_json("--filter", given, &mut stdin)).transpose()?;
        let mut secret_data = None;
        if let Some(file) = &args.secret_data {
            // The error about a missing file would repeat the secret.
            if file.contains(['{', '[', ':', '\n']) && !Path::new(file).exists() {
                return Err(Error::usage("--secret-data takes a file, or - for stdin"));
            }
            let fields = file_of_fields(file, &mut stdin)?;
            if let Some(mode) = Some(Path::new(file)).filter(|_| file != "-").and_then(shared_mode) {
                streams.diagnostics.warn(&format!(
                    "{file} holds a secret, and its mode {mode:04o} lets others read or change it: run `chmod 600 {}`",
                    shell_word(Path::new(file))
                ));
            }
            fields.values().for_each(remember);
            secret_data = Some(fields);
        }
        let data = if args.data.is_empty() { cases_of(settings, &mut stdin)? } else { cases(&args.data, &mut stdin)? };
        Ok(Self { options, secret_data, data, filter, schema: args.schema.clone() })
    }

    pub fn given(&self) -> GivenInputs {
        GivenInputs {
            options: self.options.is_some(),
            secret_data: self.secret_data.is_some(),
            data: !self.data.is_empty(),
        }
    }
}

/// Masks all texts of secret data from now on wherever they are shown.
fn remember(value: &Value) {
    match value {
        Value::String(text) => {
            mask::remember(text);
            // The lines of a private key appear alone in a log.
            text.lines().filter(|line| line.len() > 20).for_each(mask::remember);
        }
        Value::Number(number) => mask::remember(&number.to_string()),
        Value::Array(items) => items.iter().for_each(remember),
        Value::Object(fields) => fields.values().for_each(remember),
        Value::Null | Value::Bool(_) => {}
    }
}

fn file_or_json(flag: &str, given: &str, stdin: &mut Stdin<'_>) -> Result<Fields> {
    if given.trim_start().starts_with('{') {
        let text = SourceText { name: "argument.json".to_owned(), content: given.to_owned() };
        return fields_from(&text, flag, Error::usage);
    }
    if given != "-" && matches!(Path::new(given).try_exists(), Ok(false)) {
        let what = format!("{flag}: {given} is neither a file nor a JSON object");
        return Err(
            Error::usage(what).hint(format!("{flag} takes a file, - for stdin, or a JSON object: '{{\"a\": 1}}'"))
        );
    }
    file_of_fields(given, stdin)
}

fn file_of_fields(file: &str, stdin: &mut Stdin<'_>) -> Result<Fields> {
    let (name, bytes) = stdin.read_or_file(file)?;
    fields_of(&SourceText::of_bytes(name, bytes)?, Error::local)
}

/// The only document of a text, a mapping.
pub fn fields_of(text: &SourceText, kind: impl FnOnce(String) -> Error) -> Result<Fields> {
    fields_from(text, &text.name, kind)
}

/// The same for errors that name its `source`.
fn fields_from(text: &SourceText, source: &str, kind: impl FnOnce(String) -> Error) -> Result<Fields> {
    let read = || {
        let documents = text.documents().map(|tree| value::mapping(&*tree?)).collect::<Result<Vec<_>, _>>()?;
        Ok((documents.len(), documents.into_iter().next()))
    };
    match read().map_err(|fault: YamlError| fault.into_error(kind, source))? {
        (1, Some(fields)) => Ok(fields),
        (count, _) => Err(Error::local(format!("{source}: expected one document, found {count}"))),
    }
}

/// The cases of files and directories, these in the order of their names.
fn cases(arguments: &[String], stdin: &mut Stdin<'_>) -> Result<Vec<DataCase>> {
    let mut files = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if argument == "-" || !path.is_dir() {
            files.push(argument.clone());
            continue;
        }
        let failed = |error| Error::local(format!("cannot read {argument}")).cause(error);
        let entries = fs::read_dir(path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let names = entries.into_iter().map(|entry| entry.path().to_string_lossy().into_owned());
        let mut inside: Vec<String> = names.filter(|name| Syntax::of_file(name).is_some()).collect();
        if inside.is_empty() {
            return Err(Error::local(format!("{argument} has no .json, .yml or .yaml file")));
        }
        inside.sort();
        files.append(&mut inside);
    }
    let case = |file: String| {
        let fields = file_of_fields(&file, stdin)?;
        Ok(DataCase { name: stem(Path::new(&file)), fields, expect: Fields::new() })
    };
    files.into_iter().map(case).collect::<Result<_>>().and_then(distinct)
}

/// The cases of the settings.
fn cases_of(settings: &mut TestSettings, stdin: &mut Stdin<'_>) -> Result<Vec<DataCase>> {
    let case = |case: super::settings::DataSettings| {
        let fields = file_of_fields(&case.file.to_string_lossy(), stdin)?;
        Ok(DataCase { name: case.name.unwrap_or_else(|| stem(&case.file)), fields, expect: case.expect })
    };
    settings.data.drain(..).map(case).collect::<Result<_>>().and_then(distinct)
}

fn stem(file: &Path) -> String {
    file.file_stem().map_or_else(|| "data".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Refuses two cases whose answers would be one file, also on file systems that ignore case.
fn distinct(cases: Vec<DataCase>) -> Result<Vec<DataCase>> {
    let mut names = BTreeMap::new();
    for case in &cases {
        if let Some(other) = names.insert(file_name(&case.name).to_lowercase(), &case.name) {
            let what = match other == &case.name {
                true => format!("two data cases have the name {other}"),
                false => format!("the data cases {other} and {} would be recorded in one file", case.name),
            };
            return Err(Error::usage(what).hint("rename a file, or name the cases in plugin-test.toml"));
        }
    }
    Ok(cases)
}
