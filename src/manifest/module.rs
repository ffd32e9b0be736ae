//! The modules that tasks use, and the keys of their specs.

use serde_json::Value;

use super::template::TemplateTree;
use crate::error::{Location, Problem};
use crate::schema::did_you_mean::hint_at_name;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    Resource,
    Shell,
    Print,
    Csv,
    Join,
    Concat,
    Date,
    ExportExcel,
}

/// The keys of a module's spec.
struct SpecKeys {
    module: Module,
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const KEYS: [SpecKeys; 8] = [
    SpecKeys {
        module: Module::Resource,
        name: "resource",
        required: &["resource_type"],
        optional: &["data", "matches", "mode", "verb", "pagination", "output", "no_verification", "token"],
    },
    SpecKeys { module: Module::Shell, name: "shell", required: &["run"], optional: &["env", "stdin"] },
    SpecKeys { module: Module::Print, name: "print", required: &["data"], optional: &["output", "path"] },
    SpecKeys { module: Module::Csv, name: "csv", required: &["file"], optional: &[] },
    SpecKeys {
        module: Module::Join,
        name: "join",
        required: &["origin_data", "other_data", "join_keys"],
        optional: &["how", "output"],
    },
    SpecKeys { module: Module::Concat, name: "concat", required: &["data"], optional: &[] },
    SpecKeys { module: Module::Date, name: "date", required: &[], optional: &["base_date"] },
    SpecKeys {
        module: Module::ExportExcel,
        name: "export-excel",
        required: &["path", "data"],
        optional: &["sheet", "reset", "fill_na"],
    },
];

/// Keys that take one of a few words.
const VALUES: [(Module, &str, &[&str]); 2] = [
    (Module::Print, "output", &["json", "yaml", "table", "csv", "quiet", "text"]),
    (Module::Join, "how", &["left", "right", "inner", "outer"]),
];

/// Modules of the Python client that are not offered here, and what does their work.
const REPLACED: [(&str, &str); 3] = [
    ("export-s3", "use print with `output: csv` and `path`, then a shell task with `aws s3 cp FILE s3://BUCKET/KEY`"),
    ("export-mysql", "use print with `output: csv` and `path`, then a shell task with `mysql --local-infile`"),
    ("export-google-sheets", "use print with `output: csv` and `path`, then a shell task with `rclone copy`"),
];

impl Module {
    /// Parses `@modules/NAME`; `modules/NAME` and `@module/NAME` of older clients are taken, too.
    ///
    /// # Errors
    /// A module that is not offered.
    pub fn parse(uses: &str, at: Location) -> Result<Self, Problem> {
        let name = ["@modules/", "modules/", "@module/"].iter().find_map(|prefix| uses.strip_prefix(prefix));
        let names: Vec<&str> = KEYS.iter().map(|keys| keys.name).collect();
        let Some(name) = name else {
            return Err(Problem::new(format!("{uses} is not a module of this program"))
                .at(Some(at))
                .hint(format!("write @modules/NAME, where NAME is one of {}", names.join(", "))));
        };
        if let Some(keys) = KEYS.iter().find(|keys| keys.name == name) {
            return Ok(keys.module);
        }
        let problem = match REPLACED.iter().find(|(replaced, _)| *replaced == name) {
            Some((_, hint)) => Problem::new(format!("the module {name} is not supported")).hint(*hint),
            None => Problem::new(format!("unknown module {name}")).hint(hint_at_name(name, &names)),
        };
        Err(problem.at(Some(at)))
    }

    pub fn name(self) -> &'static str {
        self.keys().map_or("", |keys| keys.name)
    }

    fn keys(self) -> Option<&'static SpecKeys> {
        KEYS.iter().find(|keys| keys.module == self)
    }

    /// The problems of a spec's keys, as far as they are written out.
    pub fn check_keys(self, spec: &TemplateTree, at: &Location) -> Vec<Problem> {
        let Some(SpecKeys { name, required, optional, .. }) = self.keys() else { return Vec::new() };
        let entries = match spec {
            TemplateTree::Mapping(entries) => entries.as_slice(),
            TemplateTree::Value(Value::Null) => &[],
            _ => return vec![Problem::new(format!("the spec of {name} must be a mapping")).at(Some(at.clone()))],
        };
        let mut problems = Vec::new();
        let all: Vec<&str> = required.iter().chain(*optional).copied().collect();
        for (key, _) in entries {
            // People put values into the specs of shell tasks, for later tasks.
            if let Some(word) = key.plain().filter(|word| !all.contains(word) && self != Self::Shell) {
                let problem = Problem::new(format!("{name} has no key `{word}`"));
                problems.push(problem.at(Some(key.location())).hint(hint_at_name(word, &all)));
            }
        }
        for (key, values) in VALUES.iter().filter(|(module, ..)| *module == self).map(|(_, key, values)| (key, values))
        {
            if let Some(TemplateTree::Text(text)) = spec.get(key)
                && let Some(word) = text.plain().filter(|word| !values.contains(word))
            {
                let problem = Problem::new(format!("{name} has no {key} `{word}`")).at(Some(text.location()));
                problems.push(problem.hint(hint_at_name(word, values)));
            }
        }
        let is_open = entries.iter().any(|(key, _)| key.plain().is_none());
        for key in required.iter().filter(|key| spec.get(key).is_none() && !is_open) {
            problems.push(Problem::new(format!("{name} needs the key `{key}`")).at(Some(at.clone())));
        }
        problems
    }
}
