//! Variables in the place of options, and their order.

mod support;

use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Server, Spacectl};

const LIST: &str = "list repository.Plugin -c plugin_id";

fn server() -> Server {
    Server::start(Api::generation2(), |_| vec![Ok(json!({"results": [{"plugin_id": "p-1", "name": "P"}]}))])
}

/// A user whose current environment is `file`, and who has another one, `other`.
fn user(file: &Server, other: &Server) -> Spacectl {
    let user = Spacectl::new();
    for (name, server) in [("other", other), ("file", file)] {
        let line = format!("config init -e {name} --service repository={} --domain-id {name}-domain", server.url());
        user.run_with_input(
            &format!("{line} --force --workspace-id {name}-workspace -H 'x-of: {name}' --api-key -"),
            "s3cret",
        )
        .success();
    }
    user
}

/// The number of calls that each server got since the last time.
fn calls(servers: &[&Server], seen: &mut [usize]) -> Vec<usize> {
    servers
        .iter()
        .zip(seen)
        .map(|(server, seen)| {
            let all = server.calls().len();
            all - std::mem::replace(seen, all)
        })
        .collect()
}

#[test]
fn an_endpoint_comes_from_the_flag_then_the_variable_then_an_environment_then_the_file() {
    let (flag, variable, other, file) = (server(), server(), server(), server());
    let user = user(&file, &other);
    let servers = [&flag, &variable, &other, &file];
    let mut seen = [0; 4];
    let (flag_line, variable_url) = (format!("--endpoint {} {LIST}", flag.url()), variable.url());
    let set = ("SPACECTL_ENDPOINT", variable_url.as_str());
    let named = ("SPACECTL_ENVIRONMENT", "other");
    for (variables, line, expected) in [
        (&[set][..], flag_line.as_str(), [1, 0, 0, 0]),
        (&[set], &format!("-e other {LIST}"), [0, 1, 0, 0]),
        (&[set, named], LIST, [0, 1, 0, 0]),
        (&[set], LIST, [0, 1, 0, 0]),
        (&[named], &format!("-e file {LIST}"), [0, 0, 0, 1]),
        (&[named], LIST, [0, 0, 1, 0]),
        (&[], LIST, [0, 0, 0, 1]),
        (&[("SPACECTL_ENDPOINT", ""), ("SPACECTL_ENVIRONMENT", "")], LIST, [0, 0, 0, 1]),
    ] {
        user.run_with(variables, line).success();
        assert_eq!(calls(&servers, &mut seen), expected, "{variables:?} {line}");
    }
}

#[test]
fn nothing_of_an_environment_goes_to_the_endpoint_of_the_variable() {
    let (variable, other, file) = (server(), server(), server());
    let user = user(&file, &other);
    let url = variable.url();
    let own = ["token", "x_domain_id", "x_workspace_id", "x-of"];
    let note = "note: the environment other (by --environment) is not used: SPACECTL_ENDPOINT outranks it; \
                unset that to use it\n";
    for (line, stderr) in [(LIST.to_owned(), ""), (format!("-e other {LIST}"), note)] {
        let run = user.run_with(&[("SPACECTL_ENDPOINT", &url)], &line);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), stderr), "{run}");
        let call = variable.calls().pop().unwrap();
        assert_eq!(own.map(|name| call.metadata.get(name)), [None; 4], "{line}");
    }
    let run =
        user.run_with(&[("SPACECTL_ENDPOINT", &url), ("SPACECTL_API_KEY", "own-key")], &format!("-e other {LIST}"));
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), note), "{run}");
    assert_eq!(variable.calls().pop().unwrap().metadata["token"], "own-key");
    let run = user.run_with(&[("SPACECTL_ENDPOINT", &url), ("SPACECTL_ENVIRONMENT", "other")], LIST);
    assert_eq!(run.stderr, note.replace("--environment", "SPACECTL_ENVIRONMENT"), "{run}");
    // A flag that names the endpoint still takes the key of the environment that is named.
    user.run(&format!("-e other --endpoint {url} {LIST}")).success();
    assert_eq!(variable.calls().pop().unwrap().metadata["token"], "s3cret");
}

#[test]
fn domain_and_workspace_come_from_the_flag_then_the_variable_then_the_file() {
    let (other, file) = (server(), server());
    let user = user(&file, &other);
    for (flag, variable, key, of_file) in [
        ("--domain-id", "SPACECTL_DOMAIN_ID", "x_domain_id", "file-domain"),
        ("--workspace-id", "SPACECTL_WORKSPACE_ID", "x_workspace_id", "file-workspace"),
    ] {
        for (line, set, sent) in [
            (format!("{flag} by-flag {LIST}"), "by-variable", "by-flag"),
            (LIST.to_owned(), "by-variable", "by-variable"),
            (LIST.to_owned(), "", of_file),
        ] {
            user.run_with(&[(variable, set)], &line).success();
            assert_eq!(file.calls().pop().unwrap().metadata[key], sent, "{line} {set}");
        }
        let run = user.run_with(&[(variable, " ")], LIST);
        assert_eq!(run.stderr, format!("error: {variable} is empty\nhint: omit it, or give an id\n"));
        assert_eq!(run.status, Some(2));
        let run = user.run_with(&[(variable, "도메인")], LIST);
        assert!(run.stderr.starts_with(&format!("error: {variable} holds a character that is not ASCII")), "{run}");
    }
}

#[test]
fn the_format_comes_from_the_flag_then_the_variable_then_the_command() {
    let (other, file) = (server(), server());
    let user = user(&file, &other).variable("SPACECTL_OUTPUT", "csv");
    assert_eq!(user.run(&format!("{LIST} -o quiet")).quiet_success(), "p-1\n");
    assert_eq!(user.run(LIST).quiet_success(), "plugin_id\np-1\n");
    let table = user.run_with(&[("SPACECTL_OUTPUT", "")], LIST).quiet_success();
    assert!(table.starts_with(" plugin_id\n-"), "{table}");
    // Options that exclude -o do not exclude the variable.
    for line in ["config environment -s other", "config use file", "config environment -r other"] {
        assert_eq!(user.run(line).success(), "", "{line}");
    }
    let skeleton =
        user.run_with(&[("SPACECTL_OUTPUT", "json")], "-e local explain plugin.register --skeleton").success();
    assert!(skeleton.contains("\n#"), "{skeleton}");
    assert_eq!(user.run("-e local explain plugin.register --skeleton").success(), skeleton);
}

#[test]
fn a_format_that_a_command_does_not_have_is_ignored_and_one_that_none_has_is_an_error() {
    let (other, file) = (server(), server());
    let user = user(&file, &other);
    let table = user.run(LIST).quiet_success();
    for format in ["sarif", "junit", "spec", "text", "github"] {
        assert_eq!(user.run_with(&[("SPACECTL_OUTPUT", format)], LIST).quiet_success(), table, "{format}");
    }
    user.example("plugin_grafana_webhook.yml");
    let lint = "plugin lint plugin_grafana_webhook.yml";
    let sarif: Value = serde_json::from_str(&user.run_with(&[("SPACECTL_OUTPUT", "sarif")], lint).success()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(user.run_with(&[("SPACECTL_OUTPUT", "csv")], lint).stderr.contains("no findings"));
    let told = ["list plugin", "config list", "--error-format json version", "plugin lint x.yml"]
        .map(|line| format!("$ spacectl {line}\n{}\n", user.run_with(&[("SPACECTL_OUTPUT", "jsn")], line)));
    assert_snapshot!(told.concat());
    // Where it is not used, it is not looked at.
    for line in [
        &format!("{LIST} -o csv"),
        "config current",
        "list --help",
        "completion bash",
        "plugin init p -r inventory.Collector -o plugin.yml",
    ] {
        user.run_with(&[("SPACECTL_OUTPUT", "jsn")], line).success();
    }
    assert_snapshot!(user.run_with(&[("SPACECTL_OUTPUT", "quiet")], "config check"));
}

#[test]
fn the_timeout_comes_from_the_flag_then_the_variable() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("--endpoint grpc://{} {LIST}", silent.local_addr().unwrap());
    let user = Spacectl::new().variable("SPACECTL_TIMEOUT", "300ms");
    let run = user.run(&line);
    assert!(run.status == Some(68) && run.stderr.contains("no answer within 300ms"), "{run}");
    let run = user.run(&format!("--timeout 200ms {line}"));
    assert!(run.status == Some(68) && run.stderr.contains("no answer within 200ms"), "{run}");
    let run = user.run_with(&[("SPACECTL_TIMEOUT", "soon")], &line);
    let error = "error: invalid value 'soon' for 'SPACECTL_TIMEOUT': not a duration: use e.g. 3, 500ms, 30s, 5m or 1h\n\
                 hint: for more information, try '--help'\n";
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), error));
    let run = user.run_with(&[("SPACECTL_TIMEOUT", "soon")], &format!("--timeout 200ms {line}"));
    assert_eq!(run.status, Some(68), "{run}");
    user.run_with(&[("SPACECTL_TIMEOUT", "")], "version").success();
}

#[test]
fn what_is_wrong_with_an_endpoint_names_the_variable() {
    let user = Spacectl::new();
    let run = user.run_with(&[("SPACECTL_ENDPOINT", "localhost:50051")], LIST);
    assert!(run.stderr.starts_with("error: SPACECTL_ENDPOINT: `localhost:50051` is not a valid endpoint"), "{run}");
    assert_eq!(run.status, Some(2));
    let run = user.run_with(&[("SPACECTL_ENDPOINT", "grpc://u:s3cret@h:1")], LIST);
    assert!(run.status == Some(2) && !run.stderr.contains("s3cret"), "{run}");
    let run = user.run_with(&[("SPACECTL_ENDPOINT", "grpc://127.0.0.1:1")], LIST);
    assert!(run.stderr.ends_with("hint: unset SPACECTL_ENDPOINT, which names it, to use an environment\n"), "{run}");
    let run = user
        .run_with(&[("SPACECTL_ENDPOINT", "grpc://127.0.0.1:1"), ("SPACECTL_DOMAIN_ID", "d")], &format!("-v {LIST}"));
    assert!(run.stderr.contains("trace: set by variables: SPACECTL_ENDPOINT, SPACECTL_DOMAIN_ID\n"), "{run}");
}

/// Who sets a variable for calls must not store it, and can still change the configuration.
#[test]
fn the_configuration_is_not_made_of_variables() {
    let user = ["SPACECTL_ENDPOINT", "SPACECTL_DOMAIN_ID", "SPACECTL_WORKSPACE_ID"]
        .into_iter()
        .fold(Spacectl::new(), |user, name| user.variable(name, "grpc://127.0.0.1:1"));
    let note = "note: SPACECTL_ENDPOINT is set: as long as it is, calls go there, without an environment\n";
    let run = user.run("config init -e lab --service repository=grpc://127.0.0.1:2");
    let stored = "lab is the current environment, stored in [HOME]/.spaceone/environments/lab.yml\n";
    assert_eq!((run.status, run.stderr), (Some(0), format!("{stored}{note}")));
    user.run("config set x_domain_id d").success();
    let shown = "---\nendpoints:\n  repository: grpc://127.0.0.1:2\nx_domain_id: d\n";
    assert_eq!(user.run("config show").quiet_success(), shown);
    assert_eq!(user.run("config use lab").stderr, format!("lab is the current environment\n{note}"));
    // All environments are checked at their own endpoints.
    let csv = user.run("config check --all -o csv").stdout;
    assert!(csv.contains("grpc://127.0.0.1:2") && !csv.contains("grpc://127.0.0.1:1"), "{csv}");
    let csv = user.run("config check -o csv").stdout;
    assert!(csv.contains("grpc://127.0.0.1:1") && !csv.contains("grpc://127.0.0.1:2"), "{csv}");
}
