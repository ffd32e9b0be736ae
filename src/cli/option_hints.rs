//! Hints for options and formats of other tools.

use super::habits::{FORMATS, OPTIONS, OptionHabit};
use super::suggested_line::SuggestedLine;

/// The option of another tool; `id` is the id column of the command line's resource.
pub(super) fn for_option(arg: &str, words: &[&str], id: &str) -> Option<String> {
    let given = |word: &&str| *word == arg || word.split_once('=').is_some_and(|(name, _)| name == arg);
    let habit = OPTIONS.iter().find(|habit| habit.words.contains(&arg))?;
    let index = words.iter().position(given)?;
    let attached = words[index].split_once('=').map(|(_, value)| value);
    let next = words.get(index + 1).copied().filter(|word| attached.is_none() && !word.starts_with('-'));
    let value = if habit.example.is_empty() { None } else { attached.or(next) };
    let after = if value.is_some() && attached.is_none() { index + 2 } else { index + 1 };
    Some(instead(habit, value, &words[..index], words.get(after..).unwrap_or_default(), id))
}

/// The format of another tool; `id` as in [`for_option`].
pub(super) fn for_format(value: &str, words: &[&str], id: &str) -> Option<String> {
    let name = value.split_once('=').map_or(value, |(name, _)| name);
    if name == "chart" {
        return Some("use -o chart with stat or analyze".to_owned());
    }
    let habit = FORMATS.iter().find(|habit| habit.words.contains(&name))?;
    let index = words.iter().position(|word| ["-o", "--output"].contains(word) || word.ends_with(value))?;
    let after = if words[index].ends_with(value) { index + 1 } else { index + 2 };
    Some(instead(habit, None, &words[..index], words.get(after..).unwrap_or_default(), id))
}

/// `use -o to choose the output format: LINE`, or with an example where clap does not accept the line.
fn instead(habit: &OptionHabit, value: Option<&str>, before: &[&str], after: &[&str], id: &str) -> String {
    let OptionHabit { instead, example, purpose, .. } = habit;
    let mut typed: Vec<String> =
        instead.split_whitespace().map(|word| if word == "ID" { id.to_owned() } else { word.to_owned() }).collect();
    let is_complete = example.is_empty() || value.is_some();
    match (typed.last_mut(), value) {
        (Some(last), Some(value)) if last.ends_with('=') => last.push_str(value),
        (_, value) => typed.extend(value.map(str::to_owned)),
    }
    // The value of a field may be a secret.
    let is_shown = is_complete && *instead != "-p";
    let line = SuggestedLine::replaced(before, typed, after).accepted_whole().filter(|_| is_shown);
    let hint = if instead.is_empty() {
        (*purpose).to_owned()
    } else {
        format!("use {} to {purpose}", instead.split([' ', '=']).next().unwrap_or_default())
    };
    let separator = if instead.ends_with('=') { "" } else { " " };
    match line {
        Some(line) => format!("{hint}: {line}"),
        None if instead.is_empty() => hint,
        None => format!("{hint}, e.g. {}", format!("{instead}{separator}{example}").replace("ID", "COLUMN").trim_end()),
    }
}
