//! Tests of the configuration's folder.

use super::*;
use std::fs;
use tempfile::TempDir;

/// A home, and the configuration in it that is not there yet.
fn empty() -> (TempDir, ConfigDir) {
    let home = tempfile::tempdir().unwrap();
    let variables = Variables { home: Some(home.path().into()), ..Variables::default() };
    let dir = ConfigDir::locate(&variables).unwrap();
    (home, dir)
}

fn name(name: &str) -> EnvironmentName {
    EnvironmentName::new(name).unwrap()
}

fn environment(text: &str) -> Environment {
    Environment::parse(text.as_bytes(), "test").unwrap()
}

#[test]
fn the_variable_outranks_the_home() {
    let mut variables = Variables { home: Some("/home/x".into()), ..Variables::default() };
    assert_eq!(ConfigDir::locate(&variables).unwrap().path(), Path::new("/home/x/.spaceone"));
    variables.config_dir = Some("/etc/spaceone".into());
    assert_eq!(ConfigDir::locate(&variables).unwrap().path(), Path::new("/etc/spaceone"));
    let error = ConfigDir::locate(&Variables::default()).unwrap_err().to_string();
    assert!(error.contains("SPACECTL_CONFIG_DIR"), "{error}");
}

#[test]
fn looking_makes_nothing() {
    let (home, dir) = empty();
    assert_eq!(dir.environments().unwrap(), []);
    assert_eq!(dir.current().unwrap(), None);
    assert_eq!(dir.find(&name("dev")).unwrap(), None);
    assert!(dir.load(&name("dev")).is_err());
    assert!(dir.switch(&name("dev")).is_err());
    assert!(dir.remove(&name("dev")).is_err());
    assert!(dir.update(&name("dev"), |_| Ok(())).is_err());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn files_of_the_python_client_are_read() {
    let (_home, dir) = empty();
    fs::create_dir_all(dir.path().join("environments")).unwrap();
    fs::write(dir.path().join("environment.yml"), "environment: prod\n").unwrap();
    fs::write(dir.path().join("environments/prod.yml"), "api_key: k\n").unwrap();
    fs::write(dir.path().join("environments/dev.yml"), "{}\n").unwrap();
    fs::write(dir.path().join("environments/note.txt"), "").unwrap();
    fs::create_dir(dir.path().join("environments/folder.yml")).unwrap();
    assert_eq!(dir.environments().unwrap(), [name("dev"), name("prod")]);
    assert_eq!(dir.current().unwrap(), Some(name("prod")));
    assert_eq!(dir.load(&name("prod")).unwrap(), environment("api_key: k"));
    assert_eq!(dir.load(&name("dev")).unwrap(), Environment::default());
}

#[test]
fn files_are_written_as_the_python_client_reads_them() {
    let (_home, dir) = empty();
    dir.create(&[(&name("no"), &Environment::default())], false).unwrap();
    dir.switch(&name("no")).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("environment.yml")).unwrap(), "environment: \"no\"\n");
    assert_eq!(fs::read_to_string(dir.path().join("environments/no.yml")).unwrap(), "{}\n");
    assert_eq!(dir.current().unwrap(), Some(name("no")));
}

#[test]
fn nothing_is_overwritten_unasked() {
    let (_home, dir) = empty();
    dir.create(&[(&name("dev"), &environment("token: old"))], false).unwrap();
    let error = dir.create(&[(&name("dev"), &environment("token: new"))], false).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(dir.load(&name("dev")).unwrap(), environment("token: old"));
    dir.create(&[(&name("dev"), &environment("token: new"))], true).unwrap();
    assert_eq!(dir.load(&name("dev")).unwrap(), environment("token: new"));
}

#[test]
fn an_environment_that_cannot_become_the_current_one_is_not_created() {
    let (_home, dir) = empty();
    fs::create_dir_all(dir.path().join("environment.yml")).unwrap();
    let create = || dir.create_current(&name("dev"), &Environment::default(), false);
    create().unwrap_err();
    assert!(!dir.file_of(&name("dev")).exists());
    fs::remove_dir(dir.path().join("environment.yml")).unwrap();
    create().unwrap();
    assert_eq!(dir.current().unwrap(), Some(name("dev")));
}

#[test]
fn the_built_in_environment_is_not_hidden_by_a_new_file() {
    let (_home, dir) = empty();
    let error = dir.create(&[(&EnvironmentName::built_in(), &Environment::default())], true).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(!dir.path().exists());
    dir.switch(&EnvironmentName::built_in()).unwrap();
    assert_eq!(dir.current().unwrap(), Some(EnvironmentName::built_in()));
    let change = |environment: &mut Environment| environment.set("token", "t");
    let error = dir.update(&EnvironmentName::built_in(), change).unwrap_err().to_string();
    assert!(error.contains("built in and reads `registry` only"), "{error}");
    assert!(!dir.has(&EnvironmentName::built_in()));
}

#[test]
fn nothing_is_removed_if_the_current_environment_cannot_be_read() {
    let (_home, dir) = empty();
    dir.create(&[(&name("dev"), &Environment::default())], false).unwrap();
    fs::create_dir(dir.path().join("environment.yml")).unwrap();
    dir.remove(&name("dev")).unwrap_err();
    assert!(dir.file_of(&name("dev")).exists());
}

#[test]
fn removing_the_current_environment_leaves_none_current() {
    let (_home, dir) = empty();
    for each in ["a", "b", "c"] {
        dir.create(&[(&name(each), &Environment::default())], false).unwrap();
    }
    dir.switch(&name("b")).unwrap();
    assert!(!dir.remove(&name("a")).unwrap());
    assert_eq!(dir.current().unwrap(), Some(name("b")));
    assert!(dir.remove(&name("b")).unwrap());
    assert_eq!(dir.current().unwrap(), None);
    assert_eq!(dir.environments().unwrap(), [name("c")]);
}

#[test]
fn a_wrong_current_file_is_refused_and_mended_by_switching() {
    let (_home, dir) = empty();
    dir.create(&[(&name("dev"), &Environment::default())], false).unwrap();
    for (text, said) in [
        ("environment: ../../etc/passwd\n", "cannot name an environment"),
        ("environment: ''\n", ""),
        ("environment: [a]\n", "is a list"),
        ("- a\n", "expected a mapping, found a list"),
        ("environment: [\n", "without an end"),
    ] {
        fs::write(dir.path().join("environment.yml"), text).unwrap();
        match dir.current() {
            Ok(current) => assert!(current.is_none() && said.is_empty(), "{text}"),
            Err(error) => {
                assert_eq!(error.exit_code(), 1, "{text}");
                assert!(error.to_string().contains(said) && !said.is_empty(), "{text}: {error}");
            }
        }
        dir.switch(&name("dev")).unwrap();
        assert_eq!(dir.current().unwrap(), Some(name("dev")));
    }
}

#[test]
fn a_failed_change_saves_nothing() {
    let (_home, dir) = empty();
    dir.create(&[(&name("dev"), &environment("a: b # kept"))], false).unwrap();
    let before = fs::read_to_string(dir.file_of(&name("dev"))).unwrap();
    let changed = dir.update(&name("dev"), |environment| {
        environment.set("a", "c")?;
        environment.remove("missing")
    });
    assert!(changed.is_err());
    assert_eq!(fs::read_to_string(dir.file_of(&name("dev"))).unwrap(), before);
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let (_home, dir) = empty();
    dir.create(&[(&name("dev"), &Environment::default())], false).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let dir = &dir;
            scope.spawn(move || {
                for change in 0..8 {
                    let key = format!("key-{thread}-{change}");
                    dir.update(&name("dev"), |environment| environment.set(&key, "x")).unwrap();
                }
            });
        }
    });
    assert_eq!(dir.load(&name("dev")).unwrap().values().len(), 32);
}

#[test]
fn a_missing_environment_is_answered_with_those_there_are() {
    let (_home, dir) = empty();
    let hint = |missing: &str| dir.load(&name(missing)).unwrap_err().problems()[0].hints[0].clone();
    assert_eq!(hint("dev"), "create it with `spacectl config init -e dev --service repository=grpc+ssl://HOST:443`");
    dir.create(&[(&name("production"), &Environment::default())], false).unwrap();
    dir.create(&[(&name("dev"), &Environment::default())], false).unwrap();
    assert_eq!(hint("prodution"), "did you mean `production`?");
    assert_eq!(hint("xyz"), "there are: `dev`, `production`, `local`");
    assert_eq!(hint("locl"), "did you mean `local`?");
}

#[test]
fn a_fault_in_a_file_is_told_with_its_place() {
    let (_home, dir) = empty();
    dir.create(&[(&name("dev"), &Environment::default())], false).unwrap();
    let path = dir.file_of(&name("dev"));
    fs::write(&path, "a: b\n api_key: hunter2: x\n").unwrap();
    let error = dir.load(&name("dev")).unwrap_err().to_string();
    assert!(error.starts_with(&format!("error: {}:2:", path.display())), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_secret_that_others_can_read_is_warned_about_until_it_is_saved() {
    use std::os::unix::fs::PermissionsExt;
    let (_home, dir) = empty();
    let dev = name("my dev");
    let secret = environment("api_key: k");
    dir.create(&[(&dev, &secret)], false).unwrap();
    assert_eq!(dir.exposure(&dev, &secret), None);
    let path = dir.file_of(&dev);
    for mode in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let warning = dir.exposure(&dev, &secret).unwrap();
        assert!(warning.ends_with(&format!("run `chmod 600 '{}'`", path.display())), "{warning}");
        assert_eq!(dir.exposure(&dev, &environment("endpoints: {}")), None);
    }
    dir.save(&dev, &secret).unwrap();
    assert_eq!(dir.exposure(&dev, &secret), None);
}
