//! `@modules/export-excel`: writes rows into sheets of a workbook.

use std::collections::HashMap;

use rust_xlsxwriter::{Format, Workbook};
use serde::Deserialize;
use serde_json::Value;

use super::print::PathSpec;
use crate::error::{Error, Result};
use crate::manifest::data::{columns, rows};
use crate::text::json;

/// The longest name of a sheet, in characters.
const MAX_SHEET: usize = 31;
/// The widest column, in characters.
const MAX_WIDTH: usize = 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcelSpec {
    pub path: PathSpec,
    #[serde(default = "first_sheet")]
    pub sheet: String,
    pub data: Value,
    /// Begin a new workbook.
    #[serde(default)]
    reset: bool,
    /// The cell of a missing value.
    fill_na: Option<Value>,
}

fn first_sheet() -> String {
    "Sheet1".to_owned()
}

/// The workbooks of a run, each with its sheets.
#[derive(Default)]
pub struct Workbooks(HashMap<String, Vec<Sheet>>);

struct Sheet {
    name: String,
    header: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Workbooks {
    /// Adds a sheet, and writes the workbook as a whole.
    ///
    /// # Errors
    /// A file that was there before, without `reset`; a sheet of that name; more than a sheet can hold.
    pub fn export(&mut self, spec: &ExcelSpec) -> Result<String> {
        let data = rows(&spec.data, "data").map_err(Error::local)?;
        let header = columns(&data);
        let empty = spec.fill_na.clone().unwrap_or_default();
        let cell = |row: &serde_json::Map<String, Value>, name: &String| match row.get(name) {
            None | Some(Value::Null) => empty.clone(),
            Some(value) => value.clone(),
        };
        let rows: Vec<Vec<Value>> =
            data.iter().map(|row| header.iter().map(|name| cell(row, name)).collect()).collect();
        let name: String = spec.sheet.chars().take(MAX_SHEET).collect();
        let path = spec.path.to_string();
        if spec.reset {
            self.0.remove(&path);
        } else if !self.0.contains_key(&path) && std::path::Path::new(&path).exists() {
            return Err(Error::local(format!("{path} was there before this run, and sheets cannot be added to it"))
                .hint("write `reset: true` to replace it, or name another path"));
        }
        let sheets = self.0.entry(path.clone()).or_default();
        if sheets.iter().any(|sheet| sheet.name.eq_ignore_ascii_case(&name)) {
            return Err(Error::local(format!("{path} has a sheet {name} already")));
        }
        let count = rows.len();
        sheets.push(Sheet { name, header, rows });
        let bytes = workbook(sheets).map_err(|error| Error::local(format!("cannot make {path}")).caused_by(&error))?;
        spec.path.write(&bytes)?;
        Ok(format!("saved {count} rows to {path}"))
    }
}

fn workbook(sheets: &[Sheet]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    let bold = Format::new().set_bold();
    for Sheet { name, header, rows } in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, title) in (0_u16..).zip(header) {
            sheet.write_string_with_format(0, column, title, &bold)?;
            let mut width = title.chars().count();
            for (row, cells) in (1_u32..).zip(rows) {
                let Some(cell) = cells.get(usize::from(column)) else { continue };
                match cell {
                    Value::Null => {}
                    Value::Bool(value) => {
                        sheet.write_boolean(row, column, *value)?;
                    }
                    // A double holds the others exactly.
                    Value::Number(number) if number.as_i64().is_none_or(|whole| whole.unsigned_abs() <= 1 << 53) => {
                        sheet.write_number(row, column, number.as_f64().unwrap_or_default())?;
                    }
                    other => {
                        let text = text_of(other);
                        width = width.max(text.chars().count());
                        sheet.write_string(row, column, text)?;
                    }
                }
            }
            sheet.set_column_width(column, width.clamp(8, MAX_WIDTH) as f64)?;
        }
    }
    workbook.save_to_buffer()
}

/// Lists as `a, b`, mappings as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => json::compact(other),
    }
}
