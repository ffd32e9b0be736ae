//! Words of kubectl, gh, docker, cargo and the Python client, and the answers.

mod support;

use spacectl::cli::habits::{Answer, COMMANDS, FORMATS, Habit, OPTIONS, OptionHabit, REMOVALS};
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
const MEANS_REMOVAL: [&str; 10] =
    ["delete", "remove", "rm", "uninstall", "deregister", "unregister", "unset", "logout", "signout", "plugin"];

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
        Answer::Alias(_) => None,
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
    for OptionHabit { words, instead, example, .. } in OPTIONS {
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
            assert!(line.ends_with(example), "{typed}: {line}");
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
