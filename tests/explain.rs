//! `explain`: what there is to call, offline and by reflection, for people, editors and scripts.

mod support;

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::{Map, Value, json};
use spacectl::explain;
use spacectl::schema::resource::Resource;
use support::{Api, Call, Reflection, Run, Server, Spacectl};
use tonic::Status;

/// Nothing listens on port 1 of the loopback address, and no test can come to.
const DEAD: &str = "grpc://127.0.0.1:1";

const VERBS: [&str; 8] = ["register", "update", "deregister", "enable", "disable", "get_versions", "get", "list"];

fn echo(call: &Call) -> Vec<Result<Value, Status>> {
    vec![Ok(call.request.clone())]
}

/// Runs against a server, its port not shown.
fn run(user: &Spacectl, server: &Server, line: &str) -> Run {
    let mut run = user.run(&format!("--endpoint {} {line}", server.url()));
    for text in [&mut run.stdout, &mut run.stderr] {
        *text = text.replace(&server.port().to_string(), "[PORT]");
    }
    run
}

fn kinds() -> DescriptorPool {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proto");
    DescriptorPool::from_file_descriptor_set(protox::compile(["kinds.proto"], [dir]).unwrap()).unwrap()
}

fn method(pool: &DescriptorPool, service: &str, verb: &str) -> MethodDescriptor {
    pool.get_service_by_name(service).unwrap().methods().find(|method| method.name() == verb).unwrap()
}

mod offline {
    use super::*;

    #[test]
    fn what_a_resource_offers() {
        assert_snapshot!(Spacectl::new().run("explain repository.Plugin"));
    }

    #[test]
    fn what_a_verb_takes_and_answers() {
        assert_snapshot!(Spacectl::local().run("explain repository.Plugin.register"));
        assert_snapshot!(Spacectl::local().run("explain repository.Plugin.deregister"));
    }

    #[test]
    fn the_rows_of_a_list_are_told_of_by_themselves() {
        assert_snapshot!(Spacectl::local().run("explain repository.Plugin.list"));
    }

    #[test]
    fn a_field_of_either_side() {
        let user = Spacectl::local();
        assert_snapshot!(user.run("explain repository.Plugin.register.registry_type"));
        assert_snapshot!(user.run("explain repository.Plugin.list.query.filter"));
        // Of a row, of what is around the rows, and below a row.
        assert_snapshot!(user.run("explain repository.Plugin.list.created_at"));
        assert_snapshot!(user.run("explain repository.Plugin.list.total_count"));
        assert_snapshot!(user.run("explain repository.Plugin.list.results.repository_info.endpoint"));
    }

    #[test]
    fn other_services_of_the_repository_and_full_names() {
        let user = Spacectl::local();
        for (name, verb) in [
            ("repository.Repository", "list"),
            ("repository.ServerInfo", "get_version"),
            ("repository.Health", "Check"),
            ("spaceone.api.repository.v1.Plugin", "register"),
        ] {
            let told = user.run(&format!("explain {name}")).quiet_success();
            assert!(told.contains(&format!("\n  {verb} ")), "{told}");
            let told = user.run(&format!("explain {name}.{verb}")).quiet_success();
            assert!(told.contains(&format!("\nVERB:      {verb}\n")), "{told}");
        }
    }

    /// The environment `local` offers exactly what is explained without asking it.
    #[test]
    fn what_is_bundled_is_what_local_offers() {
        let user = Spacectl::local();
        let offered = user.run("api-resources -o json").success();
        let offered: Value = serde_json::from_str(&offered).unwrap();
        for row in offered["results"].as_array().unwrap() {
            let name = row["name"].as_str().unwrap();
            let told: Value =
                serde_json::from_str(&user.run(&format!("explain {name} -o json")).quiet_success()).unwrap();
            let verbs: Vec<&str> =
                told["verbs"].as_array().unwrap().iter().map(|verb| verb["verb"].as_str().unwrap()).collect();
            assert_eq!(json!(verbs), row["verbs"], "{name}");
        }
    }

    #[test]
    fn neither_a_home_nor_anything_else_is_needed_or_left_behind() {
        let user = Spacectl::new();
        let bare = user.command().env_remove("HOME").args(["explain", "repository.Plugin"]).output().unwrap();
        assert_eq!(bare.status.code(), Some(0), "{bare:?}");
        user.run("-e local explain repository.Plugin").quiet_success();
        assert_eq!(user.run("-e local explain inventory.Server").status, Some(1));
        let left: Vec<_> = std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["work"]);
    }

    #[test]
    fn scripts_get_the_same_as_data() {
        let user = Spacectl::local();
        assert_snapshot!(user.run("explain repository.Plugin.update -o yaml").quiet_success());
        let of = |line: &str| -> Value { serde_json::from_str(&user.run(line).quiet_success()).unwrap() };
        let list = of("explain repository.Plugin.list -o json");
        let names: Vec<&str> =
            list["rows"]["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(names[..3], ["plugin_id", "name", "state"]);
        let filter = of("explain repository.Plugin.list.query.filter.k -o json");
        assert_eq!(filter["request"]["instead_of"], json!(["key"]));
    }

    #[test]
    fn nested_messages_are_shown_to_the_depth_that_is_asked_for() {
        let user = Spacectl::local();
        let depth =
            |depth: u8| user.run(&format!("explain repository.Plugin.list --depth {depth} -o json")).quiet_success();
        let fields = |text: &str| text.matches("\"proto_type\"").count();
        let counts: Vec<usize> = (0..4).map(|n| fields(&depth(n))).collect();
        assert!(counts.windows(2).all(|pair| pair[0] < pair[1]), "{counts:?}");
        assert_eq!(depth(3), depth(10));
        assert_eq!(user.run("explain repository.Plugin.list --depth 11").status, Some(2));
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        let user = Spacectl::local();
        assert_snapshot!(user.run("explain repository.Plugn"));
        assert_snapshot!(user.run("explain repository.Plugin --api-version v9"));
        assert_snapshot!(user.run("explain repository.Plugin.regster"));
        assert_snapshot!(user.run("explain repository.Plugin.register.nmae"));
        assert_snapshot!(user.run("explain repository.Plugin.register.zzz"));
        assert_snapshot!(user.run("explain repository.Plugin.list.query.pgae.limit"));
        assert_snapshot!(user.run("explain repository.Plugin.register.name.first"));
        assert_snapshot!(user.run("explain repository.Plugin.register.tags.icon"));
        assert_snapshot!(user.run("explain inventory.Server"));
        assert_snapshot!(user.run("explain repository"));
        assert_snapshot!(user.run("explain repository.Plugin..name"));
    }

    #[test]
    fn skeletons_and_schemas_are_of_a_verb() {
        let user = Spacectl::local();
        assert_snapshot!(user.run("explain repository.Plugin --skeleton"));
        assert_snapshot!(user.run("explain repository.Plugin.register.name --json-schema"));
        assert_eq!(user.run("explain repository.Plugin.register --json-schema --skeleton").status, Some(2));
        assert_eq!(user.run("explain repository.Plugin.register --json-schema -o yaml").status, Some(2));
    }
}

mod by_reflection {
    use super::*;

    #[test]
    fn the_first_generation_as_it_is() {
        let (user, server) = (Spacectl::new(), Server::start(Api::generation1(), echo));
        assert_snapshot!(run(&user, &server, "explain repository.Plugin.register"));
        assert_snapshot!(run(&user, &server, "explain repository.Plugin.register --skeleton").quiet_success());
        assert_eq!(server.calls().len(), 0);
    }

    #[test]
    fn every_kind_of_field_and_their_comments() {
        let (user, server) = (Spacectl::new(), Server::start(Api::kinds(), echo));
        assert_snapshot!(run(&user, &server, "explain test.kinds.Store"));
        assert_snapshot!(run(&user, &server, "explain test.kinds.Store.put"));
        assert_snapshot!(run(&user, &server, "explain test.kinds.Store.put.by_name.children"));
        assert_snapshot!(run(&user, &server, "explain test.kinds.Store.put --skeleton").quiet_success());
    }

    #[test]
    fn streams_and_answers_that_can_be_anything() {
        let (user, server) = (Spacectl::new(), Server::start(Api::kinds(), echo));
        assert_snapshot!(run(&user, &server, "explain test.kinds.Store.watch --depth 0"));
        assert_snapshot!(run(&user, &server, "explain test.kinds.Store.collect --depth 0"));
    }

    #[test]
    fn a_short_name_finds_a_resource_of_another_package() {
        let (user, server) = (Spacectl::new(), Server::start(Api::kinds(), echo));
        let short = run(&user, &server, "explain lab.Store.put.color").quiet_success();
        assert!(short.contains("RESOURCE:  lab.Store\n") && short.contains("RED         Stop.\n"), "{short}");
        assert_snapshot!(run(&user, &server, "explain test.kinds.Stroe.put"));
    }

    #[test]
    fn a_version_is_taken_by_itself() {
        let package = |name: &str, service: &str, field: &str| {
            format!(
                "syntax = \"proto3\"; package spaceone.api.{name}; message Q {{ string {field} = 1; }}
                 service {service} {{ rpc verify(Q) returns (Q); }}"
            )
        };
        let packages = [
            package("identity.v2", "User", "of_v2"),
            package("identity.v3", "User", "of_v3"),
            package("identity.plugin", "Sync", "of_plugin"),
        ];
        let server = Server::start(Api::of_packages(&packages.each_ref().map(String::as_str)), echo);
        let user = Spacectl::new();
        user.run(&format!("config init -e lab --service identity={}", server.url())).success();
        for (line, resource, field) in [
            ("user.verify", "identity.User", "of_v3"),
            ("identity.User.verify", "identity.User", "of_v3"),
            ("identity.v2.users.verify", "identity.v2.User", "of_v2"),
            ("identity.v2.User.verify.of_v2", "identity.v2.User", "of_v2"),
            ("identity.User.verify --api-version v2", "identity.User", "of_v2"),
            ("identity.Sync.verify", "identity.Sync", "of_plugin"),
            ("identity.plugin.Sync.verify", "identity.plugin.Sync", "of_plugin"),
        ] {
            let shown = user.run(&format!("explain {line}")).quiet_success();
            assert!(shown.contains(&format!("RESOURCE:  {resource}\n")) && shown.contains(field), "{line}: {shown}");
        }
        let refused = user.run("explain identity.v4.User.verify");
        assert!(
            refused.status == Some(2) && refused.stderr.contains("identity.v3.User or identity.v2.User"),
            "{refused}"
        );
    }

    #[test]
    fn an_environment_is_asked_before_what_is_bundled() {
        let server = Server::start(Api::generation1(), echo);
        let user = Spacectl::new();
        user.run("config init -e lab --domain-id d").success();
        user.run(&format!("config endpoint add repository {}", server.url())).success();
        let told = user.run("explain repository.Plugin.register").quiet_success();
        assert!(told.contains("service_type") && !told.contains("resource_type"), "{told}");
    }

    #[test]
    fn where_nobody_answers_the_bundled_description_is_shown_as_such() {
        let user = Spacectl::new();
        let dead = user.run(&format!("--endpoint {DEAD} explain repository.Plugin.enable"));
        assert_snapshot!(dead);
        let other = user.run(&format!("--endpoint {DEAD} explain inventory.Server"));
        assert_eq!((other.status, other.stdout.as_str()), (Some(1), ""));
        let silent = Server::with_reflection(Api::generation1(), Reflection::None, echo);
        let told = run(&user, &silent, "explain repository.Plugin.enable");
        assert!(told.stderr.contains("it offers no gRPC reflection"), "{told}");
        assert!(told.success().contains("plugin_id"));
        // What was answered counts, even if it is no.
        let answered = Server::start(Api::kinds(), echo);
        assert_eq!(run(&user, &answered, "explain repository.Plugin.enable").status, Some(2));
    }

    /// A server's comments, names and shapes are its own affair, and no terminal's or file's.
    #[test]
    fn a_servers_words_stay_in_their_place() {
        let source = "syntax = \"proto3\";\npackage spaceone.api.lab.v1;\n\
            service Odd {\n  // a\u{1b}[2Jb\u{2028}name: c\u{85}d: [\u{202e}\n  rpc put(Big) returns (Big);\n}\n\
            message Big {\n  // e\u{1b}[31m\u{2029}f: {\n  string no = 1;\n  string on = 2;\n}\n";
        let (user, server) = (Spacectl::new(), Server::start(Api::inline(source), echo));
        for line in ["", " --skeleton", " --json-schema", " -o json", " -o yaml"] {
            let told = run(&user, &server, &format!("explain lab.Odd.put{line}")).quiet_success();
            let is_hostile =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}' | '\u{2029}');
            assert!(!told.chars().any(is_hostile), "{told:?}");
        }
        let skeleton = run(&user, &server, "explain lab.Odd.put --skeleton").quiet_success();
        assert_eq!(serde_yaml::from_str::<Value>(&skeleton).unwrap(), json!({}));
        // YAML 1.1 would read these names as false and true.
        assert!(skeleton.contains("\n#\"no\": \"\"\n") && skeleton.contains("\n#\"on\": \"\"\n"), "{skeleton}");
    }

    #[test]
    fn messages_that_hold_each_other_in_every_way_come_to_an_end() {
        let fields: String =
            (1..=40).map(|n| format!("  A a{n} = {n}; B b{n} = {}; C c{n} = {};\n", n + 50, n + 100)).collect();
        let source = format!(
            "syntax = \"proto3\";\npackage lab;\nmessage A {{\n{fields}}}\nmessage B {{\n{fields}}}\nmessage C {{\n{fields}}}\n\
             service S {{ rpc go(A) returns (A); }}"
        );
        let (user, server) = (Spacectl::new(), Server::start(Api::inline(&source), echo));
        let start = Instant::now();
        for line in ["--depth 10", "--depth 10 --skeleton", "--json-schema"] {
            run(&user, &server, &format!("explain lab.S.go {line}")).quiet_success();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}

mod skeletons {
    use super::*;

    #[test]
    fn filled_in_it_registers() {
        let user = Spacectl::local();
        let skeleton = user.run("explain repository.Plugin.register --skeleton").quiet_success();
        assert_snapshot!(skeleton);
        // As it is, it is read, and what is to be filled in is asked for, all of it.
        user.file("plugin.yml", &skeleton);
        let refused = user.run("exec register repository.Plugin -f plugin.yml");
        for field in ["name", "resource_type", "image"] {
            assert!(refused.stderr.contains(&format!(": {field}: required, and empty\n")), "{refused}");
        }
        let filled = skeleton
            .replace("\nname: \"\"", "\nname: Slack")
            .replace("\nresource_type: \"\"", "\nresource_type: notification.Protocol")
            .replace("\nimage: \"\"", "\nimage: cloudforet/plugin-slack")
            .replace("\n#registry_type: DOCKER_HUB", "\nregistry_type: GITHUB");
        user.file("plugin.yml", &filled);
        let line = "exec register repository.Plugin -f plugin.yml -c plugin_id,registry_type -o csv";
        assert_eq!(user.run(line).success(), "plugin_id,registry_type\nplugin-slack,GITHUB\n");
    }

    #[test]
    fn of_the_first_generation_too() {
        let (user, server) = (Spacectl::new(), Server::start(Api::generation1(), |_| vec![Ok(json!({}))]));
        let skeleton = run(&user, &server, "explain repository.Plugin.register --skeleton").quiet_success();
        let filled = skeleton
            .replace("\nname: \"\"", "\nname: Slack")
            .replace("\nservice_type: \"\"", "\nservice_type: notification.Protocol")
            .replace("\nimage: \"\"", "\nimage: a/b");
        user.file("plugin.yml", &filled);
        run(&user, &server, "exec register repository.Plugin -f plugin.yml").success();
        let sent = json!({"name": "Slack", "service_type": "notification.Protocol", "image": "a/b"});
        assert_eq!(server.calls()[0].request, sent);
    }

    /// Without its marks every line of it counts, and the request takes what stands there.
    #[test]
    fn every_field_that_is_commented_out_can_be_used() {
        let (user, server) = (Spacectl::local(), Server::start(Api::kinds(), |_| vec![Ok(json!({}))]));
        let target = |line: &str| format!("--endpoint {} {line}", server.url());
        let mut cases: Vec<(String, String)> = VERBS
            .map(|verb| (format!("explain repository.Plugin.{verb}"), format!("exec {verb} repository.Plugin")))
            .to_vec();
        cases.push((target("explain test.kinds.Store.put"), target("exec put test.kinds.Store")));
        for (explain, exec) in cases {
            for depth in ["--depth 0", "", "--depth 10"] {
                let skeleton = user.run(&format!("{explain} --skeleton {depth}")).quiet_success();
                let used: String = skeleton
                    .lines()
                    .skip_while(|line| !line.is_empty())
                    .filter(|line| !line.starts_with("{}"))
                    .map(|line| match line.strip_prefix('#') {
                        Some(code) if !code.starts_with(' ') || code.starts_with("  ") => format!("{code}\n"),
                        _ => format!("{line}\n"),
                    })
                    .collect();
                // What the service needs is filled in.
                let is_needed = |line: &&str| {
                    ["name:", "resource_type:", "image:", "plugin_id:"].iter().any(|n| line.starts_with(n))
                };
                let filled = |line: &str| {
                    if is_needed(&line) { line.replace("\"\"", "x") + "\n" } else { line.to_owned() + "\n" }
                };
                user.file("used.yml", &used.lines().map(filled).collect::<String>());
                let sent = user.run(&format!("{exec} -f used.yml --strict"));
                // The service has something against empty values; the codec has nothing.
                assert!(matches!(sent.status, Some(0 | 64..)), "{used}\n{sent}");
            }
        }
        // Every field of the message, but for the second of two names for one thing, was sent or is empty.
        let call = &server.calls()[0];
        assert_eq!(call.request["at"], json!("2026-01-01T00:00:00Z"));
        assert_eq!(call.request["colors"], Value::Null);
        assert_eq!(call.request["color"], json!("RED"));
    }
}

mod needs {
    use super::*;

    fn needed(user: &Spacectl, verb: &str) -> Vec<String> {
        let told = user.run(&format!("explain repository.Plugin.{verb} -o json")).quiet_success();
        let told: Value = serde_json::from_str(&told).unwrap();
        let fields = told["request"]["fields"].as_array().unwrap().iter();
        fields.filter(|field| field["required"] == true).map(|field| field["name"].as_str().unwrap().into()).collect()
    }

    /// What is called required is what is asked for before anything is sent.
    #[test]
    fn what_is_required_is_what_is_asked_for() {
        let user = Spacectl::local();
        let values = json!({"name": "A", "resource_type": "a.B", "image": "a/b", "plugin_id": "nope"});
        for verb in VERBS {
            let needed = needed(&user, verb);
            for missing in &needed {
                let given: Map<String, Value> = needed
                    .iter()
                    .filter(|name| *name != missing)
                    .map(|name| (name.clone(), values[name].clone()))
                    .collect();
                let line = format!("exec {verb} repository.Plugin -j '{}'", Value::Object(given));
                let refused = user.run(&line);
                let told = format!("error: -j:1:1: {missing}: required, and missing\nhint: run `spacectl explain");
                assert!(refused.status == Some(2) && refused.stderr.contains(&told), "{refused}");
            }
            let all: Map<String, Value> = needed.iter().map(|name| (name.clone(), values[name].clone())).collect();
            let line = format!("exec {verb} repository.Plugin -j '{}'", Value::Object(all));
            assert!(!user.run(&line).stderr.to_lowercase().contains("required"), "{verb}");
        }
    }
}

/// Paths lead through lists and maps; what comes furthest is what an error is about.
#[test]
fn paths_lead_to_fields() {
    let pool = kinds();
    let put = method(&pool, "test.kinds.Store", "put");
    let resource = Resource::parse("lab.Store").unwrap();
    let find = |path: &[&str]| explain::find(&resource, &put, path);
    for path in [&["inner", "children", "text"][..], &["by_name", "text"], &["inners", "text"]] {
        let found = find(path).unwrap();
        assert_eq!(found.request.unwrap().name(), *path.last().unwrap());
    }
    for path in
        [&["object", "a"][..], &["at", "seconds"], &["wrapped_long", "value"], &["flag", "x"], &["inner", "txt"], &[]]
    {
        assert_eq!(find(path).unwrap_err().exit_code(), 2, "{path:?}");
    }
}

#[test]
fn a_name_of_any_length_is_an_error_of_some_lines() {
    let long = "a".repeat(65_536);
    for line in [
        format!("explain repository.Plugin.register.{long}"),
        format!("explain repository.{long}"),
        format!("list repository.Plugin -c {long}"),
        format!("exec register repository.Plugin -p {long}=1"),
    ] {
        let run = Spacectl::local().run(&line);
        assert!(matches!(run.status, Some(1 | 2)), "{:.200}", run.stderr);
        assert!(run.stderr.len() < 10_000 && run.stderr.contains("aaa ... aaa"), "{:.3000}", run.stderr);
    }
}
