//! spacectl: a command-line client for SpaceONE / Cloudforet.
//!
//! Every call goes: arguments -> request value -> descriptor -> bytes -> call -> bytes -> rows -> output.

#[cfg(not(unix))]
compile_error!("spacectl needs Unix: its signals, its file modes and its terminals");

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind as ClapErrorKind;
use signal_hook::low_level::emulate_default_handler;

pub mod cli;
pub mod codec;
mod commands;
pub mod config;
pub mod error;
pub mod explain;
mod fs;
pub mod grpc;
#[cfg_attr(not(feature = "local"), path = "local_service/absent.rs")]
pub mod local_service;
pub mod manifest;
pub mod net;
pub mod oci;
pub mod output;
pub mod plugin;
pub mod query;
pub mod schema;
pub mod secret;
pub mod spec;
pub mod terminal;
pub mod text;
pub mod yaml;

use config::Variables;
use error::{Error, ErrorKind, Result, TerminationSignal, panics};
use terminal::color::ColorChoice;
use terminal::io_streams::{DiagnosticFormat, IoStreams};

/// Runs the command line `args` (the program's name first), and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, variables: &Variables, streams: &mut IoStreams) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    panics::catch(|| run_command(args, variables, streams)).unwrap_or_else(|panic| {
        let error = panics::error(panic);
        // Complete results come before the error, if they can.
        let _ = streams.out.flush();
        streams.diagnostics.finish(Some(&error));
        error.exit_code()
    })
}

fn run_command(args: Vec<OsString>, variables: &Variables, streams: &mut IoStreams) -> u8 {
    if variables.complete.is_some()
        && let Some(response) = cli::completion::respond(&args, variables)
    {
        // A completion reports nothing, not even a shell that has gone.
        let _ = streams.out.write_all(response.as_bytes()).and_then(|()| streams.out.flush());
        return 0;
    }
    let result = dispatch(args, variables, streams);
    // Results come before diagnostics, and a full disk may show only here.
    let flushed = streams.out.flush().map_err(Error::from);
    let Err(error) = result.and(flushed) else {
        streams.diagnostics.finish(None);
        return 0;
    };
    streams.diagnostics.finish((!error.is_silent()).then_some(&error));
    if let ErrorKind::Signal(signal) = error.kind()
        && signal != TerminationSignal::Interrupt
    {
        // Ends by the signal, as a program without handlers; only Ctrl-C has an exit code of its own. Returns only if
        // the signal's default cannot be restored.
        let _ = emulate_default_handler(signal.number());
    }
    error.exit_code()
}

fn dispatch(args: Vec<OsString>, variables: &Variables, streams: &mut IoStreams) -> Result<()> {
    let args = cli::join_watch(args);
    let cli = match cli::parse(&args, variables) {
        Ok(cli) => cli,
        Err(error) => return report_unparsed(&error, &args, streams),
    };
    streams.set_color(cli.global.color.into());
    if cli.global.error_format == cli::ErrorFormat::Json {
        streams.diagnostics.set_format(DiagnosticFormat::Json);
    }
    if cli.global.quiet {
        streams.diagnostics.set_quiet();
    }
    if cli.global.verbose > 0 {
        streams.diagnostics.set_verbose();
    }
    // clap compares options of one command, and these can come before and after its name.
    if cli.global.quiet && cli.global.verbose > 0 {
        return Err(Error::usage("--quiet and --verbose cannot be used together"));
    }
    if let Some(error) = cli::suggestions::refuse_id_in_resource(&cli, &args) {
        return Err(error);
    }
    commands::run(&cli, variables, streams).map_err(|error| name_format_variable(error, variables))
}

/// Names `SPACECTL_OUTPUT` in the error of a format that nobody typed.
fn name_format_variable(error: Error, variables: &Variables) -> Error {
    let Some(format) = &variables.output else { return error };
    let is_blamed = error.problems().iter().any(|problem| problem.message.starts_with(&format!("-o {format} ")));
    if is_blamed { error.hint("or give another format with -o: SPACECTL_OUTPUT sets this one") } else { error }
}

/// Writes help and version to standard output; everything else is a usage error.
fn report_unparsed(error: &clap::Error, args: &[OsString], streams: &mut IoStreams) -> Result<()> {
    streams.set_color(value_of(args, "--color").map_or(ColorChoice::Auto, |choice| match choice {
        "always" => ColorChoice::Always,
        "never" => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }));
    if !error.use_stderr() {
        let text = error.render();
        if streams.out_color {
            write!(streams.out, "{}", text.ansi())?;
        } else {
            write!(streams.out, "{text}")?;
        }
        return Ok(());
    }
    if value_of(args, "--error-format") == Some("json") {
        streams.diagnostics.set_format(DiagnosticFormat::Json);
    }
    if error.kind() == ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        streams.diagnostics.help(&error.render());
        return Err(Error::usage("a command is missing"));
    }
    // clap shows the unexpected word, which can be part of a key here.
    if error.kind() == ClapErrorKind::UnknownArgument && args.windows(2).any(|pair| pair == ["config", "set"]) {
        return Err(Error::usage("config set takes a key and one value")
            .hint("quote a value that has blanks or begins with -, or use - to read it from standard input"));
    }
    Err(usage_error(error, cli::suggestions::suggest(error, args)))
}

/// The value of an option among arguments that cannot be parsed.
fn value_of<'a>(args: &'a [OsString], option: &str) -> Option<&'a str> {
    args.iter().enumerate().find_map(|(at, arg)| match arg.to_str()?.strip_prefix(option)? {
        "" => args.get(at + 1)?.to_str(),
        value => value.strip_prefix('='),
    })
}

/// Converts clap's error: its message, and its tips unless there is a better hint.
fn usage_error(error: &clap::Error, better: Option<String>) -> Error {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    // A list of missing or possible values follows its sentence in lines of its own.
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let mut usage = Error::usage(message);
    match better {
        Some(hint) => usage = usage.hint(hint),
        None => {
            for line in paragraphs.flat_map(str::lines).map(str::trim) {
                if let Some(tip) = line.strip_prefix("tip: ") {
                    // `-- -x` is hardly ever intended.
                    if tip.contains("similar") {
                        usage = usage.hints(cli::suggestions::similar(error));
                    } else if !tip.contains("as a value, use") {
                        usage = usage.hint(tip);
                    }
                } else if let Some(line) = line.strip_prefix("Usage: ") {
                    usage = usage.hint(format!("usage: {line}"));
                }
            }
        }
    }
    usage.hint("for more information, try '--help'")
}
