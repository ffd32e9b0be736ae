//! The arguments of a command line so far, which need not be valid.

use clap::{Arg, Command};

/// A command line, the program's name first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShellLine {
    pub(super) words: Vec<String>,
    /// The index of the word at the cursor; that word ends there.
    pub(super) index: usize,
}

impl ShellLine {
    pub(super) fn current(&self) -> &str {
        &self.words[self.index]
    }
}

/// The arguments of a command line, without the one at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ParsedLine {
    /// The commands, without the program's name: `config`, `endpoint`, `add`.
    pub(super) commands: Vec<String>,
    /// The ids of arguments with their values, in order.
    values: Vec<(String, String)>,
}

impl ParsedLine {
    /// The last value of an argument that is not empty.
    pub(super) fn value(&self, id: &str) -> Option<&str> {
        self.values(id).filter(|value| !value.is_empty()).last()
    }

    pub(super) fn values<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(of, _)| of == id).map(|(_, value)| value.as_str())
    }
}

/// Parses `typed` by the commands and options of `root`, which is built.
///
/// Also returns the line up to the cursor without its complete options: `clap_complete` takes an option's value for a
/// command of that name, e.g. in `-e local`.
pub(super) fn parse(root: &Command, typed: &ShellLine) -> (ParsedLine, ShellLine) {
    let mut reader =
        Reader { command: root, line: ParsedLine::default(), positionals: 0, waiting: None, escaped: false };
    let mut plain: Vec<String> = typed.words.first().cloned().into_iter().collect();
    for (at, word) in typed.words.iter().enumerate().skip(1) {
        let option = reader.waiting;
        let is_current = at == typed.index;
        let is_plain = reader.read(word, is_current);
        if is_current {
            plain.extend(option.and_then(flag));
            plain.push(word.clone());
        } else if at < typed.index && is_plain {
            plain.push(word.clone());
        }
    }
    let index = plain.len() - 1;
    (reader.line, ShellLine { words: plain, index })
}

struct Reader<'a> {
    command: &'a Command,
    line: ParsedLine,
    /// The number of positional arguments so far.
    positionals: usize,
    /// The option whose value is the next word.
    waiting: Option<&'a Arg>,
    /// After `--`.
    escaped: bool,
}

impl<'a> Reader<'a> {
    /// Reads one word; true if it is a command, a positional argument or `--`. The word at the cursor is not a value.
    fn read(&mut self, word: &str, is_current: bool) -> bool {
        if let Some(option) = self.waiting.take() {
            self.take(option, word, is_current);
            return false;
        }
        if self.escaped || word == "-" || !word.starts_with('-') {
            self.positional(word, is_current);
            return true;
        }
        if is_current {
            return false;
        }
        if word == "--" {
            self.escaped = true;
            return true;
        }
        match word.strip_prefix("--") {
            Some(long) => self.long(long),
            None => self.short(&word[1..]),
        }
        false
    }

    fn positional(&mut self, word: &str, is_current: bool) {
        let command = if self.escaped { None } else { self.command.find_subcommand(word) };
        if let (Some(command), false) = (command, is_current) {
            self.command = command;
            self.positionals = 0;
            self.line.commands.push(command.get_name().to_owned());
            return;
        }
        let positionals: Vec<&Arg> = self.command.get_positionals().collect();
        // The last one may take many.
        if let Some(argument) = positionals.get(self.positionals).or(positionals.last()) {
            self.take(argument, word, is_current);
        }
        self.positionals += 1;
    }

    fn long(&mut self, text: &str) {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let has_name = |arg: &&Arg| {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        };
        if let Some(option) = self.command.get_arguments().find(has_name).filter(|arg| takes_value(arg)) {
            match value {
                Some(value) => self.take(option, value, false),
                None => self.waiting = Some(option),
            }
        }
    }

    /// Letters after one `-`: flags, of which the last may have a value, in the same word or the next.
    fn short(&mut self, letters: &str) {
        for (at, letter) in letters.char_indices() {
            let option = self.command.get_arguments().find(|arg| arg.get_short() == Some(letter));
            if let Some(option) = option.filter(|arg| takes_value(arg)) {
                let value = &letters[at + letter.len_utf8()..];
                match value.strip_prefix('=').unwrap_or(value) {
                    "" => self.waiting = Some(option),
                    value => self.take(option, value, false),
                }
                return;
            }
        }
    }

    fn take(&mut self, argument: &Arg, value: &str, is_current: bool) {
        if !is_current {
            self.line.values.push((argument.get_id().to_string(), value.to_owned()));
        }
    }
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|count| count.takes_values())
}

fn flag(option: &Arg) -> Option<String> {
    let long = option.get_long().map(|long| format!("--{long}"));
    long.or_else(|| option.get_short().map(|short| format!("-{short}")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    /// Reads a line whose current word begins with `^`.
    fn read_text(text: &str) -> (ParsedLine, String) {
        let mut root = Cli::command();
        root.build();
        let words: Vec<&str> = text.split(' ').collect();
        let index = words.iter().position(|word| word.starts_with('^')).unwrap();
        let words = words.iter().map(|word| word.trim_start_matches('^').to_owned()).collect();
        let (line, plain) = parse(&root, &ShellLine { words, index });
        assert_eq!(plain.index + 1, plain.words.len());
        (line, plain.words.join(" "))
    }

    #[test]
    fn options_count_wherever_they_stand() {
        for text in [
            "spacectl -e local list repository.Plugin -c ^na",
            "spacectl list -elocal repository.Plugin -c ^na",
            "spacectl list --environment=local repository.Plugin -c ^na",
            "spacectl list repository.Plugin -c ^na -l 3 --environment local",
            "spacectl list repository.Plugin -mae local -c ^na",
        ] {
            let (line, plain) = read_text(text);
            assert_eq!(line.value("environment"), Some("local"), "{text}");
            assert_eq!(line.value("resource"), Some("repository.Plugin"), "{text}");
            assert_eq!(line.value("columns"), None, "{text}");
            assert_eq!(line.commands, ["list"], "{text}");
            assert_eq!(plain, "spacectl list repository.Plugin --columns na", "{text}");
        }
    }

    #[test]
    fn an_options_value_is_no_command() {
        let (line, plain) = read_text("spacectl -e local list ^");
        assert_eq!((line.commands, plain.as_str()), (vec!["list".to_owned()], "spacectl list "));
        let (_, plain) = read_text("spacectl -e ^list");
        assert_eq!(plain, "spacectl --environment list");
    }

    #[test]
    fn arguments_are_told_apart_by_their_places() {
        let (line, _) = read_text("spacectl exec register repository.Plugin -p a=1 -p ^ -p b=2");
        assert_eq!((line.value("verb"), line.value("resource")), (Some("register"), Some("repository.Plugin")));
        assert_eq!(line.values("parameter").collect::<Vec<_>>(), ["a=1", "b=2"]);
        let (line, _) = read_text("spacectl exec ^re repository.Plugin");
        assert_eq!((line.value("verb"), line.value("resource")), (None, Some("repository.Plugin")));
        let (line, _) = read_text("spacectl config set ^");
        assert_eq!(line.commands, ["config", "set"]);
        let (line, plain) = read_text("spacectl list -- ^-x");
        assert_eq!((line.value("resource"), plain.as_str()), (None, "spacectl list -- -x"));
    }

    #[test]
    fn nonsense_is_read_too() {
        for text in
            ["^", "spacectl ^", "spacectl --nope=1 -Z nope ^", "spacectl -- -- - ^", "spacectl list a b c d ^ -c"]
        {
            read_text(text);
        }
    }
}
