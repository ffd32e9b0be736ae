//! Completion: what a word on a command line can become, asked by a shell's script.
//!
//! `clap_complete`'s engine walks the command line types of [`crate::cli`] and knows commands, options and their fixed
//! values. What only the configuration or a service knows is attached here to arguments by their ids, so that every
//! command with a `resource`, a `verb` or `columns` has it.
//!
//! A completion never fails, says or asks anything, and waits for services no longer than its [`budget`].

mod bash;
mod context;
mod fields;
mod parsed_line;
mod remote;
mod resource_info;
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
use crate::net::tls::Tls;
use context::{ArgKind, Context};
use shell::{Candidate, CompletionRequest, CompletionResponse};

/// How long a completion waits for services, all told, unless the user says otherwise.
const BUDGET: Duration = Duration::from_millis(300);
/// A person who waits longer has long gone on.
const LONGEST_BUDGET: Duration = Duration::from_secs(60);

/// What to write on standard output, where `args` (the program's name first) are a question of a shell's script; `None`
/// where they are a command to run.
///
/// `COMPLETE=SHELL spacectl` alone gives the script, as in other programs that complete by `clap_complete`.
pub fn answer(args: &[OsString], variables: &Variables) -> Option<String> {
    let shell = Shell::from_str(variables.complete.as_deref()?, true).ok()?;
    let args = args.get(1..).unwrap_or_default();
    if args.is_empty() {
        return Some(script(shell).to_owned());
    }
    let question = CompletionRequest::read(shell, args)?;
    let found = find(Cli::command(), shell, &question, variables, Instant::now() + budget(variables));
    Some(question.answer(found))
}

/// The names of the resources that the services in reach offer, as far as they are remembered or told by `deadline`.
pub fn offered(selection: &Selection, tls: Tls, variables: &Variables, deadline: Instant) -> Vec<String> {
    let reach = remote::RemoteServices::of(selection, tls, variables, deadline);
    let offers = reach.map(|reach| reach.offers(None, None)).unwrap_or_default();
    offers.into_iter().map(|offer| offer.name).collect()
}

/// How long a completion may wait for services, all told; what cannot be read as a time counts as not said.
fn budget(variables: &Variables) -> Duration {
    let said = variables.completion_timeout.as_deref().and_then(|text| cli::duration(text).ok());
    said.map_or(BUDGET, |limit| limit.unwrap_or(LONGEST_BUDGET).min(LONGEST_BUDGET))
}

fn find(
    mut root: Command,
    shell: Shell,
    question: &CompletionRequest,
    variables: &Variables,
    deadline: Instant,
) -> CompletionResponse {
    root.build();
    let (line, plain) = parsed_line::read(&root, &question.typed);
    let context = Arc::new(Context::new(line, variables.clone(), deadline));
    let mut root = attach(root, &context);
    let word = question.typed.current();
    let (words, index) = (plain.words.into_iter().map(OsString::from).collect(), plain.index);
    // An error is a line that the command line types do not know: then nothing is known of its word.
    let found = engine::complete(&mut root, words, index, Some(Path::new("."))).unwrap_or_default();
    let mut candidates: Vec<Candidate> = found.iter().filter_map(candidate).collect();
    // Options come when they are asked for, or when there can be nothing else.
    let is_argument = context.was_asked() || candidates.iter().any(|candidate| !candidate.value.starts_with('-'));
    if word.is_empty() && is_argument {
        candidates.retain(|candidate| !candidate.value.starts_with('-'));
    }
    match context.file() {
        Some(file) if candidates.is_empty() || word.is_empty() || !word.starts_with('-') => {
            let prefix = word.strip_suffix(file.as_str()).unwrap_or_default().to_owned();
            if shell::knows_files(shell, &prefix) {
                return CompletionResponse::Files { prefix };
            }
            let files = PathCompleter::any().current_dir(".").complete(OsStr::new(&file));
            CompletionResponse::Words(fields::prefixed(&prefix, files.iter().filter_map(candidate).collect()))
        }
        _ => CompletionResponse::Words(candidates),
    }
}

/// Gives the arguments of a command, and of those below it, what completes them.
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

/// What an argument of `command` is.
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
        ("name", "remove") => ArgKind::OwnAlias,
        ("path", "explain") => ArgKind::Address,
        ("plugin_id", _) => ArgKind::Plugin,
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

fn candidate(found: &CompletionCandidate) -> Option<Candidate> {
    let help = found.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().unwrap_or_default().to_owned();
    Some(Candidate { value: found.get_value().to_str()?.to_owned(), help })
}

#[cfg(test)]
mod tests;
