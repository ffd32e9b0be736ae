//! Hints for rejected command lines: habits from other tools and clients.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::habits::{self, REMOVALS};
use super::option_hints::{for_format, for_options};
use super::resource_words::{CALLS, call, id_field, is_plugin, is_plural, is_resource, with_ids_apart};
use super::suggested_line::{SuggestedLine, root, split};
use super::verb_hints::{for_verb, for_watch, from_rows, plugin_command, run};
use super::{Cli, Command as Cmd, Plugin};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::{misspelt, nearest};
use crate::schema::resource::{Resource, verb};
use crate::spec::source::Syntax;

/// Options of commands that return rows.
const ROW_OPTIONS: [&str; 8] = ["--filter", "--filter-any", "--search", "--limit", "-l", "--page", "--sort", "-s"];

/// Commands with subcommands.
const GROUPS: [&str; 5] = ["config", "template", "local", "plugin", WORKSPACE];

/// The group that has the name of a resource.
const WORKSPACE: &str = "workspace";

/// Commands of a session, which belongs to an environment.
const SESSION_COMMANDS: [&str; 3] = ["login", "logout", "whoami"];

/// Commands of `plugin` that take specs.
const SPEC_COMMANDS: [&str; 6] = ["apply", "diff", "publish", "build", "push", "lint"];

/// Commands of `config` that have an environment by `-e`.
const ENVIRONMENT_COMMANDS: [&str; 5] = ["show", "check", "edit", "list", "current"];

/// Commands for whose misspellings clap's own tip is best.
const COMMANDS: [&str; 14] = [
    "exec", "list", "get", "stat", "analyze", "plugin", "explain", "config", "template", "version", "login", "logout",
    "whoami", WORKSPACE,
];

/// Suggests what to type instead of a command line that clap rejected; `None` if clap's own tips are the best.
pub fn suggest(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let words = typed_words(args);
    match with_ids_apart(&words) {
        Some(apart) => for_ids_apart(&apart),
        None => suggest_for(error, &words),
    }
}

/// The error for kubectl's `get plugin/NAME` and its like, which clap accepts.
pub fn refuse_id_in_resource(cli: &Cli, args: &[OsString]) -> Option<Error> {
    let ids = std::slice::from_ref;
    let typed = match &cli.command {
        Cmd::Exec(args) => ids(&args.resource),
        Cmd::List(args) => ids(&args.resource),
        Cmd::Get(args) => ids(&args.resource),
        Cmd::Stat(args) | Cmd::Analyze(args) => ids(&args.resource),
        Cmd::Plugin(Plugin::Get(args)) => ids(&args.plugin_id),
        Cmd::Plugin(Plugin::Edit(args)) => ids(&args.plugin_id),
        Cmd::Plugin(Plugin::Versions(args)) => ids(&args.plugin_id),
        Cmd::Plugin(Plugin::Enable(args) | Plugin::Disable(args)) => &args.plugin_id,
        Cmd::Plugin(Plugin::Deregister(args)) => &args.plugins.plugin_id,
        _ => return None,
    };
    let both = typed.iter().find(|word| word.contains('/'))?;
    let hint = for_ids_apart(&with_ids_apart(&typed_words(args))?)?;
    Some(Error::usage(format!("{both:?} is a resource and an id in one word")).hint(hint))
}

fn typed_words(args: &[OsString]) -> Vec<&str> {
    args.iter().skip(1).map_while(|arg| arg.to_str()).collect()
}

fn for_ids_apart(words: &[&str]) -> Option<String> {
    match SuggestedLine::typed(words).parse() {
        Err(error) => suggest_for(&error, words),
        Ok(_) => SuggestedLine::typed(words).accepted_whole().map(|line| run(&line)),
    }
}

fn suggest_for(error: &clap::Error, words: &[&str]) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => for_argument(error, text(ContextKind::InvalidArg)?, words),
        ErrorKind::InvalidSubcommand => for_command(text(ContextKind::InvalidSubcommand)?, words),
        ErrorKind::MissingRequiredArgument => for_missing_verb(words),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => for_format(error, words),
        _ => None,
    }
}

/// clap's own suggestion, if the rejected word is a misspelling of it: clap goes by less, and takes `edit` for
/// `deregister`. What removes something is suggested for its own misspellings only.
pub fn similar(error: &clap::Error) -> Option<String> {
    let (what, rejected, suggested) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            ("subcommand", ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand)
        }
        ErrorKind::UnknownArgument => ("argument", ContextKind::InvalidArg, ContextKind::SuggestedArg),
        _ => ("value", ContextKind::InvalidValue, ContextKind::SuggestedValue),
    };
    let Some(ContextValue::String(word)) = error.get(rejected) else { return None };
    let names = match error.get(suggested)? {
        ContextValue::String(name) => std::slice::from_ref(name),
        ContextValue::Strings(names) => names,
        _ => return None,
    };
    let is_apart =
        |name: &str| REMOVALS.contains(&name) && (word.get(..2) != name.get(..2) || misspelt(word, [name]).is_none());
    let near = nearest(word, names.iter().map(String::as_str).filter(|name| !is_apart(name)))?;
    Some(format!("a similar {what} exists: '{near}'"))
}

/// Rejects `exec RESOURCE VERB`, which would look for a resource with the verb's name.
pub fn check_order(first: &str, second: &str) -> Result<()> {
    let is_swapped = !is_resource(second) && (first.contains('.') || is_resource(first) && verb::is_known(second));
    if !is_swapped {
        return Ok(());
    }
    Err(Error::usage(format!("{first:?} is a resource, but the verb comes first"))
        .hint(format!("run `spacectl {}`", call(second, first))))
}

/// The error for `get plugins`, which asks for rows; `options` are those that `list` has, too.
pub fn plural_of_get(resource: &str, options: &[String]) -> Option<Error> {
    let is_one = !is_plural(resource) || resource.chars().any(char::is_uppercase);
    (!is_one).then(|| {
        let typed = ["list", resource].map(str::to_owned).into_iter().chain(options.iter().cloned()).collect();
        let line = SuggestedLine::replaced(&[], typed, &[]).accepted_whole();
        let line = line.unwrap_or_else(|| format!("`spacectl list {resource}`"));
        Error::usage(format!("get shows one row, and {resource} are many")).hint(format!("run {line} to list them"))
    })
}

/// An unknown option, or one word too many.
fn for_argument(error: &clap::Error, arg: &str, words: &[&str]) -> Option<String> {
    if arg.starts_with('-') {
        if words.contains(&"exec") && ROW_OPTIONS.contains(&arg) {
            let hint = format!("use {arg} with list, stat or analyze: it selects rows");
            let exec = words.iter().position(|word| *word == "exec")?;
            let line = SuggestedLine::replaced(&words[..exec], Vec::new(), &words[exec + 1..]).accepted_whole();
            return Some(line.map_or(hint.clone(), |line| format!("{hint}: {line}")));
        }
        return for_options(error, words);
    }
    let index = words.iter().rposition(|word| *word == arg)?;
    let (before, after) = (&words[..index], &words[index + 1..]);
    if words.windows(2).any(|pair| pair == ["config", "environment"]) {
        let line = SuggestedLine::replaced(before, vec!["-s".to_owned(), arg.to_owned()], after).accepted_whole();
        return line.map(|line| format!("run {line} to switch to an environment"));
    }
    if before.iter().any(|word| SESSION_COMMANDS.contains(word)) {
        let option = if arg.contains("://") { "--url" } else { "-e" };
        let typed = [option, arg].map(str::to_owned).to_vec();
        return SuggestedLine::replaced(before, typed, after).accepted_whole().map(|line| run(&line));
    }
    if let [.., "config", command] = before
        && ENVIRONMENT_COMMANDS.contains(command)
    {
        let command = if ["list", "current"].contains(command) { "show" } else { command };
        let typed = [command, "-e", arg].map(str::to_owned).to_vec();
        let line = SuggestedLine::replaced(&before[..before.len() - 1], typed, after).accepted();
        return line.map(|line| format!("run {line}: -e names an environment"));
    }
    // In the Python client, -v takes the version of the API.
    let is_version =
        |word: &str| word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(at) = words.windows(2).position(|pair| pair[0] == "-v" && is_version(pair[1])) {
        let hint = "use --api-version for the version of the API: -v logs each step".to_owned();
        let line = SuggestedLine::replaced(&words[..at], vec!["--api-version".to_owned()], &words[at + 1..]);
        return Some(line.accepted_whole().map_or(hint.clone(), |line| format!("{hint}: {line}")));
    }
    let takes_request = words.iter().any(|word| CALLS.contains(word));
    let takes_specs = || words.contains(&"plugin") && SPEC_COMMANDS.iter().any(|command| words.contains(command));
    if Syntax::of_file(arg).is_some() && (takes_request || takes_specs()) {
        let line = SuggestedLine::replaced(before, vec!["-f".to_owned(), arg.to_owned()], after).accepted_whole();
        return Some(line.map_or(format!("use -f for a file: -f {arg}"), |line| format!("use -f for a file: {line}")));
    }
    if !takes_request {
        return None;
    }
    let fields = || "use -p for fields of the request, e.g. -p plugin_id=plugin-a".to_owned();
    // A field may be a secret.
    if arg.contains('=') { Some(fields()) } else { for_id(arg, words).or_else(|| Some(fields())) }
}

/// `get plugin plugin-a`, `exec enable plugin plugin-a`: the id of a row without its field.
fn for_id(id: &str, words: &[&str]) -> Option<String> {
    let root = root();
    let at = words.iter().position(|word| CALLS.contains(word))?;
    let (positionals, options) = split(&words[at + 1..], root.find_subcommand(words[at])?);
    let (verb, resource) = match positionals[..] {
        [verb, resource, given, ..] if words[at] == "exec" && given == id => (verb, resource),
        [resource, given] if words[at] != "exec" && given == id => (words[at], resource),
        // kubectl's `get plugin a b`.
        [resource, given, ref others @ ..] if words[at] != "exec" && given == id => {
            let ids = others.iter().fold(id.to_owned(), |ids, other| format!("{ids},{other}"));
            let template = format!("list {resource} --filter");
            let filter = format!("{} in {ids}", id_field(resource));
            let typed = template.split(' ').map(str::to_owned).chain([filter]).collect();
            return SuggestedLine::replaced(&words[..at], typed, &options).accepted().map(|line| run(&line));
        }
        _ => return None,
    };
    let after = [&[id][..], &options[..]].concat();
    if is_plugin(resource)
        && let Some(template) = plugin_command(&root, verb).filter(|template| template.contains(' '))
    {
        let line = SuggestedLine::new(&template, &words[..at], &after);
        if line.filled > 0 {
            return line.accepted().map(|line| run(&line));
        }
    }
    let template = format!("{} -p {}={id}", call(verb, resource), id_field(resource));
    let others = if words[at] == "exec" && positionals.len() > 3 { ", and again for each other id" } else { "" };
    SuggestedLine::new(&template, &words[..at], &options).accepted().map(|line| run(&line) + others)
}

/// A verb or a resource instead of a command: `register repository.Plugin`, `domain list`, and cfctl's
/// `repository list Plugin`; or the command of another tool.
fn for_command(word: &str, words: &[&str]) -> Option<String> {
    let index = words.iter().position(|candidate| *candidate == word)?;
    let (before, after) = (&words[..index], &words[index + 1..]);
    let is_group = |at: usize| GROUPS.contains(&words[at]) && !(at > 0 && words[at - 1].starts_with('-'));
    if let Some(group) = (0..index).find(|at| is_group(*at)) {
        let root = root();
        let group_command = root.find_subcommand(words[group])?;
        let is_below = |other: &&str| group_command.find_subcommand(other).is_some();
        let (below, options): (Vec<&str>, Vec<&str>) =
            words[group + 1..index].iter().partition(|other| is_below(other));
        let at = [&[words[group]][..], &below].concat().join(" ");
        let before = [&words[..group], &options].concat();
        return from_rows(&at, word, &before, after).or_else(|| {
            if words[group] != WORKSPACE || !verb::is_known(word) {
                return habits::nothing_for(word).map(str::to_owned);
            }
            let (positionals, _) = split(after, root.find_subcommand("exec")?);
            for_verb(&root, word, "identity.Workspace", &before, after, positionals.first().copied())
        });
    }
    if let Some(sentence) = habits::nothing_for(word) {
        return Some(sentence.to_owned());
    }
    if word == "watch"
        && let Some(hint) = for_watch(before, after)
    {
        return Some(hint);
    }
    let root = root();
    let (positionals, _) = split(after, root.find_subcommand("exec")?);
    let (second, third) = (positionals.first().copied(), positionals.get(1).copied());
    let without = |gone: &str| -> Vec<&str> {
        let at = after.iter().position(|other| *other == gone).unwrap_or(after.len());
        [&after[..at], after.get(at + 1..).unwrap_or_default()].concat()
    };
    if let Some(second) = second
        && let Some(hint) = from_rows(word, second, before, &without(second))
    {
        return Some(hint);
    }
    let is_misspelt = || nearest(word, COMMANDS).is_some() && !verb::is_known(word);
    // `rm job j-1` is about a resource without an alias; most ids of plugins have a hyphen.
    let is_name = |word: &str| {
        verb::is_known(word) && word != "set" && third.is_some() && is_identifier(second.unwrap_or_default())
    };
    if let Some(resource) = second.filter(|second| is_resource(second) || is_name(word)).filter(|_| !is_misspelt()) {
        return for_verb(&root, word, resource, before, &without(resource), third);
    }
    if let Some(hint) = from_rows("", word, before, after) {
        return Some(hint);
    }
    // `plugin-a get`.
    if word.contains('-')
        && third.is_none()
        && let Some(template) = second.and_then(|second| plugin_command(&root, second))
    {
        let line = SuggestedLine::new(&template, before, &[&[word][..], &without(second?)[..]].concat());
        if line.filled > 0 {
            return line.accepted().map(|line| run(&line));
        }
    }
    if !is_resource(word) && nearest(word, COMMANDS).is_some() {
        return None;
    }
    if let (Some(verb), Some(name)) = (second, third)
        && let (true, Ok(resource)) = (verb::is_known(verb), Resource::of_service(word, name))
    {
        let (_, options) = split(after, root.find_subcommand("exec")?);
        return Some(run(&SuggestedLine::new(&call(verb, &resource.to_string()), before, &options).accepted()?));
    }
    if is_resource(word) {
        let verb = second.filter(|second| !is_resource(second)).unwrap_or("list");
        let after = second.map_or_else(|| after.to_vec(), &without);
        return for_verb(&root, verb, word, before, &after, third);
    }
    let is_verb = verb::is_known(word);
    is_verb
        .then(|| SuggestedLine::new(&call(word, "SERVICE.RESOURCE"), before, after).accepted())?
        .map(|line| run(&line))
}

fn is_identifier(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `exec repository.Plugin` without a verb.
fn for_missing_verb(words: &[&str]) -> Option<String> {
    let exec = words.iter().position(|word| *word == "exec")?;
    let resource = words[exec + 1..].iter().find(|word| !word.starts_with('-')).filter(|word| is_resource(word))?;
    Some(format!("add a verb: spacectl exec VERB {resource}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn hint(line: &str) -> Option<String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        suggest(&crate::cli::Cli::try_parse_from(&args).unwrap_err(), &args)
    }

    #[test]
    fn options_of_other_tools_are_known() {
        for (option, part) in [
            ("--format json", "`spacectl list repository.Plugin -o json`"),
            ("--format=json", "-o json"),
            ("--yaml", "-o yaml"),
            ("--file plugin.yml", "`spacectl list repository.Plugin -f plugin.yml`"),
            ("--params a=b", "-p KEY=VALUE"),
            ("--fields name", "repository.Plugin -c name`"),
            ("--env prod", "repository.Plugin -e prod`"),
            ("--sort-by name", "repository.Plugin -s name`"),
            ("--server x", "--endpoint"),
            ("--no-color", "--color never"),
            ("--no-header", "--no-headers"),
            ("--state ENABLED", "--filter state=ENABLED"),
            ("-n x", "repository.Plugin --workspace-id x`"),
            ("-A", "all workspaces"),
            ("-o wide", "use -a"),
            ("-o chart", "stat or analyze"),
            ("-o custom-columns=ID:.id", "-c plugin_id"),
        ] {
            let hint = hint(&format!("spacectl list repository.Plugin {option}"));
            assert!(hint.as_ref().is_some_and(|hint| hint.contains(part)), "{option}: {hint:?}");
        }
        assert_eq!(hint("spacectl list repository.Plugin --frobnicate"), None);
    }

    #[test]
    fn what_chooses_rows_goes_with_what_answers_with_them() {
        for option in ["--filter name=x", "--page 3", "--sort name"] {
            let hint = hint(&format!("spacectl exec list plugin {option}")).unwrap();
            assert!(
                hint.starts_with(&format!("use {} with list, stat or analyze", option.split(' ').next().unwrap())),
                "{option}: {hint}"
            );
        }
    }

    #[test]
    fn clap_suggests_what_is_misspelt_only_and_never_a_removal_for_another_word() {
        let similar = |line: &str| similar(&crate::cli::Cli::try_parse_from(line.split(' ')).unwrap_err());
        for line in ["plugin reregister", "plugin editor", "logi", "plugin ed", "template move x"] {
            let hint = similar(&format!("spacectl {line}"));
            assert!(hint.as_ref().is_none_or(|hint| REMOVALS.iter().all(|name| !hint.contains(name))), "{hint:?}");
        }
        let hint = similar("spacectl plugin deregistr x");
        assert!(hint.is_some_and(|hint| hint.ends_with("'deregister'")));
        assert!(similar("spacectl lst plugin").is_some_and(|hint| hint.ends_with("'list'")));
    }

    #[test]
    fn a_word_too_many_is_an_id_or_a_field() {
        for (line, expected) in [
            ("-e local get plugin plugin-a -o json", "run `spacectl -e local plugin get plugin-a -o json`"),
            ("get plugins plugin-a", "run `spacectl plugin get plugin-a`"),
            ("list plugin plugin-a", "run `spacectl list plugin -p plugin_id=plugin-a`"),
            ("exec enable plugin plugin-a", "run `spacectl plugin enable plugin-a`"),
            ("get identity.User u-1", "run `spacectl get identity.User -p user_id=u-1`"),
            (
                "exec delete service_account sa-1",
                "run `spacectl exec delete service_account -p service_account_id=sa-1`",
            ),
        ] {
            assert_eq!(hint(&format!("spacectl {line}")).as_deref(), Some(expected), "{line}");
        }
        let hint_of_field = hint("spacectl -e local exec enable plugin plugin_id=s3cret").unwrap();
        assert!(hint_of_field.contains("-p plugin_id=plugin-a") && !hint_of_field.contains("s3cret"));
        assert_eq!(hint("spacectl version s3cret"), None);
    }

    #[test]
    fn a_file_is_given_with_an_option() {
        for line in [
            "exec register plugin p3.yml",
            "-e local get plugin p3.yml",
            "plugin apply p3.yml",
            "plugin diff p3.yml",
            "plugin publish --tag 1 p3.yml",
        ] {
            let expected = line.replace("p3.yml", "-f p3.yml");
            let expected = format!("use -f for a file: `spacectl {expected}`");
            assert_eq!(hint(&format!("spacectl {line}")).as_deref(), Some(&*expected), "{line}");
        }
        assert_eq!(hint("spacectl plugin enable p3 --frobnicate.yml"), None);
        assert_eq!(hint("spacectl exec -f p3.yml register"), None, "the file is not a resource");
    }

    #[test]
    fn the_python_clients_v_took_a_version() {
        assert!(hint("spacectl list plugin -v v1").unwrap().contains("--api-version"));
        assert!(hint("spacectl list -v v1 plugin").unwrap().contains("--api-version"));
        assert!(hint("spacectl list plugin v1 -v").unwrap().contains("-p plugin_id=v1"));
    }

    #[test]
    fn a_verb_or_a_resource_in_the_commands_place() {
        for (line, command) in [
            ("register repository.Plugin -f x.yml", Some("exec register repository.Plugin -f x.yml")),
            ("register -f x.yml", Some("exec register plugin -f x.yml")),
            ("sync inventory.Collector", Some("exec sync inventory.Collector")),
            ("-e local domain list", Some("-e local list domain")),
            ("domain", Some("list domain")),
            ("users", Some("list users")),
            ("repository.Plugin get -p a=b", Some("get repository.Plugin")),
            ("repository list Plugin -o json", Some("list repository.Plugin -o json")),
            ("delete plugin", Some("plugin deregister PLUGIN")),
            ("delete plugin plugin-a --yes", Some("plugin deregister plugin-a --yes")),
            ("describe plugin plugin-a", Some("plugin get plugin-a")),
            ("describe repository.Plugin", Some("plugin get PLUGIN")),
            ("describe users", Some("list users")),
            ("create plugin -f x.yml", Some("exec register plugin -f x.yml")),
            ("edit plugin plugin-a", Some("plugin edit plugin-a")),
            ("edit plugin-a", Some("plugin edit plugin-a")),
            ("patch plugin plugin-a -p a=b", Some("exec update plugin -p plugin_id=plugin-a")),
            ("describe user a", Some("get user -p user_id=a")),
            ("find users.User", Some("list users.User")),
            ("search cloud_service", Some("exec search cloud_service")),
            ("delete user", Some("exec delete user -p user_id=ID")),
            ("rm user u-1", Some("exec delete user -p user_id=u-1")),
            ("rm DataSource d-1", Some("exec deregister DataSource -p data_source_id=d-1")),
            ("edit identity.Provider aws", Some("exec update identity.Provider -p provider=aws")),
            ("describe user", Some("list user")),
            ("delete user -f x.yml", Some("exec delete user -f x.yml")),
            ("diff plugin -f p3.yml", Some("plugin diff -f p3.yml")),
            ("lint p3.yml", Some("plugin lint p3.yml")),
            ("publish", Some("plugin publish -f FILE --tag TAG")),
            ("plugin-a get", Some("plugin get plugin-a")),
            ("cost-analysis List DataSource", None),
            ("cost_analysis create DataSource", Some("exec create cost_analysis.DataSource")),
            ("lst", None),
            ("lst plugin", None),
            ("config environment prod", Some("config environment -s prod")),
            ("x\u{1b} list", None),
        ] {
            let hint = hint(&format!("spacectl {line}"));
            assert_eq!(hint.is_some(), command.is_some(), "{line}: {hint:?}");
            let command = command.map(|command| format!("`spacectl {command}`")).unwrap_or_default();
            assert!(hint.as_ref().is_none_or(|hint| hint.contains(&command)), "{line}: {hint:?}");
        }
    }

    #[test]
    fn a_resource_in_the_verbs_place() {
        let message = "error: \"repository.Plugin\" is a resource, but the verb comes first\n\
                       hint: run `spacectl exec register repository.Plugin`";
        assert_eq!(check_order("repository.Plugin", "register").unwrap_err().to_string(), message);
        assert!(check_order("plugin", "register").is_err());
        for (verb, resource) in [
            ("register", "repository.Plugin"),
            ("register", "plugin"),
            ("event", "Echo"),
            ("event", "alert"),
            ("a", "b"),
        ] {
            assert!(check_order(verb, resource).is_ok(), "{verb} {resource}");
        }
        assert_eq!(
            hint("spacectl exec repository.Plugin -f x.yml").as_deref(),
            Some("add a verb: spacectl exec VERB repository.Plugin")
        );
        assert_eq!(hint("spacectl exec register"), None);
    }
}
