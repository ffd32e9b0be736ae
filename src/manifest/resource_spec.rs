//! The spec of `@modules/resource`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::template::TemplateTree;
use crate::error::{Location, Problem};
use crate::schema::did_you_mean::hint_at_name;
use crate::text::value_ext::is_empty;

/// A rendered spec.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceSpec {
    pub resource_type: String,
    #[serde(default)]
    pub data: Map<String, Value>,
    #[serde(default)]
    pub matches: Vec<String>,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub verb: Verbs,
    pub pagination: Option<Pagination>,
    pub output: Option<OutputSpec>,
    /// Of older clients; it has no effect.
    #[serde(rename = "no_verification")]
    pub _no_verification: Option<Value>,
    /// The key of this call, in place of the environment's.
    pub token: Option<String>,
}

/// What a task does with the resource.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Read it, create it if it is not there, update what differs.
    #[default]
    Default,
    ReadOnly,
    /// Read it, create it if it is not there.
    NoUpdate,
    /// Call one verb.
    Exec,
}

/// The verbs of a task; `null` leaves a step out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verbs {
    pub read: Option<String>,
    pub create: Option<String>,
    pub update: Option<String>,
    pub exec: Option<String>,
}

impl Default for Verbs {
    fn default() -> Self {
        let verb = |name: &str| Some(name.to_owned());
        Self { read: verb("list"), create: verb("create"), update: verb("update"), exec: None }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pagination {
    /// Rows a page.
    #[serde(default = "page_size")]
    pub size: u64,
}

fn page_size() -> u64 {
    1000
}

/// Which columns the output has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    pub template: OutputTemplate,
    #[serde(default)]
    pub options: OutputSpecOptions,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum OutputTemplate {
    Input,
    File,
    Metadata,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpecOptions {
    #[serde(default)]
    pub columns: Vec<String>,
    pub file: Option<String>,
    /// `provider.group.type` of a cloud service type.
    pub metadata: Option<String>,
    #[serde(default)]
    pub use_name_alias: bool,
    /// Asks the service for these columns only.
    #[serde(default = "always")]
    pub add_only: bool,
}

fn always() -> bool {
    true
}

const MODES: [&str; 4] = ["DEFAULT", "READ_ONLY", "NO_UPDATE", "EXEC"];
const VERBS: [&str; 4] = ["read", "create", "update", "exec"];

impl Mode {
    fn parse(word: &str) -> Option<Self> {
        serde_json::from_value(word.into()).ok()
    }

    /// The verbs that a task in this mode has no use for.
    fn refused_verbs(self) -> &'static [&'static str] {
        match self {
            Self::Default => &["exec"],
            Self::ReadOnly => &["create", "update", "exec"],
            Self::NoUpdate => &["update", "exec"],
            Self::Exec => &["read", "create", "update"],
        }
    }
}

/// The problems of a spec, as far as it is written out; warnings apart.
pub fn check(spec: &TemplateTree, at: &Location) -> (Vec<Problem>, Vec<Problem>) {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let place = |tree: Option<&TemplateTree>| tree.and_then(TemplateTree::location).unwrap_or_else(|| at.clone());
    let mut mode = Some(Mode::Default);
    if let Some(tree) = spec.get("mode") {
        mode = match tree.fixed() {
            None => None,
            Some(Value::String(word)) if Mode::parse(&word).is_some() => Mode::parse(&word),
            Some(other) => {
                let word = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                let problem = Problem::new(format!("unknown mode {word}")).at(Some(place(Some(tree))));
                problems.push(problem.hint(hint_at_name(&word, &MODES)));
                None
            }
        };
    }
    if let Some(TemplateTree::Mapping(verbs)) = spec.get("verb") {
        for (key, verb) in verbs {
            let Some(word) = key.plain() else { continue };
            let message = match mode {
                _ if !VERBS.contains(&word) => Some(format!("unknown verb {word}")),
                // `update: null` says only that there is none.
                Some(mode) if mode.refused_verbs().contains(&word) && verb.fixed() != Some(Value::Null) => {
                    Some(format!("the verb {word} has no use in the mode {}", name_of(mode)))
                }
                _ => None,
            };
            let used = VERBS.iter().filter(|verb| mode.is_none_or(|mode| !mode.refused_verbs().contains(verb)));
            let hint = || format!("this mode has {}", used.copied().collect::<Vec<_>>().join(", "));
            problems.extend(message.map(|message| Problem::new(message).at(Some(key.location())).hint(hint())));
        }
    }
    if mode == Some(Mode::Exec) {
        let has_verb = spec.get("verb").is_some_and(|verb| verb.get("exec").is_some() || verb.fixed().is_none());
        if !has_verb {
            let problem = Problem::new("the mode EXEC needs a verb").at(Some(at.clone()));
            problems.push(problem.hint("add verb: {exec: VERB}"));
        }
        return (problems, warnings);
    }
    if mode.is_some() && spec.get("data").is_none() {
        problems.push(Problem::new("`data` is missing: only the mode EXEC goes without").at(Some(at.clone())));
    }
    check_matches(spec, mode, at, &mut problems, &mut warnings);
    (problems, warnings)
}

fn check_matches(
    spec: &TemplateTree,
    mode: Option<Mode>,
    at: &Location,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let reads = spec.get("verb").and_then(|verb| verb.get("read")).and_then(TemplateTree::fixed) != Some(Value::Null);
    let matches = match spec.get("matches") {
        Some(TemplateTree::List(matches)) => matches.as_slice(),
        None | Some(TemplateTree::Value(Value::Null)) => &[],
        Some(tree) => {
            let problem = Problem::new("`matches` must be a list of keys of data");
            let at = tree.location().unwrap_or_else(|| at.clone());
            problems.extend(tree.fixed().map(|_| problem.at(Some(at))));
            return;
        }
    };
    if matches.is_empty() && reads {
        let problem = Problem::new("`matches` is empty: any row would match").at(Some(at.clone()));
        let problem = problem.hint("name the keys of data that identify the resource, e.g. matches: [name]");
        match mode {
            Some(Mode::ReadOnly) => warnings.push(problem),
            Some(_) => problems.push(problem),
            None => {}
        }
    }
    let Some(TemplateTree::Mapping(data)) = spec.get("data") else { return };
    let keys: Vec<&str> = data.iter().filter_map(|(key, _)| key.plain()).collect();
    if keys.len() < data.len() {
        return;
    }
    for wanted in matches {
        let TemplateTree::Text(text) = wanted else {
            problems.push(Problem::new("`matches` must be a list of keys of data").at(Some(at.clone())));
            continue;
        };
        let Some(name) = text.plain() else { continue };
        if !keys.contains(&name) {
            let problem = Problem::new(format!("`matches` names {name}, which is not in data"));
            problems.push(problem.at(Some(text.location())).hint(hint_at_name(name, &keys)));
        } else if spec.get("data").and_then(|data| data.get(name)?.fixed()).is_some_and(|value| is_empty(&value)) {
            let problem = Problem::new(format!("`matches` names {name}, which has no value: any row would match"));
            problems.push(problem.at(Some(text.location())).hint("name keys of data that identify the resource"));
        }
    }
}

fn name_of(mode: Mode) -> &'static str {
    match mode {
        Mode::Default => "DEFAULT",
        Mode::ReadOnly => "READ_ONLY",
        Mode::NoUpdate => "NO_UPDATE",
        Mode::Exec => "EXEC",
    }
}
