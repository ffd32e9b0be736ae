//! `--dry-run`: everything but the sending.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Run, Server, Spacectl};

const SECRETS: &str = r#"
    syntax = "proto3";
    package spaceone.api.secret.v1;
    import "google/protobuf/struct.proto";
    message CreateRequest {
      string name = 1; google.protobuf.Struct data = 2; string secret_type = 3; google.protobuf.Struct tags = 4;
      string trusted_secret_id = 5; int64 size = 6; bytes blob = 7;
    }
    message Page { uint32 limit = 1; }
    message Query { Page page = 1; string distinct = 2; }
    message StatRequest { Query query = 1; }
    message Nothing {}
    service Secret {
      rpc create(CreateRequest) returns (Nothing);
      rpc stat(StatRequest) returns (google.protobuf.Struct);
      rpc follow(CreateRequest) returns (stream Nothing);
    }"#;

fn server() -> Server {
    Server::start(Api::generation2(), |_| vec![Ok(json!({}))])
}

fn run(user: &Spacectl, server: &Server, line: &str) -> Run {
    let mut run = user.run(&format!("--endpoint {} {line}", server.url()));
    for text in [&mut run.stdout, &mut run.stderr] {
        *text = text.replace(&server.port().to_string(), "[PORT]");
    }
    run
}

#[test]
fn every_verb_shows_what_it_would_send_and_sends_nothing() {
    let (user, server) = (Spacectl::new(), server());
    user.example("plugin_slack_notification_protocol.yml");
    let shown = [
        "exec register repository.Plugin -f plugin_slack_notification_protocol.yml -p tags.n=1 --dry-run",
        "list repository.Plugin -c name,tags.icon -s -name -l 5 --page 2 -p state=ENABLED -p repository_id=x --dry-run",
        "get repository.Plugin -p plugin_id=x -o json --dry-run",
        "exec enable repository.Plugin -p plugin_id=x --dry-run",
        "list repository.Repository -l 5 -o quiet -c name --dry-run",
        "exec get_versions repository.Plugin -p plugin_id=x -o csv --dry-run",
    ]
    .map(|line| format!("$ spacectl {line}\n{}\n", run(&user, &server, line)));
    assert_snapshot!(shown.concat());
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn statistics_and_streams_are_not_sent_either() {
    let server = Server::start(Api::inline(SECRETS), |_| vec![Ok(json!({}))]);
    let stat = run(&Spacectl::new(), &server, "stat secret.Secret -p distinct=provider -l 3 --dry-run -o json");
    let shown: Value = serde_json::from_str(&stat.quiet_success()).unwrap();
    assert_eq!(shown["method"], "/spaceone.api.secret.v1.Secret/stat");
    assert_eq!(shown["request"], json!({"query": {"page": {"limit": 3}, "distinct": "provider"}}));
    let streamed = run(&Spacectl::new(), &server, "exec follow secret.Secret -p name=x --dry-run -o json");
    assert_eq!(serde_json::from_str::<Value>(&streamed.quiet_success()).unwrap()["request"], json!({"name": "x"}));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn each_of_several_documents_is_shown() {
    let (user, server) = (Spacectl::new(), server());
    user.file("ids.yml", "plugin_id: a\n---\nplugin_id: b\n");
    let line = "exec disable repository.Plugin -f ids.yml --dry-run -o";
    let yaml = run(&user, &server, &format!("{line} yaml")).quiet_success();
    assert_eq!(yaml.matches("---\nendpoint: grpc://127.0.0.1:[PORT]\n").count(), 2, "{yaml}");
    let csv = run(&user, &server, &format!("{line} csv")).quiet_success();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "endpoint,method,metadata,request"));
    assert!(lines[2].ends_with(r#","{""plugin_id"":""b""}""#), "{csv}");
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn no_secret_is_shown_and_what_only_names_one_is() {
    let server = Server::start(Api::inline(SECRETS), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "hunter2");
    user.file(
        "secret.yml",
        "name: my secret\nsecret_type: CREDENTIALS\ntrusted_secret_id: trusted-1\nsize: 3\nblob: aGk=\n\
         data: {aws_access_key_id: hunter2, deep: [{x: hunter2}]}\n\
         tags: {owner: me, password: hunter2, env: [{name: API_TOKEN, value: hunter2}], proxy: 'http://u:hunter2@p:1'}\n",
    );
    let shown = run(&user, &server, "exec create secret.Secret -f secret.yml --dry-run");
    assert!(!shown.to_string().contains("hunter2"), "{shown}");
    assert_snapshot!(shown);
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn secrets_are_known_by_short_names_pairs_and_addresses_too() {
    let server = Server::start(Api::inline(SECRETS), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    user.file(
        "tags.yml",
        "tags:\n  db: {pwd: hunter2, passcode: hunter2, httpAuth: hunter2, bearer: hunter2, PIN: 271828, session: hunter2,\n\
        \x20      idJwt: hunter2, private: hunter2}\n\
        \x20 env: [{name: DB_PASS, value: hunter2}, {Key: SMTP_PWD, Value: hunter2}, 'DB_PASS=hunter2']\n\
        \x20 hooks: ['https://hooks.slack.com/services/T01/B02/hunter2', 'https://discord.com/api/webhooks/123/hunter2',\n\
        \x20         'https://a.webhook.office.com/webhookb2/hunter2', 'https://h.example/x?a=1&token=hunter2',\n\
        \x20         'https://me:hunter2@h.example/x']\n\
        \x20 any: eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.aHVudGVyMg\n\
        \x20 plain: {author: shown1, auth_type: shown2, spinner: shown3, pinned: shown4, session_timeout: shown5,\n\
        \x20         private_ip: shown6, private: true, name: shown7, value: shown8, url: 'https://h.example/shown9?a=b'}\n",
    );
    let line = "exec create secret.Secret -f tags.yml";
    let shown = run(&user, &server, &format!("{line} --dry-run -o json"));
    let note = "note: secrets are shown as ******** and sent as they are\n";
    assert_eq!(shown.stderr, note, "{shown}");
    let sent = run(&user, &server, &format!("{line} -vv"));
    for text in [&shown.stdout, &sent.stderr] {
        assert!(!text.contains("hunter2") && !text.contains("271828") && !text.contains("eyJ"), "{text}");
        for number in 1..=9 {
            assert!(text.contains(&format!("shown{number}")), "{number}: {text}");
        }
    }
    let request = &server.calls()[0].request;
    assert_eq!((&request["tags"]["db"]["pwd"], &request["tags"]["db"]["PIN"]), (&json!("hunter2"), &json!(271_828)));
    // Without a secret there is nothing to say.
    run(&user, &server, "exec create secret.Secret -p name=n --dry-run").quiet_success();
}

#[test]
fn the_domain_goes_along_and_is_shown() {
    let server = server();
    let user = Spacectl::new();
    user.run("config init -e lab --service inventory=grpc://127.0.0.1:1").success();
    user.run(&format!("config endpoint add repository {}", server.url())).success();
    user.run("config set x_domain_id domain-1").success();
    user.run_with_input("config set api_key -", "hunter2").success();
    let shown = user.run("list repository.Plugin --dry-run -o json").quiet_success();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["metadata"], json!({"token": "********", "x_domain_id": "domain-1"}));
    assert_eq!(shown["endpoint"], server.url());
}

/// What goes over the wire is not always what was typed.
#[test]
fn it_shows_what_the_service_would_read() {
    let (user, server) = (Spacectl::new(), server());
    let line = "exec register repository.Plugin -p name=A -p resource_type=a.B -p image=x/a -p provider= \
                -p registry_type=2 -p tags.n=12345678901 --dry-run -o json";
    let shown: Value = serde_json::from_str(&run(&user, &server, line).quiet_success()).unwrap();
    // Empty text is proto3's default and takes no place; an enum's number is its name.
    let read = json!({
        "name": "A", "resource_type": "a.B", "image": "x/a",
        "registry_type": "AWS_PRIVATE_ECR", "tags": {"n": 12_345_678_901_i64},
    });
    assert_eq!(shown["request"], read);
}

#[test]
fn what_is_wrong_is_told_as_ever() {
    let (user, server) = (Spacectl::new(), server());
    user.file("wrong.yml", "nmae: x\n");
    for line in [
        "exec register repository.Plugin -f wrong.yml",
        "exec regster repository.Plugin",
        "list repository.Plugin -c nmae",
        "list repository.Plugin -s nmae",
        "get repository.Plugin -p plugin_id=x -c name,state -o quiet",
        "list nothing",
    ] {
        let (real, dry) = (run(&user, &server, line), run(&user, &server, &format!("{line} --dry-run")));
        assert_ne!(real.status, Some(0), "{real}");
        assert_eq!(dry.to_string(), real.to_string(), "{line}");
    }
    assert_eq!(server.calls().len(), 0);
}
