//! Findings as GitHub's workflow commands.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use crate::plugin::lint::Finding;
use crate::text::sanitize::control;

pub fn write(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    for Finding { location, severity, rule, message, hint } in findings {
        let file = property(location.source.trim_start_matches("./"));
        let (line, column) = (location.line, location.column);
        let hint = hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let (level, title, text) = (severity.word(), property(rule.name()), data(&format!("{message}{hint}")));
        writeln!(out, "::{level} file={file},line={line},col={column},title={title}::{text}")?;
    }
    Ok(())
}

/// The message of a command, with control characters shown as escapes.
pub fn data(text: &str) -> String {
    let shown: Vec<_> = text.split('\n').map(control).collect();
    shown.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
pub fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `@actions/core` escapes them.
    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("50%: a,b\nc"), "50%25: a,b%0Ac");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
