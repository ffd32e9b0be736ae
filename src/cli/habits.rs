//! Words of other tools: where people type them, and what does it here.
//!
//! Each row is tried through the program by tests/habits.rs. Lines that remove something are only in rows of words
//! that mean that.

/// Words in the place of a command, and the answer to them.
pub struct Habit {
    /// The commands before them: empty, `plugin`, `config`, `config alias`, `auth` and so on.
    pub at: &'static str,
    pub words: &'static [&'static str],
    pub answer: Answer,
}

pub enum Answer {
    /// The words are hidden aliases of this command.
    Alias(&'static str),
    /// The line to type after `spacectl`, and its purpose. Words in capitals are filled in from what the user typed. If
    /// a word has several rows, the first that can be filled in is taken, or else the last.
    Line(&'static str, &'static str),
    /// Nothing here does that: a sentence.
    Nothing(&'static str),
}

/// An option, and what to use in its place.
pub struct OptionHabit {
    pub words: &'static [&'static str],
    /// `-o` takes over the value, `-o json` has its own; `ID` is the id column of the resource. Empty: leave it out.
    pub instead: &'static str,
    pub value: OptionValue,
    /// An example of a value.
    pub example: &'static str,
    /// Continues `use -o to ...`.
    pub purpose: &'static str,
}

/// What becomes of the value that is typed with an option. If an option has several rows, the first whose line clap
/// accepts is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// It takes no value.
    None,
    /// It is given to the other option.
    Given,
    /// Nothing takes it.
    Dropped,
}

impl OptionHabit {
    /// What to type instead.
    pub(super) fn words_instead(&self, value: Option<&str>, id: &str) -> Vec<String> {
        let value = value.filter(|_| self.value == OptionValue::Given).map(|value| match self.instead {
            "-s" => sort_key(value),
            _ => value.to_owned(),
        });
        let words = self.instead.split_whitespace().map(|word| if word == "ID" { id } else { word });
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        match (words.last_mut(), value) {
            (Some(last), Some(value)) if last.ends_with(['=', '.']) => last.push_str(&value),
            (_, value) => words.extend(value),
        }
        words
    }
}

/// The field that kubectl's JSONPath names: `name` for `{.metadata.name}`.
fn sort_key(path: &str) -> String {
    let path = path.trim_start_matches(['{', '.']).trim_end_matches('}');
    let parts = ["metadata.", "spec.", "status."];
    let field = parts.iter().find_map(|part| path.strip_prefix(part)).unwrap_or(path);
    if field == "creationTimestamp" { "created_at".to_owned() } else { field.to_owned() }
}

const fn alias(at: &'static str, words: &'static [&'static str], command: &'static str) -> Habit {
    Habit { at, words, answer: Answer::Alias(command) }
}

const fn line(at: &'static str, words: &'static [&'static str], line: &'static str, purpose: &'static str) -> Habit {
    Habit { at, words, answer: Answer::Line(line, purpose) }
}

const fn nothing(words: &'static [&'static str], sentence: &'static str) -> Habit {
    Habit { at: "", words, answer: Answer::Nothing(sentence) }
}

const fn option(
    words: &'static [&'static str],
    instead: &'static str,
    example: &'static str,
    purpose: &'static str,
) -> OptionHabit {
    let value = if example.is_empty() { OptionValue::None } else { OptionValue::Given };
    OptionHabit { words, instead, value, example, purpose }
}

/// The row of an option whose value nothing takes.
const fn without_value(
    words: &'static [&'static str],
    instead: &'static str,
    example: &'static str,
    purpose: &'static str,
) -> OptionHabit {
    OptionHabit { words, instead, value: OptionValue::Dropped, example, purpose }
}

const APPLY: &str = "plugin apply -f FILE";
const DEREGISTER: &str = "plugin deregister PLUGIN";
const DISABLE: &str = "plugin disable PLUGIN";
const ENABLE: &str = "plugin enable PLUGIN";
const ENVIRONMENTS: &str = "config list";
const EXPORT: &str = "plugin export --dir plugins";
const GET: &str = "plugin get PLUGIN";
const INIT: &str = "plugin init NAME --resource-type SERVICE.RESOURCE";
const LINT: &str = "plugin lint FILE";
const CONFIGURE: &str = "config init";
const PUBLISH: &str = "plugin publish -f FILE --tag TAG";
const SEARCH: &str = "plugin list --search WORD";
const SPEC: &str = "plugin get PLUGIN -o spec";
const TEST: &str = "plugin test --image IMAGE";
const USE: &str = "config use NAME";
const VERSIONS: &str = "plugin versions PLUGIN";

pub static COMMANDS: &[Habit] = &[
    // Right as they are.
    alias("", &["plugins"], "plugin"),
    alias("", &["api-resource", "api_resources", "api-versions"], "api-resources"),
    alias("", &["completions"], "completion"),
    alias("", &["workspaces", "ws"], "workspace"),
    alias("plugin", &["ls"], "list"),
    alias("plugin", &["show", "describe", "view", "info", "inspect"], "get"),
    alias("plugin", &["new"], "init"),
    alias("plugin", &["rm", "remove", "uninstall", "delete", "unregister"], "deregister"),
    alias("plugin", &["tags"], "versions"),
    alias("config", &["ls", "contexts", "environments"], "list"),
    alias("config", &["unset"], "remove"),
    alias("config alias", &["ls"], "list"),
    alias("config alias", &["add", "create"], "set"),
    alias("config alias", &["rm", "delete", "unset"], "remove"),
    alias("config endpoint", &["ls", "list"], "show"),
    alias("config endpoint", &["set", "create"], "add"),
    alias("config endpoint", &["rm", "delete", "unset"], "remove"),
    // kubectl.
    line("", &["describe", "show", "inspect", "info", "view", "cat"], GET, "to see a plugin"),
    line("", &["describe"], "explain RESOURCE", "to see what a resource offers"),
    line("", &["info"], "config show", "to print the environment"),
    line("", &["edit"], "plugin edit PLUGIN", "to change a plugin in an editor"),
    line("", &["delete", "remove", "rm", "uninstall", "deregister", "unregister"], DEREGISTER, "to remove a plugin"),
    line("", &["create", "register"], "exec register plugin -f FILE", "to register plugins"),
    line("", &["replace"], "plugin apply -f FILE --replace", "to replace what cannot be updated"),
    line("", &["update", "patch"], APPLY, "to register or update plugins"),
    line("", &["update", "patch"], "plugin edit PLUGIN", "to change a plugin in an editor"),
    line("", &["logs", "tail"], "list log", "to list the platform's logs; -v logs the steps of a command"),
    line("", &["top", "watch"], "list plugin --watch", "to follow a list"),
    line("", &["cluster-info", "status", "ping"], "config check", "to test the endpoints and the key"),
    line("", &["use", "use-context", "switch"], USE, "to switch to an environment"),
    line("", &["context", "contexts", "env", "environment", "environments"], ENVIRONMENTS, "to list environments"),
    // gh, and others with accounts.
    line("", &["signin", "auth"], "login", "to log in as a person"),
    line("", &["configure"], CONFIGURE, "to store an endpoint and a key"),
    line("", &["signout"], "logout", "to forget the session"),
    line("auth", &["login", "refresh"], "login", "to log in as a person"),
    line("auth", &["setup"], CONFIGURE, "to store an endpoint and a key"),
    line("auth", &["logout"], "logout", "to forget the session"),
    line("auth", &["status", "token"], "whoami", "to see the credential in use"),
    line("auth", &["switch"], USE, "to switch to an environment"),
    // docker.
    line("", &["run"], TEST, "to start a plugin's image and test it"),
    line("", &["ls", "ps", "images"], "plugin list", "to list plugins"),
    line("", &["pull", "fetch", "clone"], SPEC, "to write a plugin as a spec; images are pulled by docker"),
    line("", &["pull", "fetch", "clone"], EXPORT, "to write all plugins as specs; images are pulled by docker"),
    line("", &["search", "find"], SEARCH, "to search for plugins"),
    line("", &["build"], "plugin build -f FILE --tag TAG", "to build a plugin's image"),
    line("", &["push"], "plugin push -f FILE --tag TAG", "to push a plugin's image"),
    line("", &["start", "enable"], ENABLE, "to let plugins be used"),
    line("", &["stop", "disable"], DISABLE, "to stop the use of plugins"),
    line("", &["tags", "versions"], VERSIONS, "to list a plugin's versions"),
    // cargo, helm, and others that install.
    line("", &["new"], INIT, "to write a new spec"),
    line("", &["init"], INIT, "to write a new spec"),
    line("", &["init"], CONFIGURE, "to store an endpoint and a key"),
    line("", &["install", "upgrade", "add"], APPLY, "to register or update plugins"),
    line("", &["publish", "release", "deploy"], PUBLISH, "to release a plugin"),
    line("", &["validate", "lint", "check"], LINT, "to check a spec"),
    line("", &["test"], TEST, "to test a plugin"),
    line("", &["test"], "plugin test --exec COMMAND", "to start a plugin and test it"),
    line("", &["diff", "plan"], "plugin diff -f FILE", "to see what a spec would change"),
    line("", &["export", "dump"], EXPORT, "to write all plugins as specs"),
    line("", &["serve"], "local serve", "to serve the embedded Repository"),
    // The same after `plugin`.
    line(
        "plugin",
        &["register", "create", "update", "add", "install", "upgrade"],
        APPLY,
        "to register or update plugins",
    ),
    line("plugin", &["release", "deploy"], PUBLISH, "to release a plugin"),
    line("plugin", &["search", "find"], SEARCH, "to search for plugins"),
    line("plugin", &["pull", "dump"], SPEC, "to write a plugin as a spec"),
    line("plugin", &["pull", "dump"], EXPORT, "to write all plugins as specs"),
    line("plugin", &["check", "validate"], LINT, "to check a spec"),
    line("plugin", &["run"], TEST, "to start a plugin's image and test it"),
    line("plugin", &["start"], ENABLE, "to let plugins be used"),
    line("plugin", &["stop"], DISABLE, "to stop the use of plugins"),
    line("plugin", &["scaffold"], INIT, "to write a new spec"),
    // kubectl config and git config.
    line("config", &["switch", "select", "activate"], USE, "to switch to an environment"),
    line(
        "config",
        &["set-context", "set-cluster", "set-credentials"],
        "config init -e NAME",
        "to create an environment; with --service SERVICE=URL for each endpoint",
    ),
    line("config", &["cat", "print"], "config show", "to print the environment"),
    line("config", &["delete", "rm"], "config remove KEY", "to remove a key"),
    line("config", &["delete", "rm", "delete-context"], "config environment -r NAME", "to remove an environment"),
    line("config", &["login"], "login", "to log in as a person"),
    line("config", &["test", "status"], "config check", "to test the endpoints and the key"),
    line("workspace", &["switch", "select", "set"], "workspace use NAME", "to work in another workspace"),
    line("workspace", &["current"], "whoami", "to see the workspace in use"),
    // What nothing here does.
    nothing(
        &["scale", "autoscale", "rollout", "restart"],
        "the platform starts and stops plugins by itself: no command here does that",
    ),
    nothing(
        &["label", "annotate", "taint", "untaint"],
        "there are no labels as in kubectl: `tags` is a field, which the verb update replaces as a whole",
    ),
    nothing(&["wait"], "a call returns when it is done; `spacectl list plugin --watch` follows rows"),
    nothing(&["cordon", "uncordon", "drain"], "there are no nodes here, only the platform's services"),
    nothing(
        &["attach", "port-forward", "proxy", "cp", "debug", "expose", "kill", "pause", "unpause"],
        "plugins run elsewhere: no command here reaches into one; `spacectl plugin test` starts one of its own",
    ),
    nothing(
        &["compose", "network", "volume", "swarm", "tag", "save", "load"],
        "images and containers are docker's: spacectl registers plugins",
    ),
    nothing(
        &["pr", "issue", "gist", "browse", "workflow"],
        "there is nothing of that kind here: `spacectl api-resources` lists what there is",
    ),
];

pub static OPTIONS: &[OptionHabit] = &[
    option(&["--format", "--output-format", "--out"], "-o", "json", "choose the output format"),
    without_value(&["--format"], "-c ID", "{{.ID}}", "choose columns"),
    option(&["--json"], "-o json -c", "name", "choose the output format, and -c for columns"),
    option(&["--json"], "-o json", "", "choose the output format"),
    without_value(&["--json"], "-o json", "name", "choose the output format"),
    without_value(&["--jq"], "-o json", ".name", "get JSON, and pipe it into jq"),
    option(&["--yaml"], "-o yaml", "", "choose the output format"),
    option(&["--csv"], "-o csv", "", "choose the output format"),
    option(&["--table"], "-o table", "", "choose the output format"),
    option(&["--file", "--filename", "--from-file"], "-f", "FILE", "read the request from a file"),
    option(&["--param", "--params", "--parameters"], "-p", "KEY=VALUE", "set a field of the request"),
    option(&["--field", "--fields", "--select"], "-c", "plugin_id,name", "choose columns"),
    option(&["--env", "--profile", "--context"], "-e", "NAME", "choose an environment"),
    option(&["--sort-by", "--order-by", "--order"], "-s", "KEY", "sort rows, -KEY for descending order"),
    option(&["--url", "--server", "--host", "--address"], "--endpoint", "grpc://HOST:PORT", "call one endpoint"),
    option(&["--no-header"], "--no-headers", "", "print rows without a header"),
    option(&["--no-color", "--no-colour"], "--color never", "", "disable colours"),
    option(&["--state", "--status"], "--filter state=", "ENABLED", "choose rows"),
    option(&["--selector", "-l"], "--filter tags.", "team=a", "choose rows, here by their tags"),
    option(&["--field-selector"], "--filter", "state=ENABLED", "choose rows"),
    option(&["-L"], "-l", "30", "limit the rows"),
    option(&["--chunk-size"], "--page-size", "100", "set the rows per request"),
    option(&["--show-labels"], "-a", "", "show all columns"),
    option(&["-n", "--namespace"], "--workspace-id", "ID", "choose a workspace"),
    option(&["-A", "--all-namespaces"], "", "", "all workspaces are listed unless --workspace-id chooses one"),
    option(&["-w"], "--watch", "", "repeat the call"),
    option(&["--force", "--assume-yes", "--no-confirm"], "--yes", "", "skip the confirmation"),
];

/// The `get` of kubectl without an id.
pub static LISTING: OptionHabit = option(&["get"], "list", "", "see several rows");

/// Values of `-o`, as `OPTIONS`.
pub static FORMATS: &[OptionHabit] = &[
    without_value(&["wide"], "-a", "", "show all columns"),
    without_value(&["wide"], "", "", "all columns are shown without it"),
    without_value(&["jsonpath", "custom-columns", "go-template"], "-c ID", "", "choose columns"),
];

/// Subcommands that remove something: suggested for words that mean that, and for their own misspellings.
pub const REMOVALS: [&str; 7] = ["deregister", "remove", "reset", "rm", "uninstall", "delete", "unregister"];

/// Whether the option of another tool is followed by its value.
pub(super) fn takes_value(word: &str) -> bool {
    OPTIONS.iter().any(|habit| habit.words.contains(&word) && habit.value != OptionValue::None)
}

/// Whether the option of another tool has no value.
pub(super) fn is_flag(word: &str) -> bool {
    OPTIONS.iter().any(|habit| habit.words.contains(&word)) && !takes_value(word)
}

/// The sentence for a word that nothing here does.
pub(super) fn nothing_for(word: &str) -> Option<&'static str> {
    COMMANDS.iter().find_map(|habit| match habit.answer {
        Answer::Nothing(sentence) if habit.words.contains(&word) => Some(sentence),
        _ => None,
    })
}

/// The hidden aliases of a command, for clap.
pub fn aliases(at: &'static str, command: &'static str) -> impl Iterator<Item = &'static str> {
    let is_alias =
        move |habit: &&Habit| habit.at == at && matches!(habit.answer, Answer::Alias(name) if name == command);
    COMMANDS.iter().filter(is_alias).flat_map(|habit| habit.words.iter().copied())
}
