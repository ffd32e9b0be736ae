//! `template`: the columns of a resource's tables; and which of them a list shows.

use std::fs::File;
use std::io::Read;

use serde_json::{Value, json};

use super::Context;
use super::method::Method;
use super::present::Presentation;
use crate::cli::{self, Format, TemplateColumns};
use crate::config::{ConfigDir, Invalid, TemplateName, Variables};
use crate::error::{Error, Kind, Problem, Result};
use crate::nearest::nearest;
use crate::streams::Talk;
use crate::view::{Document, Fitted, Shape, Template};

/// The largest file of columns that is read, in bytes: as much as the configuration may hold.
const MAX_BYTES: u64 = 1024 * 1024;

pub fn run(args: &cli::Template, context: &mut Context<'_>) -> Result<()> {
    match args {
        cli::Template::Set { resource, columns } => {
            let name = named(resource, context)?;
            set(&name, columns, context)
        }
        cli::Template::Remove { resource } => {
            let name = named(resource, context)?;
            remove(&name, context)
        }
        cli::Template::Show { resource, output } => {
            let name = named(resource, context)?;
            show(&name, *output, context)
        }
        cli::Template::List { output } => list(*output, context),
    }
}

fn named(resource: &str, context: &Context<'_>) -> Result<TemplateName> {
    let resource = context.resource(resource)?;
    TemplateName::new(&resource.service, &resource.name).map_err(Invalid::into_usage)
}

fn set(name: &TemplateName, columns: &TemplateColumns, context: &mut Context<'_>) -> Result<()> {
    let template = match (&columns.file, &columns.columns) {
        (Some(file), _) if file == "-" => read(&mut context.streams.input, "stdin")?,
        (Some(file), _) => read_file(file)?,
        (None, columns) => Template::of_columns(columns.as_deref().unwrap_or_default())?,
    };
    let dir = ConfigDir::locate(context.variables)?;
    dir.save_template(name, &template.to_yaml())?;
    let columns: Vec<&str> = template.texts().collect();
    context.streams.talk.done(&format!("tables of {name} show {}", columns.join(", ")));
    Ok(())
}

fn remove(name: &TemplateName, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    if !dir.remove_template(name)? {
        return Err(missing(name, &dir)?);
    }
    context.streams.talk.done(&format!("the template of {name} is removed"));
    Ok(())
}

fn show(name: &TemplateName, output: Format, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let template = match (stored(name, &dir)?, Template::built_in(name.as_str())) {
        (Some(template), _) => template,
        (None, Some(template)) => {
            context.streams.talk.note(&format!("the template of {name} is built in: `template set` goes before it"));
            template
        }
        (None, None) => return Err(missing(name, &dir)?),
    };
    let document = match output {
        Format::Json | Format::Yaml => Document::Value(template.values().clone().into()),
        Format::Table | Format::Csv | Format::Quiet => {
            Document::of_rows(template.texts().map(|text| json!({"Column": text})).collect())
        }
    };
    Presentation::parse(None, output)?.write(document, context.streams)
}

fn list(output: Format, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let names = dir.templates()?;
    let mut rows = Vec::new();
    for name in &names {
        // A broken file must not hide the others.
        let columns = stored(name, &dir).unwrap_or_else(|error| {
            let told = error.problems().iter().map(|problem| located(problem, "")).collect::<Vec<_>>();
            context.streams.talk.warning(&told.join("; "));
            None
        });
        rows.push(row(name.as_str(), "set", columns.as_ref()));
    }
    for name in Template::built_in_resources().filter(|built_in| names.iter().all(|name| name.as_str() != *built_in)) {
        rows.push(row(name, "built in", Template::built_in(name).as_ref()));
    }
    rows.sort_by_cached_key(|row| row["Resource"].to_string());
    Presentation::parse(Some("Resource,Template,Columns"), output)?.write(Document::of_rows(rows), context.streams)
}

fn row(resource: &str, kind: &str, template: Option<&Template>) -> Value {
    let columns = template.map(|template| template.texts().collect::<Vec<_>>().join(","));
    json!({"Resource": resource, "Template": kind, "Columns": columns})
}

/// The error that a resource has no template of the user's.
fn missing(name: &TemplateName, dir: &ConfigDir) -> Result<Error> {
    let error = Error::local(format!("no template is set for {name} in {}", dir.path().display()));
    if Template::built_in(name.as_str()).is_some() {
        return Ok(error.hint("it has one that is built in: `template set` goes before it, -c, -m and -a do without"));
    }
    let names = dir.templates()?;
    let mut known: Vec<&str> = Template::built_in_resources().collect();
    known.extend(names.iter().map(TemplateName::as_str));
    Ok(match nearest(name.as_str(), known) {
        Some(meant) => error.hint(format!("did you mean {meant}?")),
        None => error.hint(format!("set one with `spacectl template set {name} -c COLUMNS`")),
    })
}

fn stored(name: &TemplateName, dir: &ConfigDir) -> Result<Option<Template>> {
    let bytes = dir.template(name)?;
    bytes.map(|bytes| Template::parse(bytes, &dir.template_file(name).display().to_string())).transpose()
}

/// A problem as one line, `outcome` being what came of it.
fn located(problem: &Problem, outcome: &str) -> String {
    let place = problem.location.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
    let hints = problem.hints.iter().map(|hint| format!("; {hint}")).collect::<String>();
    format!("{place}{}{outcome}{hints}", problem.message)
}

/// Reads the file of `-t` or `template set -f`.
pub fn read_file(name: &str) -> Result<Template> {
    let file = File::open(name).map_err(|error| Error::local(format!("cannot read {name}")).cause(error))?;
    read(file, name)
}

fn read(reader: impl Read, name: &str) -> Result<Template> {
    let mut bytes = Vec::new();
    let failed = |error: std::io::Error| Error::local(format!("cannot read {name}")).cause(error);
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::local(format!("{name} is no template: it is larger than 1 MiB")));
    }
    Template::parse(bytes, name)
}

/// The columns of a template that was given for this call: all of them must be there.
pub fn choose(template: &Template, method: &Method, presentation: &mut Presentation) -> Result<()> {
    let Fitted { columns, unknown } = template.fit(&Shape::of(&method.output()));
    match Error::from_problems(Kind::Local, unknown) {
        Some(error) => Err(error),
        None => presentation.choose(columns),
    }
}

/// The columns that are kept for the method's resource: the user's, else the built-in ones. They were written for
/// services of any version, so that a column which this one does not have is left out, and no list fails for it.
pub fn preset(method: &Method, presentation: &mut Presentation, variables: &Variables, talk: &mut Talk) -> Result<()> {
    let shape = Shape::of(&method.output());
    let (service, resource) = method.names();
    // A name that cannot have a template has none.
    let Ok(name) = TemplateName::new(&service, &resource) else { return Ok(()) };
    // Without a folder for the configuration there is nothing in it.
    let of_user = match ConfigDir::locate(variables) {
        Ok(dir) => stored(&name, &dir).map_err(|error| error.hint("-c and -a do without a template"))?,
        Err(_) => None,
    };
    if let Some(template) = of_user {
        let Fitted { columns, unknown } = template.fit(&shape);
        unknown.iter().for_each(|problem| talk.warning(&located(problem, ": left out")));
        if !columns.is_empty() {
            return presentation.choose(columns);
        }
    } else if let Some(template) = Template::built_in(name.as_str()) {
        let Fitted { columns, .. } = template.fit(&shape);
        if !columns.is_empty() {
            presentation.preset(columns);
        }
    }
    Ok(())
}
