//! `plugin edit`: a registered plugin in an editor, here a script.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::json;
use support::{Plugins, Run, Spacectl, row};

const ID: &str = "plugin-grafana-monitoring-webhook";

/// A user of `local` with a plugin.
fn user() -> Spacectl {
    let user = Spacectl::local();
    user.example("plugin_grafana_webhook.yml");
    user.run("plugin apply -q -f plugin_grafana_webhook.yml").success();
    user
}

fn edit(user: &Spacectl, editor: &str, rest: &str) -> Run {
    let variables = [("EDITOR", editor), ("PATH", "/usr/bin:/bin"), ("TMPDIR", user.home().to_str().unwrap())];
    user.run_with(&variables, &format!("plugin edit {ID} {rest}"))
}

/// The files that were left.
fn left(user: &Spacectl) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("spacectl-")).collect()
}

fn name(user: &Spacectl) -> String {
    user.run(&format!("plugin get {ID} -c name -o quiet")).quiet_success().trim().to_owned()
}

#[test]
fn what_is_changed_is_shown_and_applied() {
    let user = user();
    let run = edit(&user, "sed -i s/^name:.*/name:\\ 웹훅/", "--yes");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), format!("{ID} updated name\n").as_str()), "{run}");
    assert!(run.stderr.starts_with(&format!("{ID} ([HOME]/spacectl-")), "{run}");
    assert!(run.stderr.ends_with("differs\n  ~ name: \"Grafana Webhook\" -> \"웹훅\"\n"), "{run}");
    assert_eq!((name(&user), left(&user)), ("웹훅".to_owned(), Vec::new()));
    let json = edit(&user, "sed -i s/^name:.*/name:\\ B/", "--yes -o json -q");
    assert!(json.stderr.is_empty() && json.stdout.contains("\"result\": \"updated\""), "{json}");
}

#[test]
fn what_is_not_changed_is_not_sent() {
    let service = Plugins::generation2();
    service.reset([row("plugin-a", json!({}))]);
    let user = Spacectl::new();
    for editor in ["true", "sed -i s/^/#x\\n/"] {
        let variables = [("VISUAL", editor), ("EDITOR", "false"), ("PATH", "/usr/bin:/bin")];
        let run = user.run_with(&variables, &format!("--endpoint {} plugin edit plugin-a --yes", service.server.url()));
        if editor == "true" {
            assert_eq!(run.quiet_success(), "plugin-a unchanged\n");
        }
        let calls = service.server.calls();
        assert!(calls.iter().all(|call| call.method == "get" || call.method == "list"), "{:?}", calls.len());
    }
    let user = self::user();
    let run = edit(&user, "truncate -s 0", "--yes");
    assert_eq!(
        run.to_string(),
        "status: 1\n--- stderr\nerror: cancelled: nothing was changed\ncause: the file is empty\n"
    );
    assert!(left(&user).is_empty());
}

#[test]
fn a_wrong_spec_is_named_with_its_place_and_left_for_its_owner() {
    for (editor, error) in [
        ("sed -i s/^name:/nmae:/", ":1:1: nmae: RegisterPluginRequest has no such field\nhint: did you mean name?\n"),
        (
            "sed -i s/plugin-grafana/plugin-other/",
            "error: the file is about plugin-other-monitoring-webhook, not about",
        ),
        ("sed -i s/monitoring.Webhook/a.B/", "resource_type cannot be updated, from \"monitoring.Webhook\" to \"a.B\""),
        ("sed -i '$a---\\nimage: a/b'", "error: the file has 2 documents, and a plugin is one"),
    ] {
        let user = user();
        let run = edit(&user, editor, "--yes");
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
        assert!(run.stderr.contains(error), "{run}");
        let [folder] = &left(&user)[..] else { panic!("{run}") };
        let file = folder.join(format!("{ID}.yml"));
        let mode = |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder), mode(&file)), (0o700, 0o600));
        let shown = file.to_str().unwrap().replace(user.home().to_str().unwrap(), "[HOME]");
        let hint = format!("hint: your changes are in {shown}; to apply them: `spacectl plugin apply -f {shown}`\n");
        assert!(run.stderr.ends_with(&hint), "{run}");
        assert_eq!(name(&user), "Grafana Webhook");
    }
}

#[test]
fn a_field_that_is_gone_stays_and_that_is_said() {
    let user = user();
    let run = edit(&user, "sed -i /^labels:/,+1d", "--yes");
    assert_eq!(
        run.to_string(),
        format!(
            "status: 0\n--- stdout\n{ID} unchanged\n--- stderr\n\
             note: not in the file, so unchanged: labels; to empty a list or a mapping, write [] or {{}}\n"
        )
    );
}

#[test]
fn a_field_that_is_emptied_is_sent_or_refused() {
    let user = user();
    for (editor, fields) in [
        ("sed -i s/^name:.*/name:/", "name"),
        ("sed -i s/^name:.*/name:\\ \"\"/", "name"),
        ("sed -i -e s/^name:.*/name:/ -e s/^provider:.*/provider:/", "name, provider"),
        ("sed -i -e s/^name:.*/name:/ -e s/Turns/Makes/", "name"),
        ("sed -i -e '/^labels:/,+1d' -e '$alabels:'", "labels"),
    ] {
        let run = edit(&user, editor, "--yes");
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
        assert!(run.stderr.starts_with(&format!("error: cannot be emptied: {fields}\ncause: ")), "{run}");
        assert!(run.stderr.contains("\nhint: your changes are in "), "{run}");
        assert_eq!(name(&user), "Grafana Webhook");
    }
    let run = edit(&user, "sed -i -e '/^labels:/,+1d' -e '$alabels: []'", "--yes");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), format!("{ID} updated labels\n").as_str()), "{run}");
    let tags = "updated tags.description, tags.spaceone:plugin_name";
    let run = edit(&user, "sed -i -e '/^tags:/,$d' -e '1itags: {}'", "--yes");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), &*format!("{ID} {tags}\n")), "{run}");
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let user = user();
    let run = edit(&user, "no-such-editor", "--yes");
    assert_eq!(run.status, Some(1), "{run}");
    assert!(
        run.stderr.contains("error: the editor no-such-editor failed\ncause: it ended with exit status 127\n"),
        "{run}"
    );
    assert!(run.stderr.contains("hint: set VISUAL or EDITOR"), "{run}");
    let run = edit(&user, "false", "--yes");
    assert!(run.stderr.starts_with("error: the editor false failed\ncause: it ended with exit status 1\n"), "{run}");
    assert!(left(&user).is_empty());
    assert_eq!(
        edit(&user, "true", "").to_string(),
        format!(
            "status: 2\n--- stderr\nerror: edit changes {ID}: no terminal to confirm on\n\
             hint: pass --yes to skip the confirmation\n"
        )
    );
    let run = user.run("plugin edit plugin-grafana-monitoring-webhok --yes");
    assert!(run.stderr.ends_with(&format!("hint: did you mean {ID}?\n")), "{run}");
}

#[test]
fn the_editor_gets_no_secret() {
    let user = user();
    user.file("editor.sh", "#!/bin/sh\nenv > seen\n");
    let script = user.path("editor.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let variables = [("EDITOR", script.to_str().unwrap()), ("SPACECTL_API_KEY", "hunter2"), ("PATH", "/usr/bin:/bin")];
    let run = user.run_with(&variables, &format!("plugin edit {ID} --yes"));
    assert_eq!(run.status, Some(0), "{run}");
    let seen = std::fs::read_to_string(user.path("seen")).unwrap();
    assert!(seen.contains("EDITOR=") && !seen.contains("hunter2"), "{seen}");
}
