//! What README and docs/ show, run as it stands: each page in a home of its own.

use std::path::{Path, PathBuf};

#[test]
fn the_tour_is_true() {
    run(Path::new("README.md"));
}

#[test]
fn the_pages_are_true() {
    let pages: Vec<PathBuf> = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!pages.is_empty());
    pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")).for_each(|page| run(page));
}

fn run(page: &Path) {
    let home = tempfile::tempdir().unwrap();
    let cases = trycmd::TestCases::new();
    cases
        .case(page)
        .env("HOME", home.path().to_str().unwrap())
        .env("XDG_DATA_HOME", "")
        .env("SPACECTL_ENVIRONMENT", "")
        .env("SPACECTL_API_KEY", "")
        .env("SPACECTL_CONFIG_DIR", "");
    cases.insert_var("[HOME]", home.path().to_str().unwrap().to_owned()).unwrap();
    cases.run();
}
