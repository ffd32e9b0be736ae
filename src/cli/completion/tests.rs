//! Tests of completion: lines as shells send them.

use clap::Parser;

use super::*;

/// Commands that others may add: their arguments are completed by their ids alone.
#[derive(Debug, Parser)]
#[command(name = "spacectl")]
enum Others {
    Stat {
        resource: String,
        #[arg(long)]
        filter: Vec<String>,
    },
    List {
        resource: String,
        #[arg(long)]
        filter: Vec<String>,
        #[arg(long)]
        filter_any: Vec<String>,
        #[arg(long)]
        columns: Option<String>,
    },
    #[command(subcommand)]
    Template(Template),
}

#[derive(Debug, clap::Subcommand)]
enum Template {
    Set {
        resource: String,
        #[arg(short, value_hint = ValueHint::FilePath)]
        file: String,
    },
}

fn response_to(line: &str, shell: Shell) -> CompletionResponse {
    let words: Vec<OsString> = std::iter::once("--").chain(line.split(' ')).map(OsString::from).collect();
    let request = CompletionRequest::parse(shell, &words).unwrap();
    complete(Others::command(), shell, &request, &Variables::default(), Instant::now() + Duration::from_secs(60))
}

fn words(line: &str) -> Vec<String> {
    match response_to(line, Shell::Fish) {
        CompletionResponse::Words(candidates) => candidates.into_iter().map(|candidate| candidate.value).collect(),
        files @ CompletionResponse::Files { .. } => panic!("{line}: {files:?}"),
    }
}

#[test]
fn every_resource_is_completed() {
    assert_eq!(words("spacectl list repository.P"), ["repository.Plugin"]);
    assert_eq!(words("spacectl template set repository.Pl"), ["repository.Plugin"]);
    // No resource has this verb, so it may be a command that takes any.
    assert_eq!(words("spacectl stat repository.Pl"), ["repository.Plugin"]);
    assert_eq!(words("spacectl list repository.Plugin --columns na"), ["name"]);
}

#[test]
fn filters_are_fields_with_an_operator_and_values() {
    for option in ["--filter", "--filter-any"] {
        let of = |word: &str| words(&format!("spacectl list repository.Plugin {option} {word}"));
        assert_eq!(of("na"), ["name=", "name~"]);
        assert_eq!(of("repository_info.na"), ["repository_info.name=", "repository_info.name~"]);
        assert_eq!(of("state=E"), ["state=ENABLED"]);
        assert_eq!(of("state~E"), [""; 0]);
        assert_eq!(of("state>="), [""; 0]);
    }
    assert_eq!(words("spacectl stat repository.Plugin --filter na"), [""; 0]);
}

#[test]
fn files_are_left_to_shells_that_know_them() {
    let line = "spacectl template set repository.Plugin -f sr";
    assert_eq!(response_to(line, Shell::Fish), CompletionResponse::Files { prefix: String::new() });
    assert_eq!(
        response_to("spacectl template set x -fsr", Shell::Fish),
        CompletionResponse::Files { prefix: "-f".into() }
    );
    let CompletionResponse::Words(files) = response_to(line, Shell::Powershell) else {
        panic!("PowerShell gets words")
    };
    assert!(files.iter().any(|file| file.value.starts_with("src")), "{files:?}");
}

#[test]
fn only_a_shell_that_is_known_is_answered() {
    let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let respond_to = |shell: Option<&str>, words: &[&str]| {
        respond(&args(words), &Variables { complete: shell.map(str::to_owned), ..Variables::default() })
    };
    assert_eq!(respond_to(None, &["spacectl", "--", "spacectl", "li"]), None);
    assert_eq!(respond_to(Some("tcsh"), &["spacectl", "--", "spacectl", "li"]), None);
    assert_eq!(respond_to(Some("fish"), &["spacectl", "list"]), None);
    assert_eq!(respond_to(Some("zsh"), &["spacectl"]).unwrap(), script(Shell::Zsh));
    assert_eq!(respond_to(Some("pwsh"), &["spacectl"]).unwrap(), script(Shell::Powershell));
    assert!(
        respond_to(Some("fish"), &["spacectl", "--", "spacectl", "versio"]).unwrap().starts_with("words\nversion\t")
    );
}

#[test]
fn the_wait_for_services_is_bounded() {
    let of = |text: &str| budget(&Variables { completion_timeout: Some(text.into()), ..Variables::default() });
    assert_eq!((of("2s"), of("50ms")), (Duration::from_secs(2), Duration::from_millis(50)));
    assert_eq!((of("0"), of("1h")), (MAX_BUDGET, MAX_BUDGET));
    assert_eq!((of("soon"), budget(&Variables::default())), (BUDGET, BUDGET));
}
