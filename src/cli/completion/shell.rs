//! The shells: their scripts, what these ask with, and the form in which they take the answer.
//!
//! A script runs `COMPLETE=SHELL spacectl INDEX -- WORDS...`: all words of the command line, the program's name first, and
//! the index of the one that the cursor is in, cut there. bash alone hands over its line (see [`super::bash`]). The answer's
//! first line says what follows: `words` or `open`, candidates a line each, with a tab and a help text where the shell
//! shows one; or `files`, where the shell itself offers the files behind a prefix of the word.
//!
//! The scripts are not those of `clap_complete`: bash's does not know that bash splits words at `:` and `=`, PowerShell's
//! runs the text of the line to take it apart, and none leaves files to the shell, which quotes them and knows `~`.

use std::ffi::OsString;

use super::bash::{self, BashWord};
use crate::cli::Shell;
use crate::terminal::sanitize;

/// The script that makes `shell` ask this program.
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("scripts/spacectl.bash"),
        Shell::Zsh => include_str!("scripts/spacectl.zsh"),
        Shell::Fish => include_str!("scripts/spacectl.fish"),
        Shell::Elvish => include_str!("scripts/spacectl.elv"),
        Shell::Powershell => include_str!("scripts/spacectl.ps1"),
    }
}

/// Whether the shell itself offers the files behind `prefix` of a word.
pub(super) fn knows_files(shell: Shell, prefix: &str) -> bool {
    match shell {
        Shell::Zsh | Shell::Fish => true,
        // A word that begins with `@` is a host's name to readline.
        Shell::Bash => !prefix.ends_with('@'),
        Shell::Elvish => prefix.is_empty(),
        Shell::Powershell => false,
    }
}

/// A command line, the program's name first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShellLine {
    pub(super) words: Vec<String>,
    /// The word that the cursor is in; it ends there.
    pub(super) index: usize,
}

impl ShellLine {
    pub(super) fn current(&self) -> &str {
        &self.words[self.index]
    }
}

/// What a word can become.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CompletionResponse {
    Words(Vec<Candidate>),
    /// Files, behind `prefix` of the word.
    Files {
        prefix: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The whole word.
    pub(super) value: String,
    /// One line; may be empty.
    pub(super) help: String,
}

impl Candidate {
    /// More can follow in the same word.
    fn is_open(&self) -> bool {
        self.value.ends_with(['=', '.', '/'])
    }
}

/// One question of a shell.
#[derive(Debug)]
pub(super) struct CompletionRequest {
    shell: Shell,
    pub(super) typed: ShellLine,
    splice: Option<BashWord>,
}

impl CompletionRequest {
    /// Reads the arguments behind the program's name; `None` if they are no question.
    pub(super) fn read(shell: Shell, args: &[OsString]) -> Option<Self> {
        let escape = args.iter().take(2).position(|arg| arg == "--")?;
        let (before, behind) = (&args[..escape], &args[escape + 1..]);
        let mut words: Vec<String> = behind.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        if shell == Shell::Bash {
            let [replaced, before, after] = words.as_slice() else { return None };
            let (typed, splice) = bash::read(replaced, before, after);
            return Some(Self { shell, typed, splice: Some(splice) });
        }
        let index = match before {
            [index] => index.to_str()?.parse().ok()?,
            _ => words.len().checked_sub(1)?,
        };
        // Some shells drop an empty last word.
        if index == words.len() {
            words.push(String::new());
        }
        let current = words.get_mut(index)?;
        if matches!(shell, Shell::Fish) {
            *current = bash::unquoted(current);
        }
        Some(Self { shell, typed: ShellLine { words, index }, splice: None })
    }

    /// The answer as the script reads it.
    pub(super) fn answer(&self, answer: CompletionResponse) -> String {
        let candidates = match answer {
            CompletionResponse::Files { prefix } if prefix.is_empty() => return "files\n".into(),
            CompletionResponse::Files { prefix } => return format!("files\t{prefix}\n"),
            CompletionResponse::Words(candidates) => candidates,
        };
        let open = matches!(candidates.as_slice(), [only] if only.is_open());
        let mut text = String::from(if open { "open\n" } else { "words\n" });
        // A line each, and a terminal at the end: what could pass for something else is no candidate.
        for candidate in candidates.iter().filter(|candidate| !candidate.value.chars().any(sanitize::is_hostile)) {
            if let Some(line) = self.line(candidate) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }

    fn line(&self, candidate: &Candidate) -> Option<String> {
        let help = sanitize::control(&candidate.help);
        match self.shell {
            Shell::Bash => self.splice.as_ref()?.text(&candidate.value),
            Shell::Zsh => {
                // The script sets aside what stands before the last of these.
                let current = self.typed.current();
                let kept = current.rfind([',', '=']).map_or("", |end| &current[..=end]);
                Some(format!("{}\t{help}", candidate.value.strip_prefix(kept)?))
            }
            Shell::Fish | Shell::Elvish | Shell::Powershell => Some(format!("{}\t{help}", candidate.value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(shell: Shell, args: &[&str]) -> Option<CompletionRequest> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        CompletionRequest::read(shell, &args)
    }

    fn words(values: &[&str]) -> CompletionResponse {
        let candidate = |value: &&str| Candidate { value: (*value).into(), help: "some help".into() };
        CompletionResponse::Words(values.iter().map(candidate).collect())
    }

    #[test]
    fn only_the_scripts_words_are_a_question() {
        for args in
            [&[][..], &["list"], &["list", "--"], &["list", "repository.Plugin", "--"], &["9", "--", "a"], &["--"]]
        {
            assert!(ask(Shell::Zsh, args).is_none(), "{args:?}");
        }
        assert!(ask(Shell::Bash, &["--", "a", "b"]).is_none());
        let question = ask(Shell::Powershell, &["1", "--", "spacectl"]).unwrap();
        assert_eq!((question.typed.current(), question.typed.index), ("", 1));
        assert_eq!(ask(Shell::Fish, &["1", "--", "spacectl", "'a b"]).unwrap().typed.current(), "a b");
    }

    #[test]
    fn each_shell_gets_its_form() {
        let zsh = ask(Shell::Zsh, &["2", "--", "spacectl", "-c", "a,n"]).unwrap();
        assert_eq!(zsh.answer(words(&["a,name", "other"])), "words\nname\tsome help\n");
        let fish = ask(Shell::Fish, &["2", "--", "spacectl", "-c", "a,n"]).unwrap();
        assert_eq!(fish.answer(words(&["a,name"])), "words\na,name\tsome help\n");
        let bash = ask(Shell::Bash, &["--", "re", "spacectl list re", ""]).unwrap();
        assert_eq!(bash.answer(words(&["repository."])), "open\nrepository.\n");
        assert_eq!(bash.answer(words(&["repository.", "report."])), "words\nrepository.\nreport.\n");
        assert_eq!(bash.answer(CompletionResponse::Files { prefix: String::new() }), "files\n");
        assert_eq!(fish.answer(CompletionResponse::Files { prefix: "docs=@".into() }), "files\tdocs=@\n");
    }

    #[test]
    fn what_a_terminal_would_obey_is_no_candidate() {
        let fish = ask(Shell::Fish, &["1", "--", "spacectl", ""]).unwrap();
        assert_eq!(fish.answer(words(&["a\x1b[2J", "b\nc", "d\te", "f\u{202e}", "ok"])), "words\nok\tsome help\n");
        let hostile = Candidate { value: "x".into(), help: "a\tb\nc\x1b".into() };
        assert_eq!(fish.answer(CompletionResponse::Words(vec![hostile])), "words\nx\ta\\tb\\nc\\u{1b}\n");
    }

    #[test]
    fn no_script_names_a_place_of_the_build() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::Powershell] {
            let script = script(shell);
            assert!(script.contains("spacectl ") && !script.contains("/spacectl "), "{shell:?}");
        }
    }
}
