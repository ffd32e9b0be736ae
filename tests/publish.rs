//! `plugin build|push|publish`: the days on which a builder does what real ones cannot be brought to in a test. Real ones,
//! a real registry and the real service are in tests/interop/test_publish.py.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use support::{End, Run, Running, Spacectl};

const SPEC: &str = "\
name: Slack
image: team/plugin-slack
resource_type: notification.Protocol
registry_type: HARBOR
registry_config:
  url: 127.0.0.1:9
";
const IMAGE: &str = "127.0.0.1:9/team/plugin-slack:1.2.0";

/// A user of `local` with a spec, a Dockerfile, and a builder that is this script; `$1` is `build` or `push`.
fn user(script: &str) -> Spacectl {
    let user = Spacectl::local().variable("PATH", "/usr/local/bin:/usr/bin:/bin");
    user.file("plugin.yml", SPEC).file("src/Dockerfile", "FROM scratch\n");
    program(&user, "buildah", script);
    user
}

fn program(user: &Spacectl, name: &str, script: &str) {
    user.file(name, &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(user.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
}

const BUILD: &str = "plugin build -f plugin.yml --context src --tag 1.2.0 --builder ./buildah";
const PUSH: &str = "plugin push -f plugin.yml --tag 1.2.0 --builder ./buildah";

fn text(user: &Spacectl, file: &str) -> String {
    std::fs::read_to_string(user.path(file)).unwrap_or_default()
}

#[test]
fn a_builder_gets_the_command_that_a_dry_run_prints() {
    let user = user("for word; do printf '%s\\n' \"$word\"; done >got");
    let more = "--dockerfile src/Dockerfile --build-arg 'A=a b' --build-arg HOME --platform linux/arm64";
    assert_eq!(
        user.run(&format!("{BUILD} {more} --dry-run")).quiet_success(),
        format!(
            "./buildah build --layers --file src/Dockerfile --tag {IMAGE} --build-arg 'A=a b' --build-arg HOME \
             --platform linux/arm64 src\n"
        )
    );
    assert_eq!(text(&user, "got"), "", "a dry run runs nothing");
    assert_eq!(user.run(&format!("{BUILD} {more} -q")).quiet_success(), format!("{IMAGE}\n"));
    assert_eq!(
        text(&user, "got"),
        format!(
            "build\n--quiet\n--layers\n--file\nsrc/Dockerfile\n--tag\n{IMAGE}\n--build-arg\nA=a b\n--build-arg\nHOME\n\
             --platform\nlinux/arm64\nsrc\n"
        )
    );
    assert_eq!(
        user.run(&format!("{PUSH} --dry-run")).quiet_success(),
        format!("./buildah push --tls-verify=false {IMAGE}\n")
    );
    // Only a loopback address is spoken to without TLS.
    assert_eq!(
        user.run(&format!("{PUSH} --dry-run --registry ghcr.io/me")).quiet_success(),
        "./buildah push ghcr.io/me/team/plugin-slack:1.2.0\n"
    );
    let secret = user.run(&format!("{BUILD} --dry-run --build-arg NPM_TOKEN=hunter2")).quiet_success();
    assert!(!secret.contains("hunter2") && secret.contains("NPM_TOKEN="), "{secret}");
}

#[test]
fn what_a_builder_writes_does_not_mix_with_what_is_a_fact() {
    let user = user("echo STEP 1; echo WARN >&2");
    let run = user.run(BUILD);
    assert_eq!((run.status, run.stdout), (Some(0), format!("{IMAGE}\n")));
    assert!(run.stderr.contains("STEP 1\n") && run.stderr.contains("WARN\n"), "{}", run.stderr);
    assert!(run.stderr.starts_with("note: build: ./buildah build --layers --tag "), "{}", run.stderr);
    assert_eq!(user.run(&format!("{BUILD} -q")).stderr, "WARN\n");
}

#[test]
fn a_step_that_fails_names_itself() {
    let user = user("echo no space left >&2; exit 125");
    let run = user.run(BUILD);
    assert_eq!(
        run.to_string(),
        format!(
            "status: 1\n--- stderr\nnote: build: ./buildah build --layers --tag {IMAGE} src\nno space left\n\
             error: build failed: ./buildah ended with exit status 125\n\
             cause: the command was: ./buildah build --layers --tag {IMAGE} src\n\
             hint: what it said is above; nothing is pushed\n"
        )
    );
    let run = user.run(PUSH);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    for part in [
        "error: push failed: ./buildah ended with exit status 125\n",
        &format!("cause: the command was: ./buildah push --tls-verify=false {IMAGE}\n"),
        "log in: ./buildah login --tls-verify=false 127.0.0.1:9",
        "run it again",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    program(&user, "buildah", "kill -9 $$");
    assert!(user.run(BUILD).stderr.contains("./buildah was ended: signal: 9"), "a signal has a name");
    program(&user, "docker", "exit 1");
    let docker = user.run(&BUILD.replace("buildah", "docker"));
    assert!(docker.stderr.contains("daemon"), "{docker}");
    let secret = user.run(&format!("{BUILD} --build-arg NPM_TOKEN=hunter2"));
    assert!(secret.status == Some(1) && !secret.stderr.contains("hunter2"), "{secret}");
    // A program that is none.
    user.file("buildah", "no program");
    std::fs::write(user.path("buildah"), [0x7f, b'E', b'L', b'F']).unwrap();
    assert!(user.run(BUILD).stderr.contains("cannot be run"), "{}", user.run(BUILD));
}

#[test]
fn what_is_not_there_shows_before_anything_is_run() {
    let user = user("touch ran");
    user.file("empty/x", "").file("two.yml", &format!("{SPEC}---\n{SPEC}"));
    user.file("host.yml", &SPEC.replace("team/", "ghcr.io/"))
        .file("hub.yml", &SPEC.replace("  url: 127.0.0.1:9\n", "  {}\n"));
    for (line, status, parts) in [
        (BUILD.replace("src", "nowhere"), 1, ["--context: nowhere is not there", ""]),
        (BUILD.replace("src", "plugin.yml"), 1, ["--context: plugin.yml is no folder", ""]),
        (BUILD.replace("src", "empty"), 1, ["empty has no Dockerfile", "--dockerfile"]),
        (format!("{BUILD} --dockerfile nowhere"), 1, ["--dockerfile: nowhere", "not from the context"]),
        (BUILD.replace("./buildah", "./nowhere"), 1, ["the builder ./nowhere is not there", "docker, podman, buildah"]),
        (BUILD.replace("./buildah", "plugin.yml"), 1, ["the builder plugin.yml is not in PATH", ""]),
        (BUILD.replace("./buildah", "./plugin.yml"), 1, ["cannot be run", ""]),
        (
            BUILD.replace("plugin.yml", "two.yml"),
            2,
            ["build takes one spec, and 2 documents are given", "one spec at a time"],
        ),
        (BUILD.replace("plugin.yml", "host.yml"), 1, ["host.yml:2:8:", "begins with a registry's host"]),
        (BUILD.replace("plugin.yml", "hub.yml"), 1, ["hub.yml:6:3: registry_config.url", "--registry URL"]),
        (BUILD.replace("1.2.0", "a/b"), 2, ["--tag: `a/b` is no tag", ""]),
        (format!("{BUILD} --registry http://ghcr.io"), 2, ["--registry: ", "loopback"]),
        (format!("{BUILD} --platform linux/arm64,linux/amd64"), 2, ["one platform", ""]),
        (BUILD.replace("-f plugin.yml", "-p name=x"), 1, ["image is missing", ""]),
        (BUILD.replace("-f plugin.yml", ""), 2, ["--file-parameter", ""]),
    ] {
        let run = user.run(&line);
        assert_eq!((run.status, run.stdout.as_str()), (Some(status), ""), "{line}\n{run}");
        assert!(parts.iter().all(|part| run.stderr.contains(part)), "{line}\n{run}");
    }
    assert!(!user.path("ran").exists());
    let nothing = user.run_with(&[("PATH", "/nowhere")], &BUILD.replace(" --builder ./buildah", ""));
    assert!(nothing.stderr.contains("docker, podman and buildah are not in PATH"), "{nothing}");
}

/// A builder that goes on until it is told to end, and another program below it that does so for itself.
const SLOW: &str = "trap 'echo interrupted >>told; kill $below; exit 1' INT TERM HUP
sh -c 'echo $$ >below; exec sleep 600' & below=$!
echo $$ >pid; echo ready
while :; do wait; done";

fn slow(user: &Spacectl) -> Running {
    let words: Vec<&str> = BUILD.split(' ').collect();
    let mut running = Running::start(user, &words);
    running.wait_for("ready");
    // The program below may be slower.
    while text(user, "below").is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    running
}

/// Whether a process goes on: one that has ended may wait for somebody to ask how.
fn goes_on(user: &Spacectl, file: &str) -> bool {
    let status = Path::new("/proc").join(text(user, file).trim()).join("status");
    std::fs::read_to_string(status).is_ok_and(|status| !status.contains("State:\tZ"))
}

/// Each process that the builder was is gone, or is going.
#[track_caller]
fn assert_no_orphans(user: &Spacectl) {
    for file in ["pid", "below"] {
        let give_up = Instant::now() + Duration::from_secs(10);
        while goes_on(user, file) {
            assert!(Instant::now() < give_up, "an orphan: {file}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn ctrl_c_ends_the_builder_first() {
    let user = user(SLOW);
    let mut running = slow(&user);
    running.interrupt();
    assert_eq!(running.end(), End::Exit(130));
    assert_eq!((text(&user, "told").as_str(), running.out.as_str()), ("interrupted\n", ""));
    assert!(running.err.contains("build was interrupted: nothing after it is done"), "{}", running.err);
    assert!(!running.err.contains("error:"), "{}", running.err);
    assert_no_orphans(&user);
}

#[test]
fn other_signals_end_the_builder_too() {
    for (name, number) in [("TERM", 15), ("HUP", 1)] {
        let user = user(SLOW);
        let mut running = slow(&user);
        running.signal(name);
        assert_eq!(running.end(), End::Signal(number));
        assert_eq!((text(&user, "told").as_str(), running.out.as_str()), ("interrupted\n", ""), "{name}");
        assert!(running.err.contains("build was interrupted: nothing after it is done"), "{name}: {}", running.err);
        assert_no_orphans(&user);
    }
}

#[test]
fn a_builder_that_does_not_listen_is_ended_by_the_second_ctrl_c() {
    let user = user(&SLOW.replace("echo interrupted >>told; kill $below; exit 1", "echo no >>told"));
    let mut running = slow(&user);
    running.interrupt();
    while text(&user, "told").is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let begun = Instant::now();
    running.interrupt();
    assert_eq!(running.end(), End::Exit(130));
    assert!(begun.elapsed() < Duration::from_secs(8), "it waited for the end of the time of grace");
    assert_no_orphans(&user);
}

const PUBLISH: &str = "plugin publish -f plugin.yml --context src --tag 1.2.0 --builder ./buildah";

fn plugins(user: &Spacectl) -> String {
    user.run("plugin list -c plugin_id -o quiet").quiet_success()
}

#[test]
fn nothing_follows_a_step_that_fails() {
    let user = user("echo \"$1\" >>ran; [ \"$1\" = push ] || exit 3");
    let dry = user.run(&format!("{PUBLISH} --dry-run -q")).quiet_success();
    assert_eq!(
        dry,
        format!(
            "./buildah build --quiet --layers --tag {IMAGE} src\n./buildah push --quiet --tls-verify=false {IMAGE}\n\
             plugin-slack would be registered\n"
        )
    );
    assert_eq!((text(&user, "ran").as_str(), plugins(&user).as_str()), ("", ""));
    let build = user.run(PUBLISH);
    assert_eq!((build.status, build.stdout.as_str()), (Some(1), ""));
    assert!(build.stderr.contains("error: build failed: ./buildah ended with exit status 3\n"), "{build}");
    assert_eq!((text(&user, "ran").as_str(), plugins(&user).as_str()), ("build\n", ""));
    program(&user, "buildah", "echo \"$1\" >>ran; [ \"$1\" = build ] || exit 125");
    let push = user.run(&format!("{PUBLISH} -o json"));
    assert_eq!((push.status, push.stdout.as_str()), (Some(1), ""));
    assert!(push.stderr.contains("error: push failed: ./buildah ended with exit status 125\n"), "{push}");
    assert_eq!((text(&user, "ran").as_str(), plugins(&user).as_str()), ("build\nbuild\npush\n", ""));
}

#[test]
fn what_cannot_be_applied_is_not_built() {
    let user = user("touch ran");
    for (line, status, part) in [
        // Nobody is there.
        (format!("--endpoint grpc://127.0.0.1:9 {PUBLISH}"), 1, "cannot connect to grpc://127.0.0.1:9"),
        (format!("-e nowhere {PUBLISH}"), 1, "nowhere"),
        // No service takes it.
        (format!("{PUBLISH} -p nmae=x"), 2, "did you mean name?"),
        (PUBLISH.replace("src", "nowhere"), 1, "--context"),
    ] {
        let run = user.run(&line);
        assert_eq!((run.status, run.stdout.as_str()), (Some(status), ""), "{run}");
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
    // What `plugin lint` finds, all of it, from standard input too.
    let wrong = format!("{}labels: [1]\n", SPEC.replace("plugin-slack", "plugin_slack"));
    user.file("wrong.yml", &wrong).run("list plugin").success();
    let run = user.run(&PUBLISH.replace("plugin.yml", "wrong.yml"));
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
    assert!(run.stderr.contains("error: wrong.yml:2:") && run.stderr.contains("plugin_slack"), "{run}");
    let piped = user.run_with_input(&PUBLISH.replace("plugin.yml", "-"), &wrong);
    assert_eq!(piped.stderr, run.stderr.replace("wrong.yml", "stdin"), "{piped}");
    user.run("exec register plugin -f plugin.yml -p image=other/plugin-slack -q").success();
    let run = user.run(PUBLISH);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
    assert!(run.stderr.contains("image cannot be updated") && run.stderr.contains("--replace"), "{run}");
    assert!(!user.path("ran").exists());
    let replaced = user.run(&format!("{PUBLISH} --replace --dry-run -q")).quiet_success();
    assert!(replaced.contains("plugin-slack would be replaced image"), "{replaced}");
}

#[test]
fn a_registry_that_is_down_is_named_after_a_push() {
    // It says that it has pushed, to a port where nothing listens.
    let user = user("exit 0");
    let run: Run = user.run(&format!("{PUSH} --timeout 20s"));
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
    for part in ["127.0.0.1:9", "is the registry running?", &format!("{IMAGE} is pushed; run it again")] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
}
