//! Hints for options and formats of other tools: the typed line with all of them replaced.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::habits::{FORMATS, LISTING, OPTIONS, OptionHabit, OptionValue};
use super::resource_words::{id_column, is_resource};
use super::suggested_line::{SuggestedLine, root, split};
use super::verb_hints::REQUEST_OPTIONS;

/// The most wrong options of one line.
const MAX_STEPS: usize = 12;

/// The hint for options and formats of other tools among the typed words.
pub(super) fn for_options(error: &clap::Error, words: &[&str]) -> Option<String> {
    let line = SuggestedLine::typed(words);
    let first = habits_of(error).into_iter().next();
    // The value of a field may be a secret.
    let is_shown = |(_, habits): &(SuggestedLine, Vec<&OptionHabit>)| {
        !habits.is_empty() && habits.iter().all(|habit| habit.instead != "-p")
    };
    if let Some((line, habits)) = corrected(line).filter(is_shown) {
        let mut notes: Vec<String> = Vec::new();
        for note in habits.into_iter().map(note) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        return Some(format!("{}: {}", notes.join("; "), line.to_text()));
    }
    let habit = first?;
    let OptionHabit { instead, example, .. } = habit;
    let separator = if instead.ends_with('=') { "" } else { " " };
    let value = if habit.value == OptionValue::Given { example } else { "" };
    Some(match format!("{}{separator}{value}", instead.replace("ID", "COLUMN")).trim() {
        "" => note(habit),
        line => format!("{}, e.g. {line}", note(habit)),
    })
}

/// The hint for a format that only some commands have.
pub(super) fn for_format(error: &clap::Error, words: &[&str]) -> Option<String> {
    if text(error, ContextKind::InvalidValue) == Some("chart") {
        return Some("use -o chart with stat or analyze".to_owned());
    }
    for_options(error, words)
}

/// The line that clap accepts, once options of other tools are replaced, and the rows of these; `None` if it does not
/// accept it then.
pub(super) fn corrected(line: SuggestedLine) -> Option<(SuggestedLine, Vec<&'static OptionHabit>)> {
    if let Some(listing) = as_listing(&line)
        && let Some((line, mut habits)) = correct(listing, MAX_STEPS)
    {
        habits.insert(0, &LISTING);
        return Some((line, habits));
    }
    correct(line, MAX_STEPS)
}

fn correct(line: SuggestedLine, steps: usize) -> Option<(SuggestedLine, Vec<&'static OptionHabit>)> {
    let Err(error) = line.parse() else { return Some((line, Vec::new())) };
    let steps = steps.checked_sub(1)?;
    // An option before the command may be one of the command.
    let ways = habits_of(&error).into_iter().flat_map(|habit| [(habit, false), (habit, true)]);
    ways.into_iter().find_map(|(habit, is_last)| {
        let (line, mut habits) = correct(replaced(habit, &error, &line, is_last)?, steps)?;
        habits.insert(0, habit);
        Some((line, habits))
    })
}

/// `list` for the `get` of kubectl without an id.
fn as_listing(line: &SuggestedLine) -> Option<SuggestedLine> {
    let words: Vec<&str> = line.words().collect();
    let root = root();
    let (positionals, options) = split(&words, root.find_subcommand("get")?);
    let ["get", resource] = positionals[..] else { return None };
    let is_request = |option: &&str| REQUEST_OPTIONS.iter().any(|name| is_option(option, name));
    if !line.is_typed() || !is_resource(resource) || options.iter().any(is_request) {
        return None;
    }
    let words: Vec<&str> = words.iter().map(|word| if *word == "get" { LISTING.instead } else { word }).collect();
    Some(SuggestedLine::typed(&words))
}

/// The rows of the option or format that an error rejects.
fn habits_of(error: &clap::Error) -> Vec<&'static OptionHabit> {
    let Some((word, value)) = rejected(error) else { return Vec::new() };
    let (rows, name) = match value {
        Some(format) if word == "-o" => (FORMATS, format.split('=').next().unwrap_or_default()),
        _ => (OPTIONS, word),
    };
    rows.iter().filter(|habit| habit.words.contains(&name)).collect()
}

/// The option that an error rejects, and its value if only that is rejected.
fn rejected(error: &clap::Error) -> Option<(&str, Option<&str>)> {
    let arg = text(error, ContextKind::InvalidArg)?;
    match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => Some((arg, None)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = text(error, ContextKind::InvalidValue)?;
            let is_selector = arg.starts_with("--limit") && value.contains('=');
            let option = if arg.starts_with("--output") { Some("-o") } else { is_selector.then_some("-l") };
            option.map(|option| (option, Some(value)))
        }
        _ => None,
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// The line with the rejected option as `habit` has it, in its place or as the last.
fn replaced(habit: &OptionHabit, error: &clap::Error, line: &SuggestedLine, is_last: bool) -> Option<SuggestedLine> {
    let (option, rejected_value) = rejected(error)?;
    let names = match option {
        "-o" => ["-o", "--output"],
        "-l" => ["-l", "--limit"],
        name => [name, name],
    };
    let id = id_column(&line.words().collect::<Vec<_>>());
    let replace = |words: &[String]| {
        let has_value = |index: usize, name: &str| {
            let value = attached(&words[index], name).or_else(|| words.get(index + 1).map(String::as_str));
            rejected_value.is_none_or(|rejected| value == Some(rejected))
        };
        let is_it = |index: &usize| names.iter().any(|name| is_option(&words[*index], name) && has_value(*index, name));
        let index = (0..words.len()).find(is_it)?;
        let attached = names.iter().find_map(|name| attached(&words[index], name));
        let next = words.get(index + 1).map(String::as_str).filter(|word| !word.starts_with('-'));
        let value = match habit.value {
            OptionValue::None => None,
            OptionValue::Given | OptionValue::Dropped => Some(attached.or(next)?),
        };
        let after = index + 1 + usize::from(value.is_some() && attached.is_none());
        let typed = habit.words_instead(value, &id);
        let (before, after) = (&words[..index], words.get(after..).unwrap_or_default());
        Some(if is_last { [before, after, &typed].concat() } else { [before, &typed, after].concat() })
    };
    let mut corrected = line.clone();
    match replace(&line.options) {
        Some(options) => corrected.options = options,
        None => corrected.before = replace(&line.before)?,
    }
    Some(corrected)
}

/// Whether `word` is the option `name`, perhaps with its value attached.
fn is_option(word: &str, name: &str) -> bool {
    word == name || attached(word, name).is_some()
}

/// The value attached to the option `name`: `--sort=KEY`, `-sKEY`.
fn attached<'a>(word: &'a str, name: &str) -> Option<&'a str> {
    let rest = word.strip_prefix(name).filter(|rest| !rest.is_empty())?;
    if name.starts_with("--") { rest.strip_prefix('=') } else { Some(rest.strip_prefix('=').unwrap_or(rest)) }
}

/// `use -o to choose the output format`.
fn note(habit: &OptionHabit) -> String {
    match habit.instead.split([' ', '=']).next() {
        Some("") | None => habit.purpose.to_owned(),
        Some(option) => format!("use {option} to {}", habit.purpose),
    }
}
