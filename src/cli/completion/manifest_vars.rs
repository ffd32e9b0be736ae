//! Candidates from the manifest on the line: its variables.

use std::collections::BTreeSet;

use serde_json::Value;

use super::context::Context;
use super::shell::Candidate;
use crate::manifest::check::check;
use crate::manifest::{Manifest, VarOverrides};
use crate::query::covers;
use crate::spec::source::{SourceText, read_file};

impl Context {
    /// The variables of the manifest that have no value on the line yet; after `=@` files.
    pub(super) fn manifest_vars(&self, word: &str) -> Vec<Candidate> {
        if let Some((_, value)) = word.split_once('=') {
            return value.strip_prefix('@').map(|file| self.path(file)).unwrap_or_default();
        }
        let given: Vec<&str> = ["var", "assignments"].iter().flat_map(|id| self.line.values(id)).collect();
        let is_given = |name: &str| given.iter().any(|given| given.split_once('=').is_some_and(|(key, _)| key == name));
        let Some(manifest) = self.manifest() else { return Vec::new() };
        let mut names = BTreeSet::new();
        add_names(&Value::Object(manifest.var.clone()), "", &mut names);
        let used = check(&manifest.tasks, &manifest.var).used_vars;
        let needed: Vec<&String> =
            used.iter().filter(|used| !names.iter().any(|name| covers(name, used) || covers(used, name))).collect();
        let mut candidates: Vec<Candidate> =
            needed.iter().map(|name| Candidate::new(&format!("{name}="), "has no value")).collect();
        candidates.extend(names.iter().map(|name| Candidate::new(&format!("{name}="), "")));
        candidates.retain(|candidate| !is_given(candidate.value.trim_end_matches('=')));
        candidates
    }

    /// The manifest that the line names. A pipe can be read only once, so it is not read here.
    fn manifest(&self) -> Option<Manifest> {
        let file = self.line.value("manifest").or_else(|| self.line.value("file"))?;
        let path = self.expand_home(file);
        let name = path.is_file().then(|| path.to_string_lossy().into_owned())?;
        let text = SourceText::of_bytes(name.clone(), read_file(&name).ok()?).ok()?;
        Manifest::load(&text, VarOverrides::default()).ok()
    }
}

/// The paths of values in mappings, e.g. `domain.name`.
fn add_names(value: &Value, path: &str, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                add_names(value, &path, names);
            }
        }
        _ if path.is_empty() => {}
        _ => {
            names.insert(path.to_owned());
        }
    }
}
