//! `apply FILE`: runs a manifest; of a plugin's spec, `plugin apply`.
//!
//! `runner` walks the tasks, one file per module does the work, `session` reaches the services. Reading and checking
//! manifests is in `crate::manifest`.

mod check;
mod ensure;
mod excel;
mod modules;
mod output_columns;
mod print;
mod resource;
mod result_shapes;
mod resume;
mod runner;
mod session;
mod shell;
mod summary;

use std::io::Cursor;
use std::path::Path;

use serde_json::{Map, Value};

use self::resume::ResumeLog;
use self::runner::{RunMode, Runner};
use self::session::Session;
use super::{Context, block_on, login, plugin};
use crate::cli::{Apply, SummaryFormat};
use crate::commands::connector;
use crate::error::{Error, Problem, Result};
use crate::fs::shell_word;
use crate::manifest::check::{Findings, check as check_names};
use crate::manifest::load::{only_document, refuse};
use crate::manifest::{Manifest, ManifestForm, VarOverrides};
use crate::schema::did_you_mean::hint_at_name;
use crate::spec::source::{SourceText, Stdin, read_file};
use crate::terminal::shutdown::Shutdown;

/// The JSON Schema of manifests.
const SCHEMA: &str = include_str!("../../manifest/schema.json");

pub fn run(args: &Apply, context: &mut Context<'_>) -> Result<()> {
    if args.schema {
        context.streams.out.write_all(SCHEMA.as_bytes())?;
        return Ok(());
    }
    let (files, assignments) = files_and_assignments(args)?;
    let [file] = &files[..] else {
        if let Some(manifest) = files.iter().find(|file| is_manifest(file)) {
            return Err(Error::usage(format!("{manifest} is a manifest, and only one can be applied"))
                .hint("list other files under import"));
        }
        return apply_plugins(args, files, &assignments, context);
    };
    if Path::new(file).is_dir() {
        return apply_plugins(args, files, &assignments, context);
    }
    let mut input = std::mem::replace(&mut context.streams.input, Box::new(std::io::empty()));
    let mut stdin = Stdin::new(&mut input);
    let (name, bytes) = stdin.read_or_file(file)?;
    let text = SourceText::of_bytes(name, bytes)?;
    if is_plugin_spec(&text) {
        // What is read cannot be read again from a pipe.
        context.streams.input = Box::new(Cursor::new(text.content.into_bytes()));
        let file = if Path::new(file).is_file() { file.clone() } else { "-".to_owned() };
        return apply_plugins(args, vec![file], &assignments, context);
    }
    only_document(&text)?;
    let mut selection = connector::selection(context);
    let env_argument = selection.environment.clone().filter(|environment| environment.contains('='));
    if env_argument.is_some() {
        selection.environment = None;
        context.streams.diagnostics.note("-e KEY=VALUE is taken as --env KEY=VALUE; -e NAME selects an environment");
    }
    let vars: Vec<String> = args.var.iter().cloned().chain(assignments).collect();
    let env: Vec<String> = args.env.iter().cloned().chain(env_argument).collect();
    let overrides = VarOverrides::read(args.var_file.as_deref(), &vars, &env, &mut stdin)?;
    let manifest = Manifest::load(&text, overrides)?;
    let var = (manifest.var.clone(), manifest.numbers.clone());
    let findings = check_names(&manifest.tasks, &manifest.var);
    let mut problems = unknown_vars(&vars, &manifest, &findings);
    let Findings { problems: found, warnings, result_uses, .. } = findings;
    problems.extend(manifest.problems);
    problems.extend(found);
    let mode = if args.dry_run { RunMode::Dry } else { RunMode::Real };
    login::ensure_session(&selection, false, context)?;
    block_on(async {
        let mut session = Session::new(selection, context)?;
        match check::check(&manifest.tasks, &result_uses, &mut session, context).await {
            Ok(found) => problems.extend(found),
            // The manifest's own problems come before a service that cannot be asked.
            Err(error) if problems.is_empty() => return Err(error),
            Err(_) => {}
        }
        refuse(problems)?;
        for Problem { location, message, .. } in &warnings {
            let place = location.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
            context.streams.diagnostics.warn(&format!("{place}{message}"));
        }
        let resume = args.resume.as_deref().map(|path| ResumeLog::open(path, session.scope())).transpose()?;
        let mut shutdown = Shutdown::listen()?;
        let mut runner = Runner::new(session, var, environment(manifest.env), mode, resume, context);
        let done = runner.run(&manifest.tasks, &mut shutdown).await;
        let (summary, resume) = runner.into_parts();
        let shown = summary.show(args.output, context.streams);
        match done {
            Ok(()) => {
                if let Some(resume) = resume.filter(|_| !args.keep) {
                    resume.remove()?;
                }
                shown
            }
            Err(error) => {
                let advice = summary.advice(&error, args, file, context.global);
                if let (true, Some(advice)) = (error.kind().is_silent(), &advice) {
                    context.streams.diagnostics.note(advice);
                }
                Err(error.hints(advice))
            }
        }
    })
}

/// The variables of the command line that no file declares and no template uses.
fn unknown_vars(vars: &[String], manifest: &Manifest, findings: &Findings) -> Vec<Problem> {
    let paths = vars.iter().filter_map(|var| Some(var.split_once('=')?.0));
    let is_declared = |path: &str| {
        let pointer = format!("/{}", path.replace('.', "/"));
        manifest.declared.pointer(&pointer).is_some()
    };
    let unknown = paths.filter(|path| !is_declared(path) && !findings.uses(path));
    let problem = |path: &str| {
        let declared = manifest.declared.as_object().into_iter().flat_map(|declared| declared.keys());
        let known: Vec<&str> = findings.used_vars.iter().chain(declared).map(String::as_str).collect();
        Problem::new(format!("the manifest has no variable {path}")).hint(hint_at_name(path, &known))
    };
    unknown.map(problem).collect()
}

/// The files, and the positional variables: with `-f FILE` all of them are variables.
fn files_and_assignments(args: &Apply) -> Result<(Vec<String>, Vec<String>)> {
    match (&args.file[..], &args.manifest) {
        ([], Some(file)) => Ok((vec![file.clone()], args.assignments.clone())),
        ([], None) => Err(Error::usage("a manifest is missing").hint("run `spacectl apply FILE`")),
        (files, first) => Ok((files.to_vec(), first.iter().chain(&args.assignments).cloned().collect())),
    }
}

/// Whether a text is one or more specs of plugins.
fn is_plugin_spec(text: &SourceText) -> bool {
    let forms = text.documents().map(|document| document.is_ok_and(|node| ManifestForm::of(&node).is_plugin_spec()));
    let forms: Vec<bool> = forms.collect();
    !forms.is_empty() && forms.iter().all(|is_spec| *is_spec)
}

/// Whether a regular file holds a manifest.
fn is_manifest(file: &str) -> bool {
    let read = || SourceText::of_bytes(file.to_owned(), read_file(file).ok()?).ok();
    let text = Some(file).filter(|file| Path::new(file).is_file()).and_then(|_| read());
    text.is_some_and(|text| only_document(&text).is_ok_and(|node| ManifestForm::of(&node) == ManifestForm::Manifest))
}

/// Does what `plugin apply -f FILE...` does.
fn apply_plugins(args: &Apply, files: Vec<String>, assignments: &[String], context: &mut Context<'_>) -> Result<()> {
    let line: String = files.iter().map(|file| format!(" -f {}", shell_word(Path::new(file)))).collect();
    let takes_none = args.var.is_empty() && args.var_file.is_none() && args.env.is_empty() && assignments.is_empty();
    if !takes_none || args.resume.is_some() || args.output != SummaryFormat::None {
        let message = "specs of plugins take neither variables nor --resume nor -o here; a manifest is one file";
        return Err(Error::usage(message).hint(format!("run `spacectl plugin apply{line} -p KEY=VALUE` to set fields")));
    }
    context.streams.diagnostics.note(&format!("a plugin spec: running `spacectl plugin apply{line}`"));
    plugin::apply_files(files, args.dry_run, context)
}

/// The environment of templates and shell tasks: the process's, and over it the manifest's.
fn environment(env: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let mut all: Map<String, Value> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?.into())))
        .collect();
    all.extend(env.clone());
    (all, env)
}
