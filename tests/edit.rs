//! `config list`, `use`, `current`, `view` and `edit`.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use support::{Run, Spacectl};

const LAB: &str = "# my lab\nendpoints:\n  repository: grpc://127.0.0.1:1\nx_domain_id: d-1 # 도메인\n";

/// A user with the environments `lab`, the current one, and `prod`.
fn user() -> Spacectl {
    let user = Spacectl::new();
    for name in ["prod", "lab"] {
        user.run(&format!("config init -e {name} --service repository=grpc://127.0.0.1:1")).success();
    }
    fs::write(file(&user, "lab"), LAB).unwrap();
    user
}

fn file(user: &Spacectl, name: &str) -> PathBuf {
    user.home().join(format!(".spaceone/environments/{name}.yml"))
}

/// Edits with a shell script, of which `$1` is the file.
fn edit(user: &Spacectl, script: &str, line: &str) -> Run {
    user.file("editor", &format!("#!/bin/sh\n{script}\n"));
    let path = user.path("editor");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let path_variable = std::env::var("PATH").unwrap();
    user.run_with(&[("EDITOR", path.to_str().unwrap()), ("PATH", &path_variable)], line)
}

/// The copies that are left, each with its text.
fn copies(user: &Spacectl) -> Vec<(PathBuf, String)> {
    let folders = fs::read_dir(user.home().join(".spaceone")).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("spacectl-edit-"));
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    files.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn the_words_of_other_programs_do_what_todays_do() {
    let user = user();
    for (line, same) in [
        ("config list", "config environment"),
        ("config get-contexts", "config environment"),
        ("config list -o csv", "config environment -o csv"),
        ("config list -o json -e prod", "config environment -o json -e prod"),
        ("config view", "config show"),
        ("config view -o json --show-secrets", "config show -o json --show-secrets"),
    ] {
        let expected = user.run(same).quiet_success();
        assert!(!expected.is_empty());
        assert_eq!(user.run(line).quiet_success(), expected, "{line}");
    }
    assert_eq!(user.run("config list").quiet_success(), "lab (current)\nprod\nlocal\n");
    for (line, name) in [("config use prod", "prod"), ("config use-context lab", "lab"), ("config use local", "local")]
    {
        let run = user.run(line);
        assert_eq!((run.status, run.stderr), (Some(0), format!("{name} is the current environment\n")));
        assert_eq!(user.run("config current").quiet_success(), format!("{name}\n"));
        assert_eq!(user.run("config current-context").quiet_success(), format!("{name}\n"));
    }
    let (new, old) = (user.run("config use nope"), user.run("config environment -s nope"));
    assert_eq!((new.status, new.to_string()), (Some(1), old.to_string()));
    let run = user.run_with(&[("SPACECTL_ENVIRONMENT", "lab")], "config use prod");
    assert!(run.stderr.ends_with("note: SPACECTL_ENVIRONMENT is set: as long as it is, commands use lab\n"), "{run}");
    let help = user.run("config --help").quiet_success();
    assert!(!help.contains("context") && help.contains("[alias: view]"), "{help}");
}

#[test]
fn the_current_name_is_the_one_that_calls_use() {
    let user = user();
    assert_eq!(user.run("config current -e prod").quiet_success(), "prod\n");
    assert_eq!(user.run_with(&[("SPACECTL_ENVIRONMENT", "prod")], "config current").quiet_success(), "prod\n");
    assert_eq!(user.run_with(&[("SPACECTL_ENVIRONMENT", "prod")], "config current -e lab").quiet_success(), "lab\n");
    let run = user.run("config current -e gone");
    let warning = "warning: there is no environment `gone` in [HOME]/.spaceone\n";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "gone\n", warning));
    user.run("config environment -r lab").success();
    let run = user.run("config current");
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
    assert!(run.stderr.starts_with("error: no environment is selected\n"), "{run}");
}

#[test]
fn what_is_edited_replaces_the_file_as_it_is() {
    let user = user();
    let run = edit(&user, "sed -i s/d-1/d-2/ $1", "config edit");
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", "lab is saved\n"));
    assert_eq!(fs::read_to_string(file(&user, "lab")).unwrap(), LAB.replace("d-1", "d-2"));
    assert_eq!(fs::metadata(file(&user, "lab")).unwrap().permissions().mode() & 0o777, 0o600);
    let run = edit(&user, "true", "config edit");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), "lab is unchanged\n"));
    let run = edit(&user, "echo x_workspace_id: w >> $1", "config edit -e prod -q");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(user.run("config get x_workspace_id -e prod").quiet_success(), "w\n");
    assert_eq!(copies(&user), []);
    // VISUAL comes first, and has options.
    let variables = [("VISUAL", "sed -i -e s/d-2/d-3/"), ("EDITOR", "false"), ("PATH", "/usr/bin:/bin")];
    assert_eq!(user.run_with(&variables, "config edit").stderr, "lab is saved\n");
    assert!(fs::read_to_string(file(&user, "lab")).unwrap().contains("d-3"));
}

#[test]
fn the_editor_gets_a_private_copy_and_no_key() {
    let user = user().variable("SPACECTL_API_KEY", "s3cret-key");
    let script = "env > env; ls -ld $(dirname $1) $1 | cut -c1-10 > modes; echo $1 > name";
    assert_eq!(edit(&user, script, "config edit").stderr, "lab is unchanged\n");
    let read = |name: &str| fs::read_to_string(user.path(name)).unwrap();
    assert!(read("env").contains("EDITOR=") && !read("env").contains("s3cret-key"));
    assert_eq!(read("modes"), "drwx------\n-rw-------\n");
    assert!(read("name").ends_with("/lab.yml\n") && read("name").contains("/.spaceone/spacectl-edit-"));
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_the_copy_stays() {
    let user = user();
    for (script, told) in [
        (
            "echo 'x_workspace_id: 5' >> $1",
            "error: lab.yml:5:17: `x_workspace_id` must be text, and is a number\nhint: put it into quotes\n",
        ),
        ("echo 'a: b: c' >> $1", "error: lab.yml:5:5: "),
        (
            "echo 'api_kye: s3cret' >> $1",
            "error: lab.yml:5:1: nothing reads the key `api_kye`: did you mean `api_key`?\n",
        ),
        (
            "sed -i s,grpc:,http:, $1; echo 'ca: |\n  -----BEGIN CERTIFICATE-----' >> $1",
            "error: lab.yml:3:15: `endpoints.repository`: ",
        ),
        ("printf 'a: \\377' >> $1", "error: cannot read "),
        ("rm $1; mkdir $1", "error: cannot read "),
    ] {
        let run = edit(&user, script, "config edit");
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run}");
        assert!(run.stderr.starts_with(told) && !run.stderr.contains("s3cret"), "{script}: {run}");
        assert_eq!(fs::read_to_string(file(&user, "lab")).unwrap(), LAB);
        let folders = fs::read_dir(user.home().join(".spaceone")).unwrap().map(|entry| entry.unwrap().path());
        let folder = folders.into_iter().find(|path| path.to_str().unwrap().contains("/spacectl-edit-")).unwrap();
        let copy = folder.join("lab.yml").display().to_string().replace(user.home().to_str().unwrap(), "[HOME]");
        assert!(
            run.stderr.ends_with(&format!(
                "\nhint: your text is in {copy}: run `diff [HOME]/.spaceone/environments/lab.yml {copy}`\n"
            )),
            "{run}"
        );
        fs::remove_dir_all(folder).unwrap();
    }
    let run = edit(&user, "printf 'x_domain_id: 5\\nendpoints: 7\\n' > $1", "--error-format json config edit");
    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["error"]["location"]["line"], 1, "{run}");
    assert!(run.stderr.contains("`endpoints`"), "{run}");
    let [(path, text)] = &copies(&user)[..] else { panic!("{run}") };
    assert_eq!(text, "x_domain_id: 5\nendpoints: 7\n");
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_change_by_others_meanwhile_is_not_lost() {
    let user = user();
    let theirs = file(&user, "lab").display().to_string();
    for (script, left) in [
        (format!("echo registry: https://r >> $1; echo x_workspace_id: w >> {theirs}"), Some("x_workspace_id: w\n")),
        (format!("echo registry: https://r >> $1; rm {theirs}"), None),
    ] {
        let run = edit(&user, &script, "config edit");
        assert_eq!(run.status, Some(1), "{run}");
        assert!(
            run.stderr
                .starts_with("error: another program changed lab meanwhile: nothing was saved\nhint: your text is in "),
            "{run}"
        );
        let now = fs::read_to_string(&theirs).ok();
        assert_eq!(now.as_ref().is_some_and(|text| text.ends_with("x_workspace_id: w\n")), left.is_some(), "{now:?}");
        assert!(copies(&user).iter().all(|(_, text)| text.ends_with("registry: https://r\n")), "{:?}", copies(&user));
    }
}

#[test]
fn an_editor_that_fails_or_empties_the_file_changes_nothing() {
    let user = user();
    for (script, told) in [
        ("exit 1", "error: the editor [HOME]/work/editor failed\ncause: it ended with exit status 1\n"),
        ("kill -9 $$", "error: the editor [HOME]/work/editor failed\ncause: it ended with exit status 137\n"),
        (": > $1", "error: the edited file has no settings\nhint: use `spacectl config environment -r lab` to remove"),
        ("rm $1", "error: cannot read "),
    ] {
        let run = edit(&user, script, "config edit");
        assert!(run.status == Some(1) && run.stderr.contains(told), "{script}: {run}");
        assert_eq!(fs::read_to_string(file(&user, "lab")).unwrap(), LAB);
        assert_eq!(copies(&user), []);
    }
    let run = user.run_with(&[("EDITOR", "no-such-editor"), ("PATH", "/usr/bin:/bin")], "config edit");
    assert!(
        run.stderr.ends_with(
            "cause: it ended with exit status 127\nhint: set VISUAL or EDITOR to a command that edits a file\n"
        ),
        "{run}"
    );
    let run = user.run("config edit");
    assert!(
        run.status == Some(1) && run.stderr.starts_with("error: there is no terminal for vi, the default editor\n"),
        "{run}"
    );
    let run = edit(&user, "echo x: y > $1", "config edit -e nope");
    assert!(run.stderr.starts_with("error: there is no environment `nope`"), "{run}");
}

#[test]
fn a_broken_file_can_be_corrected_and_the_built_in_environment_keeps_its_rule() {
    let user = user();
    fs::write(file(&user, "lab"), "a: b\n c: d\n").unwrap();
    let run = edit(&user, "echo 'x_domain_id: d' > $1", "config edit");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), "lab is saved\n"));
    let run = edit(&user, "echo 'registry: https://registry.example' > $1", "config edit -e local");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), "local is saved\n"));
    let run = edit(&user, "echo 'token: t' >> $1", "config edit -e local");
    assert!(run.stderr.starts_with("error: the environment `local` is built in and reads `registry` only\n"), "{run}");
    // A link to the file stays one.
    let real = user.path("lab.yml");
    fs::rename(file(&user, "lab"), &real).unwrap();
    std::os::unix::fs::symlink(&real, file(&user, "lab")).unwrap();
    assert_eq!(edit(&user, "echo 'x_domain_id: e' > $1", "config edit").stderr, "lab is saved\n");
    assert_eq!(fs::read_to_string(&real).unwrap(), "x_domain_id: e\n");
    assert!(file(&user, "lab").is_symlink());
}

#[test]
fn the_keys_are_in_the_help_of_set() {
    let user = user();
    let help = user.run("config set --help").quiet_success();
    let keys = help.split_once("\nKeys:\n").unwrap().1;
    let keys: Vec<&str> = keys.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    // The warning about an unknown key lists the same.
    let known = user.run("config set foo bar").stderr;
    for key in keys {
        assert!(known.contains(&format!("`{}`", key.split('.').next().unwrap())), "{key}: {known}");
    }
    assert_eq!(known.matches('`').count() / 2, help.split_once("\nKeys:\n").unwrap().1.lines().count() + 1);
}
