//! Columns, and their values of a row.
//!
//! The first line of the input is the columns, the rest is the row in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use spacectl::query::Columns;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (columns, row) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(columns) = Columns::parse(columns) else { return };
    let row: Value = serde_json::from_str(row).unwrap_or_default();
    let message = spacectl_fuzz::KINDS.get_message_by_name("test.kinds.Kinds").expect("a type of kinds.proto");
    for column in columns.iter() {
        let _ = column.check(&message, &[]);
        let _ = column.select(&row);
        let _ = (column.header(), column.name(), column.only_key(), column.first_name());
    }
    let _ = (columns.only_keys(), columns.first_names(), columns.repeated_header());
});
