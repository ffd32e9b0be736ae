//! Hints for rejected command lines: habits from other tools and clients.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::schema::resource::{Resource, alias, verb};
use crate::spec::source::Syntax;

/// Options of other tools. No hint repeats a value, which may be a secret.
const OPTIONS: [(&[&str], &str); 12] = [
    (&["--format", "--output-format", "--out"], "use -o to choose the output format, e.g. -o json"),
    (&["--json", "--yaml", "--csv", "--table"], "use -o to choose the output format, e.g. -o json"),
    (&["--file", "--filename", "--from-file"], "use -f FILE for a file with the request"),
    (&["--param", "--params", "--parameters"], "use -p KEY=VALUE for a field of the request"),
    (&["--field", "--fields", "--select"], "use -c to choose columns, e.g. -c plugin_id,name"),
    (&["--env", "--profile", "--context"], "use -e NAME to choose an environment"),
    (&["--sort-by", "--order-by", "--order"], "use -s KEY to sort rows, or -s -KEY for descending order"),
    (&["--url", "--server", "--host", "--address"], "use --endpoint grpc://HOST:PORT for an endpoint"),
    (&["--no-color", "--no-colour"], "use --color never to disable colours"),
    (&["--no-headers", "--no-header"], "use --no-headers with list, get, exec, stat or analyze"),
    (&["--state", "--status"], "use --filter to choose rows, e.g. --filter state=ENABLED"),
    (&["-n", "-A", "--namespace", "--all-namespaces"], "use --workspace-id ID to choose a workspace"),
];

/// Options of commands that return rows.
const ROW_OPTIONS: [&str; 8] = ["--filter", "--filter-any", "--search", "--limit", "-l", "--page", "--sort", "-s"];

/// Commands that take a resource and a request.
const CALLS: [&str; 5] = ["exec", "list", "get", "stat", "analyze"];

/// Commands with subcommands.
const GROUPS: [&str; 4] = ["config", "template", "local", "plugin"];

/// Verbs of services and of other tools, after `plugin`.
const PLUGIN: [(&[&str], &str); 5] = [
    (
        &["register", "create", "update", "edit", "add", "install", "upgrade"],
        "use `spacectl plugin apply -f FILE` to register or update plugins",
    ),
    (&["delete", "remove", "rm", "uninstall"], "run `spacectl plugin deregister PLUGIN` to remove a plugin"),
    (&["show", "describe", "view"], "run `spacectl plugin get PLUGIN` to see a plugin"),
    (&["new", "scaffold"], "run `spacectl plugin init` to write a new spec"),
    (&["release", "deploy"], "run `spacectl plugin publish -f FILE --tag TAG` to release a plugin"),
];

/// Subcommands of other tools, after `config`.
const CONFIG: [(&[&str], &str); 4] = [
    (&["switch", "select", "activate"], "run `spacectl config use NAME` to switch to an environment"),
    (&["ls", "environments", "contexts"], "run `spacectl config list` to list environments"),
    (&["cat", "print"], "run `spacectl config show` to print the environment"),
    (&["delete-context"], "run `spacectl config environment -r NAME` to remove an environment"),
];
const SWITCH: &str = "run `spacectl config environment -s NAME` to switch to an environment";

/// Commands of other tools.
const TOP: [(&[&str], &str); 3] = [
    (&["login", "signin", "auth", "configure"], "run `spacectl config init` to store an endpoint and a key"),
    (&["whoami"], "run `spacectl config check` to test the key of the environment"),
    (&["validate"], "run `spacectl plugin lint FILE` to check a spec"),
];

/// Formats of kubectl.
const FORMATS: [(&[&str], &str); 2] =
    [(&["wide"], "use -a to show all columns"), (&["chart"], "use -o chart with stat or analyze")];

/// Subcommands that remove something: suggested for their own misspellings only.
const REMOVALS: [&str; 3] = ["deregister", "remove", "reset"];

/// The verbs of a plugin.
const PLUGIN_VERBS: [&str; 8] =
    ["register", "update", "deregister", "enable", "disable", "get_versions", "get", "list"];

/// Subcommands of `plugin` alone, with their arguments.
const SPEC_COMMANDS: [(&str, &str); 6] = [
    ("apply", "-f FILE"),
    ("diff", "-f FILE"),
    ("lint", "FILE"),
    ("publish", "-f FILE --tag TAG"),
    ("build", "-f FILE --tag TAG"),
    ("push", "-f FILE --tag TAG"),
];

/// Commands for whose misspellings clap's own tip is best.
const COMMANDS: [&str; 8] = ["exec", "list", "get", "stat", "analyze", "explain", "config", "template"];

/// Suggests what to type instead of a command line that clap rejected; `None` if clap's own tips are the best.
pub fn suggest(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let words: Vec<&str> = args.iter().skip(1).map_while(|arg| arg.to_str()).collect();
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => for_argument(text(ContextKind::InvalidArg)?, &words),
        ErrorKind::InvalidSubcommand => for_command(text(ContextKind::InvalidSubcommand)?, &words),
        ErrorKind::MissingRequiredArgument => for_missing_verb(&words),
        ErrorKind::InvalidValue if text(ContextKind::InvalidArg)?.contains("--output") => {
            find(&FORMATS, text(ContextKind::InvalidValue)?)
        }
        _ => None,
    }
}

/// clap's own suggestion, if the rejected word is a misspelling of it: clap goes by less, and takes `edit` for
/// `deregister`.
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
    let is_apart = |name: &str| REMOVALS.contains(&name) && word.get(..2) != name.get(..2);
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
        .hint(format!("run spacectl exec {second} {first}")))
}

fn did_you_mean(command: &str) -> Option<String> {
    Some(format!("try `spacectl {command}`"))
}

fn find(habits: &[(&[&str], &str)], word: &str) -> Option<String> {
    let entry = habits.iter().find(|(words, _)| words.contains(&word));
    entry.map(|(_, hint)| (*hint).to_owned())
}

/// An unknown option, or one word too many.
fn for_argument(arg: &str, words: &[&str]) -> Option<String> {
    if arg.starts_with('-') {
        if words.contains(&"exec") && ROW_OPTIONS.contains(&arg) {
            return Some(format!("use {arg} with list, stat or analyze: it selects rows"));
        }
        return find(&OPTIONS, arg);
    }
    if words.windows(2).any(|pair| pair == ["config", "environment"]) {
        return Some(SWITCH.to_owned());
    }
    // In the Python client, -v takes the version of the API.
    let is_version =
        |word: &str| word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if words.windows(2).any(|pair| pair[0] == "-v" && is_version(pair[1])) {
        return Some("use --api-version for the version of the API: -v logs each step".to_owned());
    }
    let takes_request = words.iter().any(|word| CALLS.contains(word));
    let takes_specs = || words.contains(&"plugin") && SPEC_COMMANDS.iter().any(|(command, _)| words.contains(command));
    if Syntax::of_file(arg).is_some() && (takes_request || takes_specs()) {
        return Some(format!("use -f for a file: -f {arg}"));
    }
    takes_request.then(|| "use -p for fields of the request, e.g. -p plugin_id=plugin-a".to_owned())
}

/// A verb or a resource instead of a command: `register repository.Plugin`, `domain list`, and cfctl's
/// `repository list Plugin`.
fn for_command(word: &str, words: &[&str]) -> Option<String> {
    let index = words.iter().position(|candidate| *candidate == word)?;
    let is_group = |at: usize| GROUPS.contains(&words[at]) && !(at > 0 && words[at - 1].starts_with('-'));
    if let Some(group) = (0..index).find(|at| is_group(*at)) {
        return match words[group] {
            "plugin" => find(&PLUGIN, word),
            "config" => find(&CONFIG, word),
            _ => None,
        };
    }
    if let Some(hint) = find(&TOP, word) {
        return Some(hint);
    }
    if let Some((command, arguments)) = SPEC_COMMANDS.iter().find(|(command, _)| *command == word) {
        return did_you_mean(&format!("plugin {command} {arguments}"));
    }
    if !is_resource(word) && nearest(word, COMMANDS).is_some() {
        return None;
    }
    let mut following = words[index + 1..].iter().copied().take_while(|next| !next.starts_with('-'));
    let (second, third) = (following.next(), following.next());
    if let (Some(verb), Some(name)) = (second, third)
        && let (true, Ok(resource)) = (verb::is_known(verb), Resource::of_service(word, name))
    {
        return did_you_mean(&call(verb, &resource.to_string()));
    }
    if is_resource(word) {
        let verb = second.filter(|second| !is_resource(second)).unwrap_or("list");
        return did_you_mean(&call(verb, word));
    }
    let resource = second.filter(|second| is_resource(second));
    // `delete plugin PLUGIN` has its own command, but not for a registration.
    let plugin_verb = find(&PLUGIN, word).filter(|_| third.is_some() && resource.is_some_and(is_plugin));
    match resource {
        Some(_) if plugin_verb.is_some() && !PLUGIN[0].0.contains(&word) => plugin_verb,
        Some(resource) => did_you_mean(&call(word, resource)),
        None if verb::is_known(word) => did_you_mean(&call(word, "SERVICE.RESOURCE")),
        None => None,
    }
}

/// `exec repository.Plugin` without a verb.
fn for_missing_verb(words: &[&str]) -> Option<String> {
    let exec = words.iter().position(|word| *word == "exec")?;
    let resource = words[exec + 1..].iter().find(|word| !word.starts_with('-')).filter(|word| is_resource(word))?;
    Some(format!("add a verb: spacectl exec VERB {resource}"))
}

/// The command that calls a verb. `get` and `list` read every resource, whatever other tools call them; only a plugin's
/// other verbs are known here.
fn call(verb: &str, resource: &str) -> String {
    let verbs = if is_plugin(resource) { &PLUGIN_VERBS[..] } else { &["get", "list"] };
    let verb = if verb == "search" { verb } else { verb::synonym(verb, verbs).unwrap_or(verb) };
    match verb::among(verb, &CALLS[1..]) {
        Some(command) => format!("{command} {resource}"),
        None => format!("exec {verb} {resource}"),
    }
}

fn is_plugin(resource: &str) -> bool {
    alias::built_in(resource).unwrap_or(resource) == "repository.Plugin"
}

/// True if `word` can only be a resource: a built-in alias, or a name with a dot that is not a file's.
fn is_resource(word: &str) -> bool {
    if Syntax::of_file(word).is_some() {
        return false;
    }
    if word.contains('.') { Resource::parse(word).is_ok() } else { alias::built_in(word).is_some() }
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
            ("--format json", "-o json"),
            ("--format=json", "-o json"),
            ("--yaml", "-o json"),
            ("--file plugin.yml", "-f FILE"),
            ("--params a=b", "-p KEY=VALUE"),
            ("--fields name", "-c plugin_id,name"),
            ("--env prod", "-e NAME"),
            ("--sort-by name", "-s KEY"),
            ("--server x", "--endpoint"),
            ("--no-color", "--color never"),
            ("--no-header", "--no-headers"),
            ("--state ENABLED", "--filter state=ENABLED"),
            ("-n x", "--workspace-id"),
            ("-A", "--workspace-id"),
            ("-o wide", "use -a"),
            ("-o chart", "stat or analyze"),
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
    fn a_word_too_many_may_be_a_field() {
        for line in ["spacectl get plugin s3cret", "spacectl -e local exec enable plugin plugin_id=s3cret"] {
            let hint = hint(line).unwrap();
            assert!(hint.contains("-p plugin_id=plugin-a") && !hint.contains("s3cret"), "{hint}");
        }
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
            let expected = "use -f for a file: -f p3.yml";
            assert_eq!(hint(&format!("spacectl {line}")).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(hint("spacectl plugin enable p3 --frobnicate.yml"), None);
        assert_eq!(hint("spacectl exec -f p3.yml register"), None, "the file is not a resource");
    }

    #[test]
    fn the_python_clients_v_took_a_version() {
        assert!(hint("spacectl list plugin -v v1").unwrap().contains("--api-version"));
        assert!(hint("spacectl list -v v1 plugin").unwrap().contains("--api-version"));
        assert!(hint("spacectl list plugin v1 -v").unwrap().contains("-p plugin_id"));
    }

    #[test]
    fn a_verb_or_a_resource_in_the_commands_place() {
        for (line, command) in [
            ("register repository.Plugin -f x.yml", Some("spacectl exec register repository.Plugin")),
            ("register -f x.yml", Some("spacectl exec register SERVICE.RESOURCE")),
            ("sync inventory.Collector", Some("spacectl exec sync inventory.Collector")),
            ("-e local domain list", Some("spacectl list domain")),
            ("domain", Some("spacectl list domain")),
            ("repository.Plugin get -p a=b", Some("spacectl get repository.Plugin")),
            ("repository list Plugin", Some("spacectl list repository.Plugin")),
            ("delete plugin", Some("spacectl exec deregister plugin")),
            ("delete plugin plugin-a", Some("spacectl plugin deregister PLUGIN")),
            ("describe plugin plugin-a", Some("spacectl plugin get PLUGIN")),
            ("describe repository.Plugin", Some("spacectl get repository.Plugin")),
            ("create plugin -f x.yml", Some("spacectl exec register plugin")),
            ("edit plugin plugin-a", Some("spacectl exec update plugin")),
            ("describe user a", Some("spacectl get user")),
            ("find users.User", Some("spacectl list users.User")),
            ("search cloud_service", Some("spacectl exec search cloud_service")),
            ("delete user", Some("spacectl exec delete user")),
            ("apply -f p3.yml", Some("spacectl plugin apply -f FILE")),
            ("apply p3.yml", Some("spacectl plugin apply -f FILE")),
            ("diff plugin -f p3.yml", Some("spacectl plugin diff -f FILE")),
            ("lint p3.yml", Some("spacectl plugin lint FILE")),
            ("publish", Some("spacectl plugin publish -f FILE --tag TAG")),
            ("register p3.yml", Some("spacectl exec register SERVICE.RESOURCE")),
            ("cost-analysis List DataSource", None),
            ("cost_analysis create DataSource", Some("spacectl exec create cost_analysis.DataSource")),
            ("lst", None),
            ("lst plugin", None),
            ("-e local config ls", Some("spacectl config list")),
            ("config switch a", Some("spacectl config use NAME")),
            ("config delete-context a", Some("spacectl config environment -r NAME")),
            ("config environment prod", Some("spacectl config environment -s NAME")),
            ("config cat", Some("spacectl config show")),
            ("login", Some("spacectl config init")),
            ("whoami", Some("spacectl config check")),
            ("validate x.yml", Some("spacectl plugin lint FILE")),
            ("x\u{1b} list", None),
        ] {
            let hint = hint(&format!("spacectl {line}"));
            assert_eq!(hint.is_some(), command.is_some(), "{line}: {hint:?}");
            let command = command.map(|command| format!("`{command}`")).unwrap_or_default();
            assert!(hint.unwrap_or_default().contains(&command), "{line}");
        }
    }

    #[test]
    fn the_verbs_of_others_are_known_for_plugins() {
        for (verb, part) in [
            ("register -f plugin.yml", "spacectl plugin apply -f FILE"),
            ("create", "spacectl plugin apply -f FILE"),
            ("update plugin-a", "spacectl plugin apply -f FILE"),
            ("delete plugin-a", "spacectl plugin deregister PLUGIN"),
            ("remove plugin-a", "spacectl plugin deregister PLUGIN"),
            ("rm plugin-a", "spacectl plugin deregister PLUGIN"),
            ("uninstall plugin-a", "spacectl plugin deregister PLUGIN"),
            ("edit plugin-a", "spacectl plugin apply -f FILE"),
            ("install plugin-a", "spacectl plugin apply -f FILE"),
            ("new", "spacectl plugin init"),
            ("release", "spacectl plugin publish -f FILE --tag TAG"),
            ("show plugin-a", "spacectl plugin get PLUGIN"),
            ("describe plugin-a", "spacectl plugin get PLUGIN"),
        ] {
            let hint = hint(&format!("spacectl -e local plugin {verb}"));
            assert!(hint.as_ref().is_some_and(|hint| hint.contains(part)), "{verb}: {hint:?}");
        }
        assert_eq!(hint("spacectl plugin frobnicate"), None);
        assert_eq!(hint("spacectl config delete"), None);
    }

    #[test]
    fn a_resource_in_the_verbs_place() {
        let message = "error: \"repository.Plugin\" is a resource, but the verb comes first\n\
                       hint: run spacectl exec register repository.Plugin";
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
