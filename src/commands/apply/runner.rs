//! Runs the tasks of a manifest, strictly in order.

use minijinja::Value as TemplateValue;
use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value, json};

use super::excel;
use super::resource::ResourceCall;
use super::resume::ResumeLog;
use super::session::Session;
use super::summary::RunSummary;
use crate::commands::Context;
use crate::error::{Error, ErrorKind, Problem, Result, TerminationSignal};
use crate::manifest::engine::Engine;
use crate::manifest::module::Module;
use crate::manifest::placeholder::{UnknownValue, Uses};
use crate::manifest::scope::{LoopItem, TaskResult, message_view};
use crate::manifest::template::{Rendered, TemplateTree};
use crate::manifest::written::{SeenNumbers, WrittenNumbers};
use crate::manifest::{ManifestTask, Scope, Work};
use crate::secret::{self, mask};
use crate::terminal::shutdown::Shutdown;

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
    pub(super) session: Session,
    pub(super) scope: Scope,
    engine: Engine,
    conditions: Engine,
    /// Counts the uses of values that a dry run does not know.
    pub(super) uses: Uses,
    pub(super) mode: RunMode,
    resume: Option<ResumeLog>,
    summary: RunSummary,
    /// Variables of the manifest's `env`, for shell tasks.
    pub(super) env: Map<String, Value>,
    /// How many tasks were begun that are recorded: the position of one in the log of finished tasks.
    pub(super) position: usize,
    pub(super) workbooks: excel::Workbooks,
    /// A signal that came during a call: the run ends after it.
    pub(super) interrupted: Option<TerminationSignal>,
    pub(super) context: &'a mut Context<'c>,
}

impl<'a, 'c> Runner<'a, 'c> {
    /// `env` is what templates see, and of it what the manifest adds.
    pub fn new(
        session: Session,
        (var, numbers): (Map<String, Value>, WrittenNumbers),
        (env, added): (Map<String, Value>, Map<String, Value>),
        mode: RunMode,
        resume: Option<ResumeLog>,
        context: &'a mut Context<'c>,
    ) -> Self {
        for known in [&var, &added] {
            remember(&Value::Object(known.clone()));
        }
        let uses = Uses::default();
        let seen = SeenNumbers::default();
        let (engine, conditions) = (Engine::new(&seen), Engine::for_conditions(&seen));
        let (engine, conditions) = match mode {
            RunMode::Dry => (engine.with_unknown(&uses), conditions.with_unknown(&uses)),
            RunMode::Real => (engine, conditions),
        };
        Self {
            session,
            scope: Scope::new(var, numbers, &env, &seen),
            engine,
            conditions,
            uses,
            mode,
            resume,
            summary: RunSummary::default(),
            env: added,
            position: 0,
            workbooks: excel::Workbooks::default(),
            interrupted: None,
            context,
        }
    }

    pub fn into_parts(mut self) -> (RunSummary, Option<ResumeLog>) {
        self.summary.var = self.scope.var().clone();
        (self.summary, self.resume)
    }

    pub async fn run(&mut self, tasks: &[ManifestTask], shutdown: &mut Shutdown) -> Result<()> {
        self.tasks(tasks, 0, shutdown).await?;
        let RunSummary { ok, skipped, .. } = self.summary;
        self.line(0, &format!("FINISHED [ ok={ok}, skipped={skipped} ]"));
        Ok(())
    }

    /// Writes a line of progress.
    fn line(&self, depth: usize, text: &str) {
        self.context.streams.diagnostics.done(&format!("{}{text}", "  ".repeat(depth)));
    }

    async fn tasks(&mut self, tasks: &[ManifestTask], depth: usize, shutdown: &mut Shutdown) -> Result<()> {
        for task in tasks {
            Box::pin(self.task(task, depth, shutdown)).await?;
        }
        Ok(())
    }

    async fn task(&mut self, task: &ManifestTask, depth: usize, shutdown: &mut Shutdown) -> Result<()> {
        let Some(items) = &task.items else { return self.once(task, depth, shutdown).await.map(drop) };
        self.line(depth, &format!("LOOP [{}]", task.name.written()));
        let items = match self.items(items, task)? {
            Some(items) => items,
            None => vec![UnknownValue::value("item", &self.uses).into()],
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
    fn items(&self, items: &TemplateTree, task: &ManifestTask) -> Result<Option<Vec<LoopItem>>> {
        let place = match items {
            TemplateTree::Text(text) => text.location(),
            _ => task.location(),
        };
        let rendered = self.render(items)?;
        match rendered.value {
            Value::Array(items) => Ok(Some(self.scope.items(&items, &rendered.numbers))),
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
    async fn once(&mut self, task: &ManifestTask, depth: usize, shutdown: &mut Shutdown) -> Result<Option<TaskResult>> {
        // Tasks that wait for nothing would never learn of a signal.
        let yielding = async {
            tokio::task::yield_now().await;
            Ok(())
        };
        shutdown.race(yielding).await?;
        for (name, value) in &task.vars {
            let value = self.render(value)?;
            self.scope.set_var(name, value);
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
                TaskResult { name, spec: json!({}), output: json!({}), ..TaskResult::default() }
            }
            Work::Module { module, spec, .. } => {
                let rendered = self.render(spec)?;
                let (spec, numbers) = (rendered.value.clone(), rendered.numbers.clone());
                let blame = |error: Error| blamed(error, &name, task);
                let done = self.module(task, *module, rendered, (&name, depth), shutdown).await.map_err(blame)?;
                self.summary.ok += 1;
                let result = TaskResult { name, spec, numbers, output: done.output, view: done.view };
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
        task: &ManifestTask,
        module: Module,
        spec: Rendered,
        (name, depth): (&str, usize),
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
            self.line(depth, &format!("DONE [{name}]"));
            self.summary.resumed += 1;
            return Ok(match message {
                Some(message) => Done::message(output, message, String::new()),
                None => Done::new(output, String::new()),
            });
        }
        self.line(depth, &format!("TASK [{name}]"));
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
        task: &ManifestTask,
        module: Module,
        spec: &Rendered,
    ) -> Result<Option<Option<MessageDescriptor>>> {
        match module {
            Module::Resource => {
                let call = ResourceCall::new(task, spec.clone(), self.mode, UnknownValue::value("", &self.uses))?;
                call.written_type(&mut self.session, self.context).await
            }
            Module::Shell => Ok(Some(None)),
            _ => Ok(None),
        }
    }
}

/// Masks the secrets of a value from now on.
fn remember(value: &Value) {
    secret::secrets_in_message("", value.clone()).iter().for_each(|secret| mask::remember(secret));
}

fn failed(problem: Problem) -> Error {
    Error::from_problems(ErrorKind::Local, vec![problem]).unwrap_or_else(|| Error::local("cannot be rendered"))
}

/// `error` with the task in which it happened, and its place.
fn blamed(error: Error, name: &str, task: &ManifestTask) -> Error {
    let has_place = error.problems().iter().any(|problem| problem.location.is_some());
    // Exit code 2 means that nothing was sent.
    let error = match error.kind() {
        ErrorKind::Usage => Error::from_problems(ErrorKind::Local, error.problems().to_vec()).unwrap_or(error),
        _ => error,
    };
    let error = error.context(format!("task {name}"));
    if has_place { error } else { error.at(Some(task.location())) }
}
