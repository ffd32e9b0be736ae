//! Completion, as a shell's script asks for it.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Authority, Call, Reflection, Run, Server, Spacectl};

/// Asks as fish does: the line up to the cursor, at its end.
fn complete(user: &Spacectl, line: &str) -> Run {
    ask(user, "fish", &format!("-- {line}"))
}

fn ask(user: &Spacectl, shell: &str, line: &str) -> Run {
    user.run_changed(line, |command| {
        // A machine that is busy with other tests may be slow.
        command.env("COMPLETE", shell).env("SPACECTL_COMPLETION_TIMEOUT", "60s");
    })
}

/// What is offered, without the help texts.
#[track_caller]
fn words(user: &Spacectl, line: &str) -> Vec<String> {
    let answer = complete(user, line).quiet_success();
    let mut lines = answer.lines();
    assert!(matches!(lines.next(), Some("words" | "open")), "{answer}");
    lines.map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn user_with_plugins() -> Spacectl {
    let user = Spacectl::local();
    user.example("plugin_grafana_webhook.yml").example("plugin_aws_sns_webhook.yml");
    user.run("exec register repository.Plugin -f plugin_grafana_webhook.yml -f plugin_aws_sns_webhook.yml").success();
    user
}

#[test]
fn each_shell_has_its_script() {
    let user = Spacectl::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = user.run(&format!("completion {shell}")).quiet_success();
        assert_eq!(ask(&user, shell, "").quiet_success(), script, "{shell}");
        assert!(script.contains(&format!("spacectl completion {shell}")) && script.contains("COMPLETE"), "{shell}");
    }
    assert_snapshot!(user.run("completion bash"));
    let help = user.run("completion --help").quiet_success();
    assert_snapshot!(help.split_once("Examples:").unwrap().1);
    assert_snapshot!(user.run("completion tcsh"));
}

#[test]
fn what_is_done_to_plugins_is_offered_those_that_there_are() {
    let user = user_with_plugins();
    let (aws, grafana) = ("plugin-aws-sns-monitoring-webhook", "plugin-grafana-monitoring-webhook");
    for verb in ["get", "versions", "enable", "disable", "deregister"] {
        assert_eq!(words(&user, &format!("spacectl plugin {verb} plugin-")), [aws, grafana], "{verb}");
    }
    assert_eq!(words(&user, &format!("spacectl plugin disable {aws} plugin-")), [grafana]);
    assert_eq!(words(&user, "spacectl plugin get nope"), [""; 0]);
    assert_eq!(words(&user, "spacectl plugin list -c plugin_id,na"), ["plugin_id,name"]);
    for verb in ["list", "export"] {
        assert_eq!(words(&user, &format!("spacectl plugin {verb} --filter nam")), ["name=", "name~"], "{verb}");
    }
    assert_eq!(words(&user, "spacectl plugin get plugin-x -o sp"), ["spec"]);
    assert_eq!(words(&user, "spacectl plugin list -s -na"), ["-name"]);
    assert_eq!(words(&user, "spacectl plugin list --filter plugin_id=plugin-gr"), [format!("plugin_id={grafana}")]);
    assert_eq!(words(&user, "spacectl plugin list -p registry_type=HA"), ["registry_type=HARBOR"]);
}

#[test]
fn a_manifest_offers_its_variables() {
    let user = Spacectl::local();
    user.file("other.yml", "var: {region: eu, domain: {kind: x}}");
    user.file(
        "m.yml",
        "import: [other.yml]\nvar: {domain: {name: acme}, list: [1]}\ntasks: [{uses: '@modules/print', spec: {data: \
         '${{ var.root.password }} ${{ var.domain.name }} ${{ var.list[0] }}'}}]\n",
    );
    assert_eq!(words(&user, "spacectl apply m.yml ''"), ["root.password=", "domain.name=", "list=", "region="]);
    assert_eq!(words(&user, "spacectl apply m.yml --var dom"), ["domain.name="]);
    assert_eq!(words(&user, "spacectl apply m.yml list=[] --var region=x d"), ["domain.name="]);
    assert_eq!(words(&user, "spacectl apply -f m.yml --var list=[] --var r"), ["root.password=", "region="]);
    assert_eq!(words(&user, "spacectl apply missing.yml d"), [""; 0]);
    assert_eq!(words(&user, "spacectl apply m.yml domain.name=a"), [""; 0]);
    // The shell completes files.
    for line in ["spacectl apply ''", "spacectl apply m.yml --resume ''", "spacectl apply m.yml root.password=@"] {
        assert!(complete(&user, line).quiet_success().starts_with("files"), "{line}");
    }
}

#[test]
fn rules_and_resource_types_of_plugins_are_offered() {
    let user = Spacectl::new();
    for (line, expected) in [
        ("plugin lint --explain duplicate-k", &["duplicate-key"][..]),
        ("plugin test --explain event-key-s", &["event-key-stable", "event-key-shared"]),
        ("plugin test --allow died", &["died"]),
        ("plugin test -r inventory.", &["inventory.Collector"]),
        ("plugin init plugin-x -r power", &["power_scheduler.Controller"]),
        ("plugin test -r power", &[]),
    ] {
        assert_eq!(words(&user, &format!("spacectl {line}")), expected, "{line}");
    }
}

#[test]
fn words_come_with_their_help() {
    let user = user_with_plugins();
    let lines = [
        "spacectl li",
        "spacectl list ''",
        "spacectl exec ''",
        "spacectl exec register ''",
        "spacectl exec '' repository.Plugin",
        "spacectl list repository.Plugin -c plugin_id,na",
        "spacectl list repository.Plugin -c plugin_id,repository_info.",
        "spacectl list repository.Plugin -c 'plugin_id|ID' -s -",
        "spacectl list repository.Plugin -c 'plugin_id|ID' -s I",
        "spacectl get repository.Plugin -p plugin_id=",
        "spacectl exec register repository.Plugin -p name=x -p ''",
        "spacectl exec register repository.Plugin -p registry_type=A",
        "spacectl list repository.Plugin -o ''",
        "spacectl config environment -s ''",
        "spacectl config use ''",
        "spacectl config set x_",
        "spacectl completion ''",
        "spacectl completion install ''",
        "spacectl list repository.Plugin -f ''",
        "spacectl exec register repository.Plugin -p docs=@do",
        "spacectl completion z",
    ];
    let shown: Vec<String> =
        lines.iter().map(|line| format!("$ {line}\n{}\n", complete(&user, line).quiet_success())).collect();
    assert_snapshot!(shown.concat());
}

#[test]
fn an_alias_is_offered_where_what_it_stands_for_fits() {
    let user = user_with_plugins();
    let words = |line: &str| words(&user, &format!("spacectl -e local {line}"));
    assert_eq!(words("exec register rep"), ["repository.Plugin"]);
    assert_eq!(words("exec register plu"), ["plugin"]);
    assert_eq!(words("list rep"), ["repo", "repository", "repository.Plugin", "repository.Repository"]);
}

#[test]
fn shells_are_answered_in_their_own_form() {
    let user = user_with_plugins();
    let questions = [
        ("bash", "-- 'plugin-aws' 'spacectl get repository.Plugin -p plugin_id=plugin-aws' ''"),
        ("bash", "-- '' 'spacectl list repository.Plugin -p name=' ' -o json'"),
        ("bash", "-- 'A' 'A=b spacectl list repository.Plugin -p name=A' ''"),
        ("zsh", "4 -- spacectl list repository.Plugin -c plugin_id,na -o json"),
        ("zsh", "4 -- spacectl get repository.Plugin -p plugin_id=plugin-g"),
        ("zsh", "1 -- spacectl --environment=lo"),
        ("elvish", "2 -- spacectl list repository.Pl"),
        ("elvish", "4 -- spacectl list repository.Plugin -f ''"),
        ("powershell", "4 -- spacectl list repository.Plugin -f"),
        ("powershell", "5 -- spacectl exec register repository.Plugin -p docs=@plugin_g"),
    ];
    let shown = questions.map(|(shell, line)| format!("{shell} {line}\n{}\n", ask(&user, shell, line).quiet_success()));
    assert_snapshot!(shown.concat());
}

#[test]
fn what_is_on_the_line_counts() {
    let user = Spacectl::new();
    let server = Server::start(Api::inline(SHOP), shop);
    let endpoint = server.url();
    for line in
        [format!("spacectl --endpoint {endpoint} list shop.It"), format!("spacectl list shop.it --endpoint={endpoint}")]
    {
        let index = line.split(' ').position(|word| word.starts_with("shop")).unwrap();
        let answer = ask(&user, "fish", &format!("{index} -- {line}")).quiet_success();
        assert_eq!(answer, "words\nshop.Item\tlist, sell\n", "{line}");
    }
    // The environment by variable, by flag and by nothing.
    assert_eq!(words(&Spacectl::local(), "spacectl list repository.P"), ["repository.Plugin"]);
    assert_eq!(words(&user, "spacectl -e local list repository.P"), ["repository.Plugin"]);
    assert_eq!(words(&user, "spacectl list repository.P"), ["repository.Plugin"]);
    assert_eq!(words(&user, "spacectl -e gone list repository.P"), [""; 0]);
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn what_is_explained_is_completed() {
    let user = Spacectl::local();
    let explain = |word: &str| words(&user, &format!("spacectl explain {word}"));
    assert_eq!(explain("''"), ["repository.ServerInfo", "repository.Plugin", "repository.Repository"]);
    // What stands alone can be the end, or go on.
    assert_eq!(explain("repository.Pl"), ["repository.Plugin", "repository.Plugin."]);
    assert_eq!(explain("plug"), ["plugin", "plugin."]);
    assert_eq!(explain("repository.Plugin.reg"), ["repository.Plugin.register", "repository.Plugin.register."]);
    assert_eq!(explain("repository.Plugin.get"), ["repository.Plugin.get_versions", "repository.Plugin.get"]);
    assert_eq!(explain("plugin.reg"), ["plugin.register", "plugin.register."]);
    assert!(explain("plugin.").contains(&"plugin.list".to_owned()));
    assert_eq!(explain("repository.plugins.reg"), ["repository.plugins.register", "repository.plugins.register."]);
    assert_eq!(explain("spaceone.api.repository.v1.Plugin.reg")[0], "spaceone.api.repository.v1.Plugin.register");
    assert_eq!(explain("repository.Plugin.register.na"), ["repository.Plugin.register.name"]);
    assert_eq!(explain("plugin.list.que"), ["plugin.list.query", "plugin.list.query."]);
    assert_eq!(explain("plugin.list.query.pa"), ["plugin.list.query.page", "plugin.list.query.page."]);
    assert_eq!(explain("plugin.list.query.page.li"), ["plugin.list.query.page.limit"]);
    // `repository` is a service, and an alias.
    assert_eq!(explain("repository.li"), ["repository.list", "repository.list."]);
    for nothing in ["repository.Nope.", "nope.", "repository.Plugin.nope.", "plugin.register.name.", "..", "."] {
        assert_eq!(explain(nothing), [""; 0], "{nothing}");
    }
    // All of it can be explained.
    for word in
        ["repository.Plugin.register.name", "plugin.list.query.page.limit", "repository.list", "plugin.register"]
    {
        user.run(&format!("explain {word}")).quiet_success();
    }
    let server = Server::start(Api::inline(SHOP), shop);
    let customer = customer(&server.url());
    assert_eq!(words(&customer, "spacectl explain sho"), ["shop."]);
    assert_eq!(words(&customer, "spacectl explain shop.Item."), ["shop.Item.list", "shop.Item.sell"]);
    assert_eq!(words(&customer, "spacectl explain shop.Item.sell."), ["shop.Item.sell.item_id", "shop.Item.sell.note"]);
}

#[test]
fn forgiven_names_are_completed_further() {
    let user = user_with_plugins();
    for resource in ["plugin", "plugins", "repository.plugins", "repositories.Plug-In", "PLUGIN"] {
        assert_eq!(words(&user, &format!("spacectl list {resource} -c na")), ["name"], "{resource}");
        let line = format!("spacectl exec get {resource} -p plugin_id=plugin-gr");
        assert_eq!(words(&user, &line), ["plugin_id=plugin-grafana-monitoring-webhook"], "{resource}");
        user.run(&format!("list {resource} -c name")).quiet_success();
    }
    assert_eq!(words(&user, "spacectl exec Register plugins -p na"), ["name="]);
    assert_eq!(words(&user, "spacectl list nothings -c na"), [""; 0]);
    // A service is forgiven where there are several, too.
    let server = Server::start(Api::inline(SHOP), shop);
    assert_eq!(words(&customer(&server.url()), "spacectl list Shops.items -c na"), ["name"]);
    assert_eq!(words(&user, &format!("spacectl --endpoint {} list items -c na", server.url())), ["name"]);
}

#[test]
fn templates_keys_and_aliases_that_there_are() {
    let user = Spacectl::local();
    assert_eq!(words(&user, "spacectl template set plugin -c plugin_id,na"), ["plugin_id,name"]);
    assert_eq!(words(&user, "spacectl template set plugin -c 'repository_info.na'"), ["repository_info.name"]);
    assert_eq!(words(&user, "spacectl template remove ''"), [""; 0]);
    assert!(words(&user, "spacectl template show ''").contains(&"repository.Schema".to_owned()));
    for resource in ["repository.Plugin", "shop.Item"] {
        user.run(&format!("template set {resource} -c name")).success();
    }
    assert_eq!(words(&user, "spacectl template remove ''"), ["repository.Plugin", "shop.Item"]);
    assert_eq!(words(&user, "spacectl template remove plu"), ["plugin"]);
    assert_eq!(words(&user, "spacectl template show shop"), ["shop.Item"]);

    let columns = words(&user, "spacectl api-resources -c ''");
    assert_eq!(columns, ["service", "resource", "name", "full_name", "short_names", "verbs"]);
    user.run(&format!("api-resources -c {}", columns.join(","))).success();
    assert_eq!(words(&user, "spacectl api-resources -c 'name|N,full_name,ver'"), ["name|N,full_name,verbs"]);
    assert_eq!(words(&user, "spacectl api-resources -c name,na"), [""; 0]);

    assert_eq!(words(&user, "spacectl config alias remove ''"), [""; 0]);
    user.run("config alias set mine repository.Plugin").success();
    assert_eq!(complete(&user, "spacectl config alias remove ''").quiet_success(), "words\nmine\trepository.Plugin\n");
    let server = Server::start(Api::inline(SHOP), shop);
    let customer = customer(&server.url());
    let set = ["api_key", "endpoints", "endpoints.shop", "endpoints.identity", "endpoints.old"];
    assert_eq!(words(&customer, "spacectl config get ''"), set);
}

#[test]
fn filters_by_whole_values_have_them_behind_every_operator() {
    let user = user_with_plugins();
    // fish hands over the word as it stands on the line.
    let of = |filter: &str| words(&user, &format!("spacectl list plugin --filter '{}'", filter.replace(' ', "\\ ")));
    let grafana = "plugin-grafana-monitoring-webhook";
    for before in
        ["plugin_id=", "plugin_id!=", "plugin_id = ", "plugin_id in ", "plugin_id not in ", "plugin_id in a, "]
    {
        assert_eq!(of(&format!("{before}plugin-gr")), [format!("{before}{grafana}")], "{before}");
    }
    assert_eq!(of("registry_type!=HA"), ["registry_type!=HARBOR"]);
    assert_eq!(of("registry_type in HARBOR,DO"), ["registry_type in HARBOR,DOCKER_HUB"]);
    assert_eq!(of("registry_type in HARBOR,HA"), [""; 0]);
    for nothing in ["plugin_id~plugin", "plugin_id!~plugin", "plugin_id>plugin", "plugin_id inplugin", "plugin_id ?"] {
        assert_eq!(of(nothing), [""; 0], "{nothing}");
    }
    user.run(&format!("list plugin --filter 'plugin_id in {grafana}' -c name")).quiet_success();
}

#[test]
fn the_options_for_tls_count() {
    let server = Server::with_tls(Api::inline(SHOP), &["elsewhere.example"], shop);
    let user = Spacectl::new();
    user.file("ca.pem", server.authority()).file("../ca.pem", server.authority()).file("none.pem", "");
    let at = |line: &str| words(&user, &format!("spacectl --endpoint {} {line}", server.url()));
    let (ca, name) = ("--ca ca.pem", "--tls-server-name elsewhere.example");
    for line in [ca, name, &format!("{ca} --tls-server-name nowhere.example"), &format!("--ca none.pem {name}")] {
        assert_eq!(at(&format!("{line} list shop.")), [""; 0], "{line}");
    }
    // A key without its certificate is refused by every command.
    assert_eq!(at(&format!("{ca} {name} --key ca.pem list shop.")), [""; 0]);
    assert_eq!(at(&format!("--ca '~/ca.pem' {name} list shop.")), ["shop.Item"]);
    assert_eq!(at(&format!("{ca} {name} list shop.")), ["shop.Item"]);
    // Whoever types --ca expects TLS: nothing goes to a service in plaintext, the key of an environment least of all.
    let plain = Server::start(Api::inline(SHOP), shop);
    let user = customer(&plain.url());
    assert_eq!(words(&user, "spacectl --ca ca.pem list shop."), [""; 0]);
    assert_eq!(words(&user, "spacectl --ca ca.pem exec sell shop.Item -p item_id="), [""; 0]);
    assert_eq!(plain.requests(), 0);
}

#[test]
fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let clients = Some(authority.certificate());
    let server = Server::with_identity(Api::inline(SHOP), authority.issue(&["127.0.0.1"]), clients, shop);
    let user = Spacectl::new();
    let client = authority.issue(&["somebody"]);
    user.file("ca.pem", &authority.certificate()).file("cert.pem", &client.certificate).file("key.pem", &client.key);
    let item = format!("spacectl --endpoint {} --ca ca.pem CERT exec sell shop.Item -p item_id=item-a", server.url());
    assert_eq!(words(&user, &item.replace("CERT", "")), [""; 0]);
    for asked in 1..3 {
        assert_eq!(words(&user, &item.replace("CERT", "--cert cert.pem --key key.pem")), ["item_id=item-a"]);
        // What is answered to its owner is not kept.
        assert_eq!(server.calls().len(), asked);
    }
}

const SHOP: &str = r#"
    syntax = "proto3";
    package spaceone.api.shop.v1;
    service Item { rpc list(ItemQuery) returns (ItemsInfo); rpc sell(Sale) returns (ItemInfo); }
    service Till { rpc open(Sale) returns (ItemInfo); }
    enum Colour { NO_COLOUR = 0; RED = 1; }
    message Page { uint32 limit = 2; }
    message Query { Page page = 3; repeated string only = 5; }
    message ItemQuery { Query query = 1; string item_id = 2; Colour colour = 3; bool sold = 4; }
    message Sale { string item_id = 1; string note = 2; }
    message ItemInfo { string item_id = 1; string name = 2; Colour colour = 3; string secret = 4; }
    message ItemsInfo { repeated ItemInfo results = 1; int32 total_count = 2; }
"#;

fn shop(call: &Call) -> Vec<Result<Value, tonic::Status>> {
    let item = |id: &str, name: &str| json!({"item_id": id, "name": name, "colour": "RED"});
    let items = [item("item-b", "Bread"), item("item-a", "Äpfel\u{1b}[2J"), item("item-b", "Brot")];
    match call.metadata.get("token").map(String::as_str) {
        Some("broken") => vec![Err(tonic::Status::internal("broken"))],
        _ => vec![Ok(json!({"results": items, "total_count": 3}))],
    }
}

/// A user whose environment `shop` has three services.
fn customer(url: &str) -> Spacectl {
    let user = Spacectl::new();
    let folder = "../.spaceone/environments";
    user.file(
        &format!("{folder}/shop.yml"),
        &format!("api_key: hunter2\nendpoints:\n  shop: {url}\n  identity: grpc://127.0.0.1:1\n  old: 'https://u:hunter2@x'\n"),
    );
    user.file(&format!("{folder}/other.yml"), "endpoints:\n  cost_analysis: grpc+ssl://other.example.com\n");
    user.file("../.spaceone/environment.yml", "environment: shop\n");
    for name in ["shop", "other"] {
        let path = user.path(&format!("{folder}/{name}.yml"));
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    user
}

#[test]
fn a_configured_environment_is_known() {
    let server = Server::start(Api::inline(SHOP), shop);
    let user = customer(&server.url());
    assert_eq!(words(&user, "spacectl -e ''"), ["local", "other", "shop"]);
    assert_eq!(words(&user, "spacectl list ''"), ["shop.", "identity.", "old."]);
    assert_eq!(words(&user, "spacectl list shop."), ["shop.Item"]);
    assert_eq!(words(&user, "spacectl exec open ''"), ["shop.", "identity.", "old."]);
    assert_eq!(words(&user, "spacectl exec open shop."), ["shop.Till"]);
    assert_eq!(words(&user, "spacectl list shop.Item -p colour="), ["colour=NO_COLOUR", "colour=RED"]);
    assert_eq!(words(&user, "spacectl list shop.Item -p s"), ["sold="]);
    assert_eq!(words(&user, "spacectl list shop.Item -p sold=t"), ["sold=true"]);
    let keys = words(&user, "spacectl config set ''");
    for key in ["api_key", "x_domain_id", "endpoints.identity"] {
        assert!(keys.contains(&key.to_owned()), "{key}");
    }
    assert_eq!(words(&user, "spacectl config endpoint remove ''"), ["shop", "identity", "old"]);
    assert_eq!(words(&user, "spacectl config endpoint add ''"), ["cost_analysis"]);
    assert_eq!(
        words(&user, "spacectl config remove ''"),
        ["api_key", "endpoints", "endpoints.shop", "endpoints.identity", "endpoints.old"]
    );
    let urls = words(&user, "spacectl --endpoint grpc");
    assert_eq!(urls, ["grpc+ssl://other.example.com:443", &server.url(), "grpc://127.0.0.1:1"]);
    assert_eq!(server.calls().len(), 0);
}

const IDENTITY: [&str; 3] = [
    r#"syntax = "proto3"; package spaceone.api.identity.v2; message Q { string user_id = 1; } message U { string user_id = 1; }
       message Us { repeated U results = 1; }
       service User { rpc list(Q) returns (Us); rpc enable(Q) returns (U); } service Role { rpc list(Q) returns (Us); }"#,
    r#"syntax = "proto3"; package spaceone.api.identity.v1; message Q { string role_id = 1; } message Rs { repeated Q results = 1; }
       service Role { rpc list(Q) returns (Rs); }"#,
    r#"syntax = "proto3"; package spaceone.api.user_secret.v1; message Q { string secret_id = 1; }
       message Qs { repeated Q results = 1; } service UserSecret { rpc list(Q) returns (Qs); }"#,
];

#[test]
fn a_version_is_taken_by_itself() {
    let answer = |_: &Call| vec![Ok(json!({"results": [{"user_id": "ann"}]}))];
    let server = Server::start(Api::of_packages(&IDENTITY), answer);
    let user = Spacectl::new();
    user.run(&format!("config init -e lab --service identity={} --service dead=grpc://127.0.0.1:1", server.url()))
        .success();
    for (line, expected) in [
        ("list identity.", &["identity.User", "identity.v2.Role", "identity.Role", "identity.UserSecret"][..]),
        ("list identity.v2.", &["identity.v2.Role", "identity.v2.User"]),
        ("list --api-version v2 identity.R", &["identity.Role"]),
        ("list identity.UserS", &["identity.UserSecret"]),
        ("exec en", &["enable"]),
        ("exec enable identity.v2.", &["identity.v2.User"]),
        ("list user -c u", &["user_id"]),
        ("list role -c r", &["role_id"]),
        ("list identity.v2.role -c u", &["user_id"]),
        ("list --api-version v2 role -p u", &["user_id="]),
        ("list identity.UserSecret -p s", &["secret_id="]),
        ("get user --filter user_id=", &[]),
        ("list user -p user_id=", &["user_id=ann"]),
        ("explain identity.v2.User.l", &["identity.v2.User.list", "identity.v2.User.list."]),
        ("explain identity.v2.User.list.u", &["identity.v2.User.list.user_id"]),
        ("explain identity.v2.U", &["identity.v2.User", "identity.v2.User."]),
        ("explain user.list.", &["user.list.user_id"]),
    ] {
        let mut offered = words(&user, &format!("spacectl {line}"));
        let mut expected = expected.to_vec();
        offered.sort();
        expected.sort_unstable();
        assert_eq!(offered, expected, "{line}");
    }
}

#[test]
fn values_are_those_that_rows_have() {
    let server = Server::start(Api::inline(SHOP), shop);
    let user = customer(&server.url());
    let answer = complete(&user, "spacectl exec sell shop.Item -p item_id=").quiet_success();
    // One of two rows does not name both; and what a terminal would obey is not sent to it.
    assert_eq!(answer, "words\nitem_id=item-a\tÄpfel\nitem_id=item-b\t\n");
    let calls = server.calls();
    assert_eq!((calls.len(), calls[0].method.as_str()), (1, "list"));
    assert_eq!(calls[0].request, json!({"query": {"page": {"limit": 1000}, "only": ["item_id", "name"]}}));
    assert_eq!(calls[0].metadata["token"], "hunter2");
    // What rows do not have, they are not asked for.
    assert_eq!(words(&user, "spacectl exec sell shop.Item -p note="), [""; 0]);
    assert_eq!(server.calls().len(), 1);
    // Whoever is nobody in particular is answered from memory, if asked again at once.
    let item = format!("spacectl --endpoint {} exec sell shop.Item -p item_id=", server.url());
    for _ in 0..2 {
        assert_eq!(complete(&user, &item).quiet_success(), answer);
        assert_eq!(server.calls().len(), 2);
    }
    assert!(!server.calls()[1].metadata.contains_key("token"));
}

/// What is in the user's cache, all of it.
fn remembered(user: &Spacectl) -> String {
    let folder = user.home().join(".cache/spacectl/completion");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned()).collect()
}

#[test]
fn what_was_answered_to_somebody_is_neither_kept_nor_shown_to_anybody_else() {
    let server = Server::start(Api::inline(SHOP), shop);
    let user = customer(&server.url());
    const ITEM: &str = "spacectl exec sell shop.Item -p item_id=item-a";
    for asked in 1..3 {
        assert_eq!(words(&user, ITEM), ["item_id=item-a"]);
        assert_eq!(server.calls().len(), asked);
    }
    assert!(!remembered(&user).contains("item-a"));
    // The same environment, at the same place, with another key: the service refuses it.
    let path = "../.spaceone/environments/shop.yml";
    let text = std::fs::read_to_string(user.path(path)).unwrap();
    user.file(path, &text.replace("api_key: hunter2", "api_key: broken"));
    assert_eq!(words(&user, ITEM), [""; 0]);
    assert_eq!(server.calls().last().unwrap().metadata["token"], "broken");
    // Nor is it remembered of a key that stands in no environment.
    user.file(path, &text);
    let stranger = user.variable("SPACECTL_API_KEY", "broken");
    assert_eq!(words(&stranger, ITEM), [""; 0]);
    assert_eq!(server.calls().len(), 4);
}

#[test]
fn secrets_are_neither_asked_for_nor_shown_nor_kept() {
    const DOOR: &str = r#"
        syntax = "proto3";
        package spaceone.api.shop.v1;
        service Door { rpc list(DoorQuery) returns (DoorsInfo); rpc open(DoorInfo) returns (DoorInfo); }
        message DoorQuery { string door_id = 1; }
        message DoorInfo { string door_id = 1; string webhook_url = 2; string access_token = 3; string site = 4; }
        message DoorsInfo { repeated DoorInfo results = 1; }
    "#;
    let door = |id: &str, site: &str| json!({"door_id": id, "webhook_url": "https://h/HUNTER2", "access_token": "HUNTER2", "site": site});
    let doors = json!({"results": [door("a", "https://u:HUNTER2@h"), door("b", "https://h"), door("c", SECRET_KEY)]});
    let server = Server::start(Api::inline(DOOR), move |_| vec![Ok(doors.clone())]);
    let user = Spacectl::new();
    let at = |line: &str| words(&user, &format!("spacectl --endpoint {} {line}", server.url()));
    for secret in ["webhook_url", "access_token"] {
        for option in ["--filter", "--filter-any"] {
            for operator in ["=", "!=", r"\ in\ "] {
                assert_eq!(at(&format!("list shop.Door {option} '{secret}{operator}'")), [""; 0]);
            }
        }
        assert_eq!(at(&format!("exec open shop.Door -p {secret}=")), [""; 0]);
        // The field itself is no secret.
        assert_eq!(at(&format!("exec open shop.Door -p {secret}")), [format!("{secret}=")]);
    }
    assert_eq!(server.calls().len(), 0);
    // A secret in a field with a harmless name.
    assert_eq!(at("list shop.Door --filter site="), ["site=https://h"]);
    assert_eq!(server.calls().len(), 1);
    assert_eq!(at("exec open shop.Door -p door_id="), ["door_id=a", "door_id=b", "door_id=c"]);
    assert!(!remembered(&user).contains("HUNTER2"));
}

const SECRET_KEY: &str = "-----BEGIN PRIVATE KEY-----\nHUNTER2\n-----END PRIVATE KEY-----";

#[test]
fn what_a_service_offered_is_remembered_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(Api::inline(SHOP), shop);
    let user = customer(&server.url());
    let cache = user.home().join(".cache/spacectl/completion");
    assert!(!cache.exists());
    let item = format!("spacectl --endpoint {} exec sell shop.Item -p item_id=item-a", server.url());
    assert_eq!(words(&user, "spacectl exec sell shop."), ["shop.Item"]);
    assert_eq!(words(&user, &item), ["item_id=item-a"]);
    let files: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for file in &files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"hunter2"), "a secret is in the cache");
    }
    drop(server);
    // The service has gone; what it said has not.
    assert_eq!(words(&user, "spacectl exec sell shop."), ["shop.Item"]);
    assert_eq!(words(&user, &item), ["item_id=item-a"]);
    for file in &files {
        std::fs::write(file, "broken").unwrap();
    }
    assert_eq!(words(&user, "spacectl exec sell shop."), [""; 0]);
}

#[test]
fn what_does_not_answer_offers_nothing_and_says_nothing() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("grpc://{}", silent.local_addr().unwrap());
    let unreflected = Server::with_reflection(Api::inline(SHOP), Reflection::None, shop);
    let user = Spacectl::new();
    let words = |line: &str| {
        // As it is without a word about how long to wait.
        let answer = user.run_changed(&format!("-- {line}"), |command| {
            command.env("COMPLETE", "fish");
        });
        let answer = answer.quiet_success();
        answer.lines().skip(1).map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for url in
        [&silent, &unreflected.url(), "grpc://127.0.0.1:1", "grpc+ssl://127.0.0.1:1", "nonsense", "https://u:p@h"]
    {
        for line in
            ["list shop.", "exec ''", "exec x shop.Item -p ''", "list shop.Item -s ''", "get shop.Item -p item_id="]
        {
            assert_eq!(words(&format!("spacectl --endpoint {url} {line}")), [""; 0], "{url} {line}");
        }
        // What needs no service is there.
        assert_eq!(words(&format!("spacectl --endpoint {url} list shop.Item -o js")), ["json", "jsonl"]);
    }
}

#[test]
fn a_broken_configuration_is_no_noise() {
    let user = Spacectl::new();
    user.file("../.spaceone/environment.yml", "[").file("../.spaceone/environments/dev.yml", "\0");
    assert_eq!(words(&user, "spacectl list ''"), [""; 0]);
    assert_eq!(words(&user, "spacectl -e ''"), ["local", "dev"]);
    assert_eq!(words(&user, "spacectl -e local list repository.Pl"), ["repository.Plugin"]);
    assert_eq!(words(&user, "spacectl config set a"), ["api_key", "api_key_file", "api_key_command"]);
    let homeless = |line: &str| {
        let homeless = |command: &mut std::process::Command| {
            command.env("COMPLETE", "fish").env_remove("HOME");
        };
        user.run_changed(line, homeless).quiet_success()
    };
    assert_eq!(homeless("-- spacectl list repository.Pl").lines().count(), 2);
}

#[test]
fn nothing_is_written_and_nobody_is_called_unless_a_shell_asks() {
    let server = Server::start(Api::inline(SHOP), shop);
    let user = customer(&server.url());
    let cache = user.home().join(".cache/spacectl/completion");
    for shell in ["", "0", "tcsh", "fish"] {
        let run = ask(&user, shell, "list shop.Item -c item_id -o quiet");
        assert_eq!(run.quiet_success(), "item-b\nitem-a\nitem-b\n", "{shell}");
    }
    assert!(!cache.exists());
    let calls = server.calls().len();
    for line in ["spacectl li", "spacectl -e ''", "spacectl list shop.Item -o ''", "spacectl config set ''"] {
        complete(&user, line).quiet_success();
    }
    assert!(!cache.exists());
    assert_eq!(server.calls().len(), calls);
    // And the environment local is not made by being completed.
    complete(&user, "spacectl -e local get repository.Plugin -p plugin_id=").quiet_success();
    assert!(!user.home().join(".local").exists());
}

#[test]
fn a_line_that_makes_no_sense_is_no_error() {
    let user = Spacectl::local();
    for line in
        ["spacectl", "spacectl nope ''", "spacectl --nope ''", "spacectl list a b c d ''", "spacectl -- ''", "'' ''"]
    {
        let run = complete(&user, line);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{line}: {run}");
    }
}

/// A shell's file, in the home of the user.
const STARTUP_FILES: [(&str, &str); 5] = [
    ("bash", ".bashrc"),
    ("zsh", ".zshrc"),
    ("fish", ".config/fish/completions/spacectl.fish"),
    ("elvish", ".config/elvish/rc.elv"),
    ("powershell", ".config/powershell/Microsoft.PowerShell_profile.ps1"),
];

/// A user who finds spacectl in PATH.
fn user_with_path() -> Spacectl {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_spacectl")).parent().unwrap();
    Spacectl::new().variable("PATH", folder.to_str().unwrap())
}

/// What an installation says, which is all that it says.
#[track_caller]
fn said(user: &Spacectl, line: &str) -> String {
    let run = user.run(line);
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{run}");
    run.stderr
}

#[test]
fn the_endpoint_of_the_variable_is_asked_whatever_environment_is_named() {
    let package =
        r#"syntax = "proto3"; package spaceone.api.lab.v1; message A {} service Echo { rpc shout(A) returns (A); }"#;
    let server = Server::start(Api::inline(package), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new().variable("SPACECTL_ENDPOINT", &server.url());
    assert_eq!(words(&user, "spacectl exec sh"), ["shout"]);
    assert_eq!(words(&user, "spacectl -e local exec sh"), ["shout"]);
    assert_eq!(words(&Spacectl::local(), "spacectl exec sh"), [""; 0]);
}

#[test]
fn completion_is_installed_once_and_removed_to_the_byte() {
    let user = user_with_path();
    let mut installed = String::new();
    for (shell, name) in STARTUP_FILES {
        let path = user.home().join(name);
        let read = || std::fs::read(&path).ok();
        for before in
            [None, Some(&b""[..]), Some(b"# caf\xe9\nalias a=b"), Some(b"a\n\n"), Some("# 한글\r\n".as_bytes())]
        {
            match before {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => assert!(!path.exists()),
            }
            let line = before.map_or(1, |text| 1 + text.split_inclusive(|byte| *byte == b'\n').count());
            let place = format!("[HOME]/{name}:{line}");
            let install = format!("completion install {shell}");
            assert_eq!(
                said(&user, &install),
                format!("{shell} completion is installed in {place}; new shells load it\n")
            );
            let text = read().unwrap();
            if before.is_none() {
                installed += &format!("==> {name}\n{}", String::from_utf8_lossy(&text));
            }
            assert!(text.starts_with(before.unwrap_or_default()));
            assert_eq!(said(&user, &install), format!("{shell} completion is already installed in {place}\n"));
            assert_eq!(read().unwrap(), text);

            // A block of another version.
            let old = String::from_utf8_lossy(&text)
                .replace(&format!("spacectl completion {shell}"), "spacectl old")
                .replace('\u{fffd}', "e");
            std::fs::write(&path, old.as_bytes()).unwrap();
            assert_eq!(
                said(&user, &install),
                format!("{shell} completion is updated in {place}; new shells load it\n")
            );
            assert_eq!(
                String::from_utf8(read().unwrap()).unwrap(),
                String::from_utf8_lossy(&text).replace('\u{fffd}', "e")
            );
            std::fs::write(&path, &text).unwrap();

            let remove = format!("{install} --remove");
            assert_eq!(said(&user, &remove), format!("{shell} completion is removed from {place}\n"));
            assert_eq!(read().as_deref(), before);
            assert_eq!(said(&user, &remove), format!("{shell} completion is not installed in [HOME]/{name}\n"));
            assert_eq!(read().as_deref(), before);
            let _ = std::fs::remove_file(&path);
        }
    }
    assert_snapshot!(installed);
}

#[test]
fn the_shell_and_its_folder_come_from_variables() {
    let user = user_with_path();
    for (shell, path) in [("/bin/bash", ".bashrc"), ("/usr/local/bin/zsh", ".zshrc"), ("fish", STARTUP_FILES[2].1)] {
        let run = user.run_with(&[("SHELL", shell)], "completion install");
        assert!(run.stderr.contains(&format!("[HOME]/{path}:1")), "{run}");
    }
    let folder = user.path("dots").display().to_string();
    std::fs::create_dir(&folder).unwrap();
    let run = user.run_with(&[("SHELL", "/bin/zsh"), ("ZDOTDIR", &folder)], "completion install");
    assert!(run.stderr.contains("[HOME]/work/dots/.zshrc:1"), "{run}");
    let run = user.run_with(&[("XDG_CONFIG_HOME", &folder)], "completion install fish");
    assert!(run.stderr.contains("[HOME]/work/dots/fish/completions/spacectl.fish:1"), "{run}");
    let told = [("SHELL", "/bin/tcsh"), ("SHELL", ""), ("PATH", "/nowhere"), ("HOME", "")].map(|variable| {
        let line = if variable.0 == "PATH" { "completion install bash" } else { "completion install" };
        format!("{variable:?}\n{}\n", user.run_with(&[variable], line))
    });
    assert_snapshot!(told.concat());
    let told = ["completion bash install", "completion install tcsh", "completion"]
        .map(|line| format!("$ spacectl {line}\n{}\n", user.run(line)));
    assert_snapshot!(told.concat());
}

/// No file can be created in a folder of /proc, not even by root.
#[cfg(target_os = "linux")]
#[test]
fn the_line_for_a_file_that_cannot_be_written_is_one_of_the_shell() {
    let user = user_with_path();
    let closed = "/proc/self/fdinfo";
    let shells = [
        ("bash", "if command -v spacectl >/dev/null 2>&1; then eval \"$(spacectl completion bash)\"; fi\n"),
        (
            "zsh",
            "if command -v spacectl >/dev/null 2>&1; then (( $+functions[compdef] )) || { autoload -Uz compinit && \
             compinit -i; }; source <(spacectl completion zsh); fi\n",
        ),
        ("fish", "command -q spacectl; and spacectl completion fish | source\n"),
        (
            "powershell",
            "if (Get-Command spacectl -ErrorAction SilentlyContinue) { spacectl completion powershell | Out-String | \
             Invoke-Expression }\n",
        ),
    ];
    for (shell, expected) in shells {
        let run = user.run_with(
            &[("HOME", closed), ("ZDOTDIR", closed), ("XDG_CONFIG_HOME", closed)],
            &format!("completion install {shell}"),
        );
        assert_eq!(run.status, Some(1), "{run}");
        let line = run.stderr.split("this line loads completion: ").nth(1).unwrap_or_default();
        assert_eq!(line, expected, "{run}");
        if shell == "bash" {
            let mut bash = std::process::Command::new("/bin/bash");
            bash.env_clear().envs(user.command().get_envs().filter_map(|(name, value)| Some((name, value?))));
            let output = bash.args(["-c", &format!("{line}complete -p spacectl")]).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_link_to_a_startup_file_and_its_mode_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = user_with_path();
    user.file("dotfiles/bashrc", "a\n");
    let (file, link) = (user.path("dotfiles/bashrc"), user.home().join(".bashrc"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o664)).unwrap();
    std::os::unix::fs::symlink("work/dotfiles/bashrc", &link).unwrap();
    let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        said(&user, "completion install bash"),
        "bash completion is installed in [HOME]/.bashrc:2; new shells load it\n"
    );
    assert!(link.is_symlink() && std::fs::read_to_string(&file).unwrap().contains("spacectl"));
    assert_eq!(mode(), 0o664);
    said(&user, "completion install bash --remove");
    assert_eq!((link.is_symlink(), std::fs::read_to_string(&file).unwrap(), mode()), (true, "a\n".into(), 0o664));
    assert_eq!(std::fs::read_dir(user.path("dotfiles")).unwrap().count(), 1);
    std::fs::remove_file(&file).unwrap();
    let run = user.run("completion install bash");
    assert_eq!((run.status, file.exists()), (Some(1), false), "{run}");
    assert!(run.stderr.contains("it is a link to a file that does not exist"), "{run}");
}

#[test]
fn lines_of_the_users_own_and_damaged_blocks_stay() {
    let user = user_with_path();
    let path = user.home().join(".bashrc");
    let own = "# spacectl completion bash\n[ -t 0 ] && source <(spacectl completion bash)\n";
    std::fs::write(&path, own).unwrap();
    assert_eq!(
        said(&user, "completion install bash"),
        "bash completion is already installed: [HOME]/.bashrc:2 loads it\n"
    );
    let told = "bash completion was not installed by this command: [HOME]/.bashrc:2 loads it, and stays\n";
    assert_eq!(said(&user, "completion install bash --remove"), told);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), own);
    let damaged = "a\n# >>> spacectl completion >>>\nb\n";
    std::fs::write(&path, damaged).unwrap();
    for line in ["completion install bash", "completion install bash --remove"] {
        let run = user.run(line);
        assert!(run.stderr.starts_with("error: [HOME]/.bashrc:2: "), "{run}");
        assert_eq!((run.status, std::fs::read_to_string(&path).unwrap().as_str()), (Some(1), damaged));
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(user.run("completion install bash").status, Some(1));
    // What the user wrote after the block stays, also in a file that the command made.
    said(&user, "completion install zsh");
    let path = user.home().join(".zshrc");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}alias a=b\n")).unwrap();
    said(&user, "completion install zsh --remove");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "alias a=b\n");
}
