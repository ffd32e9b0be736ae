//! What is known before a run of tasks' results, for the templates that use them.

use std::collections::HashMap;
use std::rc::Rc;

use prost_reflect::{Kind, MessageDescriptor};

use super::ensure::row_type_of;
use super::resource::ROW_VERBS;
use crate::commands::method::Method;
use crate::error::Problem;
use crate::manifest::check::ResultUse;
use crate::manifest::data::date::Dates;
use crate::manifest::module::Module;
use crate::manifest::resource_spec::Mode;
use crate::manifest::template::TemplateTree;
use crate::manifest::{ManifestTask, Work};
use crate::query::timestamp;
use crate::schema::did_you_mean::hint_at_field;
use crate::schema::well_known::WellKnown;

/// The parts of a result.
const PARTS: [&str; 5] = ["name", "id", "state", "spec", "output"];

/// What an output may be.
#[derive(Debug)]
enum OutputShape {
    /// Anything.
    Open,
    /// A list.
    List,
    /// Of a task with `loop`, whose result is a list.
    Loop,
    /// A mapping with these keys.
    Keys(&'static [&'static str]),
    Message(MessageDescriptor),
    Dates(Dates),
}

/// The shapes of outputs by the ids of their tasks; tasks may share an id.
#[derive(Debug, Default)]
pub struct ResultShapes<'a>(HashMap<&'a str, Vec<OutputShape>>);

/// A step that a result does not have, and what is there.
struct MissingStep {
    step: String,
    known: Vec<String>,
}

impl<'a> ResultShapes<'a> {
    /// Those of all tasks but resource tasks.
    pub fn new(tasks: &'a [ManifestTask]) -> Self {
        let mut shapes = Self::default();
        ManifestTask::each(tasks, &mut |task| {
            let shape = match &task.work {
                Work::Module { module: Module::Resource, .. } => return,
                _ if task.items.is_some() => OutputShape::Loop,
                Work::Module { module: Module::Shell, .. } => OutputShape::Keys(&["result", "return_code"]),
                Work::Module { module: Module::Date, .. } => {
                    Dates::new(None, timestamp::now()).map_or(OutputShape::Open, OutputShape::Dates)
                }
                Work::Module { module: Module::Print | Module::ExportExcel, .. } | Work::Group(_) => {
                    OutputShape::Keys(&[])
                }
                Work::Module { .. } => OutputShape::List,
            };
            shapes.add(task, shape);
        });
        shapes
    }

    fn add(&mut self, task: &'a ManifestTask, shape: OutputShape) {
        if let Some(id) = &task.id {
            self.0.entry(id).or_default().push(shape);
        }
    }

    /// Adds a resource task, which calls `methods`; `None` for those that are not known.
    pub fn add_resource(
        &mut self,
        task: &'a ManifestTask,
        spec: &TemplateTree,
        mode: Mode,
        methods: Vec<Option<Rc<Method>>>,
    ) {
        if task.items.is_some() {
            return self.add(task, OutputShape::Loop);
        }
        let is_open = ["mode", "verb"].iter().any(|key| spec.get(key).is_some_and(|tree| tree.fixed().is_none()));
        if is_open || methods.is_empty() {
            return self.add(task, OutputShape::Open);
        }
        for method in methods {
            let shape = method.map_or(OutputShape::Open, |method| output_shape(&method, mode));
            let has_columns = spec.get("output").is_some() && !matches!(shape, OutputShape::List);
            self.add(task, if has_columns { OutputShape::Open } else { shape });
        }
    }

    /// The problem of a part that no result of this id has.
    pub fn problem(&self, result_use: &ResultUse) -> Option<Problem> {
        let steps: Vec<&str> = result_use.path.split('.').collect();
        let (["tasks", id], [part, steps @ ..]) = steps.split_at_checked(2)? else { return None };
        let shapes = self.0.get(id)?;
        if shapes.iter().any(|shape| matches!(shape, OutputShape::Open)) {
            return None;
        }
        let listed = |list: &str| {
            let problem = Problem::new(format!("{list} is a list")).at(Some(result_use.location.clone()));
            Some(problem.hint(format!("name an item, e.g. {list}[0]{}", &result_use.path[list.len()..])))
        };
        if shapes.iter().all(|shape| matches!(shape, OutputShape::Loop)) {
            return listed(&format!("tasks.{id}"));
        }
        if *part == "output" && !steps.is_empty() && shapes.iter().all(|shape| matches!(shape, OutputShape::List)) {
            return listed(&format!("tasks.{id}.output"));
        }
        let (what, missing) = match *part {
            "output" => {
                // One that has it is enough.
                let missing: Option<Vec<_>> = shapes.iter().map(|shape| missing_step(shape, steps)).collect();
                (format!("the output of the task {id}"), missing?.into_iter().next()?)
            }
            part if PARTS.contains(&part) => return None,
            part => {
                let known = PARTS.map(str::to_owned).to_vec();
                (format!("the task {id}"), MissingStep { step: part.to_owned(), known })
            }
        };
        let MissingStep { step, known } = missing;
        let hint = hint_at_field(&step, known.iter().map(String::as_str));
        let problem = Problem::new(format!("{what} has no field {step}"));
        Some(problem.at(Some(result_use.location.clone())).hint(hint))
    }
}

/// What a task that calls `method` puts out.
fn output_shape(method: &Method, mode: Mode) -> OutputShape {
    let message = match mode {
        Mode::Exec if ROW_VERBS.contains(&method.verb()) || method.is_streaming() => return OutputShape::List,
        Mode::Exec => Some(method.output()),
        _ => row_type_of(method),
    };
    message.map_or(OutputShape::Open, OutputShape::Message)
}

fn missing_step(shape: &OutputShape, steps: &[&str]) -> Option<MissingStep> {
    let first = steps.first()?;
    match shape {
        OutputShape::Open | OutputShape::List | OutputShape::Loop => None,
        OutputShape::Keys(keys) => (!keys.contains(first)).then(|| MissingStep {
            step: (*first).to_owned(),
            known: keys.iter().map(|key| (*key).to_owned()).collect(),
        }),
        OutputShape::Dates(dates) => {
            dates.get(first).is_none().then(|| MissingStep { step: (*first).to_owned(), known: Dates::names() })
        }
        OutputShape::Message(message) => missing_field(message, steps),
    }
}

fn missing_field(message: &MessageDescriptor, steps: &[&str]) -> Option<MissingStep> {
    let (first, below) = steps.split_first()?;
    if WellKnown::of(message).is_some() {
        return None;
    }
    let Some(field) = message.get_field_by_name(first) else {
        let known = message.fields().map(|field| field.name().to_owned()).collect();
        return Some(MissingStep { step: (*first).to_owned(), known });
    };
    match field.kind() {
        Kind::Message(message) if !field.is_map() && !field.is_list() => missing_field(&message, below),
        _ => None,
    }
}
