//! Runs the tasks of a manifest, strictly in order.

use std::cell::Cell;
use std::path::Path;

use minijinja::Value as TemplateValue;
use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value, json};

use super::resource::ResourceCall;
use super::resume::ResumeLog;
use super::session::Session;
use super::summary::Summary;
use super::{excel, print, shell};
use crate::commands::Context;
use crate::error::{Error, ErrorKind, Problem, Result, TerminationSignal};
use crate::manifest::data::date::Dates;
use crate::manifest::data::join::JoinSpec;
use crate::manifest::data::{csv, rows};
use crate::manifest::module::Module;
use crate::manifest::placeholder::{Placeholder, Uses};
use crate::manifest::scope::{TaskResult, message_view};
use crate::manifest::template::{Engine, Rendered, TemplateTree, from_json};
use crate::manifest::{Scope, Task, Work};
use crate::query::timestamp;
use crate::secret::{self, mask};
use crate::spec::source::read_file;
use crate::terminal::shutdown::Shutdown;
use crate::yaml;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    Real,
    /// Only what reads is called.
    Dry,
}

/// The effect of a task.
pub struct Done {
    pub output: Value,
    /// `output` as templates see it, if that is more than its fields.
    pub view: Option<TemplateValue>,
    /// For the line of progress: `created domain-0001`.
    pub happened: String,
    /// False for what a dry run did not do.
    pub is_known: bool,
}

impl Done {
    pub fn new(output: Value, happened: String) -> Self {
        Self { output, view: None, happened, is_known: true }
    }

    /// The response of a service.
    pub fn message(output: Value, message: &MessageDescriptor, happened: String) -> Self {
        let view = Some(message_view(&output, message));
        Self { output, view, happened, is_known: true }
    }

    /// A row of a list, whose type may be unknown.
    pub fn row(row: Map<String, Value>, message: Option<&MessageDescriptor>, happened: String) -> Self {
        match message {
            Some(message) => Self::message(row.into(), message, happened),
            None => Self::new(row.into(), happened),
        }
    }

    /// An effect that a dry run only shows.
    pub fn planned(what: Value, output: TemplateValue) -> Self {
        Self { output: what, view: Some(output), happened: "not sent".to_owned(), is_known: false }
    }
}

pub struct Runner<'a, 'c> {
    session: Session,
    scope: Scope,
    engine: Engine,
    conditions: Engine,
    /// Counts the uses of values that a dry run does not know.
    uses: Uses,
    mode: RunMode,
    resume: Option<ResumeLog>,
    summary: Summary,
    /// Variables of the manifest's `env`, for shell tasks.
    env: Map<String, Value>,
    /// How many tasks were begun that are recorded: the position of one in the log of finished tasks.
    position: usize,
    workbooks: excel::Workbooks,
    /// A signal that came during a call: the run ends after it.
    interrupted: Option<TerminationSignal>,
    context: &'a mut Context<'c>,
}

impl<'a, 'c> Runner<'a, 'c> {
    /// `env` is what templates see, and of it what the manifest adds.
    pub fn new(
        session: Session,
        var: Map<String, Value>,
        (env, added): (Map<String, Value>, Map<String, Value>),
        mode: RunMode,
        resume: Option<ResumeLog>,
        context: &'a mut Context<'c>,
    ) -> Self {
        for known in [&var, &added] {
            remember(&Value::Object(known.clone()));
        }
        let uses = Uses::default();
        let (engine, conditions) = (Engine::default(), Engine::for_conditions());
        let (engine, conditions) = match mode {
            RunMode::Dry => (engine.with_unknown(&uses), conditions.with_unknown(&uses)),
            RunMode::Real => (engine, conditions),
        };
        Self {
            session,
            scope: Scope::new(var, env),
            engine,
            conditions,
            uses,
            mode,
            resume,
            summary: Summary::default(),
            env: added,
            position: 0,
            workbooks: excel::Workbooks::default(),
            interrupted: None,
            context,
        }
    }

    pub fn into_parts(mut self) -> (Summary, Option<ResumeLog>) {
        self.summary.var = self.scope.var().clone();
        (self.summary, self.resume)
    }

    pub async fn run(&mut self, tasks: &[Task], shutdown: &mut Shutdown) -> Result<()> {
        self.tasks(tasks, 0, shutdown).await?;
        let Summary { ok, skipped, .. } = self.summary;
        self.line(0, &format!("FINISHED [ ok={ok}, skipped={skipped} ]"));
        Ok(())
    }

    /// Writes a line of progress.
    fn line(&self, depth: usize, text: &str) {
        self.context.streams.diagnostics.done(&format!("{}{text}", "  ".repeat(depth)));
    }

    async fn tasks(&mut self, tasks: &[Task], depth: usize, shutdown: &mut Shutdown) -> Result<()> {
        for task in tasks {
            Box::pin(self.task(task, depth, shutdown)).await?;
        }
        Ok(())
    }

    async fn task(&mut self, task: &Task, depth: usize, shutdown: &mut Shutdown) -> Result<()> {
        let Some(items) = &task.items else { return self.once(task, depth, shutdown).await.map(drop) };
        self.line(depth, &format!("LOOP [{}]", task.name.written()));
        let items = match self.items(items, task)? {
            Some(items) => items.iter().map(from_json).collect(),
            None => vec![Placeholder::value("item", &self.uses)],
        };
        let mut results = Vec::new();
        for item in items {
            self.scope.push_item(item);
            let done = self.once(task, depth + 1, shutdown).await;
            self.scope.pop_item();
            results.extend(done?);
        }
        if let Some(id) = &task.id {
            self.scope.set_loop(id, &results);
        }
        Ok(())
    }

    /// The items of a loop; `None` if a dry run does not know them.
    fn items(&self, items: &TemplateTree, task: &Task) -> Result<Option<Vec<Value>>> {
        let place = match items {
            TemplateTree::Text(text) => text.location(),
            _ => task.location(),
        };
        let rendered = self.render(items)?;
        match rendered.value {
            Value::Array(items) => Ok(Some(items)),
            _ if !rendered.unknown.is_empty() => Ok(None),
            other => {
                let message = format!("`loop` must be a list, not {}", crate::text::value_ext::kind_of(&other));
                Err(Error::local(message).at(Some(place)))
            }
        }
    }

    fn render(&self, tree: &TemplateTree) -> Result<Rendered> {
        self.engine.render(tree, &self.scope.context()).map_err(failed)
    }

    /// Runs a task, or an item of its loop; `None` if it was skipped.
    async fn once(&mut self, task: &Task, depth: usize, shutdown: &mut Shutdown) -> Result<Option<TaskResult>> {
        // Tasks that wait for nothing would never learn of a signal.
        let yielding = async {
            tokio::task::yield_now().await;
            Ok(())
        };
        shutdown.race(yielding).await?;
        for (name, value) in &task.vars {
            let value = self.render(value)?.value;
            self.scope.set_vars(Map::from_iter([(name.clone(), value)]));
        }
        let name = self.engine.text(&task.name, &self.scope.context()).map_err(failed)?;
        if let Some(condition) = &task.condition {
            let decided = condition.evaluate(&self.conditions, &self.scope.context());
            match decided {
                Ok(Some(true)) => {}
                Ok(Some(false)) => {
                    self.line(depth, &format!("SKIP [{name}]"));
                    self.summary.skipped += 1;
                    return Ok(None);
                }
                Ok(None) => self.line(depth, &format!("IF {}", condition.text.written())),
                Err(problem) => return Err(failed(problem)),
            }
        }
        let result = match &task.work {
            Work::Group(tasks) => {
                self.line(depth, &format!("SUB-TASKS [{name}]"));
                self.tasks(tasks, depth + 1, shutdown).await?;
                TaskResult { name, spec: json!({}), output: json!({}), view: None }
            }
            Work::Module { module, spec, .. } => {
                let rendered = self.render(spec)?;
                let spec = rendered.value.clone();
                self.line(depth, &format!("TASK [{name}]"));
                let blame = |error: Error| blamed(error, &name, task);
                let done = self.module(task, *module, rendered, depth, shutdown).await.map_err(blame)?;
                self.summary.ok += 1;
                let result = TaskResult { name, spec, output: done.output, view: done.view };
                self.summary.add(task.id.as_deref(), &result);
                if let Some(signal) = self.interrupted {
                    return Err(Error::from_signal(signal));
                }
                result
            }
        };
        if let (Some(id), None) = (&task.id, &task.items) {
            self.scope.set_task(id, &result);
        } else if let Some(id) = &task.id {
            self.scope.set_output(id, &result);
        }
        Ok(Some(result))
    }

    /// Runs a module, or takes what an earlier run has recorded.
    async fn module(
        &mut self,
        task: &Task,
        module: Module,
        spec: Rendered,
        depth: usize,
        shutdown: &mut Shutdown,
    ) -> Result<Done> {
        remember(&spec.value);
        let rendered = spec.value.clone();
        let recorded = match &self.resume {
            Some(_) => self.recorded_type(task, module, &spec).await?,
            None => None,
        };
        let position = self.position;
        self.position += usize::from(recorded.is_some());
        if let (Some(message), Some(resume)) = (&recorded, &mut self.resume)
            && let Some(output) = resume.finished(position, &rendered)?
        {
            remember(&output);
            self.line(depth, "  DONE in an earlier run");
            return Ok(match message {
                Some(message) => Done::message(output, message, String::new()),
                None => Done::new(output, String::new()),
            });
        }
        let done = self.execute(task, module, spec, shutdown).await?;
        if !done.happened.is_empty() {
            self.line(depth, &format!("  {}", done.happened));
        }
        if let (Some(_), Some(resume)) = (&recorded, &mut self.resume) {
            resume.record(position, task.id.as_deref(), &rendered, &done.output)?;
        }
        if task.debug {
            let shown = done.output.get("result").filter(|_| module == Module::Shell).unwrap_or(&done.output);
            let mut shown = shown.clone();
            secret::mask_value("", &mut shown);
            let text = shown.as_str().map_or_else(|| format!("{shown:#}"), str::to_owned);
            let diagnostics = &self.context.streams.diagnostics;
            diagnostics.done("(DEBUG) =>");
            text.lines().for_each(|line| diagnostics.done(line));
        }
        Ok(done)
    }

    /// The type of the output of a task that has an effect, which a second run must not repeat; `None` for others.
    async fn recorded_type(
        &mut self,
        task: &Task,
        module: Module,
        spec: &Rendered,
    ) -> Result<Option<Option<MessageDescriptor>>> {
        match module {
            Module::Resource => {
                let call = ResourceCall::new(task, spec.clone(), self.mode, Placeholder::value("", &self.uses))?;
                call.written_type(&mut self.session, self.context).await
            }
            Module::Shell => Ok(Some(None)),
            _ => Ok(None),
        }
    }

    async fn execute(&mut self, task: &Task, module: Module, spec: Rendered, shutdown: &mut Shutdown) -> Result<Done> {
        let output_name = match &task.id {
            Some(id) => format!("tasks.{id}.output"),
            None => "output".to_owned(),
        };
        let is_dry = self.mode == RunMode::Dry;
        let output = Placeholder::value(output_name, &self.uses);
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
    fn show_plan(&mut self, task: &Task, what: &Value) -> Result<()> {
        let mut shown = json!({ "task": task.name.written() });
        if let (Value::Object(shown), Value::Object(what)) = (&mut shown, what) {
            shown.extend(what.clone());
        }
        secret::mask_value("", &mut shown);
        let shown = crate::text::value_ext::map_texts(&shown, &|text| mask::mask_known(text).into_owned());
        Ok(yaml::write_document(&mut self.context.streams.out, &shown)?)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvSpec {
    file: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ConcatSpec {
    data: Vec<Value>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DateSpec {
    base_date: Option<String>,
}

/// A rendered spec as its module's type; an absent one is empty.
fn parse<T: serde::de::DeserializeOwned>(spec: Value, module: &str, task: &Task) -> Result<T> {
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

/// Masks the secrets of a value from now on.
fn remember(value: &Value) {
    secret::secrets_in_message("", value.clone()).iter().for_each(|secret| mask::remember(secret));
}

fn failed(problem: Problem) -> Error {
    Error::from_problems(ErrorKind::Local, vec![problem]).unwrap_or_else(|| Error::local("cannot be rendered"))
}

/// `error` with the task in which it happened, and its place.
fn blamed(error: Error, name: &str, task: &Task) -> Error {
    let has_place = error.problems().iter().any(|problem| problem.location.is_some());
    // Exit code 2 means that nothing was sent.
    let error = match error.kind() {
        ErrorKind::Usage => Error::from_problems(ErrorKind::Local, error.problems().to_vec()).unwrap_or(error),
        _ => error,
    };
    let error = error.context(format!("task {name}"));
    if has_place { error } else { error.at(Some(task.location())) }
}
