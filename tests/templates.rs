//! The columns of tables: `template`, `-t`, and those without either.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Call, Server, Spacectl};

fn plugins(_: &Call) -> Vec<Result<Value, tonic::Status>> {
    let plugin = |id: &str| {
        json!({
            "plugin_id": id, "name": format!("The {id}"), "state": "ENABLED", "image": format!("x/{id}"),
            "provider": "aws", "labels": ["a"], "tags": {"icon": "i.svg"}, "created_at": "2026-11-22T06:15:15.035Z",
        })
    };
    vec![Ok(json!({"results": [plugin("plugin-a"), plugin("plugin-b")], "total_count": 2}))]
}

/// A list of plugins at a server of this generation of the API: what is printed, and what was sent.
fn listed(api: Api, user: &Spacectl, options: &str) -> (String, Value) {
    let server = Server::start(api, plugins);
    let shown = user.run(&format!("--endpoint {} list repository.Plugin {options}", server.url())).quiet_success();
    (shown, server.calls()[0].request.clone())
}

fn headers(table: &str) -> Vec<&str> {
    table.lines().next().unwrap().split('|').map(str::trim).collect()
}

fn template(columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|column| format!("  - {column}\n")).collect();
    format!("template:\n  list:\n{columns}")
}

#[test]
fn plugins_have_a_template_that_is_built_in_for_both_generations() {
    let user = Spacectl::new();
    for (api, kind) in [(Api::generation1(), "service_type"), (Api::generation2(), "resource_type")] {
        let columns = ["plugin_id", "name", "state", kind, "provider"];
        let (table, request) = listed(api, &user, "");
        assert_eq!(headers(&table), columns);
        assert_eq!(request, json!({"query": {"only": columns}}));
    }
}

#[test]
fn other_formats_hold_every_field_whatever_the_template() {
    let user = Spacectl::new();
    user.run("template set repository.Plugin -c name").success();
    for format in ["json", "yaml", "csv"] {
        let (shown, request) = listed(Api::generation2(), &user, &format!("-o {format}"));
        assert!(["plugin-a", "The plugin-b", "i.svg", "x/plugin-b"].iter().all(|text| shown.contains(text)), "{shown}");
        assert_eq!(request, json!({}));
    }
    let server = Server::start(Api::generation2(), plugins);
    let quiet = user.run(&format!("--endpoint {} list repository.Plugin -o quiet", server.url()));
    assert_eq!(quiet.quiet_success(), "plugin-a\nplugin-b\n");
}

#[test]
fn every_field_and_the_minimal_form_go_before_any_template() {
    let user = Spacectl::new();
    user.run("template set repository.Plugin -c name").success();
    let all = ["plugin_id", "name", "state", "image", "provider", "labels", "tags", "created_at"];
    // On the wire false is the same as nothing.
    for (options, query) in [("-a", json!({})), ("-m", json!({"minimal": true}))] {
        let (table, request) = listed(Api::generation2(), &user, options);
        assert_eq!(headers(&table), all);
        assert_eq!(request, json!({ "query": query }));
    }
}

#[test]
fn a_request_that_chooses_its_fields_is_shown_as_it_is_answered() {
    let user = Spacectl::new();
    let (table, request) = listed(Api::generation2(), &user, "-p query.only=[name,tags]");
    assert_eq!(request, json!({"query": {"only": ["name", "tags"]}}));
    assert!(headers(&table).contains(&"tags"), "{table}");
    let server = Server::start(Api::generation2(), plugins);
    let table = user
        .run(&format!("--endpoint {} exec list repository.Plugin -p query.only=[tags] -o table", server.url()))
        .quiet_success();
    assert!(headers(&table).contains(&"tags"), "{table}");
}

const PROJECTS: &str = r#"
    syntax = "proto3";
    package spaceone.api.identity.v1;
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    service Project {
      rpc list(Query) returns (Projects);
      rpc get(Get) returns (ProjectInfo);
      rpc touch(Get) returns (ProjectInfo);
    }
    message Page { uint32 limit = 1; }
    message List { repeated string only = 1; Page page = 2; bool minimal = 3; }
    message Query { List query = 1; }
    message Get { string project_id = 1; }
    enum State { NONE = 0; ENABLED = 1; }
    message Owner { string user_id = 1; }
    message ProjectInfo {
      google.protobuf.Timestamp created_at = 31;
      google.protobuf.Struct tags = 3;
      string project_id = 1;
      State state = 4;
      repeated string users = 5;
      map<string, string> labels = 6;
      Owner owner = 7;
      string name = 2;
      string deleted_at = 32;
    }
    message Projects { repeated ProjectInfo results = 1; int32 total_count = 2; }"#;

fn projects(call: &Call) -> Vec<Result<Value, tonic::Status>> {
    let project = json!({
        "project_id": "project-1", "name": "One", "tags": {"a": 1}, "state": "ENABLED", "users": ["u"],
        "labels": {"k": "v"}, "owner": {"user_id": "u"}, "created_at": "2026-11-22T06:15:15Z",
    });
    match call.method.as_str() {
        "list" => {
            vec![Ok(json!({"results": [project, {"name": "Two", "project_id": "project-2"}], "total_count": 2}))]
        }
        _ => vec![Ok(project)],
    }
}

#[test]
fn without_a_template_a_table_shows_the_fields_of_one_value_each() {
    let server = Server::start(Api::inline(PROJECTS), projects);
    let user = Spacectl::new();
    let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url())).quiet_success();
    let table = " project_id   | name   | state   | created_at\n\
                 --------------+--------+---------+----------------------\n \
                 project-1    | One    | ENABLED | 2026-11-22T06:15:15Z\n \
                 project-2    | Two    |         |\n\n Count: 2 / 2\n";
    assert_eq!(run("list identity.Project"), table);
    // What a service calls a field need not be what it can be asked for.
    assert_eq!(server.calls()[0].request, json!({}));
    let one = " project_id   | name   | state   | created_at\n\
               --------------+--------+---------+----------------------\n \
               project-1    | One    | ENABLED | 2026-11-22T06:15:15Z\n";
    assert_eq!(run("get identity.Project -o table"), one);
    assert_eq!(run("exec touch identity.Project -o table"), one);
    let all = ["project_id", "name", "tags", "state", "users", "labels", "owner", "created_at"];
    assert_eq!(headers(&run("list identity.Project -a")), all);
    assert_eq!(run("list identity.Project -o csv").lines().next().unwrap(), all.join(","));
    assert!(run("get identity.Project").contains("owner:\n  user_id: u\n"));
}

#[test]
fn a_template_is_set_shown_used_and_removed() {
    let user = Spacectl::new();
    user.file("columns.yml", &template(&["plugin_id|ID", "tags.icon|Icon"]));
    let shown: Vec<String> = [
        "template list",
        "template show repository.Plugin",
        "template show identity.Project",
        "template set repository.Plugin -f columns.yml",
        "template set identity.Project -c 'project_id|ID,name'",
        "template show repository.Plugin",
        "template show repository.Plugin -o table",
        "template list",
        "template remove repository.Plugni",
        "template remove repository.Plugin",
        "template remove repository.Plugin",
        "template remove identity.Project",
        "template show identity.Project",
        "template list -o quiet",
        "template list -o json",
    ]
    .map(|line| format!("$ spacectl {line}\n{}\n", user.run(line)))
    .to_vec();
    assert_snapshot!(shown.concat());
}

#[test]
fn a_template_asks_for_its_columns_and_can_be_sorted_by() {
    let user = Spacectl::new();
    user.file("columns.yml", &template(&["plugin_id|ID", "tags.icon|Icon"]));
    user.run("template set repository.Plugin -f columns.yml").success();
    let (table, request) = listed(Api::generation2(), &user, "-s -ID -p repository_id=x");
    assert_eq!(headers(&table), ["ID", "Icon"]);
    let sort = json!([{"key": "plugin_id", "desc": true}]);
    assert_eq!(request["query"], json!({"only": ["plugin_id", "tags.icon"], "sort": sort}));
    let (table, request) = listed(Api::generation2(), &user, "-c name");
    assert_eq!((headers(&table), request), (vec!["name"], json!({"query": {"only": ["name"]}})));
}

#[test]
fn a_file_of_columns_serves_one_call_in_every_format() {
    let user = Spacectl::new();
    user.run("template set repository.Plugin -c image").success();
    user.file("columns.yml", &template(&["plugin_id|ID", "tags.icon"]));
    let list = |format: &str| listed(Api::generation2(), &user, &format!("-t columns.yml -o {format}"));
    let (table, request) = list("table");
    assert_eq!(headers(&table), ["ID", "tags.icon"]);
    assert_eq!(request, json!({"query": {"only": ["plugin_id", "tags.icon"]}}));
    assert_eq!(list("csv").0, "ID,tags.icon\nplugin-a,i.svg\nplugin-b,i.svg\n");
    let json: Value = serde_json::from_str(&list("json").0).unwrap();
    assert_eq!(json["results"][0], json!({"ID": "plugin-a", "tags.icon": "i.svg"}));
    user.file("columns.yml", &template(&["plugin_id"]));
    assert_eq!(listed(Api::generation2(), &user, "--template columns.yml -o quiet").0, "plugin-a\nplugin-b\n");
}

#[test]
fn wrong_files_of_columns_are_refused_before_anything_is_sent() {
    let server = Server::start(Api::generation2(), plugins);
    let user = Spacectl::new();
    user.file("unknown.yml", &template(&["plugin_id", "nmae|Name", "repository_info.x"]));
    user.file("broken.yml", &template(&["plugin_id", "a..b"]));
    user.file("other.yml", "templates:\n  list: [name]\n");
    user.file("twice.yml", &template(&["name|A", "image|A"]));
    std::fs::create_dir(user.path("folder")).unwrap();
    let shown: Vec<String> = [
        "-t unknown.yml",
        "-t broken.yml",
        "-t other.yml",
        "-t twice.yml -o json",
        "-t none.yml",
        "-t folder",
        "-t unknown.yml -c name",
        "-t unknown.yml -m",
        "-t unknown.yml -a",
    ]
    .map(|options| {
        let run = user.run(&format!("--endpoint {} list repository.Plugin {options}", server.url()));
        format!("$ spacectl list repository.Plugin {options}\n{run}\n")
    })
    .to_vec();
    assert_snapshot!(shown.concat());
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_template_for_another_version_of_the_service_is_shown_as_far_as_it_goes() {
    let server = Server::start(Api::generation2(), plugins);
    let user = Spacectl::new();
    user.file("columns.yml", &template(&["plugin_id", "service_type|Type", "naem"]));
    user.run("template set repository.Plugin -f columns.yml").success();
    let list = format!("--endpoint {} list repository.Plugin", server.url());
    assert_snapshot!(user.run(&list));
    assert_eq!(server.calls()[0].request, json!({"query": {"only": ["plugin_id"]}}));
    // None of its columns: the table is what it is without it, by the template that is built in.
    user.run("template set repository.Plugin -c service_type").success();
    let run = user.run(&list);
    assert!(run.stderr.starts_with("warning: ") && run.stderr.contains("resource_type"), "{run}");
    assert_eq!(headers(&run.success()), ["plugin_id", "name", "state", "resource_type", "provider"]);
}

#[test]
fn a_broken_template_is_told_with_its_place_and_troubles_tables_only() {
    let server = Server::start(Api::generation2(), plugins);
    let user = Spacectl::new();
    let folder = user.home().join(".spaceone/template");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("repository.Plugin.yml"), "template:\n  list: plugin_id\n").unwrap();
    let list = format!("--endpoint {} list repository.Plugin", server.url());
    assert_snapshot!(user.run(&list));
    assert_eq!(server.calls().len(), 0);
    for options in ["-o json", "-c name", "-a"] {
        user.run(&format!("{list} {options}")).quiet_success();
    }
    let run = user.run("template list");
    assert!(run.stderr.contains("repository.Plugin.yml:2:9: expected a list of columns"), "{run}");
    assert!(run.success().contains("repository.Schema"));
}

#[test]
fn a_template_serves_the_resource_however_that_was_typed() {
    for typed in ["plugin", "Plugins", "repository.plugins", "Repository.Plugin", "repository.plug-in"] {
        for user in [Spacectl::new(), Spacectl::local()] {
            let run = user.run(&format!("template set {typed} -c 'name|Called'"));
            assert_eq!(run.stderr, "tables of repository.Plugin show name|Called\n", "{typed}");
            assert_eq!(headers(&listed(Api::generation2(), &user, "").0), ["Called"], "{typed}");
            assert!(user.run(&format!("template show {typed}")).quiet_success().contains("Called"), "{typed}");
            user.run(&format!("template remove {typed}")).success();
            assert_eq!(std::fs::read_dir(user.home().join(".spaceone/template")).unwrap().count(), 0, "{typed}");
        }
    }
    // What is like nothing that is known is nobody else's.
    for (typed, kept) in [
        ("lab.echos", "lab.echos"),
        ("inventory.Plugin", "inventory.Plugin"),
        ("repository.health", "repository.Health"),
        ("cost-analysis.data_sources", "cost_analysis.DataSource"),
        ("ds", "cost_analysis.DataSource"),
    ] {
        let run = Spacectl::new().run(&format!("template set {typed} -c name"));
        assert_eq!(run.stderr, format!("tables of {kept} show name\n"), "{typed}");
    }
    let user = Spacectl::new();
    user.run("config alias set e lab.EchoRule").success();
    assert!(user.run("template set lab.echo_rules -c name").stderr.contains("lab.EchoRule"));
    // In full it needs no file of aliases.
    std::fs::write(user.home().join(".spaceone/alias.yml"), "- broken").unwrap();
    assert!(user.run("template set repository.plugins -c name").stderr.contains("repository.Plugin "));
}

#[test]
fn a_template_serves_every_version_of_the_resource() {
    let source = |version: &str| {
        format!(
            "syntax = \"proto3\"; package spaceone.api.identity.{version}; message U {{ string name = 1; string id = 2; }}
             message Us {{ repeated U results = 1; }} service User {{ rpc list(U) returns (Us); }}"
        )
    };
    let answer = |_: &Call| vec![Ok(json!({"results": [{"name": "a", "id": "b"}]}))];
    let server = support::Server::start(Api::of_packages(&[&source("v2"), &source("v3")]), answer);
    for typed in ["user", "identity.v2.User", "Identity.v2.users"] {
        let user = Spacectl::new();
        user.run(&format!("template set {typed} -c 'name|Called'")).success();
        for listed in ["user", "identity.v2.User", "identity.User --api-version v2"] {
            let table = user.run(&format!("-e local list {listed} --endpoint {}", server.url())).quiet_success();
            assert_eq!(headers(&table), ["Called"], "{typed} {listed}");
        }
        user.run(&format!("template remove {typed}")).success();
    }
}

#[test]
fn files_under_other_names_are_found_where_they_are_shown_and_removed() {
    let user = Spacectl::new();
    let folder = user.home().join(".spaceone/template");
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["repository.plugins.yml", "lab.EchoRule.yml"] {
        std::fs::write(folder.join(file), template(&["name"])).unwrap();
    }
    assert_eq!(user.run("template show lab.echo-rules").quiet_success(), format!("---\n{}", template(&["name"])));
    let run = user.run("template show repository.plugins");
    let note = "note: lists do not use the template of repository.plugins: the resource is repository.Plugin\n";
    assert_eq!(run.stderr, note);
    assert_eq!(user.run("template remove lab.echo_rule").stderr, "removed the template of lab.EchoRule\n");
    assert_eq!(user.run("template remove plugin").stderr, "removed the template of repository.plugins\n");
    assert_eq!(user.run("template remove plugin").status, Some(1));
}

#[test]
fn templates_lie_in_the_configurations_folder_and_nowhere_else() {
    let user = Spacectl::new().variable("SPACECTL_CONFIG_DIR", "elsewhere");
    user.run_with_input("template set repository.Plugin -f -", &template(&["name"])).success();
    let file = user.path("elsewhere/template/repository.Plugin.yml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), template(&["name"]));
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(headers(&listed(Api::generation2(), &user, "").0), ["name"]);
    for name in ["../x.y", "a/b.C", "/tmp/x.C", "repository.Plu/gin", "a b.C", "Nothing"] {
        let run = user.run(&format!("template set '{name}' -c name"));
        assert_eq!(run.status, Some(2), "{run}");
    }
    assert_eq!(std::fs::read_dir(user.path("")).unwrap().count(), 1);
    assert!(!user.home().join(".spaceone").exists());
}

#[test]
fn without_a_home_there_are_the_built_in_templates() {
    let server = Server::start(Api::generation2(), plugins);
    let mut command = Spacectl::new().command();
    command.env_clear().current_dir("/").args(["--endpoint", &server.url(), "list", "repository.Plugin"]);
    // Were it not set, the system's list of users would name one.
    command.env("HOME", "/nonexistent");
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert_eq!(headers(&String::from_utf8(output.stdout).unwrap())[0], "plugin_id");
}

#[test]
fn a_pipe_gets_whole_cells_and_no_notes() {
    let long = "x".repeat(500);
    let text = long.clone();
    let server = Server::start(Api::generation2(), move |_| vec![Ok(json!({"results": [{"name": text, "tags": {}}]}))]);
    let list = format!("--endpoint {} list repository.Plugin", server.url());
    for options in ["", "-c name", "-c name --wide"] {
        assert!(Spacectl::new().run(&format!("{list} {options}")).quiet_success().contains(&long));
    }
}

#[test]
fn a_template_for_one_call_can_come_on_standard_input() {
    let user = Spacectl::local();
    user.run("exec register plugin -p name=Slack -p resource_type=a.B -p image=me/plugin-slack").success();
    let run = user.run_with_input("list plugin -t -", &template(&["name|Name"]));
    assert_eq!(run.quiet_success(), " Name\n--------\n Slack\n\n Count: 1 / 1\n");
    for more in ["-f -", "-p keyword=@-"] {
        let run = user.run_with_input(&format!("list plugin -t - {more}"), &template(&["name"]));
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains("standard input is used twice"), "{run}");
    }
}
