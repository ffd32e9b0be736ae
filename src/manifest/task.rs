//! Tasks of a manifest, as written.

use std::rc::Rc;

use super::condition::Condition;
use super::module::Module;
use super::template::{TemplateText, TemplateTree};
use crate::error::{Location, Problem};
use crate::schema::did_you_mean::hint_at_name;
use crate::yaml::value::{self, MappingEntry};
use crate::yaml::{Content, Mark, Node, YamlError};

const KEYS: [&str; 9] = ["id", "name", "uses", "spec", "var", "if", "loop", "sub_tasks", "debug"];

/// What other tools call a task's keys.
const FOREIGN: [(&str, &str); 6] = [
    ("when", "if"),
    ("with_items", "loop"),
    ("vars", "var"),
    ("tasks", "sub_tasks"),
    ("module", "uses"),
    ("register", "id"),
];

#[derive(Clone, Debug)]
pub struct ManifestTask {
    pub source: Rc<str>,
    pub at: Mark,
    pub node: Rc<Node>,
    pub id: Option<String>,
    pub name: TemplateText,
    pub condition: Option<Condition>,
    /// The items of `loop`.
    pub items: Option<TemplateTree>,
    /// Variables that the task sets, before `if` is evaluated.
    pub vars: Vec<(String, TemplateTree)>,
    pub work: Work,
    /// Show the output.
    pub debug: bool,
}

#[derive(Clone, Debug)]
pub enum Work {
    Module {
        module: Module,
        spec: TemplateTree,
        /// The node of `data` in the spec, else of the spec, for places.
        data: Rc<Node>,
    },
    Group(Vec<ManifestTask>),
}

impl ManifestTask {
    pub fn location(&self) -> Location {
        self.at.in_source(&self.source)
    }

    /// Reads a list of tasks; adds what is wrong to `problems`.
    pub fn list(source: &Rc<str>, node: &Node, problems: &mut Vec<Problem>) -> Vec<Self> {
        let Content::List(items) = &node.content else {
            let message = format!("expected a list of tasks, found {}", value::found(node));
            problems.push(Problem::new(message).at(Some(node.at.in_source(source))));
            return Vec::new();
        };
        items.iter().filter_map(|item| Self::read(source, item, problems)).collect()
    }

    fn read(source: &Rc<str>, node: &Rc<Node>, problems: &mut Vec<Problem>) -> Option<Self> {
        let fault = |error: YamlError| Problem::new(error.message).at(Some(error.at.in_source(source)));
        let entries = value::entries(node).map_err(|error| problems.push(fault(error))).ok()?;
        let location = node.at.in_source(source);
        for MappingEntry { name, key, .. } in entries.iter().filter(|entry| !KEYS.contains(&entry.name)) {
            let meant = FOREIGN.iter().find(|(foreign, _)| foreign == name).map(|(_, own)| *own);
            let hint = meant.map_or_else(|| hint_at_name(name, &KEYS), |own| format!("did you mean `{own}`?"));
            let problem = Problem::new(format!("a task has no key `{name}`"));
            problems.push(problem.at(Some(key.at.in_source(source))).hint(hint));
        }
        let get = |name: &str| entries.iter().find(|entry| entry.name == name).map(|entry| entry.value);
        let mut tree = |node: &Node| TemplateTree::new(source, node).map_err(|error| problems.push(fault(error))).ok();
        let (spec, items) = (get("spec").map(&mut tree), get("loop").map(&mut tree));
        let vars = get("var").map(&mut tree);
        let vars = match vars.flatten() {
            Some(TemplateTree::Mapping(vars)) => {
                let mut named = Vec::with_capacity(vars.len());
                for (key, value) in vars {
                    match key.plain() {
                        Some(name) => named.push((name.to_owned(), value)),
                        None => {
                            let problem = Problem::new("the name of a variable cannot be a template");
                            problems.push(problem.at(Some(key.location())));
                        }
                    }
                }
                named
            }
            Some(_) => {
                problems.push(Problem::new("`var` must be a mapping").at(Some(location.clone())));
                Vec::new()
            }
            None => Vec::new(),
        };
        for name in ["id", "name", "uses", "if"] {
            if let Some(node) = get(name).filter(|node| !matches!(node.content, Content::Scalar { .. })) {
                let problem = Problem::new(format!("`{name}` must be text, not {}", value::found(node)));
                problems.push(problem.at(Some(node.at.in_source(source))));
            }
        }
        let text = |name: &str| match get(name).map(|node| (node, &node.content)) {
            Some((node, Content::Scalar { text, .. })) => Some(TemplateText::new(source, node.at, text)),
            _ => None,
        };
        let id = text("id").map(|text| text.written());
        let name = text("name").or_else(|| text("id")).unwrap_or_else(|| {
            let uses = text("uses").map_or_else(|| "tasks".to_owned(), |uses| uses.written());
            TemplateText::new(source, node.at, uses.rsplit('/').next().unwrap_or_default())
        });
        let work = match (get("sub_tasks"), text("uses")) {
            (Some(tasks), _) => Work::Group(Self::list(source, tasks, problems)),
            (None, Some(uses)) => {
                let module = Module::parse(&uses.written(), uses.location());
                let module = module.map_err(|problem| problems.push(problem)).ok()?;
                let spec = spec.flatten().unwrap_or(TemplateTree::Value(serde_json::Value::Null));
                let at = get("spec").map_or_else(|| location.clone(), |node| node.at.in_source(source));
                problems.extend(module.check_keys(&spec, &at));
                let spec_node = child(node, "spec").unwrap_or_else(|| Rc::clone(node));
                let data = child(&spec_node, "data").unwrap_or(spec_node);
                Work::Module { module, spec, data }
            }
            (None, None) => {
                let problem = Problem::new("a task needs `uses` or `sub_tasks`").at(Some(location));
                problems.push(problem.hint("add uses: \"@modules/NAME\""));
                return None;
            }
        };
        let debug = match get("debug").map(value::of) {
            None => false,
            Some(Ok(serde_json::Value::Bool(debug))) => debug,
            Some(_) => {
                problems.push(Problem::new("`debug` must be true or false").at(Some(location)));
                false
            }
        };
        let condition = text("if").map(Condition::new);
        let items = items.flatten();
        if let (Some(node), Some(TemplateTree::Value(_) | TemplateTree::Number(_) | TemplateTree::Mapping(_))) =
            (get("loop"), &items)
        {
            let problem = Problem::new(format!("`loop` must be a list, not {}", value::found(node)));
            problems.push(problem.at(Some(node.at.in_source(source))));
        }
        Some(Self {
            source: Rc::clone(source),
            at: node.at,
            node: Rc::clone(node),
            id,
            name,
            condition,
            items,
            vars,
            work,
            debug,
        })
    }

    /// Calls `visit` with each task and those below it, in the order of running.
    pub fn each<'a>(tasks: &'a [Self], visit: &mut impl FnMut(&'a Self)) {
        for task in tasks {
            visit(task);
            if let Work::Group(tasks) = &task.work {
                Self::each(tasks, visit);
            }
        }
    }
}

/// The value of a key of a mapping.
fn child(node: &Node, name: &str) -> Option<Rc<Node>> {
    let Content::Mapping(pairs) = &node.content else { return None };
    let is_it = |key: &Node| matches!(&key.content, Content::Scalar { text, .. } if &**text == name);
    pairs.iter().find(|(key, _)| is_it(key)).map(|(_, value)| Rc::clone(value))
}
