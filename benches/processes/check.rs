//! Whether what is measured did its work.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// What an output must be.
#[derive(Clone, Debug)]
pub enum Check {
    Nothing,
    Holds(&'static str),
    /// So many plugins in this format.
    Rows(Format, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Csv,
    Json,
    Jsonl,
    Quiet,
}

impl Format {
    /// As `-o` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Quiet => "quiet",
        }
    }
}

impl Check {
    /// # Errors
    /// `output` is not what it must be.
    pub fn hold(&self, output: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(output).context("the output is no text")?;
        let shown = || text.chars().take(500).collect::<String>();
        match self {
            Self::Nothing => ensure!(text.is_empty(), "nothing was to be printed: {}", shown()),
            Self::Holds(words) => ensure!(text.contains(words), "`{words}` was to be printed: {}", shown()),
            Self::Rows(format, count) => {
                rows(*format, *count, text).with_context(|| format!("in {}: {}", format.name(), shown()))?;
            }
        }
        Ok(())
    }
}

fn rows(format: Format, count: usize, text: &str) -> Result<()> {
    let last = format!("plugin-{:06}-mon-webhook", count - 1);
    ensure!(text.contains(&last), "{last} is missing");
    let lines = text.lines().count();
    let found = match format {
        Format::Table => {
            ensure!(text.ends_with(&format!("\n\n Count: {count} / {count}\n")), "the rows are not counted");
            // The header, its rule, and the count behind an empty line.
            lines.saturating_sub(4)
        }
        Format::Csv => lines.saturating_sub(1),
        Format::Quiet | Format::Jsonl => lines,
        Format::Json => {
            let answer: Value = serde_json::from_str(text)?;
            ensure!(answer["total_count"] == count, "total_count is not {count}");
            let Value::Array(results) = &answer["results"] else { bail!("there are no results") };
            results.len()
        }
    };
    ensure!(found == count, "{found} rows instead of {count}");
    Ok(())
}
