//! Conditions of `--filter` as a message and as a filter of rows. Lines are conditions; the last is a row in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use spacectl::query::filter::FilterSet;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let row: Value = lines.pop().and_then(|row| serde_json::from_str(&row).ok()).unwrap_or_default();
    let any = lines.split_off(lines.len() / 2);
    let message = spacectl_fuzz::KINDS.get_message_by_name("test.kinds.Kinds").expect("a type of kinds.proto");
    let Ok(filters) = FilterSet::parse(&lines, &any, None) else { return };
    for rows in [None, Some(&message)] {
        let _ = filters.resolve(rows);
        if let Ok(filter) = filters.row_filter(rows, false) {
            filter.verdict(&row);
        }
    }
});
