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
fn every_command_has_a_purpose_and_two_examples_that_fit_their_lines() {
    let user = Spacectl::new();
    let mut wrong = String::new();
    for words in commands() {
        let help = user.run(&format!("{words} -h")).quiet_success();
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
