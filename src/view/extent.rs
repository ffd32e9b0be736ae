//! How long a cell would be, told without making it.

use std::fmt::{self, Write as _};

use serde_json::Number;

use crate::decode::{Odd, Sink};
use crate::escape;

/// Counts the bytes of a cell, which is JSON but for a text that stands alone, as long as they are
/// [plain](escape::is_plain) and none stands for another.
#[derive(Debug, Default)]
pub(super) struct Extent {
    length: usize,
    /// How many lists and mappings are open.
    depth: usize,
    /// A mark stands between what came and a value that comes.
    follows: bool,
    is_number: bool,
    is_special: bool,
}

impl Extent {
    /// The cell's length, and whether it is a number; `None` if it has to be made to tell.
    pub fn of_plain(self) -> Option<(usize, bool)> {
        (!self.is_special).then_some((self.length, self.is_number))
    }

    fn begin(&mut self) {
        self.value("[".len());
        self.depth += 1;
        self.follows = false;
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.length += "]".len();
        self.follows = true;
    }

    fn value(&mut self, length: usize) {
        self.length += usize::from(self.follows) + length;
        self.follows = true;
    }

    fn quoted(&mut self, text: &[u8]) {
        let is_special = |byte: &u8| (*byte == b'"') | (*byte == b'\\');
        self.is_special |= !escape::is_plain(text) || text.iter().fold(false, |any, byte| any | is_special(byte));
        self.value(text.len() + "\"\"".len());
    }
}

impl Sink for Extent {
    fn null(&mut self) {
        if self.depth > 0 {
            self.value("null".len());
        }
    }

    fn bool(&mut self, value: bool) {
        self.value(if value { "true".len() } else { "false".len() });
    }

    fn number(&mut self, number: Number) {
        struct Count(usize);
        impl fmt::Write for Count {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0 += text.len();
                Ok(())
            }
        }
        self.is_number = self.depth == 0;
        let mut count = Count(0);
        // Counting cannot fail.
        let _ = write!(count, "{number}");
        self.value(count.0);
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Odd> {
        if self.depth == 0 {
            self.is_special |= !escape::is_plain(text);
            self.length += text.len();
        } else {
            self.quoted(text);
        }
        Ok(())
    }

    fn begin_list(&mut self) {
        self.begin();
    }

    fn end_list(&mut self) {
        self.end();
    }

    fn begin_mapping(&mut self) {
        self.begin();
    }

    fn key(&mut self, key: &[u8]) -> Result<(), Odd> {
        self.quoted(key);
        self.length += ":".len();
        self.follows = false;
        Ok(())
    }

    fn end_mapping(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::hand_on;
    use crate::view::Cell;

    fn extent(value: &Value) -> Option<(usize, bool)> {
        let mut extent = Extent::default();
        hand_on(value, &mut extent).unwrap();
        extent.of_plain()
    }

    #[test]
    fn what_is_escaped_or_wide_has_to_be_made() {
        for value in [json!("é"), json!("a\nb"), json!(["\""]), json!({"\\": 1}), json!({"a": ["한"]})] {
            assert_eq!(extent(&value), None, "{value}");
        }
        assert_eq!(extent(&json!("\"\\")), Some((2, false)));
    }

    proptest! {
        #[test]
        fn the_length_is_that_of_the_cell(value in any_value()) {
            let cell = Cell::of(&value);
            match extent(&value) {
                Some(extent) => prop_assert_eq!(extent, (cell.bytes().len(), cell.is_number)),
                None => prop_assert!(!value.to_string().bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\')),
            }
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[ -~]{0,8}".prop_map(Value::from),
            "[a-z\"\\\\é\n]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zé]{0,3}", inner, 0..4)
                    .prop_map(|entries| entries.into_iter().collect()),
            ]
        })
    }
}
