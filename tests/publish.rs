//! `plugin build|push|publish` with builders that fail in ways of their own.
//!
//! Real builders, a real registry and the real service are in tests/interop/test_publish.py.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
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
             hint: see the builder's output above; nothing was pushed\n"
        )
    );
    let run = user.run(PUSH);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    for part in [
        "error: push failed: ./buildah ended with exit status 125\n",
        &format!("cause: the command was: ./buildah push --tls-verify=false {IMAGE}\n"),
        "log in: ./buildah login --tls-verify=false 127.0.0.1:9",
        "run the same command again",
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
        (BUILD.replace("src", "nowhere"), 1, ["--context: nowhere does not exist", "takes its files from"]),
        (BUILD.replace("src", "plugin.yml"), 1, ["--context: plugin.yml is not a directory", "takes its files from"]),
        (BUILD.replace("src", "empty"), 1, ["empty has no Dockerfile", "--dockerfile"]),
        (format!("{BUILD} --dockerfile nowhere"), 1, ["--dockerfile: nowhere", "not to the context"]),
        (BUILD.replace("./buildah", "./nowhere"), 1, ["the builder ./nowhere is not there", "docker, podman, buildah"]),
        (
            BUILD.replace("./buildah", "plugin.yml"),
            1,
            ["the builder plugin.yml is not in PATH", "docker, podman, buildah"],
        ),
        (BUILD.replace("./buildah", "./plugin.yml"), 1, ["the builder ./plugin.yml is not there", "cannot be run"]),
        (
            BUILD.replace("plugin.yml --context src", "two.yml"),
            1,
            ["error: two.yml:8:1: ", "would be built from the same folder"],
        ),
        (BUILD.replace("plugin.yml", "host.yml"), 1, ["host.yml:2:8:", "begins with a registry's host"]),
        (BUILD.replace("plugin.yml", "hub.yml"), 1, ["hub.yml:6:3: registry_config.url", "--registry URL"]),
        (BUILD.replace("1.2.0", "a/b"), 2, ["--tag: invalid tag `a/b`", "write it as 1.2.0"]),
        (format!("{BUILD} --registry http://ghcr.io"), 2, ["--registry: ", "loopback"]),
        (format!("{BUILD} --platform linux/arm64,linux/amd64"), 2, ["one platform", "--platform"]),
        (BUILD.replace("-f plugin.yml", "-p name=x"), 1, ["error: image", "required, and missing"]),
        (BUILD.replace("-f plugin.yml", ""), 2, ["--file-parameter", "required"]),
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

/// Waits until somebody has written into a file.
#[track_caller]
fn until_written(user: &Spacectl, file: &str) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while text(user, file).is_empty() {
        assert!(Instant::now() < give_up, "nobody writes {file}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn slow(user: &Spacectl) -> Running {
    let words: Vec<&str> = BUILD.split(' ').collect();
    let mut running = Running::start(user, &words);
    running.wait_for("ready");
    // The program below may be slower.
    until_written(user, "below");
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
    assert!(running.err.contains("build was interrupted: run the same command again"), "{}", running.err);
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
        assert!(running.err.contains("build was interrupted: run the same command again"), "{name}: {}", running.err);
        assert_no_orphans(&user);
    }
}

#[test]
fn a_builder_that_does_not_listen_is_ended_by_the_second_ctrl_c() {
    let user = user(&SLOW.replace("echo interrupted >>told; kill $below; exit 1", "echo no >>told"));
    let mut running = slow(&user);
    running.interrupt();
    until_written(&user, "told");
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
    let down = user.run(PUBLISH);
    assert_eq!((down.status, text(&user, "ran").as_str()), (Some(1), ""), "{down}");
    for part in ["error: cannot ask the registry 127.0.0.1:9 ", "nothing was built or pushed"] {
        assert!(down.stderr.contains(part), "{part}: {down}");
    }

    let (address, _asked) = registry(&[NOT_THERE; 2]);
    user.file("plugin.yml", &SPEC.replace("127.0.0.1:9", &address));
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
fn ctrl_c_is_told_of_while_the_service_is_asked() {
    let user = user("echo built >ran");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("{PUBLISH} --endpoint grpc://{}", silent.local_addr().unwrap());
    let words: Vec<&str> = line.split(' ').collect();
    let mut running = Running::start(&user, &words);
    let (mut asking, _) = silent.accept().unwrap();
    asking.read_exact(&mut [0]).unwrap();
    running.interrupt();
    assert_eq!((running.end(), running.out.as_str(), text(&user, "ran").as_str()), (End::Exit(130), "", ""));
    assert!(
        running.err.contains("reading from the service was interrupted: run the same command again"),
        "{}",
        running.err
    );
}

#[test]
fn an_image_whose_test_fails_is_not_pushed() {
    let user = user("exit 0");
    let (address, _asked) = registry(&[NOT_THERE, THERE]);
    user.run(&format!("config set registry {address} -e local")).success();
    let run = user.run(&format!("{PUBLISH} --test"));
    assert!(run.status == Some(1) && run.stderr.contains("--test: buildah runs no images"), "{run}");
    program(&user, "docker", "echo $1 >>ran; [ $1 != run ] || { echo cannot import app; exit 5; }");
    let run = user.run(&format!("{} --test -o json", PUBLISH.replace("buildah", "docker")));
    assert_eq!((run.status, text(&user, "ran").as_str()), (Some(1), "build\nrun\nrm\n"), "{run}");
    for part in ["error[died]: the plugin ended with exit status 5", "cannot import app", "nothing was pushed"] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
    assert_eq!(run.stdout, "");
}

#[test]
fn local_is_pushed_to_where_it_looks_for_images() {
    let user = user("exit 0");
    let (address, _asked) = registry(&[NOT_THERE, THERE]);
    user.run(&format!("config set registry {address}/mine -e local")).success();
    let dry = user.run(&format!("{PUBLISH} --dry-run -q")).quiet_success();
    assert!(dry.contains(&format!(" --tag {address}/mine/team/plugin-slack:1.2.0 src\n")), "{dry}");
    let elsewhere = user.run(&format!("{PUSH} --dry-run --registry ghcr.io")).quiet_success();
    assert_eq!(elsewhere, "./buildah push ghcr.io/team/plugin-slack:1.2.0\n");
}

#[test]
fn another_registry_than_the_services_is_warned_of_before_the_build() {
    let user = user("touch ran");
    let run = user.run(&format!("{PUBLISH} --dry-run --registry ghcr.io/me"));
    let warning = "warning: --registry: ghcr.io/me/team/plugin-slack is pushed, but the service will look for \
                   127.0.0.1:9/team/plugin-slack\n";
    assert_eq!(run.status, Some(0), "{run}");
    assert!(run.stderr.contains(warning), "{run}");
    let same = user.run(&format!("{PUBLISH} --dry-run --registry 127.0.0.1:9"));
    assert!(!same.stderr.contains("warning"), "{same}");
}

#[test]
fn a_docker_without_its_daemon_gives_way_to_another_builder() {
    let user = user("exit 0");
    program(&user, "bin/podman", "echo podman");
    program(&user, "bin/docker", "exit 1");
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let line = format!("{} --dry-run", BUILD.replace(" --builder ./buildah", ""));
    let run = user.run_with(&[("PATH", &path)], &line);
    assert!(run.stdout.starts_with("podman build "), "{run}");
    assert_eq!(run.stderr, "note: docker is not used: its daemon does not answer\n");
    program(&user, "bin/docker", "test $1 = version");
    let run = user.run_with(&[("PATH", &path)], &line);
    assert!(run.stdout.starts_with("docker build ") && run.stderr.is_empty(), "{run}");
}

#[test]
fn a_plugin_that_stays_disabled_is_told_of() {
    let user = user("exit 0");
    let (address, _asked) = registry(&[NOT_THERE, THERE]);
    user.file("plugin.yml", &SPEC.replace("127.0.0.1:9", &address));
    user.run("plugin apply -f plugin.yml").success();
    user.run("plugin disable plugin-slack").success();
    let run = user.run(PUBLISH);
    let line = format!("plugin-slack released {address}/team/plugin-slack:1.2.0@sha256:abc; spec unchanged\n");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), line.as_str()), "{run}");
    assert!(run.stderr.contains("note: plugin-slack is disabled and stays so"), "{run}");
}

/// A user with two plugins in folders of their own, and a builder that is this script.
fn user_of_two(script: &str, address: &str) -> Spacectl {
    let user = user(script);
    for name in ["email", "slack"] {
        let spec = SPEC.replace("127.0.0.1:9", address).replace("plugin-slack", &format!("plugin-{name}"));
        user.file(&format!("plugins/{name}/plugin.yml"), &spec);
        user.file(&format!("plugins/{name}/Dockerfile"), "FROM scratch\n");
    }
    user
}

const PUBLISH_TWO: &str = "plugin publish -f plugins --tag 1.2.0 --builder ./buildah";

#[test]
fn several_are_built_in_turn_and_pushed_side_by_side() {
    let (address, _asked) = registry(&[NOT_THERE, NOT_THERE, THERE]);
    // A push ends when another one has begun.
    let user = user_of_two(
        "echo \"$*\" >>ran; [ \"$1\" = push ] || exit 0
echo $$ >>pushes; until [ $(wc -l <pushes) -ge 2 ]; do sleep 0.02; done",
        &address,
    );
    let run = user.run(PUBLISH_TWO);
    let line =
        |name: &str| format!("plugin-{name} released {address}/team/plugin-{name}:1.2.0@sha256:abc; spec registered\n");
    assert_eq!((run.status, run.stdout.clone()), (Some(0), line("email") + &line("slack")), "{run}");
    let ran = text(&user, "ran");
    let builds: Vec<&str> = ran.lines().take(2).map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!((builds, ran.lines().count()), (vec!["plugins/email", "plugins/slack"], 4), "{ran}");
    let json = user.run(&format!("{PUBLISH_TWO} -o json"));
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["plugins"][1]["image"], format!("{address}/team/plugin-slack:1.2.0"));
    assert_eq!(
        (&report["plugins"][1]["result"], &report["plugins"][1]["digest"]),
        (&"unchanged".into(), &"sha256:abc".into())
    );
}

#[test]
fn a_push_that_fails_ends_no_other_and_nothing_is_applied() {
    let (address, _asked) = registry(&[NOT_THERE, NOT_THERE, THERE]);
    let user = user_of_two("case \"$*\" in push*email*) exit 3;; push*) sleep 0.2; touch pushed;; esac", &address);
    let run = user.run(PUBLISH_TWO);
    assert_eq!((run.status, run.stdout.as_str(), plugins(&user).as_str()), (Some(1), "", ""), "{run}");
    assert!(user.path("pushed").exists());
    for part in [
        "error: push failed: ./buildah ended with exit status 3\n",
        &format!("hint: pushed: {address}/team/plugin-slack:1.2.0\n"),
    ] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
}

#[test]
fn a_signal_ends_all_pushes() {
    let (address, _asked) = registry(&[NOT_THERE]);
    let user = user_of_two("[ \"$1\" = push ] || exit 0; echo $$ >>pushes; exec sleep 600", &address);
    let words: Vec<&str> = PUBLISH_TWO.split(' ').collect();
    let mut running = Running::start(&user, &words);
    let give_up = Instant::now() + Duration::from_secs(60);
    while text(&user, "pushes").lines().count() < 2 {
        assert!(Instant::now() < give_up, "they do not push");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal("TERM");
    assert_eq!(running.end(), End::Signal(15));
    assert_eq!(plugins(&user), "");
    for pid in text(&user, "pushes").lines() {
        user.file("pid", pid);
        assert!(!goes_on(&user, "pid"), "{pid} goes on");
    }
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
fn what_is_not_filled_in_or_left_out_is_not_built() {
    let user = user("touch ran");
    user.file("placeholders.yml", &SPEC.replace("team/", "YOUR-NAMESPACE/").replace("Slack", "<name>"));
    user.file("left-out.yml", "labels: [a]\n").file("nameless.yml", &SPEC.replace("name: Slack\n", "name: ''\n"));
    for (file, expected) in [
        (
            "placeholders.yml",
            &[
                "placeholders.yml:1:7: name: a placeholder instead of a value [placeholder]",
                "placeholders.yml:2:8: image: YOUR-NAMESPACE is a placeholder for a namespace [placeholder]",
            ][..],
        ),
        (
            "left-out.yml",
            &[
                "left-out.yml:1:1: image: required, and missing",
                "left-out.yml:1:1: name: required, and missing",
                "left-out.yml:1:1: resource_type: required, and missing",
            ],
        ),
        ("nameless.yml", &["nameless.yml:1:7: name: required, and empty [required-field]"]),
    ] {
        for more in ["", " --dry-run"] {
            let run = user.run(&format!("{}{more}", PUBLISH.replace("plugin.yml", file)));
            assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
            let errors: Vec<&str> = run.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
            assert_eq!(errors, expected, "{run}");
        }
    }
    for line in [BUILD, PUSH] {
        let run = user.run(&line.replace("plugin.yml", "placeholders.yml"));
        assert!(run.stderr.starts_with("error: placeholders.yml:2:8: image: YOUR-NAMESPACE is a placeholder"), "{run}");
    }
    assert!(!user.path("ran").exists());
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").success(), "");
}

/// A registry that answers each question in turn as it is told, the last for ever; and what it was asked.
fn registry(answers: &'static [(&str, &str)]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let questions = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut heads = 0;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let question = head.split(" HTTP/").next().unwrap().to_owned();
            let (status, header, body) = if question.starts_with("HEAD ") {
                heads += 1;
                let (status, header) = answers[(heads - 1).min(answers.len() - 1)];
                (status, header, "")
            } else {
                ("200 OK", "Content-Type: application/json", "{\"tags\": [\"1.0.0\"]}")
            };
            questions.lock().unwrap().push(question);
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            // Whoever asks may have had enough.
            let _ = stream.write_all(format!("{answer}{body}").as_bytes());
        }
    });
    (address, asked)
}

const NOT_THERE: (&str, &str) = ("404 Not Found", "Content-Type: application/json");
const THERE: (&str, &str) = ("200 OK", "Docker-Content-Digest: sha256:abc");

/// Pushes to a registry with these answers, of which the first is to the question before the push; with a builder that
/// says that it has pushed.
fn push_to(answers: &'static [(&str, &str)], more: &str) -> (Run, Vec<String>, String) {
    let user = user("exit 0");
    let (address, asked) = registry(answers);
    user.file("plugin.yml", &SPEC.replace("127.0.0.1:9", &address));
    let run = user.run(&format!("{PUSH} {more}"));
    let asked = asked.lock().unwrap().clone();
    (run, asked, IMAGE.replace("127.0.0.1:9", &address))
}

#[test]
fn a_registry_that_is_away_for_a_moment_is_waited_for() {
    let answers = &[
        NOT_THERE,
        ("502 Bad Gateway", "Content-Type: text/html"),
        ("429 Too Many Requests", "Retry-After: 1"),
        ("503 Service Unavailable", "Content-Type: application/json"),
        ("502 Bad Gateway", "Content-Type: text/html"),
        NOT_THERE,
        THERE,
    ];
    let (run, asked, image) = push_to(answers, "--timeout 60s");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), format!("{image}\n").as_str()), "{run}");
    for part in ["502 Bad Gateway", "429 Too Many Requests", "does not have", "waiting for it"] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
    // The tag is asked for, and not each tag that there is.
    assert_eq!(asked, vec!["HEAD /v2/team/plugin-slack/manifests/1.2.0"; answers.len()]);
}

#[test]
fn a_registry_that_refuses_ends_the_wait_at_once() {
    for (answers, part) in [
        (&[NOT_THERE, ("403 Forbidden", "Content-Type: application/json")], "it needs a login"),
        (&[NOT_THERE, ("401 Unauthorized", "Content-Type: application/json")], "it needs a login"),
        (&[NOT_THERE, ("200 OK", "Content-Type: text/html")], "it is not a registry"),
    ] {
        let (run, asked, image) = push_to(answers, "--timeout 0");
        assert_eq!((run.status, run.stdout.as_str(), asked.len()), (Some(1), "", 2), "{run}");
        for part in [part, &format!("{image} is pushed; run the same command again")] {
            assert!(run.stderr.contains(part), "{part}: {run}");
        }
    }
}

#[test]
fn a_wait_in_vain_ends_with_what_was_heard_last() {
    let (run, asked, image) = push_to(&[NOT_THERE], "--timeout 1s");
    assert_eq!(run.status, Some(1));
    let end = format!("error: the registry does not have {image} after 1s\ncause: existing tags: 1.0.0\n");
    assert!(run.stderr.contains(&end), "{run}");
    assert_eq!(asked.last().unwrap(), "GET /v2/team/plugin-slack/tags/list");

    // It says that it has pushed, to a port where nothing listens.
    let run = user("exit 0").run(&format!("{PUSH} --timeout 1s"));
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
    let end = run.stderr.split("error: ").last().unwrap();
    for part in
        [&format!("does not have {IMAGE} after 1s"), "Connection refused", "is the registry running?", "--timeout"]
    {
        assert!(end.contains(part), "{part}: {run}");
    }
}

#[test]
fn a_tag_that_was_there_before_is_taken_for_what_it_is() {
    let (run, _, image) = push_to(&[THERE], "");
    assert_eq!(run.stdout, format!("{image}\n"), "{run}");
    let note = format!("note: the registry already had {image} with the same digest: sha256:abc\n");
    assert!(run.stderr.ends_with(&note), "{run}");
    for before in [&[NOT_THERE, THERE], &[("200 OK", "Docker-Content-Digest: sha256:old"), THERE]] {
        let (run, asked, image) = push_to(before, "");
        assert_eq!((run.stdout, asked.len()), (format!("{image}\n"), 2));
        assert!(!run.stderr.contains("already"), "{}", run.stderr);
    }
}

#[test]
fn a_builder_does_not_inherit_the_key() {
    let user = user("echo \"${SPACECTL_API_KEY-none} $OTHER\" >>got");
    let run = user.run_with(&[("SPACECTL_API_KEY", "hunter2"), ("OTHER", "kept")], BUILD);
    assert_eq!((run.status, text(&user, "got").as_str()), (Some(0), "none kept\n"), "{run}");
}

#[test]
fn what_can_be_read_but_once_is_read_once() {
    let user = user("exit 1");
    let line = format!("{} --dry-run -q", PUBLISH.replace("plugin.yml", "/dev/stdin"));
    let run = user.run_with_input(&line, SPEC);
    assert!(run.status == Some(0) && run.stdout.ends_with("plugin-slack would be registered\n"), "{run}");
    // The rules of lint see what was read.
    let run = user.run_with_input(&line, &format!("{SPEC}labels: [1]\n"));
    assert!(run.status == Some(1) && run.stderr.contains("error: /dev/stdin:7:"), "{run}");
}
