//! Metadata that users add to calls: `-H` and `metadata` of an environment.

mod support;

use serde_json::json;

use support::{Api, Call, Run, Server, Spacectl};
use tonic::Status;

const LIST: &str = "list repository.Plugin -c name";

fn server() -> Server {
    Server::start(Api::generation2(), |_| vec![Ok(json!({"results": [{"name": "x"}], "total_count": 1}))])
}

fn sent(server: &Server) -> Vec<(String, String)> {
    let calls = server.calls();
    let Call { metadata, .. } = calls.last().unwrap();
    let mut added: Vec<_> = metadata.clone().into_iter().filter(|(name, _)| name.starts_with("x-")).collect();
    added.sort();
    added
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn user_of(server: &Server, metadata: &str) -> Spacectl {
    let user = Spacectl::new();
    user.file("dev.yml", &format!("endpoints:\n  repository: {}\nmetadata:\n{metadata}", server.url()));
    user.run("config init -e dev --import-file dev.yml").success();
    user
}

#[test]
fn metadata_goes_with_each_call_flags_above_the_file() {
    let server = server();
    let user = user_of(&server, "  x-tenant: a\n  X-Trace-Bin: aGk=\n");
    user.run(LIST).success();
    assert_eq!(sent(&server)[0], ("x-tenant".to_owned(), "a".to_owned()));
    user.run(&format!("{LIST} -H x-tenant:b --header x-more:c:d")).success();
    assert_eq!(sent(&server)[..2], pairs(&[("x-more", "c:d"), ("x-tenant", "b")]));
    // Without the environment, only the flags count.
    let run = user.run(&format!("--endpoint {} {LIST} -H x-one:1", server.url()));
    run.success();
    assert_eq!(sent(&server), pairs(&[("x-one", "1")]));
}

#[test]
fn what_is_sent_shows_nowhere() {
    let server = Server::start(Api::generation2(), |call| {
        vec![Err(Status::invalid_argument(format!("bad {}", call.metadata["x-auth-token"])))]
    });
    let user = user_of(&server, "  x-auth-token: hunter2hunter2\n  x-tenant: tenant-of-mine\n");
    let hides = |run: Run| {
        assert!(!run.to_string().contains("hunter2"), "{run}");
        assert!(!run.to_string().contains("tenant-of-mine"), "{run}");
    };
    hides(user.run(LIST));
    hides(user.run(&format!("{LIST} -vv")));
    hides(user.run("exec list repository.Plugin --dry-run"));
    hides(user.run("config show"));
    hides(user.run("config get metadata"));
    hides(user.run("config set metadata.x-tenant: tenant-of-mine"));
    hides(user.run(&format!("{LIST} -H hunter2hunter2")));
}

#[test]
fn names_that_the_client_sets_and_values_that_cannot_be_sent_are_refused() {
    let server = server();
    for (header, why) in [
        ("token:x", "SPACECTL_API_KEY"),
        ("x_domain_id:x", "--domain-id"),
        ("grpc-timeout:1S", "gRPC itself"),
        ("Content-Type:x", "gRPC sets it"),
        ("keep-alive:x", "HTTP/2 has no such header"),
        ("content-length:5", "HTTP/2 sets it"),
        ("x-bin:no*base64", "not base64"),
        (":authority:x", "not a valid name"),
        ("a\u{a0}b:x", "not a valid name"),
        ("x-tenant:\u{e9}", "printable ASCII"),
        ("x-tenant", "the `:` is missing"),
    ] {
        let run = Spacectl::new().run(&format!("--endpoint {} -H '{header}' list repository.Plugin", server.url()));
        assert_eq!(run.status, Some(2), "{header}: {run}");
        assert!(run.stderr.contains(why), "{header}: {run}");
    }
    let user = user_of(&server, "  x-tenant: a\n");
    let file = user.home().join(".spaceone/environments/dev.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("x-tenant", "token")).unwrap();
    let run = user.run(LIST);
    assert!(run.stderr.contains("dev.yml") && run.stderr.contains("token cannot be set as metadata"), "{run}");
    assert!(server.calls().is_empty());
}

#[test]
fn metadata_is_a_part_of_an_environment() {
    let server = server();
    let user = Spacectl::new();
    let init = format!("config init -e dev --service repository={} -H x-tenant:a", server.url());
    user.run(&init).success();
    user.run(LIST).success();
    assert_eq!(sent(&server), pairs(&[("x-tenant", "a")]));
    user.run("config set metadata.x-more b").success();
    assert_eq!(user.run("config get metadata.x-more --show-secrets").quiet_success(), "b\n");
    assert_eq!(user.run("config get metadata.x-more").quiet_success(), "********\n");
    assert_eq!(user.run("config get metadata.x-nope").status, Some(1));
    user.run("config remove metadata.x-tenant").success();
    user.run(LIST).success();
    assert_eq!(sent(&server), pairs(&[("x-more", "b")]));
    assert_eq!(user.run("config set metadata.grpc-x 1").status, Some(2));
    // Not that it is a secret, and should come from standard input.
    let reserved = user.run("config set metadata.token x");
    assert_eq!(reserved.status, Some(2), "{reserved}");
    assert!(
        reserved.stderr.starts_with("error: token cannot be set as metadata\nhint: set SPACECTL_API_KEY"),
        "{reserved}"
    );
    assert_eq!(user.run("config set metadata x").status, Some(2));
}
