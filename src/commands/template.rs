//! `template`: manages the default columns of tables.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::Context;
use super::method::Method;
use crate::cli::{self, Format, TemplateColumns};
use crate::commands::output_options::{OutputOptions, columns};
use crate::config::{ConfigDir, ParseError, TemplateName, Variables};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::fs::{open_file, read_limited};
use crate::local_service;
use crate::output::view::{Document, FittedColumns, ResponseKind, TableTemplate};
use crate::schema::did_you_mean::nearest;
use crate::schema::resource::{Resource, alias, is_reflection};
use crate::terminal::io_streams::Diagnostics;

/// The size limit of a template file, as for configuration files.
const MAX_BYTES: u64 = 1024 * 1024;

pub fn run(args: &cli::TemplateCommand, context: &mut Context<'_>) -> Result<()> {
    match args {
        cli::TemplateCommand::Set { resource, columns } => {
            let name = named(&context.resource(resource)?, context)?;
            set(&name, columns, context)
        }
        cli::TemplateCommand::Remove { resource } => {
            let resource = context.resource(resource)?;
            remove(&resource, context)
        }
        cli::TemplateCommand::Show { resource, output } => {
            let resource = context.resource(resource)?;
            show(&resource, *output, context)
        }
        cli::TemplateCommand::List { output } => list(*output, context),
    }
}

/// The template name of `resource`: by the platform's names where one matches, since lists look for those; else as
/// typed. Offline.
fn named(resource: &Resource, context: &Context<'_>) -> Result<TemplateName> {
    // An unreadable file of aliases must not stop a full name.
    let own = context.own_aliases().unwrap_or_default();
    let bundled = bundled();
    let mut known: Vec<&str> = bundled.iter().map(String::as_str).collect();
    known.extend(TableTemplate::built_in_resources().map(|name| -> &str { name }));
    known.extend(alias::BUILT_IN.iter().map(|(_, target)| *target));
    // The user's aliases may spell their targets in other ways.
    let own: Vec<&str> = own.values().map(String::as_str).collect();
    match resource.among(&known).or_else(|| resource.among(&own)).and_then(|name| name.split_once('.')) {
        Some((service, name)) => TemplateName::new(service, name),
        None => TemplateName::new(&resource.service, &resource.name),
    }
    .map_err(ParseError::into_usage)
}

/// The resources of the bundled Repository API.
fn bundled() -> Vec<String> {
    // Without them, the other names remain.
    let services = local_service::descriptors().map(|pool| pool.services().collect::<Vec<_>>()).unwrap_or_default();
    let names = services.iter().filter(|service| !is_reflection(service.full_name()));
    names.map(|service| format!("repository.{}", service.name())).collect()
}

/// The name of an existing template: as typed, by the platform's names, or the only one that matches.
fn existing(resource: &Resource, canonical: &TemplateName, dir: &ConfigDir) -> Result<Option<TemplateName>> {
    let templates = dir.templates()?;
    let names: Vec<&str> = templates.iter().map(TemplateName::as_str).collect();
    let typed = TemplateName::new(&resource.service, &resource.name).ok();
    let exact = typed.iter().chain([canonical]).map(TemplateName::as_str).find(|name| names.contains(name));
    let matched = exact.or_else(|| resource.among(&names));
    Ok(templates.iter().find(|name| Some(name.as_str()) == matched).cloned())
}

fn set(name: &TemplateName, columns: &TemplateColumns, context: &mut Context<'_>) -> Result<()> {
    let template = match (&columns.file, &columns.columns) {
        (Some(file), _) if file == "-" => read(&mut context.streams.input, "stdin")?,
        (Some(file), _) => read_file(file)?,
        (None, columns) => TableTemplate::from_columns(columns.as_deref().unwrap_or_default())?,
    };
    let dir = ConfigDir::locate(context.variables)?;
    dir.save_template(name, &template.to_yaml())?;
    let columns: Vec<&str> = template.texts().collect();
    context.streams.diagnostics.done(&format!("tables of {name} show {}", columns.join(", ")));
    Ok(())
}

fn remove(resource: &Resource, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let canonical = named(resource, context)?;
    let name = match existing(resource, &canonical, &dir)? {
        Some(name) if dir.remove_template(&name)? => name,
        _ => return Err(missing(&canonical, &dir)?),
    };
    context.streams.diagnostics.done(&format!("removed the template of {name}"));
    Ok(())
}

fn show(resource: &Resource, output: Format, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let canonical = named(resource, context)?;
    let existing = existing(resource, &canonical, &dir)?;
    let name = existing.as_ref().unwrap_or(&canonical);
    let template = match (stored(name, &dir)?, TableTemplate::built_in(name.as_str())) {
        (Some(template), _) => template,
        (None, Some(template)) => {
            context
                .streams
                .diagnostics
                .note(&format!("the template of {name} is built in; `template set` overrides it"));
            template
        }
        (None, None) => return Err(missing(name, &dir)?),
    };
    let is_typed = canonical.as_str() == format!("{}.{}", resource.service, resource.name);
    if !is_typed && *name != canonical {
        context
            .streams
            .diagnostics
            .note(&format!("lists do not use the template of {name}: the resource is {canonical}"));
    }
    let document = match output {
        Format::Json | Format::Jsonl | Format::Yaml => Document::Value(template.values().clone().into()),
        Format::Table | Format::Csv | Format::Markdown | Format::Name | Format::Quiet => {
            Document::from_rows(template.texts().map(|text| json!({"Column": text})))
        }
    };
    OutputOptions::parse(None, output)?.write(document, context.streams)
}

fn list(output: Format, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let names = dir.templates()?;
    let in_text = !matches!(output, Format::Json | Format::Jsonl | Format::Yaml);
    let mut rows = Vec::new();
    for name in &names {
        // A broken file must not hide the others.
        let columns = stored(name, &dir).unwrap_or_else(|error| {
            let problems = error.problems().iter().map(|problem| located(problem, "")).collect::<Vec<_>>();
            context.streams.diagnostics.warn(&problems.join("; "));
            None
        });
        rows.push(row(name.as_str(), "set", columns.as_ref(), in_text));
    }
    for name in
        TableTemplate::built_in_resources().filter(|built_in| names.iter().all(|name| name.as_str() != *built_in))
    {
        rows.push(row(name, "built in", TableTemplate::built_in(name).as_ref(), in_text));
    }
    rows.sort_by_cached_key(|row| row["resource"].to_string());
    let columns = columns(output, "resource|Resource,template|Template,columns|Columns", "resource");
    OutputOptions::parse(columns, output)?.write(Document::from_rows(rows), context.streams)
}

fn row(resource: &str, kind: &str, template: Option<&TableTemplate>, in_text: bool) -> Value {
    let columns = template.map(|template| template.texts().collect::<Vec<_>>());
    let columns = if in_text { json!(columns.map(|columns| columns.join(","))) } else { json!(columns) };
    json!({"resource": resource, "template": kind, "columns": columns})
}

/// The error that the user has set no template for a resource.
fn missing(name: &TemplateName, dir: &ConfigDir) -> Result<Error> {
    let error = Error::local(format!("no template is set for {name} in {}", dir.path().display()));
    if TableTemplate::built_in(name.as_str()).is_some() {
        return Ok(error.hint("use `template set` to override the built-in one, or -c, -m or -a to list without it"));
    }
    let names = dir.templates()?;
    let mut known: Vec<&str> = TableTemplate::built_in_resources().collect();
    known.extend(names.iter().map(TemplateName::as_str));
    Ok(match nearest(name.as_str(), known) {
        Some(nearest) => error.hint(format!("did you mean {nearest}?")),
        None => error.hint(format!("set one with `spacectl template set {name} -c COLUMNS`")),
    })
}

fn stored(name: &TemplateName, dir: &ConfigDir) -> Result<Option<TableTemplate>> {
    let bytes = dir.template(name)?;
    bytes.map(|bytes| TableTemplate::parse(bytes, &dir.template_file(name).display().to_string())).transpose()
}

/// A problem on one line, with its outcome.
fn located(problem: &Problem, outcome: &str) -> String {
    let location = problem.location.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
    let hints = problem.hints.iter().map(|hint| format!("; {hint}")).collect::<String>();
    format!("{location}{}{outcome}{hints}", problem.message)
}

/// Reads the file of `-t` or `template set -f`.
pub fn read_file(name: &str) -> Result<TableTemplate> {
    let file = open_file(Path::new(name)).map_err(|error| Error::local(format!("cannot read {name}")).cause(error))?;
    read(file, name)
}

/// As [`read_file`], of what `reader` holds.
pub fn read(reader: impl Read, name: &str) -> Result<TableTemplate> {
    let bytes =
        read_limited(reader, MAX_BYTES).map_err(|error| Error::local(format!("cannot read {name}")).cause(error))?;
    TableTemplate::parse(bytes, name)
}

/// Chooses the columns of a template that was given for this call: all of them must exist.
pub fn choose(template: &TableTemplate, method: &Method, output: &mut OutputOptions) -> Result<()> {
    let FittedColumns { columns, unknown } = template.fit(&ResponseKind::new(&method.output()));
    match Error::from_problems(ErrorKind::Local, unknown) {
        Some(error) => Err(error),
        None => output.choose(columns),
    }
}

/// Chooses the template's columns for the method's resource: the user's, else the built-in ones.
///
/// They may be for another version of the service: a column that this one lacks is left out.
pub fn preset(
    method: &Method,
    output: &mut OutputOptions,
    variables: &Variables,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let kind = ResponseKind::new(&method.output());
    let (service, resource) = method.names();
    let Ok(name) = TemplateName::new(&service, &resource) else { return Ok(()) };
    // Without a folder for the configuration there are no templates.
    let of_user = match ConfigDir::locate(variables) {
        Ok(dir) => match stored(&name, &dir) {
            Err(error) if dir.is_closed() => {
                diagnostics.warn(&format!("{}: using the built-in columns", error.summary()));
                None
            }
            stored => stored.map_err(|error| error.hint("use -c or -a to list without a template"))?,
        },
        Err(_) => None,
    };
    if let Some(template) = of_user {
        let FittedColumns { columns, unknown } = template.fit(&kind);
        unknown.iter().for_each(|problem| diagnostics.warn(&located(problem, ": left out")));
        if !columns.is_empty() {
            return output.choose(columns);
        }
    }
    if let Some(template) = TableTemplate::built_in(name.as_str()) {
        let columns = template.fitting(&kind);
        if !columns.is_empty() {
            output.preset(columns);
        }
    }
    Ok(())
}
