//! Runs the commands of the README files and of docs/, and checks their links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Variables of the developer's own that would change what the commands print.
const UNSET: [&str; 14] = [
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "SPACECTL_ENVIRONMENT",
    "SPACECTL_ENDPOINT",
    "SPACECTL_API_KEY",
    "SPACECTL_DOMAIN_ID",
    "SPACECTL_WORKSPACE_ID",
    "SPACECTL_OUTPUT",
    "SPACECTL_TIMEOUT",
    "SPACECTL_CONFIG_DIR",
    "VISUAL",
    "EDITOR",
    "SHELL",
];

/// The tour continues in the home in which its reader has typed the first command.
#[test]
fn the_tour_runs_from_top_to_bottom() {
    let home = home();
    let readme = fs::read_to_string("README.md").unwrap();
    let first = readme.lines().find_map(|line| line.strip_prefix("cargo run -- ")).unwrap();
    assert!(readme.find(first) < readme.find("```console"), "the first command comes before the tour");
    let mut command = Command::new(env!("CARGO_BIN_EXE_spacectl"));
    command.args(first.split(' ')).env("HOME", home.path()).envs(UNSET.map(|name| (name, "")));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    run(Path::new("README.md"), &home);
}

#[test]
fn the_readme_is_short_and_names_the_test_command() {
    for file in ["README.md", "README.ko.md"] {
        let lines = fs::read_to_string(file).unwrap().lines().count();
        assert!(lines <= 200, "{file} has {lines} lines");
    }
    assert!(fs::read_to_string("README.md").unwrap().lines().any(|line| line == "cargo test"));
}

/// Blocks are equal, output included; only comments are translated.
#[test]
fn the_korean_readme_has_the_same_blocks() {
    let blocks = |file| -> Vec<String> {
        let code = |(language, code): (String, String)| {
            let lines: Vec<_> = code.lines().map(|line| line.split(" # ").next().unwrap().trim_end()).collect();
            format!("{language}\n{}", lines.join("\n"))
        };
        fenced(&fs::read_to_string(file).unwrap()).into_iter().map(code).collect()
    };
    let (english, korean) = (blocks("README.md"), blocks("README.ko.md"));
    for (english, korean) in english.iter().zip(&korean) {
        assert_eq!(english, korean, "copy the block from README.md");
    }
    assert_eq!(english.len(), korean.len());
}

#[test]
fn the_korean_readme_has_the_same_measurements() {
    let cells = |file| -> Vec<String> {
        let text = fs::read_to_string(file).unwrap();
        let results =
            text.split("<!-- results: begin -->").nth(1).unwrap().split("<!-- results: end -->").next().unwrap();
        let rows = results.lines().filter(|line| !line.is_empty()).skip(1);
        // The first cell is translated; the last line, without cells, is the date and the machine.
        rows.map(|row| row.trim_start_matches('|').split_once('|').map_or(row, |(_, cells)| cells).to_owned()).collect()
    };
    assert_eq!(cells("README.md"), cells("README.ko.md"));
    assert_eq!(cells("README.md").len(), 10);
}

/// A reader may start with any page.
#[test]
fn each_page_runs_in_an_empty_home() {
    for page in pages() {
        run(&page, &home());
    }
}

/// A reader may also read one page after the other.
#[test]
fn all_pages_run_one_after_another_in_one_home() {
    let home = home();
    for page in pages() {
        run(&page, &home);
    }
}

#[test]
fn a_command_in_a_console_block_is_one_line() {
    for page in pages().into_iter().chain(["README.md".into()]) {
        for (_, code) in
            fenced(&fs::read_to_string(&page).unwrap()).iter().filter(|(language, _)| language == "console")
        {
            for command in code.lines().filter(|line| line.starts_with("$ ")) {
                assert!(command.starts_with("$ spacectl "), "{}: {command}", page.display());
                assert!(!command.ends_with('\\'), "{}: {command}", page.display());
            }
        }
    }
}

/// Links to files and to headings of them lead somewhere. Links to other hosts are not followed.
#[test]
fn links_lead_somewhere() {
    let mut files: Vec<PathBuf> =
        ["README.md", "README.ko.md", "SECURITY.md", "benches/README.md"].map(PathBuf::from).into();
    files.extend(markdown_in("docs"));
    for file in files {
        let text = without_blocks(&fs::read_to_string(&file).unwrap());
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", file.display());
            if !heading.is_empty() {
                let headings = without_blocks(&fs::read_to_string(&target).unwrap());
                let has_it = headings.lines().any(|line| line.starts_with('#') && slug(line) == heading);
                assert!(has_it, "{}: {link}", file.display());
            }
        }
    }
}

/// What is promised has a test.
#[test]
fn the_tests_that_hold_a_promise_exist() {
    let promises = fs::read_to_string("SECURITY.md").unwrap();
    let names: Vec<_> = promises.split('`').filter_map(|word| word.split_once("::")).collect();
    assert!(names.len() > 20, "{names:?}");
    for (file, test) in names {
        let source = fs::read_to_string(format!("tests/{file}.rs")).unwrap();
        assert!(source.contains(&format!("#[test]\nfn {test}()")), "{file}::{test}");
    }
}

/// Flags of other programs that the pages mention.
const FOREIGN_FLAGS: [&str; 18] = [
    "--cacert",
    "--field-selector",
    "--format",
    "--git",
    "--ignore-missing",
    "--jq",
    "--json",
    "--local-infile",
    "--locked",
    "--no-default-features",
    "--path",
    "--prefix",
    "--repo",
    "--rev",
    "--rm",
    "--sort-by",
    "--tls-verify",
    "--uninstall",
];

#[test]
fn flags_that_pages_mention_exist() {
    let is_flag = |c: char| c.is_ascii_lowercase() || c == '-';
    let flags = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c| !is_flag(c)).map(|word| word.trim_end_matches('-'));
        let is_long = |word: &&str| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c| c != '-'));
        words.filter(is_long).map(str::to_owned).collect()
    };
    let help = fs::read_to_string("tests/snapshots/help__the_help_of_every_command.snap").unwrap();
    let known = flags(&help);
    for page in markdown_in("docs").into_iter().chain(["README.md".into(), "README.ko.md".into()]) {
        for flag in flags(&fs::read_to_string(&page).unwrap()) {
            assert!(known.contains(&flag) || FOREIGN_FLAGS.contains(&&*flag), "{}: {flag}", page.display());
        }
    }
}

/// A heading's anchor, as code hosts make it: words in lower case, joined by `-`.
fn slug(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The fenced blocks of a page: language and content.
fn fenced(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let content: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language.to_owned(), content.join("\n")));
        }
    }
    blocks
}

fn without_blocks(page: &str) -> String {
    page.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// The pages that have commands to run, in alphabetical order.
fn pages() -> Vec<PathBuf> {
    let mut pages = markdown_in("docs");
    pages.retain(|page| fs::read_to_string(page).unwrap().contains("```console"));
    assert!(pages.len() > 10, "{pages:?}");
    pages
}

fn markdown_in(folder: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    paths.sort();
    paths
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn run(page: &Path, home: &TempDir) {
    let home = home.path().to_str().unwrap();
    let cases = trycmd::TestCases::new();
    cases.case(page).env("HOME", home);
    for name in UNSET {
        cases.env(name, "");
    }
    cases.insert_var("[HOME]", home.to_owned()).unwrap();
    cases.run();
}
