//! Reads a manifest with its imports.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::form::ManifestForm;
use super::overrides::{self, VarOverrides};
use super::task::ManifestTask;
use super::written::WrittenNumbers;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::schema::did_you_mean::hint_at_name;
use crate::schema::field_path::FieldPath;
use crate::spec::source::{SourceText, read_file};
use crate::yaml::value::{self, MappingEntry};
use crate::yaml::{Content, Node, YamlError};

const KEYS: [&str; 4] = ["import", "var", "env", "tasks"];

/// The most files of one manifest.
const MAX_FILES: usize = 1000;

/// A manifest, its imports in it.
#[derive(Debug, Default)]
pub struct Manifest {
    pub var: Map<String, Value>,
    /// The texts of numbers in `var`.
    pub numbers: WrittenNumbers,
    pub env: Map<String, Value>,
    pub tasks: Vec<ManifestTask>,
    /// The variables as the files declare them.
    pub declared: Value,
    /// Its problems so far.
    pub problems: Vec<Problem>,
}

/// Reads files depth first: an importing file's values win over those of its imports, whose tasks run before its own.
#[derive(Default)]
struct Loader {
    manifest: Manifest,
    /// The files that are being read, each importing the next.
    stack: Vec<PathBuf>,
    files: usize,
}

impl Manifest {
    /// Reads `text`, the manifest itself, and the files that it imports; `overrides` win over their values.
    ///
    /// # Errors
    /// It is not a manifest. Problems inside of it are in `problems`.
    pub fn load(text: &SourceText, overrides: VarOverrides) -> Result<Self> {
        let mut loader = Loader::default();
        loader.stack.extend(Path::new(&text.name).canonicalize());
        loader.read(text)?;
        let mut manifest = loader.manifest;
        manifest.declared = Value::Object(manifest.var.clone());
        overrides::merge(&mut manifest.var, overrides.var);
        manifest.numbers.extend(overrides.numbers);
        manifest.env.extend(overrides.env);
        Ok(manifest)
    }
}

/// The only document of `text`.
///
/// # Errors
/// It is not YAML, or holds another number of documents.
pub fn only_document(text: &SourceText) -> Result<Rc<Node>> {
    let documents: Result<Vec<_>, _> = text.documents().collect();
    let mut documents = documents.map_err(|fault| fault.into_error(Error::usage, &text.name))?;
    if let Some(document) = documents.iter().find(|document| ManifestForm::of(document) == ManifestForm::Cfctl) {
        return Err(cfctl(document, &text.name));
    }
    match (documents.pop(), documents.len()) {
        (Some(document), 0) => Ok(document),
        (None, _) => Err(Error::usage(format!("{} holds no document: it is empty or has only comments", text.name))),
        (_, others) => Err(Error::usage(format!("{} holds {} documents", text.name, others + 1))
            .hint("a manifest is one document: put its parts into files, and list them under import")),
    }
}

fn cfctl(document: &Node, source: &str) -> Error {
    Error::usage("documents of cfctl (service, verb, resource, spec) are not manifests")
        .at(Some(document.at.in_source(source)))
        .hint("write each as a task with uses: \"@modules/resource\", or run `spacectl exec VERB RESOURCE`")
}

impl Loader {
    fn read(&mut self, text: &SourceText) -> Result<()> {
        let document = only_document(text)?;
        let source: Rc<str> = text.name.as_str().into();
        let location = document.at.in_source(&source);
        let refused = |message: &str, hint: &str| {
            Err(Error::usage(message.to_owned()).at(Some(location.clone())).hint(hint.to_owned()))
        };
        match ManifestForm::of(&document) {
            ManifestForm::Manifest => {}
            ManifestForm::HelmValues => {
                return refused(
                    "a Helm values file: the manifest is under `main`",
                    "put what is under main into a file",
                );
            }
            ManifestForm::Cfctl => return Err(cfctl(&document, &source)),
            ManifestForm::PluginSpec => {
                return refused("the spec of a plugin, not a manifest", "run `spacectl plugin apply -f FILE`");
            }
            ManifestForm::Unknown => {
                return refused("not a manifest", "a manifest has tasks, and may have import, var and env");
            }
        }
        if matches!(document.content, Content::List(_)) {
            let tasks = ManifestTask::list(&source, &document, &mut self.manifest.problems);
            self.manifest.tasks.extend(tasks);
            return Ok(());
        }
        let fault = |fault: YamlError| fault.into_error(Error::usage, &source);
        let entries = value::entries(&document).map_err(fault)?;
        let get = |name: &str| entries.iter().find(|entry| entry.name == name).map(|entry| entry.value);
        for MappingEntry { name, key, .. } in entries.iter().filter(|entry| !KEYS.contains(&entry.name)) {
            let problem = Problem::new(format!("a manifest has no key `{name}`"));
            let problem = problem.at(Some(key.at.in_source(&source))).hint(hint_at_name(name, &KEYS));
            self.manifest.problems.push(problem);
        }
        if let Some(node) = get("import") {
            self.import(&source, node)?;
        }
        for (name, is_var) in [("var", true), ("env", false)] {
            let Some(node) = get(name) else { continue };
            let numbers = WrittenNumbers::from_node(node);
            match value::mapping(node) {
                Ok(values) if is_var => {
                    for name in values.keys() {
                        let path = FieldPath::default().key(name);
                        self.manifest.numbers.replace_at(&path, numbers.at(&path));
                    }
                    self.manifest.var.extend(values);
                }
                Ok(mut values) => {
                    numbers.write_into(&FieldPath::default(), &mut values);
                    self.manifest.env.extend(values);
                }
                Err(error) => {
                    let problem = Problem::new(format!("{name}: {}", error.message));
                    self.manifest.problems.push(problem.at(Some(error.at.in_source(&source))));
                }
            }
        }
        if let Some(node) = get("tasks") {
            let tasks = ManifestTask::list(&source, node, &mut self.manifest.problems);
            self.manifest.tasks.extend(tasks);
        }
        Ok(())
    }

    fn import(&mut self, source: &Rc<str>, node: &Node) -> Result<()> {
        let Content::List(files) = &node.content else {
            let message = format!("`import` must be a list of files, not {}", value::found(node));
            self.manifest.problems.push(Problem::new(message).at(Some(node.at.in_source(source))));
            return Ok(());
        };
        for file in files {
            let at = file.at.in_source(source);
            let Content::Scalar { text, .. } = &file.content else {
                self.manifest.problems.push(Problem::new("an import is the name of a file").at(Some(at)));
                continue;
            };
            let path = Path::new(&**source).parent().unwrap_or(Path::new("")).join(&**text);
            let name = path.to_string_lossy().into_owned();
            self.files += 1;
            if self.files > MAX_FILES {
                return Err(Error::usage(format!("more than {MAX_FILES} imports")).at(Some(at)));
            }
            let bytes = read_file(&name).map_err(|error| error.at(Some(at.clone())))?;
            let canonical = path.canonicalize().unwrap_or(path);
            if self.stack.contains(&canonical) {
                let names = self.stack.iter().chain([&canonical]).map(|path| path.display().to_string());
                let error = Error::usage("the imports lead back to a file that is being read").at(Some(at));
                return Err(error.cause(names.collect::<Vec<_>>().join(" imports ")));
            }
            self.stack.push(canonical);
            self.read(&SourceText::of_bytes(name, bytes)?)?;
            self.stack.pop();
        }
        Ok(())
    }
}

/// The error of everything that is wrong with a manifest, if there is something.
pub fn refuse(mut problems: Vec<Problem>) -> Result<()> {
    problems.sort_by_cached_key(|problem| problem.location.as_ref().map(|at| (at.source.clone(), at.line, at.column)));
    problems.dedup();
    Error::from_problems(ErrorKind::Usage, problems).map_or(Ok(()), Err)
}
