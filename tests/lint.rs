//! `plugin lint`: mistakes of plugin developers, found without a service.

mod support;

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value, json};
use spacectl::plugin::lint::{self, Generation, Input, Rule};
use support::Spacectl;

const BOTH: &[Generation] = &[Generation::One, Generation::Two];
const FIRST: &[Generation] = &[Generation::One];
const SECOND: &[Generation] = &[Generation::Two];

/// A spec that has nothing against it.
const CLEAN: &str = "\
name: Slack
resource_type: notification.Protocol
image: acme/plugin-slack
";

/// Each finding as `line:column severity[rule]`.
fn found(text: &str, generations: &[Generation]) -> Vec<String> {
    let input = Input::from_bytes("plugin.yml", text.as_bytes().to_vec());
    let findings = lint::check(&[input], generations).unwrap();
    let told = |finding: &lint::Finding| {
        let lint::Finding { location, severity, rule, .. } = finding;
        format!("{}:{} {}[{}]", location.line, location.column, severity.word(), rule.name())
    };
    findings.iter().map(told).collect()
}

/// [`CLEAN`] with one of its lines replaced, or with lines added.
fn spec(change: &str) -> String {
    let key = change.split(':').next().unwrap();
    let kept = CLEAN.lines().filter(|line| !line.starts_with(&format!("{key}:")));
    kept.chain([change]).fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn the_mistakes_that_are_published() {
    for (mistake, text, expected) in [
        ("an underscore", spec("image: acme/plugin_slack"), "3:8 error[image-name]"),
        ("a long name", spec(&format!("image: acme/{}", "x".repeat(49))), "3:8 error[image-name]"),
        ("a tag", spec("image: acme/plugin-slack:latest"), "3:8 error[image-tag]"),
        ("a registry's host", spec("image: ghcr.io/acme/plugin-slack"), "3:8 error[image-registry]"),
        ("the verb of other resources", format!("{CLEAN}create: true\n"), "4:1 error[verb-as-key]"),
        ("another number", format!("{CLEAN}templates: {{a: b}}\n"), "4:1 error[unknown-field]"),
        ("no resource type", CLEAN.replace("resource_type: notification.Protocol\n", ""), "1:1 error[required-field]"),
        ("a package's other name", spec("resource_type: cost-analysis.DataSource"), "3:16 warning[resource-type]"),
        ("a key", format!("{CLEAN}tags:\n  api_key: hunter2\n"), "5:12 warning[secret]"),
    ] {
        assert_eq!(found(&text, BOTH), [expected], "{mistake}");
        assert_eq!(found(&text, SECOND), [expected], "{mistake}");
    }
    let old = "name: Slack\nservice_type: notification.Protocol\nimage: acme/plugin-slack\ntemplate: {a: {b: c}}\n";
    assert_eq!(found(old, FIRST), [""; 0]);
    assert_eq!(found(old, SECOND), ["2:1 warning[renamed-field]", "4:1 error[other-generation]"]);
    assert_eq!(found(old, BOTH), ["2:1 warning[renamed-field]", "4:1 warning[other-generation]"]);
    // What `config show` prints, published as a spec.
    let configuration = "api_key: hunter2\nendpoints:\n  repository: grpc://localhost:50051\n";
    let expected = [
        "1:1 error[unknown-field]",
        "1:1 error[required-field]",
        "1:1 error[required-field]",
        "1:1 error[required-field]",
    ];
    assert_eq!(found(configuration, BOTH)[..4], expected);
    assert!(found(configuration, BOTH).contains(&"1:10 warning[secret]".to_owned()));
}

#[test]
fn each_rule_is_broken_by_something_and_kept_by_the_rest() {
    let mut broken = Vec::new();
    for (rule, generations, text) in [
        ("unreadable", BOTH, "# nothing\n"),
        ("syntax", BOTH, "name: [a\n"),
        ("syntax", BOTH, "name: !tag a\n"),
        ("duplicate-key", BOTH, "name: a\nname: b\n"),
        ("not-a-mapping", BOTH, "- name: a\n"),
        ("unknown-field", BOTH, &format!("{CLEAN}imge: x\n")),
        ("unknown-field", BOTH, &format!("{CLEAN}spec: {{}}\n")),
        ("verb-as-key", BOTH, &format!("{CLEAN}register: {{}}\n")),
        ("required-field", BOTH, &spec("name: ' '")),
        ("required-field", BOTH, &spec("image: ~")),
        ("wrong-type", BOTH, &spec("name: 1.10")),
        ("wrong-type", BOTH, &format!("{CLEAN}tags: [a]\n")),
        ("wrong-type", BOTH, &format!("{CLEAN}labels: a\n")),
        ("wrong-type", BOTH, &format!("{CLEAN}tags: {{n: 9007199254740993}}\n")),
        ("renamed-field", FIRST, CLEAN),
        ("other-generation", BOTH, &format!("{CLEAN}plugin_id: x\n")),
        ("other-generation", BOTH, &format!("{CLEAN}docs: {{}}\n")),
        ("image-name", BOTH, &spec("image: acme/플러그인x")),
        ("image-tag", BOTH, &spec("image: acme/plugin@sha256:0")),
        ("image-registry", BOTH, &spec("image: localhost:5000/acme/plugin")),
        ("image-reference", BOTH, &spec("image: plugin-slack")),
        ("placeholder", BOTH, &spec("image: YOUR-NAMESPACE/plugin")),
        ("placeholder", BOTH, &spec("image: <namespace>/plugin")),
        ("placeholder", BOTH, &spec("name: <name>")),
        ("placeholder", BOTH, &spec("tags: {icon: https://YOUR-DOMAIN/x.svg}")),
        ("registry-type", BOTH, &format!("{CLEAN}registry_type: DOCKERHUB\n")),
        ("registry-type", BOTH, &format!("{CLEAN}registry_type: GITHUB\n")),
        ("registry-config", SECOND, &format!("{CLEAN}registry_type: AWS_PRIVATE_ECR\n")),
        (
            "registry-config",
            SECOND,
            &format!("{CLEAN}registry_type: AWS_PRIVATE_ECR\nregistry_config: {{account_id: 1}}\n"),
        ),
        ("registry-config", BOTH, &format!("{CLEAN}registry_type: HARBOR\n")),
        ("resource-type", BOTH, &spec("resource_type: Collector")),
        ("label-text", BOTH, &format!("{CLEAN}labels: [1]\n")),
        ("label-text", BOTH, &format!("{CLEAN}labels: [{}]\n", "x".repeat(256))),
        ("tag-plain", BOTH, &format!("{CLEAN}tags: {{a: [b]}}\n")),
        ("secret", BOTH, &format!("{CLEAN}tags: {{link: 'https://me:hunter2@host/'}}\n")),
        ("secret", BOTH, &format!("{CLEAN}capability: {{env: [{{name: API_KEY, value: hunter2}}]}}\n")),
        ("yaml-1-1", BOTH, &format!("{CLEAN}tags: {{public: yes}}\n")),
        ("lost-digits", BOTH, &format!("{CLEAN}tags: {{version: 1.10}}\n")),
        ("duplicate-plugin", BOTH, &format!("{CLEAN}---\n{CLEAN}")),
    ] {
        let all = found(text, generations);
        assert!(all.iter().all(|finding| finding.contains(&format!("[{rule}]"))), "{rule}: {all:?}\n{text}");
        assert_eq!(all.len(), 1, "{rule}: {all:?}\n{text}");
        broken.push(rule);
    }
    // Two more that nothing breaks alone.
    let torn = "name: a\nservice_type: inventory.Collector\nimage: a/b\ntemplate: {a: b}\nplugin_id: c\n";
    assert!(found(torn, BOTH).contains(&"1:1 error[no-generation]".to_owned()));
    let form =
        "name: a\nservice_type: inventory.Collector\nimage: a/b\ntemplate:\n  options:\n    schema: {type: text}\n";
    assert_eq!(found(form, FIRST), ["6:20 error[template-schema]"]);
    broken.extend(["no-generation", "template-schema"]);
    for rule in Rule::ALL {
        assert!(broken.contains(&rule.name()), "{} is broken by nothing here", rule.name());
    }
    for generations in [BOTH, SECOND] {
        assert_eq!(found(CLEAN, generations), [""; 0]);
    }
}

#[test]
fn what_is_no_mistake_is_left_alone() {
    for change in [
        "labels: [Slack, '1.10', 'no']",
        "tags: {version: '1.10', 'spaceone:plugin_name': Slack, icon: 'https://host/a.svg', public: true, n: 1.5}",
        "capability: {supported_schema: [api_key, slack_token], use_resource_secret: false, secret_type: x}",
        "capability: {api_key: '${KEY}', token: '', password: ~}",
        "registry_type: HARBOR\nregistry_config: {url: 'https://harbor.example.com'}",
        "registry_config: ~",
        "tags: {description: 'say <b>hi</b> to <name>', html: '<br/>', link: <https://x.y>}",
        "provider: ''",
        "image: acme/team/plugin-x",
    ] {
        assert_eq!(found(&spec(change), BOTH), [""; 0], "{change}");
    }
    let ecr = "registry_type: AWS_PRIVATE_ECR\nregistry_config: {account_id: '012345678901'}\n";
    assert_eq!(found(&format!("{CLEAN}{ecr}"), SECOND), [""; 0]);
    assert_eq!(found(&format!("{CLEAN}plugin_id: plugin-x\ndocs: {{en: text}}\n"), SECOND), [""; 0]);
}

#[test]
fn a_fault_hides_neither_other_documents_nor_other_files() {
    let user = Spacectl::new();
    user.file("specs/a.yml", "name: a\nname: b\n---\nname: c\n")
        .file("specs/b.yml", "name: [\n")
        .file("specs/c.yaml", CLEAN);
    user.file("specs/notes.txt", "a: b: c\n").file("d.json", "{\"name\": \"a\",}");
    let mut shown = String::new();
    write!(shown, "{}", user.run_with_input("plugin lint -f specs -f gone.yml -f - d.json", CLEAN)).unwrap();
    assert_snapshot!(shown);
}

#[test]
fn what_is_no_text_is_told_with_its_place() {
    let input = Input::from_bytes("plugin.yml", b"name: a\nimage: \xff\n".to_vec());
    let findings = lint::check(&[input], BOTH).unwrap();
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!((finding.rule, finding.location.to_string().as_str()), (Rule::Unreadable, "plugin.yml:2:8"));
    assert_eq!((finding.message.as_str(), finding.hint.as_deref()), ("not UTF-8 text", Some("save it in UTF-8")));
}

#[test]
fn the_forms_of_a_report() {
    let user = Spacectl::new();
    user.file("a b/plugin.yml", &format!("{CLEAN}imge: '100%, a:b'\ntags: {{a: [b]}}\n"));
    let mut shown = String::new();
    for form in ["text", "json", "github"] {
        let run = user.run(&format!("plugin lint -f './a b/plugin.yml' -o {form}"));
        assert_eq!(run.status, Some(1));
        write!(shown, "{form}\n{run}\n").unwrap();
    }
    assert_snapshot!(shown);
    let sarif: Value = serde_json::from_str(&user.run("plugin lint -f './a b/plugin.yml' -o sarif").stdout).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(sarif["version"], "2.1.0");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Rule::ALL.len());
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let physical = &run["results"][0]["locations"][0]["physicalLocation"];
    let expected =
        json!({"artifactLocation": {"uri": "a%20b/plugin.yml"}, "region": {"startLine": 4, "startColumn": 1}});
    assert_eq!(*physical, expected);
}

#[test]
fn nothing_found_is_an_empty_report() {
    let user = Spacectl::new();
    user.file("plugin.yml", CLEAN);
    for (form, expected) in [("text", ""), ("github", "")] {
        let run = user.run(&format!("plugin lint -f plugin.yml -o {form}"));
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (expected, "1 file checked, no findings\n"));
        assert_eq!(run.status, Some(0));
    }
    let json = |form: &str| -> Value {
        serde_json::from_str(&user.run(&format!("-q plugin lint plugin.yml -o {form}")).quiet_success()).unwrap()
    };
    assert_eq!(json("json"), json!({"findings": [], "errors": 0, "warnings": 0}));
    assert_eq!(json("sarif")["runs"][0]["results"], json!([]));
}

#[test]
fn warnings_are_errors_for_who_wants_it_so() {
    let user = Spacectl::new();
    user.file("plugin.yml", &format!("{CLEAN}tags: {{a: [b]}}\n"));
    let run = user.run("plugin lint -f plugin.yml");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), "1 warning in 1 file, no errors\n"));
    let run = user.run("plugin lint -D -f plugin.yml");
    assert_eq!(run.status, Some(1));
    assert!(run.stdout.starts_with("plugin.yml:4:11: error[tag-plain]"), "{run}");
    assert!(run.stderr.starts_with("error: 1 error in 1 file\n"), "{run}");
}

#[test]
fn wrong_usage_is_told_apart() {
    let user = Spacectl::new();
    for line in [
        "plugin lint",
        "plugin lint -f - -f -",
        "plugin lint --api 3 -f x",
        "plugin lint --explain nope",
        "plugin lint --explain image-tag x",
    ] {
        assert_eq!(user.run(line).status, Some(2), "{line}");
    }
    let run = user.run("plugin lint --explain image-nam");
    assert!(run.stderr.contains("hint: did you mean image-name?"), "{run}");
    assert!(user.run("plugin lint --explain image-name").quiet_success().starts_with("image-name (error): "));
}

/// Neither a configuration nor a service is asked: an environment that cannot be used hinders nothing.
#[test]
fn a_file_that_is_named_twice_is_no_second_plugin() {
    let user = Spacectl::new();
    user.file("plugins/plugin.yml", CLEAN);
    let run = user.run("plugin lint plugins/plugin.yml ./plugins/plugin.yml -f plugins -f plugins/../plugins");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), "1 file checked, no findings\n"), "{run}");
    user.file("other.yml", CLEAN);
    let run = user.run("plugin lint plugins/plugin.yml other.yml");
    assert!(run.status == Some(1) && run.stdout.contains("[duplicate-plugin]"), "{run}");
}

#[test]
fn nothing_but_the_files_is_read() {
    let user = Spacectl::new().variable("SPACECTL_ENVIRONMENT", "gone").variable("SPACECTL_CONFIG_DIR", "/nowhere");
    user.file("plugin.yml", CLEAN);
    assert_eq!(user.run("-q plugin lint -f plugin.yml").quiet_success(), "");
    assert_eq!(user.run("-q plugin init plugin-x -r inventory.Collector -o spec.yml").quiet_success(), "");
    assert!(!user.home().join(".spaceone").exists() && !user.home().join(".local").exists());
}

/// The documentation's own spec is kept as it was published, and breaks a rule that came later.
#[test]
fn the_examples_are_clean() {
    let mut seen = 0;
    for entry in std::fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let expected: &[&str] = if path.ends_with("plugin_slack_notification_protocol.yml") {
            &["2:1 warning[renamed-field]", "3:8 error[image-name]", "13:1 warning[other-generation]"]
        } else {
            &[]
        };
        assert_eq!(found(&text, SECOND), expected, "{}", path.display());
        let errors = found(&text, BOTH).into_iter().filter(|finding| finding.contains("error"));
        let expected = expected.iter().filter(|finding| finding.contains("error"));
        assert!(errors.eq(expected.copied()), "{}", path.display());
    }
    assert!(seen >= 9);
}

#[test]
fn every_rule_is_documented_with_its_level() {
    let page = std::fs::read_to_string("docs/plugin-lint.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `-"));
    let rows: Vec<String> = rows.map(str::to_owned).collect();
    let row = |rule: &Rule| format!("| `{}` | {} | {} |", rule.name(), rule.levels(), rule.summary());
    assert_eq!(rows, Rule::ALL.iter().map(row).collect::<Vec<_>>());
    let listed = Spacectl::new().run("plugin lint --list-rules").quiet_success();
    assert_eq!(listed.lines().count(), Rule::ALL.len());
}

#[test]
fn a_new_spec_is_registered_as_it_is() {
    let user = Spacectl::local();
    let run = user.run("plugin init plugin-slack -r notification.Protocol --image acme/plugin-slack");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{run}");
    assert_eq!(run.stderr.lines().last(), Some("spacectl plugin lint -f plugin.yml"));
    assert_eq!(user.run("plugin lint -q -D --api 2 -f plugin.yml").quiet_success(), "");
    let registered = user.run("-q exec register repository.Plugin -f plugin.yml -c plugin_id -o quiet").quiet_success();
    assert_eq!(registered, "plugin-slack\n");
    // The first line names what stands beside the file, and that is what `explain` prints.
    let text = std::fs::read_to_string(user.path("plugin.yml")).unwrap();
    assert_eq!(text.lines().next(), Some("# yaml-language-server: $schema=plugin.schema.json"));
    let schema = std::fs::read_to_string(user.path("plugin.schema.json")).unwrap();
    assert_eq!(schema, user.run("explain repository.Plugin.register --json-schema").quiet_success());
}

#[test]
fn settings_for_tests_are_written_once_and_can_be_read() {
    let user = Spacectl::new();
    let run = user.run("plugin init plugin-x -r monitoring.Webhook --image a/plugin-x");
    assert!(run.stderr.contains("wrote plugin-test.toml, for spacectl plugin test"), "{run}");
    let settings = std::fs::read_to_string(user.path("plugin-test.toml")).unwrap();
    assert!(settings.contains("\nresource_type = \"monitoring.Webhook\"\n") && settings.contains("#[[data]]"));
    // All examples in it are valid: the command that starts the plugin is what fails.
    let example = |line: &str| {
        line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map_or(line.to_owned(), str::to_owned)
    };
    let mine = settings.lines().map(example).collect::<Vec<_>>().join("\n").replace("spaceone", "no-such-program");
    user.file("plugin-test.toml", &mine).file("payloads/disk.json", "{}");
    let run = user.run_with(&[("PATH", "/usr/bin:/bin")], "plugin test --port 1");
    assert!(run.status == Some(1) && run.stderr.contains("no-such-program cannot be run"), "{run}");
    let run = user.run("plugin init plugin-x -r monitoring.Webhook --image a/plugin-x --force");
    assert!(run.status == Some(0) && !run.stderr.contains("plugin-test"), "{run}");
    assert_eq!(std::fs::read_to_string(user.path("plugin-test.toml")).unwrap(), mine);
    let run = user.run("plugin init plugin-x -r inventory.Collector --image a/plugin-x --force");
    let left = "plugin-test.toml was left as it is: its resource_type is not inventory.Collector";
    assert!(run.status == Some(0) && run.stderr.contains(left), "{run}");
    assert_eq!(std::fs::read_to_string(user.path("plugin-test.toml")).unwrap(), mine);
    let untested = Spacectl::new();
    untested.run("plugin init plugin-y -r spot_automation.Controller --image a/plugin-y");
    assert!(!untested.path("plugin-test.toml").exists());
}

#[test]
fn a_spec_on_stdout_names_no_file_and_has_the_examples_of_its_name() {
    let user = Spacectl::new();
    let text = user.run("plugin init plugin-mail -r notification.Protocol --image acme/plugin-mail -o -").success();
    assert!(!text.contains("schema.json") && !text.to_lowercase().contains("slack"), "{text}");
    assert!(text.contains("#provider: mail\n") && text.contains("#labels:\n#- Mail\n"), "{text}");
    assert_eq!(std::fs::read_dir(user.path("")).unwrap().count(), 0);
}

#[test]
fn a_spec_that_is_there_is_not_lost() {
    let user = Spacectl::new();
    user.file("plugin.yml", "mine\n");
    let run = user.run("plugin init plugin-x -r inventory.Collector");
    assert_eq!(run.status, Some(1), "{run}");
    assert!(run.stderr.starts_with("error: plugin.yml already exists\nhint: --force"), "{run}");
    assert_eq!(std::fs::read_to_string(user.path("plugin.yml")).unwrap(), "mine\n");
    assert_eq!(std::fs::read_dir(user.path("")).unwrap().count(), 1, "nothing else is left there");
    user.run("plugin init plugin-x -r inventory.Collector --force").success();
    assert!(std::fs::read_to_string(user.path("plugin.yml")).unwrap().contains("YOUR-NAMESPACE/plugin-x"));
}

#[test]
fn no_text_of_a_spec_is_a_workflow_command() {
    let user = Spacectl::new();
    user.file("::stop-commands::x.yml", "name: A\nimage: a/plugin-a\nresource_type: a.B\n'##[add-mask]a': 1\n");
    for form in ["text", "json", "github", "sarif"] {
        let run = user.run(&format!("plugin lint ::stop-commands::x.yml -o {form}"));
        assert!(run.stdout.contains("add-mask]a"), "{form}: {run}");
        assert!(!run.stdout.contains("##[") && !run.stdout.contains("\n::stop"), "{form}: {run}");
        assert!(!run.stdout.starts_with("::stop"), "{form}: {run}");
    }
}

#[test]
fn what_no_spec_can_be_made_of_is_refused() {
    let user = Spacectl::new();
    let mut shown = String::new();
    for line in [
        "plugin init plugin_x -r inventory.Collector",
        "plugin init plugin-x -r inventory.Collector --image acme/plugin-y",
        "plugin init plugin-x -r inventory.Collector --image ghcr.io/acme/plugin-x",
        "plugin init plugin-x -r inventory.Collector -o .",
        "plugin init plugin-x -r inventory.Collector -o gone/plugin.yml",
        "plugin init plugin-x -r inventory.Collecter -o - --api 1 --provider no",
    ] {
        let run = user.run(line);
        write!(shown, "$ spacectl {line}\n{run}\n").unwrap();
    }
    assert_snapshot!(shown);
    assert_eq!(std::fs::read_dir(user.path("")).unwrap().count(), 0);
}
