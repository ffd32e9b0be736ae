//! Line by line differences of two texts.

/// The lines that both texts have and that are shown around a difference.
const CONTEXT: usize = 2;

/// The most pairs of lines that are compared.
const MAX_PAIRS: usize = 4_000_000;

/// Whether the old and the new text have the line.
type Line<'a> = (bool, bool, &'a str);

/// The differing lines with those around them, each with its terminal style.
pub fn lines(old: &str, new: &str) -> Vec<(&'static str, String)> {
    let lines = merge(&Vec::from_iter(old.split('\n')), &Vec::from_iter(new.split('\n')));
    let differs = |(in_old, in_new, _): &Line<'_>| in_old != in_new;
    let mut shown = Vec::new();
    let mut hidden = 0;
    for (index, line) in lines.iter().enumerate() {
        let around = index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(lines.len());
        let is_hidden = !lines[around].iter().any(differs);
        hidden += usize::from(is_hidden);
        if hidden > 0 && (!is_hidden || index + 1 == lines.len()) {
            shown.push(("2", format!("  ... {hidden} more lines the same")));
            hidden = 0;
        }
        match line {
            _ if is_hidden => {}
            (true, true, line) => shown.push(("2", format!("  {line}"))),
            (true, false, line) => shown.push(("31", format!("- {line}"))),
            (_, _, line) => shown.push(("32", format!("+ {line}"))),
        }
    }
    shown
}

/// All lines of both texts, by their longest common subsequence; in too long texts, all of the old before all of the
/// new.
fn merge<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let first = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (head, (old, new)) = (&old[..first], (&old[first..], &new[first..]));
    let last = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let ((old, tail), new) = (old.split_at(old.len() - last), &new[..new.len() - last]);
    let is_long = old.len().saturating_mul(new.len()) > MAX_PAIRS;
    // longest[i][j]: of the lines from i of the old and from j of the new text.
    let mut longest = vec![vec![0_usize; if is_long { 0 } else { new.len() + 1 }]; old.len() + 1];
    for i in (0..if is_long { 0 } else { old.len() }).rev() {
        for j in (0..new.len()).rev() {
            let without = longest[i + 1][j].max(longest[i][j + 1]);
            longest[i][j] = if old[i] == new[j] { longest[i + 1][j + 1] + 1 } else { without };
        }
    }
    let both = |lines: &[&'a str]| Vec::from_iter(lines.iter().map(|line| (true, true, *line)));
    let (mut i, mut j, mut lines) = (0, 0, both(head));
    while i < old.len() || j < new.len() {
        if !is_long && i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((true, true, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && (is_long || longest[i + 1][j] >= longest[i][j + 1])) {
            lines.push((true, false, old[i]));
            i += 1;
        } else {
            lines.push((false, true, new[j]));
            j += 1;
        }
    }
    lines.extend(both(tail));
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_far_from_a_difference_is_left_out() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let expected = "  ... 3 more lines the same\n  4\n  5\n- 6\n+ six\n  7\n  8\n  ... 1 more lines the same\n";
        let text: String = lines(old, &old.replace('6', "six")).iter().map(|(_, line)| format!("{line}\n")).collect();
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn each_text_is_in_it_whole(old in "[ab\n]{0,12}", new in "[ab\n]{0,12}") {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
            let lines = merge(&old, &new);
            let only = |keep: fn(&Line<'_>) -> bool| -> Vec<&str> {
                lines.iter().filter(|line| keep(line)).map(|(_, _, line)| *line).collect()
            };
            prop_assert_eq!(only(|(in_old, ..)| *in_old), old);
            prop_assert_eq!(only(|(_, in_new, _)| *in_new), new);
        }
    }
}
