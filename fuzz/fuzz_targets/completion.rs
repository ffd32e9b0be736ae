//! Command lines that a shell completes.
//!
//! The first byte chooses the shell; then each line is a word.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacectl::cli::completion::respond;
use spacectl::config::Variables;

fuzz_target!(|data: &[u8]| {
    let Some((shell, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    // An endpoint would be connected to.
    if text.contains("://") {
        return;
    }
    let shell = ["bash", "zsh", "fish", "elvish", "powershell"][usize::from(*shell) % 5];
    // Nothing is asked: there is no time for it.
    let variables = Variables {
        complete: Some(shell.into()),
        completion_timeout: Some("1ms".into()),
        ..spacectl_fuzz::variables()
    };
    let line = format!("spacectl {}", text.replace('\n', " "));
    let words: Vec<&str> = match shell {
        // What is replaced, and the line before and after the cursor.
        "bash" => vec![text.lines().last().unwrap_or_default(), &line, ""],
        _ => ["spacectl"].into_iter().chain(text.lines()).collect(),
    };
    let args = ["spacectl", "--"].into_iter().chain(words).map(Into::into);
    let response = respond(&args.collect::<Vec<_>>(), &variables).unwrap_or_default();
    // After the word `files` comes what was typed.
    let is_safe = |c: char| matches!(c, '\n' | '\t') || !c.is_control();
    assert!(response.starts_with("files") || response.chars().all(is_safe), "{response:?}");
});
