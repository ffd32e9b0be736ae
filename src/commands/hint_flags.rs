//! The flags of the command line in the commands of hints.
//!
//! Who typed `-e lab` must not change or ask another environment by typing what a hint says.

use crate::cli::Global;
use crate::config::EnvironmentName;
use crate::plugin::builder::quoted;
use crate::terminal::io_streams::Rewriter;

/// Changes hints and notes; `None` if the command line selects no target.
pub fn rewriter(global: &Global) -> Option<Rewriter> {
    let flag = |flag: &str, value: &Option<String>| value.as_ref().map(|value| format!(" {flag} {}", quoted(value)));
    let environment = flag("-e", &global.environment).unwrap_or_default();
    let endpoint = flag("--endpoint", &global.endpoint).unwrap_or_default();
    let any = format!("{environment}{endpoint}");
    (!any.is_empty()).then(|| Box::new(move |text: &str| with_flags(text, &environment, &any)) as Rewriter)
}

/// `text` with `environment` in each command that uses one.
pub fn with_environment(text: &str, environment: &EnvironmentName) -> String {
    let flag = format!(" -e {}", quoted(environment.as_str()));
    with_flags(text, &flag, &flag)
}

/// `text` with the flags in each command between backticks: `any` where it makes calls, else `environment`.
fn with_flags(text: &str, environment: &str, any: &str) -> String {
    let flags = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        if words.iter().any(|word| ["-e", "--environment", "--endpoint", "--help"].contains(word)) {
            return "".to_owned();
        }
        let flags = match words[..] {
            ["spacectl", "config", "set" | "get" | "remove" | "show" | "endpoint", ..] => environment,
            ["spacectl", "config", "check", ..] => any,
            ["spacectl", "plugin", "init" | "lint", ..] => "",
            ["spacectl", "plugin" | "exec" | "list" | "get" | "stat" | "analyze" | "explain" | "api-resources", ..] => {
                any
            }
            _ => "",
        };
        flags.to_owned()
    };
    let parts = text.split('`').enumerate();
    let parts =
        parts.map(|(index, part)| if index % 2 == 1 { format!("{part}{}", flags(part)) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::with_flags;

    #[test]
    fn only_commands_that_use_the_target_get_its_flags() {
        let told = |text: &str| with_flags(text, " -e lab", " -e lab --endpoint grpc://h:1");
        for (text, expected) in [
            ("use `spacectl config set api_key -` or `x`", "use `spacectl config set api_key - -e lab` or `x`"),
            ("run `spacectl explain a.B`", "run `spacectl explain a.B -e lab --endpoint grpc://h:1`"),
            ("`spacectl config check` shows it", "`spacectl config check -e lab --endpoint grpc://h:1` shows it"),
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
