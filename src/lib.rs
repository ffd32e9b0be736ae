//! spacectl: a command-line client for SpaceONE / Cloudforet.
//!
//! The way of every call: arguments -> request value -> descriptor -> bytes -> call -> value -> view -> output.

use std::ffi::OsString;
use std::io::Write as _;

use clap::Parser as _;
use clap::error::ErrorKind;

pub mod cli;
pub mod client;
mod commands;
pub mod config;
pub mod error;
pub mod escape;
pub mod json;
pub mod nearest;
pub mod output;
pub mod path;
pub mod plugin_image;
pub mod query;
pub mod repository;
pub mod resource;
pub mod spec;
pub mod streams;
pub mod value;
pub mod view;
pub mod yaml;

use config::Variables;
use error::{Error, Kind, Result};
use streams::{Streams, TalkFormat};

/// Does what `args` (the program's name first) ask for, and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, variables: &Variables, streams: &mut Streams) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let done = match cli::Cli::try_parse_from(&args) {
        Ok(cli) => {
            streams.talk.set_format(talk_format(cli.global.error_format));
            commands::run(&cli, variables, streams)
        }
        Err(unparsed) if unparsed.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            streams.talk.help(&unparsed.render());
            return Kind::Usage.exit_code();
        }
        Err(unparsed) => not_a_command(&unparsed, &args, streams),
    };
    // What stands in the buffer is part of the work: a full disk shows here.
    let done = done.and_then(|()| Ok(streams.out.flush()?));
    match done {
        Ok(()) => {
            streams.talk.finish(None);
            0
        }
        Err(error) => {
            // A reader that left is no news to anybody.
            streams.talk.finish((error.kind() != Kind::ReaderGone).then_some(&error));
            error.exit_code()
        }
    }
}

fn talk_format(format: cli::ErrorFormat) -> TalkFormat {
    match format {
        cli::ErrorFormat::Text => TalkFormat::Text,
        cli::ErrorFormat::Json => TalkFormat::Json,
    }
}

/// Help and version go to standard output; wrong usage is an error.
fn not_a_command(unparsed: &clap::Error, args: &[OsString], streams: &mut Streams) -> Result<()> {
    if !unparsed.use_stderr() {
        let text = unparsed.render();
        if streams.out_is_terminal {
            write!(streams.out, "{}", text.ansi())?;
        } else {
            write!(streams.out, "{text}")?;
        }
        return Ok(());
    }
    let wants_json = args.windows(2).any(|pair| pair[0] == "--error-format" && pair[1] == "json")
        || args.iter().any(|arg| arg == "--error-format=json");
    if wants_json {
        streams.talk.set_format(TalkFormat::Json);
    }
    Err(usage_error(unparsed))
}

/// clap's words in this program's form: the message, its tips as hints, and where help is.
fn usage_error(unparsed: &clap::Error) -> Error {
    let text = unparsed.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    // A list of what is missing or possible follows its sentence in lines of its own.
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let mut error = Error::usage(message);
    for line in paragraphs.flat_map(str::lines).map(str::trim) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            error = error.hint(tip);
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            error = error.hint(format!("usage: {usage}"));
        }
    }
    error.hint("--help tells more")
}
