//! The README's tour and the pages of `docs`, run as they stand, each in a home of its own.

use std::path::Path;

#[test]
fn the_tour_is_true() {
    run("README.md");
}

#[test]
fn the_pages_are_true() {
    let pages = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    pages.sort();
    assert!(!pages.is_empty());
    for page in pages {
        run(page);
    }
}

fn run(page: impl AsRef<Path>) {
    let home = tempfile::tempdir().unwrap();
    let cases = trycmd::TestCases::new();
    cases
        .case(page)
        .env("HOME", home.path().to_str().unwrap())
        .env("XDG_DATA_HOME", "")
        .env("XDG_CACHE_HOME", "")
        .env("SPACECTL_ENVIRONMENT", "")
        .env("SPACECTL_API_KEY", "")
        .env("SPACECTL_CONFIG_DIR", "");
    cases.insert_var("[HOME]", home.path().to_str().unwrap().to_owned()).unwrap();
    cases.run();
}
