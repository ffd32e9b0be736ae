//! `plugin.yml:3:8: error[image-tag]: ...`, which terminals and editors make links of.

use std::io::{self, Write};

use crate::plugin::lint::{Finding, Severity};
use crate::terminal::sanitize::control;

pub fn write(out: &mut dyn Write, findings: &[Finding], styled: bool) -> io::Result<()> {
    for Finding { location, severity, rule, message, hint } in findings {
        let place = location.to_string();
        let label = format!("{}[{}]", severity.word(), rule.name());
        let label = match (styled, severity) {
            (false, _) => label,
            (true, Severity::Error) => format!("\x1b[1;31m{label}\x1b[0m"),
            (true, Severity::Warning) => format!("\x1b[1;33m{label}\x1b[0m"),
        };
        writeln!(out, "{}: {label}: {}", control(&place), control(message))?;
        if let Some(hint) = hint {
            writeln!(out, "  hint: {}", control(hint))?;
        }
    }
    Ok(())
}
