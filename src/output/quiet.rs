//! One column, or the rows' ids, one value a line, for scripts.
//!
//! A line is a value even if the value holds line breaks: control characters are escaped, so that no text of a server
//! can pass for two names before `xargs`. JSON and CSV have the exact text.

use std::io::Write;

use crate::error::{Error, Result};
use crate::output::view::{RowList, id_index};
use crate::text::sanitize;

/// Checks, before anything is sent, that not more than one column was chosen.
///
/// # Errors
/// A usage error that says how many there are.
pub fn check_columns(count: usize) -> Result<()> {
    if count <= 1 {
        return Ok(());
    }
    Err(Error::usage(format!("-o quiet prints one column, but there are {count}"))
        .hint("choose one column with -c KEY if the command has this option, or use another format"))
}

/// The error for rows with several fields and without an id; `error` is its kind.
pub fn no_id(error: impl Fn(String) -> Error) -> Error {
    error("the rows have no field that ends in _id".to_owned())
        .hint("choose the column to print with -c KEY, or use another format")
}

/// Writes the rows' only column, or that of their id, `own` if there is one; a row without it is an empty line.
///
/// A missing id may show only here, when all is sent, and is not a usage error then.
pub(super) fn write(out: &mut dyn Write, list: &RowList, own: Option<&str>) -> Result<()> {
    let column = match list.headers() {
        [] | [_] => 0,
        headers => id_index(headers, own).ok_or_else(|| no_id(Error::local))?,
    };
    list.each(|cells| cells.get(column).map_or(Ok(()), |cell| writeln!(out, "{}", sanitize::control(&cell.text()))))?;
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
    fn of_several_columns_the_id_is_written() {
        let rows = json!({"results": [{"name": "x", "domain_id": "d", "plugin_id": "p"}, {"name": "y"}]});
        assert_eq!(written(OutputFormat::Quiet, [document(rows.clone())]), "d\n\n");
        let mut out = Vec::new();
        write(&mut out, &document(rows).into_list(), Some("plugin_id")).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "p\n\n");
    }

    #[test]
    fn more_than_one_column_without_an_id_is_refused() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, OutputFormat::Quiet, OutputStyle::default());
        let error = writer.write(document(json!({"results": [{"a": 1, "b": 2}]}))).unwrap_err();
        assert_eq!(error.exit_code(), 1, "the answer is there already");
        assert!(out.is_empty());
        assert!(check_columns(1).is_ok());
        assert_eq!(check_columns(2).unwrap_err().exit_code(), 2);
    }
}
