//! Parses the command line, with the defaults that variables set.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory as _, Error, FromArgMatches as _};

use super::{Cli, duration};
use crate::config::Variables;

/// The id of the option `-o`.
const OUTPUT: &str = "output";

/// Parses `args`, the program's name first. `SPACECTL_TIMEOUT` and `SPACECTL_OUTPUT` count where no option is given.
///
/// # Errors
/// A wrong command line, a request for help or the version, or a wrong variable that would be used.
pub fn parse(args: &[OsString], variables: &Variables) -> Result<Cli, Error> {
    let mut root = Cli::command();
    let mut is_known = true;
    if let Some(format) = &variables.output {
        is_known = knows_format(&root, format);
        if is_known {
            // clap takes texts that live as long as the program, and so does this one.
            root = with_format(root, format.clone().leak());
        }
    }
    let matches = root.try_get_matches_from_mut(args)?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut root))?;
    if let (Some(format), false) = (&variables.output, is_known)
        && let Some(output) = open_format(&root, &matches)
    {
        return Err(invalid("SPACECTL_OUTPUT", format, &format!(" [possible values: {}]", names(output).join(", "))));
    }
    if let (None, Some(text)) = (cli.global.timeout, &variables.timeout) {
        let limit = duration(text).map_err(|why| invalid("SPACECTL_TIMEOUT", text, &format!(": {why}")))?;
        cli.global.timeout = Some(limit);
    }
    Ok(cli)
}

/// The error of a variable, in the words of clap's error of an option.
fn invalid(variable: &str, value: &str, why: &str) -> Error {
    Error::raw(ErrorKind::InvalidValue, format!("invalid value '{value}' for '{variable}'{why}\n"))
}

/// Whether a command has this output format.
fn knows_format(command: &Command, format: &str) -> bool {
    let is_here = command.get_arguments().any(|arg| has_format(arg, format));
    is_here || command.get_subcommands().any(|command| knows_format(command, format))
}

/// Makes `format` the default of each command that has it. A default conflicts with no other option.
fn with_format(command: Command, format: &'static str) -> Command {
    command
        .mut_args(|arg| if has_format(&arg, format) { arg.default_value(format) } else { arg })
        .mut_subcommands(|command| with_format(command, format))
}

fn has_format(arg: &Arg, format: &str) -> bool {
    arg.get_id() == OUTPUT && names(arg).iter().any(|name| name == format)
}

/// The names of an option's values; none if it takes any, as the file of `plugin init -o`.
fn names(arg: &Arg) -> Vec<String> {
    arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// The option `-o` of the chosen command, if it has formats and is not given.
fn open_format<'a>(root: &'a Command, matches: &'a ArgMatches) -> Option<&'a Arg> {
    let (mut command, mut matches) = (root, matches);
    while let Some((name, below)) = matches.subcommand() {
        (command, matches) = (command.find_subcommand(name)?, below);
    }
    let output = command.get_arguments().find(|arg| arg.get_id() == OUTPUT && !names(arg).is_empty())?;
    (matches.value_source(OUTPUT) != Some(ValueSource::CommandLine)).then_some(output)
}
