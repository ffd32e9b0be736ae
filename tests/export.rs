//! `plugin export` and `plugin get -o spec`: specs that `apply` reads back.

mod support;

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Plugins, Run, Spacectl, row};

/// Values that a careless writer or reader of YAML changes.
const ODD: &str = r##"
name: "no"
resource_type: monitoring.Webhook
image: x/plugin-odd
provider: "1.10"
labels: ["yes", "014", "2026-01-01", "12:30:45", " #", "null", ""]
tags: {"no": "on", "1": 1, "<<": {a: b}, "a.b": "", "": x, 플러그인: "é\u0301", "big": 1e300, list: [[], {}, null, 1.5], "~": "~"}
capability: {"multi": "one\n\n  two\n", trailing: "a\n\n", tab: "\tx\ny", bell: "\u0007\u202e", deep: {a: {b: {c: [1, {d: "x: y # z"}]}}}}
docs: {en: {overview: "# Title\n\n- item: 1\n\n```sh\necho 'hi' \"there\" $HOME\n```\n"}}
---
name: "플러그인 '1'"
resource_type: a.B
image: x/plugin-b
plugin_id: Plugin_B
---
name: Harbor
resource_type: a.B
image: x/plugin-harbor
registry_type: HARBOR
registry_config: {url: harbor.example.com, project: 1}
"##;

/// What `local` has, without the times.
fn rows(user: &Spacectl) -> Vec<Value> {
    let list = user.run("plugin list -q -o jsonl -a").success();
    let mut rows: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for row in &mut rows {
        for time in ["created_at", "updated_at"] {
            row.as_object_mut().unwrap().remove(time);
        }
    }
    rows
}

fn files(user: &Spacectl, dir: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(user.path(dir)).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn odd_values_come_back_unchanged_and_make_the_same_plugins_elsewhere() {
    let user = Spacectl::local();
    user.file("odd.yml", ODD);
    user.run("plugin apply -q -f odd.yml").success();
    user.run("plugin disable -q plugin-odd").success();
    let exported = user.run("plugin export --dir specs");
    assert_snapshot!(exported);
    assert_snapshot!(
        files(&user, "specs").into_iter().map(|(name, text)| format!("{name}\n{text}")).collect::<String>()
    );
    assert_eq!(user.run("plugin diff -f specs").quiet_success(), "");
    // The same on stdout, and one by one.
    let all = user.run("plugin export -q").quiet_success();
    let one = |id: &str| user.run(&format!("plugin get {id} -q -o spec")).quiet_success();
    assert_eq!(all, ["Plugin_B", "plugin-harbor", "plugin-odd"].map(one).concat());
    assert_eq!(one("Plugin_B"), format!("---\n{}", files(&user, "specs")["Plugin_B.yml"]));

    let before = rows(&user);
    user.run("local reset --yes -q").success();
    user.run("plugin apply -q -f specs").success();
    user.run("plugin disable -q plugin-odd").success();
    assert_eq!(rows(&user), before);
}

struct World {
    user: Spacectl,
    service: Plugins,
}

impl World {
    fn new(service: Plugins, kind: &str) -> Self {
        service.reset([
            row("plugin-a", json!({kind: "a.B", "labels": ["team"], "tags": {"icon": "a"}, "provider": "aws"})),
            row("plugin-b", json!({kind: "a.B", "labels": ["teams"], "state": "DISABLED"})),
            row("plugin-c", json!({kind: "a.B", "registry_config": {"url": "registry.example.com"}})),
        ]);
        Self { user: Spacectl::new(), service }
    }

    fn run(&self, words: &str) -> Run {
        self.user.run(&format!("plugin {words} --endpoint {}", self.service.server.url()))
    }

    fn names(&self, dir: &str) -> Vec<String> {
        files(&self.user, dir).into_keys().collect()
    }
}

#[test]
fn diff_finds_no_difference_in_either_generation() {
    for world in
        [World::new(Plugins::generation1(), "service_type"), World::new(Plugins::generation2(), "resource_type")]
    {
        let run = world.run("export --dir specs");
        assert_eq!(run.status, Some(0), "{run}");
        assert_eq!(world.names("specs"), ["plugin-a.yml", "plugin-b.yml", "plugin-c.yml"]);
        // The service filled in the first address, and not the second.
        let files = files(&world.user, "specs");
        assert!(!files["plugin-a.yml"].contains("registry_config"), "{files:?}");
        assert!(files["plugin-c.yml"].contains("registry.example.com"), "{files:?}");
        assert_eq!(world.run("diff -f specs").quiet_success(), "");
        assert_eq!(world.service.written(), [""; 0]);
        // API 1 has the domain in requests, too.
        world.run("export --domain-id domain-x -q").success();
        let request = world.service.server.calls().pop().unwrap().request;
        assert_eq!(request.get("domain_id").is_some(), files["plugin-a.yml"].contains("service_type"), "{request}");
    }
}

#[test]
fn plugins_are_chosen_by_label_filter_and_repository() {
    let world = World::new(Plugins::generation2(), "resource_type");
    let ids = |words: &str| world.run(&format!("export -q --force -o quiet --dir {words}")).quiet_success();
    assert_eq!(ids("1"), "plugin-a\nplugin-b\nplugin-c\n");
    assert_eq!(ids("2 --managed"), "plugin-a\nplugin-b\nplugin-c\nplugin-managed\n");
    assert_eq!(ids("3 --label team"), "plugin-a\n");
    assert_eq!(ids("4 --filter plugin_id~PLUGIN --filter state!=DISABLED"), "plugin-a\nplugin-c\n");
    assert_eq!(ids("5 --label team --filter provider=gcp"), "");
    assert_eq!(ids("7 --filter provider=aws"), "plugin-a\n");
    assert!(!world.user.path("5").exists());
    assert_eq!(world.run("export --label none").to_string(), "status: 0\n--- stderr\nnote: no plugin to export\n");
    let wrong = world.run("export --filter nme=x --dir 6");
    assert_eq!(wrong.status, Some(2), "{wrong}");
    assert!(wrong.stderr.contains("name") && !world.user.path("6").exists(), "{wrong}");
}

#[test]
fn files_with_the_same_spec_are_left_alone_and_others_refused_at_once() {
    let world = World::new(Plugins::generation2(), "resource_type");
    world.run("export -q --dir specs").success();
    let ours =
        "# ours\n{name: plugin-a, image: x/plugin-a, registry_type: DOCKER_HUB, provider: aws, resource_type: a.B,
      labels: [team], tags: {icon: a}}\n";
    world.user.file("specs/plugin-a.yml", ours).file("specs/other.yml", "x");
    let again = world.run("export -q --dir specs").quiet_success();
    assert_eq!(
        again,
        "plugin-a unchanged specs/plugin-a.yml\nplugin-b unchanged specs/plugin-b.yml\n\
         plugin-c unchanged specs/plugin-c.yml\n"
    );
    world.user.file("specs/plugin-b.yml", "name: mine\n").file("specs/plugin-c.yml", "\0");
    std::fs::remove_file(world.user.path("specs/plugin-a.yml")).unwrap();
    let before = files(&world.user, "specs");
    assert_snapshot!(world.run("export --dir specs"));
    assert_eq!(files(&world.user, "specs"), before);
    assert_snapshot!(world.run("export --dir specs --force -o json"));
    assert_eq!(world.names("specs"), ["other.yml", "plugin-a.yml", "plugin-b.yml", "plugin-c.yml"]);
    std::fs::remove_file(world.user.path("specs/other.yml")).unwrap();
    assert_eq!(world.run("diff -f specs").quiet_success(), "");
}

#[test]
fn a_plugin_stays_in_the_file_that_describes_it() {
    let world = World::new(Plugins::generation2(), "resource_type");
    // By the image, by the id, and the name of a plugin's file taken by another plugin.
    world.user.file("specs/ours.yaml", "# ours\nname: old\nresource_type: a.B\nimage: x/plugin-a\n");
    world
        .user
        .file("specs/plugin-b.yml", "plugin_id: plugin-x\nimage: x/y\n")
        .file("specs/.b.yml", "plugin_id: plugin-b\n");
    let refused = world.run("export --dir specs");
    assert_eq!(
        refused.to_string(),
        "status: 1\n--- stderr\nerror: specs/ours.yaml exists and differs from plugin-a\n\
         hint: nothing was written; --force overwrites; to compare: spacectl plugin diff -f specs\n"
    );
    let written = world.run("export --dir specs --force -q").quiet_success();
    assert_eq!(
        written,
        "plugin-a overwritten specs/ours.yaml\nplugin-b exported specs/plugin-b-2.yml\n\
         plugin-c exported specs/plugin-c.yml\n"
    );
    let again = world.run("export --dir specs -q").quiet_success();
    assert_eq!(again.matches(" unchanged ").count(), 3, "{again}");
    assert_eq!(world.names("specs"), [".b.yml", "ours.yaml", "plugin-b-2.yml", "plugin-b.yml", "plugin-c.yml"]);
    assert!(files(&world.user, "specs")["plugin-b.yml"].starts_with("plugin_id: plugin-x"));
    // Ids of one file name, one after the other.
    world.service.reset(["a/b", "a_b"].map(|id| row(id, json!({"resource_type": "a.B"}))));
    world.run("export --dir odd --filter plugin_id=a/b -q").success();
    let other = world.run("export --dir odd --filter plugin_id=a_b -q").quiet_success();
    assert_eq!(other, "a_b exported odd/a_b-2.yml\n");
}

#[test]
fn a_file_of_several_plugins_is_not_overwritten() {
    let world = World::new(Plugins::generation2(), "resource_type");
    let all = world.run("export -q").quiet_success();
    world.user.file("specs/all.yml", &all);
    let same = world.run("export --dir specs -q").quiet_success();
    assert_eq!(same, ["a", "b", "c"].map(|id| format!("plugin-{id} unchanged specs/all.yml\n")).concat());
    world.user.file("specs/all.yml", &all.replace("icon: a", "icon: b"));
    let refused = world.run("export --dir specs --force");
    assert_eq!(
        refused.to_string(),
        "status: 1\n--- stderr\nerror: specs/all.yml differs from plugin-a, and has other documents, too\n\
         hint: give each plugin of specs/all.yml a file of its own\n\
         hint: nothing was written; to compare: spacectl plugin diff -f specs\n"
    );
    assert_eq!(world.names("specs"), ["all.yml"]);
}

#[test]
fn a_format_without_a_directory_says_what_to_type() {
    let world = World::new(Plugins::generation2(), "resource_type");
    for (format, instead) in [
        ("json", "spacectl plugin list -a -o json"),
        ("yaml", "spacectl plugin list -a -o yaml"),
        ("quiet", "spacectl plugin list -c plugin_id -o quiet"),
    ] {
        let run = world.run(&format!("export -o {format}"));
        assert_eq!(
            run.to_string(),
            format!(
                "status: 2\n--- stderr\nerror: -o {format} is the format of the summary of --dir\n\
                 hint: to write a file per plugin: spacectl plugin export --dir DIR -o {format}\n\
                 hint: to print the specs as YAML, omit -o; to list plugins: {instead}\n"
            )
        );
    }
    assert_eq!(world.service.server.calls().len(), 0);
    assert!(world.run("export -o text -q").quiet_success().starts_with("---\nname: plugin-a\n"));
}

#[test]
fn nothing_is_written_unless_everything_can_be() {
    let world = World::new(Plugins::generation2(), "resource_type");
    std::fs::create_dir_all(world.user.path("specs/plugin-c.yml")).unwrap();
    let run = world.run("export --dir specs --force");
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
    assert!(run.stderr.contains("error: cannot write specs/plugin-c.yml\ncause: is a directory\n"), "{run}");
    let left: Vec<_> =
        std::fs::read_dir(world.user.path("specs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [world.user.path("specs/plugin-c.yml")]);
    world.user.file("file", "");
    let run = world.run("export --dir file");
    assert!(run.status == Some(2) && run.stderr.contains("error: file is not a directory\n"), "{run}");
}

#[test]
fn ids_lead_to_no_other_directory() {
    let world = World::new(Plugins::generation2(), "resource_type");
    let ids = ["../../etc/x", "..", ".hidden", "a/b", "a_b", "A_b", "x\ny\u{1b}[2J"];
    world.service.reset(ids.map(|id| row(id, json!({"resource_type": "a.B", "name": "N"}))));
    let run = world.run("export --dir deep/specs").quiet_success();
    assert!(!run.contains('\u{1b}'), "{run}");
    let expected = ["A_b.yml", "_.._etc_x.yml", "_.yml", "a_b-2.yml", "a_b-3.yml", "hidden.yml", "x_y__2J.yml"];
    assert_eq!(world.names("deep/specs"), expected);
    assert_eq!(std::fs::read_dir(world.user.path("deep")).unwrap().count(), 1);
}

#[test]
fn a_secret_is_exported_as_it_is_with_a_warning_that_does_not_show_it() {
    let world = World::new(Plugins::generation2(), "resource_type");
    let fields = json!({"resource_type": "a.B", "tags": {"api_key": "hunter2"}, "docs": {"a": "<name>"}});
    world.service.reset([row("plugin-a", fields)]);
    let run = world.run("export --dir specs");
    assert_snapshot!(run);
    assert!(files(&world.user, "specs")["plugin-a.yml"].contains("api_key: hunter2\n"));
    let run = world.run("export");
    assert!(run.stdout.contains("hunter2") && run.stderr.contains("warning: plugin-a.yml:"), "{run}");
    assert!(run.stderr.contains("tags.api_key: ") && !run.stderr.contains("hunter2"), "{run}");
}

#[test]
fn a_spec_of_one_plugin_is_the_domains_own_or_the_services_error() {
    let world = World::new(Plugins::generation2(), "resource_type");
    let spec = world.run("get plugin-b -o spec");
    assert_snapshot!(spec);
    let managed = world.run("get plugin-managed -o spec").quiet_success();
    assert!(managed.contains("image: x/plugin-managed\n"), "{managed}");
    let missing = world.run("get nope -o spec");
    assert_eq!((missing.status, missing.stdout.as_str()), (Some(67), ""), "{missing}");
    assert!(missing.stderr.contains("ERROR_NO_PLUGIN"), "{missing}");
    assert_eq!(world.run("get plugin-b -o spec -c name").status, Some(2));
    assert_eq!(world.run("export --force").status, Some(2));
}
