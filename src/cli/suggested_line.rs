//! Command lines to suggest: the typed one with other words. clap accepts each.

use std::ffi::OsString;
use std::io;

use clap::{Arg, Command, CommandFactory as _, Parser as _};

use super::option_hints::corrected;
use super::{Cli, habits, join_watch};
use crate::config::Environment;
use crate::plugin::builder::quoted;
use crate::plugin::plan;
use crate::secret::names_a_secret;
use crate::spec::source::Syntax;
use crate::spec::{self, Inputs};

/// Options whose values may be secrets, or whose fields may be.
const SECRET_OPTIONS: [&str; 8] = ["-p", "-j", "-H", "--parameter", "--json-parameter", "--header", "--var", "--env"];

/// Other spellings of `-f`.
const FILE_OPTIONS: [&str; 5] = ["-f", "--file-parameter", "--file", "--filename", "--from-file"];

/// The line after `spacectl`: what comes before, the words of a template with what fills it in, and the rest.
#[derive(Clone, Debug, Default)]
pub struct SuggestedLine {
    pub(super) before: Vec<String>,
    template: Vec<String>,
    positionals: Vec<String>,
    pub(super) options: Vec<String>,
    /// How many of the template's placeholders were filled in.
    pub filled: usize,
    /// How many it has.
    pub placeholders: usize,
}

impl SuggestedLine {
    /// Fills `template` in with words of `after`.
    pub fn new(template: &str, before: &[&str], after: &[&str]) -> Self {
        let root = root();
        let (mut positionals, mut options) = split(after, command(&root, template));
        let mut line = Self { before: owned(before), ..Self::default() };
        let mut option = "";
        for word in template.split(' ') {
            if is_placeholder(word) {
                line.placeholders += 1;
                let value = take_option(&mut options, option).or_else(|| {
                    let index = positionals.iter().position(|given| fits(word, given))?;
                    Some(positionals.remove(index))
                });
                line.filled += usize::from(value.is_some());
                line.template.push(value.unwrap_or(word).to_owned());
            } else {
                line.template.push(word.to_owned());
            }
            option = word;
        }
        line.positionals = owned(&positionals);
        line.options = owned(&options);
        line
    }

    /// The line with these words in the place of some that the user typed; nothing is filled in.
    pub fn replaced(before: &[&str], words: Vec<String>, after: &[&str]) -> Self {
        Self { before: owned(before), template: words, options: owned(after), ..Self::default() }
    }

    /// The line as typed.
    pub fn typed(words: &[&str]) -> Self {
        Self::replaced(&[], Vec::new(), words)
    }

    /// For a template that names a plugin: those of the specs that the user gave instead.
    #[must_use]
    pub fn with_ids_of_specs(mut self) -> Self {
        let options = std::mem::take(&mut self.options);
        let mut options: Vec<&str> = options.iter().map(String::as_str).collect();
        let file = take_option(&mut options, "-f");
        self.options = owned(&options);
        let Some(file) = file else { return self };
        let inputs = Inputs { files: vec![file.to_owned()], ..Inputs::default() };
        let drafts = if file == "-" { Ok(Vec::new()) } else { spec::read(&inputs, &mut io::empty()) };
        let drafts = drafts.unwrap_or_default();
        let ids: Vec<String> =
            drafts.iter().filter_map(|draft| Some(plan::plugin_id(draft.fields()?)?.to_owned())).collect();
        if let (Some(last), false) = (self.template.pop(), ids.is_empty()) {
            if !is_placeholder(&last) {
                self.template.push(last);
            }
            self.template.extend(ids);
        } else {
            self.template.push("PLUGIN".to_owned());
        }
        self
    }

    /// The longest line that clap accepts, between backticks; `None` if it accepts none. Options of other tools are
    /// replaced.
    pub fn accepted(self) -> Option<String> {
        let shorter = [
            Self { positionals: Vec::new(), ..self.clone() },
            Self { positionals: Vec::new(), options: Vec::new(), ..self.clone() },
            Self { positionals: Vec::new(), options: Vec::new(), before: Vec::new(), ..self.clone() },
        ];
        std::iter::once(self).chain(shorter).find_map(Self::accepted_whole)
    }

    /// As [`SuggestedLine::accepted`], with all that the user typed.
    pub fn accepted_whole(self) -> Option<String> {
        corrected(self).map(|(line, _)| line.to_text())
    }

    /// All words.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        [&self.before, &self.template, &self.positionals, &self.options].into_iter().flatten().map(String::as_str)
    }

    /// What clap says of the line.
    pub(super) fn parse(&self) -> Result<Cli, clap::Error> {
        let args = std::iter::once("spacectl").chain(self.words()).map(OsString::from);
        Cli::try_parse_from(join_watch(args))
    }

    /// Whether all of it is what the user typed.
    pub(super) fn is_typed(&self) -> bool {
        self.template.is_empty()
    }

    /// Without values that may be secrets.
    pub(super) fn to_text(&self) -> String {
        let (before, mut hidden) = shown(&self.before);
        let (after, others) = shown(&self.options);
        hidden.extend(others);
        hidden.dedup();
        let template = self.template.iter().chain(&self.positionals).map(String::as_str);
        let words = before.into_iter().chain(template).chain(after);
        let line: String = words.map(|word| format!(" {}", quoted(word))).collect();
        match &hidden[..] {
            [] => format!("`spacectl{line}`"),
            hidden => format!("`spacectl{line}` with the same {}", hidden.join(", ")),
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The built command line.
pub fn root() -> Command {
    let mut root = Cli::command();
    root.build();
    root
}

/// The command that the first words of `template` name.
fn command<'c>(root: &'c Command, template: &str) -> &'c Command {
    let words = template.split(' ');
    words
        .fold((root, true), |(command, goes_on), word| match command.find_subcommand(word).filter(|_| goes_on) {
            Some(command) => (command, true),
            None => (command, false),
        })
        .0
}

/// Positional arguments, and options with their values as `command` takes them.
pub fn split<'a>(words: &[&'a str], command: &Command) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut positionals, mut options) = (Vec::new(), Vec::new());
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if word == "-" || !word.starts_with('-') {
            positionals.push(word);
            continue;
        }
        options.push(word);
        if takes_next(command, word) {
            options.extend(words.next());
        }
    }
    (positionals, options)
}

/// Whether the next word is the value of the option `word`.
fn takes_next(command: &Command, word: &str) -> bool {
    let is_it = |arg: &&Arg| {
        let has_long =
            |name: &str| arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name));
        match word.strip_prefix("--") {
            Some(name) => has_long(name),
            None => arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.to_string().as_str())),
        }
    };
    let has_value =
        |arg: &Arg| arg.get_num_args().is_some_and(|count| count.takes_values()) && !arg.is_require_equals_set();
    FILE_OPTIONS.contains(&word)
        || habits::takes_value(word)
        || command.get_arguments().find(is_it).is_some_and(has_value)
}

fn is_placeholder(word: &str) -> bool {
    word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '.' || c == '_')
}

/// Whether a word that the user typed can fill in `placeholder`.
fn fits(placeholder: &str, word: &str) -> bool {
    let is_file = Syntax::of_file(word).is_some() || word == "-" || std::path::Path::new(word).is_dir();
    match placeholder {
        "FILE" => is_file,
        "TAG" | "COMMAND" => false,
        "KEY" => Environment::key_help().any(|(key, _)| key == word) || word.contains('.'),
        "SERVICE.RESOURCE" => word.contains('.') && !is_file,
        _ => !is_file,
    }
}

/// Takes the value of `option` out of `options`.
fn take_option<'a>(options: &mut Vec<&'a str>, option: &str) -> Option<&'a str> {
    let is_it = |word: &&str| *word == option || option == "-f" && FILE_OPTIONS.contains(word);
    let index = options.iter().position(is_it)?;
    if index + 1 >= options.len() {
        return None;
    }
    options.remove(index);
    Some(options.remove(index))
}

/// The words without values that may be secrets, and the options that had them.
fn shown(words: &[String]) -> (Vec<&str>, Vec<&str>) {
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        let is_attached =
            SECRET_OPTIONS.iter().find(|option| option.len() == 2 && word.len() > 2 && word.starts_with(**option));
        let is_secret = SECRET_OPTIONS.contains(&name)
            || name.strip_prefix("--").is_some_and(|name| names_a_secret(&name.replace('-', "_")));
        match is_attached {
            Some(option) => hidden.push(*option),
            None if is_secret => {
                hidden.push(name);
                if name == word {
                    words.next_if(|value| !value.starts_with('-') || *value == "-");
                }
            }
            None => shown.push(word),
        }
    }
    (shown, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(template: &str, before: &str, after: &str) -> Option<String> {
        let words = |text: &'static str| -> Vec<&'static str> { text.split_whitespace().collect() };
        let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        SuggestedLine::new(template, &words(leak(before)), &words(leak(after))).accepted()
    }

    #[test]
    fn what_was_typed_is_filled_in_as_far_as_clap_accepts_it() {
        for (template, before, after, expected) in [
            ("plugin get PLUGIN", "-e lab", "plugin-a -o json", "`spacectl -e lab plugin get plugin-a -o json`"),
            ("plugin get PLUGIN", "", "plugin-a --frobnicate", "`spacectl plugin get plugin-a`"),
            ("plugin get PLUGIN", "--frobnicate", "plugin-a", "`spacectl plugin get plugin-a`"),
            ("plugin get PLUGIN", "", "", "`spacectl plugin get PLUGIN`"),
            ("plugin apply -f FILE", "", "--filename a.yml -f b.yml", "`spacectl plugin apply -f a.yml -f b.yml`"),
            ("plugin lint FILE", "", "-q a.yml", "`spacectl plugin lint a.yml -q`"),
            ("plugin apply -f FILE", "", "plugin-a", "`spacectl plugin apply -f FILE`"),
            ("plugin deregister PLUGIN", "", "플러그인 b --yes", "`spacectl plugin deregister '플러그인' b --yes`"),
        ] {
            assert_eq!(line(template, before, after).as_deref(), Some(expected), "{after}");
        }
    }

    #[test]
    fn values_that_may_be_secret_are_not_repeated() {
        let hidden = "`spacectl exec update plugin -f a.yml` with the same -H, -p";
        let after = "-p tags.token=hunter2 -f a.yml -pa=hunter2";
        assert_eq!(line("exec update plugin", "-H x-a:hunter2", after).as_deref(), Some(hidden));
        let init = line("config init", "", "--api-key hunter2 -e lab").unwrap();
        assert!(!init.contains("hunter2") && init.contains("-e lab"), "{init}");
    }
}
