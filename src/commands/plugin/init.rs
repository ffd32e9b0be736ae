//! `plugin init`: creates a spec and its JSON Schema.

use std::io::Write as _;
use std::path::Path;

use super::test;
use crate::cli::PluginInit;
use crate::commands::Context;
use crate::error::parse_error::ParseError;
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, folder_of};
use crate::plugin::init::NewPlugin;
use crate::plugin::lint::{self, Generation, Input, PLACEHOLDER, Severity};
use crate::text::json;

pub fn run(args: &PluginInit, context: &mut Context<'_>) -> Result<()> {
    let plugin = NewPlugin {
        name: args.name.clone(),
        resource_type: args.resource_type.trim().to_owned(),
        image: args.image.clone(),
        provider: args.provider.clone(),
        generation: args.api,
    };
    plugin.check().map_err(ParseError::into_usage)?;
    let (schema_name, lint_option) = match plugin.generation {
        Generation::One => ("plugin-api1.schema.json", " --api 1"),
        Generation::Two => ("plugin.schema.json", ""),
    };
    let is_to_stdout = args.output == Path::new("-");
    let spec = plugin.spec((!is_to_stdout).then_some(schema_name));
    check(&spec, plugin.generation, context)?;
    if is_to_stdout {
        return Ok(write!(context.streams.out, "{spec}")?);
    }
    let schema_path = args.output.with_file_name(schema_name);
    let mut schema = Vec::new();
    json::pretty(&mut schema, &plugin.schema()?)?;
    write_both(&args.output, spec.as_bytes(), &schema_path, &schema, args.force)?;
    let settings_path = args.output.with_file_name(test::SETTINGS_FILE);
    // These are edited by hand: an existing file is never overwritten.
    let mut is_of_other_type = false;
    let has_settings = match plugin.test_settings() {
        Some(settings) => {
            let file = prepare(&settings_path, settings.as_bytes(), false)?;
            let is_new = file.create().map_err(cannot_write(&settings_path))?;
            let text = std::fs::read_to_string(&settings_path).unwrap_or_default();
            is_of_other_type = !is_new && !text.contains(&format!("\"{}\"", plugin.resource_type));
            is_new
        }
        None => false,
    };
    let (spec, schema) = (args.output.display(), schema_path.display());
    let edit = if plugin.image.is_none() { format!("replace {PLACEHOLDER}, then run: ") } else { String::new() };
    let diagnostics = &context.streams.diagnostics;
    diagnostics.done(&format!("wrote {spec}, and {schema} for editors to complete and check it"));
    if has_settings {
        diagnostics.done(&format!("wrote {}, for spacectl plugin test", settings_path.display()));
    }
    if is_of_other_type {
        diagnostics.note(&format!(
            "{} was left as it is: its resource_type is not {}",
            settings_path.display(),
            plugin.resource_type
        ));
    }
    diagnostics.done(&format!("{edit}spacectl plugin lint{lint_option} -f {spec}"));
    Ok(())
}

/// Refuses a spec that a service would refuse, and warns of probable mistakes.
fn check(spec: &str, generation: Generation, context: &Context<'_>) -> Result<()> {
    let input = Input::from_bytes("the spec", spec.as_bytes().to_vec());
    for finding in lint::check(&[input], &[generation])? {
        let hint = finding.hint.unwrap_or_default();
        match finding.severity {
            Severity::Error if finding.rule == lint::Rule::Placeholder => {}
            Severity::Error => return Err(Error::usage(finding.message).hint(hint)),
            Severity::Warning => context.streams.diagnostics.warn(&format!("{}: {hint}", finding.message)),
        }
    }
    Ok(())
}

/// Writes the spec and the schema. An existing schema is not overwritten without `force`: it is the same for every
/// spec.
fn write_both(path: &Path, spec: &[u8], schema_path: &Path, schema: &[u8], force: bool) -> Result<()> {
    let (spec, schema) = (prepare(path, spec, force)?, prepare(schema_path, schema, force)?);
    if force {
        spec.replace().map_err(cannot_write(path))?;
        return schema.replace().map_err(cannot_write(schema_path));
    }
    if !spec.create().map_err(cannot_write(path))? {
        return Err(Error::local(format!("{} already exists", path.display()))
            .hint("--force overwrites it; -o FILE writes another file, -o - to standard output"));
    }
    schema.create().map(drop).map_err(cannot_write(schema_path))
}

/// The error without the name of the temporary file.
fn cannot_write(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::local(format!("cannot write {}", path.display())).cause(error.kind())
}

/// Writes a temporary file next to `path`; to replace a symbolic link, next to its target.
fn prepare(path: &Path, content: &[u8], replace: bool) -> Result<AtomicFile> {
    let dir = folder_of(path);
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::usage(format!("{} is a directory", path.display())).hint("name a file: -o FILE"));
    }
    if !dir.is_dir() {
        let cause = format!("the directory {} does not exist", dir.display());
        return Err(Error::local(format!("cannot write {}", path.display())).cause(cause));
    }
    let write = if replace { AtomicFile::behind_links } else { AtomicFile::beside };
    write(path, content, Readers::ByUmask).map_err(cannot_write(path))
}
