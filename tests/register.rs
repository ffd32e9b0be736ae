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
    let run = Spacectl::local().run("exec register repository.Plugin -p name=x");
    assert_eq!(run.status, Some(67), "{run}");
    assert!(run.stderr.ends_with("hint: `spacectl explain repository.Plugin.register` tells what it takes\n"), "{run}");
}
