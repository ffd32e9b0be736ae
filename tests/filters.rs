//! `--filter`, `--filter-any`, `--search`: requests, results and refusals.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Call, End, Running, Server, Spacectl};

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
fn what_neither_the_service_nor_a_row_can_tell_is_refused() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new();
    let list = format!("--endpoint {} list repository.Repository", server.url());
    let runs: Vec<String> = [
        "--filter name?",
        "--filter-any name~a --filter-any !name?",
        "--filter nmae=a",
        "--search a",
        "--filter name~a --search a",
    ]
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

/// The rows of a service that applies no filter, and cuts pages out of all of them.
fn rows() -> Vec<Value> {
    let row = |number: usize| {
        let name = if number.is_multiple_of(5) { "Slack" } else { "Grafana" };
        json!({
            "plugin_id": format!("plugin-{number:02}"),
            "name": format!("{name} {number}"),
            "state": if number == 10 { "DISABLED" } else { "ENABLED" },
            "provider": if number < 10 { "aws" } else { "" },
            "labels": [format!("L{number}"), "All"],
            "tags": {"n": number, "icon": "slack.svg"},
            "created_at": format!("2026-01-{:02}T00:00:00.000Z", number + 1),
        })
    };
    (0..20).map(row).collect()
}

fn page_of(rows: &[Value], call: &Call) -> Value {
    let number = |key: &str| call.request["query"]["page"][key].as_u64().unwrap_or(0) as usize;
    let start = (number("start").max(1) - 1).min(rows.len());
    let end = if number("limit") == 0 { rows.len() } else { rows.len().min(start + number("limit")) };
    json!({"results": rows[start..end], "total_count": rows.len()})
}

fn ignoring() -> Server {
    Server::start(Api::generation2(), |call| vec![Ok(page_of(&rows(), call))])
}

const IGNORED: &str = "note: the service ignored --filter: spacectl removed the rows that do not match\n";

#[test]
fn rows_that_do_not_match_are_shown_in_no_format() {
    let server = ignoring();
    let user = Spacectl::new();
    let runs: Vec<String> = ["table", "json", "jsonl", "yaml", "csv", "markdown", "quiet"]
        .map(|format| {
            let args =
                format!("list repository.Plugin --filter name~SLACK --filter 'tags.n>5' -c plugin_id -o {format}");
            let run = user.run(&format!("--endpoint {} {args}", server.url()));
            format!("$ {args}\n{run}\n")
        })
        .to_vec();
    assert_snapshot!(runs.concat());
    // What decides is asked for beside what is shown, and nothing is asked for twice.
    assert_eq!(server.calls().len(), 7);
    assert_eq!(server.calls()[0].request["query"]["only"], json!(["plugin_id", "name", "tags.n"]));
    let all = user.run(&format!("--endpoint {} list repository.Plugin --filter name~slack -o json", server.url()));
    let all: Value = serde_json::from_str(&all.success()).unwrap();
    let mut expected = json!([0, 5, 10, 15].map(|number| rows()[number].clone()));
    for row in [2, 3] {
        // An empty text is not sent.
        expected[row].as_object_mut().unwrap().shift_remove("provider");
    }
    assert_eq!(all["results"], expected, "whole rows, as they came");
    assert_eq!(all["total_count"], 20);
}

#[test]
fn so_many_rows_as_are_asked_for_match() {
    let server = ignoring();
    let user = Spacectl::new();
    let ids = |args: &str| {
        let before = server.calls().len();
        let list = "list repository.Plugin --filter name~slack -c plugin_id -o quiet";
        let run = user.run(&format!("--endpoint {} {list} {args}", server.url()));
        assert_eq!(run.stderr, IGNORED, "{args}");
        let pages = server.calls().split_off(before);
        let pages: Vec<Value> = pages.iter().map(|call| call.request["query"]["page"].clone()).collect();
        (run.success().replace("plugin-", "").replace('\n', " "), pages)
    };
    let all = "00 05 10 15 ";
    assert_eq!(ids("-l 3"), ("00 05 10 ".into(), vec![json!({"limit": 3}), json!({"start": 4, "limit": 1000})]));
    assert_eq!(ids("-l 9").0, all);
    assert_eq!(ids("-l 99"), (all.into(), vec![json!({"limit": 99})]));
    assert_eq!(ids("-l 2 --page 2").0, "10 15 ");
    assert_eq!(ids("-l 3 --page 2").0, "15 ");
    // Of a service that is not known to ignore filters, the page is asked for before all rows are.
    let pages = vec![json!({"start": 3, "limit": 2}), json!({"limit": 1000})];
    assert_eq!(ids("-p repository_id=x -l 2 --page 2"), ("10 15 ".into(), pages));
    for size in [1, 3, 7, 20, 99] {
        assert_eq!(ids(&format!("--page-size {size}")).0, all, "{size}");
        assert_eq!(ids(&format!("--page-size {size} -l 3")).0, "00 05 10 ", "{size}");
        assert_eq!(ids(&format!("--page-size {size} -l 4")).0, all, "{size}");
    }
    for format in ["table", "json", "csv", "jsonl"] {
        let list = format!("--endpoint {} list repository.Plugin --filter name~slack -o {format}", server.url());
        let whole = user.run(&list).success();
        assert_eq!(user.run(&format!("{list} -l 4")).success(), whole, "{format}");
    }
}

#[test]
fn a_service_that_honours_filters_is_asked_once_and_for_no_row_more() {
    let server = Server::start(Api::generation2(), |call| {
        let rows = rows().into_iter().filter(|row| row["name"].as_str().unwrap().contains("Slack")).collect::<Vec<_>>();
        vec![Ok(page_of(&rows, call))]
    });
    let user = Spacectl::new();
    for (args, ids, page) in [
        ("-l 2", "plugin-00\nplugin-05\n", json!({"limit": 2})),
        ("-l 4", "plugin-00\nplugin-05\nplugin-10\nplugin-15\n", json!({"limit": 4})),
        ("-l 9", "plugin-00\nplugin-05\nplugin-10\nplugin-15\n", json!({"limit": 9})),
        ("-p repository_id=x -l 2 --page 2", "plugin-10\nplugin-15\n", json!({"start": 3, "limit": 2})),
        ("", "plugin-00\nplugin-05\nplugin-10\nplugin-15\n", Value::Null),
    ] {
        let before = server.calls().len();
        let list = "list repository.Plugin --filter name~slack -c plugin_id -o quiet";
        assert_eq!(user.run(&format!("--endpoint {} {list} {args}", server.url())).quiet_success(), ids, "{args}");
        assert_eq!(server.calls().len(), before + 1, "{args}");
        assert_eq!(server.calls()[before].request["query"]["page"], page, "{args}");
    }
}

#[test]
fn a_row_is_left_out_only_if_it_can_be_decided() {
    let server = ignoring();
    let user = Spacectl::new();
    let shown = |args: &str| {
        let run = user.run(&format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet {args}", server.url()));
        let said = run.stderr.replace("note: ", "");
        (run.success().lines().count(), said)
    };
    let ignored = |what: &str| format!("the service ignored {what}: spacectl removed the rows that do not match\n");
    let open = |what: &str| format!("spacectl shows rows that it cannot check against {what}\n");
    for (args, count) in [
        ("--filter name~slack", 4),
        ("--filter name!~slack", 16),
        ("--filter 'name=Slack 5'", 1),
        ("--filter 'name in \"Slack 5\",\"Slack 10\"'", 2),
        ("--filter 'name not in \"Slack 5\",\"Slack 10\"'", 18),
        ("--filter name>M", 4),
        ("--filter name<=M", 16),
        ("--filter state=disabled", 1),
        ("--filter state!=enabled", 1),
        ("--filter provider!=aws", 10),
        ("--filter labels=L3", 1),
        ("--filter labels~l1", 11),
        ("--filter 'labels!=L3'", 19),
        ("--filter tags.n=7", 1),
        ("--filter tags.n<3", 3),
        ("--filter 'tags.n in 1,2,30'", 2),
        // Of different types.
        ("--filter tags.icon=1", 0),
        ("--filter '!tags.icon?'", 0),
        ("--filter tags.nothing?", 0),
        ("--filter created_at=2026-01-05", 1),
        ("--filter created_at<2026-01-05", 4),
        ("--filter 'created_at>=2026-01-05T09:00+09:00'", 16),
        ("--filter created_at=2026-01-05T00:00:00.000Z", 1),
        ("--filter created_at>-7d", 0),
        ("--filter name~slack --filter state=DISABLED", 1),
    ] {
        assert_eq!(shown(args), (count, ignored("--filter")), "{args}");
    }
    for (args, what, count) in [
        ("--filter-any tags.n=1 --filter-any name~slack", "--filter-any", 5),
        ("--filter name~slack --filter-any tags.n=0 --filter-any tags.n=5", "--filter and --filter-any", 2),
        ("-p state=DISABLED", "state", 1),
        ("-p state=2 -l 5", "state", 1),
    ] {
        assert_eq!(shown(args), (count, ignored(what)), "{args}");
    }
    // Rows do not have it, be it that it is empty or that the service does not tell.
    for args in ["--filter resource_type=a.B", "--filter provider=aws", "--filter docs?"] {
        assert_eq!(shown(args), (20, open("--filter")), "{args}");
    }
    // Others than these fields are widened on purpose, and so is what a word is looked for in.
    for args in
        ["-p provider=aws", "-p name=x", "--search x", "--search x --filter-any name=y", "--filter created_at<now"]
    {
        assert_eq!(shown(args), (20, String::new()), "{args}");
    }
    let both = "the service ignored --filter: spacectl removed the rows that do not match, and shows those that it cannot \
                check\n";
    assert_eq!(shown("--filter name~slack --filter image=x"), (4, both.to_owned()));
}

#[test]
fn a_filter_on_a_field_that_the_request_leaves_out_is_left_to_a_service_that_filters_all_rows() {
    let server = Server::start(Api::generation2(), |call| {
        let rows: Vec<Value> =
            rows().iter().map(|row| json!({"plugin_id": row["plugin_id"], "name": row["name"]})).collect();
        vec![Ok(page_of(&rows, call))]
    });
    let user = Spacectl::new();
    let list = |args: &str| {
        let run = user.run(&format!("--endpoint {} list repository.Plugin -o json {args}", server.url()));
        let list: Value = serde_json::from_str(&run.stdout).unwrap();
        (list["results"].as_array().unwrap().len(), run.stderr)
    };
    let unchecked = "note: spacectl shows rows that it cannot check against --filter\n";
    for chosen in ["-m", "-p query.minimal=true", "-p query.only=[plugin_id,name]"] {
        let one = format!("{chosen} -p repository_id=repo-1 --filter created_at>2020");
        assert_eq!(list(&one), (20, String::new()), "{chosen}");
        // A Repository does not filter the plugins of other repositories.
        assert_eq!(list(&format!("{chosen} --filter created_at>2020")), (20, unchecked.to_owned()), "{chosen}");
        let (count, note) = list(&format!("{chosen} --filter created_at>2020 --filter name~slack"));
        assert_eq!(count, 4, "{chosen}");
        assert_eq!(note, format!("{}, and shows those that it cannot check\n", IGNORED.trim_end()), "{chosen}");
    }
    assert_eq!(list("--filter image=x"), (20, unchecked.to_owned()), "a whole row lacks the field");
}

#[test]
fn plugins_of_several_repositories_are_ordered_here() {
    let server = ignoring();
    let user = Spacectl::new();
    let ids = |args: &str| {
        let list = format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet {args}", server.url());
        let run = user.run(&list).quiet_success();
        let query = server.calls().last().unwrap().request["query"].clone();
        (run.replace("plugin-", "").replace('\n', " "), query)
    };
    let only = |sort: &str| json!({"only": ["plugin_id", sort]});
    assert_eq!(ids("-s -created_at -l 3"), ("19 18 17 ".into(), only("created_at")));
    assert_eq!(ids("-s tags.n -l 3 --page 2"), ("03 04 05 ".into(), only("tags.n")));
    assert_eq!(ids("-s -tags.n -p query.page.start=3 -p query.page.limit=2"), ("17 16 ".into(), only("tags.n")));
    // As the services have it, nothing is less than something.
    assert_eq!(ids("-s provider -l 1"), ("10 ".into(), only("provider")));
    assert_eq!(ids("-s -provider -l 1"), ("00 ".into(), only("provider")));
    let (all, _) = ids("-s -created_at");
    for size in [1, 7, 20] {
        assert_eq!(ids(&format!("-s -created_at --page-size {size}")).0, all);
    }
    let list = format!("--endpoint {} list repository.Plugin -s -created_at -l 3 --filter name~slack", server.url());
    let run = user.run(&format!("{list} --page-size 6 -o csv -c plugin_id"));
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("plugin_id\nplugin-15\nplugin-10\nplugin-05\n", IGNORED));
    let run = user.run(&format!("{list} -c plugin_id"));
    assert!(run.stdout.ends_with(" plugin-05\n\n Count: 3 / 20\n"), "{run}");
    let run = user.run(&format!("--endpoint {} list repository.Plugin -m -s updated_at -o json", server.url()));
    assert_eq!(run.stderr, "note: no row has the sort key: -m leaves it out\n");
    // One repository orders for itself.
    let query = json!({"only": ["plugin_id"], "sort": [{"key": "name", "desc": true}], "page": {"limit": 2}});
    assert_eq!(ids("-s -name -l 2 -p repository_id=repo-local"), ("00 01 ".into(), query));
}

#[test]
fn watching_shows_what_matches_and_says_why_once() {
    let server = ignoring();
    let user = Spacectl::new();
    let list = "list repository.Plugin --watch 0.1 --filter name~slack -l 3 -c plugin_id -o quiet";
    let endpoint = ["--endpoint", &server.url()].map(str::to_owned);
    let args: Vec<String> = endpoint.into_iter().chain(list.split(' ').map(str::to_owned)).collect();
    let mut running = Running::start(&user, &args.iter().map(String::as_str).collect::<Vec<_>>());
    running.wait_for("plugin-10\n");
    let enough = server.calls().len() + 4;
    while server.calls().len() < enough {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    running.interrupt();
    assert_eq!(running.end(), End::Exit(130));
    assert_eq!((running.out.as_str(), running.err.as_str()), ("plugin-00\nplugin-05\nplugin-10\n", IGNORED));
}

#[test]
fn a_list_whose_request_has_no_place_for_filters_is_filtered_here() {
    let server = Server::start(Api::generation2(), |_| {
        let row =
            |id: &str, name: &str, kind: &str| json!({"repository_id": id, "name": name, "repository_type": kind});
        vec![Ok(json!({"results": [
            row("repo-local", "Private", "LOCAL"),
            row("repo-managed", "Cloudforet Official", "MANAGED"),
            row("repo-remote", "Marketplace", "REMOTE"),
        ]}))]
    });
    let user = Spacectl::new();
    let ids = |args: &str| {
        let list = format!("--endpoint {} list repository.Repository -c repository_id -o quiet {args}", server.url());
        user.run(&list).quiet_success().replace("repo-", "").replace('\n', " ")
    };
    assert_eq!(ids("--filter repository_type=LOCAL"), "local ");
    assert_eq!(ids("--filter name!~a"), "");
    assert_eq!(ids("--filter-any name~official --filter-any repository_type=REMOTE"), "managed remote ");
    assert_eq!(ids("--filter repository_type!=LOCAL -s -name -l 1"), "remote ");
    assert_eq!(ids("--filter repository_type!=LOCAL -s -name -l 1 --page 2"), "managed ");
    let page =
        user.run(&format!("--endpoint {} list repository.Repository --filter name~a -l 1 -c name", server.url()));
    assert!(page.quiet_success().ends_with("\n Count: 1 / 3\n"));
    for call in server.calls() {
        assert_eq!(call.request, json!({}));
    }
}
