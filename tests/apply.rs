//! `plugin apply`: run once, run twice, and stopped wherever it can be.

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{End, Plugins, Run, Running, Spacectl, Trouble, row};
use tonic::Status;

/// Five plugins: to be replaced, updated, left alone, registered; and one that is in no spec.
const SPECS: &str = "\
name: Old
TYPE: a.B
image: y/plugin-old
tags: {icon: new}
---
name: Tag
TYPE: a.B
image: x/plugin-tag
tags: {icon: new}
labels: [team]
---
name: plugin-same
TYPE: a.B
image: x/plugin-same
---
name: New
TYPE: a.B
image: x/plugin-new
tags: {a: 1e0, b: ' x '}
";

fn before(kind: &str) -> Vec<Value> {
    vec![
        row(
            "plugin-old",
            json!({kind: "a.B", "state": "DISABLED", "capability": {"deep": {"x": 1}}, "tags": {"icon": "o"}}),
        ),
        row("plugin-tag", json!({kind: "a.B", "tags": {"icon": "old"}, "state": "DISABLED"})),
        row("plugin-same", json!({kind: "a.B"})),
        row("plugin-gone", json!({kind: "a.B", "labels": ["team"]})),
        row("plugin-other", json!({kind: "a.B", "labels": ["teams"]})),
    ]
}

const ALL: &str = "-f specs.yml --replace --prune --label team --yes";

/// The same with one request at a time: its calls have numbers.
const IN_TURN: &str = "-f specs.yml --replace --prune --label team --yes --parallel 1";

struct World {
    user: Spacectl,
    service: Plugins,
    kind: &'static str,
}

impl World {
    fn of(service: Plugins, kind: &'static str) -> Self {
        let world = Self { user: Spacectl::new(), service, kind };
        world.reset();
        world
    }

    fn generation1() -> Self {
        Self::of(Plugins::generation1(), "service_type")
    }

    fn generation2() -> Self {
        Self::of(Plugins::generation2(), "resource_type")
    }

    fn reset(&self) {
        self.service.reset(before(self.kind));
        for (name, _) in self.kept() {
            std::fs::remove_file(self.user.path(&name)).unwrap();
        }
        self.user.file("specs.yml", &SPECS.replace("TYPE", self.kind));
    }

    fn line(&self, words: &str) -> String {
        format!("plugin apply {words} --endpoint {}", self.service.server.url())
    }

    fn apply(&self, words: &str) -> Run {
        self.user.run(&self.line(words))
    }

    /// A run as text, without what differs from run to run.
    fn seen(&self, words: &str) -> String {
        self.apply(words).to_string().replace(&self.service.server.url(), "[URL]")
    }

    fn start(&self, words: &str) -> Running {
        let line = self.line(words);
        Running::start(&self.user, &line.split(' ').collect::<Vec<_>>())
    }

    /// The files beside the specs.
    fn kept(&self) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(self.user.path("")).unwrap().map(|entry| entry.unwrap());
        let files = entries.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name != "specs.yml");
        files.map(|name| (name.clone(), std::fs::read_to_string(self.user.path(&name)).unwrap())).collect()
    }

    /// Runs it again until nothing is left, and checks that it ends in `expected`.
    #[track_caller]
    fn finish(&self, expected: &BTreeMap<String, Value>, how: &str) {
        self.service.trouble(Trouble::None);
        let run = self.apply(ALL);
        assert_eq!(run.status, Some(0), "{how}: {run}");
        assert_eq!(&self.service.rows(), expected, "{how}");
        // A kill can leave a temporary file.
        let kept: Vec<String> = self.kept().into_keys().filter(|name| !name.ends_with(".tmp")).collect();
        assert_eq!(kept, ["plugin-old.yml.replaced"], "{how}");
        let writes = self.service.written().len();
        let again = self.apply(ALL).quiet_success();
        assert!(again.lines().all(|line| line.ends_with(" unchanged")), "{how}: {again}");
        assert_eq!(self.service.written().len(), writes, "{how}");
    }
}

/// What an undisturbed run ends in.
fn expected(world: &World) -> BTreeMap<String, Value> {
    let kind = world.kind;
    let rows = [
        row(
            "plugin-old",
            json!({
                "name": "Old", kind: "a.B", "image": "y/plugin-old", "state": "DISABLED", "tags": {"icon": "new"},
                "capability": {"deep": {"x": 1}},
            }),
        ),
        row(
            "plugin-tag",
            json!({"name": "Tag", kind: "a.B", "tags": {"icon": "new"}, "labels": ["team"], "state": "DISABLED"}),
        ),
        row("plugin-same", json!({kind: "a.B"})),
        row("plugin-new", json!({"name": "New", kind: "a.B", "tags": {"a": 1, "b": " x "}})),
        row("plugin-other", json!({kind: "a.B", "labels": ["teams"]})),
    ];
    rows.into_iter().map(|row| (row["plugin_id"].as_str().unwrap().to_owned(), row)).collect()
}

#[test]
fn each_plugin_gets_what_it_lacks_and_a_second_run_changes_nothing() {
    for world in [World::generation1(), World::generation2()] {
        let run = world.apply(IN_TURN);
        assert_eq!(
            run.to_string(),
            "status: 0\n--- stdout\nplugin-old replaced name, image, tags.icon\nplugin-tag updated name, labels, tags.icon\n\
             plugin-same unchanged\nplugin-new registered\nplugin-gone deregistered\n--- stderr\nnote: the old spec of \
             plugin-old is saved in plugin-old.yml.replaced\n"
        );
        let calls = [
            "deregister plugin-old",
            "register plugin-old",
            "disable plugin-old",
            "update plugin-tag",
            "register plugin-new",
            "deregister plugin-gone",
        ];
        assert_eq!(world.service.written(), calls);
        world.finish(&expected(&world), "a second run");
        let mode = std::fs::metadata(world.user.path("plugin-old.yml.replaced")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn an_update_sends_what_has_changed_and_nothing_else() {
    let world = World::generation2();
    world.user.file(
        "specs.yml",
        "image: x/plugin-tag\nresource_type: a.B\nname: plugin-tag\ntags: {icon: new}\nlabels: []\n",
    );
    assert_eq!(world.apply("-f specs.yml").quiet_success(), "plugin-tag updated tags.icon\n");
    let call = world.service.server.calls().pop().unwrap();
    assert_eq!(
        (call.method.as_str(), call.request),
        ("update", json!({"plugin_id": "plugin-tag", "tags": {"icon": "new"}}))
    );
}

#[test]
fn the_old_spec_that_is_kept_registers_the_plugin_as_it_was() {
    let world = World::generation2();
    world.apply(ALL).success();
    world.service.reset([]);
    let line = format!("exec register plugin -f plugin-old.yml.replaced --endpoint {}", world.service.server.url());
    world.user.run(&line).success();
    let mut old = before(world.kind).remove(0);
    old["state"] = "ENABLED".into();
    assert_eq!(world.service.rows()["plugin-old"], old);
    assert!(world.kept()["plugin-old.yml.replaced"].contains("\n# state: DISABLED\n"));
}

#[test]
fn what_cannot_be_updated_is_refused_with_its_place_before_anything_is_sent() {
    let world = World::generation2();
    assert_snapshot!(world.apply("-f specs.yml"));
    assert_eq!(world.service.written(), [""; 0]);
    assert_eq!(world.kept().len(), 0);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let world = World::generation1();
    assert_snapshot!(world.apply(&format!("{ALL} --dry-run")));
    assert_snapshot!(world.apply(&format!("{ALL} --dry-run -o json")));
    assert_eq!(world.service.written(), [""; 0]);
    assert_eq!(world.kept().len(), 0);
}

/// What is left of a replacement that was stopped is told beforehand, and told as it is done.
#[test]
fn a_dry_run_and_a_diff_know_of_replacements_that_were_not_finished() {
    let world = World::generation2();
    let new = "name: plugin-old\nresource_type: a.B\nimage: y/plugin-old\n";
    let disable = "  ~ state: \"ENABLED\" -> \"DISABLED\" (restored from plugin-old.yml.replacing)\n";
    let finish = format!("plugin-old (specs.yml): its replacement was not finished\n{disable}");
    let again = "name: plugin-old\nresource_type: a.B\nimage: y/plugin-old\nlabels: [a]\n";
    let update = format!("plugin-old (specs.yml): differs\n  ~ labels: [] -> [\"a\"]\n{disable}");
    let old = "name: plugin-old\nresource_type: a.B\nimage: x/plugin-old\n";
    let replace = format!(
        "plugin-old (specs.yml): differs in fields that cannot be updated\n  \
         ~ image: \"x/plugin-old\" -> \"y/plugin-old\" (cannot be updated)\n{disable}"
    );
    // The spec, the image that is there, its state, what apply says, and what diff says.
    for (spec, image, state, told, differs) in [
        (
            new,
            "y/plugin-old",
            "ENABLED",
            "replaced image; restored from plugin-old.yml.replacing: state",
            finish.as_str(),
        ),
        (
            new,
            "y/plugin-old",
            "DISABLED",
            "replaced image",
            "plugin-old (specs.yml): its replacement was not finished\n",
        ),
        (
            again,
            "y/plugin-old",
            "ENABLED",
            "replaced image, labels; restored from plugin-old.yml.replacing: state",
            update.as_str(),
        ),
        // It was stopped before it took anything away, or undone.
        (
            new,
            "x/plugin-old",
            "ENABLED",
            "replaced image; restored from plugin-old.yml.replacing: state",
            replace.as_str(),
        ),
        (
            old,
            "x/plugin-old",
            "ENABLED",
            "updated state; restored from plugin-old.yml.replacing: state",
            finish.as_str(),
        ),
        (old, "x/plugin-old", "DISABLED", "unchanged", ""),
    ] {
        world.reset();
        world.user.file("specs.yml", new);
        world.apply("-f specs.yml --replace").success();
        std::fs::rename(world.user.path("plugin-old.yml.replaced"), world.user.path("plugin-old.yml.replacing"))
            .unwrap();
        let mut there = world.service.rows().remove("plugin-old").unwrap();
        (there["image"], there["state"]) = (image.into(), state.into());
        world.service.reset([there.clone()]);
        world.user.file("specs.yml", spec);
        let how = format!("{image} {state}");
        let writes = world.service.written().len();

        let diff = world.user.run(&format!("plugin diff -q -f specs.yml --endpoint {}", world.service.server.url()));
        assert_eq!(
            (diff.stdout.as_str(), diff.status),
            (differs, Some(i32::from(!differs.is_empty()))),
            "{how}: {diff}"
        );
        let would = if told == "unchanged" { told.to_owned() } else { format!("would be {told}") };
        assert_eq!(
            world.apply("-f specs.yml -q --replace --dry-run").quiet_success(),
            format!("plugin-old {would}\n"),
            "{how}"
        );
        assert_eq!(world.service.written().len(), writes, "{how}");
        // It is finished where that is asked for.
        let run = world.apply("-f specs.yml -q");
        let refused = "error: plugin-old: a replacement was not finished; the old spec is in plugin-old.yml.replacing\n\
                       hint: --replace finishes it; fields that the spec leaves out come from the old spec\n\
                       hint: to ignore the old spec, run: rm plugin-old.yml.replacing\n";
        assert_eq!((run.status, run.stderr.as_str()), (Some(1), refused), "{how}");
        assert_eq!(world.service.written().len(), writes, "{how}");
        assert_eq!(world.apply("-f specs.yml -q --replace").quiet_success(), format!("plugin-old {told}\n"), "{how}");
        assert_eq!(world.service.rows()["plugin-old"]["state"], "DISABLED", "{how}");
        assert_eq!(world.apply("-f specs.yml -q").quiet_success(), "plugin-old unchanged\n", "{how}");
    }

    // Between the two halves: what is registered takes over what the spec leaves out, and is disabled.
    world.reset();
    world.user.file("specs.yml", new);
    world.apply("-f specs.yml --replace").success();
    std::fs::rename(world.user.path("plugin-old.yml.replaced"), world.user.path("plugin-old.yml.replacing")).unwrap();
    world.service.reset([]);
    let diff = world.user.run(&format!("plugin diff -q -f specs.yml --endpoint {}", world.service.server.url()));
    assert!(diff.stdout.starts_with("plugin-old (specs.yml): not registered\n"), "{diff}");
    let from = " (restored from plugin-old.yml.replacing)\n";
    assert!(diff.stdout.contains(&format!("  + tags.icon: \"o\"{from}")), "{diff}");
    assert!(diff.stdout.contains("  + image: \"y/plugin-old\"\n"), "{diff}");
    assert!(diff.stdout.ends_with(&format!("  + state: \"DISABLED\"{from}")), "{diff}");
    let told = "replaced image; restored from plugin-old.yml.replacing: registry_type, registry_config.url, capability.deep, \
                tags.icon, state\n";
    let would = world.apply("-f specs.yml -q --replace --dry-run").quiet_success();
    assert_eq!(would, format!("plugin-old would be {told}"));
    let json = world.apply("-f specs.yml -q --replace --dry-run -o json").quiet_success();
    let restored = &serde_json::from_str::<Value>(&json).unwrap()["plugins"][0]["restored"];
    assert_eq!(restored["from"], "plugin-old.yml.replacing");
    assert_eq!(restored["changes"][3], json!({"path": "tags.icon", "after": "o"}));
    assert_eq!(world.apply("-f specs.yml -q --replace").quiet_success(), format!("plugin-old {told}"));
}

/// What lies beside a spec, as in an archive or a clone, may be anybody's.
#[test]
fn a_backup_that_others_may_have_written_is_not_taken_up() {
    use std::os::unix::fs::{chown, symlink};

    let world = World::generation2();
    let planted = |mode: u32| {
        world.reset();
        world.service.reset([]);
        world.user.file("specs.yml", "name: plugin-old\nresource_type: a.B\nimage: y/plugin-old\n");
        let url = world.service.server.url();
        let text = format!("# at: {url}\n# state: DISABLED\nname: x\nimage: x/plugin-old\ntags: {{planted: yes}}\n");
        world.user.file("plugin-old.yml.replacing", &text);
        let path = world.user.path("plugin-old.yml.replacing");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let refuses = |why: &str| {
        let writes = world.service.written().len();
        let run = world.apply("-f specs.yml --replace");
        let told = format!(
            "plugin-old: plugin-old.yml.replacing is not used as a backup, \
             because other users may have written it: {why}\nhint: check it; if it is not yours: rm plugin-old.yml.replacing\n"
        );
        assert!(run.status == Some(1) && run.stderr.contains(&told), "{run}");
        assert_eq!(world.service.written().len(), writes);
        // Where nothing is to be replaced, it is passed by.
        let warning = format!(
            "warning: plugin-old: plugin-old.yml.replacing is ignored, because other users may have written it: {why}\n"
        );
        let diff = world.user.run(&format!("plugin diff -f specs.yml --endpoint {}", world.service.server.url()));
        assert!(diff.stderr == warning && !diff.stdout.contains("planted"), "{diff}");
        let run = world.apply("-f specs.yml");
        assert_eq!((run.status, run.stdout.as_str(), run.stderr), (Some(0), "plugin-old registered\n", warning));
        let there = world.service.rows().remove("plugin-old").unwrap();
        assert!(there["state"] == "ENABLED" && !there.to_string().contains("planted"), "{there}");
    };
    for mode in [0o644, 0o620, 0o604] {
        planted(mode);
        refuses(&format!("its mode is {mode:04o}"));
    }
    let path = planted(0o600);
    std::fs::rename(&path, world.user.path("elsewhere")).unwrap();
    symlink("elsewhere", &path).unwrap();
    refuses("it is a symbolic link");
    std::fs::remove_file(&path).unwrap();
    // Only the superuser can give a file away.
    if chown(planted(0o600), Some(12345), None).is_ok() {
        refuses("it belongs to another user, with the id 12345");
    }
    // A backup of one's own is taken up, where that is asked for.
    planted(0o600);
    assert_eq!(world.apply("-f specs.yml").status, Some(1));
    assert_eq!(world.apply("-f specs.yml --yes").status, Some(2));
    let run = world.apply("-f specs.yml -q --replace --yes").quiet_success();
    assert_eq!(
        run,
        "plugin-old replaced name, resource_type, image; restored from plugin-old.yml.replacing: tags.planted, state\n"
    );
    assert_eq!(world.service.rows()["plugin-old"]["tags"], json!({"planted": "yes"}));
}

#[test]
fn each_format_says_what_was_done() {
    let world = World::generation2();
    assert_eq!(
        world.apply(&format!("{ALL} -o quiet")).quiet_success(),
        "plugin-old\nplugin-tag\nplugin-new\nplugin-gone\n"
    );
    world.reset();
    let run = world.apply(&format!("{ALL} -o json")).quiet_success();
    let document: Value = serde_json::from_str(&run).unwrap();
    assert_eq!(document["plugins"][0]["kept"], "plugin-old.yml.replaced");
    assert_eq!(document["plugins"][1]["changes"][2], json!({"path": "tags.icon", "before": "old", "after": "new"}));
    world.reset();
    assert!(
        world
            .apply(&format!("{ALL} -o yaml"))
            .quiet_success()
            .contains("- plugin_id: plugin-gone\n  result: deregistered\n")
    );
    // Of a run that fails, too.
    world.reset();
    world.service.refuse("x/plugin-new");
    let run = world.apply(&format!("{ALL} -o json"));
    assert_eq!(run.status, Some(77), "{run}");
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap()["plugins"].as_array().unwrap().len(), 3);
}

#[test]
fn a_failure_leaves_no_doubt_about_what_was_done_before_it() {
    let world = World::generation2();
    world.service.refuse("x/plugin-new");
    assert_snapshot!(world.seen(ALL));
}

#[test]
fn a_replacement_that_fails_is_undone_with_its_state() {
    let world = World::generation2();
    world.service.refuse("y/plugin-old");
    assert_snapshot!(world.seen(IN_TURN));
    assert_eq!(
        world.service.rows(),
        before(world.kind).into_iter().map(|row| (row["plugin_id"].as_str().unwrap().to_owned(), row)).collect()
    );
    assert_eq!(world.kept().len(), 0);
}

#[test]
fn nothing_is_taken_away_whose_spec_cannot_be_kept() {
    let world = World::generation2();
    // A folder has the name, and all further ones: nothing can be put there.
    for count in 1..=9 {
        let number = if count == 1 { String::new() } else { format!(".{count}") };
        std::fs::create_dir(world.user.path(&format!("plugin-old.yml.replacing{number}"))).unwrap();
    }
    let run = world.apply(ALL);
    assert_eq!(run.status, Some(1), "{run}");
    assert!(run.stderr.contains("cannot back up plugin-old before its replacement"), "{run}");
    // Those beside it are finished, and nothing is pruned.
    assert_eq!(world.service.written(), ["update plugin-tag", "register plugin-new"]);
    assert!(run.stderr.ends_with("\ndone: 3 of 5; not sent: 1; failed: 1\n"), "{run}");
}

#[test]
fn two_specs_of_one_plugin_are_refused_with_both_places() {
    let world = World::generation2();
    world.user.file("more/a.yml", "name: A\nresource_type: a.B\nimage: z/plugin-new\n");
    world.user.file("more/b.yml", "name: A\nresource_type: a.B\nimage: z/other\nplugin_id: plugin-tag\n");
    assert_snapshot!(world.apply("-f specs.yml -f more"));
    assert_eq!(world.service.server.calls().len(), 0);
}

#[test]
fn what_registering_needs_is_asked_for_before_anything_is_sent() {
    let world = World::generation2();
    world.user.file("specs.yml", "image: x/plugin-tag\ntags: {icon: new}\n---\nimage: x/plugin-a\n---\nname: A\n");
    assert_snapshot!(world.apply("-f specs.yml"));
    world.user.file("specs.yml", "image: x/plugin-tag\ntags: {icon: new}\n---\nimage: x/plugin-a\n");
    assert_snapshot!(world.apply("-f specs.yml"));
    assert_eq!(world.service.written(), [""; 0]);
}

#[test]
fn what_several_specs_lack_is_told_at_once() {
    for world in [World::generation1(), World::generation2()] {
        world
            .user
            .file("specs.yml", "image: x/plugin-a\n---\nname: A\n---\nname: B\nimage: ''\n---\nimage: x/plugin-tag\n");
        for words in ["-f specs.yml", "-f specs.yml --dry-run"] {
            let run = world.apply(words);
            assert_eq!(run.status, Some(1), "{run}");
            let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
            let missing = "is missing, and the plugin is not registered";
            let expected = [
                format!("error: specs.yml:1:1: plugin-a: name {missing}"),
                format!("error: specs.yml:1:1: plugin-a: {} {missing}", world.kind),
                "error: specs.yml:3:1: specs.yml (document 2) does not say which plugin it is about".to_owned(),
                "error: specs.yml:5:1: specs.yml (document 3) does not say which plugin it is about".to_owned(),
            ];
            assert_eq!(errors, expected, "{run}");
        }
        assert_eq!(world.service.written(), [""; 0]);
    }
}

#[test]
fn placeholders_in_several_specs_are_refused_before_anything_is_asked() {
    let world = World::generation2();
    world.user.run("plugin init plugin-x --resource-type a.B").success();
    world.user.file("other.yml", "image: x/plugin-tag\ntags:\n  icon: https://<host>/x.svg\n  text: a <b> c\n");
    for words in ["", " --dry-run", " --replace"] {
        let run = world.apply(&format!("-f plugin.yml -f other.yml{words}"));
        assert_eq!(run.status, Some(1), "{run}");
        assert!(
            run.stderr.contains(": image: YOUR-NAMESPACE is a placeholder for a namespace [placeholder]\n"),
            "{run}"
        );
        assert!(
            run.stderr.contains("error: other.yml:3:9: tags.icon: it includes a placeholder [placeholder]\n"),
            "{run}"
        );
        assert_eq!(run.stderr.matches("error: ").count(), 2, "{run}");
    }
    assert_eq!(world.service.server.calls().len(), 0);
}

#[test]
fn only_what_carries_the_label_is_pruned_and_with_consent_only() {
    let world = World::generation2();
    assert_snapshot!(world.apply("-f specs.yml --replace --prune --label team"));
    assert_eq!(world.service.written(), [""; 0]);
    assert_eq!(world.apply("-f specs.yml --prune").status, Some(2));
    assert_eq!(world.apply("-f specs.yml --label team").status, Some(2));
    assert_eq!(world.apply("-f specs.yml --prune --label= --yes").status, Some(2));
    assert_eq!(world.apply("--prune --label team --yes").status, Some(2));
    // Nothing to be removed, nobody to be asked.
    world.apply("-f specs.yml --replace --prune --label nobody").success();
    assert!(world.service.rows().contains_key("plugin-gone"));
}

/// A message may be too small for all of them.
#[test]
fn plugins_to_prune_are_listed_in_pages() {
    let world = World::generation2();
    world.service.reset((0..2_500).map(|index| row(&format!("plugin-{index}"), json!({"labels": ["team"]}))));
    let run = world.apply("-f specs.yml --prune --label team --dry-run").quiet_success();
    assert_eq!(run.matches(" would be deregistered\n").count(), 2_500);
    let calls = world.service.server.calls();
    let lists: Vec<&Value> = calls.iter().filter(|call| call.method == "list").map(|call| &call.request).collect();
    let starts: Vec<u64> = lists.iter().map(|list| list["query"]["page"]["start"].as_u64().unwrap_or(1)).collect();
    // The first list is for the specs.
    assert_eq!(starts, [1, 1, 1_001, 2_001]);
}

#[test]
fn plugins_are_read_side_by_side() {
    let world = World::generation2();
    // Where there is no list, none of the four is answered before all are asked for.
    world.service.refuse_lists(Status::unimplemented("no such method"));
    world.service.answer_together(4);
    assert_eq!(world.apply("-f specs.yml --replace --dry-run").quiet_success().lines().count(), 4);
}

#[test]
fn a_plugin_of_a_managed_repository_is_left_alone() {
    let world = World::generation2();
    world.user.file("specs.yml", "name: A\nresource_type: a.B\nimage: x/plugin-managed\n");
    assert_snapshot!(world.apply("-f specs.yml --replace"));
    assert_eq!(world.service.written(), [""; 0]);
}

#[test]
fn no_secret_is_shown_and_all_of_it_is_sent() {
    let world = World::generation2();
    world.user.file(
        "specs.yml",
        "name: plugin-tag\nimage: x/plugin-tag\nresource_type: a.B\ntags: {api_key: hunter2, icon: old}\n",
    );
    for words in ["-f specs.yml --dry-run -o json", "-f specs.yml -o yaml"] {
        let run = world.apply(words);
        assert!(run.stdout.contains("********") && !run.to_string().contains("hunter2"), "{run}");
    }
    assert_eq!(world.service.rows()["plugin-tag"]["tags"]["api_key"], "hunter2");
}

#[test]
fn a_spec_from_standard_input_keeps_the_old_one_where_it_runs() {
    let world = World::generation2();
    let spec = "name: Old\nresource_type: a.B\nimage: z/plugin-old\n";
    world.user.run_with_input(&world.line("-f - --replace"), spec).success();
    assert!(world.kept().contains_key("plugin-old.yml.replaced"));
    // A folder of specs does not take what is kept there for one.
    world.user.file("specs.yml", spec);
    assert_eq!(world.apply("-f .").quiet_success(), "plugin-old unchanged\n");
}

#[test]
fn a_service_that_fails_anywhere_is_made_to_agree_by_a_second_run() {
    let once = |done| move |at| Trouble::Once { at, done };
    let away = |done| move |from| Trouble::Away { from, done };
    std::thread::scope(|scope| {
        scope.spawn(move || fail_anywhere(&World::generation1(), once(false)));
        scope.spawn(move || fail_anywhere(&World::generation2(), once(true)));
        scope.spawn(move || fail_anywhere(&World::generation2(), away(false)));
        scope.spawn(move || fail_anywhere(&World::generation1(), away(true)));
    });
}

fn fail_anywhere(world: &World, trouble: impl Fn(usize) -> Trouble) {
    let expected = expected(world);
    for at in 1.. {
        world.reset();
        world.service.trouble(trouble(at));
        let run = world.apply(ALL);
        if run.status == Some(0) && world.service.calls() < at {
            assert!(at > 9, "{run}");
            break;
        }
        world.finish(&expected, &format!("{:?} after {run}", trouble(at)));
    }
}

#[test]
fn killed_anywhere_a_second_run_ends_in_the_same() {
    let world = World::generation2();
    let expected = expected(&world);
    for done in [false, true] {
        for at in 1.. {
            world.reset();
            world.service.trouble(Trouble::Silent { at, done });
            let mut run = world.start(ALL);
            if !wait_for_silence(&world, &mut run) {
                assert!(at > 9);
                break;
            }
            run.kill();
            assert_eq!(run.end(), End::Signal(9));
            world.finish(&expected, &format!("killed in call {at}, which was done: {done}"));
        }
    }
}

/// `false` if the run has ended before.
fn wait_for_silence(world: &World, run: &mut Running) -> bool {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !world.service.is_silent() {
        assert!(Instant::now() < give_up, "{}{}", run.out, run.err);
        if run.has_ended() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

#[test]
fn ctrl_c_ends_it_at_once_but_not_between_two_halves() {
    let world = World::generation2();
    let expected = expected(&world);
    // list of the specs, list to prune, get, deregister, register: the second half is the fifth call.
    world.service.trouble(Trouble::Silent { at: 5, done: true });
    let mut run = world.start(IN_TURN);
    assert!(wait_for_silence(&world, &mut run));
    run.interrupt().wait_for("Ctrl-C again aborts");
    run.interrupt();
    assert_eq!(run.end(), End::Exit(130), "{}", run.err);
    assert!(run.err.contains("note: finishing the replacement of plugin-old"), "{}", run.err);
    world.finish(&expected, "interrupted twice");

    world.reset();
    // An update is left at once.
    world.service.trouble(Trouble::Silent { at: 7, done: false });
    let mut run = world.start(IN_TURN);
    assert!(wait_for_silence(&world, &mut run));
    assert_eq!(run.interrupt().end(), End::Exit(130), "{}", run.err);
    assert_eq!(run.out, "plugin-old replaced name, image, tags.icon\n");
    assert!(run.err.contains("note: stopped at plugin-tag: run the same command again to continue\nnote: to continue, run `spacectl plugin apply "), "{}", run.err);
    world.finish(&expected, "interrupted in an update");
}

#[test]
fn whatever_signal_ends_it_the_second_half_is_done_first() {
    let world = World::generation2();
    let expected = expected(&world);
    for (name, word, end) in
        [("INT", "Ctrl-C", End::Exit(130)), ("TERM", "SIGTERM", End::Signal(15)), ("HUP", "SIGHUP", End::Signal(1))]
    {
        world.reset();
        world.service.trouble(Trouble::Silent { at: 5, done: true });
        let mut run = world.start(IN_TURN);
        assert!(wait_for_silence(&world, &mut run));
        let unfinished = "again aborts (backup: plugin-old.yml.replacing)\n";
        run.signal(name).wait_for(&format!("{word} {unfinished}"));
        // The answer is lost, and the plugin found registered.
        world.service.trouble(Trouble::None);
        assert_eq!(run.end(), end, "{}", run.err);
        assert_eq!(run.out, "plugin-old replaced name, image, tags.icon\n", "{name}: {}", run.err);
        assert_eq!(world.kept().into_keys().collect::<Vec<_>>(), ["plugin-old.yml.replaced"], "{name}");
        world.finish(&expected, name);
    }
}

#[test]
fn the_second_signal_leaves_it_and_says_where_the_old_spec_is() {
    let world = World::generation2();
    let expected = expected(&world);
    for (name, end) in [("INT", End::Exit(130)), ("TERM", End::Signal(15)), ("HUP", End::Signal(1))] {
        world.reset();
        world.service.trouble(Trouble::Silent { at: 5, done: false });
        let mut run = world.start(&format!("{IN_TURN} -o json"));
        assert!(wait_for_silence(&world, &mut run));
        run.signal(name).wait_for("again aborts");
        run.signal(name);
        assert_eq!(run.end(), end, "{}", run.err);
        assert!(!world.service.rows().contains_key("plugin-old"));
        assert!(
            run.err.contains(
                "warning: stopped at plugin-old, which may be deregistered: its old spec is saved in \
                 plugin-old.yml.replacing; run the same command again to finish\n"
            ),
            "{}",
            run.err
        );
        let report: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(report, json!({"dry_run": false, "plugins": []}), "{name}");
        world.finish(&expected, name);
    }
}

#[test]
fn ctrl_c_says_where_pruning_stopped() {
    let world = World::generation2();
    let expected = expected(&world);
    world.reset();
    world.apply(ALL).success();
    // The last call deregisters.
    let last = world.service.calls();
    world.reset();
    world.service.trouble(Trouble::Silent { at: last, done: false });
    let mut run = world.start(ALL);
    assert!(wait_for_silence(&world, &mut run));
    assert_eq!(run.interrupt().end(), End::Exit(130), "{}", run.err);
    assert!(run.err.contains("note: stopped at plugin-gone: run the same command again to continue\nnote: to continue, run `spacectl plugin apply "), "{}", run.err);
    world.finish(&expected, "interrupted while it prunes");
}

#[test]
fn a_plugin_that_cannot_be_taken_away_leaves_nothing_to_finish() {
    let world = World::generation2();
    world.service.lock("plugin-old");
    let run = world.apply(ALL);
    assert_eq!(run.status, Some(64 + 7), "{run}");
    assert!(run.stderr.contains("ERROR_PERMISSION_DENIED") && !run.stderr.contains("saved"), "{run}");
    assert!(world.service.rows().contains_key("plugin-old"));
    assert!(world.kept().is_empty(), "{:?}", world.kept());
}

#[test]
fn where_it_is_not_known_whether_a_plugin_is_taken_away_the_kept_spec_is_named() {
    let world = World::generation2();
    let expected = expected(&world);
    for done in [false, true] {
        world.reset();
        world.service.trouble(Trouble::Away { from: 4, done });
        let run = world.apply(IN_TURN);
        assert_eq!(run.status, Some(64 + 14), "{run}");
        let hint = "hint: it may be deregistered; its old spec is saved in plugin-old.yml.replacing: run the same \
                    command again to finish\n";
        assert!(run.stderr.contains(hint), "{run}");
        assert_eq!(world.kept().into_keys().collect::<Vec<_>>(), ["plugin-old.yml.replacing"]);
        world.finish(&expected, "away");
    }
}

#[test]
fn two_at_the_same_time_end_in_what_one_would() {
    let world = World::generation2();
    let expected = expected(&world);
    for _ in 0..3 {
        world.reset();
        // Both have seen that the first plugin has to be replaced before either does it.
        world.service.answer_together(2);
        let mut runs = [world.start(ALL), world.start(ALL)];
        for run in &mut runs {
            assert_eq!(run.end(), End::Exit(0), "{}{}", run.out, run.err);
        }
        world.finish(&expected, &format!("{}{}", runs[0].out, runs[1].out));
    }
    world.service.reset([]);
    world.user.file("specs.yml", "name: A\nresource_type: a.B\nimage: x/plugin-a\n");
    world.service.answer_together(2);
    let mut runs = [world.start("-f specs.yml"), world.start("-f specs.yml")];
    let mut out: Vec<String> = runs
        .iter_mut()
        .map(|run| {
            run.end();
            run.out.clone()
        })
        .collect();
    out.sort();
    assert_eq!(out, ["plugin-a registered\n", "plugin-a unchanged\n"]);
}

#[test]
fn what_is_gone_when_it_is_to_be_updated_is_registered() {
    let world = World::generation2();
    world.service.vanish("plugin-tag");
    let run = world.apply(ALL).success();
    assert!(run.contains("plugin-tag registered\n"), "{run}");
    let written = world.service.written();
    let of_it: Vec<&String> = written.iter().filter(|call| call.ends_with("plugin-tag")).collect();
    assert_eq!(of_it, ["update plugin-tag", "register plugin-tag"]);
}

#[test]
fn a_reader_that_has_gone_does_not_stop_the_work() {
    let world = World::generation2();
    let mut run = Running::start_and_leave(&world.user, &world.line(ALL).split(' ').collect::<Vec<_>>());
    assert_eq!(run.end(), End::Exit(0), "{}", run.err);
    world.finish(&expected(&world), "left");
}

#[test]
fn the_embedded_service_keeps_to_the_same_rules() {
    let user = Spacectl::local();
    user.example("plugin_slack_notification_protocol.yml").example("plugin_email_notification_protocol.yml");
    let apply = "plugin apply -f . -q";
    let registered = user.run(apply).quiet_success();
    let ids = ["plugin-email-notification-protocol_settings", "plugin-slack-notification-protocol_settings"];
    assert_eq!(registered, format!("{} registered\n{} registered\n", ids[0], ids[1]));
    assert_eq!(user.run(apply).quiet_success(), format!("{} unchanged\n{} unchanged\n", ids[0], ids[1]));
    let tagged = user.run("plugin apply -f . -q -p tags.icon=new").quiet_success();
    assert_eq!(tagged, format!("{} updated tags.icon\n{} updated tags.icon\n", ids[0], ids[1]));
    let line = format!("exec disable plugin -q -p plugin_id={}", ids[0]);
    user.run(&line).success();
    let replaced = "plugin apply -q -f plugin_email_notification_protocol.yml -p image=me/other --replace";
    assert_eq!(user.run(replaced).quiet_success(), format!("{} replaced image, tags.icon\n", ids[0]));
    let get = user.run(&format!("plugin get {} -q -o json", ids[0])).quiet_success();
    let row: Value = serde_json::from_str(&get).unwrap();
    assert_eq!((&row["state"], &row["image"]), (&json!("DISABLED"), &json!("me/other")));
}
