//! A text by its lines.

use std::str::Lines;

/// The lines of a text, read forwards.
pub struct Cursor<'text> {
    lines: Lines<'text>,
    /// The number of `current`; 0 before the first.
    number: usize,
    current: &'text str,
}

impl<'text> Cursor<'text> {
    pub fn new(text: &'text str) -> Self {
        Self { lines: text.lines(), number: 0, current: "" }
    }

    /// The line of this number, counted from 1, or the last one that was asked for if that is behind it.
    pub fn line(&mut self, number: usize) -> &'text str {
        while self.number < number {
            self.number += 1;
            self.current = self.lines.next().unwrap_or_default();
        }
        self.current
    }
}
