//! Tests of bar charts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::output::tests::document;

fn drawn_with(rows: Value, style: &OutputStyle) -> Result<String> {
    let mut out = Vec::new();
    write(&mut out, &document(json!({"results": rows})).into_list(), style)?;
    Ok(String::from_utf8(out).unwrap())
}

fn drawn(rows: Value, width: usize, ascii: bool) -> String {
    drawn_with(rows, &OutputStyle { width: Some(width), ascii, ..OutputStyle::default() }).unwrap()
}

#[test]
fn a_row_is_a_bar_in_its_order() {
    let rows = json!([
        {"provider": "aws", "count": 23}, {"provider": "google_cloud", "count": 46}, {"provider": "azure", "count": 0},
        {"provider": "none", "count": null}, {"count": 2},
    ]);
    let expected = [
        "count",
        " aws          23 ███████████▌",
        " google_cloud 46 ███████████████████████",
        " azure         0",
        " none          -",
        " -             2 █",
        "",
    ];
    assert_eq!(drawn(rows, 40, false), expected.join("\n"));
}

#[test]
fn bars_have_eighths_or_are_ascii() {
    let rows = json!([{"k": "a", "n": 8}, {"k": "b", "n": 4.5}, {"k": "c", "n": 0.001}]);
    let width = 1 + 1 + 1 + 5 + 1 + 8;
    assert_eq!(drawn(rows.clone(), width, false), "n\n a     8 ████████\n b   4.5 ████▌\n c 0.001 ▏\n");
    assert_eq!(drawn(rows, width, true), "n\n a     8 ########\n b   4.5 #####\n c 0.001 #\n");
}

#[test]
fn negative_numbers_are_left_of_an_axis() {
    let rows = json!([{"k": "a", "n": -4}, {"k": "b", "n": 4}, {"k": "c", "n": -1.5}, {"k": "d", "n": 0}, {"k": "e"}]);
    let width = 1 + 1 + 1 + 4 + 1 + 9;
    let expected = ["n", " a   -4 ████│", " b    4     │████", " c -1.5   ▐█│", " d    0     │", " e    -     │", ""];
    assert_eq!(drawn(rows.clone(), width, false), expected.join("\n"));
    assert_eq!(drawn(rows, width, true).lines().nth(1), Some(" a   -4 ####|"));
    let all = json!([{"k": "a", "n": -1}, {"k": "b", "n": -2}]);
    assert_eq!(drawn(all, 1 + 1 + 1 + 2 + 1 + 9, false), "n\n a -1     ████│\n b -2 ████████│\n");
}

#[test]
fn each_column_of_numbers_is_a_block_and_the_others_label() {
    let rows = json!([
        {"provider": "aws", "date": "2026-01", "cost": 2, "usage": 1, "tags": {"a": 1}},
        {"provider": "aws", "date": "2026-02", "cost": 1, "usage": 2, "tags": {}},
    ]);
    let text = drawn(rows, 80, true);
    let titles: Vec<&str> = text.split("\n\n").map(|block| block.lines().next().unwrap()).collect();
    assert_eq!(titles, ["cost", "usage"]);
    assert!(text.contains("\n aws 2026-01 2 ###") && !text.contains('{'), "{text}");
    // The names of groups may be numbers.
    let years = drawn(json!([{"year": 2025, "n": 1}, {"year": 2026, "n": 2}]), 20, true);
    assert!(years.starts_with("n\n 2025 1 ###") && years.contains("\n 2026 2 ###"), "{years}");
    let bold = OutputStyle { styled: true, ..OutputStyle::default() };
    assert!(drawn_with(json!([{"n": 1}]), &bold).unwrap().starts_with("\x1b[1mn\x1b[0m\n  1 █"));
}

#[test]
fn labels_are_cut_by_their_width() {
    let rows = json!([{"k": "플러그인플러그인", "n": 1}, {"k": "abc\x1b[2J", "n": 1}]);
    let text = drawn(rows.clone(), 30, false);
    assert!(text.contains("\n 플러그인…  1 █") && text.contains("\n abc\\u{1b}… 1 █"), "{text}");
    assert!(drawn(rows, 30, true).contains("\n 플러그...  1 #"));
}

#[test]
fn numbers_of_any_size_are_drawn() {
    let rows = json!([
        {"k": "a", "n": f64::MAX}, {"k": "b", "n": -f64::MAX}, {"k": "c", "n": 5e-324}, {"k": "d", "n": "NaN"},
        {"k": "e", "n": "-Infinity"}, {"k": "f", "n": u64::MAX},
    ]);
    let text = drawn(rows, 80, false);
    let line = |at: usize| text.lines().nth(at).unwrap().trim_start();
    assert!(line(1).contains("  │██") && line(2).ends_with("██│"), "{text}");
    assert!(
        line(3).ends_with("│▏") && line(4).starts_with("d                      NaN  ") && line(4).ends_with(" │"),
        "{text}"
    );
    assert!(line(5).contains("-Infinity") && line(6).ends_with("│▏"), "{text}");
    let apart = json!([{"k": "a", "n": -5e271}, {"k": "b", "n": 8e-171}]);
    assert!(drawn(apart, 60, false).lines().all(|line| line.width() <= 60));
    assert_eq!(drawn(json!([{"k": "a", "n": 0}, {"k": "b", "n": 0}]), 40, false), "n\n a 0\n b 0\n");
}

#[test]
fn rows_without_numbers_are_an_error() {
    let error = drawn_with(json!([{"k": "a", "n": "1"}]), &OutputStyle::default()).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("no column holds numbers"), "{error}");
    assert_eq!(drawn(json!([]), 80, false), "NO DATA\n");
}

proptest! {
    #[test]
    fn lines_fit_and_bars_grow_with_their_numbers(
        numbers in prop::collection::vec(prop_oneof![-100.0_f64..100.0, any::<f64>()], 1..12), width in 60_usize..140,
        ascii in any::<bool>(),
    ) {
        let bars: Vec<Bar> = numbers
            .iter()
            .map(|number| Bar { label: "라벨".into(), text: "1".into(), value: Some(*number).filter(|n| n.is_finite()) })
            .collect();
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        let lines = lines(&bars, width, glyphs);
        prop_assert!(lines.iter().all(|line| line.width() <= width), "{:?}", lines);
        let lengths = lines.iter().map(|line| line.chars().filter(|c| "█#".contains(*c)).count());
        let mut by_number: Vec<(f64, usize)> =
            bars.iter().zip(lengths).filter_map(|(bar, length)| Some((bar.value?, length))).collect();
        by_number.retain(|(number, _)| *number >= 0.0);
        by_number.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        prop_assert!(by_number.is_sorted_by_key(|(_, length)| *length));
    }
}
