//! The README and the pages of `docs`, run as they stand from top to bottom, each in a home of its own.

use std::path::Path;
use std::process::Command;

/// Nothing of the one who runs the tests counts.
const UNSET: [&str; 5] =
    ["XDG_DATA_HOME", "XDG_CACHE_HOME", "SPACECTL_ENVIRONMENT", "SPACECTL_API_KEY", "SPACECTL_CONFIG_DIR"];

/// The tour goes on in the home in which its reader has typed the command before it.
#[test]
fn the_tour_is_true() {
    let home = tempfile::tempdir().unwrap();
    let readme = std::fs::read_to_string("README.md").unwrap();
    let first = readme.lines().find_map(|line| line.strip_prefix("cargo run -- ")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_spacectl"));
    command.args(first.split(' ')).env("HOME", home.path()).envs(UNSET.map(|name| (name, "")));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    run("README.md", home.path());
}

#[test]
fn the_pages_are_true() {
    let pages = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    pages.sort();
    assert!(!pages.is_empty());
    for page in pages {
        run(page, tempfile::tempdir().unwrap().path());
    }
}

fn run(page: impl AsRef<Path>, home: &Path) {
    let cases = trycmd::TestCases::new();
    cases.case(page).env("HOME", home.to_str().unwrap());
    for name in UNSET {
        cases.env(name, "");
    }
    cases.insert_var("[HOME]", home.to_str().unwrap().to_owned()).unwrap();
    cases.run();
}
