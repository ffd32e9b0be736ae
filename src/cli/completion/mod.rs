//! Completion: the candidates for a word, requested by a shell's script.
//!
//! `clap_complete`'s engine walks the command line types of [`crate::cli`] and knows commands, options and their fixed
//! values. Values that only the configuration or a service knows are attached here to arguments by their ids, so that
//! every command with a `resource`, a `verb` or `columns` completes it.
//!
//! The scripts and their protocol are not those of `clap_complete::env`: bash's does not know that bash splits words at
//! `:` and `=`, PowerShell's evaluates the text of the line to split it, and none leaves files to the shell, which
//! quotes them and expands `~`. Used for the other shells alone, its module would hardly save a line here.
//!
//! A completion never fails, prints a message or asks, and waits for services no longer than its [`budget`].

mod bash;
mod configured;
mod context;
mod fields;
mod manifest_vars;
mod parsed_line;
mod remote;
mod resource_info;
mod resources;
mod shell;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Arg, Command, CommandFactory as _, ValueEnum as _, ValueHint};
use clap_complete::engine::{self, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};

pub use shell::script;

use crate::cli::{self, Cli, Shell};
use crate::config::{Selection, Variables};
use crate::net::tls::TlsSettings;
use context::{ArgKind, Context};
use shell::{Candidate, CompletionRequest, CompletionResponse};

/// How long a completion waits for services in total, unless SPACECTL_COMPLETION_TIMEOUT is set.
const BUDGET: Duration = Duration::from_millis(300);
const MAX_BUDGET: Duration = Duration::from_secs(60);

/// Returns the text for standard output if `args` (the program's name first) are a request of a shell's script.
///
/// `COMPLETE=SHELL spacectl` alone prints the script, as in other programs that complete by `clap_complete`.
pub fn respond(args: &[OsString], variables: &Variables) -> Option<String> {
    let shell = Shell::from_str(variables.complete.as_deref()?, true).ok()?;
    let args = args.get(1..).unwrap_or_default();
    if args.is_empty() {
        return Some(script(shell).to_owned());
    }
    let request = CompletionRequest::parse(shell, args)?;
    let response = complete(Cli::command(), shell, &request, variables, Instant::now() + budget(variables));
    Some(request.render(response))
}

/// The names of the resources that the selected services have, as far as they are cached or answer by `deadline`.
pub fn known_resources(
    selection: &Selection,
    tls: TlsSettings,
    variables: &Variables,
    deadline: Instant,
) -> Vec<String> {
    let remote = remote::RemoteServices::open(selection, tls, variables, deadline);
    let resources = remote.map(|remote| remote.resources(None, None)).unwrap_or_default();
    resources.into_iter().map(|resource| resource.name).collect()
}

/// The longest wait for services; an unreadable setting is ignored.
fn budget(variables: &Variables) -> Duration {
    let set = variables.completion_timeout.as_deref().and_then(|text| cli::duration(text).ok());
    set.map_or(BUDGET, |limit| limit.unwrap_or(MAX_BUDGET).min(MAX_BUDGET))
}

fn complete(
    mut root: Command,
    shell: Shell,
    request: &CompletionRequest,
    variables: &Variables,
    deadline: Instant,
) -> CompletionResponse {
    root.build();
    let (line, plain) = parsed_line::parse(&root, &request.line);
    let context = Arc::new(Context::new(line, variables.clone(), deadline));
    let mut root = attach(root, &context);
    let word = request.line.current();
    let (words, index) = (plain.words.into_iter().map(OsString::from).collect(), plain.index);
    // An error is a line that the command line types do not know: nothing is known of its word.
    let found = engine::complete(&mut root, words, index, Some(Path::new("."))).unwrap_or_default();
    let mut candidates: Vec<Candidate> = found.iter().filter_map(from_engine).collect();
    // Options are offered when they are begun, or when nothing else fits.
    let is_argument = context.was_asked() || candidates.iter().any(|candidate| !candidate.value.starts_with('-'));
    if word.is_empty() && is_argument {
        candidates.retain(|candidate| !candidate.value.starts_with('-'));
    }
    match context.file() {
        Some(file) if candidates.is_empty() || word.is_empty() || !word.starts_with('-') => {
            let prefix = word.strip_suffix(file.as_str()).unwrap_or_default().to_owned();
            if shell::completes_files(shell, &prefix) {
                return CompletionResponse::Files { prefix };
            }
            let files = PathCompleter::any().current_dir(".").complete(OsStr::new(&file));
            CompletionResponse::Words(fields::prefixed(&prefix, files.iter().filter_map(from_engine).collect()))
        }
        _ => CompletionResponse::Words(candidates),
    }
}

/// Attaches completers to the arguments of a command and of its subcommands.
fn attach(command: Command, context: &Arc<Context>) -> Command {
    let name = command.get_name().to_owned();
    command
        .mut_args(|arg| match kind(&name, &arg) {
            Some(kind) => {
                let context = Arc::clone(context);
                arg.add(ArgValueCompleter::new(move |word: &OsStr| match word.to_str() {
                    Some(word) => context.candidates(kind, word).into_iter().map(to_engine).collect(),
                    None => Vec::new(),
                }))
            }
            None => arg,
        })
        .mut_subcommands(|command| attach(command, context))
}

/// The kind of an argument of `command`.
fn kind(command: &str, arg: &Arg) -> Option<ArgKind> {
    Some(match (arg.get_id().as_str(), command) {
        ("environment" | "switch", _) | ("remove", "environment") => ArgKind::Environment,
        ("endpoint", _) => ArgKind::Endpoint,
        ("service", _) => ArgKind::Service,
        ("resource", _) => ArgKind::Resource,
        ("verb", _) => ArgKind::Verb,
        ("columns", _) => ArgKind::Columns,
        ("sort", _) => ArgKind::Sort,
        ("parameter", _) => ArgKind::Parameter,
        ("filter" | "filter_any", _) => ArgKind::Filter,
        ("key", "set" | "get" | "remove") => ArgKind::Key,
        ("name", "remove") => ArgKind::Alias,
        ("path", "explain") => ArgKind::Address,
        ("plugin_id", _) => ArgKind::Plugin,
        ("explain", "lint") => ArgKind::LintRule,
        ("explain" | "allow", "test") => ArgKind::TestRule,
        ("resource_type", "init" | "test") => ArgKind::ResourceType,
        ("assignments" | "var", "apply") => ArgKind::ManifestVar,
        _ if matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath) => {
            ArgKind::Path
        }
        _ => return None,
    })
}

fn to_engine(candidate: Candidate) -> CompletionCandidate {
    let help = (!candidate.help.is_empty()).then(|| candidate.help.into());
    CompletionCandidate::new(candidate.value).help(help)
}

fn from_engine(found: &CompletionCandidate) -> Option<Candidate> {
    let help = found.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().unwrap_or_default().to_owned();
    Some(Candidate { value: found.get_value().to_str()?.to_owned(), help })
}

#[cfg(test)]
mod tests;
