//! Checks tasks against the services' descriptions, before the first call.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::result_shapes::ResultShapes;
use super::session::Session;
use crate::commands::Context;
use crate::commands::apply::resource::{ResourceRequest, verbs_in_use};
use crate::error::{Problem, Result};
use crate::manifest::check::ResultUse;
use crate::manifest::module::Module;
use crate::manifest::resource_spec::Mode;
use crate::manifest::template::{TemplateText, TemplateTree};
use crate::manifest::{ManifestTask, Work};

/// The problems of the resources, verbs and fields that are written out, and of `uses` that no task's result has.
///
/// # Errors
/// An endpoint that cannot be reached.
pub async fn check(
    tasks: &[ManifestTask],
    uses: &[ResultUse],
    session: &mut Session,
    context: &mut Context<'_>,
) -> Result<Vec<Problem>> {
    let mut shapes = ResultShapes::new(tasks);
    let mut all = Vec::new();
    ManifestTask::each(tasks, &mut |task| {
        if let Work::Module { module: Module::Resource, spec, .. } = &task.work {
            all.push((task, spec));
        }
    });
    let mut problems = Vec::new();
    let mut failed: HashSet<(String, String)> = HashSet::new();
    for (task, spec) in all {
        let Some(Value::String(resource_type)) = spec.get("resource_type").and_then(TemplateTree::fixed) else {
            shapes.add_resource(task, spec, Mode::Default, Vec::new());
            continue;
        };
        // Problems in these were found before.
        let mode = spec.get("mode").and_then(|mode| parse(mode.fixed()?)).unwrap_or_default();
        let verbs = spec.get("verb").and_then(|verb| parse(verb.fixed()?)).unwrap_or_default();
        let place = spec.get("resource_type").and_then(TemplateTree::location).unwrap_or_else(|| task.location());
        let mut methods = Vec::new();
        for (verb, is_read) in verbs_in_use(mode, &verbs) {
            let key = (resource_type.clone(), verb.to_owned());
            if failed.contains(&key) {
                methods.push(None);
                continue;
            }
            let method = match session.method(&resource_type, verb, None, context).await {
                Ok(method) => method,
                // Nothing is wrong with the manifest.
                Err(error) if error.exit_code() != 2 => {
                    return Err(error.context(format!("task {}", task.name.written())));
                }
                Err(error) => {
                    let mut problem = error.problems()[0].clone();
                    problem.location = Some(place.clone());
                    failed.insert(key);
                    problems.push(problem);
                    methods.push(None);
                    continue;
                }
            };
            methods.push(Some(Rc::clone(&method)));
            let Some(TemplateTree::Mapping(data)) = spec.get("data") else { continue };
            if data.iter().any(|(key, _)| key.plain().is_none()) {
                continue;
            }
            let matches = spec.get("matches").and_then(TemplateTree::fixed).and_then(parse);
            let matches: Vec<String> = matches.unwrap_or_default();
            let is_sent = |name: &str| !is_read || mode == Mode::Exec || matches.iter().any(|key| key == name);
            // A value that is not known yet is null, which leaves it out: only its name is checked.
            let mut known = Map::new();
            for (key, value) in data {
                let Some(name) = key.plain().filter(|name| is_sent(name)) else { continue };
                known.insert(name.to_owned(), known_parts(value));
            }
            problems.extend(ResourceRequest::check(&method, task, known));
        }
        // Not every resource has it, and it is called only where something differs.
        if let (Mode::Default, Some(update)) = (mode, &verbs.update)
            && let Ok(method) = session.method(&resource_type, update, None, context).await
        {
            methods.push(Some(method));
        }
        shapes.add_resource(task, spec, mode, methods);
    }
    problems.extend(uses.iter().filter_map(|result_use| shapes.problem(result_use)));
    Ok(problems)
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

/// The value with null for each part that is a template.
fn known_parts(tree: &TemplateTree) -> Value {
    match tree {
        TemplateTree::Value(value) => value.clone(),
        TemplateTree::Number(written) => written.number.clone().into(),
        TemplateTree::Text(text) => text.plain().map_or(Value::Null, Value::from),
        // A null in a list would be a fault.
        TemplateTree::List(_) => tree.fixed().unwrap_or_default(),
        TemplateTree::Mapping(entries) => {
            let known =
                |(key, value): &(TemplateText, TemplateTree)| Some((key.plain()?.to_owned(), known_parts(value)));
            entries.iter().filter_map(known).collect::<Map<_, _>>().into()
        }
    }
}
