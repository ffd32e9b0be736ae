//! `login`, `logout`, `whoami` and `workspace`, at an identity service of this test.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Call, Server, Spacectl};
use tonic::{Code, Status};

const IDENTITY: &str = r#"
syntax = "proto3";
package spaceone.api.identity.v2;
import "google/protobuf/struct.proto";
message Name { string name = 1; }
message AuthInfo { string domain_id = 1; string name = 2; string external_auth_state = 3; }
service Domain { rpc get_auth_info(Name) returns (AuthInfo); }
message Issue {
  google.protobuf.Struct credentials = 1; string auth_type = 2; int32 timeout = 3; string verify_code = 4;
  string domain_id = 5;
}
message Grant { string grant_type = 1; string token = 2; string scope = 3; int32 timeout = 4; string workspace_id = 5; }
message TokenInfo { string access_token = 1; string refresh_token = 2; }
message Granted { string access_token = 1; string role_type = 2; }
service Token { rpc issue(Issue) returns (TokenInfo); rpc grant(Grant) returns (Granted); }
message Nothing {}
message Profile { string user_id = 1; string role_type = 2; string domain_id = 3; }
message WorkspaceInfo { string workspace_id = 1; string name = 2; string role_type = 3; }
message Workspaces { repeated WorkspaceInfo results = 1; int32 total_count = 2; }
service UserProfile { rpc get(Nothing) returns (Profile); rpc get_workspaces(Nothing) returns (Workspaces); }
message EndpointInfo { string service = 1; string endpoint = 2; }
message Endpoints { repeated EndpointInfo results = 1; }
service Endpoint { rpc list(Nothing) returns (Endpoints); }
message AppRequest {
  string name = 1; string role_id = 2; string resource_group = 3; string app_id = 4; google.protobuf.Struct query = 5;
  string project_id = 6;
}
message AppInfo {
  string app_id = 1; string name = 2; string role_id = 3; string client_secret = 4; string resource_group = 5;
  string workspace_id = 6; string project_id = 7;
}
message Apps { repeated AppInfo results = 1; }
service App {
  rpc create(AppRequest) returns (AppInfo); rpc list(AppRequest) returns (Apps);
  rpc generate_client_secret(AppRequest) returns (AppInfo);
}
message RoleQuery { string role_type = 1; }
message RoleInfo { string role_id = 1; bool is_managed = 2; }
message Roles { repeated RoleInfo results = 1; }
service Role { rpc list(RoleQuery) returns (Roles); }
message UserQuery { string user_id = 1; }
message UserInfo { string user_id = 1; }
message Users { repeated UserInfo results = 1; int32 total_count = 2; }
service User { rpc list(UserQuery) returns (Users); rpc create(UserQuery) returns (UserInfo); }
"#;

const PASSWORD: &str = "pass-w0rd-of-ada";
const CODE: &str = "493817";

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// An identity service, and what it is told to do.
struct Identity {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The error of `Token.issue` without a code.
    issue_error: Mutex<Option<Status>>,
    /// The error of `Token.grant`.
    grant_error: Mutex<Option<Status>>,
    /// Access tokens with a lower number are refused.
    least: AtomicUsize,
    issued: AtomicUsize,
    /// By how many seconds its clock is ahead.
    skew: AtomicI64,
    is_admin: Mutex<bool>,
    apps: Mutex<Vec<Value>>,
    /// The error of `User.create`.
    create_error: Mutex<Option<Status>>,
    /// The number of workspaces.
    workspaces: AtomicUsize,
    /// The URL of the endpoint that it offers for `identity`, and more.
    endpoints: Mutex<BTreeMap<String, String>>,
}

impl State {
    fn token(&self, kind: &str, lifetime: i64, claims: Value) -> String {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let iat = now() + self.skew.load(Ordering::Relaxed);
        let mut all =
            json!({"typ": kind, "jti": number, "iat": iat, "exp": iat + lifetime, "aud": "ada", "did": "d-1"});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", encode(json!({"alg": "none"})), encode(all))
    }

    fn answer(&self, call: &Call) -> Result<Value, Status> {
        let field = |name: &str| call.request[name].as_str().unwrap_or_default().to_owned();
        let (service, method) = (call.service.rsplit('.').next().unwrap(), call.method.as_str());
        match (service, method) {
            ("Domain", _) if field("name") == "acme" => {
                Ok(json!({"domain_id": "d-1", "name": "acme", "external_auth_state": "DISABLED"}))
            }
            ("Domain", _) => Err(Status::not_found("ERROR_NOT_FOUND: Resource cannot be found.")),
            ("Endpoint", _) => {
                let endpoints = self.endpoints.lock().unwrap();
                let rows = endpoints.iter().map(|(service, url)| json!({"service": service, "endpoint": url}));
                Ok(json!({"results": rows.collect::<Vec<_>>()}))
            }
            ("Token", "issue") => self.issue(call),
            ("Token", _) => {
                if let Some(error) = self.grant_error.lock().unwrap().clone() {
                    return Err(error);
                }
                let mut claims = json!({"rol": "WORKSPACE_OWNER", "own": "USER"});
                if field("scope") == "WORKSPACE" {
                    claims["wid"] = field("workspace_id").into();
                }
                let timeout = call.request["timeout"].as_i64().unwrap_or(1800).min(7200);
                let token = self.token("ACCESS_TOKEN", timeout, claims);
                Ok(json!({"access_token": token, "role_type": "WORKSPACE_OWNER"}))
            }
            _ => self.authenticated(call, service, method),
        }
    }

    fn issue(&self, call: &Call) -> Result<Value, Status> {
        let (credentials, code) = (&call.request["credentials"], &call.request["verify_code"]);
        if credentials["password"] != PASSWORD {
            let text = format!("ERROR_AUTHENTICATION_FAILURE: not {}", credentials["password"].as_str().unwrap());
            return Err(Status::unauthenticated(text));
        }
        match self.issue_error.lock().unwrap().clone() {
            Some(_) if call.request["auth_type"] == "MFA" && code == CODE => {}
            Some(_) if call.request["auth_type"] == "MFA" => {
                return Err(Status::invalid_argument("ERROR_INVALID_VERIFY_CODE: Invalid verify code."));
            }
            Some(error) => return Err(error),
            None => {}
        }
        Ok(json!({
            "access_token": self.token("ACCESS_TOKEN", 1800, json!({"rol": "USER"})),
            "refresh_token": self.token("REFRESH_TOKEN", 10800, json!({})),
        }))
    }

    fn authenticated(&self, call: &Call, service: &str, method: &str) -> Result<Value, Status> {
        let claims = call.metadata.get("token").and_then(|token| {
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
        });
        let number = claims.as_ref().and_then(|claims| claims["jti"].as_u64());
        let least = self.least.load(Ordering::Relaxed);
        if number.is_none_or(|number| usize::try_from(number).unwrap() < least) {
            return Err(Status::unauthenticated("ERROR_AUTHENTICATE_FAILURE: Token is invalid or expired."));
        }
        let request = &call.request;
        match (service, method) {
            ("UserProfile", "get") => {
                let role = if *self.is_admin.lock().unwrap() { "DOMAIN_ADMIN" } else { "USER" };
                Ok(json!({"user_id": "ada", "role_type": role, "domain_id": "d-1"}))
            }
            ("UserProfile", _) => {
                let row = |at| json!({"workspace_id": format!("w-{at}"), "name": format!("team-{at}")});
                Ok(json!({"results": (1..=self.workspaces.load(Ordering::Relaxed)).map(row).collect::<Vec<_>>()}))
            }
            ("Role", _) => {
                let id = format!("managed-{}", request["role_type"].as_str().unwrap().to_lowercase());
                Ok(json!({"results": [{"role_id": "own"}, {"role_id": id, "is_managed": true}]}))
            }
            ("App", "list") => {
                let apps = self.apps.lock().unwrap();
                let name = &request["query"]["filter"][0]["v"];
                Ok(json!({"results": apps.iter().filter(|app| app["name"] == *name).collect::<Vec<_>>()}))
            }
            ("App", _) => {
                let name = request["name"].as_str().unwrap_or("ci");
                if method == "create" {
                    let wid = claims.as_ref().map(|claims| claims["wid"].clone()).unwrap_or_default();
                    let mut app = json!({
                        "app_id": format!("app-{name}"), "name": name, "resource_group": request["resource_group"],
                    });
                    if !wid.is_null() {
                        app["workspace_id"] = wid;
                    }
                    self.apps.lock().unwrap().push(app);
                }
                let secret =
                    self.token("CLIENT_SECRET", 31_536_000, json!({"own": "APP", "aud": format!("app-{name}")}));
                Ok(json!({
                    "app_id": format!("app-{name}"), "role_id": request["role_id"].as_str().unwrap_or("r"),
                    "client_secret": secret,
                }))
            }
            ("User", "create") if self.create_error.lock().unwrap().is_some() => {
                Err(self.create_error.lock().unwrap().clone().unwrap())
            }
            ("User", "create") => Ok(json!({"user_id": request["user_id"]})),
            ("User", _) => Ok(json!({"results": [{"user_id": "ada"}], "total_count": 1})),
            other => panic!("{other:?}"),
        }
    }
}

impl Identity {
    fn start() -> Self {
        let state = Arc::new(State::default());
        state.workspaces.store(1, Ordering::Relaxed);
        let answers = Arc::clone(&state);
        let server = Server::start(Api::inline(IDENTITY), move |call| vec![answers.answer(call)]);
        Self { server, state }
    }

    /// The methods that were called since the last time, without the profile's.
    fn calls(&self) -> Vec<String> {
        let calls = self.server.calls();
        calls.iter().map(|call| format!("{}.{}", call.service.rsplit('.').next().unwrap(), call.method)).collect()
    }

    fn count(&self, method: &str) -> usize {
        self.calls().iter().filter(|call| *call == method).count()
    }

    /// A user who has an environment, and is not logged in.
    fn user(&self) -> Spacectl {
        let user = Spacectl::new();
        user.run(&format!("config init -e lab --service identity={}", self.server.url())).success();
        user
    }

    /// A user who is logged in.
    fn logged_in(&self) -> Spacectl {
        let user = self.user();
        user.run_with_input(LOGIN, &format!("{PASSWORD}\n")).success();
        user
    }
}

const LOGIN: &str = "login --domain acme --user ada --password-stdin";

fn session_file(user: &Spacectl) -> PathBuf {
    user.home().join(".spaceone/sessions/lab.json")
}

/// Changes the stored session.
fn edit(user: &Spacectl, change: impl FnOnce(&mut Value)) {
    let mut session: Value = serde_json::from_slice(&fs::read(session_file(user)).unwrap()).unwrap();
    change(&mut session);
    fs::write(session_file(user), session.to_string()).unwrap();
}

/// Lets the access tokens end now, and the refresh token if `all`.
fn expire(user: &Spacectl, all: bool) {
    edit(user, |session| {
        for (_, token) in session["access_tokens"].as_object_mut().unwrap() {
            token["expires_at"] = json!(now());
        }
        if all {
            session["refresh_token"]["expires_at"] = json!(now());
        }
    });
}

/// Every secret that a login has, in the parts that could be shown.
fn secrets(user: &Spacectl) -> Vec<String> {
    let session: Value = serde_json::from_slice(&fs::read(session_file(user)).unwrap()).unwrap();
    let access = session["access_tokens"].as_object().unwrap().values();
    let tokens = access.chain([&session["refresh_token"]]).map(|token| token["token"].as_str().unwrap().to_owned());
    tokens.flat_map(|token| [token.split('.').nth(1).unwrap().to_owned(), token]).chain([PASSWORD.to_owned()]).collect()
}

#[test]
fn a_session_is_stored_for_its_owner_alone_and_calls_use_it() {
    let identity = Identity::start();
    let user = identity.user();
    let run = user.run_with_input(LOGIN, &format!("{PASSWORD}\n"));
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{run}");
    assert!(
        run.stderr.starts_with("ada is logged in to lab: workspace team-1 of acme as WORKSPACE_OWNER, until "),
        "{run}"
    );
    let path = session_file(&user);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let environment = fs::read_to_string(user.home().join(".spaceone/environments/lab.yml")).unwrap();
    assert!(!environment.contains("eyJ"), "{environment}");
    user.run("list identity.User -c user_id").success();
    let sent = identity.server.calls().last().unwrap().metadata["token"].clone();
    assert!(secrets(&user).contains(&sent));
    // The token says which domain and workspace it is for.
    assert!(!identity.server.calls().last().unwrap().metadata.contains_key("x_workspace_id"));
}

#[test]
fn no_secret_reaches_a_terminal_a_log_an_error_or_another_file() {
    let identity = Identity::start();
    let user = identity.user();
    let mut said = String::new();
    let input = format!("{PASSWORD}\n");
    let mut add = |run: support::Run| said.push_str(&format!("{}{}", run.stdout, run.stderr));
    add(user.run_with_input(&format!("-vv {LOGIN}"), &input));
    add(user.run_with_input(&format!("-vv {LOGIN}"), "another-w0rd\n"));
    add(user.run("-vv list identity.User"));
    add(user.run("-vv whoami -o json"));
    add(user.run("-vv workspace list"));
    add(user.run("-vv workspace use w-1"));
    add(user.run("config view"));
    add(user.run("config check -vv"));
    *identity.state.issue_error.lock().unwrap() = Some(Status::internal(
        "ERROR_MFA_NOT_ACTIVATED: set it up (access_token = eyJhbGciOiJub25lIn0.eyJ0eXAiOiJ4In0.c2ln)",
    ));
    add(user.run_with_input(&format!("-vv {LOGIN}"), &input));
    let secrets = secrets(&user);
    assert!(said.len() > 5000 && secrets.len() >= 5, "{said}");
    for secret in secrets.iter().map(String::as_str).chain(["another-w0rd", "eyJ0eXAiOiJ4In0"]) {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    let mut files = 0;
    for entry in walk(user.home()) {
        let text = String::from_utf8_lossy(&fs::read(&entry).unwrap()).into_owned();
        files += 1;
        let is_session = entry == session_file(&user);
        assert!(is_session || secrets.iter().all(|secret| !text.contains(secret)), "{}", entry.display());
        assert!(!text.contains(PASSWORD), "{}", entry.display());
    }
    assert!(files >= 3);
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_token_is_renewed_once_before_it_ends_and_once_where_it_is_refused() {
    let identity = Identity::start();
    let user = identity.logged_in();
    let grants = identity.count("Token.grant");
    user.run("list identity.User -c user_id").success();
    assert_eq!(identity.count("Token.grant"), grants, "a token that lives is used");

    expire(&user, false);
    // Many calls of one process ask for one token.
    let specs: String = (0..40).map(|at| format!("---\nuser_id: u-{at}\n")).collect();
    user.file("users.yml", &specs);
    user.run("exec create identity.User -f users.yml -o quiet -c user_id").success();
    assert_eq!(identity.count("Token.grant"), grants + 1);
    assert_eq!(identity.count("User.create"), 40);
    user.run("list identity.User -c user_id").success();
    assert_eq!(identity.count("Token.grant"), grants + 1, "and store it for others");

    identity.state.least.store(identity.state.issued.load(Ordering::Relaxed), Ordering::Relaxed);
    user.run("list identity.User -c user_id").success();
    assert_eq!(identity.count("Token.grant"), grants + 2);

    // A service that refuses every token is asked twice, not for ever; a new token is fetched once.
    identity.state.least.store(usize::MAX, Ordering::Relaxed);
    let (before, grants) = (identity.count("User.create"), identity.count("Token.grant"));
    let run = user.run("exec create identity.User -f users.yml -o quiet -c user_id --keep-going");
    assert_eq!(run.status, Some(80), "{run}");
    assert!(identity.count("User.create") - before > 40);
    assert_eq!(identity.count("Token.grant"), grants + 1);
    assert!(run.stderr.contains("hint: log in again with `spacectl login -e lab`"), "{run}");
}

#[test]
fn a_session_that_has_ended_stops_scripts_with_the_line_to_type() {
    let identity = Identity::start();
    let user = identity.logged_in();
    expire(&user, true);
    let calls = identity.calls().len();
    // What needs no token goes on.
    user.run("exec get_auth_info identity.Domain -p name=acme").success();
    user.run("exec create identity.User -p user_id=u --dry-run").success();
    let calls = identity.calls().len().max(calls);
    let run = user.run("list identity.User");
    assert_eq!(run.status, Some(80), "{run}");
    assert_snapshot!(run.stderr, @r"
    error: the session of lab has ended
    hint: log in again with `spacectl login -e lab`
    ");
    assert_eq!(identity.calls().len(), calls, "nothing is asked");
    assert_eq!(user.run("whoami").status, Some(80));
    // The service may end it earlier than its tokens say.
    let user = identity.logged_in();
    expire(&user, false);
    *identity.state.grant_error.lock().unwrap() =
        Some(Status::unauthenticated("ERROR_AUTHENTICATE_FAILURE: Token validation failed."));
    let run = user.run("exec create identity.User -p user_id=u");
    assert_eq!(run.status, Some(80), "{run}");
    assert!(run.stderr.starts_with("error: the session of lab has ended\ncause: ERROR_AUTHENTICATE_FAILURE"), "{run}");
    // The rest of the configuration works without it.
    user.run("config list").success();
    user.run("logout").success();
}

#[test]
fn a_flag_outranks_a_variable_that_a_session_that_the_file() {
    let identity = Identity::start();
    let user = identity.logged_in();
    let run = user.run_with_input("config set api_key -", "file-key");
    assert!(run.stderr.starts_with("warning: the session of lab is used instead of this key"), "{run}");
    user.run("config set x_workspace_id w-file").success();
    let sent = |line: &str, variables: &[(&str, &str)]| {
        let _ = user.run_with(variables, line);
        let metadata = identity.server.calls().last().unwrap().metadata.clone();
        let token = metadata.get("token").cloned().unwrap_or_default();
        let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims: Value = claims.map_or(Value::Null, |claims| serde_json::from_slice(&claims).unwrap());
        (claims["wid"].as_str().unwrap_or(&token).to_owned(), metadata.get("x_workspace_id").cloned())
    };
    let list = "list identity.User -c user_id";
    assert_eq!(sent(list, &[]), ("w-1".into(), None));
    assert_eq!(sent(list, &[("SPACECTL_WORKSPACE_ID", "w-7")]), ("w-7".into(), Some("w-7".into())));
    assert_eq!(
        sent(&format!("{list} --workspace-id w-8"), &[("SPACECTL_WORKSPACE_ID", "w-7")]),
        ("w-8".into(), Some("w-8".into()))
    );
    assert_eq!(sent(list, &[("SPACECTL_API_KEY", "var-key")]).0, "var-key");
    user.run("logout").success();
    assert_eq!(sent(list, &[]), ("file-key".into(), Some("w-file".into())));
}

#[test]
fn a_session_is_for_the_identity_service_that_issued_it() {
    let (identity, other) = (Identity::start(), Identity::start());
    let user = identity.logged_in();
    let identity_tokens = secrets(&user).into_iter().filter(|secret| secret != PASSWORD).collect::<Vec<_>>();
    user.run(&format!("config set endpoints.identity {}", other.server.url())).success();
    let run = user.run("list identity.User");
    assert_eq!(run.status, Some(80), "{run}");
    assert!(run.stderr.starts_with("warning: the session of lab is not used: it is from grpc://"), "{run}");
    assert!(other.server.calls().iter().all(|call| !call.metadata.contains_key("token")));
    // Nor do its tokens leave in requests.
    for line in ["workspace list", "workspace use w-1", "login --app ci --print", "login --password-stdin"] {
        let run = user.run_with_input(line, &format!("{PASSWORD}\n"));
        assert!(run.status != Some(0) || line.starts_with("login"), "{line}: {run}");
    }
    let text = other.server.calls().iter().map(|call| format!("{:?}", call.request)).collect::<String>();
    assert!(!identity_tokens.iter().any(|token| text.contains(token)), "{text}");
    // Nor is it sent to an endpoint of the command line.
    let run = user.run(&format!("--endpoint {} list identity.User", other.server.url()));
    assert_eq!(run.status, Some(80), "{run}");
    assert!(other.server.calls().iter().all(|call| !call.metadata.contains_key("token")));
}

#[test]
fn what_a_renewal_fails_of_is_told_once_and_nothing_was_sent() {
    let identity = Identity::start();
    let user = identity.logged_in();
    let specs: String = (0..16).map(|at| format!("---\nuser_id: u-{at}\n")).collect();
    user.file("users.yml", &specs);
    expire(&user, false);
    *identity.state.grant_error.lock().unwrap() = Some(Status::internal("ERROR_UNKNOWN: a fault"));
    let grants = identity.count("Token.grant");
    let run = user.run("--error-format json exec create identity.User -f users.yml --keep-going");
    assert_eq!((run.status, identity.count("User.create")), (Some(77), 0), "{run}");
    assert!(identity.count("Token.grant") - grants < 16, "those who wait share the answer");
    let error: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["error"]["outcome"], "not sent", "{run}");
    assert!(run.stderr.contains("cannot get a token for workspace w-1: grant identity.Token at"), "{run}");
    // A token that cannot be stored is used all the same. The lock is held as by another process that hangs.
    *identity.state.grant_error.lock().unwrap() = None;
    let folder = fs::File::open(session_file(&user).parent().unwrap()).unwrap();
    folder.lock().unwrap();
    let run = user.run("list identity.User -c user_id");
    assert!(run.status == Some(0) && run.stderr.contains("is used and not stored"), "{run}");
}

#[test]
fn a_write_that_another_service_refused_is_not_sent_again() {
    let identity = Identity::start();
    let user = identity.logged_in();
    *identity.state.create_error.lock().unwrap() = Some(Status::unauthenticated("the cloud refuses its key"));
    let (created, grants) = (identity.count("User.create"), identity.count("Token.grant"));
    assert_eq!(user.run("exec create identity.User -p user_id=u").status, Some(80));
    assert_eq!((identity.count("User.create"), identity.count("Token.grant")), (created + 1, grants));
}

#[test]
fn variables_of_other_environments_have_no_part_in_a_login() {
    let (identity, other) = (Identity::start(), Identity::start());
    let user = identity.logged_in();
    let line = format!("{LOGIN} -e new --yes --url {}", other.server.url());
    let run = user.run_changed(&line, |command| {
        command.env("SPACECTL_ENVIRONMENT", "lab");
    });
    assert!(run.stderr.contains("--password-stdin: the first line is empty"), "{run}");
    assert_eq!((other.count("Domain.get_auth_info"), other.count("Endpoint.list")), (1, 1));
    let run =
        user.run_with(&[("SPACECTL_ENVIRONMENT", "fresh")], &format!("{LOGIN} --yes --url {}", other.server.url()));
    assert!(run.stderr.contains("--password-stdin: the first line is empty"), "{run}");
}

#[test]
fn a_workspace_is_not_the_domain_whatever_its_name() {
    let identity = Identity::start();
    let user = identity.logged_in();
    user.run("workspace use --scope domain").success();
    let grants = identity.count("Token.grant");
    let _ = user.run("list identity.User --workspace-id DOMAIN");
    let grant = identity.server.calls().into_iter().rfind(|call| call.method == "grant").unwrap().request;
    assert_eq!((identity.count("Token.grant"), &grant["workspace_id"]), (grants + 1, &json!("DOMAIN")));
}

#[test]
fn no_program_that_is_started_gets_a_token() {
    let identity = Identity::start();
    let user = identity.logged_in().variable("PATH", "/usr/bin:/bin");
    user.file(
        "m.yml",
        r#"
tasks:
  - {uses: "@modules/resource", spec: {resource_type: identity.User, mode: EXEC, verb: {exec: list}}}
  - {id: shell, uses: "@modules/shell", spec: {run: "env; tr '\\0' ' ' < /proc/$PPID/cmdline"}}
  - {uses: "@modules/print", spec: {output: text, data: "${{ tasks.shell.output.result }}"}}
"#,
    );
    let run = user.run("apply m.yml");
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(
        run.status == Some(0) && said.contains("SPACECTL_ENVIRONMENT=lab") && said.contains("apply m.yml"),
        "{run}"
    );
    assert!(said.contains("SPACECTL_IN_MANIFEST") && !said.contains("eyJ") && !said.contains("********"), "{run}");
}

#[test]
fn a_manifest_is_resumed_only_where_it_was_begun() {
    let identity = Identity::start();
    identity.state.workspaces.store(2, Ordering::Relaxed);
    let user = identity.user().variable("PATH", "/usr/bin:/bin");
    user.run_with_input(&format!("{LOGIN} --workspace team-1"), &format!("{PASSWORD}\n")).success();
    user.file(
        "m.yml",
        r#"
tasks:
  - {name: one, uses: "@modules/shell", spec: {run: "echo one"}}
  - {name: two, uses: "@modules/shell", spec: {run: "test -e ready"}}
"#,
    );
    assert_eq!(user.run("apply m.yml --resume log").status, Some(1));
    user.run("workspace use team-2").success();
    let run = user.run("apply m.yml --resume log");
    assert!(run.status != Some(0) && !run.stderr.contains("DONE [one]"), "{run}");
    user.run("workspace use team-1").success();
    user.file("ready", "");
    let run = user.run("apply m.yml --resume log");
    assert!(run.status == Some(0) && run.stderr.contains("DONE [one]"), "{run}");
}

#[test]
fn each_fault_of_a_login_has_its_own_words() {
    let identity = Identity::start();
    let user = identity.user();
    let login = |line: &str, input: &str| {
        let run = user.run_with_input(line, input);
        assert_eq!((run.stdout.as_str(), session_file(&user).exists()), ("", false), "{run}");
        format!("{}\n{}", run.status.unwrap(), run.stderr.replace(&identity.server.url(), "[URL]"))
    };
    let right = format!("{PASSWORD}\n");
    let mut all = vec![
        login(LOGIN, "wrong-one\n"),
        login(LOGIN, ""),
        login("login --domain acme --user ada", ""),
        login("login --domain acme --password-stdin", &right),
        login("login --domain acne --user ada --password-stdin", &right),
    ];
    for error in [
        Status::not_found("ERROR_NOT_FOUND: user_id"),
        Status::invalid_argument("ERROR_USER_STATE_DISABLED: A user \"ada\" state is DISABLED."),
        Status::invalid_argument("ERROR_DOMAIN_STATE: Domain is disabled."),
        Status::unauthenticated("ERROR_LOGIN_BLOCKED: too many"),
        Status::internal("ERROR_MFA_NOT_ACTIVATED: token = eyJhbGciOiJub25lIn0.eyJ0eXAiOiJ4In0.c2ln"),
        Status::internal("ERROR_MFA_REQUIRED: MFA is required. (mfa_type = EMAIL)"),
    ] {
        *identity.state.issue_error.lock().unwrap() = Some(error);
        all.push(login(LOGIN, &right));
    }
    all.push(login(LOGIN, &format!("{PASSWORD}\n111111\n")));
    *identity.state.issue_error.lock().unwrap() = None;
    for error in [
        Status::invalid_argument("ERROR_UPDATE_PASSWORD_REQUIRED: Password reset is required."),
        Status::permission_denied("ERROR_PERMISSION_DENIED: Permission denied."),
        Status::invalid_argument("ERROR_WORKSPACE_STATE: Workspace is disabled."),
        Status::new(Code::Internal, "ERROR_UNKNOWN: something else"),
    ] {
        *identity.state.grant_error.lock().unwrap() = Some(error);
        all.push(login(LOGIN, &right));
    }
    assert_snapshot!(all.join("\n"));
}

#[test]
fn a_code_besides_the_password_can_be_the_second_line() {
    let identity = Identity::start();
    *identity.state.issue_error.lock().unwrap() = Some(Status::internal("ERROR_MFA_REQUIRED: MFA is required."));
    let user = identity.user();
    user.run_with_input(LOGIN, &format!("{PASSWORD}\n{CODE}\n")).success();
    let issue = identity.server.calls().into_iter().rfind(|call| call.method == "issue").unwrap().request;
    assert_eq!((&issue["auth_type"], &issue["credentials"]["password"]), (&json!("MFA"), &json!(PASSWORD)));
}

#[test]
fn a_new_environment_gets_the_endpoints_that_identity_offers() {
    let identity = Identity::start();
    identity.state.endpoints.lock().unwrap().extend([
        ("identity".to_owned(), "grpc://inside:50051".to_owned()),
        ("inventory".to_owned(), "grpc://inventory.example.com:50051".to_owned()),
        ("wrong".to_owned(), "http://x".to_owned()),
    ]);
    let user = Spacectl::new();
    let line = format!("{LOGIN} -e acme --url {}", identity.server.url());
    let run = user.run_with_input(&line, &format!("{PASSWORD}\n"));
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.stderr.contains("  inventory grpc://inventory.example.com:50051\n"), "{run}");
    assert!(!user.home().join(".spaceone/environments").exists());
    assert_eq!(identity.count("Token.issue"), 0, "no password is sent before");
    let wrong = user.run_with_input(&format!("{line} --yes"), "wrong-one\n");
    assert_eq!(wrong.status, Some(80), "{wrong}");
    assert!(!user.home().join(".spaceone/environments").exists());
    user.run_with_input(&format!("{line} --yes"), &format!("{PASSWORD}\n")).success();
    let file = fs::read_to_string(user.home().join(".spaceone/environments/acme.yml")).unwrap();
    assert_eq!(
        file.replace(&identity.server.url(), "[URL]"),
        "endpoints:\n  identity: '[URL]'\n  inventory: grpc://inventory.example.com:50051\n".replace('\'', "")
    );
    user.run("list identity.User -c user_id").success();
    // Another login needs no URL, and takes the same one; another URL is for another environment.
    user.run_with_input(&line, &format!("{PASSWORD}\n")).success();
    let run = user.run(&format!("{LOGIN} -e acme --url grpc://elsewhere:1"));
    assert!(
        run.status == Some(2) && run.stderr.contains("`spacectl config set endpoints.identity grpc://else"),
        "{run}"
    );
    user.run_with_input("login --password-stdin", &format!("{PASSWORD}\n")).success();
}

#[test]
fn workspaces_are_listed_and_switched_without_the_password() {
    let identity = Identity::start();
    identity.state.workspaces.store(2, Ordering::Relaxed);
    let user = identity.user();
    let run = user.run_with_input(LOGIN, &format!("{PASSWORD}\n"));
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.stderr.contains("hint: add --workspace, one of team-1, team-2"), "{run}");
    user.run_with_input(&format!("{LOGIN} --workspace team-2"), &format!("{PASSWORD}\n")).success();
    let issued = identity.count("Token.issue");
    assert_eq!(user.run("workspace list -o quiet").quiet_success(), "w-1\nw-2\n");
    assert!(user.run("workspace use team-1").stderr.starts_with("lab: workspace team-1 of acme"));
    let whoami: Value = serde_json::from_str(&user.run("whoami -o json").quiet_success()).unwrap();
    assert_eq!((&whoami["workspace"], &whoami["workspace_id"]), (&json!("team-1"), &json!("w-1")));
    assert_eq!(user.run("workspace use team-9").status, Some(1));
    assert!(user.run("workspace use").stderr.contains("hint: add NAME, one of team-1, team-2"));
    user.run("workspace use --scope domain").success();
    let whoami: Value = serde_json::from_str(&user.run("whoami -o json").quiet_success()).unwrap();
    assert_eq!((&whoami["scope"], &whoami["workspace_id"]), (&json!("DOMAIN"), &json!(null)));
    assert_eq!(identity.count("Token.issue"), issued);
    // A login of the same user stays where it was.
    user.run_with_input("login --password-stdin", &format!("{PASSWORD}\n")).success();
    let whoami: Value = serde_json::from_str(&user.run("whoami -o json").quiet_success()).unwrap();
    assert_eq!(whoami["scope"], "DOMAIN");
}

#[test]
fn an_app_is_a_key_for_scripts() {
    let identity = Identity::start();
    let user = identity.logged_in();
    let secret = user.run("login --app ci --print").success();
    assert_eq!(secret.matches('.').count(), 2);
    let create = identity.server.calls().into_iter().rfind(|call| call.method == "create").unwrap().request;
    assert_eq!(create, json!({"name": "ci", "role_id": "managed-workspace_owner", "resource_group": "WORKSPACE"}));
    assert_eq!(user.run("login --app ci").status, Some(1), "one of this name is there");
    user.run_with_input("config set api_key -", "file-key").success();
    let run = user.run("login --app ci --rotate");
    assert!(run.status == Some(1) && run.stderr.contains("`spacectl config remove api_key"), "{run}");
    user.run("config remove api_key").success();
    user.run("config set api_key_file mine.txt").success();
    assert_eq!(user.run("login --app ci --rotate").status, Some(1), "a file of the user's own is not replaced");
    user.run("config remove api_key_file").success();

    let run = user.run("login --app ci --rotate");
    assert!(run.status == Some(0) && !run.stderr.contains("eyJ"), "{run}");
    let key = user.home().join(".spaceone/keys/lab");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!session_file(&user).exists());
    let whoami: Value = serde_json::from_str(&user.run("whoami -o json").quiet_success()).unwrap();
    assert_eq!((&whoami["app_id"], &whoami["owner_type"]), (&json!("app-ci"), &json!("APP")));
    user.run("list identity.User -c user_id").success();
    let sent = identity.server.calls().last().unwrap().metadata["token"].clone();
    assert_eq!(sent, fs::read_to_string(&key).unwrap().trim());
}

#[test]
fn two_logins_and_a_logout_meanwhile_leave_whole_sessions() {
    let identity = Identity::start();
    let user = identity.logged_in();
    let before = fs::read(session_file(&user)).unwrap();
    expire(&user, false);
    user.run("logout").success();
    assert!(user.run("logout").stderr.contains("not logged in to lab"));
    assert_eq!(user.run("list identity.User").status, Some(80));
    // A broken file is told with its place, and a login replaces it.
    fs::write(session_file(&user), &before[..before.len() / 2]).unwrap();
    let run = user.run("list identity.User");
    assert_eq!(run.status, Some(1), "{run}");
    assert!(run.stderr.contains("lab.json:") && run.stderr.contains("`spacectl login -e lab`"), "{run}");
    assert!(!run.stderr.contains("eyJ"), "{run}");
    user.run_with_input(LOGIN, &format!("{PASSWORD}\n")).success();
    fs::write(session_file(&user), "[]").unwrap();
    user.run("logout --all").success();
    assert!(!session_file(&user).exists());
    // The session goes with its environment.
    user.run_with_input(LOGIN, &format!("{PASSWORD}\n")).success();
    user.run("config environment --remove lab").success();
    assert!(!session_file(&user).exists());
}

#[test]
fn the_clock_of_this_machine_does_not_matter() {
    let identity = Identity::start();
    for skew in [-86_400, 86_400] {
        identity.state.skew.store(skew, Ordering::Relaxed);
        let user = identity.user();
        let run = user.run_with_input(LOGIN, &format!("{PASSWORD}\n"));
        assert_eq!(run.status, Some(0), "{run}");
        let side = if skew > 0 { "behind" } else { "ahead of" };
        assert!(run.stderr.contains(&format!("seconds {side} that of the identity service")), "{run}");
        let grants = identity.count("Token.grant");
        user.run("list identity.User -c user_id").success();
        assert_eq!(identity.count("Token.grant"), grants);
    }
}

#[test]
fn the_lifetime_of_tokens_can_be_asked_for() {
    let identity = Identity::start();
    let user = identity.user();
    let run = user.run_with_input(&format!("{LOGIN} --for 8h"), &format!("{PASSWORD}\n"));
    assert!(run.stderr.contains("note: the service gives access tokens 7200 seconds at most"), "{run}");
    let grant = identity.server.calls().into_iter().rfind(|call| call.method == "grant").unwrap().request;
    assert_eq!(grant["timeout"], 28_800);
    assert_eq!(user.run("login --for 10s").status, Some(2));
}

#[test]
fn what_a_session_is_not_for_is_refused() {
    let identity = Identity::start();
    let user = identity.user();
    for (line, expected) in [
        ("login -e local", "the environment local is built in and needs no login"),
        ("--endpoint grpc://h:1 login", "--endpoint is for calls"),
        ("login --scope domain --workspace w", "cannot be used with"),
        ("workspace list", "not logged in to lab"),
        ("login --yes", "--url"),
        ("login --ca /nowhere.pem --domain acme --user ada", "--ca is for TLS"),
        ("login --rotate", "--app"),
        ("login --app ci --scope system", "an app cannot work in the system"),
        ("login --app ci --scope domain --project p", "--project is for an app in a workspace"),
        ("login --app ci --for 8h", "cannot be used with"),
        ("login --app ci --rotate --role r", "cannot be used with"),
        ("login --workspace-id w-1", "use --workspace NAME instead"),
        ("login --domain-id d-1", "use --domain NAME instead"),
        ("workspace list --endpoint grpc://h:1", "--endpoint is for calls"),
        ("logout -e typo", "there is no environment `typo`"),
        ("whoami -e local", "knows no users"),
    ] {
        let run = user.run(line);
        assert!(run.status != Some(0) && run.stderr.contains(expected), "{line}: {run}");
    }
    let run = user.run("login -e lba");
    assert!(run.stderr.contains("did you mean `lab`?") && run.stderr.contains("`spacectl login -e lba --url"), "{run}");
    let run = Spacectl::new().run("login");
    assert_eq!(run.status, Some(1));
    assert_snapshot!(run.stderr, @r"
    error: there is no environment default to log in to
    hint: make one with `spacectl login -e default --url grpc+ssl://HOST:443`
    ");
    let run = user.run_with(&[("SPACECTL_ENDPOINT", "grpc://h:1")], LOGIN);
    assert!(run.status == Some(2) && run.stderr.contains("unset SPACECTL_ENDPOINT"), "{run}");
    assert_eq!(identity.count("Token.issue"), 0);
}
