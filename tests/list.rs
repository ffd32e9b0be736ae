//! `list` and `get`: columns, order, pages, formats.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Call, Server, Spacectl};

fn user_with_three_plugins() -> Spacectl {
    let user = Spacectl::local();
    user.file(
        "plugins.yml",
        "name: 슬랙 🚀\nresource_type: notification.Protocol\nimage: cloudforet/plugin-slack\nprovider: slack\n\
         tags: {version: '1.10', icon: https://x/slack.svg, 'spaceone:plugin_name': Slack}\n\
         labels: [chat, \"a,b\"]\ncapability: {schemas: [{name: one, type: a}, {name: two, type: b}]}\n---\n\
         name: Grafana Webhook\nresource_type: monitoring.Webhook\nimage: cloudforet/plugin-grafana\n\
         tags: {version: '1.0'}\n---\n\
         name: AWS SNS Webhook\nresource_type: monitoring.Webhook\nimage: cloudforet/plugin-aws-sns\nprovider: aws\n",
    );
    user.run("exec register repository.Plugin -f plugins.yml").success();
    user
}

#[test]
fn tables_keep_versions_and_wide_characters_straight() {
    let user = user_with_three_plugins();
    assert_snapshot!(user.run("list repository.Plugin -c 'plugin_id|ID,name|Name,tags.version|Version,labels|Labels'"));
}

#[test]
fn every_format_shows_the_same_rows() {
    let user = user_with_three_plugins();
    let shown: Vec<String> = ["table", "json", "yaml", "csv"]
        .map(|format| {
            format!("{}\n", user.run(&format!("list repository.Plugin -c plugin_id,labels,provider -o {format}")))
        })
        .to_vec();
    assert_snapshot!(shown.concat());
    assert_snapshot!(user.run("list repository.Plugin -c plugin_id -o quiet"));
}

#[test]
fn the_column_grammar_reaches_into_lists() {
    let user = user_with_three_plugins();
    let columns = "name,labels.0,capability.schemas.name|All,capability.schemas.1.name|Second,\
                   capability.schemas.?type:=A=>name|A,tags.spaceone:plugin_name|Tag";
    assert_snapshot!(user.run(&format!("list repository.Plugin -c '{columns}' -o csv")));
}

/// The embedded Repository answers with what it is asked for, as the real one does.
#[test]
fn a_key_with_dots_is_asked_for_too() {
    let user = Spacectl::local();
    user.file(
        "specs.yml",
        "name: both\nimage: x/both\nresource_type: a.B\ntags: {a.b: 1, a: {b: 2}}\n---\n\
         name: dotted\nimage: x/dotted\nresource_type: a.B\ntags: {a.b: 3, spaceone.io/owner: me}\n",
    );
    user.run("exec register repository.Plugin -f specs.yml").success();
    let rows = user.run("list plugin -c name,tags.a.b,tags.spaceone.io/owner -o csv").success();
    assert_eq!(rows, "name,tags.a.b,tags.spaceone.io/owner\nboth,2,\ndotted,3,me\n");
    assert_eq!(user.run("list plugin -c name -s -tags.a.b -o quiet").success(), "dotted\nboth\n");
}

#[test]
fn what_is_nested_goes_before_a_key_with_dots_everywhere() {
    let api = Api::inline(
        "syntax = \"proto3\"; package spaceone.api.shop.v1; import \"google/protobuf/struct.proto\";
         service Thing { rpc list(Ask) returns (Things); rpc get(Ask) returns (ThingInfo); }
         message Ask { string id = 1; }
         message ThingInfo { string id = 1; google.protobuf.Struct tags = 2; repeated google.protobuf.Struct parts = 3; }
         message Things { repeated ThingInfo results = 1; int32 total_count = 2; }",
    );
    let server = Server::start(api, |call: &Call| {
        let both = json!({"id": "both", "tags": {"a.b": 1, "a": {"b": 2}}, "parts": [{"k.l": "x", "k": {"l": "y"}, "n.o": 1, "n": {"o": 2}}]});
        let dotted = json!({"id": "dotted", "tags": {"a.b": 3, "a": {"c": 0}}, "parts": [{"k.l": "y", "n.o": 4}]});
        let nested = json!({"id": "nested", "tags": {"a": {"b": 1}}});
        vec![Ok(if call.method == "get" { both } else { json!({"results": [both, dotted, nested], "total_count": 3}) })]
    });
    let user = Spacectl::new();
    let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url())).quiet_success();
    let columns = "id,tags.a.b,tags.a\\.b|Dotted,parts.?k.l:=y=>n.o|Part";
    let expected = "id,tags.a.b,Dotted,Part\nboth,2,1,[2]\ndotted,3,3,[4]\nnested,1,,\n";
    assert_eq!(run(&format!("list shop.Thing -c '{columns}' -o csv")), expected);
    let rows: Vec<String> =
        run(&format!("list shop.Thing -c '{columns}' -o jsonl")).lines().map(str::to_owned).collect();
    assert_eq!(rows[0], r#"{"id":"both","tags.a.b":2,"Dotted":1,"Part":[2]}"#);
    assert_eq!(run("list shop.Thing -c tags.a.b -o quiet"), "2\n3\n1\n");
    assert_eq!(run("list shop.Thing -c id -s -tags.a.b -o quiet"), "dotted\nboth\nnested\n");
    assert!(run("get shop.Thing -p id=both -c tags.a.b").ends_with("tags.a.b: 2\n"));
    user.file("columns.yml", "template:\n  list:\n  - id\n  - tags.a.b|B\n");
    let table = run("list shop.Thing --template columns.yml");
    assert!(table.contains(" both   | 2\n") || table.contains(" both   |   2\n"), "{table}");
}

#[test]
fn order_and_pages_are_the_services() {
    let user = user_with_three_plugins();
    assert_snapshot!(user.run("list repository.Plugin -c plugin_id|ID,name -s -ID -l 2"));
    assert_snapshot!(user.run("list repository.Plugin -c plugin_id|ID,name -s -ID -l 2 --page 2"));
    assert_snapshot!(user.run("list repository.Plugin -c plugin_id -l 2 --page 9"));
}

#[test]
fn minimal_and_count_only() {
    let user = user_with_three_plugins();
    assert_snapshot!(user.run("list repository.Plugin -m -l 1 -o json"));
    assert_snapshot!(user.run("list repository.Plugin -p count_only=true -o json"));
    assert_eq!(user.run("list repository.Plugin -p count_only=true").quiet_success(), "NO DATA\n\n Count: 0 / 3\n");
    assert_snapshot!(user.run("list repository.Plugin -p keyword=WEBHOOK -p state=ENABLED -c name -o quiet"));
}

#[test]
fn an_unknown_column_or_sort_key_is_refused_before_anything_is_sent() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    for columns in ["plugin_id,nmae", "repository_info.nam", "name.x", "plugin_id,,name", "service_type"] {
        let run = user.run(&format!("--endpoint {} list repository.Plugin -c '{columns}'", server.url()));
        assert_eq!(run.status, Some(2), "{run}");
    }
    for sort in ["-s nmae", "-s name,state", "-c 'name|Title' -s Titel", "-s name.x"] {
        let run = user.run(&format!("--endpoint {} list repository.Plugin {sort}", server.url()));
        assert_eq!(run.status, Some(2), "{run}");
    }
    assert_snapshot!(user.run(&format!("--endpoint {} list repository.Plugin -c plugin_id,nmae", server.url())));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn columns_of_one_name_are_shown_where_all_of_them_can_be() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({"results": [{"name": "a", "provider": "b"}]}))]);
    let list = |format: &str| {
        Spacectl::new()
            .run(&format!("--endpoint {} list repository.Plugin -c 'name|A,provider|A' -o {format}", server.url()))
    };
    for format in ["json", "yaml"] {
        let run = list(format);
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.starts_with("error: two columns have the header A\n"), "{run}");
    }
    assert_eq!(server.calls().len(), 0);
    assert_eq!(list("csv").quiet_success(), "A,A\na,b\n");
    assert_eq!(list("table").quiet_success(), " A   | A\n-----+-----\n a   | b\n");
}

#[test]
fn the_query_has_the_shape_of_the_service() {
    let line = "list repository.Plugin -p repository_id=x -c plugin_id,tags.icon,labels.0 -s -name -l 5 --page 3";
    let query_at = |api: Api| {
        let server = Server::start(api, |_| vec![Ok(json!({}))]);
        let run = Spacectl::new().run(&format!("--endpoint {} {line}", server.url()));
        assert_eq!(run.quiet_success(), "NO DATA\n");
        server.calls()[0].request["query"].clone()
    };
    let only = json!(["plugin_id", "tags.icon", "labels"]);
    let page = json!({"start": 11, "limit": 5});
    let sort = json!({"key": "name", "desc": true});
    assert_eq!(query_at(Api::generation1()), json!({"only": only, "page": page, "sort": sort}));
    assert_eq!(query_at(Api::generation2()), json!({"only": only, "page": page, "sort": [sort]}));
}

#[test]
fn a_list_without_a_query_is_ordered_and_cut_here() {
    let repositories = |_: &Call| {
        let names = ["b", "c", "a"].map(|name| json!({"repository_id": format!("repo-{name}"), "name": name}));
        vec![Ok(json!({ "results": Value::from(names.to_vec()) }))]
    };
    let server = Server::start(Api::generation2(), repositories);
    let user = Spacectl::new();
    let list = format!("--endpoint {} list repository.Repository", server.url());
    assert_snapshot!(user.run(&format!("{list} -s -name -l 2 -c name,repository_id|ID")));
    assert_eq!(server.calls()[0].request, json!({}));
    assert_eq!(user.run(&format!("{list} -s nmae")).status, Some(2));
}

#[test]
fn an_empty_list_is_valid_everywhere() {
    let user = Spacectl::local();
    user.run("list repository.Plugin").success();
    for (format, expected) in [
        ("table", "NO DATA\n"),
        ("json", "{\n    \"results\": [],\n    \"total_count\": 0\n}\n"),
        ("yaml", "---\nresults: []\ntotal_count: 0\n"),
        ("csv", "plugin_id\n"),
        ("quiet", ""),
    ] {
        assert_eq!(user.run(&format!("list repository.Plugin -c plugin_id -o {format}")).quiet_success(), expected);
    }
    // The header of csv is that of rows, from their type.
    let empty = user.run("list repository.Plugin --filter name=nope -o csv").quiet_success();
    let header = "plugin_id,name,state,resource_type,image,provider,registry_type,registry_url,registry_config,capability,\
                  labels,tags,docs,domain_id,repository_info,created_at,updated_at\n";
    assert_eq!(empty, header);
    assert_eq!(user.run("list repository.Plugin -o csv --page-size 5").quiet_success(), header);
    assert_eq!(user.run("exec list repository.Plugin -o csv").quiet_success(), header);
    assert!(user_with_three_plugins().run("list repository.Plugin -o csv").quiet_success().starts_with(header));
    let failed = user.run("get repository.Plugin -p plugin_id=nope -o csv");
    assert_eq!((failed.status, failed.stdout.as_str()), (Some(67), ""));
}

#[test]
fn get_shows_one_row_and_says_when_there_is_none() {
    let user = user_with_three_plugins();
    assert_snapshot!(user.run("get repository.Plugin -p plugin_id=plugin-slack -c plugin_id,name,tags,capability"));
    assert_snapshot!(user.run("get repository.Plugin -p plugin_id=nope"));
    assert_snapshot!(user.run("get repository.Plugin -p plugin_id=plugin-slack -c plugin_id,name -o table"));
}

#[test]
fn a_servers_text_cannot_drive_the_terminal() {
    let hostile =
        |_: &Call| vec![Ok(json!({"results": [{"plugin_id": "a\u{1b}[2J", "name": "x\ny"}], "total_count": 1}))];
    let server = Server::start(Api::generation2(), hostile);
    assert_snapshot!(
        Spacectl::new().run(&format!("--endpoint {} list repository.Plugin -c plugin_id,name", server.url()))
    );
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    use std::io::Read as _;
    let many = |_: &Call| {
        let rows: Vec<Value> = (0..50_000).map(|n| json!({"plugin_id": format!("plugin-{n:09}")})).collect();
        vec![Ok(json!({"results": rows, "total_count": 50_000}))]
    };
    let server = Server::start(Api::generation2(), many);
    let mut command = Spacectl::new().command();
    command.args(["--endpoint", &server.url(), "list", "repository.Plugin", "-c", "plugin_id"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.current_dir("/").spawn().unwrap();
    let mut first = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
