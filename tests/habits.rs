//! Words of kubectl, gh, docker, cargo and the Python client, and the answers.

mod support;

use spacectl::cli::habits::{Answer, COMMANDS, FORMATS, Habit, OPTIONS, OptionHabit, OptionValue, REMOVALS};
use spacectl::schema::resource::verb::SYNONYMS;
use support::Spacectl;

/// What the user types for each placeholder.
const TYPED: [(&str, &str); 6] = [
    ("FILE", "a.yml"),
    ("PLUGIN", "plugin-a"),
    ("NAME", "name-a"),
    ("WORD", "word"),
    ("IMAGE", "acme/x:1"),
    ("KEY", "api_key"),
];

/// What they fill in for those that are left.
const LEFT: [(&str, &str); 6] = [
    ("SERVICE.RESOURCE", "notification.Protocol"),
    ("RESOURCE", "plugin"),
    ("TAG", "1.0"),
    ("COMMAND", "true"),
    ("COLUMNS", "plugin_id"),
    ("ID", "x"),
];

/// Words that mean a removal.
const MEANS_REMOVAL: [&str; 12] = [
    "delete",
    "delete-context",
    "remove",
    "rm",
    "uninstall",
    "deregister",
    "destroy",
    "unregister",
    "unset",
    "logout",
    "signout",
    "plugin",
];

/// `text` with placeholders replaced, word by word.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let value = |word: &str| {
        values.iter().find(|(name, _)| *name == word).map_or(word.to_owned(), |(_, value)| (*value).to_owned())
    };
    text.split(' ').map(value).collect::<Vec<_>>().join(" ")
}

/// Whether clap accepts the line, without running it: `-q` before and `-v` after the command are refused after that.
#[track_caller]
fn assert_accepted(user: &Spacectl, line: &str) {
    let line = filled(&filled(line, &LEFT), &TYPED);
    let run = user.run(&format!("-q {line} -v"));
    let refused = "error: --quiet and --verbose cannot be used together\n";
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), refused), "{line}");
}

/// The line that a hint suggests, between backticks.
#[track_caller]
fn suggested<'a>(stderr: &'a str, typed: &str) -> &'a str {
    let line = stderr.split("`spacectl ").nth(1).and_then(|rest| rest.split('`').next());
    line.unwrap_or_else(|| panic!("{typed}: {stderr}"))
}

fn lines() -> impl Iterator<Item = (&'static Habit, &'static str, &'static str)> {
    COMMANDS.iter().filter_map(|habit| match habit.answer {
        Answer::Line(line, purpose) => Some((habit, line, purpose)),
        Answer::Alias(_) | Answer::Nothing(_) => None,
    })
}

#[test]
fn each_word_is_answered_with_its_line_filled_in_and_clap_accepts_that() {
    let user = Spacectl::new();
    for (habit, line, purpose) in lines() {
        let arguments: Vec<&str> = line
            .split(' ')
            .filter_map(|word| TYPED.iter().find(|(name, _)| *name == word))
            .map(|(_, typed)| *typed)
            .collect();
        let expected = filled(line, &TYPED);
        for word in habit.words {
            let typed = format!("{} {word} {}", habit.at, arguments.join(" "));
            let run = user.run(&typed);
            assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{typed}: {run}");
            let hint = format!("\nhint: run `spacectl {expected}` {purpose}\n");
            assert!(run.stderr.contains(&hint), "{typed}: {run}");
            assert_eq!(run.stderr.matches("hint: ").count(), 2, "{typed}: {run}");
        }
        assert_accepted(&user, &expected);
    }
}

#[test]
fn each_alias_is_its_command() {
    let user = Spacectl::new();
    for habit in COMMANDS {
        let Answer::Alias(command) = habit.answer else { continue };
        let help = user.run(&format!("{} {command} --help", habit.at)).quiet_success();
        for word in habit.words {
            assert_eq!(user.run(&format!("{} {word} --help", habit.at)).quiet_success(), help, "{word}");
            let help_of_all = user.run(&format!("{} --help", habit.at)).quiet_success();
            assert!(!help_of_all.lines().any(|line| line.trim_start().starts_with(&format!("{word} "))), "{word}");
        }
    }
}

#[test]
fn a_word_without_a_counterpart_is_answered_with_a_sentence() {
    let user = Spacectl::new();
    for habit in COMMANDS {
        let Answer::Nothing(sentence) = habit.answer else { continue };
        for word in habit.words {
            for typed in [format!("{word} user X"), format!("-e lab {word}"), format!("plugin {word} plugin-a")] {
                let run = user.run(&typed);
                assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{typed}: {run}");
                assert!(run.stderr.contains(&format!("\nhint: {sentence}\n")), "{typed}: {run}");
            }
        }
    }
}

#[test]
fn verbs_of_other_tools_are_answered_for_any_resource() {
    let user = Spacectl::new();
    for words in SYNONYMS {
        for word in words {
            let Some(expected) = line_of_user(word) else { continue };
            let run = user.run(&format!("-e lab {word} user u-1"));
            assert_eq!(run.status, Some(2), "{run}");
            assert!(run.stderr.contains(&format!("\nhint: run `spacectl -e lab {expected}`")), "{word}: {run}");
            assert_accepted(&user, &expected);
            let is_removal = expected.starts_with("exec delete") || expected.starts_with("exec deregister");
            assert!(!is_removal || MEANS_REMOVAL.contains(word), "{word}: {expected}");
        }
    }
    for (typed, line) in [
        ("rm users a b", "`spacectl exec delete users -p user_id=a`, and again for each other id"),
        ("edit user u-1", "`spacectl exec update user -p user_id=u-1`, with -p for each field to change"),
        ("patch user u-1 -p name=x", "`spacectl exec update user -p user_id=u-1` with the same -p\n"),
        ("describe user", "`spacectl list user`"),
        ("remove identity.Role", "`spacectl exec delete identity.Role -p role_id=ID`"),
        ("uninstall data_source d-1", "`spacectl exec deregister data_source -p data_source_id=d-1`"),
        ("rm job j-1", "`spacectl exec delete job -p job_id=j-1`"),
        ("rm plugin-a plugin-b", "`spacectl plugin deregister plugin-a plugin-b`"),
        ("uninstall ds d-1", "`spacectl exec deregister ds -p data_source_id=d-1`"),
        ("unregister repo r-1", "`spacectl exec deregister repo -p repository_id=r-1`"),
        ("watch list plugin -o json", "`spacectl list plugin -o json --watch`"),
        ("-e lab watch get users", "`spacectl -e lab list users --watch`"),
        ("watch -n 5 plugin", "`spacectl list plugin --watch=5`"),
        ("watch", "`spacectl list plugin --watch` to follow a list"),
        ("patch user u-1 --type merge", "`spacectl exec update user -p user_id=u-1`, with -p for each field to change"),
        ("exec delete user a b", "`spacectl exec delete user -p user_id=a`, and again for each other id"),
        ("logs -f plugin-a", "`spacectl list log` to list"),
    ] {
        let run = user.run(typed);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains(&format!("\nhint: run {line}")), "{typed}: {run}");
    }
}

/// What calls the verb `word` of the user `u-1`; `None` if `word` is a command.
fn line_of_user(word: &str) -> Option<String> {
    let verb = match word {
        "get" | "list" => return None,
        "register" | "create" | "add" | "new" | "insert" => {
            return Some(format!("exec {} user", if word == "register" { word } else { "create" }));
        }
        "search" => "exec search",
        "ls" | "find" | "query" => "list",
        "show" | "describe" | "read" | "fetch" | "view" | "inspect" | "info" | "cat" => "get",
        "deregister" => "exec deregister",
        "delete" | "remove" | "unregister" | "destroy" | "rm" | "uninstall" => "exec delete",
        "set" => "exec set",
        "update" | "change" | "modify" | "edit" | "patch" | "put" | "replace" => "exec update",
        "enable" | "activate" | "start" => "exec enable",
        "disable" | "deactivate" | "stop" => "exec disable",
        other => panic!("a new word: {other}"),
    };
    Some(format!("{verb} user -p user_id=u-1"))
}

#[test]
fn a_resource_and_an_id_with_a_slash_are_taken_apart() {
    let user = Spacectl::new();
    for (typed, line) in [
        ("get plugin/plugin-a", "plugin get plugin-a"),
        ("-e lab get plugins/plugin-a -o json", "-e lab plugin get plugin-a -o json"),
        ("list plugin/plugin-a", "list plugin -p plugin_id=plugin-a"),
        ("describe plugins/plugin-a", "plugin get plugin-a"),
        ("edit plugin/plugin-a", "plugin edit plugin-a"),
        ("delete plugin/a plugin/b", "plugin deregister a b"),
        ("get plugin/a plugins/b", "list plugin --filter 'plugin_id in a,b'"),
        ("rm user/u-1", "exec delete user -p user_id=u-1"),
        ("get -o yaml users/u-1", "get users -p user_id=u-1 -o yaml"),
        ("exec disable plugin/plugin-a", "plugin disable plugin-a"),
        ("get identity.User/u-1", "get identity.User -p user_id=u-1"),
        ("run plugin/image", "plugin test --image plugin/image"),
        ("plugin get plugin/plugin-a -o json", "plugin get plugin-a -o json"),
        ("plugin rm plugins/a plugins/b", "plugin rm a b"),
        ("get plugin plugin/a", "plugin get a"),
        ("delete plugin/a user/b plugins/c", "plugin deregister a c"),
    ] {
        let run = user.run(typed);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains(&format!("\nhint: run `spacectl {line}`")), "{typed}: {run}");
    }
    user.file("plugin/a", "");
    let path = user.run("plugin lint plugin/a --format json");
    assert!(!path.stderr.contains("plugin lint a"), "{path}");
    let file = user.run("plugin lint plugin/plugin-a.yml");
    assert!(!file.stderr.contains("plugin get"), "{file}");
    let value = user.run("exec register plugin -f plugin/a");
    assert!(!value.stderr.contains("plugin get"), "{value}");
}

#[test]
fn all_wrong_options_of_a_line_are_answered_at_once() {
    let user = Spacectl::new();
    for (typed, line) in [
        ("get plugins -A", "list plugins"),
        ("get plugins -o wide", "list plugins -a"),
        ("get plugins -owide", "list plugins -a"),
        ("get plugin -n ws", "list plugin --workspace-id ws"),
        ("get plugins --sort-by=.metadata.name", "list plugins -s name"),
        ("get plugins --sort-by '{.metadata.creationTimestamp}'", "list plugins -s created_at"),
        ("get plugins --json name,state", "list plugins -o json -c name,state"),
        ("list plugins --json", "list plugins -o json"),
        ("config list --json name", "config list -o json"),
        ("--format json list plugin -A", "list plugin -o json"),
        ("plugin get plugin-a -o wide", "plugin get plugin-a"),
        ("plugin list --sort-by=.name -o wide", "plugin list -s name -a"),
        ("get plugins --selector team=a", "list plugins --filter tags.team=a"),
        ("list plugins -l team=a", "list plugins --filter tags.team=a"),
        ("get plugins -lteam=a", "list plugins --filter tags.team=a"),
        ("get plugins --jq .name", "list plugins -o json"),
        ("list plugins --format {{.ID}}", "list plugins -c plugin_id"),
        ("-e lab get plugins -A -o wide -n ws --sort-by=.name", "-e lab list plugins -a --workspace-id ws -s name"),
        (
            "list plugin --server grpc://h:1 --no-color --format csv",
            "list plugin --endpoint grpc://h:1 --color never -o csv",
        ),
        ("get plugin plugin-a -n ws", "plugin get plugin-a --workspace-id ws"),
        ("describe -n ws plugin plugin-a --format json", "plugin get plugin-a --workspace-id ws -o json"),
        ("get user -p user_id=a --format json", "get user -o json` with the same -p"),
    ] {
        let run = user.run(typed);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains(&format!("`spacectl {line}")), "{typed}: {run}");
        assert_eq!(run.stderr.matches("hint: ").count(), 2, "{typed}: {run}");
        if !line.contains("with the same") {
            assert_accepted(&user, suggested(&run.stderr, typed));
        }
    }
    let unknown = user.run("list plugin --format json --frobnicate");
    assert!(unknown.stderr.contains("hint: use -o to choose the output format, e.g. -o json\n"), "{unknown}");
    let plural = user.run("get plugins -o json -c name --watch 5");
    assert!(
        plural.stderr.ends_with("hint: run `spacectl list plugins -c name -o json --watch=5` to list them\n"),
        "{plural}"
    );
}

#[test]
fn configuration_by_other_words() {
    let user = Spacectl::new();
    user.run("config init -e lab --service identity=grpc://127.0.0.1:1").success();
    user.run("config alias add p repository.Plugin").success();
    assert_eq!(user.run("config alias ls -o name").quiet_success(), "p\n");
    user.run("config alias rm p").success();
    user.run("config endpoint set inventory grpc://127.0.0.1:2").success();
    assert_eq!(user.run("config endpoint ls -o name").quiet_success(), "identity\ninventory\n");
    user.run("config endpoint rm inventory").success();
    assert_eq!(user.run("config endpoint list -o name").quiet_success(), "identity\n");
    assert_eq!(user.run("config ls").quiet_success(), "lab (current)\nlocal\n");
    for (typed, line) in [
        ("config rm lab", "config environment -r lab"),
        ("config rm x_domain_id", "config remove x_domain_id"),
        ("config delete endpoints.identity", "config remove endpoints.identity"),
        ("config list lab", "config show -e lab"),
        ("config show lab -o json", "config show -e lab -o json"),
        ("config check lab", "config check -e lab"),
        ("config current lab", "config show -e lab"),
    ] {
        let run = user.run(typed);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains(&format!("hint: run `spacectl {line}`")), "{typed}: {run}");
    }
}

#[test]
fn only_words_that_mean_a_removal_are_answered_with_one() {
    for (habit, line, _) in lines() {
        if line.split(' ').any(|word| REMOVALS.contains(&word)) {
            assert!(habit.words.iter().all(|word| MEANS_REMOVAL.contains(word) || habit.at == "auth"), "{line}");
        }
    }
    for habit in COMMANDS {
        if matches!(habit.answer, Answer::Alias(command) if REMOVALS.contains(&command)) {
            assert!(habit.words.iter().all(|word| MEANS_REMOVAL.contains(word)), "{:?}", habit.words);
        }
    }
    let user = Spacectl::new();
    for word in ["rename", "reregister", "depreciate", "install", "uninstal-not", "restart", "rerun"] {
        let run = user.run(&format!("plugin {word} plugin-a"));
        assert!(REMOVALS.iter().all(|removal| !run.stderr.contains(&format!(" {removal}"))), "{run}");
        assert!(REMOVALS.iter().all(|removal| !run.stderr.contains(&format!("'{removal}"))), "{run}");
    }
}

#[test]
fn a_removal_by_another_word_asks_the_same() {
    let user = Spacectl::local();
    user.example("plugin_grafana_webhook.yml");
    let id = "plugin-grafana-monitoring-webhook";
    for word in ["rm", "remove", "uninstall", "delete"] {
        user.run("plugin apply -q -f plugin_grafana_webhook.yml").success();
        let run = user.run(&format!("plugin {word} {id}"));
        assert_eq!(run.to_string(), user.run(&format!("plugin deregister {id}")).to_string());
        assert_eq!(run.status, Some(2));
        assert_eq!(user.run(&format!("plugin {word} {id} --yes")).quiet_success(), format!("{id} deregistered\n"));
    }
    let run = user.run("delete -f plugin_grafana_webhook.yml");
    assert!(run.stderr.contains(&format!("hint: run `spacectl plugin deregister {id}` ")), "{run}");
    let run = user.run("delete plugin -f nowhere.yml");
    assert!(run.stderr.contains("hint: run `spacectl plugin deregister PLUGIN`"), "{run}");
}

/// A command line with `typed` in it.
fn with_option(typed: &str, instead: &str) -> String {
    match instead {
        "--yes" => format!("plugin deregister plugin-a {typed}"),
        _ => format!("list plugin {typed}"),
    }
}

#[test]
fn each_option_is_answered_with_the_whole_line() {
    let user = Spacectl::new();
    for OptionHabit { words, instead, example, value, .. } in OPTIONS {
        for word in *words {
            let typed = with_option(format!("{word} {example}").trim_end(), instead);
            let run = user.run(&typed);
            assert_eq!(run.status, Some(2), "{run}");
            if *instead == "-p" {
                // A value may be a secret.
                assert!(
                    run.stderr.contains("hint: use -p to set a field of the request, e.g. -p KEY=VALUE\n"),
                    "{run}"
                );
                continue;
            }
            let line = suggested(&run.stderr, &typed);
            assert!(line.contains(instead.split(' ').next().unwrap()), "{typed}: {line}");
            assert!(*value == OptionValue::Dropped || line.ends_with(example), "{typed}: {line}");
            assert_accepted(&user, line);
        }
    }
    for OptionHabit { words, instead, .. } in FORMATS {
        for word in *words {
            for typed in [format!("list plugin -o {word}"), format!("list plugin --output={word}=x")] {
                let run = user.run(&typed);
                let line = suggested(&run.stderr, &typed);
                assert!(line.contains(&instead.replace("ID", "plugin_id")), "{typed}: {line}");
                assert_accepted(&user, line);
            }
        }
    }
}

#[test]
fn the_users_own_options_go_into_the_line_and_secrets_do_not() {
    let user = Spacectl::new();
    for (typed, line) in [
        ("-e lab delete plugin plugin-a --yes", "`spacectl -e lab plugin deregister plugin-a --yes`"),
        ("describe plugin 플러그인 -o json", "`spacectl plugin get '플러그인' -o json`"),
        ("create plugin -f a.yml -p tags.token=hunter2", "`spacectl exec register plugin -f a.yml` with the same -p"),
        ("get plugin plugin-a -c name", "`spacectl plugin get plugin-a -c name`"),
        ("exec disable plugins plugin-a", "`spacectl plugin disable plugin-a`"),
        ("exec plugins list", "`spacectl list plugins`"),
        ("configure --api-key hunter2", "`spacectl config init` with the same --api-key"),
    ] {
        let run = user.run(typed);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains(&format!("hint: run {line}")), "{typed}: {run}");
        assert!(!run.stderr.contains("hunter2"), "{run}");
    }
    let json = user.run("--error-format json describe plugin plugin-a").stderr;
    assert!(json.contains(r#""hints":["run `spacectl --error-format json plugin get plugin-a`""#), "{json}");
    let quiet = user.run("-q describe plugin plugin-a").stderr;
    assert!(quiet.contains("hint: run `spacectl -q plugin get plugin-a`\n"), "{quiet}");
}

#[test]
fn rows_are_listed_and_one_row_is_shown() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    assert_eq!(user.run("list plugins -o csv -c plugin_id").quiet_success(), "plugin_id\n");
    let run = user.run("-e local get plugins");
    assert_eq!(
        run.to_string(),
        "status: 2\n--- stderr\nerror: get shows one row, and plugins are many\n\
         hint: run `spacectl list plugins -e local` to list them\n"
    );
    assert_ne!(user.run("get plugins -p plugin_id=a").status, Some(2), "one is named");
    user.run("config alias set plugins repository.Plugin").success();
    assert!(!user.run("get plugins").stderr.contains("are many"), "it is the user's own alias");
}

#[test]
fn apply_alone_is_that_of_plugin_and_says_so() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    user.example("plugin_grafana_webhook.yml");
    let run = user.run("apply -f plugin_grafana_webhook.yml");
    assert_eq!(
        run.to_string(),
        "status: 0\n--- stdout\nplugin-grafana-monitoring-webhook registered\n--- stderr\n\
         note: a plugin spec: running `spacectl plugin apply -f plugin_grafana_webhook.yml`\n"
    );
    assert_eq!(
        user.run("-q apply -f plugin_grafana_webhook.yml").quiet_success(),
        "plugin-grafana-monitoring-webhook unchanged\n"
    );
    let run = user.run("apply plugin_grafana_webhook.yml").to_string();
    assert!(run.contains("plugin-grafana-monitoring-webhook unchanged"), "{run}");
}

/// Each line of the page between backticks that begins with `spacectl` and is of this client.
#[test]
fn every_line_of_the_page_is_accepted() {
    let page = std::fs::read_to_string("docs/habits.md").unwrap();
    let user = Spacectl::new();
    let mut count = 0;
    let rows = page.lines().filter(|line| line.starts_with("| ")).filter_map(|row| row.split(" | ").nth(1));
    for line in
        rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter_map(|code| code.strip_prefix("spacectl "))
    {
        assert_accepted(&user, line);
        count += 1;
    }
    assert!(count >= 40, "{count}");
}

#[test]
fn a_session_belongs_to_an_environment_and_workspaces_are_rows() {
    let user = Spacectl::new();
    for (line, expected) in [
        ("login prod", "login -e prod"),
        ("login grpc://h:1", "login --url grpc://h:1"),
        ("logout prod", "logout -e prod"),
        ("whoami prod", "whoami -e prod"),
        ("workspace delete w-1", "exec delete identity.Workspace -p workspace_id=w-1"),
        ("workspace get w-1", "get identity.Workspace -p workspace_id=w-1"),
        ("workspace create", "exec create identity.Workspace"),
    ] {
        let run = user.run(line);
        assert!(run.stderr.contains(&format!("\nhint: run `spacectl {expected}`\n")), "{line}: {run}");
    }
}
