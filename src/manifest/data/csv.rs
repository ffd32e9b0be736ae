//! Reads CSV: texts stay texts, and an empty cell is an empty text.

use serde_json::{Map, Value};

/// The rows of a file with a header.
///
/// # Errors
/// A name twice in the header, rows of other lengths than it, and text that is not UTF-8.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let names = reader.headers().map_err(|error| error.to_string())?.clone();
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|other| other == name) {
            return Err(format!("the header has {name} twice"));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells = names.iter().zip(&record).map(|(name, cell)| (name.to_owned(), cell.into()));
        rows.push(Value::Object(cells.collect::<Map<_, _>>()));
    }
    Ok(rows.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_looks_like_a_number_stays_a_text() {
        let rows = read("\u{feff}id,이름,size\n00123,\"a, b\",\n7,\"x\ny\",1.10\n".as_bytes()).unwrap();
        let expected =
            json!([{"id": "00123", "이름": "a, b", "size": ""}, {"id": "7", "이름": "x\ny", "size": "1.10"}]);
        assert_eq!(rows, expected);
        assert!(read(b"a,b\n1\n").is_err());
    }
}
