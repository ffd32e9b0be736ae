//! One column, one value a line, for scripts.
//!
//! A line is a value even if the value holds line breaks: control characters are escaped, so that no text of a server
//! can pass for two names before `xargs`. JSON and CSV have the exact text.

use std::io::Write;

use crate::error::{Error, Result};
use crate::output::view::RowList;
use crate::text::sanitize;

/// Checks, before anything is sent, that there is not more than one column.
///
/// # Errors
/// A usage error that says how many there are.
pub fn check_columns(count: usize) -> Result<()> {
    if count > 1 { Err(too_many(count, Error::usage)) } else { Ok(()) }
}

fn too_many(count: usize, error: impl Fn(String) -> Error) -> Error {
    error(format!("-o quiet prints one column, but there are {count}"))
        .hint("choose one column with -c KEY if the command has this option, or use another format")
}

/// Writes the rows' only column; a row without it is an empty line.
///
/// More columns may show only here, when all is sent, and are not a usage error then.
pub(super) fn write(out: &mut dyn Write, list: &RowList) -> Result<()> {
    let count = list.headers().len();
    if count > 1 {
        return Err(too_many(count, Error::local));
    }
    list.each(|cells| cells.iter().try_for_each(|cell| writeln!(out, "{}", sanitize::control(&cell.text()))))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::tests::{document, written};
    use crate::output::{OutputFormat, OutputStyle, Writer};
    use crate::query::Columns;

    #[test]
    fn a_value_is_a_line() {
        let rows = json!({"results": [{"a": "x"}, {"a": null}, {"a": "two\nlines"}, {"a": [1]}, {"a": 1.5}]});
        assert_eq!(written(OutputFormat::Quiet, [document(rows)]), "x\n\ntwo\\nlines\n[1]\n1.5\n");
        assert_eq!(written(OutputFormat::Quiet, [document(json!({"results": ["1.10", "1.9"]}))]), "1.10\n1.9\n");
        let columns = Columns::parse("a").unwrap();
        assert_eq!(written(OutputFormat::Quiet, [document(json!({"a": "x", "b": 1})).select(&columns)]), "x\n");
    }

    #[test]
    fn more_than_one_column_is_refused() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, OutputFormat::Quiet, OutputStyle::default());
        let error = writer.write(document(json!({"results": [{"a": 1, "b": 2}]}))).unwrap_err();
        assert_eq!(error.exit_code(), 1, "the answer is there already");
        assert!(out.is_empty());
        assert!(check_columns(1).is_ok());
        assert_eq!(check_columns(2).unwrap_err().exit_code(), 2);
    }
}
