//! Tests of imports from other clients' files.

use serde_json::json;

use super::*;

fn read(text: &str) -> Result<Import> {
    Import::read(text.as_bytes(), "file", None)
}

fn selected(text: &str, name: Option<&str>) -> Result<ImportSelection> {
    let name = name.map(|name| EnvironmentName::new(name).unwrap());
    read(text)?.select(name, EnvironmentName::new("default").unwrap())
}

fn values((_, imported): &(EnvironmentName, ImportedEnvironment)) -> Value {
    Value::Object(imported.environment.values().clone())
}

const CFCTL: &str = "\
environment: prod-user
environments:
    prod-app:
        endpoint: grpc+ssl://cost-analysis.api.example.com:443/v1
        proxy: false
        token: hunter2
    prod-user:
        endpoint: https://user:hunter2@prod.console.example.com
        proxy: true
        url: https://prod.console.example.com
    short:
        endpoint: grpc://identity:50051
        token: no_token
    local:
        endpoint: grpc://localhost:50051
        token: no_token
aliases:
    identity:
        user: list User
";

#[test]
fn an_environment_is_taken_as_it_is() {
    for name in [None, Some("lab")] {
        let found = selected("token: t\nendpoints: {identity: 'grpc://h:1/v1'}\nother: [1]\n", name).unwrap();
        let [only] = &found.environments[..] else { panic!("{found:?}") };
        assert_eq!(only.0.as_str(), name.unwrap_or("default"));
        assert_eq!(values(only), json!({"token": "t", "endpoints": {"identity": "grpc://h:1/v1"}, "other": [1]}));
        assert_eq!(found.current.as_ref(), Some(&only.0));
    }
}

#[test]
fn an_apps_secret_is_a_token() {
    let text = r#"{"app_id": "app-1", "client_secret": "hunter2", "domain_id": "d", "tags": {}}"#;
    let found = selected(text, Some("lab")).unwrap();
    assert_eq!(values(&found.environments[0]), json!({"token": "hunter2"}));
    assert_eq!(found.environments[0].1.ignored, ["app_id", "domain_id", "tags"]);
    assert!(found.environments[0].1.notes[0].contains("config endpoint add"));

    let found = selected(r#"{"api_key_id": "key-1", "api_key": "hunter2"}"#, None).unwrap();
    assert_eq!(values(&found.environments[0]), json!({"api_key": "hunter2"}));
}

#[test]
fn cfctls_one_endpoint_becomes_one_for_each_service() {
    let found = selected(CFCTL, Some("prod-app")).unwrap();
    let [app] = &found.environments[..] else { panic!("{found:?}") };
    let endpoints = app.1.environment.endpoints().unwrap();
    assert_eq!(endpoints.len(), crate::schema::spaceone::SERVICES.len());
    let at = |service: &str| endpoints.iter().find(|(name, _)| name == service).unwrap().1.clone();
    assert_eq!(at("cost_analysis"), "grpc+ssl://cost-analysis.api.example.com:443");
    assert_eq!(at("identity"), "grpc+ssl://identity.api.example.com:443");
    assert_eq!(values(app)["token"], "hunter2");
    assert_eq!(app.1.ignored, ["proxy"]);
    assert_eq!(found.ignored, ["aliases"]);
}

#[test]
fn what_of_cfctl_means_nothing_here_is_named_and_no_secret_is() {
    let found = selected(CFCTL, None).unwrap();
    let names: Vec<_> = found.environments.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["prod-app", "prod-user", "short"]);
    assert_eq!(found.current.as_ref().unwrap().as_str(), "prod-user");
    assert_eq!(found.ignored, ["aliases", "the environment local, whose name is the built-in one's"]);

    let user = &found.environments[1];
    assert_eq!(values(user), json!({}));
    assert_eq!(
        user.1.ignored,
        [
            "endpoint https://********@prod.console.example.com, which is a console's and not a service's",
            "proxy",
            "url",
            "what `cfctl login` keeps in its cache, which is short-lived",
        ]
    );
    assert!(user.1.notes[1].contains("no key"), "{:?}", user.1.notes);
    // cfctl itself cannot tell another service's host from this one's.
    assert_eq!(values(&found.environments[2]), json!({"endpoints": {"identity": "grpc://identity:50051"}}));
}

#[test]
fn all_that_is_wrong_is_told_and_nothing_is_taken() {
    let text = "environments: {a: {token: 12345}, b: {token: \"hunter2\\n2\"}, c: {token: t}, '../d': {}}";
    let error = selected(text, None).unwrap_err();
    assert_eq!(error.problems().len(), 3, "{error}");
    assert!(!error.to_string().contains("hunter") && !error.to_string().contains("12345"), "{error}");
    assert!(selected(text, Some("c")).is_ok());
}

#[test]
fn what_is_no_form_is_refused_with_what_is() {
    for (text, said) in [
        ("", "is not an environment in a known format"),
        ("a: b\n", "known formats are the Python client's"),
        ("environment: prod\n", "known formats are the Python client's"),
        ("environments: [a]\n", "`environments` must be a mapping, and is a list"),
        ("environments:\n", "there is no environment in it"),
        ("environments: {a: [b]}\n", "environment `a`: expected a mapping, found a list"),
        (
            "environments: {a: {endpoint: 'ftp://x'}}\n",
            "environment `a`: `endpoint`: `ftp://x` is not a valid endpoint",
        ),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let error = selected(CFCTL, Some("prod-ap")).unwrap_err().to_string();
    assert!(error.contains("did you mean `prod-app`?"), "{error}");
    let error = Import::read(&b"token: t"[..], "file", Some(ImportSource::Cfctl)).unwrap_err().to_string();
    assert!(error.contains("not what cfctl writes") && error.contains("looks like one environment"), "{error}");
}

#[test]
fn a_folder_is_known_by_what_lies_in_it() {
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(".spaceone/environments/prod.yml", "api_key_file: key.txt\n");
    write(".spaceone/environments/dev.yml", "token: t\n");
    write(".spaceone/environment.yml", "environment: dev\n");
    write(".spaceone/template/a.B.yml", "template: {}\n");
    write(".cfctl/setting.yaml", CFCTL);
    let select = |path: &str, from| {
        let import = Import::read_path(&home.path().join(path), from)?;
        import.select(None, EnvironmentName::new("default").unwrap())
    };

    let python = select(".spaceone", None).unwrap();
    assert_eq!(python.current.unwrap().as_str(), "dev");
    assert_eq!(python.ignored, ["template, which holds templates"]);
    let key = home.path().join(".spaceone/environments/key.txt");
    assert_eq!(values(&python.environments[1]), json!({"api_key_file": key.to_str().unwrap()}));

    let one = select(".spaceone/environments/prod.yml", None).unwrap();
    assert_eq!(one.environments[0].0.as_str(), "prod");
    assert_eq!(values(&one.environments[0]), json!({"api_key_file": key.to_str().unwrap()}));
    assert_eq!(select(".cfctl", None).unwrap().environments.len(), 3);
    for (path, from) in
        [(".cfctl", Some(ImportSource::Python)), (".spaceone", Some(ImportSource::Cfctl)), (".", None), ("x", None)]
    {
        assert!(select(path, from).is_err(), "{path}");
    }
}
