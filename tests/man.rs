//! The manual.

mod support;

use insta::assert_snapshot;
use support::Spacectl;

#[test]
fn the_manual_has_a_page_for_every_command() {
    let user = Spacectl::new();
    let run = user.run("man --dir pages/man1");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{run}");
    let mut pages: Vec<String> = std::fs::read_dir(user.path("pages/man1"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert_eq!(run.stderr, format!("{} pages written to pages/man1\n", pages.len()));
    for page in ["spacectl.1", "spacectl-list.1", "spacectl-config-endpoint-add.1", "spacectl-api-resources.1"] {
        assert!(pages.contains(&page.to_owned()), "{page}");
    }
    assert!(!pages.iter().any(|page| page.contains("help")), "{pages:?}");
    let page = |name: &str| std::fs::read_to_string(user.path(&format!("pages/man1/{name}.1"))).unwrap();
    assert_snapshot!(page("spacectl-man"));
    // What short help leaves out is here; what all commands take is in the program's own page.
    let get = page("spacectl-get");
    assert!(get.contains("API version") && !get.contains("connect"), "{get}");

    // Again in the place of the old ones; and the program's own page alone to standard output.
    user.file("pages/man1/spacectl.1", "old");
    user.run("man --dir pages/man1").success();
    let own = std::fs::read_to_string(user.path("pages/man1/spacectl.1")).unwrap();
    assert_eq!(user.run("man").quiet_success(), own);
    for part in ["DEFAULT_ENVIRONMENT", "SSL_CERT_DIR", "alias.yml", "template/SERVICE", "cache/spacectl/completion"] {
        assert!(own.replace('\\', "").contains(part), "{part}");
    }
    for part in
        [".SH ENVIRONMENT", ".SH FILES", ".SH EXAMPLES", "SPACECTL\\_API\\_KEY", "connect\\-timeout", "Exit codes"]
    {
        assert!(own.contains(part) || own.contains(&part.replace("\\_", "_")), "{part}");
    }
}

#[test]
fn the_page_about_the_configuration_has_every_variable_of_the_manual() {
    let manual = Spacectl::new().run("man").quiet_success().replace("\\fB", "").replace("\\fR", "").replace('\\', "");
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let mut names: Vec<&str> = manual.split(|c| !is_name(c)).filter(|word| word.starts_with("SPACECTL_")).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 8, "{names:?}");
    let page = std::fs::read_to_string("docs/config.md").unwrap();
    let missing: Vec<_> = names.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_manual_that_cannot_be_written_is_an_error() {
    let user = Spacectl::new();
    user.file("file", "");
    assert_snapshot!(user.run("man --dir file/man1"));
}
