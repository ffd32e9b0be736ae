//! The shells' scripts, their requests and the responses that they read.
//!
//! A script runs `COMPLETE=SHELL spacectl INDEX -- WORDS...`: all words of the command line, the program's name first,
//! and the index of the word at the cursor, cut there. bash alone passes its line (see [`super::bash`]). The response's
//! first line is its type: `words` or `open`, then a candidate per line, with a tab and a help text where the shell
//! shows one; or `files`, where the shell offers the files for the word after a prefix.

use std::ffi::OsString;

use super::bash::{self, BashWord};
use super::parsed_line::ShellLine;
use crate::cli::Shell;
use crate::text::sanitize;

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

/// True if the shell itself offers the files after `prefix` of a word.
pub(super) fn completes_files(shell: Shell, prefix: &str) -> bool {
    match shell {
        Shell::Zsh | Shell::Fish => true,
        // To readline, a word that begins with `@` is a host's name.
        Shell::Bash => !prefix.ends_with('@'),
        Shell::Elvish => prefix.is_empty(),
        Shell::Powershell => false,
    }
}

/// Completions of a word.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CompletionResponse {
    Words(Vec<Candidate>),
    /// Files, after `prefix` of the word.
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
    pub(super) fn new(value: &str, help: &str) -> Self {
        Self { value: value.to_owned(), help: help.to_owned() }
    }

    /// True if the word can go on.
    fn is_open(&self) -> bool {
        self.value.ends_with(['=', '.', '/'])
    }
}

/// A shell's request.
#[derive(Debug)]
pub(super) struct CompletionRequest {
    shell: Shell,
    pub(super) line: ShellLine,
    bash_word: Option<BashWord>,
}

impl CompletionRequest {
    /// Parses the arguments after the program's name; `None` if they are not a request.
    pub(super) fn parse(shell: Shell, args: &[OsString]) -> Option<Self> {
        let escape = args.iter().take(2).position(|arg| arg == "--")?;
        let (before, after) = (&args[..escape], &args[escape + 1..]);
        let mut words: Vec<String> = after.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        if shell == Shell::Bash {
            let [replaced, before, after] = words.as_slice() else { return None };
            let (line, bash_word) = bash::parse(replaced, before, after);
            return Some(Self { shell, line, bash_word: Some(bash_word) });
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
        if shell == Shell::Fish {
            *current = bash::unquote(current);
        }
        Some(Self { shell, line: ShellLine { words, index }, bash_word: None })
    }

    /// Renders the response for the script.
    pub(super) fn render(&self, response: CompletionResponse) -> String {
        let candidates = match response {
            CompletionResponse::Files { prefix } if prefix.is_empty() => return "files\n".into(),
            CompletionResponse::Files { prefix } => return format!("files\t{prefix}\n"),
            CompletionResponse::Words(candidates) => candidates,
        };
        let is_open = matches!(candidates.as_slice(), [only] if only.is_open());
        let mut lines = vec![if is_open { "open" } else { "words" }.to_owned()];
        // The script splits lines, and a terminal shows them: a control character cannot be passed on.
        let safe = candidates.iter().filter(|candidate| !candidate.value.chars().any(sanitize::is_hostile));
        lines.extend(safe.filter_map(|candidate| self.render_candidate(candidate)));
        lines.join("\n") + "\n"
    }

    fn render_candidate(&self, candidate: &Candidate) -> Option<String> {
        let mut value = candidate.value.as_str();
        match self.shell {
            Shell::Bash => return self.bash_word.as_ref()?.replacement(value),
            // The script sets aside what precedes the last of these.
            Shell::Zsh => {
                let current = self.line.current();
                value = value.strip_prefix(current.rfind([',', '=']).map_or("", |end| &current[..=end]))?;
            }
            Shell::Fish | Shell::Elvish | Shell::Powershell => {}
        }
        Some(format!("{value}\t{}", sanitize::control(&candidate.help)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(shell: Shell, args: &[&str]) -> Option<CompletionRequest> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        CompletionRequest::parse(shell, &args)
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
        assert_eq!((question.line.current(), question.line.index), ("", 1));
        assert_eq!(ask(Shell::Fish, &["1", "--", "spacectl", "'a b"]).unwrap().line.current(), "a b");
    }

    #[test]
    fn each_shell_gets_its_form() {
        let zsh = ask(Shell::Zsh, &["2", "--", "spacectl", "-c", "a,n"]).unwrap();
        assert_eq!(zsh.render(words(&["a,name", "other"])), "words\nname\tsome help\n");
        let fish = ask(Shell::Fish, &["2", "--", "spacectl", "-c", "a,n"]).unwrap();
        assert_eq!(fish.render(words(&["a,name"])), "words\na,name\tsome help\n");
        let bash = ask(Shell::Bash, &["--", "re", "spacectl list re", ""]).unwrap();
        assert_eq!(bash.render(words(&["repository."])), "open\nrepository.\n");
        assert_eq!(bash.render(words(&["repository.", "report."])), "words\nrepository.\nreport.\n");
        assert_eq!(bash.render(CompletionResponse::Files { prefix: String::new() }), "files\n");
        assert_eq!(fish.render(CompletionResponse::Files { prefix: "docs=@".into() }), "files\tdocs=@\n");
    }

    #[test]
    fn what_a_terminal_would_obey_is_no_candidate() {
        let fish = ask(Shell::Fish, &["1", "--", "spacectl", ""]).unwrap();
        assert_eq!(fish.render(words(&["a\x1b[2J", "b\nc", "d\te", "f\u{202e}", "ok"])), "words\nok\tsome help\n");
        let hostile = Candidate { value: "x".into(), help: "a\tb\nc\x1b".into() };
        assert_eq!(fish.render(CompletionResponse::Words(vec![hostile])), "words\nx\ta\\tb\\nc\\u{1b}\n");
    }

    #[test]
    fn no_script_names_a_place_of_the_build() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::Powershell] {
            let script = script(shell);
            assert!(script.contains("spacectl ") && !script.contains("/spacectl "), "{shell:?}");
        }
    }
}
