//! The README's tour, run as it stands.

#[test]
fn the_tour_is_true() {
    let home = tempfile::tempdir().unwrap();
    let cases = trycmd::TestCases::new();
    cases
        .case("README.md")
        .env("HOME", home.path().to_str().unwrap())
        .env("XDG_DATA_HOME", "")
        .env("SPACECTL_ENVIRONMENT", "")
        .env("SPACECTL_API_KEY", "")
        .env("SPACECTL_CONFIG_DIR", "");
    cases.insert_var("[HOME]", home.path().to_str().unwrap().to_owned()).unwrap();
    cases.run();
}
