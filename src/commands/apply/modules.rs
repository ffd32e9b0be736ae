//! Runs one task's module.

use std::cell::Cell;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::resource::ResourceCall;
use super::runner::{Done, RunMode, Runner};
use super::{excel, print, shell};
use crate::error::{Error, ErrorKind, Result, TerminationSignal};
use crate::manifest::ManifestTask;
use crate::manifest::data::date::Dates;
use crate::manifest::data::join::JoinSpec;
use crate::manifest::data::{csv, rows};
use crate::manifest::module::Module;
use crate::manifest::placeholder::UnknownValue;
use crate::manifest::template::Rendered;
use crate::query::timestamp;
use crate::schema::field_path::FieldPath;
use crate::secret::{self, mask};
use crate::spec::source::read_file;
use crate::terminal::shutdown::Shutdown;
use crate::text::value_ext::map_texts;
use crate::yaml;

impl Runner<'_, '_> {
    /// Runs a module, or in a dry run shows what it would do.
    pub(super) async fn execute(
        &mut self,
        task: &ManifestTask,
        module: Module,
        spec: Rendered,
        shutdown: &mut Shutdown,
    ) -> Result<Done> {
        let output_name = match &task.id {
            Some(id) => format!("tasks.{id}.output"),
            None => "output".to_owned(),
        };
        let is_dry = self.mode == RunMode::Dry;
        let output = UnknownValue::value(output_name, &self.uses);
        let is_unknown = match module {
            Module::Resource => ResourceCall::is_unknown(&spec),
            Module::Shell | Module::Print => false,
            _ => !spec.unknown.is_empty(),
        };
        if is_unknown {
            self.show_plan(task, &json!({ "uses": module.name(), "spec": spec.value }))?;
            return Ok(Done::planned(spec.value, output));
        }
        match module {
            Module::Resource => {
                let call = ResourceCall::new(task, spec, self.mode, output)?;
                let (interrupted, is_writing) = (Cell::new(None), Cell::new(false));
                let diagnostics = self.context.streams.diagnostics.clone();
                let notify = |signal: TerminationSignal| {
                    interrupted.set(Some(signal));
                    diagnostics.note(&format!("{signal}: waiting for the call in flight; {signal} again aborts"));
                };
                let work = call.run(&mut self.session, &is_writing, self.context);
                let done = shutdown.race_unless_critical(&is_writing, notify, work).await?;
                if !done.is_known {
                    self.show_plan(task, &done.output)?;
                }
                self.interrupted = interrupted.get();
                Ok(done)
            }
            Module::Shell => {
                let mut spec = spec;
                if let Some(Value::Object(env)) = spec.value.get_mut("env") {
                    spec.numbers.write_into(&FieldPath::default().key("env"), env);
                }
                let spec: shell::ShellSpec = parse(spec.value, "shell", task)?;
                if is_dry {
                    let what = json!({ "run": spec.run });
                    self.show_plan(task, &what)?;
                    return Ok(Done::planned(what, output));
                }
                let done = shell::run(&spec, &self.env, &self.session, self.context, shutdown).await?;
                self.session.forget();
                Ok(Done::new(done, String::new()))
            }
            Module::Print => {
                let spec: print::PrintSpec = parse(spec.value, "print", task)?;
                if is_dry {
                    let what = json!({ "print": spec.data });
                    self.show_plan(task, &what)?;
                    return Ok(Done::planned(what, output));
                }
                match print::run(&spec, self.context.streams) {
                    // The work is not for the reader alone.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                        Ok(Done::new(json!({}), "not read".to_owned()))
                    }
                    printed => printed.map(|happened| Done::new(json!({}), happened)),
                }
            }
            Module::Csv => {
                let CsvSpec { file } = parse(spec.value, "csv", task)?;
                if is_dry && !Path::new(&file).exists() {
                    return Ok(Done::planned(json!({ "file": file }), output));
                }
                let bytes = read_file(&file)?;
                let rows = csv::read(&bytes).map_err(|why| Error::local(format!("cannot read {file}")).cause(why))?;
                Ok(Done::new(rows, String::new()))
            }
            Module::Join => {
                let spec: JoinSpec = parse(spec.value, "join", task)?;
                spec.join().map(|rows| Done::new(rows, String::new())).map_err(Error::local)
            }
            Module::Concat => {
                let ConcatSpec { data } = parse(spec.value, "concat", task)?;
                let earlier = task.id.as_deref().and_then(|id| self.scope.output(id)).cloned();
                let mut all = earlier.and_then(|earlier| earlier.as_array().cloned()).unwrap_or_default();
                all.extend(data);
                Ok(Done::new(all.into(), String::new()))
            }
            Module::Date => {
                let DateSpec { base_date } = parse(spec.value, "date", task)?;
                let dates = Dates::new(base_date.as_deref(), timestamp::now()).map_err(Error::local)?;
                let output = dates.output();
                Ok(Done { view: Some(dates.into_view()), ..Done::new(output, String::new()) })
            }
            Module::ExportExcel => {
                let spec: excel::ExcelSpec = parse(spec.value, "export-excel", task)?;
                rows(&spec.data, "data").map_err(Error::local)?;
                if is_dry {
                    let what = json!({ "export": spec.path.to_string(), "sheet": spec.sheet });
                    self.show_plan(task, &what)?;
                    return Ok(Done::planned(what, output));
                }
                let happened = self.workbooks.export(&spec)?;
                Ok(Done::new(json!({}), happened))
            }
        }
    }

    /// Prints an effect that a dry run does not have.
    fn show_plan(&mut self, task: &ManifestTask, what: &Value) -> Result<()> {
        let mut shown = json!({ "task": task.name.written() });
        if let (Value::Object(shown), Value::Object(what)) = (&mut shown, what) {
            shown.extend(what.clone());
        }
        secret::mask_value("", &mut shown);
        let shown = map_texts(&shown, &|text| mask::mask_known(text).into_owned());
        Ok(yaml::write_document(&mut self.context.streams.out, &shown)?)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvSpec {
    file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConcatSpec {
    data: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateSpec {
    base_date: Option<String>,
}

/// A rendered spec as its module's type; an absent one is empty.
fn parse<T: DeserializeOwned>(spec: Value, module: &str, task: &ManifestTask) -> Result<T> {
    let spec = if spec.is_null() { json!({}) } else { spec };
    serde_json::from_value(spec).map_err(|error| wrong_spec(module, &error).at(Some(task.location())))
}

/// The error of a spec that is not of its module's type; shows no value.
pub fn wrong_spec(module: &str, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // `invalid type: string "hunter2", expected a map`.
    let text = text.split_once(", expected ").map_or(text.clone(), |(_, expected)| format!("expected {expected}"));
    Error::local(format!("the spec of {module}: {text}"))
}
