//! `--filter`, `--filter-any`, `--search`: what is sent, what is found, what is refused.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Server, Spacectl};

/// The query that `line` sends to a service of this API.
fn query_of(api: Api, line: &str) -> Value {
    let server = Server::start(api, |_| vec![Ok(json!({}))]);
    let run = Spacectl::new().run(&format!("--endpoint {} {line}", server.url()));
    assert_eq!(run.quiet_success(), "NO DATA\n");
    server.calls()[0].request["query"].clone()
}

#[test]
fn filters_become_conditions_in_both_generations() {
    let line = "list repository.Plugin -a --filter 'name ~ slack' --filter 'state=enabled' --filter 'tags.version=1.10' \
                --filter 'tags.n>=2' --filter 'labels in chat, \"a,b\"' --filter 'provider?' --filter '!tags.old?' \
                --filter 'created_at>=2026-01-31' --filter 'updated_at=2026-01-31T10:00+09:00' \
                --filter 'created_at>-7d' --filter-any 'image!~test' --filter-any 'image not in a,b' --search slack";
    let sent = query_of(Api::generation2(), line);
    assert_snapshot!(serde_json::to_string_pretty(&sent).unwrap());
    assert_eq!(query_of(Api::generation1(), line), sent);
}

#[test]
fn filters_add_to_the_query_that_is_there() {
    let line = "list repository.Plugin -c name -l 5 -j '{\"query\": {\"filter_or\": [{\"k\": \"a\"}], \"keyword\": \"a\"}}' \
                -p 'query.filter=[{key: name, value: x, operator: eq}]' --filter name=y --filter-any name=z --search b";
    let expected = json!({
        "filter_or": [{"k": "a"}, {"k": "name", "v": "z", "o": "eq"}],
        "keyword": "b",
        "filter": [{"key": "name", "value": "x", "operator": "eq"}, {"k": "name", "v": "y", "o": "eq"}],
        "only": ["name"],
        "page": {"limit": 5},
    });
    for api in [Api::generation1(), Api::generation2()] {
        assert_eq!(query_of(api, line), expected);
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_sent() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    let list = format!("--endpoint {} list repository.Plugin", server.url());
    let runs: Vec<String> = [
        "--filter nmae~slack",
        "--filter repository_info.nmae=x",
        "--filter name.x=1",
        "--filter state=ENBLED",
        "--filter tags=x",
        "--filter created_at>yesterday",
        "--filter created_at~2026",
        "--filter-any created_at=2026-01-31",
        "--filter service_type=x --filter-any nmae? --filter name~a",
        "--filter name~a -p query.filter=5",
    ]
    .map(|args| format!("$ {args}\n{}\n", user.run(&format!("{list} {args}"))))
    .to_vec();
    assert_snapshot!(runs.concat());
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_text_that_is_no_filter_is_refused_before_anything_is_connected_to() {
    let user = Spacectl::new();
    let runs: Vec<String> = [
        "--filter name",
        "--filter 'na me=x'",
        "--filter name==x",
        "--filter 'name in \"a'",
        "--filter 'token hunter2'",
        "--filter '' --filter-any !x=1 --search ''",
    ]
    .map(|args| {
        let run = user.run(&format!("--endpoint grpc://nowhere.invalid:1 list repository.Plugin {args}"));
        format!("$ {args}\n{run}\n")
    })
    .to_vec();
    assert_snapshot!(runs.concat());
}

#[test]
fn a_list_that_takes_no_filters_says_so() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    let list = format!("--endpoint {} list repository.Repository", server.url());
    let runs: Vec<String> = ["--filter repository_type=LOCAL", "--filter-any name~a", "--search a"]
        .map(|args| format!("$ {args}\n{}\n", user.run(&format!("{list} {args}"))))
        .to_vec();
    assert_snapshot!(runs.concat());
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn rows_of_any_kind_are_filtered_by_what_their_keys_look_like() {
    let api = Api::inline(
        r#"
            syntax = "proto3";
            package spaceone.api.lab.v1;
            import "google/protobuf/struct.proto";
            message Filter {
                oneof key_alias { string key = 1; string k = 2; }
                oneof value_alias { google.protobuf.Value value = 3; google.protobuf.Value v = 4; }
                oneof operator_alias { string operator = 5; string o = 6; }
            }
            message Query { repeated Filter filter = 1; }
            message ThingQuery { Query query = 1; }
            service Thing { rpc list (ThingQuery) returns (google.protobuf.Struct) {} }"#,
    );
    let server = Server::start(api, |_| vec![Ok(json!({}))]);
    let line = "list lab.Thing --filter a.b=110 --filter c=\"110\" --filter 'seen_at<2026' --filter 'f.seen_at<2026'";
    Spacectl::new().run(&format!("--endpoint {} {line}", server.url())).success();
    assert_eq!(
        server.calls()[0].request["query"]["filter"],
        json!([
            {"k": "a.b", "v": 110, "o": "eq"},
            {"k": "c", "v": "110", "o": "eq"},
            {"k": "seen_at", "v": "2026-01-01T00:00:00Z", "o": "datetime_lt"},
            {"k": "f.seen_at", "v": 2026, "o": "lt"},
        ])
    );
}

#[test]
fn the_embedded_service_answers_filters() {
    let user = Spacectl::local();
    user.file(
        "plugins.yml",
        "name: Slack\nresource_type: a.B\nimage: x/plugin-slack\ntags: {version: '1.10'}\n---\n\
         name: AWS SNS\nresource_type: a.B\nimage: x/plugin-aws-sns\nprovider: aws\n",
    );
    user.run("exec register repository.Plugin -f plugins.yml").success();
    let names = |args: &str| {
        user.run(&format!("list repository.Plugin -c name -o quiet {args}")).quiet_success().replace('\n', ";")
    };
    assert_eq!(names("--filter 'name~sla'"), "Slack;");
    assert_eq!(names("--filter tags.version=1.10"), "Slack;");
    assert_eq!(names("--filter '!tags.version?'"), "AWS SNS;");
    assert_eq!(names("--filter 'created_at>-7d'"), "AWS SNS;Slack;");
    assert_eq!(names("--filter 'created_at<2026-01-01' --filter name~s"), "");
    assert_eq!(names("--filter-any name=Slack --filter-any provider=aws"), "AWS SNS;Slack;");
    assert_eq!(names("--search sns"), "AWS SNS;");
}
