//! The whole help, as people read it.

mod support;

use clap::{Command, CommandFactory as _};
use insta::assert_snapshot;
use spacectl::cli::Cli;
use support::Spacectl;

/// The words of every command, the program's own first, in the order of the help.
fn commands() -> Vec<String> {
    fn collect(command: &Command, words: &str, found: &mut Vec<String>) {
        found.push(words.to_owned());
        for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
            collect(subcommand, format!("{words} {}", subcommand.get_name()).trim_start(), found);
        }
    }
    let mut found = Vec::new();
    collect(&Cli::command(), "", &mut found);
    found
}

#[test]
fn the_help_of_every_command() {
    let user = Spacectl::new();
    let help = commands().into_iter().map(|words| {
        let text = user.run(&format!("{words} --help")).quiet_success();
        format!("$ spacectl {}\n{text}\n", format!("{words} --help").trim_start())
    });
    assert_snapshot!(help.collect::<String>());
}

#[test]
fn every_command_has_a_purpose_and_two_examples() {
    let user = Spacectl::new();
    let mut wrong = String::new();
    for words in commands() {
        let help = user.run(&format!("{words} --help")).quiet_success();
        let purpose = help.lines().next().unwrap();
        if purpose.is_empty() || purpose.starts_with("Usage") || purpose.ends_with('.') || purpose.chars().count() > 100
        {
            wrong += &format!("{words}: the purpose is {purpose:?}\n");
        }
        let is_group = help.contains("\nCommands:\n");
        let examples = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
        let examples: Vec<&str> = examples.collect();
        let is_call = |example: &&str| example.starts_with("  ") && example.contains("spacectl ");
        if !is_group && (examples.len() != 2 || !examples.iter().all(is_call)) {
            wrong += &format!("{words}: the examples are {examples:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The columns of the narrowest usual terminal, and the lines of `-h` that it shows at once.
const WIDTH: usize = 80;
const HEIGHT: usize = 40;

/// A help text is written as clap wraps it: a paragraph is one line, and what is laid out by hand fits the width. Lines
/// that are broken twice would leave single words.
#[test]
fn help_fits_a_terminal_and_no_word_stands_alone() {
    let user = Spacectl::new().variable("COLUMNS", &WIDTH.to_string());
    let mut wrong = String::new();
    for words in commands() {
        for flag in ["-h", "--help"] {
            let help = user.run(&format!("{words} {flag}")).quiet_success();
            if flag == "-h" && (help.lines().count() > HEIGHT || help.contains("Examples:")) {
                wrong += &format!("{words} -h: {} lines\n", help.lines().count());
            }
            let mut before = "";
            for line in help.lines() {
                let text = line.trim();
                let is_placeholder = text.starts_with(['<', '[', '-']);
                let is_word = !text.is_empty() && text.len() < 15 && !text.contains(' ') && !text.ends_with(':');
                if line.chars().count() > WIDTH || is_word && !is_placeholder && !before.is_empty() {
                    wrong += &format!("{words} {flag}: {line:?}\n");
                }
                before = text;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_text_after_the_options_is_not_wrapped_twice() {
    fn check(command: &Command, wrong: &mut String) {
        let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        for part in after.split("\n\n").filter(|part| part.contains('\n')) {
            for line in part.lines().filter(|line| line.chars().count() > WIDTH) {
                *wrong += &format!("{}: {line:?}\n", command.get_name());
            }
        }
        command.get_subcommands().for_each(|subcommand| check(subcommand, wrong));
    }
    let mut wrong = String::new();
    check(&Cli::command(), &mut wrong);
    assert!(wrong.is_empty(), "{wrong}");
}
