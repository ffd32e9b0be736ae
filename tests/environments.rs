//! Keys, domains, imports, and `config init` by flags.

mod support;

use std::path::Path;

use insta::assert_snapshot;
use serde_json::json;
use support::{Api, Server, Spacectl};

const LIST: &str = "list repository.Plugin -c plugin_id";
const KEY: &str = "s3cret-key";

fn service() -> Server {
    Server::start(Api::generation2(), |_| vec![Ok(json!({}))])
}

/// The `token` that came with each call.
fn tokens(server: &Server) -> Vec<Option<String>> {
    server.calls().iter().map(|call| call.metadata.get("token").cloned()).collect()
}

/// A user whose current environment `lab` has the server's endpoint.
fn user_of(server: &Server) -> Spacectl {
    let user = Spacectl::new();
    user.run(&format!("config init -e lab --service repository={}", server.url())).success();
    user
}

fn environment_file(user: &Spacectl) -> std::path::PathBuf {
    user.home().join(".spaceone/environments/lab.yml")
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn flags_say_all_that_an_environment_holds() {
    let user = Spacectl::new();
    let line = "config init -e prod --service repository=grpc+ssl://r.example --service identity=grpc://i.example:1 \
                --api-key - --domain-id domain-1 --workspace-id workspace-1";
    let run = user.run_with_input(line, "s3cret-key\n");
    assert!(!run.to_string().contains(KEY), "{run}");
    assert_snapshot!(run);
    assert_snapshot!(user.run("config show --show-secrets").quiet_success());
    assert_eq!(user.run("config get api_key").quiet_success(), "********\n");
    assert_eq!(user.run("config get api_key --show-secrets").quiet_success(), "s3cret-key\n");
    assert_eq!(user.run("config get endpoints.identity").quiet_success(), "grpc://i.example:1\n");
    assert_snapshot!(user.run("config get endpoints.identiti"));
    assert_snapshot!(user.run("config environment -o json").quiet_success());
    assert_eq!(user.run("config environment -o quiet").quiet_success(), "prod\nlocal\n");
}

#[test]
fn flags_of_tls_are_kept() {
    let user = Spacectl::new();
    user.run("config init -e lab --ca ca.pem --cert me.pem --key me.key --tls-server-name repo.example").success();
    let shown = user.run("config show -o json").quiet_success();
    for (key, file) in [("ca", "ca.pem"), ("cert", "me.pem"), ("key", "me.key")] {
        assert!(shown.contains(&format!("\"{key}\": \"[HOME]/work/{file}\"")), "{shown}");
    }
    assert!(shown.contains("\"tls_server_name\": \"repo.example\""), "{shown}");
    assert_eq!(user.run("config init -e other --key me.key").status, Some(2));
}

#[test]
fn what_is_for_calls_is_refused_where_none_is_made() {
    let user = Spacectl::new();
    user.run("config init -e lab --service inventory=grpc://127.0.0.1:1").success();
    for (line, flag, hint) in [
        ("config init -e b --endpoint grpc://h:1", "--endpoint", "--service SERVICE=grpc://h:1"),
        ("config show --endpoint grpc://h:1", "--endpoint", "config endpoint add"),
        ("config show --domain-id d", "--domain-id", "config set x_domain_id ID"),
        ("config get x_domain_id --workspace-id w", "--workspace-id", "config set x_workspace_id ID"),
        ("config environment --ca ca.pem", "--ca", "config set ca FILE"),
        ("config endpoint show --tls-server-name n", "--tls-server-name", "config set tls_server_name NAME"),
        ("config alias list --cert me.pem", "--cert", "config set cert FILE"),
    ] {
        let run = user.run(line);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.starts_with(&format!("error: {flag} is for calls")) && run.stderr.contains(hint), "{run}");
    }
}

#[test]
fn endpoints_are_rows_for_programs() {
    let user = Spacectl::new();
    user.run("config init -e lab --service identity=grpc://i:1").success();
    let shown = user.run("config endpoint show -o json").quiet_success();
    assert!(shown.contains("\"service\": \"identity\""), "{shown}");
    assert_eq!(user.run("config endpoint show -o quiet").quiet_success(), "identity\n");
}

#[test]
fn flags_outrank_the_file_that_settings_are_taken_from() {
    let user = Spacectl::new();
    user.file("base.yml", "x_domain_id: of-file\nendpoints: {identity: 'grpc://file:1', plugin: 'grpc://file:2'}\n");
    user.run("config init -e lab -f base.yml --service identity=grpc://flag:1 --domain-id of-flag").success();
    assert_snapshot!(user.run("config show").quiet_success());
}

#[test]
fn what_init_cannot_take_is_refused_and_a_key_on_the_command_line_is_not_repeated() {
    let user = Spacectl::new();
    let shown = [
        "config init -e lab --api-key s3cret-key",
        "config init -e lab --api-key - -f -",
        "config init -e lab --service repository",
        "config init -e lab --service repository=http://x",
        "config init -e lab --service 'a b=grpc://x:1'",
        "config init -e lab --api-key - --api-key-command true",
        "config init -e local --service repository=grpc://x:1",
        "config init -e lab --domain-id ''",
    ]
    .map(|line| format!("$ spacectl {}\n{}\n", line.replace(KEY, "KEY"), user.run(line)));
    assert!(!shown.concat().contains(KEY), "{}", shown.concat());
    assert_snapshot!(shown.concat());
    assert_eq!(user.run("config environment").quiet_success(), "local\n");
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let user = Spacectl::new();
    let run = user.run_with_input("config init", "never-read\n");
    let told = "error: the environment `default` would be empty, and there is no terminal to ask on\n\
                hint: use `spacectl config init -e default --service repository=grpc+ssl://HOST:443`\n";
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), told));
    assert_eq!(user.run("config init --force").status, Some(2));
    assert_eq!(user.run("config environment").quiet_success(), "local\n");
    // What the hint says works when typed.
    user.run("config init -e default --service repository=grpc+ssl://HOST:443").success();
    // With a name it is made, as scripts for the Python client expect, and what is missing is said.
    for (name, more) in [("keyed", "--domain-id d"), ("bare", "")] {
        let run = user.run(&format!("config init -e {name} {more}"));
        let note = format!("note: {name} has no endpoints: add each with `spacectl config endpoint add SERVICE URL");
        assert!(run.stderr.starts_with(&note), "{run}");
        run.success();
    }
}

#[test]
fn a_variable_that_selects_another_environment_is_mentioned() {
    let user = Spacectl::new().variable("SPACECTL_ENVIRONMENT", "other");
    for line in ["config init -e lab --service inventory=grpc://127.0.0.1:1", "config environment -s lab"] {
        let run = user.run(line);
        let note = "note: SPACECTL_ENVIRONMENT is set: as long as it is, commands use other\n";
        assert!(run.stderr.ends_with(note), "{run}");
        run.success();
    }
    let run = user.run("config environment -s local -e local");
    assert!(run.stderr.contains("commands use other"), "{run}");
}

#[test]
fn list_and_current_say_what_calls_really_use() {
    let user = Spacectl::new();
    user.run("config init -e lab --service inventory=grpc://127.0.0.1:1").success();
    let note = "note: SPACECTL_ENDPOINT is set: as long as it is, calls go there, without an environment\n";
    let missing = "warning: there is no environment `nope` in [HOME]/.spaceone";
    for (line, shown) in [("config current", "lab\n"), ("config list", "lab (current)\nlocal\n")] {
        assert_eq!(user.run(line).quiet_success(), shown);
        let run = user.run_with(&[("SPACECTL_ENDPOINT", "grpc://127.0.0.1:2")], line);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (shown, note), "{run}");
        let run = user.run_with(&[("SPACECTL_ENVIRONMENT", "nope")], line);
        assert_eq!((run.status, run.stderr), (Some(0), format!("{missing}: it is named by SPACECTL_ENVIRONMENT\n")));
        let run = user.run(&format!("{line} -e nope"));
        assert_eq!((run.status, run.stderr), (Some(0), format!("{missing}\n")));
        assert_eq!(user.run_with(&[("SPACECTL_ENVIRONMENT", "local")], line).stderr, "");
    }
    std::fs::remove_file(environment_file(&user)).unwrap();
    assert_eq!(user.run("config list").stderr, missing.replace("nope", "lab") + ": it is named by environment.yml\n");
}

#[test]
fn a_near_miss_of_a_key_is_refused_and_another_programs_key_can_be_set() {
    let user = Spacectl::new();
    user.run("config init -e lab --service inventory=grpc://127.0.0.1:1").success();
    for (key, known) in [
        ("x_domain", "x_domain_id VALUE"),
        ("domain_id", "x_domain_id VALUE"),
        ("domain", "x_domain_id VALUE"),
        ("workspace", "x_workspace_id VALUE"),
        ("api", "api_key -"),
        ("tls", "tls_server_name VALUE"),
    ] {
        let run = user.run(&format!("config set {key} s3cret"));
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{run}");
        assert!(run.stderr.starts_with(&format!("error: nothing reads the key `{key}`: did you mean `")), "{run}");
        assert!(run.stderr.contains(&format!("\nhint: use `spacectl config set {known}`\n")), "{run}");
        assert!(!run.stderr.contains("s3cret"), "{run}");
    }
    for key in ["colour", "cache", "name", "url"] {
        let run = user.run(&format!("config set {key} x"));
        assert!(run.stderr.starts_with(&format!("warning: nothing reads the key `{key}`")), "{run}");
        run.success();
    }
    // What is there already is another program's.
    let text = std::fs::read_to_string(environment_file(&user)).unwrap();
    std::fs::write(environment_file(&user), format!("{text}x_domain: d\n")).unwrap();
    user.run("config set x_domain e").success();
    assert_eq!(user.run("config get x_domain").quiet_success(), "e\n");
    user.file("editor", "#!/bin/sh\necho 'domain: d' >> $1\n");
    set_mode(&user.path("editor"), 0o755);
    let editor = user.path("editor").display().to_string();
    user.run_with(&[("EDITOR", &editor), ("PATH", "/usr/bin:/bin")], "config edit").success();
    assert_eq!(user.run("config get domain").quiet_success(), "d\n");
}

#[test]
fn nothing_is_created_in_a_home_that_does_not_exist() {
    let user = Spacectl::new();
    let home = user.path("nowhere");
    let text = home.display().to_string();
    user.file("file", "");
    let file = user.path("file").display().to_string();
    for (line, hint) in [
        ("completion install bash", "set HOME to a folder that exists"),
        ("completion install fish", "set HOME to a folder that exists"),
        ("-e local list plugin", "set HOME to a folder that exists, or set XDG_DATA_HOME"),
        ("config list", "set HOME to a folder that exists, or set SPACECTL_CONFIG_DIR"),
        ("config init -e lab --domain-id d", "set HOME to a folder that exists, or set SPACECTL_CONFIG_DIR"),
    ] {
        for home in [&text, &file] {
            let run = user.run_with(&[("HOME", home)], line);
            assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
            assert!(run.stderr.starts_with("error: there is no home folder"), "{run}");
            assert!(run.stderr.ends_with(&format!("\nhint: {hint}\n")), "{run}");
        }
    }
    let server = service();
    let line = format!("--endpoint {} {LIST}", server.url());
    assert_eq!(user.run_with(&[("HOME", &text)], &line).quiet_success(), "NO DATA\n");
    let (data, dir) = (user.path("data").display().to_string(), user.path("dir").display().to_string());
    user.run_with(&[("HOME", &text), ("XDG_DATA_HOME", &data)], "-e local list plugin").success();
    user.run_with(&[("HOME", &text), ("SPACECTL_CONFIG_DIR", &dir)], "config init -e lab --domain-id d").success();
    assert!(!home.exists());
}

#[test]
fn a_key_comes_from_a_file_whose_path_counts_from_the_configuration_or_from_home() {
    let server = service();
    let user = user_of(&server);
    user.file("../.spaceone/environments/key.txt", "s3cret-key\n").file("../key-of-home.txt", "home-key\n");
    set_mode(&user.home().join(".spaceone/environments/key.txt"), 0o600);
    let file = user.home().join(".spaceone/environments/lab.yml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, settings + "api_key_file: key.txt\n").unwrap();
    assert_eq!(user.run(LIST).quiet_success(), "NO DATA\n");

    user.run("config set api_key_file '~/key-of-home.txt'").success();
    let run = user.run(LIST);
    assert_eq!(run.status, Some(0), "{run}");
    // The test's umask lets others read it.
    assert!(run.stderr.contains("[HOME]/key-of-home.txt holds a secret, and its mode 0644"), "{run}");
    assert_eq!(tokens(&server), [Some(KEY.into()), Some("home-key".into())]);
}

#[test]
fn init_keeps_where_the_key_file_lies() {
    let server = service();
    let user = Spacectl::new();
    user.file("key.txt", KEY);
    user.run(&format!("config init -e lab --service repository={} --api-key-file key.txt", server.url())).success();
    assert_eq!(user.run("config get api_key_file").quiet_success(), "[HOME]/work/key.txt\n");
    user.run(LIST).success();
    assert_eq!(tokens(&server), [Some(KEY.into())]);
}

#[test]
fn a_key_file_that_is_not_there_is_an_error_where_it_is_needed_only() {
    let server = service();
    let user = user_of(&server);
    let run = user.run("config set api_key_file key.txt");
    // Typed, it is meant from where the user stands.
    assert!(run.stderr.starts_with("warning: there is no file [HOME]/work/key.txt yet"), "{run}");
    assert_snapshot!(user.run(LIST));
    for line in ["config show", "config endpoint show", "-e local list repository.Plugin"] {
        user.run(line).success();
    }
    user.run(&format!("--endpoint {} {LIST}", server.url())).success();
    assert_eq!(tokens(&server), [None]);
}

#[test]
fn a_key_comes_from_a_command_that_runs_once_and_only_where_it_is_needed() {
    let (server, other) = (service(), service());
    let user = user_of(&server);
    user.run(&format!("config endpoint add identity {}", other.url())).success();
    user.run("config set api_key_command 'echo run >> runs.txt; echo asking >&2; echo s3cret-key'").success();
    let runs = || std::fs::read_to_string(user.path("runs.txt")).unwrap_or_default().lines().count();

    for line in ["config show", "config environment", "config endpoint show", "-e local list repository.Plugin"] {
        user.run(line).success();
    }
    user.run(&format!("--endpoint {} {LIST}", server.url())).success();
    assert_eq!(user.run("list nowhere.Plugin").status, Some(2));
    assert_eq!(runs(), 0);

    let run = user.run(LIST);
    assert_eq!(run.stderr, "asking\n");
    assert_eq!((runs(), tokens(&server)), (1, vec![None, Some(KEY.into())]));
    // Two endpoints, one command.
    user.run("api-resources").success();
    assert_eq!(runs(), 2);
    user.run_with_input("config set api_key -", "other-key").success();
    let run = user.run(LIST);
    assert_eq!(
        run.stderr,
        "warning: [HOME]/.spaceone/environments/lab.yml: api_key is used, and api_key_command is not\n"
    );
    assert_eq!(runs(), 2);
    let user = user.variable("SPACECTL_API_KEY", "variable-key");
    user.run(LIST).quiet_success();
    assert_eq!(tokens(&server)[2..], [Some("other-key".into()), Some("variable-key".into())]);
}

#[test]
fn a_command_that_gives_no_key_is_an_error_that_shows_nothing_of_its_output() {
    let server = service();
    let user = user_of(&server);
    let shown = ["echo s3cret-key; exit 3", "true", "echo s3cret-key; echo s3cret-key", "exec sleep 600", "kill -9 $$"]
        .map(|command| {
            user.run(&format!("config set api_key_command '{command}'")).success();
            format!("{}\n", user.run(&format!("--timeout 500ms {LIST}")))
        });
    assert!(!shown.concat().contains(KEY), "{}", shown.concat());
    assert_snapshot!(shown.concat());
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_command_that_others_could_have_written_is_not_run() {
    let server = service();
    let user = user_of(&server);
    user.run("config set api_key_command 'touch ran.txt; echo s3cret-key'").success();
    set_mode(&environment_file(&user), 0o620);
    assert_snapshot!(user.run(LIST));
    assert!(!user.path("ran.txt").exists());
    set_mode(&environment_file(&user), 0o640);
    user.run(LIST).quiet_success();
    std::fs::remove_file(user.path("ran.txt")).unwrap();

    // Each folder up to home counts, and the sticky bit changes nothing.
    for (folder, mode, hint) in [
        (".spaceone/environments", 0o770, "run `chmod go-w [HOME]/.spaceone/environments`"),
        (".spaceone", 0o707, "run `chmod go-w [HOME]/.spaceone`"),
        ("", 0o777, "run `chmod go-w [HOME]`"),
        (".spaceone", 0o1777, "move the configuration to a folder of your own, and name that in SPACECTL_CONFIG_DIR"),
    ] {
        let path = user.home().join(folder);
        set_mode(&path, mode);
        let run = user.run(LIST);
        let told = format!("api_key_command is not run: others can change the folder {}", hint_path(folder));
        assert!(run.status == Some(1) && run.stderr.contains(&told), "{folder}: {run}");
        assert!(run.stderr.contains(&format!("hint: {hint}\n")), "{folder}: {run}");
        set_mode(&path, 0o700);
    }
    assert!(!user.path("ran.txt").exists());
    user.run(LIST).quiet_success();
}

fn hint_path(folder: &str) -> String {
    if folder.is_empty() { "[HOME]".into() } else { format!("[HOME]/{folder}") }
}

#[test]
fn links_to_a_command_are_followed_to_who_can_change_it() {
    use std::os::unix::fs::symlink;

    let server = service();
    let user = user_of(&server);
    user.run("config set api_key_command 'touch ran.txt; echo s3cret-key'").success();
    let (shared, own) = (user.home().join("shared"), user.home().join("own"));
    std::fs::create_dir(&shared).unwrap();
    std::fs::create_dir(&own).unwrap();
    let file = environment_file(&user);
    let (target, link) = (own.join("target.yml"), shared.join("link.yml"));
    std::fs::rename(&file, &target).unwrap();
    let refused = |what: &str| {
        let run = user.run(LIST);
        assert!(
            run.status == Some(1) && run.stderr.contains(&format!("others can change {what}, whose mode is")),
            "{run}"
        );
        assert!(!user.path("ran.txt").exists(), "{what}");
    };

    symlink(&target, &file).unwrap();
    set_mode(&target, 0o602);
    refused("the file [HOME]/own/target.yml");
    set_mode(&target, 0o600);
    set_mode(&own, 0o777);
    refused("the folder [HOME]/own");
    set_mode(&own, 0o755);
    // By way of a link that others can put another one in the place of.
    std::fs::remove_file(&file).unwrap();
    symlink(&target, &link).unwrap();
    symlink(&link, &file).unwrap();
    set_mode(&shared, 0o777);
    refused("the folder [HOME]/shared");
    set_mode(&shared, 0o755);
    user.run(LIST).quiet_success();
    assert!(user.path("ran.txt").exists());
    // A folder that is a link, too.
    std::fs::remove_file(user.path("ran.txt")).unwrap();
    std::fs::rename(user.home().join(".spaceone"), own.join("config")).unwrap();
    symlink(own.join("config"), shared.join("config")).unwrap();
    symlink(shared.join("config"), user.home().join(".spaceone")).unwrap();
    user.run(LIST).quiet_success();
    std::fs::remove_file(user.path("ran.txt")).unwrap();
    set_mode(&shared, 0o777);
    let elsewhere = user.run_with(&[("SPACECTL_CONFIG_DIR", shared.join("config").to_str().unwrap())], LIST);
    assert!(elsewhere.stderr.contains("others can change the folder [HOME]/shared,"), "{elsewhere}");
    assert!(!user.path("ran.txt").exists());
}

#[test]
fn a_command_of_another_user_is_not_run() {
    let server = service();
    let user = user_of(&server);
    user.run("config set api_key_command 'touch ran.txt; echo s3cret-key'").success();
    // Only the superuser can give a file away.
    if std::os::unix::fs::chown(environment_file(&user), Some(12345), None).is_err() {
        return;
    }
    let run = user.run(LIST);
    let told =
        "api_key_command is not run: this file belongs to another user, with the id 12345\nhint: run `sudo chown ";
    assert!(run.status == Some(1) && run.stderr.contains(told), "{run}");
    assert!(!user.path("ran.txt").exists());
}

/// Nothing of it is run, but it says where a key goes.
#[test]
fn a_file_that_others_can_change_and_that_names_a_key_file_is_warned_of() {
    let server = service();
    let user = user_of(&server);
    user.file("key.txt", KEY);
    set_mode(&user.path("key.txt"), 0o600);
    user.run("config set api_key_file key.txt").success();
    user.run(LIST).quiet_success();
    set_mode(&environment_file(&user), 0o620);
    let run = user.run(LIST);
    let told = "others can change this file, which says where the key of api_key_file is sent: run `chmod go-w [HOME]/.spaceone";
    assert!(run.status == Some(0) && run.stderr.contains(told), "{run}");
}

#[test]
fn a_command_for_the_key_inherits_none() {
    let server = service();
    let user = user_of(&server);
    user.run("config set api_key_command 'echo key-${SPACECTL_API_KEY-none}'").success();
    // Blank, it is no key, and the command is run.
    user.run_with(&[("SPACECTL_API_KEY", " ")], LIST).success();
    assert_eq!(tokens(&server), [Some("key-none".into())]);
}

#[test]
fn domain_and_workspace_are_chosen_for_one_call() {
    let server = service();
    let user = user_of(&server);
    user.run("config set x_domain_id of-file").success();
    user.run("config set x_workspace_id of-file").success();
    user.run(LIST).success();
    user.run(&format!("{LIST} --domain-id of-flag")).success();
    user.run(&format!("--domain-id of-flag --workspace-id of-flag {LIST}")).success();
    user.run(&format!("--endpoint {} --domain-id of-flag {LIST}", server.url())).success();
    let sent: Vec<_> = server
        .calls()
        .iter()
        .map(|call| ["x_domain_id", "x_workspace_id"].map(|key| call.metadata.get(key).cloned()))
        .collect();
    let (file, flag) = (Some("of-file".to_owned()), Some("of-flag".to_owned()));
    let expected =
        [[file.clone(), file.clone()], [flag.clone(), file.clone()], [flag.clone(), flag.clone()], [flag, None]];
    assert_eq!(sent, expected);
    for (wrong, told) in [("''", "--domain-id is empty"), ("'a é'", "--domain-id holds a character that is not ASCII")]
    {
        let run = user.run(&format!("{LIST} --domain-id {wrong}"));
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains(told), "{run}");
    }
    assert_eq!(server.calls().len(), 4);
}

const CFCTL: &str = "\
environment: prod-user
environments:
    prod-app:
        endpoint: grpc+ssl://identity.api.example.com:443
        proxy: true
        token: s3cret-key
    prod-user:
        endpoint: https://prod.console.example.com
        proxy: true
    local:
        endpoint: grpc://localhost:50051
        token: no_token
aliases:
    identity:
        user: list User
";

#[test]
fn cfctls_environments_are_taken_over_and_what_is_not_is_named() {
    let user = Spacectl::new();
    user.file("../.cfctl/setting.yaml", CFCTL);
    let run = user.run("config import --from cfctl");
    assert!(!run.to_string().contains(KEY), "{run}");
    assert_snapshot!(run);
    assert_snapshot!(user.run("config environment").quiet_success());
    assert_eq!(user.run("-e prod-app config get token --show-secrets").quiet_success(), "s3cret-key\n");
    assert_eq!(
        user.run("-e prod-app config get endpoints.cost_analysis").quiet_success(),
        "grpc+ssl://cost-analysis.api.example.com:443\n"
    );
    // A second time, each exists.
    assert_snapshot!(user.run("config import ../.cfctl"));
    user.run("config import ../.cfctl --force").success();
}

#[test]
fn one_of_several_environments_is_taken_by_its_name() {
    let user = Spacectl::new();
    user.file("setting.yaml", CFCTL);
    user.run("config init -e mine --service inventory=grpc://127.0.0.1:1").success();
    let run = user.run("config import setting.yaml -e prod-app");
    assert!(run.stderr.ends_with("note: the current environment is still mine\n"), "{run}");
    assert_eq!(user.run("config environment").quiet_success(), "mine (current)\nprod-app\nlocal\n");
    assert_snapshot!(user.run("config import setting.yaml -e prod-ap"));
    assert_snapshot!(user.run("config import setting.yaml -e local"));
}

#[test]
fn the_consoles_files_are_taken_over() {
    let user = Spacectl::new();
    user.file(
        "spacectl_config",
        "token: s3cret-key\nendpoints:\n  identity: grpc+ssl://identity.api.example.com:443/v1\n",
    );
    user.file(
        "client_secret",
        r#"{"app_id": "app-1", "client_secret": "s3cret-key", "domain_id": "domain-1", "tags": {}}"#,
    );
    let shown = ["config import spacectl_config -e prod", "config import client_secret --from console"]
        .map(|line| user.run(line).to_string());
    assert!(!shown.concat().contains(KEY), "{}", shown.concat());
    assert_snapshot!(shown.join("\n"));
    for environment in ["prod", "default"] {
        let token = user.run(&format!("-e {environment} config get token --show-secrets")).quiet_success();
        assert_eq!(token, "s3cret-key\n", "{environment}");
    }
    let text = std::fs::read_to_string(user.path("spacectl_config")).unwrap();
    user.run_with_input("config import - -e piped", &text).success();
    assert_eq!(user.run("-e piped config get token").quiet_success(), "********\n");
}

#[test]
fn the_python_clients_folder_is_taken_over_with_its_current_environment() {
    let user = Spacectl::new();
    user.file("old/environment.yml", "environment: dev\n");
    user.file("old/environments/dev.yml", "api_key: s3cret-key\nendpoints:\n  plugin: grpc://plugin:50051/v1\n");
    user.file("old/environments/prod.yml", "api_key_file: key.txt\napi_key_command: pass show key\n");
    user.file("old/template/inventory.Server.yml", "template: {list: [name]}\n");
    let run = user.run("config import old");
    assert!(!run.to_string().contains(KEY), "{run}");
    assert_snapshot!(run);
    assert_eq!(user.run("config environment").quiet_success(), "dev (current)\nprod\nlocal\n");
    let run = user.run("config import ../.spaceone");
    assert!(run.stderr.starts_with("error: ../.spaceone is this program's own configuration"), "{run}");
    assert_eq!(run.status, Some(2));
}

#[test]
fn nothing_is_half_imported() {
    let user = Spacectl::new();
    user.file(
        "wrong.yaml",
        "environments: {a: {token: t}, b: {token: 12345}, c: {endpoint: 'grpc://u:s3cret-key@h:1'}}",
    );
    user.file("right.yaml", "environments: {a: {token: t}, b: {token: t}}");
    let run = user.run("config import wrong.yaml");
    assert!(!run.to_string().contains(KEY) && !run.to_string().contains("12345"), "{run}");
    assert_snapshot!(run);
    assert_eq!(user.run("config environment").quiet_success(), "local\n");

    user.run("config init -e b --service plugin=grpc://mine:1").success();
    assert_eq!(user.run("config import right.yaml").status, Some(1));
    // One of them cannot be written: the other is not either.
    std::fs::remove_file(user.home().join(".spaceone/environments/b.yml")).unwrap();
    std::fs::create_dir(user.home().join(".spaceone/environments/b.yml")).unwrap();
    for line in ["config import right.yaml", "config import right.yaml --force"] {
        let run = user.run(line);
        assert_eq!(run.status, Some(1), "{run}");
        let left: Vec<_> = std::fs::read_dir(user.home().join(".spaceone/environments")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[test]
fn what_cannot_be_imported_is_refused_with_what_can() {
    let user = Spacectl::new();
    user.file("notes.yml", "hello: world\n").file("broken.yml", "token: s3cret-key\n  x: y\n").file("empty", "");
    user.file("prod.yml", "token: s3cret-key\n");
    let shown = [
        "config import",
        "config import --from console",
        "config import --from cfctl",
        "config import missing.yml",
        "config import notes.yml",
        "config import broken.yml",
        "config import empty",
        "config import .",
        "config import prod.yml --from cfctl",
        "config import prod.yml -e ../x",
    ]
    .map(|line| format!("$ spacectl {line}\n{}\n", user.run(line)));
    assert!(!shown.concat().contains(KEY), "{}", shown.concat());
    assert_snapshot!(shown.concat());
    assert_eq!(user.run("config environment").quiet_success(), "local\n");
}
