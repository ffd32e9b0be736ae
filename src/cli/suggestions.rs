//! Slips on the command line that clap cannot know of: what another client or another tool's habit spells otherwise.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::schema::resource::{Resource, alias, verb};
use crate::spec::source::Syntax;

/// What other tools call an option, and what it is here. None of the hints repeats a value.
const OPTIONS: [(&[&str], &str); 9] = [
    (&["--format", "--output-format", "--out"], "the output format is chosen with -o, as in -o json"),
    (&["--json", "--yaml", "--csv", "--table"], "the output format is chosen with -o, as in -o json"),
    (&["--file", "--filename", "--from-file"], "a file with the request is given with -f FILE"),
    (&["--param", "--params", "--parameters"], "a field of the request is given with -p KEY=VALUE"),
    (&["--field", "--fields", "--select"], "columns are chosen with -c, as in -c plugin_id,name"),
    (&["--env", "--profile", "--context"], "an environment is chosen with -e NAME"),
    (&["--sort-by", "--order-by", "--order"], "rows are sorted with -s KEY, or -s -KEY for the largest first"),
    (&["--url", "--server", "--host", "--address"], "an endpoint is given with --endpoint grpc://HOST:PORT"),
    (&["--no-color", "--no-colour"], "the variable NO_COLOR=1 turns colours off"),
];

/// The options of commands that answer with rows.
const ROWS: [&str; 8] = ["--filter", "--filter-any", "--search", "--limit", "-l", "--page", "--sort", "-s"];

/// The commands that take a resource and a request.
const CALLS: [&str; 5] = ["exec", "list", "get", "stat", "analyze"];

/// The commands whose first word is another command.
const GROUPS: [&str; 4] = ["config", "template", "local", "plugin"];

/// What the verbs of services and of other tools are for a plugin.
const PLUGIN: [(&[&str], &str); 3] = [
    (&["register", "create", "update"], "spacectl plugin apply -f FILE registers and updates what specs say"),
    (&["delete", "remove"], "did you mean spacectl plugin deregister PLUGIN?"),
    (&["show", "describe"], "did you mean spacectl plugin get PLUGIN?"),
];

/// The verbs of a plugin.
const PLUGIN_VERBS: [&str; 8] =
    ["register", "update", "deregister", "enable", "disable", "get_versions", "get", "list"];

/// What only `plugin` has: each takes specs by -f, unless it says otherwise.
const OF_SPECS: [(&str, &str); 6] = [
    ("apply", "-f FILE"),
    ("diff", "-f FILE"),
    ("lint", "FILE"),
    ("publish", "-f FILE --tag TAG"),
    ("build", "-f FILE --tag TAG"),
    ("push", "-f FILE --tag TAG"),
];

/// Commands whose names are often typed wrong.
const COMMANDS: [&str; 8] = ["exec", "list", "get", "stat", "analyze", "explain", "config", "template"];

/// What to do instead of a command line that could not be parsed; empty where nothing is known but what clap says.
pub fn hints(unparsed: &clap::Error, args: &[OsString]) -> Vec<String> {
    let words: Vec<&str> = args.iter().skip(1).map_while(|arg| arg.to_str()).collect();
    let hint = match unparsed.kind() {
        ErrorKind::UnknownArgument => text(unparsed, ContextKind::InvalidArg).and_then(|arg| unknown(arg, &words)),
        ErrorKind::InvalidSubcommand => {
            text(unparsed, ContextKind::InvalidSubcommand).and_then(|word| no_command(word, &words))
        }
        ErrorKind::MissingRequiredArgument => lone_resource(&words),
        _ => None,
    };
    hint.into_iter().collect()
}

/// Refuses `exec RESOURCE VERB`, which would look for a resource of the verb's name.
pub fn check_order(first: &str, second: &str) -> Result<()> {
    let is_swapped = !is_resource(second) && (first.contains('.') || is_resource(first) && verb::is_known(second));
    if !is_swapped {
        return Ok(());
    }
    Err(Error::usage(format!("{first:?} is a resource, and stands where the verb should"))
        .hint(format!("the verb comes first: spacectl exec {second} {first}")))
}

fn text(unparsed: &clap::Error, kind: ContextKind) -> Option<&str> {
    match unparsed.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// An option of another tool, or a word that a request cannot be told from.
fn unknown(arg: &str, words: &[&str]) -> Option<String> {
    if arg.starts_with('-') {
        if words.contains(&"exec") && ROWS.contains(&arg) {
            return Some(format!("{arg} chooses among rows: it goes with list, stat and analyze"));
        }
        let option = OPTIONS.iter().find(|(others, _)| others.contains(&arg));
        return option.map(|(_, hint)| (*hint).to_owned());
    }
    // The Python client's -v took the version of the API.
    let is_version =
        |word: &str| word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if words.windows(2).any(|pair| pair[0] == "-v" && is_version(pair[1])) {
        return Some("-v tells what is sent where; the version of the API is --api-version".to_owned());
    }
    let takes_request = words.iter().any(|word| CALLS.contains(word));
    let takes_specs = || words.contains(&"plugin") && OF_SPECS.iter().any(|(command, _)| words.contains(command));
    if Syntax::of_file(arg).is_some() && (takes_request || takes_specs()) {
        return Some(format!("a file is given with -f, as in -f {arg}"));
    }
    takes_request.then(|| "fields of the request are given with -p, as in -p plugin_id=plugin-a".to_owned())
}

/// A verb or a resource where a command should stand: `register repository.Plugin`, `domain list`, and
/// `repository list Plugin`, as cfctl has it.
fn no_command(word: &str, words: &[&str]) -> Option<String> {
    let at = words.iter().position(|candidate| *candidate == word)?;
    // Behind the name of a command, it is that command's word; and what is like a command's name is a slip in it.
    let is_command = |at: usize| GROUPS.contains(&words[at]) && !(at > 0 && words[at - 1].starts_with('-'));
    if let Some(group) = (0..at).find(|at| is_command(*at)) {
        let slip = PLUGIN.iter().find(|(others, _)| words[group] == "plugin" && others.contains(&word));
        return slip.map(|(_, hint)| (*hint).to_owned());
    }
    if let Some((command, takes)) = OF_SPECS.iter().find(|(command, _)| *command == word) {
        return Some(format!("did you mean spacectl plugin {command} {takes}?"));
    }
    if !is_resource(word) && nearest(word, COMMANDS).is_some() {
        return None;
    }
    let mut following = words[at + 1..].iter().copied().take_while(|next| !next.starts_with('-'));
    let (second, third) = (following.next(), following.next());
    if let (Some(verb), Some(name)) = (second, third)
        && let (true, Ok(resource)) = (verb::is_known(verb), Resource::of_service(word, name))
    {
        return Some(format!("did you mean {}?", call(verb, &resource.to_string())));
    }
    if is_resource(word) {
        let verb = second.filter(|second| !is_resource(second)).unwrap_or("list");
        return Some(format!("did you mean {}?", call(verb, word)));
    }
    match second {
        // A plugin that is named behind it is what these take.
        Some(resource) if is_plugin(resource) && third.is_some() => {
            let slip = PLUGIN.iter().skip(1).find(|(others, _)| others.contains(&word));
            slip.map(|(_, hint)| (*hint).to_owned()).or_else(|| Some(format!("did you mean {}?", call(word, resource))))
        }
        Some(resource) if is_resource(resource) => Some(format!("did you mean {}?", call(word, resource))),
        _ if verb::is_known(word) => Some(format!("did you mean {}?", call(word, "SERVICE.RESOURCE"))),
        _ => None,
    }
}

/// `exec repository.Plugin` alone.
fn lone_resource(words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| *word == "exec")?;
    let resource = words[at + 1..].iter().find(|word| !word.starts_with('-')).filter(|word| is_resource(word))?;
    Some(format!("name what to do to it: spacectl exec VERB {resource}"))
}

/// The command line that does it. All resources are read by `get` and `list`, whatever these are called elsewhere; of the
/// other verbs only a plugin's are known here.
fn call(verb: &str, resource: &str) -> String {
    let verbs = if is_plugin(resource) { &PLUGIN_VERBS[..] } else { &["get", "list"] };
    let verb = if verb == "search" { verb } else { verb::synonym(verb, verbs).unwrap_or(verb) };
    match verb::among(verb, &CALLS[1..]) {
        Some(command) => format!("spacectl {command} {resource}"),
        None => format!("spacectl exec {verb} {resource}"),
    }
}

fn is_plugin(resource: &str) -> bool {
    alias::built_in(resource).unwrap_or(resource) == "repository.Plugin"
}

/// Whether `word` can only be a resource: by its dot, unless it ends as a file's name, or as an alias that is built in.
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
        hints(&crate::cli::Cli::try_parse_from(&args).unwrap_err(), &args).pop()
    }

    #[test]
    fn options_of_other_tools_are_known() {
        for (option, said) in [
            ("--format json", "-o json"),
            ("--format=json", "-o json"),
            ("--yaml", "-o json"),
            ("--file plugin.yml", "-f FILE"),
            ("--params a=b", "-p KEY=VALUE"),
            ("--fields name", "-c plugin_id,name"),
            ("--env prod", "-e NAME"),
            ("--sort-by name", "-s KEY"),
            ("--server x", "--endpoint"),
            ("--no-color", "NO_COLOR=1"),
        ] {
            let hint = hint(&format!("spacectl list repository.Plugin {option}"));
            assert!(hint.as_ref().is_some_and(|hint| hint.contains(said)), "{option}: {hint:?}");
        }
        assert_eq!(hint("spacectl list repository.Plugin --frobnicate"), None);
    }

    #[test]
    fn what_chooses_rows_goes_with_what_answers_with_them() {
        for option in ["--filter name=x", "-l 3", "--sort name"] {
            let hint = hint(&format!("spacectl exec list plugin {option}")).unwrap();
            assert!(hint.ends_with("it goes with list, stat and analyze"), "{option}: {hint}");
        }
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
            let expected = "a file is given with -f, as in -f p3.yml";
            assert_eq!(hint(&format!("spacectl {line}")).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(hint("spacectl plugin enable p3 --frobnicate.yml"), None);
        assert_eq!(hint("spacectl exec -f p3.yml register"), None, "the file is no resource");
    }

    #[test]
    fn the_python_clients_v_took_a_version() {
        assert!(hint("spacectl list plugin -v v1").unwrap().contains("--api-version"));
        assert!(hint("spacectl list -v v1 plugin").unwrap().contains("--api-version"));
        assert!(hint("spacectl list plugin v1 -v").unwrap().contains("-p plugin_id"));
    }

    #[test]
    fn a_verb_or_a_resource_in_the_commands_place() {
        for (line, meant) in [
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
            ("-e local config list", None),
            ("x\u{1b} list", None),
        ] {
            let expected = meant.map(|meant| format!("did you mean {meant}?"));
            assert_eq!(hint(&format!("spacectl {line}")), expected, "{line}");
        }
    }

    #[test]
    fn the_verbs_of_others_are_known_for_plugins() {
        for (verb, said) in [
            ("register -f plugin.yml", "spacectl plugin apply -f FILE"),
            ("create", "spacectl plugin apply -f FILE"),
            ("update plugin-a", "spacectl plugin apply -f FILE"),
            ("delete plugin-a", "spacectl plugin deregister PLUGIN"),
            ("remove plugin-a", "spacectl plugin deregister PLUGIN"),
            ("show plugin-a", "spacectl plugin get PLUGIN"),
            ("describe plugin-a", "spacectl plugin get PLUGIN"),
        ] {
            let hint = hint(&format!("spacectl -e local plugin {verb}"));
            assert!(hint.as_ref().is_some_and(|hint| hint.contains(said)), "{verb}: {hint:?}");
        }
        assert_eq!(hint("spacectl plugin frobnicate"), None);
        assert_eq!(hint("spacectl config delete"), None);
    }

    #[test]
    fn a_resource_in_the_verbs_place() {
        let message = "error: \"repository.Plugin\" is a resource, and stands where the verb should\n\
                       hint: the verb comes first: spacectl exec register repository.Plugin";
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
            Some("name what to do to it: spacectl exec VERB repository.Plugin")
        );
        assert_eq!(hint("spacectl exec register"), None);
    }
}
