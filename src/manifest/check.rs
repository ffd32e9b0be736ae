//! Checks of a manifest that need no service: names, expressions, modes.

use std::collections::{BTreeSet, HashMap, HashSet};

use minijinja::Value as TemplateValue;
use minijinja::value::ValueKind;
use serde_json::{Map, Value};

use super::condition::described;
use super::data::date::Dates;
use super::engine::{Engine, from_json, mapping};
use super::module::Module;
use super::resource_spec;
use super::task::{ManifestTask, Work};
use super::template::{TemplateText, TemplateTree, TextForm};
use super::written::SeenNumbers;
use crate::error::{Location, Problem};
use crate::query::{covers, timestamp};
use crate::schema::did_you_mean::{hint_at_name, nearest};

/// Errors in tasks, and warnings.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// The variables that templates use, as in `domain.name`.
    pub used_vars: BTreeSet<String>,
    /// A template uses `var` as a whole.
    pub uses_all_vars: bool,
    /// The parts of tasks' results that templates use, if they must be there.
    pub result_uses: Vec<ResultUse>,
}

/// A part of a task's result in a template, as in `tasks.domain.output.domain_id`.
#[derive(Debug)]
pub struct ResultUse {
    pub path: String,
    pub location: Location,
}

impl Findings {
    /// Whether a template uses the variable `path`, a part of it, or a mapping around it.
    pub fn uses(&self, path: &str) -> bool {
        self.uses_all_vars || self.used_vars.iter().any(|used| covers(used, path) || covers(path, used))
    }
}

/// The names that a template may use.
struct Names<'a> {
    var: &'a Map<String, Value>,
    /// Variables that tasks set.
    set_by_tasks: HashSet<&'a str>,
    /// Every id of the manifest, and where its first task ends: the position of the last task in it.
    ids: HashMap<&'a str, usize>,
}

struct Checker<'a> {
    names: Names<'a>,
    engine: Engine,
    conditions: Engine,
    findings: Findings,
    /// The position of the task that is checked, and of the next one.
    current: usize,
    next: usize,
    loops: usize,
    /// How many groups around this task may not be run, because of `if` or `loop`.
    guards: usize,
}

/// Checks `tasks`, which run with the variables `var`.
pub fn check(tasks: &[ManifestTask], var: &Map<String, Value>) -> Findings {
    let (mut ids, mut set_by_tasks) = (HashMap::new(), HashSet::new());
    ManifestTask::each(tasks, &mut |task| set_by_tasks.extend(task.vars.iter().map(|(name, _)| name.as_str())));
    add_ids(tasks, &mut 0, &mut ids);
    let names = Names { var, set_by_tasks, ids };
    let mut checker = Checker {
        names,
        engine: Engine::default(),
        conditions: Engine::for_conditions(&SeenNumbers::default()),
        findings: Findings::default(),
        current: 0,
        next: 0,
        loops: 0,
        guards: 0,
    };
    checker.tasks(tasks);
    checker.findings
}

fn add_ids<'a>(tasks: &'a [ManifestTask], next: &mut usize, ids: &mut HashMap<&'a str, usize>) {
    for task in tasks {
        *next += 1;
        if let Work::Group(tasks) = &task.work {
            add_ids(tasks, next, ids);
        }
        if let Some(id) = &task.id {
            ids.entry(id.as_str()).or_insert(*next - 1);
        }
    }
}

impl Checker<'_> {
    fn tasks(&mut self, tasks: &[ManifestTask]) {
        for task in tasks {
            self.task(task);
        }
    }

    fn task(&mut self, task: &ManifestTask) {
        self.current = self.next;
        self.next += 1;
        if let Some(items) = &task.items {
            items.each_text(&mut |text| self.text(text));
            self.fixed_items(items);
            self.loops += 1;
        }
        self.text(&task.name);
        for (_, value) in &task.vars {
            value.each_text(&mut |text| self.text(text));
        }
        if let Some(condition) = &task.condition {
            let names = self.conditions.names_of_expression(&condition.expression, &condition.text);
            let is_fixed = names.as_ref().is_ok_and(|names| self.is_fixed(names, task.items.is_some()));
            self.names(names, &condition.text, &condition.expression);
            if is_fixed {
                let decided = condition.evaluate(&self.conditions, &self.fixed_context());
                self.findings.problems.extend(decided.err());
            }
        }
        let guards = usize::from(task.items.is_some() || task.condition.is_some());
        self.guards += guards;
        match &task.work {
            Work::Module { module, spec, .. } => {
                spec.each_text(&mut |text| self.text(text));
                if *module == Module::Resource {
                    let (problems, warnings) = resource_spec::check(spec, &task.location());
                    self.findings.problems.extend(problems);
                    self.findings.warnings.extend(warnings);
                }
                if *module == Module::Date {
                    self.findings.problems.extend(fixed_date(spec, &task.location()));
                }
            }
            Work::Group(tasks) => self.tasks(tasks),
        }
        self.guards -= guards;
        if task.items.is_some() {
            self.loops -= 1;
        }
    }

    /// Whether nothing changes the value of an expression with these names before it is evaluated, and it surely is.
    fn is_fixed(&self, names: &HashSet<String>, is_guarded: bool) -> bool {
        let is_declared = |name: &String| {
            let root = name.strip_prefix("var.").and_then(|path| path.split('.').next());
            root.is_some_and(|root| !self.names.set_by_tasks.contains(root)) && self.variable(name).is_none()
        };
        names.is_empty() || self.guards == 0 && !is_guarded && names.iter().all(is_declared)
    }

    fn fixed_context(&self) -> TemplateValue {
        mapping([("var", from_json(self.names.var))])
    }

    /// Finds a `loop` that cannot be a list.
    fn fixed_items(&mut self, items: &TemplateTree) {
        let TemplateTree::Text(text) = items else { return };
        let kind = match &text.form {
            TextForm::Plain(_) | TextForm::Mixed(_) => Some(ValueKind::String),
            TextForm::Expression(expression) => {
                let names = self.engine.names(text);
                let is_fixed = names.is_ok_and(|names| self.is_fixed(&names, false));
                let value = is_fixed.then(|| self.engine.evaluate(expression, &self.fixed_context()));
                value.and_then(|value| Some(value.ok()??.kind()))
            }
        };
        if let Some(kind) = kind.filter(|kind| !matches!(kind, ValueKind::Seq | ValueKind::Iterable)) {
            let problem = Problem::new(format!("`loop` must be a list, not {}", described(kind)));
            self.findings.problems.push(problem.at(Some(text.location())));
        }
    }

    fn text(&mut self, text: &TemplateText) {
        let written = match &text.form {
            TextForm::Plain(_) => return,
            TextForm::Expression(written) | TextForm::Mixed(written) => written,
        };
        let names = self.engine.names(text);
        self.names(names, text, written);
    }

    fn names(&mut self, names: Result<HashSet<String>, Problem>, text: &TemplateText, written: &str) {
        let names = match names {
            Ok(names) => names.into_iter().collect::<BTreeSet<_>>(),
            Err(problem) => return self.findings.problems.push(problem),
        };
        for name in names {
            let mut steps = name.split('.');
            let problem = match (steps.next().unwrap_or_default(), steps.next()) {
                ("var", Some(_)) => {
                    self.findings.used_vars.insert(name["var.".len()..].to_owned());
                    self.variable(&name).filter(|_| !is_guarded(&name, written))
                }
                ("tasks", Some(id)) => {
                    let problem = self.task_id(id);
                    if problem.is_none() && !is_guarded(&name, written) {
                        let result_use = ResultUse { path: name.clone(), location: text.location() };
                        self.findings.result_uses.push(result_use);
                    }
                    problem
                }
                ("item", _) if self.loops > 0 => None,
                ("item", _) => Some(Problem::new("`item` is outside of a loop")),
                ("var", None) => {
                    self.findings.uses_all_vars = true;
                    None
                }
                ("env" | "tasks", _) => None,
                ("self", _) => {
                    let hint = "use tasks.ID.spec for an earlier task's spec, or var for a value of your own";
                    Some(Problem::new("`self` does not exist").hint(hint))
                }
                (other, _) => {
                    let hint = hint_at_name(other, &["var", "env", "tasks", "item"]);
                    Some(Problem::new(format!("unknown name {other}")).hint(hint))
                }
            };
            self.findings.problems.extend(problem.map(|problem| problem.at(Some(text.location()))));
        }
    }

    /// The problem of a variable that nothing declares: `var.domain.name`.
    fn variable(&self, path: &str) -> Option<Problem> {
        let mut steps = path.split('.').skip(1);
        let root = steps.next()?;
        if self.names.set_by_tasks.contains(root) {
            return None;
        }
        let (mut known, mut value) = (vec!["var"], self.names.var.get(root));
        let mut fields = self.names.var;
        let mut step = root;
        loop {
            match value {
                None => {
                    let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
                    if known.len() == 1 {
                        names.extend(&self.names.set_by_tasks);
                    }
                    let name = format!("{}.{step}", known.join("."));
                    let hint = match nearest(step, names) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => {
                            format!("declare it under `var`, or add {}=VALUE to the command", &name["var.".len()..])
                        }
                    };
                    let problem = Problem::new(format!("the variable {name} is not declared"));
                    return Some(problem.hint(hint));
                }
                Some(Value::Object(below)) => {
                    known.push(step);
                    step = steps.next()?;
                    fields = below;
                    value = below.get(step);
                }
                Some(_) => return None,
            }
        }
    }

    /// The problem of an id that no earlier task has.
    fn task_id(&self, id: &str) -> Option<Problem> {
        match self.names.ids.get(id) {
            Some(position) if *position < self.current => None,
            Some(_) => Some(
                Problem::new(format!("the task {id} runs later")).hint("move it up, or use the id of an earlier task"),
            ),
            None => {
                let ids: Vec<&str> = self.names.ids.keys().copied().collect();
                let hint = match ids.is_empty() {
                    true => "give the task an id".to_owned(),
                    false => hint_at_name(id, &ids),
                };
                Some(Problem::new(format!("no task has the id {id}")).hint(hint))
            }
        }
    }
}

/// The problem of a `base_date` that is written out and is none.
fn fixed_date(spec: &TemplateTree, at: &Location) -> Option<Problem> {
    let base = spec.get("base_date")?;
    let message = match base {
        TemplateTree::Text(text) => Dates::new(Some(text.plain()?), timestamp::now()).err()?,
        TemplateTree::Value(Value::Null) => return None,
        _ => Dates::expected().to_owned(),
    };
    Some(Problem::new(message).at(Some(base.location().unwrap_or_else(|| at.clone()))))
}

/// Whether a template says what to do where a name is missing: `NAME | default(...)`, `NAME is defined`.
fn is_guarded(name: &str, template: &str) -> bool {
    let rest = template.match_indices(name).map(|(at, _)| template[at + name.len()..].trim_start());
    let is_guard = |rest: &str| match rest.strip_prefix('|') {
        Some(filter) => filter.trim_start().starts_with("default"),
        None => rest.starts_with("is defined") || rest.starts_with("is not defined"),
    };
    rest.clone().count() > 0 && rest.into_iter().all(is_guard)
}
