//! `local`: the embedded Repository on a port, and emptied.

mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use support::Spacectl;

/// A served Repository; killed when dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(user: &Spacectl, flags: &[&str]) -> Self {
        let mut command = user.command();
        command.args(["local", "serve", "--listen", "127.0.0.1:0"]).args(flags);
        if !flags.contains(&"--data") {
            command.args(["--data", "plugins.db"]);
        }
        Self::from_child(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Waits for the address.
    fn from_child(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect(&line).to_owned();
        Self { child, url }
    }

    /// Asks it to end: its exit code, and what it said.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_until_it_is_asked_to_end_and_keeps_what_it_has() {
    let user = Spacectl::new();
    user.example("plugin_slack_notification_protocol.yml");
    let served = Served::start(&user, &[]);
    let register = "exec register repository.Plugin -f plugin_slack_notification_protocol.yml -c plugin_id -o quiet";
    user.run(&format!("--endpoint {} {register}", served.url)).success();
    let (status, said) = served.end("-TERM");
    assert_eq!(status, Some(0));
    assert_snapshot!(said);
    let served = Served::start(&user, &[]);
    let list = user.run(&format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet", served.url));
    assert_eq!(list.quiet_success(), "plugin-slack-notification-protocol_settings\n");
    assert_eq!(served.end("-INT").0, Some(0));
}

#[test]
fn strict_refuses_what_a_current_service_refuses() {
    let user = Spacectl::new();
    let served = Served::start(&user, &["--strict"]);
    let register = format!("--endpoint {} exec register repository.Plugin -p name=A -p resource_type=a.B", served.url);
    let refused = user.run(&format!("{register} -p image=x/plugin_b"));
    assert_eq!(refused.status, Some(64 + 3));
    let long = user.run(&format!("{register} -p image=x/{}", "p".repeat(49)));
    assert_eq!(long.status, Some(64 + 3));
    assert_snapshot!(format!("{refused}\n{long}").replace(&served.url, "[URL]"));
    user.run(&format!("{register} -p image=x/{}", "p".repeat(48))).success();
}

#[test]
fn two_on_one_port_is_an_error_that_says_so() {
    let user = Spacectl::new();
    let served = Served::start(&user, &[]);
    let address = served.url.strip_prefix("grpc://").unwrap();
    let second = user.run(&format!("local serve --listen {address} --data other.db"));
    assert_eq!(second.status, Some(1));
    assert_snapshot!(second.to_string().replace(address, "[ADDRESS]"));
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let user = Spacectl::new();
    user.file(
        "notes.txt",
        "not a database, and longer than a database header would need to be to look like one at all",
    );
    let run = user.run("local serve --listen 127.0.0.1:0 --data notes.txt");
    assert_snapshot!(run);
    assert!(std::fs::read_to_string(user.path("notes.txt")).unwrap().starts_with("not a database"));
}

#[test]
fn many_processes_on_one_file_lose_nothing() {
    let user = Spacectl::local();
    user.run("list repository.Plugin").success();
    let register = |n: usize| {
        let mut command = user.command();
        let image = format!("image=x/plugin-{:02}", n / 2);
        command.args([
            "exec",
            "register",
            "repository.Plugin",
            "-p",
            "name=A",
            "-p",
            "resource_type=a.B",
            "-p",
            &image,
        ]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    // Two compete for each id: one of them wins.
    let children: Vec<Child> = (0..24).map(register).collect();
    let codes: Vec<_> = children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 12, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(70)).count(), 12, "{codes:?}");
    assert_eq!(user.run("list repository.Plugin -c plugin_id -o quiet").quiet_success().lines().count(), 12);
}

#[test]
fn the_address_is_taken_in_the_form_that_is_printed() {
    let user = Spacectl::new();
    let mut command = user.command();
    command.args(["local", "serve", "-e", "local", "--data", "plugins.db", "--listen", "grpc://127.0.0.1:0"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut served = Served { child, url: String::new() };
    let mut line = String::new();
    BufReader::new(served.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("listening on grpc://127.0.0.1:"), "{line}");
}

#[test]
fn what_is_for_calls_is_refused_as_it_would_count_for_nothing() {
    let user = Spacectl::new();
    for (given, flag) in [
        ("-e prod", "--environment"),
        ("--endpoint grpc://127.0.0.1:1", "--endpoint"),
        ("--domain-id domain-1", "--domain-id"),
        ("--cert me.pem --key me.key", "--cert"),
    ] {
        let run = user.run(&format!("local serve --listen 127.0.0.1:0 {given}"));
        let said = format!("error: {flag} is for calls, and this command makes none\n");
        assert!(run.status == Some(2) && run.stderr.starts_with(&said), "{run}");
    }
}

/// A user, and a served Repository with the examples' managed plugins and two own ones.
fn with_managed() -> (Spacectl, Served) {
    let user = Spacectl::new();
    let served = Served::start(&user, &["--managed", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/managed")]);
    user.file(
        "plugins.yml",
        "name: Own Slack\nresource_type: notification.Protocol\nimage: x/plugin-own-slack\n---\n\
         name: Own Jira\nresource_type: a.B\nimage: x/plugin-jira\n",
    );
    user.run(&format!("--endpoint {} exec register repository.Plugin -f plugins.yml -q", served.url)).success();
    (user, served)
}

#[test]
fn managed_plugins_are_listed_beside_the_own_ones_and_filtered_like_them() {
    let (user, served) = with_managed();
    let runs: Vec<String> = [
        "list plugin -c plugin_id,name,repository_info.repository_id",
        "list plugin --filter name~slack -c plugin_id",
        "list plugin --filter name~slack -c plugin_id -l 1 --page 2 -o json",
        "list plugin -p state=DISABLED -c plugin_id -o csv",
        "list plugin --search slack -c plugin_id -o quiet",
        "list plugin -s -created_at -c repository_info.repository_type -l 1 -o quiet",
        "list plugin -s name -c name -o quiet",
        "list repository.Repository --filter repository_type=MANAGED -c repository_id,name -o csv",
        "get repository.Plugin -p plugin_id=plugin-grafana-mon-webhook -o json",
    ]
    .map(|args| format!("$ {args}\n{}\n", user.run(&format!("--endpoint {} {args}", served.url))))
    .to_vec();
    assert_snapshot!(runs.concat().replace(&served.url, "[URL]"));
}

#[test]
fn managed_plugins_are_read_before_anything_is_served() {
    let user = Spacectl::new();
    let run = |folder: &str| {
        user.run(&format!("local serve --listen 127.0.0.1:0 --data plugins.db --managed {folder}")).to_string()
    };
    user.file("unnamed/a.yml", "name: A\nresource_type: a.B\n");
    user.file("wrong/a.yml", "name: A\nresource_type: a.B\nimage: x/plugin-a\nlabels: {a: b}\n");
    user.file("empty/a.txt", "");
    user.file("twice/a.yml", "name: A\nresource_type: a.B\nimage: x/plugin-a\n");
    user.file("twice/b.yml", "name: B\nresource_type: a.B\nimage: y/plugin-a\n");
    assert_snapshot!(["unnamed", "wrong", "empty", "nowhere", "twice"].map(run).concat());
}

#[test]
fn a_managed_plugin_cannot_be_changed_and_that_is_said() {
    let (user, served) = with_managed();
    user.file("slack.yml", "name: Mine\nresource_type: notification.Protocol\nimage: x/plugin-slack-noti-protocol\n");
    user.file(
        "two.yml",
        "plugin_id: plugin-jira\nname: Jira\n---\nplugin_id: plugin-slack-noti-protocol\nname: Mine\n",
    );
    user.file("same.yml", &std::fs::read_to_string("examples/managed/plugin_slack_protocol.yml").unwrap());
    let runs: Vec<String> = [
        "exec update repository.Plugin -p plugin_id=plugin-slack-noti-protocol -p name=Mine",
        "exec enable repository.Plugin -p plugin_id=plugin-slack-noti-protocol",
        "exec disable repository.Plugin -p plugin_id=plugin-slack-noti-protocol",
        "exec deregister repository.Plugin -p plugin_id=plugin-slack-noti-protocol",
        "exec update repository.Plugin -f two.yml -c plugin_id -o quiet",
        "plugin disable plugin-jira plugin-slack-noti-protocol",
        "plugin enable plugin-slack-noti-protocol",
        "plugin deregister --yes plugin-slack-noti-protocol",
        "plugin apply -f slack.yml --replace",
        "plugin diff -f slack.yml",
        "plugin diff -f same.yml",
        "plugin apply -f same.yml",
        "exec disable repository.Plugin -p plugin_id=plugin-nobody",
    ]
    .map(|args| format!("$ {args}\n{}\n", user.run(&format!("--endpoint {} {args}", served.url))))
    .to_vec();
    assert_snapshot!(runs.concat().replace(&served.url, "[URL]"));
}

#[test]
fn an_own_plugin_with_the_id_of_a_managed_one_is_the_one_that_is_changed() {
    let (user, served) = with_managed();
    let run = |args: &str| user.run(&format!("--endpoint {} {args}", served.url));
    user.file("slack.yml", "name: Mine\nresource_type: notification.Protocol\nimage: x/plugin-slack-noti-protocol\n");
    run("exec register repository.Plugin -f slack.yml -q").success();
    assert_eq!(run("plugin diff -f slack.yml").quiet_success(), "");
    let applied = run("plugin apply -f slack.yml -p name=Ours").quiet_success();
    assert_eq!(applied, "plugin-slack-noti-protocol updated name\n");
    let names = run("list plugin --search s -p plugin_id=plugin-slack-noti-protocol -c name -o quiet");
    assert_eq!(names.quiet_success(), "Slack Notification Protocol\nOurs\n");
}

const DATABASE: &str = ".local/share/spacectl/repository.db";

fn register(user: &Spacectl, name: &str) {
    let line = format!(
        "exec register plugin -q -p name={name} -p image=acme/{name} -p resource_type=a.B -c plugin_id -o quiet"
    );
    assert_eq!(user.run(&line).quiet_success(), format!("{name}\n"));
}

#[test]
fn reset_starts_over_with_an_empty_repository() {
    let user = Spacectl::local();
    let empty = "[HOME]/.local/share/spacectl/repository.db has no plugins: nothing to remove\n";
    // There is nothing to confirm yet.
    for line in ["local reset", "local reset --yes"] {
        let run = user.run(line);
        assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", empty), "{line}");
    }
    register(&user, "plugin-a");
    register(&user, "plugin-b");
    let run = user.run("local reset");
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        run.stderr,
        "error: local reset would remove 2 plugins from [HOME]/.local/share/spacectl/repository.db: no terminal to \
         confirm on\nhint: pass --yes to skip the confirmation\n"
    );
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").quiet_success(), "plugin-a\nplugin-b\n");
    let run = user.run("local reset -y");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""));
    assert_eq!(run.stderr, "removed 2 plugins from [HOME]/.local/share/spacectl/repository.db\n");
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").quiet_success(), "");
    // The same plugins can be registered again, and it is quiet if it is told to be.
    register(&user, "plugin-a");
    assert_eq!(user.run("local reset --yes -q").quiet_success(), "");
    assert_eq!(user.run("local reset").stderr, empty);
}

#[test]
fn reset_touches_the_repository_of_the_environment_local_only() {
    let user = Spacectl::local();
    register(&user, "plugin-a");
    for flag in ["-e prod", "--endpoint grpc://127.0.0.1:1", "--domain-id domain-1"] {
        let run = user.run(&format!("local reset --yes {flag}"));
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains("the environment local"), "{run}");
    }
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").quiet_success(), "plugin-a\n");
    assert_eq!(user.run("local reset --yes -e local -q").quiet_success(), "");
    // A file that holds something else is not removed.
    std::fs::write(user.home().join(DATABASE), "something else, and longer than the header of a database".repeat(9))
        .unwrap();
    let run = user.run("local reset --yes");
    assert_eq!(run.status, Some(1), "{run}");
    assert!(run.stderr.contains("the file is not a local repository"), "{run}");
    assert!(std::fs::read_to_string(user.home().join(DATABASE)).unwrap().starts_with("something else"));
}

/// The file is not replaced while another process has it open: both go on with the same one.
#[test]
fn reset_empties_a_repository_that_is_being_served() {
    let user = Spacectl::local();
    register(&user, "plugin-a");
    let database = user.home().join(DATABASE);
    let served = Served::start(&user, &["--data", database.to_str().unwrap()]);
    let list =
        || user.run(&format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet", served.url)).quiet_success();
    assert_eq!(list(), "plugin-a\n");
    assert_eq!(user.run("local reset --yes").success(), "");
    assert_eq!(list(), "");
    let register_there = format!(
        "--endpoint {} exec register repository.Plugin -q -p name=b -p image=acme/plugin-b -p resource_type=a.B -o quiet -c plugin_id",
        served.url
    );
    assert_eq!(user.run(&register_there).quiet_success(), "plugin-b\n");
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").quiet_success(), "plugin-b\n");
    assert_eq!(served.end("-TERM").0, Some(0));
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").quiet_success(), "plugin-b\n");
}

/// Another writer is waited for, and then named; nothing is removed.
#[test]
fn reset_does_not_wait_for_another_process_for_ever() {
    let user = Spacectl::local();
    register(&user, "plugin-a");
    let writer = rusqlite::Connection::open(user.home().join(DATABASE)).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = user.run("local reset --yes");
    assert_eq!(run.status, Some(1), "{run}");
    assert!(run.stderr.contains("another process keeps the database busy"), "{run}");
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").quiet_success(), "plugin-a\n");
}

/// Registers a plugin of its own, and one that another writer wants, too.
#[test]
fn fifty_writers_of_one_service_lose_and_double_nothing() {
    let user = Spacectl::new();
    let served = Served::start(&user, &[]);
    let write = |n: usize| {
        let plugin = |image: String| format!("name: A\nresource_type: a.B\nimage: x/{image}\n");
        let specs = [plugin(format!("own-{n:02}")), plugin(format!("shared-{:02}", n / 2))].join("---\n");
        user.file(&format!("{n}.yml"), &specs);
        let mut command = user.command();
        command.args(["--endpoint", &served.url, "exec", "register", "repository.Plugin", "-f", &format!("{n}.yml")]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let writers: Vec<Child> = (0..50).map(write).collect();
    let codes: Vec<_> = writers.into_iter().map(|mut writer| writer.wait().unwrap().code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 25, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(70)).count(), 25, "{codes:?}");
    let own = (0..50).map(|n| format!("own-{n:02}\n"));
    let expected: String = own.chain((0..25).map(|n| format!("shared-{n:02}\n"))).collect();
    let list = format!("--endpoint {} list repository.Plugin -s plugin_id -c plugin_id -o quiet", served.url);
    assert_eq!(user.run(&list).quiet_success(), expected);
}

#[test]
fn what_was_acknowledged_outlives_a_service_that_is_killed() {
    let user = Spacectl::new();
    let served = Served::start(&user, &[]);
    let spec = |n: usize| format!("name: A\nresource_type: a.B\nimage: x/plugin-{n}\n");
    user.file("many.yml", &(0..3000).map(spec).collect::<Vec<_>>().join("---\n"));
    let line = ["exec", "register", "repository.Plugin", "-f", "many.yml", "-c", "plugin_id", "-o", "quiet"];
    let mut writer = user.command();
    writer.args(["--endpoint", &served.url]).args(line).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut writer = writer.spawn().unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acknowledged: Vec<String> = lines.by_ref().take(50).collect();
    served.end("-KILL");
    acknowledged.extend(lines);
    assert!(!writer.wait().unwrap().success());
    assert!((50..3000).contains(&acknowledged.len()), "{}", acknowledged.len());
    let served = Served::start(&user, &[]);
    let list = user.run(&format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet", served.url));
    let list = list.quiet_success();
    let stored: Vec<&str> = list.lines().collect();
    for plugin in acknowledged {
        assert!(stored.contains(&plugin.as_str()), "{plugin}");
    }
}

#[test]
fn a_connection_beyond_the_limit_waits() {
    let user = Spacectl::new();
    let served = Served::start(&user, &["--max-connections", "1", "--idle-timeout", "0", "--sync", "full"]);
    let address = served.url.strip_prefix("grpc://").unwrap();
    let other = TcpStream::connect(address).unwrap();
    let mut waiting = user.command();
    waiting.args(["--endpoint", &served.url, "--connect-timeout", "20s", "list", "repository.Plugin"]);
    let mut waiting = waiting.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(waiting.try_wait().unwrap().is_none());
    drop(other);
    assert!(waiting.wait().unwrap().success());
    for wrong in ["--max-connections 0", "--idle-timeout soon", "--sync never"] {
        assert_eq!(user.run(&format!("local serve {wrong}")).status, Some(2), "{wrong}");
    }
}

#[test]
fn a_connection_without_a_call_is_closed() {
    let user = Spacectl::new();
    let served = Served::start(&user, &["--idle-timeout", "100ms"]);
    let mut idle = TcpStream::connect(served.url.strip_prefix("grpc://").unwrap()).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    idle.read_to_end(&mut Vec::new()).unwrap();
}

/// A service that accepts without a pause would take a whole processor.
#[cfg(target_os = "linux")]
#[test]
fn a_lack_of_descriptors_is_waited_out() {
    let user = Spacectl::new();
    let serve = concat!("ulimit -n 30; exec ", env!("CARGO_BIN_EXE_spacectl"), " local serve --listen 127.0.0.1:0");
    let mut command = Command::new("sh");
    command.args(["-c", serve]).env_clear().env("HOME", user.home()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let served = Served::from_child(command.spawn().unwrap());
    let address = served.url.strip_prefix("grpc://").unwrap();
    let sockets: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(address).unwrap()).collect();
    let cpu_time = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", served.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    std::thread::sleep(Duration::from_millis(500));
    let before = cpu_time();
    std::thread::sleep(Duration::from_secs(2));
    let ticks = cpu_time() - before;
    assert!(ticks < 40, "{ticks} of 200 ticks");
    drop(sockets);
    user.run(&format!("--endpoint {} list repository.Plugin", served.url)).success();
    let (status, said) = served.end("-TERM");
    assert_eq!(status, Some(0));
    assert!(said.contains("a connection has to wait: Too many open files"), "{said}");
}

#[test]
fn open_calls_end_before_the_service_unless_it_is_told_twice() {
    let user = Spacectl::new();
    let mut served = Served::start(&user, &[]);
    let mut watching = user.command();
    watching.args(["--endpoint", &served.url, "exec", "Watch", "grpc.health.v1.Health", "-o", "jsonl"]);
    let mut watching = watching.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    BufReader::new(watching.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    let begun = Instant::now();
    let signal = |pid: u32| assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
    signal(served.child.id());
    std::thread::sleep(Duration::from_millis(500));
    assert!(TcpStream::connect(served.url.strip_prefix("grpc://").unwrap()).is_err(), "it accepts nothing more");
    assert!(served.child.try_wait().unwrap().is_none(), "the call is open");
    signal(served.child.id());
    assert_eq!(served.child.wait().unwrap().signal(), Some(15));
    assert!(begun.elapsed() < Duration::from_secs(8));
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[test]
fn damaged_files_and_records_are_errors_with_what_to_do() {
    let user = Spacectl::new();
    let served = Served::start(&user, &[]);
    let spec = |n: usize| format!("name: A\nresource_type: a.B\nimage: x/plugin-{n}\n");
    user.file("many.yml", &(0..100).map(spec).collect::<Vec<_>>().join("---\n"));
    user.run(&format!("--endpoint {} exec register repository.Plugin -f many.yml -q", served.url)).success();
    let database = rusqlite::Connection::open(user.path("plugins.db")).unwrap();
    database.execute("UPDATE plugin SET info = x'ffff' WHERE plugin_id = 'plugin-1'", ()).unwrap();
    drop(database);
    let mut runs: Vec<String> = [
        "list repository.Plugin",
        "get repository.Plugin -p plugin_id=plugin-1",
        "get repository.Plugin -p plugin_id=plugin-2 -c plugin_id",
        "exec deregister repository.Plugin -p plugin_id=plugin-1",
        "list repository.Plugin -c plugin_id -s plugin_id -l 2 -o quiet",
    ]
    .map(|args| format!("$ {args}\n{}\n", user.run(&format!("--endpoint {} {args}", served.url))))
    .to_vec();
    let url = served.url.clone();
    assert_eq!(served.end("-TERM").0, Some(0));
    let bytes = std::fs::read(user.path("plugins.db")).unwrap();
    std::fs::write(user.path("plugins.db"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::create_dir(user.path("folder")).unwrap();
    for data in ["plugins.db", "folder", "many.yml/plugins.db"] {
        let args = format!("local serve --listen 127.0.0.1:0 --data {data}");
        runs.push(format!("$ {args}\n{}\n", user.run(&args)));
    }
    assert_snapshot!(runs.concat().replace(&url, "[URL]"));
}
