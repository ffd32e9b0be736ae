//! The environment of the command line in the commands of hints.
//!
//! Who typed `-e lab` must not change or ask another environment by typing what a hint says.

use crate::cli::Global;
use crate::plugin::builder::quoted;
use crate::terminal::io_streams::Rewriter;

/// Changes hints and notes; `None` if the command line names no environment.
pub fn rewriter(global: &Global) -> Option<Rewriter> {
    // `apply -e KEY=VALUE` sets a variable.
    let name = global.environment.clone().filter(|name| !name.contains('='))?;
    Some(Box::new(move |text: &str| with_environment(text, &name)))
}

/// `text` with `-e NAME` in each command between backticks that uses an environment.
pub fn with_environment(text: &str, name: &str) -> String {
    let flag = format!(" -e {}", quoted(name));
    let flag_of = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        if words.iter().any(|word| ["-e", "--environment", "--endpoint", "--help"].contains(word)) {
            return "";
        }
        match words[..] {
            ["spacectl", "config", "set" | "get" | "remove" | "show" | "edit" | "endpoint" | "check", ..] => &flag,
            ["spacectl", "plugin", "init" | "lint", ..] => "",
            ["spacectl", "plugin" | "exec" | "list" | "get" | "stat" | "analyze" | "explain" | "api-resources", ..] => {
                &flag
            }
            ["spacectl", "login" | "logout" | "whoami" | "workspace", ..] => &flag,
            _ => "",
        }
    };
    let parts = text.split('`').enumerate();
    let parts =
        parts.map(|(index, part)| if index % 2 == 1 { format!("{part}{}", flag_of(part)) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::with_environment;

    #[test]
    fn only_commands_that_use_an_environment_get_its_flag() {
        let told = |text: &str| with_environment(text, "lab");
        for (text, expected) in [
            ("use `spacectl config set api_key -` or `x`", "use `spacectl config set api_key - -e lab` or `x`"),
            ("run `spacectl explain a.B`", "run `spacectl explain a.B -e lab`"),
            ("`spacectl config check` shows it", "`spacectl config check -e lab` shows it"),
        ] {
            assert_eq!(told(text), expected);
        }
        for text in [
            "use `spacectl config set -e prod ca FILE`",
            "`spacectl config environment -s NAME` and `spacectl config init -e x`",
            "see `spacectl list --help` and `spacectl plugin lint -f FILE`",
            "no command: spacectl explain a.B",
            "an odd ` mark",
        ] {
            assert_eq!(told(text), text);
        }
    }
}
