//! spacectl: a command-line client for SpaceONE / Cloudforet.
//!
//! The way of every call: arguments -> request value -> descriptor -> bytes -> call -> value -> view -> output.

#[cfg(not(unix))]
compile_error!("spacectl needs Unix: its signals, its file modes and its terminals");

use std::ffi::OsString;
use std::io::Write as _;

use clap::Parser as _;
use clap::error::ErrorKind;
use signal_hook::low_level::emulate_default_handler;

pub mod cli;
pub mod codec;
mod commands;
pub mod config;
pub mod error;
pub mod explain;
mod fs;
pub mod grpc;
pub mod local_service;
pub mod net;
pub mod oci;
pub mod output;
pub mod plugin;
pub mod query;
pub mod schema;
pub mod secret;
pub mod spec;
pub mod terminal;
pub mod yaml;

use cli::Cli;
use config::Variables;
use error::{Error, Result, TerminationSignal, panics};
use terminal::io_streams::{DiagnosticFormat, IoStreams};

/// Does what `args` (the program's name first) ask for, and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, variables: &Variables, streams: &mut IoStreams) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    panics::catch(|| run_command(args, variables, streams)).unwrap_or_else(|panic| {
        let error = panics::error(panic);
        // Results that are complete come out before it, if they can.
        let _ = streams.out.flush();
        streams.diagnostics.finish(Some(&error));
        error.exit_code()
    })
}

fn run_command(args: Vec<OsString>, variables: &Variables, streams: &mut IoStreams) -> u8 {
    if variables.complete.is_some()
        && let Some(answer) = cli::completion::answer(&args, variables)
    {
        // A shell that has left, or a full disk behind it, is nobody's trouble here.
        let _ = streams.out.write_all(answer.as_bytes()).and_then(|()| streams.out.flush());
        return 0;
    }
    let args = cli::join_watch(args);
    let done = match Cli::try_parse_from(&args) {
        Ok(cli) => {
            streams.diagnostics.set_format(talk_format(cli.global.error_format));
            if cli.global.quiet {
                streams.diagnostics.set_quiet();
            }
            // clap compares options of one command, and these can stand before and behind its name.
            if cli.global.quiet && cli.global.verbose > 0 {
                Err(Error::usage("--quiet and --verbose cannot be used together"))
            } else {
                commands::run(&cli, variables, streams)
            }
        }
        Err(unparsed) => not_a_command(&unparsed, &args, streams),
    };
    // Results come out before what is said about them; and what stands in the buffer is part of the work: a full disk
    // shows here.
    let flushed = streams.out.flush().map_err(Error::from);
    match done.and(flushed) {
        Ok(()) => {
            streams.diagnostics.finish(None);
            0
        }
        Err(error) => {
            streams.diagnostics.finish((!error.is_silent()).then_some(&error));
            if let error::ErrorKind::Signal(
                ending @ (TerminationSignal::Terminate | TerminationSignal::HangUp | TerminationSignal::Quit),
            ) = error.kind()
            {
                // Now that all is said, it ends as where nobody looks; only Ctrl-C has an exit code of its own. This
                // returns only if the signal's default cannot be had back.
                let _ = emulate_default_handler(ending.number());
            }
            error.exit_code()
        }
    }
}

fn talk_format(format: cli::ErrorFormat) -> DiagnosticFormat {
    match format {
        cli::ErrorFormat::Text => DiagnosticFormat::Text,
        cli::ErrorFormat::Json => DiagnosticFormat::Json,
    }
}

/// Help and version go to standard output; wrong usage is an error.
fn not_a_command(unparsed: &clap::Error, args: &[OsString], streams: &mut IoStreams) -> Result<()> {
    if !unparsed.use_stderr() {
        let text = unparsed.render();
        if streams.out_is_terminal && streams.color {
            write!(streams.out, "{}", text.ansi())?;
        } else {
            write!(streams.out, "{text}")?;
        }
        return Ok(());
    }
    if asks_for_json_errors(args) {
        streams.diagnostics.set_format(DiagnosticFormat::Json);
    }
    if unparsed.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        streams.diagnostics.help(&unparsed.render());
        return Err(Error::usage("a command is missing"));
    }
    // clap shows the word that it did not expect, which here can be part of a key.
    if unparsed.kind() == ErrorKind::UnknownArgument && args.windows(2).any(|pair| pair == ["config", "set"]) {
        return Err(Error::usage("config set takes a key and one value")
            .hint("quote a value that holds blanks or begins with -, or use - to read it from standard input"));
    }
    Err(usage_error(unparsed, &cli::suggestions::hints(unparsed, args)))
}

/// Looks for `--error-format json` in arguments that could not be parsed.
fn asks_for_json_errors(args: &[OsString]) -> bool {
    args.windows(2).any(|pair| pair == ["--error-format", "json"])
        || args.iter().any(|arg| arg == "--error-format=json")
}

/// clap's words in this program's form: the message, its tips as hints unless `better` ones are known, and where help is.
fn usage_error(unparsed: &clap::Error, better: &[String]) -> Error {
    let text = unparsed.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    // A list of what is missing or possible follows its sentence in lines of its own.
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let mut error = better.iter().fold(Error::usage(message), |error, hint| error.hint(hint));
    // What clap guesses leads astray where more is known.
    let guesses = paragraphs.flat_map(str::lines).map(str::trim).filter(|_| better.is_empty());
    for line in guesses {
        if let Some(tip) = line.strip_prefix("tip: ") {
            // `-- -x` is hardly ever what was meant.
            if !tip.contains("as a value, use") {
                error = error.hint(tip);
            }
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            error = error.hint(format!("usage: {usage}"));
        }
    }
    error.hint("--help tells more")
}
