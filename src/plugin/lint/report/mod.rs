//! Findings as people, scripts, code hosts and workflows read them: one file for each form, none of which does anything
//! but write.

mod github;
mod json;
mod sarif;
mod text;

use std::io::{self, Write};

use super::finding::Finding;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line for each, as compilers have it, and its hint below.
    Text {
        /// With colours.
        styled: bool,
    },
    /// One object with the findings and their counts.
    Json,
    /// SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines.
    Sarif,
    /// Commands that a GitHub workflow makes annotations of.
    Github,
}

/// Writes all findings.
///
/// # Errors
/// `out` cannot be written to.
pub fn write(out: &mut dyn Write, findings: &[Finding], format: Format) -> io::Result<()> {
    match format {
        Format::Text { styled } => text::write(out, findings, styled),
        Format::Json => crate::terminal::json::pretty(out, &json::document(findings)),
        Format::Sarif => crate::terminal::json::pretty(out, &sarif::log(findings)),
        Format::Github => github::write(out, findings),
    }
}
