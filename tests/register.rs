//! `exec register`, against services of both generations and the embedded one.

mod support;

use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Call, Server, Spacectl};
use tonic::Status;

const SLACK: &str = "plugin_slack_notification_protocol.yml";

/// Answers as the service does, as far as these tests look: with what was sent, and the id that follows from the image.
fn echo(call: &Call) -> Vec<Result<Value, Status>> {
    let mut plugin = call.request.clone();
    let image = plugin["image"].as_str().unwrap_or_default();
    plugin["plugin_id"] = image.rsplit('/').next().unwrap_or_default().into();
    plugin["state"] = "ENABLED".into();
    vec![Ok(plugin)]
}

fn generation1() -> Server {
    Server::start(Api::generation1(), echo)
}

fn generation2() -> Server {
    Server::start(Api::generation2(), echo)
}

#[test]
fn the_documentations_spec_goes_to_a_first_generation_service_as_it_is() {
    let (user, server) = (Spacectl::new(), generation1());
    user.example(SLACK);
    let run = user.run(&format!("--endpoint {} exec register repository.Plugin -f {SLACK}", server.url()));
    assert_snapshot!(run);
    let sent = &server.calls()[0].request;
    assert_eq!(sent["service_type"], "notification.Protocol");
    assert_eq!(sent["template"], json!({}));
    assert_eq!(sent["tags"]["spaceone:plugin_name"], "Slack");
}

#[test]
fn the_documentations_spec_is_translated_for_a_second_generation_service() {
    let (user, server) = (Spacectl::new(), generation2());
    user.example(SLACK);
    let run = user.run(&format!("--endpoint {} exec register repository.Plugin -f {SLACK}", server.url()));
    assert_snapshot!(run);
    let sent = &server.calls()[0].request;
    assert_eq!(sent["resource_type"], "notification.Protocol");
    assert_eq!(sent.get("template"), None);
}

#[test]
fn strict_translates_nothing() {
    let (user, server) = (Spacectl::new(), generation2());
    user.example(SLACK);
    let run = user.run(&format!("--endpoint {} exec register repository.Plugin -f {SLACK} --strict", server.url()));
    assert_snapshot!(run);
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn what_would_be_lost_is_refused() {
    let (user, server) = (Spacectl::new(), generation2());
    user.file("old.yml", "name: A\nservice_type: a.B\nimage: x/a\ntemplate:\n  options: {schema: {}}\n");
    let run = user.run(&format!("--endpoint {} exec register repository.Plugin -f old.yml", server.url()));
    assert_snapshot!(run);
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_second_generation_spec_is_translated_back() {
    let (user, server) = (Spacectl::new(), generation1());
    user.file("new.yml", "name: A\nresource_type: a.B\nimage: x/a\ndocs: {}\n");
    let run = user.run(&format!("--endpoint {} exec register repository.Plugin -f new.yml", server.url()));
    assert_snapshot!(run);
    assert_eq!(server.calls()[0].request["service_type"], "a.B");
}

#[test]
fn an_id_that_a_service_cannot_take_is_not_dropped_in_silence() {
    let (user, server) = (Spacectl::new(), generation1());
    user.example("plugin_email_notification_protocol.yml");
    let line = "exec register repository.Plugin -f plugin_email_notification_protocol.yml";
    assert_snapshot!(user.run(&format!("--endpoint {} {line}", server.url())));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn the_documentations_spec_is_registered_on_a_machine_without_configuration() {
    let user = Spacectl::local();
    user.example(SLACK);
    let run = user.run(&format!("exec register repository.Plugin -f {SLACK} -c plugin_id,name,state,resource_type"));
    assert_snapshot!(run);
    let again = user.run(&format!("exec register repository.Plugin -f {SLACK}"));
    assert_snapshot!(again);
}

#[test]
fn the_nine_plugins_of_the_documentation_are_listed_as_it_shows_them() {
    let user = Spacectl::local();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".yml") {
            user.example(&name);
            std::fs::create_dir_all(user.path("plugins")).unwrap();
            std::fs::rename(user.path(&name), user.path("plugins").join(&name)).unwrap();
        }
    }
    user.run("exec register repository.Plugin -f plugins").success();
    let list = user.run("list repository.Plugin -p repository_id=repo-local -c plugin_id,name");
    assert_snapshot!(list);
}

#[test]
fn several_documents_are_several_requests_and_the_first_refusal_ends_them() {
    let user = Spacectl::local();
    user.file(
        "many.yml",
        "name: A\nresource_type: a.B\nimage: x/a\n---\nname: A again\nresource_type: a.B\nimage: x/a\n---\n\
         name: C\nresource_type: a.B\nimage: x/c\n",
    );
    assert_snapshot!(user.run("exec register repository.Plugin -f many.yml -c plugin_id -o quiet"));
    assert_eq!(user.run("list repository.Plugin -c plugin_id -o quiet").quiet_success(), "a\n");
}

#[test]
fn a_mistake_in_the_last_document_is_found_before_the_first_is_sent() {
    let user = Spacectl::local();
    user.file(
        "many.yml",
        "name: A\nresource_type: a.B\nimage: x/a\n---\nname: C\nresource_type: a.B\nimgae: x/c\nlabels: text\n",
    );
    assert_snapshot!(user.run("exec register repository.Plugin -f many.yml"));
    assert_eq!(user.run("list repository.Plugin -c plugin_id -o quiet").success(), "");
}

#[test]
fn standard_input_json_and_parameters_outrank_each_other_in_turn() {
    let user = Spacectl::local();
    let line = "exec register repository.Plugin -f - -j '{\"provider\": \"from-json\", \"tags\": {\"b\": \"2\"}}' \
                -p provider=a=b -p tags.icon=x -p labels=[a,1.10] -p registry_type=GITHUB";
    let run = user.run_with_input(
        &format!("{line} -c plugin_id,provider,tags,labels,registry_type -o json"),
        "name: A\nresource_type: a.B\nimage: x/a\nprovider: from-file\ntags: {a: '1'}\n",
    );
    assert_snapshot!(run);
}

/// Plugins in one file, enough for more output than any buffer on the way holds.
fn many(count: usize) -> String {
    let padding = "x".repeat(200);
    (0..count)
        .map(|n| format!("name: Plugin {n} {padding}\nresource_type: a.B\nimage: x/plugin-{n:04}\n---\n"))
        .collect()
}

#[test]
fn a_reader_that_leaves_stops_no_registration() {
    use std::io::Read as _;
    let user = Spacectl::local();
    user.run("list repository.Plugin").success();
    user.file("many.yml", &many(400));
    let mut command = user.command();
    command.args(["exec", "register", "repository.Plugin", "-f", "many.yml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"registered 400\n".as_slice()));
    assert_eq!(user.run("list repository.Plugin -c plugin_id -o quiet").quiet_success().lines().count(), 400);
}

#[test]
fn results_come_out_before_what_is_said_about_them() {
    let user = Spacectl::local();
    user.run("list repository.Plugin").success();
    user.file("two.yml", "name: A\nresource_type: a.B\nimage: x/a\n---\nname: B\nresource_type: a.B\nimage: x/a\n");
    let both = std::fs::File::create(user.path("both.txt")).unwrap();
    let mut command = user.command();
    command.args(["exec", "register", "repository.Plugin", "-f", "two.yml", "-c", "plugin_id", "-o", "quiet"]);
    command.stdout(both.try_clone().unwrap()).stderr(both);
    assert_eq!(command.status().unwrap().code(), Some(70));
    let both = std::fs::read_to_string(user.path("both.txt")).unwrap();
    assert!(both.starts_with("a\nerror: two.yml:5:1: document 2: register"), "{both}");
    assert!(both.ends_with("\nregistered 1, rejected 1\n"), "{both}");
}

#[test]
fn a_missing_field_is_told_with_where_all_are_explained() {
    // What is not known here is the service's to tell.
    let server = Server::start(Api::generation2(), |_| {
        vec![Err(Status::invalid_argument("ERROR_REQUIRED_PARAMETER: Required parameter. (key = domain_id)"))]
    });
    let line = format!(
        "--endpoint {} exec register repository.Plugin -p name=x -p resource_type=a.B -p image=x/a",
        server.url()
    );
    let run = Spacectl::new().run(&line);
    assert_eq!(run.status, Some(67), "{run}");
    assert!(
        run.stderr.ends_with("hint: run `spacectl explain repository.Plugin.register` to see its fields\n"),
        "{run}"
    );
}

#[test]
fn what_all_documents_leave_out_is_told_before_anything_is_sent() {
    for (server, type_name) in [(generation1(), "service_type"), (generation2(), "resource_type")] {
        let user = Spacectl::new();
        let run = |line: &str| {
            let mut run = user.run(&format!("--endpoint {} {line}", server.url()));
            run.stderr = run.stderr.replace(type_name, "[TYPE]");
            run
        };
        user.file("many.yml", &format!("name: A\n{type_name}: a.B\nimage: x/a\n---\n\nname: B\nimage: ''\n---\nname:\n{type_name}: a.B\nimage: x/c\n"));
        user.file("ids.yml", "plugin_id: a\n---\nname: B\n---\nplugin_id: ''\nname: C\n")
            .file("tags.json", "{\"tags\": {}}");
        let lines = [
            "exec register repository.Plugin -f many.yml -f tags.json",
            "exec register repository.Plugin -f many.yml --keep-going --dry-run -p image=x/d",
            "exec register repository.Plugin -p name=x -p image=",
            "exec update repository.Plugin -f ids.yml",
            "exec enable repository.Plugin",
            "exec disable repository.Plugin -j {}",
            "exec deregister repository.Plugin",
            "exec get_versions repository.Plugin",
            "get repository.Plugin",
        ];
        let shown: String = lines.iter().map(|line| format!("$ spacectl {line}\n{}\n", run(line))).collect();
        assert_snapshot!("left_out", shown);
        assert_eq!(server.calls().len(), 0);
    }
}

/// Descriptors do not tell what a service needs, and nothing is made up about it.
#[test]
fn of_other_services_nothing_is_asked_for() {
    let api = Api::inline(
        "syntax = \"proto3\"; package spaceone.api.notification.v1; message Ask { string name = 1; string plugin_id = 2; }
         service Plugin { rpc register(Ask) returns (Ask); rpc get(Ask) returns (Ask); }",
    );
    let server = Server::start(api, |_| vec![Ok(json!({"name": "x"}))]);
    for line in ["exec register notification.Plugin -p 'name=<name>'", "get notification.Plugin"] {
        Spacectl::new().run(&format!("--endpoint {} {line}", server.url())).success();
    }
    assert_eq!(server.calls().len(), 2);
}

#[test]
fn placeholders_are_refused_with_their_places_before_anything_is_sent() {
    let spec = "name: <name>\nTYPE: a.B\nimage: YOUR-NAMESPACE/plugin-x\nplugin_id: <plugin_id>\nregistry_config:\n  url: harbor.<company>.com\n\
                labels: [ok, YOUR-LABEL]\ntags:\n  icon: https://example.com/YOUR-ICON.svg\n  description: say <b>hi</b> to <name>\n\
                docs: {ko: \"# <제목>\\n\", link: <https://x.y>}\ncapability: {hint: <token>}\n";
    let fine = "---\nname: B\nTYPE: a.B\nimage: x/b\n";
    for (server, type_name) in [(generation1(), "service_type"), (generation2(), "resource_type")] {
        let user = Spacectl::new();
        let is_first = type_name == "service_type";
        // What the first generation does not have.
        let spec: String = spec
            .lines()
            .filter(|line| !is_first || !(line.starts_with("plugin_id") || line.starts_with("docs")))
            .map(|line| format!("{line}\n"))
            .collect();
        user.file("spec.yml", &format!("{spec}{fine}").replace("TYPE", type_name));
        let update = "plugin_id: x\nname: YOUR_NAME\ntags: {icon: <icon>}\n";
        user.file("update.yml", update);
        let lines = [
            "exec register repository.Plugin -f spec.yml",
            "exec register repository.Plugin -f spec.yml --dry-run",
            "exec update repository.Plugin -f update.yml",
            "exec update repository.Plugin -p plugin_id=x -p 'name=<name>'",
        ];
        let shown: String = lines
            .iter()
            .map(|line| format!("$ spacectl {line}\n{}\n", user.run(&format!("--endpoint {} {line}", server.url()))))
            .collect();
        assert_snapshot!(format!("placeholders_{type_name}"), shown);
        assert_eq!(server.calls().len(), 0);
    }
}
