//! The table on a terminal that may be styled: the same form under a bold header.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentLineStyle, LineStyle, Table, TableStyle, Width};

use super::table::Grid;

const PRESTO: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .content_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('-').junction('+'));

/// More rows than anybody looks at one by one.
const MANY: usize = 1000;

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

pub(super) fn write(out: &mut dyn Write, grid: &Grid<'_>) -> io::Result<()> {
    write_with(out, grid, [BOLD, PLAIN])
}

/// Writes the table with its header between these two.
fn write_with(out: &mut dyn Write, grid: &Grid<'_>, [before, behind]: [&str; 2]) -> io::Result<()> {
    // comfy-table would break such cells into lines, and is slow where rows are many.
    let Some(widths) = widths(grid).filter(|_| grid.row_count() <= MANY) else {
        return grid.write(out, [before, behind]);
    };
    let mut table = Table::new();
    table.load_style(PRESTO).set_header(grid.columns.iter().map(|column| &*column.header));
    grid.each(|cells| {
        table.add_row(cells.iter());
        Ok(())
    })?;
    for ((drawn, column), width) in table.column_iter_mut().zip(&grid.columns).zip(widths) {
        drawn.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        if column.is_number {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (at, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if at == 0 { writeln!(out, "{before}{line}{behind}")? } else { writeln!(out, "{line}")? }
    }
    Ok(())
}

/// The columns' widths with the space at either side, if comfy-table can count that far.
fn widths(grid: &Grid<'_>) -> Option<Vec<u16>> {
    grid.columns.iter().map(|column| u16::try_from(column.width + 2).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::output::table::tests::{any_rows, rows};

    #[test]
    fn only_the_header_is_styled() {
        let rows = rows(&json!([{"a": "플러그인", "n": 1}]));
        let grid = Grid::measure(&["a", "n"], &*rows).unwrap();
        let mut out = Vec::new();
        write(&mut out, &grid).unwrap();
        let expected = "\x1b[1m a        |   n\x1b[0m\n----------+-----\n 플러그인 |   1\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_cell_of_any_length_stays_in_its_line() {
        let rows = rows(&json!([{"a": "x".repeat(70_000)}]));
        let grid = Grid::measure(&["a"], &*rows).unwrap();
        let mut out = Vec::new();
        write(&mut out, &grid).unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 3);
    }

    #[test]
    fn many_rows_have_the_same_header() {
        let rows = rows(&(0..=MANY).map(|n| json!({"n": n})).collect());
        let grid = Grid::measure(&["n"], &*rows).unwrap();
        let mut out = Vec::new();
        write(&mut out, &grid).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\x1b[1m    n\x1b[0m\n------\n    0\n"), "{}", &text[..40]);
        assert_eq!(text.lines().count(), MANY + 3);
    }

    proptest! {
        #[test]
        fn without_style_it_is_the_plain_table(values in any_rows(), width in 20_usize..90) {
            let headers = ["a", "이름", "n"];
            let rows = rows(&values);
            let mut grid = Grid::measure(&headers, &*rows).unwrap();
            grid.fit(width);
            let [mut plain, mut drawn] = [Vec::new(), Vec::new()];
            grid.write(&mut plain, ["", ""]).unwrap();
            write_with(&mut drawn, &grid, ["", ""]).unwrap();
            prop_assert_eq!(String::from_utf8(drawn).unwrap(), String::from_utf8(plain).unwrap());
        }
    }
}
