//! Lines that a shell wants completed, a word a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacectl::cli::completion::respond;
use spacectl::config::Variables;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let variables = Variables { complete: Some(shell.into()), ..spacectl_fuzz::variables() };
        let line = format!("spacectl -e local {}", text.replace('\n', " "));
        let words: Vec<&str> = match shell {
            // What is replaced, and the line before and after the cursor.
            "bash" => vec![text.lines().last().unwrap_or_default(), &line, ""],
            _ => ["spacectl", "-e", "local"].into_iter().chain(text.lines()).collect(),
        };
        let args = ["spacectl", "--"].into_iter().chain(words).map(Into::into);
        respond(&args.collect::<Vec<_>>(), &variables);
    }
});
