//! Rules about the tasks of `Job.get_tasks`.

use std::collections::HashSet;

use serde_json::Value;

use super::finding::{Deviation, FindingGroups, dotted};
use super::rule::TestRule;
use super::values::items;

pub fn check(answer: &Value, findings: &mut FindingGroups) {
    let mut seen = HashSet::new();
    for (index, task) in items(answer, "tasks") {
        let path = dotted("tasks").index(index);
        let Some(options) = task.get("task_options").filter(|options| options.is_object()) else {
            findings.report(Deviation::at(TestRule::TasksShape, path.key("task_options"), "it is missing"));
            continue;
        };
        if !seen.insert(options.to_string()) {
            findings.report(Deviation::at(TestRule::TasksShape, path, "the same as another task").warning());
        }
    }
    if items(answer, "tasks").next().is_none() {
        findings.report(Deviation::new(TestRule::TasksShape, "tasks", "there is no task: nothing is read").warning());
    }
}
