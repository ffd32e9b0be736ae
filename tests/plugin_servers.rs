//! Plugins' own servers: called by their URL, or by a name in an environment.

mod support;

use std::sync::Mutex;

use serde_json::{Value, json};
use support::{Api, Call, End, Running, Server, Spacectl};

/// Packages as plugins have them: `plugin` in the place of a version.
const COLLECTOR: &str = r#"
    syntax = "proto3";
    package spaceone.api.inventory.plugin;
    import "google/protobuf/struct.proto";
    message InitRequest { google.protobuf.Struct options = 1; }
    message PluginInfo { google.protobuf.Struct metadata = 1; }
    message CollectRequest { google.protobuf.Struct options = 1; google.protobuf.Struct secret_data = 2; }
    message ResourceInfo { string resource_type = 1; }
    service Collector {
        rpc init(InitRequest) returns (PluginInfo);
        rpc collect(CollectRequest) returns (stream ResourceInfo);
    }"#;
const WEBHOOK: &str = r#"
    syntax = "proto3";
    package spaceone.api.monitoring.plugin;
    import "google/protobuf/struct.proto";
    message WebhookInit { google.protobuf.Struct options = 1; }
    message WebhookInfo { google.protobuf.Struct metadata = 1; }
    service Webhook { rpc init(WebhookInit) returns (WebhookInfo); }
    service Event { rpc parse(WebhookInit) returns (WebhookInfo); }"#;

fn webhook() -> Server {
    let answer = |call: &Call| vec![Ok(json!({"metadata": {"given": call.request["options"]}}))];
    Server::start(Api::of_packages(&[WEBHOOK]), answer)
}

/// Sends `count` messages, and never ends.
fn collector(count: usize) -> Server {
    let open = Mutex::new(Vec::new());
    Server::arriving(Api::of_packages(&[COLLECTOR]), move |_| {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        (0..count).for_each(|number| sender.send(Ok(json!({"resource_type": format!("r{number}")}))).unwrap());
        open.lock().unwrap().push(sender);
        receiver
    })
}

/// A user whose environment has a Repository service and two plugins.
fn user(repository: &Server, webhook: &Server, collector: &Server) -> Spacectl {
    let user = Spacectl::new().variable("SPACECTL_ENVIRONMENT", "dev");
    user.run(&format!("config init --service repository={}", repository.url())).success();
    user.run_with_input("config set api_key -", "hunter2").success();
    for (name, server) in [("plugin.hook", webhook), ("plugin.collector", collector)] {
        user.run(&format!("config endpoint add {name} {}", server.url())).success();
    }
    user
}

fn repository() -> Server {
    Server::start(Api::generation2(), |call| match call.method.as_str() {
        "get_version" => vec![Ok(json!({"version": "2.0"}))],
        _ => vec![Ok(json!({"results": [], "total_count": 0}))],
    })
}

#[test]
fn a_plugin_is_called_by_its_url_as_typed() {
    let (user, webhook, collector) = (Spacectl::new(), webhook(), collector(3));
    let run = |server: &Server, words: &str| user.run(&format!("{words} --endpoint {}", server.url()));
    assert_eq!(run(&webhook, "exec init Webhook -p options={}").quiet_success(), "---\nmetadata:\n  given: {}\n");
    assert_eq!(run(&webhook, "exec parse Event -p options.a=b -o quiet -c metadata.given.a").quiet_success(), "b\n");
    assert_eq!(run(&webhook, "exec init monitoring.plugin.Webhook -p options.a=b -o jsonl").status, Some(0));
    assert_eq!(
        run(&webhook, "api-resources -c name,verbs -o csv").quiet_success(),
        "name,verbs\nmonitoring.Event,parse\nmonitoring.Webhook,init\n"
    );
    let explained = run(&collector, "explain Collector").quiet_success();
    assert!(explained.contains("stream of ResourceInfo") && explained.contains("inventory.plugin.Collector"));
    assert!(run(&webhook, "explain Webhook.init").quiet_success().contains("options"));
}

#[test]
fn a_resource_of_several_services_is_named_by_names_that_work() {
    let alerts = WEBHOOK.replace("monitoring", "alert_manager");
    let both = Server::start(Api::of_packages(&[WEBHOOK, &alerts]), |_| vec![Ok(json!({"metadata": {"a": "b"}}))]);
    let user = user(&repository(), &both, &webhook());
    let (url, names) = (both.url(), "alert_manager.Webhook, monitoring.Webhook");
    for (line, status, hint) in [
        (format!("exec init Webhook --endpoint {url}"), 2, format!("name one of them: {names}")),
        ("exec init plugin.hook.Webhook".to_owned(), 2, format!("use --endpoint {url}, and name one of them: {names}")),
        (
            "exec init Webhook".to_owned(),
            1,
            "of a plugin's own server, name it plugin.hook.Webhook or plugin.collector.Webhook".to_owned(),
        ),
    ] {
        let run = user.run(&format!("{line} -p options={{}}"));
        assert!(run.status == Some(status) && run.stderr.ends_with(&format!("hint: {hint}\n")), "{line}: {run}");
    }
    for name in names.split(", ") {
        let run = user.run(&format!("exec init {name} --endpoint {url} -p options={{}} -o quiet -c metadata.a"));
        assert_eq!(run.quiet_success(), "b\n", "{name}");
    }
    let project = user.run("list identity.Project");
    assert!(project.status == Some(1) && !project.stderr.contains("plugin"), "{project}");
}

#[test]
fn a_stream_is_shown_as_it_comes_and_ended_by_its_limit() {
    let (user, server) = (Spacectl::new(), collector(3));
    let line = format!("exec collect Collector -p options={{}} -o quiet --endpoint {}", server.url());
    let mut running = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
    running.wait_for("r0\nr1\nr2\n").interrupt();
    assert_eq!(running.end(), End::Exit(130));
    assert_eq!(user.run(&format!("{line} --limit 2")).quiet_success(), "r0\nr1\n");
    user.file("two.yml", "options: {a: b}\n---\noptions: {}\n");
    let two = user.run(&format!("{line} -f two.yml -l 1"));
    assert_eq!((two.status, two.stdout.as_str(), two.stderr.as_str()), (Some(0), "r0\nr0\n", "done 2\n"), "{two}");
    let run = user.run(&format!("exec init Collector -l 1 --endpoint {}", server.url()));
    assert_eq!((run.status, server.calls().len()), (Some(2), 4), "{run}");
    assert!(run.stderr.contains("error: init of inventory.Collector does not stream\n"), "{run}");
    assert!(run.stderr.contains("to limit rows, use list"), "{run}");
}

#[test]
fn a_named_plugin_is_called_without_the_key() {
    let (repository, webhook, collector) = (repository(), webhook(), collector(3));
    let user = user(&repository, &webhook, &collector);
    user.run("list repository.Plugin").success();
    assert_eq!(repository.calls().pop().unwrap().metadata.get("token").map(String::as_str), Some("hunter2"));
    for resource in ["plugin.hook.Webhook", "plugin.hook.webhook", "plugin.hook.Webhooks"] {
        let line = format!("exec init {resource} -p options={{}} -H 'x-tenant: a'");
        assert_eq!(user.run(&line).quiet_success(), "---\nmetadata:\n  given: {}\n", "{resource}");
        let metadata = webhook.calls().pop().unwrap().metadata;
        assert_eq!((metadata.get("token"), metadata["x-tenant"].as_str()), (None, "a"), "{resource}");
    }
    let collected = user.run("exec collect plugin.collector.Collector -p options={} -l 1 -o quiet").quiet_success();
    assert_eq!(collected, "r0\n");
    let wrong = user.run("exec init plugin.hook.Webhok -p options={}");
    assert!(wrong.status == Some(2) && wrong.stderr.contains("did you mean plugin.hook.Webhook?"), "{wrong}");
    let missing = user.run("exec init plugin.nope.Webhook -p options={}");
    assert!(missing.stderr.contains("the service `plugin.nope` has no endpoint"), "{missing}");
    assert!(missing.stderr.contains("config endpoint add plugin.nope URL"), "{missing}");
}

#[test]
fn a_named_plugin_is_listed_explained_checked_and_completed() {
    let (repository, webhook, collector) = (repository(), webhook(), collector(3));
    let user = user(&repository, &webhook, &collector);
    let listed = user.run("api-resources --service plugin.hook -c name,verbs -o csv").quiet_success();
    assert_eq!(listed, "name,verbs\nplugin.hook.Event,parse\nplugin.hook.Webhook,init\n");
    let explained = user.run("explain plugin.hook.Webhook.init").quiet_success();
    assert!(explained.starts_with("RESOURCE:  plugin.hook.Webhook\nVERB:      init\n"), "{explained}");
    let skeleton = user.run("explain plugin.collector.Collector.collect --skeleton").quiet_success();
    assert!(skeleton.contains("spacectl exec collect plugin.collector.Collector"), "{skeleton}");
    let resources = user.run("explain plugin.hook -o json").quiet_success();
    assert_eq!(resources, user.run("api-resources --service plugin.hook -o json").quiet_success());
    // The alias and the service of that name are not in the way.
    assert!(user.run("explain plugin.get").quiet_success().starts_with("RESOURCE:  repository.Plugin\n"));
    let checked = user.run("config check -o jsonl").success();
    let rows: Vec<Value> = checked.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tokens: Vec<&Value> = rows.iter().map(|row| &row["token"]).collect();
    assert_eq!(tokens, [&json!("not asked for"), &Value::Null, &Value::Null], "{checked}");
    let complete = |line: &str| {
        let variables = [("COMPLETE", "fish"), ("SPACECTL_COMPLETION_TIMEOUT", "60s")];
        let answer = user.run_with(&variables, &format!("-- spacectl {line}")).quiet_success();
        let words = answer.lines().skip(1).map(|line| line.split('\t').next().unwrap().to_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(complete("exec init plu"), "plugin plugin.hook. plugin.collector.");
    assert_eq!(complete("exec init plugin.ho"), "plugin.hook.Webhook");
    assert_eq!(complete("exec parse plugin.hook."), "plugin.hook.Event");
    assert_eq!(complete("explain plugin.hook.Webhook."), "plugin.hook.Webhook.init plugin.hook.Webhook.init.");
    assert_eq!(complete("exec init plugin.hook.Webhook -p op"), "options= options.");
}

#[test]
fn a_plugins_name_is_one_that_can_be_typed() {
    let user = Spacectl::new();
    user.run("config init --service repository=grpc://127.0.0.1:1").success();
    for name in ["plugin.", "plugin.v1", "plugin.plugin", "plugin.a.b", "plugin.1", "plug.in"] {
        let run = user.run(&format!("config endpoint add {name} grpc://127.0.0.1:1"));
        assert_eq!(run.status, Some(2), "{name}: {run}");
        assert!(run.stderr.contains("is not a valid name of a service"), "{name}: {run}");
    }
    for name in ["plugin.slack", "plugin.plugin-slack_2"] {
        user.run(&format!("config endpoint add {name} grpc://127.0.0.1:1")).success();
        assert_eq!(user.run(&format!("config get endpoints.{name}")).quiet_success(), "grpc://127.0.0.1:1\n");
        user.run(&format!("config endpoint remove {name}")).success();
    }
}
