//! `plugin apply` and `plugin diff` of many specs: calls, and early ends.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Desk, End, Plugins, Run, Running, Spacectl, row};
use tonic::Status;

/// A user with the specs of so many plugins, `plugin-000` and so on.
fn user_with(count: usize) -> Spacectl {
    user_with_type(count, "resource_type")
}

fn user_with_type(count: usize, kind: &str) -> Spacectl {
    let user = Spacectl::new();
    let spec = |n: usize| format!("---\nname: N\n{kind}: a.B\nimage: x/plugin-{n:03}\n");
    user.file("specs.yml", &(0..count).map(spec).collect::<String>());
    user
}

fn run(user: &Spacectl, service: &Plugins, words: &str) -> Run {
    user.run(&format!("plugin {words} --endpoint {}", service.server.url()))
}

fn start(user: &Spacectl, desk: &Desk, words: &[&str]) -> Running {
    let url = desk.server.url();
    Running::start(user, &[&["plugin", "apply", "-f", "specs.yml", "--endpoint", &url], words].concat())
}

fn lines(numbers: std::ops::Range<usize>, result: &str) -> String {
    numbers.map(|n| format!("plugin-{n:03} {result}\n")).collect()
}

/// A desk whose list of the specs' plugins is answered by `rows`, at work on so many changes.
fn desk_with(rows: Value, running: impl FnOnce(&Desk) -> Running, changes: usize) -> (Desk, Running) {
    let desk = Desk::new();
    let running = running(&desk);
    desk.wait_for(1);
    assert_eq!(desk.came(), ["list"]);
    desk.answer("list", Ok(json!({"total_count": rows.as_array().unwrap().len(), "results": rows})));
    desk.wait_for(1 + changes);
    (desk, running)
}

#[test]
fn many_specs_are_read_by_one_list_and_reported_in_their_order() {
    for (service, kind) in [(Plugins::generation1(), "service_type"), (Plugins::generation2(), "resource_type")] {
        let user = user_with_type(500, kind);
        assert_eq!(run(&user, &service, "apply -f specs.yml").quiet_success(), lines(0..500, "registered"));
        assert_eq!((service.reads(), service.written().len()), ((1, 0), 500));
        assert_eq!(run(&user, &service, "apply -f specs.yml").quiet_success(), lines(0..500, "unchanged"));
        assert_eq!(run(&user, &service, "diff -f specs.yml").quiet_success(), "");
        assert_eq!((service.reads(), service.written().len()), ((3, 0), 500));
        let updated = run(&user, &service, "apply -f specs.yml -p labels=[a]").quiet_success();
        assert_eq!(updated, lines(0..500, "updated labels"));
        let diff = run(&user, &service, "diff -f specs.yml -p labels=[b]");
        assert_eq!((diff.status, diff.stdout.matches(": differs\n").count()), (Some(1), 500));
        assert_eq!((service.reads(), service.written().len()), ((5, 0), 1000));
    }
}

#[test]
fn a_single_spec_is_read_by_get() {
    let (user, service) = (user_with(1), Plugins::generation2());
    assert_eq!(run(&user, &service, "apply -f specs.yml").quiet_success(), "plugin-000 registered\n");
    assert_eq!(run(&user, &service, "diff -f specs.yml").quiet_success(), "");
    assert_eq!(service.reads(), (0, 2));
}

#[test]
fn more_specs_than_a_list_asks_for_are_read_by_several() {
    let (user, service) = (user_with(2_001), Plugins::generation2());
    assert_eq!(run(&user, &service, "diff -f specs.yml").status, Some(1));
    let asked: Vec<usize> = service
        .server
        .calls()
        .iter()
        .map(|call| call.request["query"]["filter"][0]["v"].as_array().unwrap().len())
        .collect();
    let asked = BTreeSet::from_iter(asked);
    assert_eq!((service.reads(), asked), ((3, 0), BTreeSet::from([1, 1_000])));
}

#[test]
fn plugins_of_several_domains_are_listed_domain_by_domain() {
    let (user, service) = (Spacectl::new(), Plugins::generation1());
    let spec =
        |n: usize| format!("---\nname: N\nservice_type: a.B\nimage: x/plugin-{n}\ndomain_id: domain-{}\n", n % 2);
    user.file("specs.yml", &(0..4).map(spec).collect::<String>());
    assert_eq!(run(&user, &service, "diff -f specs.yml").status, Some(1));
    let calls = service.server.calls();
    let asked: Vec<(&Value, &Value)> =
        calls.iter().map(|call| (&call.request["domain_id"], &call.request["query"]["filter"][0]["v"])).collect();
    let expected = [
        (&json!("domain-0"), &json!(["plugin-0", "plugin-2"])),
        (&json!("domain-1"), &json!(["plugin-1", "plugin-3"])),
    ];
    assert_eq!(asked, expected);
}

/// A key may be allowed to get and not to list; a Repository's list fails with a remote repository that is away.
#[test]
fn where_the_list_fails_each_plugin_is_got() {
    let user = user_with(20);
    for status in [
        Status::permission_denied("no list"),
        Status::unimplemented("no list"),
        Status::invalid_argument("no such operator"),
        Status::unavailable("the remote repository is away"),
        Status::internal("Exception calling application"),
    ] {
        let service = Plugins::generation2();
        service.reset([row("plugin-007", json!({"name": "N", "resource_type": "a.B"}))]);
        service.refuse_lists(status.clone());
        let told = run(&user, &service, "apply -f specs.yml").quiet_success();
        let expected = [lines(0..7, "registered"), lines(7..8, "unchanged"), lines(8..20, "registered")].concat();
        assert_eq!(told, expected, "{status}");
        assert_eq!(service.reads().1, 20, "{status}");
    }
    // With a wrong key nothing else would help.
    let service = Plugins::generation2();
    service.refuse_lists(Status::unauthenticated("who is it?"));
    let run = run(&user, &service, "apply -f specs.yml");
    assert_eq!((run.status, service.reads()), (Some(64 + 16), (1, 0)), "{run}");
}

#[test]
fn a_list_that_ignores_its_filter_is_not_read_to_its_end() {
    let (user, service) = (user_with(3), Plugins::generation2());
    let fields = || json!({"name": "N", "resource_type": "a.B"});
    // It is read as long as that is cheap.
    service.reset((0..1_500).map(|n| row(&format!("plugin-{n:03}"), fields())));
    service.ignore_filters();
    assert_eq!(run(&user, &service, "apply -f specs.yml").quiet_success(), lines(0..3, "unchanged"));
    assert_eq!(service.reads(), (2, 0));
    service.reset((0..5_000).map(|n| row(&format!("plugin-{n:03}"), fields())));
    service.ignore_filters();
    assert_eq!(run(&user, &service, "apply -f specs.yml").quiet_success(), lines(0..3, "unchanged"));
    assert_eq!(service.reads(), (3, 3));
}

#[test]
fn of_two_plugins_with_one_id_the_own_one_counts_however_they_are_read() {
    let user = Spacectl::new();
    let managed = "---\nname: Own\nresource_type: a.B\nimage: x/plugin-managed\ntags: {a: b}\n";
    user.file("one.yml", managed)
        .file("two.yml", &format!("{managed}---\nname: N\nresource_type: a.B\nimage: x/plugin-b\n"));
    for (file, reads) in [("one.yml", (1, 1)), ("two.yml", (1, 0))] {
        let service = Plugins::generation2();
        service.reset([
            row("plugin-managed", json!({"name": "Own", "resource_type": "a.B"})),
            row("plugin-b", json!({"name": "N", "resource_type": "a.B"})),
        ]);
        let told = run(&user, &service, &format!("apply -f {file} --dry-run")).quiet_success();
        assert!(told.starts_with("plugin-managed would be updated tags.a\n"), "{told}");
        assert_eq!(service.reads(), reads, "{file}");
        // Without one of the domain's own, the managed one is there, and cannot be changed.
        service.reset([]);
        let refused = run(&user, &service, &format!("apply -f {file}"));
        assert!(refused.stderr.contains("plugin-managed belongs to a managed repository"), "{refused}");
        assert_eq!(service.written(), [""; 0]);
    }
}

#[test]
fn parallel_says_how_many_are_in_flight() {
    for (words, most) in [(&[][..], 16), (&["--parallel", "1"], 1), (&["--parallel", "3"], 3)] {
        let user = user_with(20);
        let (desk, mut running) = desk_with(json!([]), |desk| start(&user, desk, words), most);
        for n in 0..20 {
            desk.wait_for(2 + n);
            desk.accept(&format!("plugin-{n:03}"));
        }
        assert_eq!((running.end(), desk.most()), (End::Exit(0), most));
        assert_eq!(running.out, lines(0..20, "registered"));
    }
    let user = user_with(2);
    for wrong in ["0", "257", "x"] {
        assert_eq!(user.run(&format!("plugin apply -f specs.yml --parallel {wrong}")).status, Some(2), "{wrong}");
    }
}

#[test]
fn after_a_failure_no_more_is_sent_and_what_is_in_flight_is_finished() {
    let user = user_with(20);
    let (desk, mut running) = desk_with(json!([]), |desk| start(&user, desk, &[]), 16);
    desk.answer("plugin-002", Err(Status::internal("no such image")));
    desk.answer("plugin-011", Err(Status::invalid_argument("no such type")));
    for n in (0..16).rev().filter(|n| ![2, 11].contains(n)) {
        desk.accept(&format!("plugin-{n:03}"));
    }
    assert_eq!(running.end(), End::Exit(64 + 13), "{}", running.err);
    assert_eq!(
        running.out,
        [lines(0..2, "registered"), lines(3..11, "registered"), lines(12..16, "registered")].concat()
    );
    let errors: Vec<&str> = running.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "{}", running.err);
    assert!(errors[0].starts_with("error: specs.yml:10:1: plugin-002: ") && errors[1].contains(": plugin-011: "));
    assert!(running.err.ends_with("\ndone: 14 of 20; not sent: 4; failed: 2\n"), "{}", running.err);
    assert_eq!(desk.came().len(), 17);
}

#[test]
fn a_signal_leaves_what_is_in_flight_but_for_replacements_and_accounts_for_all() {
    let user = user_with(20);
    // The first is to be replaced.
    let old = row("plugin-000", json!({"name": "N", "resource_type": "a.B", "image": "y/plugin-000"}));
    let (desk, mut running) = desk_with(json!([old]), |desk| start(&user, desk, &["--replace"]), 16);
    desk.answer("plugin-000", Ok(old.clone()));
    desk.wait_for(18);
    // It is deregistered, and another one is done.
    desk.answer("plugin-000", Ok(json!({})));
    desk.accept("plugin-002");
    desk.wait_for(20);
    running.interrupt().wait_for("finishing the replacement of plugin-000; Ctrl-C again aborts");
    desk.accept("plugin-000");
    assert_eq!(running.end(), End::Exit(130), "{}", running.err);
    assert_eq!(running.out, "plugin-000 replaced image\nplugin-002 registered\n");
    let told = "done: 2 of 20; not sent: 3; stopped: 15\nnote: stopped at plugin-001, plugin-003, plugin-004, plugin-005, \
                plugin-006, plugin-007, plugin-008, plugin-009, plugin-010, plugin-011 and 5 more: run the same command \
                again to continue\nnote: to continue, run `spacectl plugin apply --endpoint ";
    assert!(running.err.contains(told) && running.err.ends_with(" --replace`\n"), "{}", running.err);
    assert_eq!(desk.came().len(), 20);
}

#[test]
fn a_second_signal_names_the_backup_of_each_replacement() {
    let user = user_with(2);
    let old = |n: usize| row(&format!("plugin-{n:03}"), json!({"name": "N", "resource_type": "a.B", "image": "y/z"}));
    let rows = json!([old(0), old(1)]);
    let (desk, mut running) = desk_with(rows, |desk| start(&user, desk, &["--replace"]), 2);
    for n in 0..2 {
        desk.answer(&format!("plugin-{n:03}"), Ok(old(n)));
    }
    desk.wait_for(5);
    running.interrupt().wait_for("finishing the replacement of plugin-000").wait_for("the replacement of plugin-001");
    assert_eq!(running.interrupt().end(), End::Exit(130), "{}", running.err);
    for n in 0..2 {
        let told = format!(
            "warning: stopped at plugin-{n:03}, which may be deregistered: its old spec is saved in \
             plugin-{n:03}.yml.replacing; run the same command again to finish\n"
        );
        assert!(running.err.contains(&told), "{}", running.err);
    }
    assert!(running.err.contains("\ndone: 0 of 2; not sent: 0; stopped: 2\n"), "{}", running.err);
}

#[test]
fn nothing_is_pruned_before_all_specs_are_applied() {
    let user = user_with(3);
    let gone = row("plugin-gone", json!({"labels": ["team"]}));
    let words = ["--prune", "--label", "team", "--yes"];
    let (desk, mut running) = desk_with(json!([]), |desk| start(&user, desk, &words), 1);
    desk.answer("list", Ok(json!({"total_count": 1, "results": [gone]})));
    desk.wait_for(5);
    desk.accept("plugin-000");
    desk.accept("plugin-002");
    running.wait_for("plugin-000 registered\n");
    assert_eq!(desk.open(), ["plugin-001"]);
    desk.accept("plugin-001");
    desk.wait_for(6);
    desk.answer("plugin-gone", Ok(json!({})));
    assert_eq!(running.end(), End::Exit(0), "{}", running.err);
    assert_eq!(running.out, lines(0..3, "registered") + "plugin-gone deregistered\n");
}
