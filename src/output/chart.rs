//! Bar charts for a terminal: one bar a row, one block a column of numbers.

use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::{OutputStyle, fit};
use crate::error::{Error, Result};
use crate::output::view::{Cell, RowList};
use crate::text::sanitize;

/// The width where nothing says it.
const DEFAULT_WIDTH: usize = 80;
/// The least width of bars and of labels; a narrower terminal gets lines that are too long.
const NARROWEST: usize = 8;
/// Numbers that JSON has no number for: they have no bar.
const NOT_FINITE: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// What bars are drawn with.
struct Glyphs {
    /// A bar's last character by how much of it is filled, from nothing to all.
    to_right: &'static [&'static str],
    /// The same for bars to the left: Unicode has no other parts.
    to_left: &'static [&'static str],
    axis: &'static str,
    cut: &'static str,
}

const UNICODE: Glyphs =
    Glyphs {
        to_right: &["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"], to_left: &["", "▐", "█"], axis: "│", cut: "…"
    };
const ASCII: Glyphs = Glyphs { to_right: &["", "#"], to_left: &["", "#"], axis: "|", cut: "..." };

/// One bar.
struct Bar {
    label: String,
    /// The number as it was sent; `-` without one.
    text: String,
    /// `None` without a number that can be drawn.
    value: Option<f64>,
}

/// Writes a block of bars for each column of numbers; the other columns are the labels.
///
/// # Errors
/// No column holds numbers alone, or the output cannot be written to.
pub(super) fn write(out: &mut dyn Write, list: &RowList, style: &OutputStyle) -> Result<()> {
    if list.is_empty() || list.headers().is_empty() {
        return Ok(writeln!(out, "NO DATA")?);
    }
    let columns = ChartColumns::of(list)?;
    if columns.values.is_empty() {
        return Err(Error::local("no column holds numbers alone, of which bars could be drawn")
            .hint("choose columns with -c KEY, or use another format, e.g. -o table"));
    }
    let [before, after] = style.header_marks();
    for (at, value) in columns.values.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{before}{}{after}", sanitize::control(&list.headers()[*value]))?;
        let mut bars = Vec::with_capacity(list.len());
        list.each(|cells| {
            bars.push(bar(cells, &columns.labels, *value));
            Ok(())
        })?;
        let glyphs = if style.ascii { &ASCII } else { &UNICODE };
        for line in lines(&bars, style.width.unwrap_or(DEFAULT_WIDTH), glyphs) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// The indexes of the columns that label bars, and of those that are drawn.
struct ChartColumns {
    labels: Vec<usize>,
    values: Vec<usize>,
}

impl ChartColumns {
    fn of(list: &RowList) -> Result<Self> {
        let count = list.headers().len();
        let (mut has_number, mut has_other, mut is_nested) =
            (vec![false; count], vec![false; count], vec![false; count]);
        list.each(|cells| {
            for (at, cell) in cells.iter().enumerate() {
                has_number[at] |= cell.is_number();
                has_other[at] |= !cell.is_number() && !cell.bytes.is_empty() && !NOT_FINITE.contains(&cell.bytes);
                is_nested[at] |= cell.is_nested();
            }
            Ok(())
        })?;
        let mut values: Vec<usize> = (0..count).filter(|at| has_number[*at] && !has_other[*at]).collect();
        let mut labels: Vec<usize> = (0..count).filter(|at| !values.contains(at) && !is_nested[*at]).collect();
        // Groups may have numbers as their names, e.g. years.
        if labels.is_empty() && values.len() > 1 {
            labels.push(values.remove(0));
        }
        Ok(Self { labels, values })
    }
}

fn bar(cells: &[Cell<'_>], labels: &[usize], value: usize) -> Bar {
    let label = |at: &usize| match cells[*at].text() {
        text if text.is_empty() => "-".to_owned(),
        text => sanitize::control(&text).into_owned(),
    };
    let label = labels.iter().map(label).collect::<Vec<_>>().join(" ");
    let text = cells[value].text();
    let number = if cells[value].is_number() { text.parse().ok() } else { None };
    let text = if text.is_empty() { "-".to_owned() } else { sanitize::control(&text).into_owned() };
    Bar { label, text, value: number.filter(|number: &f64| number.is_finite()) }
}

/// The lines of a block: label, number, bar.
fn lines(bars: &[Bar], width: usize, glyphs: &Glyphs) -> Vec<String> {
    let widest = |text: fn(&Bar) -> usize| bars.iter().map(text).max().unwrap_or_default();
    let numbers = widest(|bar| bar.text.width());
    let room = width.saturating_sub(numbers + NARROWEST + 3).clamp(NARROWEST, (width / 3).max(NARROWEST));
    let labels = widest(|bar| bar.label.width()).min(room);
    let scale = Scale::of(bars, width.saturating_sub(labels + numbers + 3).max(NARROWEST));
    let line = |bar: &Bar| {
        let label = match bar.label.width() {
            wide if wide > labels => fit::cut_with(&bar.label, labels, glyphs.cut),
            _ => bar.label.clone(),
        };
        let [label_gap, number_gap] = [(labels, &label), (numbers, &bar.text)]
            .map(|(width, text)| " ".repeat(width.saturating_sub(text.width())));
        let drawn = scale.draw(bar.value, glyphs);
        format!(" {label}{label_gap} {number_gap}{} {drawn}", bar.text).trim_end().to_owned()
    };
    bars.iter().map(line).collect()
}

/// How numbers become lengths: in shares of the largest, so that no sum of them can be infinite.
struct Scale {
    largest: f64,
    /// The columns left and right of the axis.
    left: usize,
    right: usize,
    /// The columns of the largest number.
    unit: f64,
}

impl Scale {
    fn of(bars: &[Bar], width: usize) -> Self {
        let values = || bars.iter().filter_map(|bar| bar.value);
        let largest = values().map(f64::abs).fold(0.0, f64::max);
        let share = |number: f64| if largest > 0.0 { number / largest } else { 0.0 };
        let most = share(values().fold(0.0, f64::max));
        let least = -share(values().fold(0.0, f64::min));
        // A share can be too small for a number, and its bar still takes a column.
        let [has_negative, has_positive] = [f64::is_sign_negative, f64::is_sign_positive]
            .map(|is_of_side| values().any(|value| value != 0.0 && is_of_side(value)));
        if !has_negative {
            return Self { largest, left: 0, right: width, unit: width as f64 };
        }
        // One column is the axis.
        let width = width.saturating_sub(1).max(2);
        let left =
            ((width as f64 * least / (least + most)).round() as usize).clamp(1, width - usize::from(has_positive));
        let right = width - left;
        // Without positive numbers, the second is NaN, which `min` passes over.
        let unit = (left as f64 / least).min(right as f64 / most);
        Self { largest, left, right, unit }
    }

    fn draw(&self, value: Option<f64>, glyphs: &Glyphs) -> String {
        let length = |parts: &[&str], room: usize, number: f64| {
            let parts = parts.len() - 1;
            let length = (number.abs() / self.largest * self.unit * parts as f64).round() as usize;
            // What is not zero shows.
            length.clamp(1, (room * parts).max(1))
        };
        let draw = |parts: &[&str], length: usize| {
            let full = parts.len() - 1;
            (parts[full].repeat(length / full), parts[length % full].to_owned())
        };
        let value = value.filter(|value| *value != 0.0);
        let right = match value {
            Some(value) if value > 0.0 => {
                let (full, rest) = draw(glyphs.to_right, length(glyphs.to_right, self.right, value));
                full + &rest
            }
            _ => String::new(),
        };
        if self.left == 0 {
            return right;
        }
        let left = match value {
            Some(value) if value < 0.0 => {
                let (full, rest) = draw(glyphs.to_left, length(glyphs.to_left, self.left, value));
                rest + &full
            }
            _ => String::new(),
        };
        format!("{}{left}{}{right}", " ".repeat(self.left.saturating_sub(left.width())), glyphs.axis)
    }
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
