//! `plugin export`: writes registered plugins as specs.

use std::collections::HashMap;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::service::PluginClient;
use crate::cli::{ApplyFormat, PluginExport};
use crate::commands::connector::Connector;
use crate::commands::method::LIST;
use crate::commands::{Context, block_on};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::fs::{AtomicFile, Readers, open_file, read_limited};
use crate::plugin::builder::quoted;
use crate::plugin::export::{ExportedSpec, documents, file_names};
use crate::plugin::lint::{self, Generation, Input, Rule};
use crate::plugin::plan::{self, PluginFields};
use crate::query;
use crate::query::filter::{FilterSet, Verdict};
use crate::spec::source::{MAX_BYTES, Syntax};
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::shutdown::Shutdown;
use crate::text::{json, sanitize};
use crate::yaml;

pub fn run(args: &PluginExport, context: &mut Context<'_>) -> Result<()> {
    check_output(args)?;
    let filters = FilterSet::parse(&args.filter, &[], None)?;
    let connector = Connector::new(context)?;
    block_on(async {
        let service = PluginClient::connect(&connector).await?;
        let list = service.register.sibling(LIST)?;
        let row_filter = filters.row_filter(list.rows().as_ref(), false)?;
        // A Repository applies filters to its own plugins, which may lack a field, and not to those of others.
        let mut request = Map::new();
        query::add_filters(&mut request, &list.input(), &filters, list.rows().as_ref(), true)?;
        let mut rows = service.rows(&request).await?;
        rows.retain(|row| {
            (args.managed || is_own(row))
                && args.label.as_ref().is_none_or(|label| plan::has_label(label, row))
                && !matches!(row_filter.verdict(&Value::Object(row.clone())), Verdict::Fails(_))
        });
        let specs = specs_of(rows, &service.fields);
        if specs.is_empty() {
            context.streams.diagnostics.note("no plugin to export");
        }
        match &args.dir {
            None => print(&specs, context.streams),
            Some(dir) => write(&specs, dir, args, context.streams).await,
        }
    })
}

/// Refuses a format of the summary where none is printed: specs on stdout are always YAML.
fn check_output(args: &PluginExport) -> Result<()> {
    let (format, instead) = match (&args.dir, args.output) {
        (Some(_), _) | (None, ApplyFormat::Text) => return Ok(()),
        (None, ApplyFormat::Json) => ("json", "spacectl plugin list -a -o json"),
        (None, ApplyFormat::Yaml) => ("yaml", "spacectl plugin list -a -o yaml"),
        (None, ApplyFormat::Quiet) => ("quiet", "spacectl plugin list -c plugin_id -o quiet"),
    };
    Err(Error::usage(format!("-o {format} is the format of the summary of --dir"))
        .hint("to write a file per plugin: spacectl plugin export --dir DIR".to_owned() + &format!(" -o {format}"))
        .hint(format!("to print the specs as YAML, omit -o; to list plugins: {instead}")))
}

/// Whether a plugin is of the domain's own repository, as far as the service says.
fn is_own(row: &Map<String, Value>) -> bool {
    plan::repository_type(row).is_none_or(|kind| kind == "local")
}

/// The specs in the order of their ids. Of two plugins with one id, the domain's own is taken, as by `apply`.
pub fn specs_of(mut rows: Vec<Map<String, Value>>, fields: &PluginFields) -> Vec<ExportedSpec> {
    let id = |row: &Map<String, Value>| plan::plugin_id(row).unwrap_or_default().to_owned();
    rows.sort_by_cached_key(|row| (id(row), !is_own(row)));
    rows.dedup_by_key(|row| id(row));
    rows.iter().map(|row| ExportedSpec::new(fields, row)).collect()
}

/// Writes the specs to stdout, a document each.
pub fn print(specs: &[ExportedSpec], streams: &mut IoStreams) -> Result<()> {
    let names = file_names(specs.iter().map(|spec| &*spec.plugin_id), std::iter::empty());
    warn(specs, names.into_iter(), &streams.diagnostics)?;
    specs.iter().try_for_each(|spec| write!(streams.out, "---\n{}", spec.text))?;
    streams.out.flush()?;
    note_disabled(specs, &streams.diagnostics);
    Ok(())
}

/// A file of the directory, and what is done with it.
struct SpecFile<'a> {
    spec: &'a ExportedSpec,
    path: PathBuf,
    action: FileAction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileAction {
    Create,
    Overwrite,
    Keep,
    /// The file has other documents, too.
    Refuse,
}

impl FileAction {
    fn result(self) -> &'static str {
        match self {
            Self::Create => "exported",
            Self::Overwrite => "overwritten",
            Self::Keep | Self::Refuse => "unchanged",
        }
    }
}

async fn write(specs: &[ExportedSpec], dir: &Path, args: &PluginExport, streams: &mut IoStreams) -> Result<()> {
    if dir.exists() && !dir.is_dir() {
        return Err(Error::usage(format!("{} is not a directory", dir.display())).hint("name a directory: --dir DIR"));
    }
    let files = place(specs, dir);
    refuse_overwriting(&files, args.force, dir)?;
    let paths = files.iter().map(|file| file.path.display().to_string());
    warn(specs, paths, &streams.diagnostics)?;
    let changed = || files.iter().filter(|file| file.action != FileAction::Keep);
    if changed().next().is_some() {
        let failed = |error| Error::local(format!("cannot create {}", dir.display())).cause(error);
        std::fs::create_dir_all(dir).map_err(failed)?;
        let prepare = async {
            let mut prepared = Vec::new();
            for file in changed() {
                prepared.push((file, file.prepare()?));
                tokio::task::yield_now().await;
            }
            Ok(prepared)
        };
        for (file, prepared) in Shutdown::listen()?.race(prepare).await? {
            file.finish(prepared)?;
        }
    }
    report(&files, dir, args.output, streams)?;
    note_disabled(specs, &streams.diagnostics);
    Ok(())
}

/// A file of the directory that has the spec of a plugin.
struct KnownFile {
    path: PathBuf,
    document: Map<String, Value>,
    /// It has no other document.
    is_alone: bool,
}

/// The files of `dir` by the plugins that they describe, in the order of their names. A file that cannot be read
/// describes no plugin.
fn known_files(dir: &Path) -> HashMap<String, KnownFile> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_spec = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !name.starts_with('.') && Syntax::of_file(name) == Some(Syntax::Yaml)
    };
    let mut paths: Vec<PathBuf> = entries.filter(is_spec).collect();
    paths.sort();
    let mut known = HashMap::new();
    for path in paths {
        let content = open_file(&path).and_then(|file| read_limited(file, MAX_BYTES)).unwrap_or_default();
        let documents = documents(&content);
        let is_alone = documents.len() == 1;
        for document in documents {
            let Some(id) = plan::plugin_id(&document).map(str::to_owned) else { continue };
            known.entry(id).or_insert_with(|| KnownFile { path: path.clone(), document, is_alone });
        }
    }
    known
}

/// Finds the file of each plugin: the one that describes it, whatever its name is, or else a new one.
fn place<'a>(specs: &'a [ExportedSpec], dir: &Path) -> Vec<SpecFile<'a>> {
    let known = known_files(dir);
    let new = specs.iter().map(|spec| &*spec.plugin_id).filter(|id| !known.contains_key(*id));
    let name = |file: &KnownFile| Some(file.path.file_name()?.to_string_lossy().into_owned());
    let mut names = file_names(new, known.values().filter_map(name)).into_iter();
    let file = |spec: &'a ExportedSpec| match known.get(&spec.plugin_id) {
        None => SpecFile::new(spec, dir.join(names.next().unwrap_or_default())),
        Some(KnownFile { path, is_alone: true, .. }) => SpecFile::new(spec, path.clone()),
        Some(KnownFile { path, document, .. }) => {
            let action = if spec.is_same(document) { FileAction::Keep } else { FileAction::Refuse };
            SpecFile { spec, path: path.clone(), action }
        }
    };
    specs.iter().map(file).collect()
}

impl<'a> SpecFile<'a> {
    fn new(spec: &'a ExportedSpec, path: PathBuf) -> Self {
        let content = open_file(&path).and_then(|file| read_limited(file, MAX_BYTES));
        let action = match content {
            Ok(content) if spec.is_described_by(&content) => FileAction::Keep,
            Err(error) if error.kind() == IoErrorKind::NotFound && !path.is_symlink() => FileAction::Create,
            Ok(_) | Err(_) => FileAction::Overwrite,
        };
        Self { spec, path, action }
    }

    /// Writes the content next to the file, so that no later lack of space or rights leaves some files old.
    fn prepare(&self) -> Result<AtomicFile> {
        let write = if self.action == FileAction::Create { AtomicFile::beside } else { AtomicFile::behind_links };
        write(&self.path, self.spec.text.as_bytes(), Readers::ByUmask).map_err(|error| self.cannot_write(error))
    }

    fn finish(&self, prepared: AtomicFile) -> Result<()> {
        let is_written = match self.action {
            FileAction::Create => prepared.create(),
            FileAction::Overwrite | FileAction::Keep | FileAction::Refuse => prepared.replace().map(|()| true),
        };
        if is_written.map_err(|error| self.cannot_write(error))? {
            return Ok(());
        }
        Err(Error::local(format!("{} was created by another program meanwhile", self.path.display()))
            .hint("run the command again"))
    }

    /// The error without the name of the temporary file.
    fn cannot_write(&self, error: std::io::Error) -> Error {
        Error::local(format!("cannot write {}", self.path.display())).cause(error.kind())
    }
}

/// Refuses files with other content, all at once; with `force` those that would lose the specs of other plugins.
fn refuse_overwriting(files: &[SpecFile<'_>], force: bool, dir: &Path) -> Result<()> {
    let problem = |file: &SpecFile<'_>| {
        let (path, id) = (file.path.display(), &file.spec.plugin_id);
        match file.action {
            FileAction::Overwrite if !force => Some(Problem::new(format!("{path} exists and differs from {id}"))),
            FileAction::Refuse => Some(
                Problem::new(format!("{path} differs from {id}, and has other documents, too"))
                    .hint(format!("give each plugin of {path} a file of its own")),
            ),
            _ => None,
        }
    };
    let problems: Vec<Problem> = files.iter().filter_map(problem).collect();
    let Some(error) = Error::from_problems(ErrorKind::Local, problems) else { return Ok(()) };
    let dir = quoted(&dir.to_string_lossy());
    let force = if force { "" } else { "--force overwrites; " };
    Err(error.hint(format!("nothing was written; {force}to compare: spacectl plugin diff -f {dir}")))
}

/// Warns of what a repository should not hold, and of what `apply` refuses.
fn warn(specs: &[ExportedSpec], names: impl Iterator<Item = String>, diagnostics: &Diagnostics) -> Result<()> {
    let input = |(spec, name): (&ExportedSpec, String)| Input::from_bytes(name, spec.text.clone().into_bytes());
    let inputs: Vec<Input> = specs.iter().zip(names).map(input).collect();
    for finding in lint::check(&inputs, &[Generation::One, Generation::Two])? {
        if matches!(finding.rule, Rule::Secret | Rule::Placeholder) {
            diagnostics.warn(&format!("{}: {} [{}]", finding.location, finding.message, finding.rule.name()));
        }
    }
    Ok(())
}

/// Names the plugins whose state a spec cannot hold.
fn note_disabled(specs: &[ExportedSpec], diagnostics: &Diagnostics) {
    let ids: Vec<String> = disabled(specs.iter()).map(quoted).collect();
    if !ids.is_empty() {
        let (count, all, verb) = (ids.len(), specs.len(), if ids.len() == 1 { "is" } else { "are" });
        diagnostics.note(&format!(
            "{count} of {all} plugins {verb} disabled, which a spec does not record; where it is applied, run: \
             spacectl plugin disable {}",
            ids.join(" ")
        ));
    }
}

fn disabled<'a>(specs: impl Iterator<Item = &'a ExportedSpec>) -> impl Iterator<Item = &'a str> {
    specs.filter(|spec| spec.is_disabled).map(|spec| &*spec.plugin_id)
}

fn report(files: &[SpecFile<'_>], dir: &Path, format: ApplyFormat, streams: &mut IoStreams) -> Result<()> {
    let document = || {
        let plugins = files.iter().map(|SpecFile { spec, path, action }| {
            let path = path.display().to_string();
            json!({"plugin_id": spec.plugin_id, "result": action.result(), "file": path})
        });
        let disabled: Value = disabled(files.iter().map(|file| file.spec)).collect();
        json!({"dir": dir.display().to_string(), "disabled": disabled, "plugins": plugins.collect::<Value>()})
    };
    match format {
        ApplyFormat::Json => json::pretty(&mut *streams.out, &document())?,
        ApplyFormat::Yaml => yaml::write_document(&mut *streams.out, &document())?,
        ApplyFormat::Text => {
            for SpecFile { spec, path, action } in files {
                let line = format!("{} {} {}", spec.plugin_id, action.result(), path.display());
                writeln!(streams.out, "{}", sanitize::line_start(&line))?;
            }
        }
        ApplyFormat::Quiet => {
            for file in files.iter().filter(|file| file.action != FileAction::Keep) {
                writeln!(streams.out, "{}", sanitize::control(&file.spec.plugin_id))?;
            }
        }
    }
    Ok(streams.out.flush()?)
}
