//! `config`, and which environment a call goes to.

mod support;

use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::json;
use support::{Api, Server, Spacectl};

const LIST: &str = "list repository.Plugin -c plugin_id";

#[test]
fn without_a_configuration_the_error_says_what_to_do() {
    assert_snapshot!(Spacectl::new().run(LIST));
}

#[test]
fn an_environment_is_made_filled_used_and_removed() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    let shown: Vec<String> = [
        "config init -e lab --service inventory=grpc://127.0.0.1:1",
        "config init -e lab --service inventory=grpc://127.0.0.1:1",
        "config set api_key -",
        "config set x_domain_id domain-1",
        "config set foo bar",
        "config remove foo",
        &format!("config endpoint add repository {}", server.url()),
        &format!("config endpoint add repository {}", server.url()),
        "config endpoint add identity http://example",
        "config endpoint show",
        "config show",
        "config show -o json --show-secrets",
        "config environment",
        LIST,
        "list identity.Domain",
        "config environment -s prod",
        "config environment -s local",
        "config environment",
        "config environment -r lab",
        "config environment",
    ]
    .map(|line| format!("$ spacectl {line}\n{}\n", user.run_with_input(line, "s3cret-key\n")))
    .to_vec();
    assert_snapshot!(shown.concat().replace(&server.port().to_string(), "[PORT]"));
    let call = &server.calls()[0];
    assert_eq!((call.metadata["token"].as_str(), call.metadata["x_domain_id"].as_str()), ("s3cret-key", "domain-1"));
}

#[test]
fn the_python_clients_files_are_used_as_they_are_with_a_warning_where_others_can_read_a_key() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    let config = user.home().join(".spaceone");
    std::fs::create_dir_all(config.join("environments")).unwrap();
    std::fs::write(config.join("environment.yml"), "environment: prod\n").unwrap();
    let environment = format!("api_key: s3cret-key\nendpoints:\n  repository: {}\n", server.url());
    std::fs::write(config.join("environments/prod.yml"), environment).unwrap();
    assert_snapshot!(user.run(LIST));
    assert_eq!(server.calls()[0].metadata["token"], "s3cret-key");
    // A variable outranks the file.
    let user = user.variable("SPACECTL_API_KEY", "other-key");
    user.run(LIST).success();
    assert_eq!(server.calls()[1].metadata["token"], "other-key");
}

#[test]
fn a_flag_outranks_a_variable_and_a_variable_the_file() {
    let user = Spacectl::new();
    user.run("config init -e file --service inventory=grpc://127.0.0.1:1").success();
    let told = |line: &str, user: &Spacectl| user.run(line).stderr.lines().next().unwrap_or_default().to_owned();
    assert!(told(LIST, &user).contains("environment `file`"), "{}", told(LIST, &user));
    let user = user.variable("SPACECTL_ENVIRONMENT", "variable");
    assert!(told(LIST, &user).contains("`variable`"), "{}", told(LIST, &user));
    let flag = format!("--environment flag {LIST}");
    assert!(told(&flag, &user).contains("`flag`"), "{}", told(&flag, &user));
}

#[test]
fn a_key_comes_in_through_standard_input_too() {
    let user = Spacectl::new();
    user.run("config init -e lab --domain-id d-1").success();
    user.run_with_input("config set api_key -", "s3cret-key\n").success();
    assert_eq!(user.run("config show --show-secrets").quiet_success(), "---\nx_domain_id: d-1\napi_key: s3cret-key\n");
    assert_eq!(user.run("config show").quiet_success(), "---\nx_domain_id: d-1\napi_key: \"********\"\n");
}

/// A secret is one also where its key is misspelt.
#[test]
fn the_value_of_a_misspelt_key_is_masked() {
    let user = Spacectl::new();
    user.file("base.yml", "api_key: b\napi_kye: s3cret-key\nx_domain_idd: d-1\n");
    user.run("config init -e lab -f base.yml").success();
    user.run("config remove api_key").success();
    let shown = "---\napi_kye: \"********\"\nx_domain_idd: d-1\n";
    assert_eq!(user.run("config show").quiet_success(), shown);
    assert_eq!(user.run("config get api_kye").quiet_success(), "********\n");
    assert_eq!(user.run("config get api_kye --show-secrets").quiet_success(), "s3cret-key\n");
}

#[test]
fn an_address_that_looks_like_a_webhook_is_shown() {
    let user = Spacectl::new();
    user.run("config init -e dev --service repository=grpc://hooks.example.com:443").success();
    assert_eq!(user.run("config get endpoints.repository").success(), "grpc://hooks.example.com:443\n");
}

#[test]
fn an_endpoint_on_the_command_line_gets_no_key_that_was_not_meant_for_it() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    user.run("config init -e prod --service inventory=grpc://127.0.0.1:1").success();
    user.run_with_input("config set api_key -", "s3cret-key").success();
    user.run(&format!("--endpoint {} {LIST}", server.url())).success();
    assert_eq!(server.calls()[0].metadata.get("token"), None);
    user.run(&format!("-e prod --endpoint {} {LIST}", server.url())).success();
    assert_eq!(server.calls()[1].metadata["token"], "s3cret-key");
}

#[test]
fn an_import_that_is_wrong_makes_nothing() {
    let user = Spacectl::new();
    user.file("wrong.yml", "api_key: s3cret-key\nendpoints:\n  repository: https://example\n");
    assert_snapshot!(user.run("config init -e lab -f wrong.yml"));
    assert_eq!(user.run("config environment").quiet_success(), "local\n");
    user.file("right.yml", "api_key: s3cret-key\nendpoints:\n  repository: grpc://127.0.0.1:1\nof_others: kept\n");
    user.run("config init -e lab -f right.yml").success();
    assert_snapshot!(user.run("config show"));
}

#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = Spacectl::new();
    user.run("config init -e lab --service inventory=grpc://127.0.0.1:1").success();
    for path in ["environment.yml", "environments/lab.yml"] {
        let mode = std::fs::metadata(user.home().join(".spaceone").join(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
}

#[test]
fn an_import_cannot_grow_beyond_what_is_read() {
    let user = Spacectl::new();
    let long = "x".repeat(300_000);
    user.file("bomb.yml", &format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 2_000].join(", ")));
    user.file("large.yml", &format!("a: &a {long}\nb: [*a, *a, *a]\n"));
    user.file("twice.yml", "api_key: s3cret-key\nendpoints: {}\napi_key: s3cret-key\n");
    let shown = ["bomb.yml", "large.yml", "twice.yml"]
        .map(|file| user.run(&format!("config init -e lab -f {file}")).to_string());
    assert_snapshot!(shown.join("\n"));
    assert_eq!(user.run("config environment").quiet_success(), "local\n");
}

#[test]
fn the_configuration_can_lie_elsewhere_and_names_domain_and_workspace() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new().variable("SPACECTL_CONFIG_DIR", "elsewhere");
    user.run("config init -e lab --service inventory=grpc://127.0.0.1:1").success();
    user.run(&format!("config set endpoints.repository {}", server.url())).success();
    user.run("config set x_domain_id domain-1").success();
    user.run("config set x_workspace_id workspace-1").success();
    assert!(user.path("elsewhere/environments/lab.yml").is_file());
    assert!(!user.home().join(".spaceone").exists());
    user.run(LIST).success();
    let metadata = &server.calls()[0].metadata;
    assert_eq!((metadata["x_domain_id"].as_str(), metadata["x_workspace_id"].as_str()), ("domain-1", "workspace-1"));
}

/// A change and a removal at the same moment: whichever comes first, what is removed stays so.
#[test]
fn an_environment_that_is_removed_while_it_is_changed_does_not_come_back() {
    let user = Spacectl::new();
    user.run("config init -e kept --service inventory=grpc://127.0.0.1:1").success();
    for _ in 0..40 {
        user.run("config init -e race --service inventory=grpc://127.0.0.1:1").success();
        let start = |args: &[&str]| {
            let mut command = user.command();
            command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut change = start(&["config", "set", "x_domain_id", "d", "-e", "race"]);
        let mut removal = start(&["config", "environment", "-r", "race"]);
        assert!(removal.wait().unwrap().success());
        change.wait().unwrap();
        assert!(!user.home().join(".spaceone/environments/race.yml").exists());
    }
    assert_eq!(user.run("config environment -o quiet").quiet_success(), "kept\nlocal\n");
}

#[test]
fn every_command_that_changes_the_configuration_waits_for_the_lock_and_not_for_ever() {
    let user = Spacectl::new();
    user.run("config init -e lab --service repository=grpc://127.0.0.1:1").success();
    user.run("config set x_domain_id d").success();
    user.run("config alias set p repository.Plugin").success();
    user.run("template set repository.Plugin -c name").success();
    user.file("other.yml", "api_key: s3cret-key\nendpoints: {}\n");
    let folder = user.home().join(".spaceone");
    let files = || {
        let names = ["environment.yml", "environments/lab.yml", "alias.yml", "template/repository.Plugin.yml"];
        let text = names.map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
        (text, std::fs::read_dir(folder.join("environments")).unwrap().count())
    };
    let before = files();
    let locked = std::fs::File::open(&folder).unwrap();
    locked.lock().unwrap();
    let user = &user;
    std::thread::scope(|scope| {
        for line in [
            "config set x_domain_id other",
            "config remove x_domain_id",
            "config environment -r lab",
            "config environment -s local",
            "config init -e new --service inventory=grpc://127.0.0.1:1",
            "config init -e lab --force --service inventory=grpc://127.0.0.1:1",
            "config import other.yml -e new",
            "config endpoint add identity grpc://127.0.0.1:1",
            "config endpoint remove repository",
            "config alias set q repository.Plugin",
            "config alias remove p",
            "template set repository.Plugin -c state",
            "template remove repository.Plugin",
        ] {
            scope.spawn(move || {
                let run = user.run(line);
                let told = "error: [HOME]/.spaceone is locked: nothing was changed\n\
                            cause: another process has held the lock for 5s\n\
                            hint: find that process with `fuser -v [HOME]/.spaceone`";
                assert!(run.status == Some(1) && run.stderr.starts_with(told), "{line}: {run}");
            });
        }
        // Who only reads does not wait.
        user.run("config show").success();
    });
    assert_eq!(files(), before);
    drop(locked);
    user.run("config set x_domain_id other").success();
}

/// Lines, their exit code, and what they write.
fn session(user: &Spacectl, lines: &[&str]) -> String {
    lines.iter().map(|line| format!("$ spacectl {line}\n{}\n", user.run(line))).collect()
}

#[test]
fn what_is_set_in_the_wrong_way_is_refused_with_the_command_that_works() {
    let user = Spacectl::new();
    user.run("config init -e lab --service identity=grpc://127.0.0.1:1").success();
    let before = user.run("config show --show-secrets").quiet_success();
    let shown = session(
        &user,
        &[
            "config set api_key s3cret-key",
            "config set token s3cret-key -e lab",
            "config set api-key s3cret-key",
            "config set apikey -",
            "config set password s3cret-key",
            "config set x-domain-id domain-1",
            "config set repository grpc://127.0.0.1:1",
            "config set identity grpc://127.0.0.1:2 -e lab",
            "config set identity x",
            "config set my_plugin grpc+ssl://plugin.example",
            "config set repository grpc://me:s3cret-key@h:1",
            "config set endpoint.repository grpc://127.0.0.1:1",
            "config set endpoints grpc://127.0.0.1:1",
            "config set endpoint x",
            "config set '' x",
        ],
    );
    assert!(
        !shown.replace("set api_key s3cret-key", "").replace(" s3cret-key", "").contains("hint: s3cret"),
        "{shown}"
    );
    for said in shown.lines().filter(|line| line.starts_with("error") || line.starts_with("hint")) {
        assert!(!said.contains("s3cret-key"), "{said}");
    }
    assert_snapshot!(shown);
    assert_eq!(user.run("config show --show-secrets").quiet_success(), before);
    // What the hints say works when typed.
    user.run("config endpoint add repository grpc://127.0.0.1:1").success();
    user.run("config set endpoints.identity grpc://127.0.0.1:2 -e lab").success();
    user.run_with_input("config set api_key - -e lab", "s3cret-key").success();
}

#[test]
fn a_misspelt_service_is_warned_of_and_a_service_of_ones_own_is_not() {
    let user = Spacectl::new();
    user.file("base.yml", "endpoints: {inventry: 'grpc://127.0.0.1:1', slack: 'grpc://127.0.0.1:1'}\n");
    assert_snapshot!(session(
        &user,
        &[
            "config init -e lab --service repositry=grpc://127.0.0.1:1",
            "config init -e file -f base.yml",
            "config endpoint add cost-analysis grpc://127.0.0.1:1",
            "config set endpoints.identiti grpc://127.0.0.1:1",
            "config import base.yml -e imported",
            "config endpoint add plugin_slack grpc://127.0.0.1:1 -e lab",
            "config endpoint add plugin grpc://127.0.0.1:1",
            "config endpoint add my-collector grpc://127.0.0.1:1",
        ],
    ));
}

#[test]
fn a_url_in_the_place_of_a_service_is_refused_with_the_right_order() {
    let user = Spacectl::new();
    user.run("config init -e lab --domain-id d").success();
    assert_snapshot!(session(
        &user,
        &[
            "config init -e new --service grpc://127.0.0.1:1",
            "config init -e new --service grpc://127.0.0.1:1=identity",
            "config init -e new --service grpc://127.0.0.1:1=grpc://127.0.0.1:1",
            "config init -e new --service repository",
            "config init -e new --service repository=",
            "config endpoint add grpc://127.0.0.1:1 identity -e lab",
        ],
    ));
}

#[test]
fn the_built_in_environment_is_there_before_and_after_a_setting() {
    let user = Spacectl::new();
    let lines = [
        "config show -e local",
        "config endpoint show -e local",
        "config get api_key -e local",
        "config set api_key - -e local",
        "config set api_key s3cret-key -e local",
        "config endpoint add repository grpc://127.0.0.1:1 -e local",
        "config remove api_key -e local",
    ];
    let before = session(&user, &lines);
    assert!(!user.home().join(".spaceone").exists());
    assert_snapshot!(before);
    user.run("config set registry 127.0.0.1:1 -e local").success();
    let after = session(&user, &lines);
    assert_eq!(after.replace("registry: http://127.0.0.1:1\n", "{}\n"), before);
    user.run("config environment -r local").success();
    assert_eq!(user.run("config environment -r local").status, Some(1));
}

#[test]
fn the_commands_of_hints_have_the_environment_that_was_typed() {
    let user = Spacectl::new();
    user.run("config init -e lab --service identity=grpc://127.0.0.1:1").success();
    user.run("config init -e other --domain-id d").success();
    for (line, told) in [
        (
            "config endpoint add identity grpc://h:1 -e lab",
            "use `spacectl config set endpoints.identity grpc://h:1 -e lab`",
        ),
        ("config set x_domain_id '' -e lab", "use `spacectl config remove x_domain_id -e lab`"),
        ("list repository.Plugin -e lab", "add it with `spacectl config endpoint add repository URL -e lab`, or"),
        ("config set x_domain_id ''", "use `spacectl config remove x_domain_id`"),
        ("config init -e lab --domain-id d", "`spacectl config set KEY VALUE -e lab`"),
        ("config show -e lab --ca ca.pem", "use `spacectl config set ca FILE -e lab` to"),
        ("config check -e other", "add each with `spacectl config endpoint add SERVICE URL -e other`"),
        ("api-resources -e other", "with `spacectl config endpoint add SERVICE URL -e other`"),
        ("config show -e none", "there are: `lab`, `other`, `local`"),
    ] {
        let run = user.run(line);
        assert!(run.stderr.contains(told), "{line}: {run}");
        let json = user.run(&format!("{line} --error-format json"));
        assert!(json.stderr.contains(told), "{line}: {json}");
    }
}

#[test]
fn what_a_command_does_not_take_is_no_hint_of_it() {
    let user = Spacectl::new();
    for line in ["config get x_domain_id", "config show", "config set x_domain_id d", "config endpoint show"] {
        let run = user.run(line);
        assert!(run.status == Some(1) && run.stderr.contains("no configuration in"), "{run}");
        assert!(!run.stderr.contains("--endpoint"), "{run}");
    }
    assert!(user.run(LIST).stderr.contains("--endpoint URL"));
}
