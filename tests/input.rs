//! Wrong input: a clear error, the right exit code, nothing half-done.

mod support;

use std::fs::File;
use std::os::unix::net::UnixListener;

use insta::assert_snapshot;
use rustix::fs::{FileType, Mode};
use support::Spacectl;

const REGISTER: &str = "exec register repository.Plugin";

/// Every line with what came of it.
fn transcript(user: &Spacectl, lines: &[&str]) -> String {
    lines.iter().map(|line| format!("$ spacectl {line}\n{}\n", user.run(line))).collect()
}

/// A user of the embedded service whose first use is past.
fn user() -> Spacectl {
    let user = Spacectl::local();
    user.run("list repository.Plugin").success();
    user
}

#[test]
fn wrong_command_lines() {
    let lines = [
        "",
        "lst",
        "list",
        "list repository.Plugin -l 0",
        "list repository.Plugin --page 2",
        "list repository.Plugin -o xml",
        "list repository.Plugin -c plugin_id,name -o quiet",
        "list repository.Plugin -o json --bom",
        "list repository.Plugin --csv-safe",
        "list repository.Plugin -o yaml --no-headers",
        "list repository.Plugin -o chart",
        "list repository.Plugin --color sometimes",
        "list repository.Plugin --watch --dry-run",
        "plugin get x -o spec --watch 1s",
        "list repository.Plugin -c name -m",
        "list repository.Plugin --timeout soon",
        "exec register",
        "--endpoint http://x:1 list repository.Plugin",
        "--endpoint grpc://user:s3cret@x:1 list repository.Plugin",
        "--environment ../x list repository.Plugin",
    ];
    assert_snapshot!(transcript(&user(), &lines));
}

#[test]
fn wrong_parameters() {
    let lines = [
        "exec register repository.Plugin -p name",
        "exec register repository.Plugin -p nmae=x",
        "exec register repository.Plugin -p registry_type=HARBOUR",
        "exec register repository.Plugin -p labels=a",
        "exec register repository.Plugin -p tags=a",
        "exec register repository.Plugin -p name=@missing",
        "list repository.Plugin -p query.page.limit=-1",
        "list repository.Plugin -p count_only=yes",
        "exec register repository.Plugin -j '{\"name\": }'",
        "exec register repository.Plugin -j '{\"nmae\": 1}'",
        "exec register repository.Plugin -j '[]'",
    ];
    assert_snapshot!(transcript(&user(), &lines));
}

#[test]
fn wrong_files() {
    let user = user();
    user.file("empty.yml", "# nothing\n").file("list.yml", "- a\n").file("latin.yml", "name: x\n");
    std::fs::write(user.path("latin.yml"), b"name: caf\xe9\n").unwrap();
    user.file("tab.yml", "name: x\n\tprovider: y\n").file("twice.yml", "name: x\nname: y\n");
    user.file("types.yml", "name: 1.10\nresource_type: a.B\nimage: x/a\nlabels:\n  a: b\ntags: [x]\nprovider: [y]\n");
    user.file("dir/notes.txt", "");
    let lines = ["missing.yml", "empty.yml", "list.yml", "latin.yml", "tab.yml", "twice.yml", "types.yml", "dir"]
        .map(|file| format!("{REGISTER} -f {file}"));
    assert_snapshot!(transcript(&user, &lines.each_ref().map(String::as_str)));
}

#[test]
fn hostile_files_end_in_an_error_not_in_memory() {
    let user = user();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = level - 1;
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", "));
    }
    user.file("bomb.yml", &bomb);
    let quadratic = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 100_000].join(","));
    user.file("quadratic.yml", &quadratic);
    user.file("cycle.yml", "tags: &t\n  again: *t\n");
    user.file("deep.yml", &format!("tags: {}{}", "[".repeat(10_000), "]".repeat(10_000)));
    let deep_block: String = (0..10_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    user.file("deep-block.yml", &deep_block[..4_000_000]);
    // Sparse: it takes no room on the disk.
    File::create(user.path("huge.yml")).unwrap().set_len(1 << 30).unwrap();
    let lines = ["bomb.yml", "quadratic.yml", "cycle.yml", "deep.yml", "deep-block.yml", "huge.yml", "/dev/zero"]
        .map(|file| format!("{REGISTER} -f {file}"));
    assert_snapshot!(transcript(&user, &lines.each_ref().map(String::as_str)));
}

#[test]
fn only_regular_files_are_read_and_what_is_open_already() {
    let user = user();
    let pipe = |name: &str| {
        user.file(name, "");
        std::fs::remove_file(user.path(name)).unwrap();
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, user.path(name), FileType::Fifo, mode, 0).unwrap();
    };
    pipe("specs/x.yml");
    pipe("pipe");
    user.file("socket/x", "");
    let _socket = UnixListener::bind(user.path("socket/x.yml")).unwrap();
    for name in ["environments/pipe.yml", "environment.yml", "alias.yml", "template/repository.Plugin.yml"] {
        pipe(&format!("configuration/{name}"));
    }
    user.file("keyed/environments/x.yml", "endpoints: {repository: grpc://127.0.0.1:1}\napi_key_file: ../../pipe\n");
    let tls = "--endpoint grpc+ssl://127.0.0.1:1 list repository.Plugin";
    for line in [
        "exec register repository.Plugin -f specs",
        "exec register repository.Plugin -f pipe",
        "exec register repository.Plugin -f socket",
        "exec register repository.Plugin -f /dev/zero",
        "exec register repository.Plugin -p name=@pipe",
        "plugin lint specs",
        "plugin lint socket",
        "plugin apply -f specs --dry-run",
        "list repository.Plugin -t pipe",
        "config import pipe",
        "config init -e x -f pipe",
        &format!("{tls} --ca pipe"),
        &format!("{tls} --cert pipe"),
        &format!("{tls} --cert specs/x.yml --key pipe"),
        "local serve --listen 127.0.0.1:0 --data pipe",
    ] {
        let run = user.run(line);
        assert!(run.status == Some(1) && run.to_string().contains("not a regular file"), "{line}: {run}");
    }
    let other = Spacectl::new();
    for (folder, line) in [
        ("configuration", "config show -e pipe"),
        ("configuration", "list p -e local"),
        ("configuration", "template show repository.Plugin -e local"),
        ("keyed", "list repository.Plugin -e x"),
    ] {
        let folder = user.path(folder);
        let run = other.run_with(&[("SPACECTL_CONFIG_DIR", folder.to_str().unwrap())], line);
        assert!(run.status == Some(1) && run.stderr.contains("not a regular file"), "{line}: {run}");
    }
    for file in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "-"] {
        let line = format!("exec register repository.Plugin --dry-run -f {file}");
        user.run_with_input(&line, "name: x\nresource_type: a.B\nimage: x/a\n").success();
    }
}

#[test]
fn errors_as_json_are_one_object() {
    let user = user();
    user.file("wrong.yml", "nmae: x\nlabels: y\ntemplate: {}\n");
    let lines = [
        "--error-format json exec register repository.Plugin -f wrong.yml",
        "--error-format json get repository.Plugin -p plugin_id=nope",
        "list --error-format=json",
        "--error-format json exec register repository.Plugin -p name=A -p service_type=a.B -p image=x/a_b -c plugin_id",
    ];
    assert_snapshot!(transcript(&user, &lines));
    for line in lines {
        serde_json::from_str::<serde_json::Value>(&user.run(line).stderr).unwrap();
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let user = Spacectl::new();
    for line in ["--help", "-h", "help list", "list --help", "--version"] {
        assert!(!user.run(line).quiet_success().is_empty());
    }
}

#[test]
fn version_names_what_the_program_was_built_from() {
    let user = Spacectl::new();
    let version: serde_json::Value = serde_json::from_str(&user.run("version -o json").quiet_success()).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    // Known in release builds of a checkout.
    let is_commit = |commit: &str| commit.len() >= 40 && commit[..40].bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(version["commit"].is_null() || version["commit"].as_str().is_some_and(is_commit), "{version}");
    assert!(version["target"].as_str().unwrap().starts_with(std::env::consts::ARCH), "{version}");
    assert_eq!(version["features"], serde_json::json!(["local"]));
    let generations = ["API 1 (1.8.5 to 2.0.51)", "API 2 (2.0.52 and later)"];
    assert_eq!(version["repository_api"], serde_json::json!(generations));
    let keys: Vec<&String> = version.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["version", "commit", "target", "features", "repository_api"]);
}

#[test]
fn what_passes_can_be_decoded_and_listed() {
    let user = user();
    let spec = |levels: usize| {
        let (open, close) = ("{a: ".repeat(levels - 1), "}".repeat(levels - 1));
        format!("name: A\nresource_type: a.B\nimage: x/a\ntags: {open}x{close}\n")
    };
    user.file("deepest.yml", &spec(34)).file("deeper.yml", &spec(35));
    assert_snapshot!(user.run(&format!("{REGISTER} -f deeper.yml")));
    user.run(&format!("{REGISTER} -f deepest.yml")).success();
    assert!(user.run("list repository.Plugin -o json").quiet_success().contains("\"a\": \"x\""));
}

#[test]
fn of_many_faults_the_first_are_told_and_the_others_counted() {
    let user = user();
    let unknown: String = (0..5_000).map(|number| format!("unknown{number}: x\n")).collect();
    user.file("many.yml", &unknown);
    let run = user.run(&format!("{REGISTER} -f many.yml"));
    let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 21);
    assert!(errors[19].starts_with("error: many.yml:20:1: unknown19:"), "{}", errors[19]);
    assert_eq!(errors[20], "error: 4983 more problems are not shown");
}

#[test]
fn warnings_and_notes_say_which_document_they_are_about() {
    let user = user();
    user.file("one.yml", "name: A\nservice_type: a.B\nimage: x/a_b\ntags:\n- a\n");
    user.file(
        "many.yml",
        "name: A\nservice_type: a.B\nimage: x/a_b\ntags:\n  version: 1.10\n---\nname: C\nservice_type: a.B\n\
         image: ghcr.io/x/c:latest\ntemplate:\n",
    );
    let lines = ["one.yml", "many.yml"].map(|file| format!("{REGISTER} -f {file} -c plugin_id -o quiet"));
    assert_snapshot!(transcript(&user, &lines.each_ref().map(String::as_str)));
}

#[test]
fn what_is_refused_and_what_is_wrong_is_told_at_once() {
    let user = user();
    user.file("shown.yml", "plugin_id: a\nstate: ENABLED\nname: A\nresource_type: a.B\nimage: x/a\ndomain_id: d\n");
    assert_snapshot!(user.run(&format!("{REGISTER} -f shown.yml")));
}

#[test]
fn a_pair_of_surrogates_is_one_character_wherever_it_is_given() {
    let user = user();
    let spec = |name: &str, image: &str| {
        format!(
            r#"{{"name": "{name}", "resource_type": "a.B", "image": "x/{image}", "tags": {{"k{name}": ["{name}"]}}}}"#
        )
    };
    let pair = r"\ud83d\uDE00";
    user.file("a.yml", &spec(pair, "a")).file("b.json", &spec(pair, "b"));
    user.file(
        "c.yml",
        &format!("name: \"{pair}\"\nresource_type: a.B\nimage: x/c\ntags:\n  \"k{pair}\":\n  - \"{pair}\"\n  plain: {pair}\n  single: '{pair}'\n"),
    );
    let show = "-c name,tags -o json";
    for (line, input) in [
        (format!("{REGISTER} {show} -f a.yml"), String::new()),
        (format!("{REGISTER} {show} -f b.json"), String::new()),
        (format!("{REGISTER} {show} -f -"), spec(pair, "stdin")),
        (format!("{REGISTER} {show} -j '{}'", spec(pair, "j")), String::new()),
        (
            format!("{REGISTER} {show} -p name=😀 -p resource_type=a.B -p image=x/p -p 'tags={{k😀: [\"{pair}\"]}}'"),
            String::new(),
        ),
    ] {
        let shown = user.run_with_input(&line, &input).quiet_success();
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown, serde_json::json!({"name": "😀", "tags": {"k😀": ["😀"]}}), "{line}");
    }
    let shown = user.run(&format!("{REGISTER} -c tags.plain,tags.single -f c.yml -o json")).quiet_success();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown, serde_json::json!({"tags.plain": pair, "tags.single": pair}));

    user.file("half.yml", "name: x\ntags:\n  icon: \"a\\ud83d\"\n").file("half.json", "{\n  \"name\": \"\\ude00\"}\n");
    user.file("later.yml", &format!("{{name: \"{pair}{pair}\", provider: [x], image: x/a, resource_type: a.B}}\n"));
    let half = r#"{"name": "\ud83d\u0041"}"#;
    let lines = [
        format!("{REGISTER} -f half.yml"),
        format!("{REGISTER} -f half.json"),
        format!("{REGISTER} -j '{half}'"),
        format!("{REGISTER} -f later.yml"),
    ];
    assert_snapshot!(transcript(&user, &lines.each_ref().map(String::as_str)));
}

#[test]
fn tabs_part_words_in_yaml_and_do_not_indent() {
    let user = user();
    user.file(
        "tabs.yml",
        "name:\tA\t# tab\nresource_type: \ta.B\nimage:\t\"x/a\"\t\nlabels:\n-\tchat\n-\t'b\tc'\ntags: {a:\t1,\tb:\tx\t}\n",
    );
    let shown = user.run(&format!("{REGISTER} -f tabs.yml -c name,labels,tags -o json")).quiet_success();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown, serde_json::json!({"name": "A", "labels": ["chat", "b\tc"], "tags": {"a": 1, "b": "x"}}));
    let json = "{\n\t\"name\":\t\"B\",\n\t\"resource_type\": \"a.B\",\n\t\"image\": \"x/b\"\n}\n";
    user.run_with_input(&format!("{REGISTER} -f -"), json).success();
    user.file("block.yml", "name: A\ntags:\n\ta: 1\n").file("plain.yml", "name: A\ntags:\n  a: 1\n\tb: 2\n");
    user.file("flow.yml", "name: A\ntags: {\n\ta: 1\n}\n").file("list.yml", "labels:\n- a\n\t- b\n");
    user.file("nested.yml", "labels:\n-\t- a\n");
    let lines =
        ["block.yml", "plain.yml", "flow.yml", "list.yml", "nested.yml"].map(|file| format!("{REGISTER} -f {file}"));
    assert_snapshot!(transcript(&user, &lines.each_ref().map(String::as_str)));
}
