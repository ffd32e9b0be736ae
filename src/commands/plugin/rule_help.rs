//! Lists and explains the rules of `plugin lint` and `plugin test`.

use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::terminal::io_streams::IoStreams;

/// A rule's name, its levels and its summary.
pub type RuleRow = (&'static str, &'static str, &'static str);

pub fn list(rules: impl Iterator<Item = RuleRow> + Clone, streams: &mut IoStreams) -> Result<()> {
    let width = rules.clone().map(|(name, ..)| name.len()).max().unwrap_or_default();
    for (name, levels, summary) in rules {
        writeln!(streams.out, "{name:width$}  {levels:14}  {summary}")?;
    }
    Ok(())
}

pub fn explain((name, levels, summary): RuleRow, explanation: &str, streams: &mut IoStreams) -> Result<()> {
    Ok(writeln!(streams.out, "{name} ({levels}): {summary}\n\n{explanation}")?)
}

/// The error that `command` has no rule of the name.
pub fn unknown(command: &str, name: &str, rules: impl Iterator<Item = RuleRow>) -> Error {
    Error::usage(format!("unknown rule {name}")).hint(match nearest(name, rules.map(|(name, ..)| name)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("run spacectl {command} --list-rules"),
    })
}
