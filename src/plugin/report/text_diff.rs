//! Two texts, line by line.

use std::fmt;

use crate::terminal::sanitize;

/// Lines that both have are shown around a difference, this many of them.
const CONTEXT: usize = 2;

/// Beyond so many pairs of lines, all of the old are shown before all of the new.
const MAX_PAIRS: usize = 4_000_000;

/// A line of either text or of both; or of lines that are not shown, how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Both(&'a str),
    Old(&'a str),
    New(&'a str),
    Hidden(usize),
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Both(line) => write!(f, "  {}", sanitize::control(line)),
            Self::Old(line) => write!(f, "- {}", sanitize::control(line)),
            Self::New(line) => write!(f, "+ {}", sanitize::control(line)),
            Self::Hidden(count) => write!(f, "  ... {count} more lines the same"),
        }
    }
}

/// What differs, with the lines next to it.
pub fn between<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let first = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = |lines: &[&'a str]| lines[first..].to_vec();
    let (mut old_middle, mut new_middle) = (rest(&old), rest(&new));
    let last = old_middle.iter().rev().zip(new_middle.iter().rev()).take_while(|(old, new)| old == new).count();
    old_middle.truncate(old_middle.len() - last);
    new_middle.truncate(new_middle.len() - last);
    let mut lines: Vec<Line<'a>> = old[..first].iter().map(|line| Line::Both(line)).collect();
    lines.extend(of_middle(&old_middle, &new_middle));
    lines.extend(old[old.len() - last..].iter().map(|line| Line::Both(line)));
    folded(&lines)
}

/// By the longest sequence of lines that both have.
fn of_middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        let old = old.iter().map(|line| Line::Old(line));
        return old.chain(new.iter().map(|line| Line::New(line))).collect();
    }
    // longest[i][j]: of what follows line i of the old and line j of the new.
    let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] =
                if old[i] == new[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Both(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(Line::Old(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines
}

/// Leaves out what is the same, but for a few lines next to what is not.
fn folded<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let differs = |at: usize| !matches!(lines[at], Line::Both(_));
    let is_shown = |at: usize| (at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len())).any(differs);
    let mut shown: Vec<Line<'a>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match (is_shown(at), shown.last_mut()) {
            (true, _) => shown.push(*line),
            (false, Some(Line::Hidden(count))) => *count += 1,
            (false, _) => shown.push(Line::Hidden(1)),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(old: &str, new: &str) -> String {
        between(old, new).iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn what_is_far_from_a_difference_is_left_out() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let expected = "  ... 3 more lines the same\n  4\n  5\n- 6\n+ six\n  7\n  8\n  ... 1 more lines the same\n";
        assert_eq!(text(old, &old.replace('6', "six")), expected);
    }

    proptest! {
        #[test]
        fn each_text_is_in_it_whole(old in "[ab\n]{0,12}", new in "[ab\n]{0,12}") {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
            let lines = of_middle(&old, &new);
            let one = |keep: fn(&Line<'_>) -> bool| -> Vec<&str> {
                lines.iter().filter(|line| keep(line)).map(|line| match line {
                    Line::Both(line) | Line::Old(line) | Line::New(line) => *line,
                    Line::Hidden(_) => unreachable!("nothing is folded yet"),
                }).collect()
            };
            prop_assert_eq!(one(|line| !matches!(line, Line::New(_))), old);
            prop_assert_eq!(one(|line| !matches!(line, Line::Old(_))), new);
        }
    }
}
