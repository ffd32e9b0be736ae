//! What people call resources: aliases, other spellings, slips; and `api-resources`, which tells the names.

mod support;

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::process::geteuid;
use serde_json::{Value, json};
use support::{Api, Call, Reflection, Run, Running, Server, Spacectl};
use tonic::Status;

const INVENTORY: &str = r#"
    syntax = "proto3";
    package spaceone.api.inventory.v1;
    message Query { string name = 1; }
    message Info { string name = 1; }
    message Infos { repeated Info results = 1; }
    service CollectorRule { rpc list(Query) returns (Infos); rpc get_rule(Query) returns (Info); }
    service CloudServiceType { rpc list(Query) returns (Infos); }
    service Policy { rpc list(Query) returns (Infos); rpc create(Query) returns (Info); }"#;

const COST: &str = r#"
    syntax = "proto3";
    package spaceone.api.cost_analysis.v1;
    message Query { string name = 1; }
    message Info { string name = 1; }
    message Infos { repeated Info results = 1; }
    service DataSource { rpc list(Query) returns (Infos); }
    service PlugIn { rpc list(Query) returns (Infos); }
    service Plugin { rpc list(Query) returns (Infos); }"#;

/// A package with these resources, each of which can be listed and run.
fn package(name: &str, resources: &[&str]) -> String {
    let services: String = resources
        .iter()
        .map(|resource| {
            format!("service {resource} {{ rpc list(Query) returns (Infos); rpc run(Query) returns (Info); }}")
        })
        .collect();
    format!(
        "syntax = \"proto3\"; package spaceone.api.{name}; message Query {{ string name = 1; }}
         message Info {{ string name = 1; string kind = 2; }} message Infos {{ repeated Info results = 1; }} {services}"
    )
}

/// An endpoint that offers these packages.
fn offering(packages: &[(&str, &[&str])]) -> Server {
    let sources: Vec<String> = packages.iter().map(|(name, resources)| package(name, resources)).collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    Server::start(Api::of_packages(&sources), named)
}

/// An identity service with more versions than one of some resources.
fn identity() -> Server {
    offering(&[
        ("identity.plugin", &["AccountCollector", "Role"]),
        ("identity.v1", &["Policy"]),
        ("identity.v2", &["Policy", "Role", "User", "Schema", "Job"]),
        ("identity.v10", &["Role"]),
        ("identity.v2beta1", &["User"]),
    ])
}

/// Answers with the name of what was called.
fn named(call: &Call) -> Vec<Result<Value, Status>> {
    let row = json!({"name": format!("{}/{}", call.service, call.method)});
    vec![Ok(if call.method == "list" { json!({ "results": [row] }) } else { row })]
}

fn inventory() -> Server {
    Server::start(Api::inline(INVENTORY), named)
}

fn cost() -> Server {
    Server::start(Api::inline(COST), named)
}

/// A user whose environment has these services.
fn user(services: &[(&str, &str)]) -> Spacectl {
    let user = Spacectl::new();
    user.run("config init -e lab --domain-id d").success();
    for (service, url) in services {
        user.run(&format!("config endpoint add {service} {url}")).success();
    }
    user
}

/// What a list calls, in short, if nothing else is said.
#[track_caller]
fn called(run: Run) -> String {
    run.quiet_success().trim().replace("spaceone.api.", "").replace("/list", "")
}

/// Every line with what came of it.
fn transcript(user: &Spacectl, lines: &[&str]) -> String {
    lines.iter().map(|line| format!("$ spacectl {line}\n{}\n", user.run(line))).collect()
}

fn without_ports(text: &str, servers: &[&Server]) -> String {
    servers.iter().fold(text.to_owned(), |text, server| text.replace(&server.port().to_string(), "[PORT]"))
}

#[test]
fn aliases_and_other_spellings_reach_the_one_that_fits() {
    let (inventory, cost) = (inventory(), cost());
    let user = user(&[("inventory", &inventory.url()), ("cost_analysis", &cost.url())]);
    for (typed, reached) in [
        ("collector_rule", "inventory.v1.CollectorRule"),
        ("cr", "inventory.v1.CollectorRule"),
        ("collector_rules", "inventory.v1.CollectorRule"),
        ("CollectorRules", "inventory.v1.CollectorRule"),
        ("cst", "inventory.v1.CloudServiceType"),
        ("inventory.policies", "inventory.v1.Policy"),
        ("Inventory.cloud-service-types", "inventory.v1.CloudServiceType"),
        ("ds", "cost_analysis.v1.DataSource"),
        ("DataSource", "cost_analysis.v1.DataSource"),
        ("cost-analysis.DataSource", "cost_analysis.v1.DataSource"),
        ("cost_analysis.data-source", "cost_analysis.v1.DataSource"),
        ("CostAnalysis.data_sources", "cost_analysis.v1.DataSource"),
        ("spaceone.api.cost_analysis.v1.data_source", "cost_analysis.v1.DataSource"),
        ("cost_analysis.PlugIn", "cost_analysis.v1.PlugIn"),
        ("cost_analysis.Plugin", "cost_analysis.v1.Plugin"),
    ] {
        assert_eq!(called(user.run(&format!("list {typed} -o quiet"))), reached, "{typed}");
    }
    let verb = user.run("exec Get-Rule cr -c name -o quiet").quiet_success();
    assert_eq!(verb, "spaceone.api.inventory.v1.CollectorRule/get_rule\n");
}

#[test]
fn what_is_unclear_or_not_there_is_answered_with_what_is() {
    let (inventory, cost) = (inventory(), cost());
    let user = user(&[("inventory", &inventory.url()), ("cost-analysis", &cost.url())]);
    let shown = transcript(
        &user,
        &[
            "list cost_analysis.plug_in",
            "list inventry.Region",
            "explain inventry.Region",
            "list -e local repositry.Plugin",
            "explain -e local repositry.Plugin",
            "list identity.User",
            "list collecter_rule",
            "list widget",
            "list 'cr; rm'",
            "list region",
            "list sa",
            "list --api-version v2 cr",
            "exec delete cr",
            "exec make inventory.Policy",
            "exec inventory.Policy create",
            "exec policy create",
        ],
    );
    assert_snapshot!(without_ports(&shown, &[&inventory, &cost]));
    assert_eq!(inventory.calls().len() + cost.calls().len(), 0);
}

#[test]
fn a_lone_name_is_a_resource_where_there_is_one_service() {
    let inventory = inventory();
    let alone = user(&[("inventory", &inventory.url())]);
    for (typed, reached) in [
        ("CloudServiceTypes", "CloudServiceType"),
        // `policy` is an alias of another service's resource; this is none.
        ("Policies", "Policy"),
        ("csts", "CloudServiceType"),
        ("cr", "CollectorRule"),
    ] {
        let reached = format!("inventory.v1.{reached}");
        assert_eq!(called(alone.run(&format!("list {typed} -o quiet"))), reached, "{typed}");
    }
    assert_snapshot!(without_ports(
        &transcript(&alone, &["list policy", "list regions", "list widget"]),
        &[&inventory]
    ));
    let cost = cost();
    for (typed, reached) in [("PlugIn", "PlugIn"), ("data_sources", "DataSource"), ("cost_analysis.Plugin", "Plugin")] {
        let run = Spacectl::new().run(&format!("--endpoint {} list {typed} -o quiet", cost.url()));
        assert_eq!(called(run), format!("cost_analysis.v1.{reached}"), "{typed}");
    }
    let run = Spacectl::new().run(&format!("--endpoint {} list plug_in", cost.url()));
    assert_eq!(
        (run.status, without_ports(&run.stderr, &[&cost]).as_str()),
        (
            Some(2),
            "error: plug_in is ambiguous at grpc://127.0.0.1:[PORT]\n\
             hint: name one of them: cost_analysis.PlugIn, cost_analysis.Plugin\n"
        )
    );
}

#[test]
fn an_exact_name_costs_one_question_and_no_file() {
    let server = Server::with_reflection(Api::inline(INVENTORY), Reflection::Both, named);
    let user = user(&[("inventory", &server.url())]);
    std::fs::write(user.home().join(".spaceone/alias.yml"), "a: [\n").unwrap();
    called(user.run("list inventory.CollectorRule -o quiet"));
    // Each version of reflection, and the call.
    assert_eq!((server.requests(), server.calls().len()), (3, 1));
}

#[test]
fn the_users_own_aliases_are_kept_and_come_first() {
    let (inventory, cost) = (inventory(), cost());
    let user = user(&[("inventory", &inventory.url()), ("cost_analysis", &cost.url())]);
    let lines = [
        "config alias list",
        "config alias set rules inventory.CollectorRule",
        "config alias set sources cost-analysis.DataSource",
        "config alias set cr cost_analysis.DataSource",
        "config alias set rules inventory.CollectorRule",
        "config alias list",
        "config alias show -o json",
        "config alias list -o quiet",
        "list rules -o quiet",
        "list Sources -o quiet",
        "list cr -o quiet",
        "config alias remove cr",
        "list cr -o quiet",
        "config alias remove cr",
        "config alias remove rule",
        "config alias remove rules",
        "config alias list",
    ];
    assert_snapshot!(transcript(&user, &lines));
    // They are the user's, whatever the environment.
    assert_eq!(user.run("-e local config alias list -o quiet").quiet_success(), "sources\n");
    let all = user.run("config alias list --all -o json").quiet_success();
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(
        all["results"][0],
        json!({"alias": "sources", "resource": "cost-analysis.DataSource", "source": "yours"})
    );
    assert_eq!(all["results"][1], json!({"alias": "alert", "resource": "monitoring.Alert", "source": "built in"}));
}

#[test]
fn what_cannot_be_an_alias_is_refused() {
    let user = Spacectl::new();
    let lines = [
        "config alias set a.b repository.Plugin",
        "config alias set '' repository.Plugin",
        "config alias set 'a b' repository.Plugin",
        "config alias set -- -p repository.Plugin",
        "config alias set p plugin",
        "config alias set p repository.",
    ];
    assert_snapshot!(transcript(&user, &lines));
    let hostile = user.run("config alias set 'a\u{1b}[2J' repository.Plugin");
    assert!(hostile.status == Some(2) && !hostile.stderr.contains('\u{1b}'), "{hostile}");
    assert!(!user.home().join(".spaceone").exists());
}

#[test]
fn a_broken_file_of_aliases_is_told_where_an_alias_is_looked_up() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    std::fs::create_dir(user.home().join(".spaceone")).unwrap();
    std::fs::write(user.home().join(".spaceone/alias.yml"), "p: repository.Plugin\nq: plugin\n").unwrap();
    let lines = ["list p", "list plugin", "config alias list", "config alias set x a.B", "api-resources -o quiet"];
    assert_snapshot!(transcript(&user, &lines));
    user.run("list repository.Plugin").quiet_success();
}

#[test]
fn built_in_aliases_need_no_home() {
    let mut command = Spacectl::new().command();
    let server = Server::start(Api::generation2(), named);
    command.env_remove("HOME").args(["--endpoint", &server.url(), "list", "plugins", "-c", "name", "-o", "quiet"]);
    let output = command.current_dir("/").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "spaceone.api.repository.v1.Plugin/list\n");
}

/// Runs a command line as one who may not look into their home.
fn run_locked_out(user: &Spacectl, line: &str) -> Output {
    let mut command = user.command();
    if geteuid().is_root() {
        // No folder is closed to root: as nobody, who must be able to reach the program.
        let program = user.path("spacectl");
        std::fs::copy(env!("CARGO_BIN_EXE_spacectl"), &program).unwrap();
        command = std::process::Command::new(program);
        command.env_clear().env("HOME", user.home()).current_dir("/").uid(65534).gid(65534);
        set_mode(user.home(), 0o755);
        set_mode(&user.path(""), 0o755);
    }
    for closed in [".spaceone", ".cache"] {
        let closed = user.home().join(closed);
        std::fs::create_dir_all(&closed).unwrap();
        set_mode(&closed, 0);
    }
    command.env("XDG_DATA_HOME", user.home().join("data"));
    command.args(line.split(' ')).output().unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn who_may_not_look_into_their_home_still_has_the_built_in_aliases() {
    let (user, server) = (Spacectl::new(), Server::start(Api::generation2(), named));
    let said = |output: &[u8]| String::from_utf8_lossy(output).replace(user.home().to_str().unwrap(), "[HOME]");
    let run = run_locked_out(&user, &format!("--endpoint {} list plugins -c name -o quiet", server.url()));
    assert_eq!(said(&run.stdout), "spaceone.api.repository.v1.Plugin/list\n");
    assert_eq!(
        said(&run.stderr),
        "warning: cannot read [HOME]/.spaceone/alias.yml: Permission denied (os error 13): using the built-in aliases \
         only; set SPACECTL_CONFIG_DIR to use another folder\n"
    );
    let run = run_locked_out(&user, "list plugins");
    let hint = "\nhint: set SPACECTL_CONFIG_DIR to use another folder\n";
    assert!(run.status.code() == Some(1) && said(&run.stderr).contains(hint), "{}", said(&run.stderr));
    std::fs::create_dir(user.home().join("data")).unwrap();
    set_mode(&user.home().join("data"), 0o777);
    for line in ["list plugins", "list repository.Plugin", "plugin list", "config check"] {
        let run = run_locked_out(&user, &format!("-e local {line}"));
        let stderr = said(&run.stderr);
        assert_eq!(run.status.code(), Some(0), "{line}: {stderr}");
        assert!(
            stderr.contains(
                "warning: cannot read [HOME]/.spaceone/environments/local.yml: Permission denied (os error 13): using \
                 the built-in environment without its settings\n"
            ),
            "{stderr}"
        );
        assert!(stderr.lines().all(|line| line.starts_with("warning: ") || line.starts_with("note: ")), "{stderr}");
    }
    let other = Spacectl::local();
    other.file("../.spaceone", "");
    let run = other.run("list plugin");
    assert!(run.stderr.starts_with("warning: cannot read [HOME]/.spaceone/alias.yml: Not a directory"), "{run}");
    run.success();
    let run = run_locked_out(&user, "cache clear");
    assert_eq!(
        said(&run.stderr),
        "error: cannot clear [HOME]/.cache/spacectl\ncause: Permission denied (os error 13)\n"
    );
}

#[test]
fn explain_takes_a_verb_behind_any_name_of_a_resource() {
    let (inventory, cost) = (inventory(), cost());
    let configured = user(&[("inventory", &inventory.url()), ("cost_analysis", &cost.url())]);
    configured.run("config alias set rules inventory.CollectorRule").success();
    for (user, name, verb, full) in [
        (&Spacectl::new(), "plugins", "list", "repository.Plugin"),
        (&Spacectl::local(), "Plugins", "get_versions", "repository.Plugin"),
        (&configured, "rules", "get_rule", "inventory.CollectorRule"),
        (&configured, "Rule", "get_rule", "inventory.CollectorRule"),
        (&configured, "collector-rules", "list", "inventory.CollectorRule"),
    ] {
        let explained = |name: &str| user.run(&format!("explain {name}.{verb}")).success();
        assert_eq!(explained(name), explained(full), "{name}");
        let slip = user.run(&format!("explain {name}.lisst"));
        assert_eq!(slip.status, Some(2), "{slip}");
        assert!(
            slip.stderr.contains(&format!("error: {full}")) && slip.stderr.contains("did you mean list?"),
            "{slip}"
        );
    }
    // A service that is there is one, and behind an endpoint there can be any.
    let resource = Spacectl::new().run("explain repository.plugin").success();
    assert!(resource.contains("RESOURCE:   repository.Plugin"), "{resource}");
    let unknown = Spacectl::new().run(&format!("--endpoint {} explain plugins.list", inventory.url()));
    assert!(unknown.status != Some(0) && unknown.stderr.contains("plugins"), "{unknown}");
}

#[test]
fn slips_of_other_clients_and_tools_are_answered_with_what_to_type() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    let lines = [
        "exec create repository.Plugin",
        "exec repository.Plugin register -f plugin.yml",
        "exec plugin register",
        "exec repository.Plugin",
        "register repository.Plugin -f plugin.yml",
        "repository.Plugin list",
        "plugins list",
        "repository list Plugin",
        "list plugin -c plugin.yml",
        "list plugin --format json",
        "list plugin --frobnicate",
        "get plugin plugin-slack",
    ];
    assert_snapshot!(transcript(&user, &lines));
}

#[test]
fn api_resources_shows_the_names_that_can_be_typed() {
    let (inventory, cost) = (inventory(), cost());
    let user = user(&[("inventory", &inventory.url()), ("cost_analysis", &cost.url())]);
    user.run("config alias set rules inventory.collector_rules").success();
    let lines = [
        "api-resources",
        "api-resources --service Cost-Analysis -o csv",
        "api-resources --service inventory -o yaml -c name,short_names,verbs",
        "api-resources --service cost_analysis --service inventory -o quiet",
        "api-resources -c full_name -o quiet",
        "api-resources --service inventry",
        "api-resources --service zzz",
        "api-resources -c verb",
        "api-resources -c name,verbs -o quiet",
    ];
    assert_snapshot!(transcript(&user, &lines));
    let json = user.run("api-resources --service inventory -o json").quiet_success();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["results"][1],
        json!({
            "service": "inventory", "resource": "CollectorRule", "name": "inventory.CollectorRule",
            "full_name": "spaceone.api.inventory.v1.CollectorRule",
            "short_names": ["collector_rule", "cr", "rules"], "verbs": ["list", "get_rule"],
        })
    );
    for name in user.run("api-resources -o quiet").quiet_success().lines() {
        user.run(&format!("list {name}")).quiet_success();
    }
}

#[test]
fn one_endpoint_is_narrowed_to_a_service_too() {
    let server = Server::start(Api::generation2(), named);
    let run = |line: &str| Spacectl::new().run(&format!("--endpoint {} api-resources {line}", server.url()));
    let names = run("--service Repository -o quiet").quiet_success();
    assert_eq!(names, "repository.Plugin\nrepository.Repository\n");
    let unknown = run("--service repositry");
    assert_eq!(
        (unknown.status, unknown.stderr.as_str()),
        (Some(2), "error: there is no service \"repositry\"\nhint: did you mean `repository`?\n")
    );
}

#[test]
fn services_that_were_not_asked_for_are_not_asked() {
    let (inventory, cost) = (inventory(), cost());
    let user = user(&[("inventory", &inventory.url()), ("cost_analysis", &cost.url())]);
    user.run("api-resources --service inventory").quiet_success();
    assert!(inventory.requests() > 0);
    assert_eq!(cost.requests(), 0);
}

#[test]
fn services_are_asked_at_the_same_time_but_not_all_of_them() {
    let silent: Vec<TcpListener> = (0..9).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let url = |listener: &TcpListener| format!("grpc://{}", listener.local_addr().unwrap());
    let endpoints: String =
        silent.iter().enumerate().map(|(number, listener)| format!("  s{number}: {}\n", url(listener))).collect();
    let server = inventory();
    let user = Spacectl::new();
    user.file("lab.yml", &format!("endpoints:\n{endpoints}  inventory: {}\n", server.url()));
    user.run("config init -e lab -f lab.yml").success();
    let limit = Duration::from_millis(800);
    let start = Instant::now();
    let run = user.run("--timeout 800ms api-resources -o quiet");
    let took = start.elapsed();
    assert_eq!((run.status, run.stdout.lines().count()), (Some(0), 3), "{run}");
    assert_eq!(run.stderr.lines().filter(|line| line.starts_with("warning: s")).count(), 9, "{run}");
    assert!(took >= 2 * limit && took < 8 * limit, "{took:?}");
}

#[test]
fn rows_do_not_wait_for_an_endpoint_that_does_not_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = inventory();
    let place = format!("grpc://{}", silent.local_addr().unwrap());
    let user = user(&[("inventory", &server.url()), ("silent", &place)]);
    for format in ["table", "csv", "jsonl", "quiet"] {
        // Without end: it is still waited for when the rows are there.
        let mut run = Running::start(&user, &["--timeout", "0", "api-resources", "-o", format]);
        run.wait_for("CollectorRule");
        assert!(!run.has_ended(), "{format}");
    }
}

#[test]
fn a_version_is_taken_by_itself() {
    let server = identity();
    let user = user(&[("identity", &server.url()), ("other", "grpc://127.0.0.1:1")]);
    user.run("config alias set people identity.v2beta1.User").success();
    user.run("config alias set plain identity.user").success();
    for options in ["", "--no-cache "] {
        for (typed, reached) in [
            ("user", "identity.v2.User"),
            ("identity.users", "identity.v2.User"),
            ("plain", "identity.v2.User"),
            ("people", "identity.v2beta1.User"),
            ("people --api-version v2", "identity.v2.User"),
            ("policy", "identity.v1.Policy"),
            ("identity.v2.Policy", "identity.v2.Policy"),
            ("Identity.V2.policies", "identity.v2.Policy"),
            ("role", "identity.v10.Role"),
            ("role --api-version v2", "identity.v2.Role"),
            ("identity.Role --api-version plugin", "identity.plugin.Role"),
            ("identity.plugin.role", "identity.plugin.Role"),
            ("identity.AccountCollector", "identity.plugin.AccountCollector"),
            ("spaceone.api.identity.v2.Role", "identity.v2.Role"),
        ] {
            for round in 0..2 {
                let list = user.run(&format!("{options}list {typed} -c name -o quiet"));
                assert_eq!(called(list), reached, "{typed} {round}");
            }
            let run = user.run(&format!("{options}exec run {typed} -c name -o quiet")).quiet_success();
            assert_eq!(run, format!("spaceone.api.{reached}/run\n"), "{typed}");
        }
    }
    let dry = user.run("exec run user -p name=x --dry-run").success();
    assert!(dry.contains("spaceone.api.identity.v2.User/run"), "{dry}");
    let lines = [
        "list user --api-version v1",
        "list role --api-version v3",
        "list identity.v3.Role",
        "list identity.v2.Usr",
        "list spaceone.api.identity.v1.User",
        "list inventory.v2.Region",
        "list greet.v1.Greeter",
        "list identity.v2.User --api-version v1",
        "explain spaceone.api.identity.v2.User --api-version v1",
    ];
    assert_snapshot!(without_ports(&transcript(&user, &lines), &[&server]));
}

#[test]
fn plugin_commands_take_a_version_by_themselves_too() {
    let server = offering(&[("repository.v2", &["Plugin"])]);
    let user = user(&[("repository", &server.url())]);
    assert_eq!(called(user.run("plugin list -c name -o quiet")), "repository.v2.Plugin");
    assert_eq!(called(user.run("list plugin -c name -o quiet")), "repository.v2.Plugin");
}

/// Behind `--endpoint`, as an author of a plugin has it, the endpoint alone tells which service and version that is.
#[test]
fn a_plugins_own_server_is_called_without_a_version() {
    let server = offering(&[("monitoring.plugin", &["Webhook", "Event"])]);
    for typed in ["Webhook", "webhook", "monitoring.Webhook", "monitoring.plugin.Webhook"] {
        let run = Spacectl::new().run(&format!("--endpoint {} exec run {typed} -c name -o quiet", server.url()));
        assert_eq!(run.quiet_success(), "spaceone.api.monitoring.plugin.Webhook/run\n", "{typed}");
    }
    let names = Spacectl::new().run(&format!("--endpoint {} api-resources -o quiet", server.url())).quiet_success();
    assert_eq!(names, "monitoring.Event\nmonitoring.Webhook\n");
}

#[test]
fn a_name_that_is_offered_as_it_is_typed_is_taken() {
    let server = Server::start(
        Api::of_packages(&[
            &package("x", &["S"]).replace("spaceone.api.x", "a"),
            &package("x", &["S"]).replace("spaceone.api.x", "d"),
        ]),
        named,
    );
    for name in ["a.S", "d.S"] {
        let run = Spacectl::new().run(&format!("--endpoint {} list {name} -c name -o quiet", server.url()));
        assert_eq!(run.quiet_success(), format!("{name}/list\n"));
    }
}

#[test]
fn a_full_name_that_looks_like_one_with_a_version_is_one() {
    let source = package("x", &["Greeter"]).replace("spaceone.api.x", "greet.v1");
    let server = Server::start(Api::inline(&source), named);
    let run = Spacectl::new().run(&format!("--endpoint {} list greet.v1.Greeter -c name -o quiet", server.url()));
    assert_eq!(run.quiet_success(), "greet.v1.Greeter/list\n");
    let run = user(&[("repository", &server.url())]).run("list greet.v1.greeter -c name -o quiet");
    assert_eq!(run.quiet_success(), "greet.v1.Greeter/list\n");
}

#[test]
fn what_api_resources_lists_can_be_typed() {
    let (identity, secret) = (identity(), offering(&[("secret.v1", &["Secret"]), ("user_secret.v1", &["UserSecret"])]));
    let user = user(&[("identity", &identity.url()), ("secret", &secret.url()), ("shared", &identity.url())]);
    user.run("config alias set people identity.v2.User").success();
    let shown = user.run("api-resources -c service,resource,name,short_names -o csv");
    assert_snapshot!(shown);
    let names = user.run("api-resources -c name,full_name -o csv").quiet_success();
    for (name, full_name) in names.lines().skip(1).map(|line| line.split_once(',').unwrap()) {
        let reached = user.run(&format!("list {name} -c name -o quiet")).quiet_success();
        assert_eq!(reached, format!("{full_name}/list\n"), "{name}");
    }
    for typed in ["secret.UserSecret", "secret.user-secrets", "Secret.user_secret"] {
        let listed = user.run(&format!("list {typed} -c name -o quiet"));
        assert_eq!(called(listed), "user_secret.v1.UserSecret", "{typed}");
    }
    let slip = user.run("list secret.user_secret.UserSecret");
    assert!(slip.stderr.ends_with("\nhint: did you mean secret.UserSecret?\n"), "{slip}");
    user.run("template set secret.UserSecret -c kind").success();
    assert!(user.run("list secret.UserSecret").success().starts_with(" kind"), "its template counts");
    let only = user.run("api-resources --service secret -o quiet").quiet_success();
    assert_eq!(only, "secret.Secret\nsecret.UserSecret\n");
}

#[test]
fn a_name_without_its_service_is_answered_with_those_that_have_it() {
    let (identity, dashboard) = (identity(), offering(&[("dashboard.v1", &["Job"])]));
    let user = user(&[("identity", &identity.url()), ("dashboard", &dashboard.url()), ("dead", "grpc://127.0.0.1:1")]);
    let lines = [
        "list schema",
        "exec run jobs",
        "explain Job",
        "explain schemas.list",
        "list --no-cache schema",
        "list widget",
    ];
    assert_snapshot!(transcript(&user, &lines));
    // What was told once is remembered.
    let asked = (identity.requests(), dashboard.requests());
    assert_eq!(user.run("exec run job").status, Some(2));
    assert_eq!((identity.requests(), dashboard.requests()), asked);
}

/// Accepts connections and never says a word.
#[test]
fn one_silent_endpoint_does_not_keep_the_others_rows() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (inventory, place) = (inventory(), format!("grpc://{}", silent.local_addr().unwrap()));
    let user = user(&[("silent", &place), ("inventory", &inventory.url())]);
    let run = user.run("api-resources -o quiet");
    assert_eq!((run.status, run.stdout.lines().count()), (Some(0), 3), "{run}");
    assert_eq!(
        run.stderr,
        format!("warning: silent: cannot ask {place} what it offers: DEADLINE_EXCEEDED: no answer within 3s\n")
    );
}

#[test]
fn an_environment_without_endpoints_offers_nothing() {
    let run = user(&[]).run("api-resources");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), "NO DATA\n"));
    assert!(run.stderr.starts_with("note: there are no endpoints: "), "{run}");
}

/// A name in another package than the platform's says nothing of who has it: the only service there is, or one that is
/// named.
#[test]
fn a_full_name_of_another_package_is_asked_of_the_only_service() {
    let user = Spacectl::local();
    assert!(user.run("exec Check grpc.health.v1.Health").success().contains("SERVING"));
    user.run("config init -e two --service a=grpc://127.0.0.1:1 --service b=grpc://127.0.0.1:2").success();
    let run = user.run("-e two exec Check grpc.health.v1.Health");
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.stderr.contains("it is SERVICE.Health: repository.Health"), "{run}");
}
