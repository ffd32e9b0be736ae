//! `plugin init`: a spec, and beside it the schema that its first line names.

use std::io::Write as _;
use std::path::Path;

use super::generation;
use crate::cli::PluginInit;
use crate::commands::Context;
use crate::error::parse_error::ParseError;
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, folder_of};
use crate::plugin::init::Wanted;
use crate::plugin::lint::{self, Generation, Generations, Input, PLACEHOLDER, Severity};
use crate::terminal::json;

pub fn run(args: &PluginInit, context: &mut Context<'_>) -> Result<()> {
    let wanted = Wanted {
        name: args.name.clone(),
        resource_type: args.resource_type.trim().to_owned(),
        image: args.image.clone(),
        provider: args.provider.clone(),
        generation: generation(args.api),
    };
    wanted.check().map_err(ParseError::into_usage)?;
    let schema_name = match wanted.generation {
        Generation::One => "plugin-api1.schema.json",
        Generation::Two => "plugin.schema.json",
    };
    let spec = wanted.spec(schema_name);
    check(&spec, wanted.generation, context)?;
    if args.output == Path::new("-") {
        write!(context.streams.out, "{spec}")?;
        return Ok(());
    }
    let schema = args.output.with_file_name(schema_name);
    let mut schema_text = Vec::new();
    json::pretty(&mut schema_text, &wanted.schema()?)?;
    write_both(&args.output, spec.as_bytes(), &schema, &schema_text, args.force)?;
    let (spec, schema) = (args.output.display(), schema.display());
    let edit = if wanted.image.is_none() { format!("replace {PLACEHOLDER}, then: ") } else { String::new() };
    let api = if wanted.generation == Generation::One { " --api 1" } else { "" };
    let diagnostics = &context.streams.diagnostics;
    diagnostics.done(&format!("{spec} is written, and {schema} beside it, by which an editor completes and checks it"));
    diagnostics.done(&format!("{edit}spacectl plugin lint{api} -f {spec}"));
    Ok(())
}

/// Refuses what could not be registered but for the namespace, and warns of what is odd.
fn check(spec: &str, generation: Generation, context: &Context<'_>) -> Result<()> {
    let input = Input::of_bytes("the spec", spec.as_bytes().to_vec());
    for finding in lint::check(&[input], &Generations::new(&[generation])?) {
        let hint = finding.hint.unwrap_or_default();
        match finding.severity {
            Severity::Error if finding.rule == lint::Rule::Placeholder => {}
            Severity::Error => return Err(Error::usage(finding.message).hint(hint)),
            Severity::Warning => context.streams.diagnostics.warn(&format!("{}: {hint}", finding.message)),
        }
    }
    Ok(())
}

/// Puts the spec into its place and the schema beside it. A schema that is there already serves as well: it is the same
/// for every spec.
fn write_both(path: &Path, spec: &[u8], schema_path: &Path, schema: &[u8], force: bool) -> Result<()> {
    let (spec, schema) = (stage(path, spec, force)?, stage(schema_path, schema, force)?);
    if force {
        spec.replace().map_err(failed(path))?;
        return schema.replace().map_err(failed(schema_path));
    }
    if !spec.create().map_err(failed(path))? {
        return Err(Error::local(format!("{} is there already", path.display()))
            .hint("--force writes in its place, -o FILE somewhere else, -o - to standard output"));
    }
    schema.create().map_err(failed(schema_path))?;
    Ok(())
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    // The name of the file that was to take its place means nothing to anybody.
    move |error| Error::local(format!("cannot write {}", path.display())).cause(error.kind())
}

/// A complete file beside `path`, which goes away unless it is put there; to replace, a symbolic link is followed.
fn stage(path: &Path, content: &[u8], replace: bool) -> Result<AtomicFile> {
    let dir = folder_of(path);
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::usage(format!("{} is a directory", path.display())).hint("name a file: -o FILE"));
    }
    if !dir.is_dir() {
        return Err(Error::local(format!("cannot write {}", path.display()))
            .cause(format!("there is no folder {}", dir.display())));
    }
    let write = if replace { AtomicFile::behind_links } else { AtomicFile::beside };
    write(path, content, Readers::ByUmask).map_err(failed(path))
}
