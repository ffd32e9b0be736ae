//! The README's tour and the pages of `docs`, run as they stand, each in a home of its own.

/// Runs what a page shows.
fn run(page: &str) {
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

#[test]
fn the_tour_is_true() {
    run("README.md");
}

#[test]
fn the_pages_are_true() {
    for page in std::fs::read_dir("docs").unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_some_and(|extension| extension == "md") {
            run(page.to_str().unwrap());
        }
    }
}
