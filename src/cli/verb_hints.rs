//! Hints for verbs and words of other tools: the command that does the same.

use clap::Command;

use super::habits::{self, Answer};
use super::resource_words::{CALLS, call, id_field, is_plugin, is_resource};
use super::suggested_line::{SuggestedLine, split};
use crate::schema::resource::verb;
use crate::spec::source::Syntax;

/// Options that give a request its fields.
pub(super) const REQUEST_OPTIONS: [&str; 8] =
    ["-p", "-j", "-f", "--parameter", "--json-parameter", "--file-parameter", "--file", "--filename"];

/// Verbs that make something new, which has no id yet.
const CREATING: [&str; 5] = ["register", "create", "add", "insert", "new"];

/// `run LINE`.
pub(super) fn run(line: &str) -> String {
    format!("run {line}")
}

/// The answer of the rows of `word` after the command `at`.
pub(super) fn from_rows(at: &str, word: &str, before: &[&str], after: &[&str]) -> Option<String> {
    // Their options are about one process.
    let after = if ["logs", "tail"].contains(&word) { &[] } else { after };
    let rows = habits::COMMANDS.iter().filter(|habit| habit.at == at && habit.words.contains(&word));
    let lines = rows.filter_map(|habit| match habit.answer {
        Answer::Line(template, purpose) => Some((SuggestedLine::new(template, before, after), template, purpose)),
        Answer::Alias(_) | Answer::Nothing(_) => None,
    });
    let mut last = None;
    for (line, template, purpose) in lines {
        let is_filled = line.filled > 0 || line.placeholders == 0;
        last = Some((line, template, purpose));
        if is_filled {
            break;
        }
    }
    let (line, template, purpose) = last?;
    let is_removal = line.filled == 0 && template.starts_with("plugin deregister ");
    let line = if is_removal { line.with_ids_of_specs() } else { line };
    Some(format!("run {} {purpose}", line.accepted()?))
}

/// `delete user u-1`: a verb and a resource, perhaps with the id of a row.
pub(super) fn for_verb(
    root: &Command,
    verb: &str,
    resource: &str,
    before: &[&str],
    after: &[&str],
    id: Option<&str>,
) -> Option<String> {
    let is_new = CREATING.contains(&verb);
    if is_plugin(resource) && !is_new {
        if let Some(template) = plugin_command(root, verb)
            && !CALLS.contains(&verb)
        {
            let line = SuggestedLine::new(&template, before, after);
            let line = if line.filled == 0 && template.starts_with("plugin deregister ") {
                line.with_ids_of_specs()
            } else {
                line
            };
            if let Some(line) = line.accepted() {
                return Some(run(&line));
            }
        }
        let known = || from_rows("plugin", verb, before, after).or_else(|| from_rows("", verb, before, after));
        if (!verb::is_known(verb) || verb == "new")
            && let Some(hint) = known()
        {
            return Some(hint);
        }
    }
    let mut template = call(verb, resource);
    let is_sent = after.iter().any(|word| REQUEST_OPTIONS.iter().any(|option| word.starts_with(option)));
    if id.is_none() && !is_sent && template.starts_with("get ") {
        template = format!("list {resource}");
    }
    let (positionals, _) = split(after, root.find_subcommand("exec")?);
    let rest: Vec<&str> = after.iter().copied().filter(|word| !positionals.contains(word)).collect();
    let mut notes = String::new();
    let is_update = template.starts_with("exec update ");
    match id.filter(|id| !is_new && !id.contains('=') && Syntax::of_file(id).is_none()) {
        Some(id) => {
            template = format!("{template} -p {}={id}", id_field(resource));
            if positionals.len() > 1 && positionals.len() == after.len() {
                notes.push_str(", and again for each other id");
            }
        }
        None if verb::is_known(verb) && verb != "search" && !is_sent && !is_new && template.starts_with("exec ") => {
            template = format!("{template} -p {}=ID", id_field(resource));
        }
        None => {}
    }
    if is_update && !is_sent {
        notes.push_str(", with -p for each field to change");
    }
    let line = SuggestedLine::new(&template, before, &rest).accepted()?;
    Some(format!("{}{notes}", run(&line)))
}

/// `watch list plugin`, `watch -n 5 plugin`: the option `--watch`.
pub(super) fn for_watch(before: &[&str], after: &[&str]) -> Option<String> {
    let (interval, rest) = match after {
        ["-n" | "--interval", interval, rest @ ..] => (Some(*interval), rest),
        [first, rest @ ..] if first.strip_prefix("-n").is_some_and(|interval| !interval.is_empty()) => {
            (first.strip_prefix("-n"), rest)
        }
        rest => (None, rest),
    };
    let rest = rest.strip_prefix(&["spacectl"]).unwrap_or(rest);
    let command = is_resource(rest.first()?).then_some("list");
    let option = interval.map_or_else(|| "--watch".to_owned(), |interval| format!("--watch={interval}"));
    let words: Vec<&str> =
        before.iter().copied().chain(command).chain(rest.iter().copied()).chain([&*option]).collect();
    SuggestedLine::typed(&words).accepted_whole().map(|line| run(&line))
}

/// The command of `plugin` that `word` is the name or an alias of, with placeholders for what it needs:
/// `plugin get PLUGIN`.
pub(super) fn plugin_command(root: &Command, word: &str) -> Option<String> {
    let command = root.find_subcommand("plugin")?.find_subcommand(word)?;
    let needed = command.get_positionals().filter(|arg| arg.is_required_set());
    let needed = needed.filter_map(|arg| arg.get_value_names()?.first().map(ToString::to_string));
    Some(["plugin".to_owned(), command.get_name().to_owned()].into_iter().chain(needed).collect::<Vec<_>>().join(" "))
}
