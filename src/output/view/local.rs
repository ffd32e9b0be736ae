//! Order and page, applied here to lists of which the service cannot do it.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Column, Columns, Document, grammar};
use crate::error::{Error, Result};

/// What `-s` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    column: Column,
    descending: bool,
    /// What is missing is the least; otherwise it comes last.
    missing_is_least: bool,
}

impl Sort {
    /// Reads `key` or `-key`; a header of `columns` stands for its column.
    ///
    /// # Errors
    /// A usage error as [`Column::parse`] gives it, or because there are several keys.
    pub fn parse(text: &str, columns: Option<&Columns>) -> Result<Self> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        if key.trim().is_empty() {
            return Err(
                Error::usage("there is nothing to sort by").hint("-s name sorts by the name, -s -name backwards")
            );
        }
        let column = match columns.and_then(|columns| columns.by_header(key)) {
            Some(column) => column.clone(),
            None if grammar::split(&grammar::tokens(key), ',').nth(1).is_some() => {
                return Err(Error::usage(format!("a list is sorted by one key, and \"{key}\" names several"))
                    .hint("-s name sorts by the name, -s -name backwards"));
            }
            None => Column::parse(key)?,
        };
        Ok(Self { column, descending, missing_is_least: false })
    }

    /// What is sorted by.
    pub(super) fn column(&self) -> &Column {
        &self.column
    }

    /// What to send as `query.sort`'s key: as far as the service can follow the path.
    pub fn key(&self) -> String {
        self.column.only_key().unwrap_or_else(|| self.column.header().to_owned())
    }

    pub fn is_descending(&self) -> bool {
        self.descending
    }

    /// The same with what is missing where the services have it.
    #[must_use]
    pub fn as_services_do(self) -> Self {
        Self { missing_is_least: true, ..self }
    }

    /// Whether rows have what they are sorted by, or there are none.
    pub fn is_answered(&self, document: &Document) -> bool {
        document.is_empty() || self.column.first_name().is_none_or(|name| document.has_field(name))
    }

    /// The places of a list's rows in their order. Stable. Numbers, then text by code point, then the rest, or all that
    /// backwards; what is missing comes last, or is the least.
    fn order(&self, document: &Document) -> Vec<usize> {
        let mut keys: Vec<Option<Key>> = Vec::new();
        let names: Vec<&str> = self.column.first_name().into_iter().collect();
        document.each_row(&names, &mut |row| keys.push(self.key_of(row)));
        let mut places: Vec<usize> = (0..keys.len()).collect();
        places.sort_by(|a, b| match (&keys[*a], &keys[*b]) {
            (Some(a), Some(b)) if self.descending => b.compare(a),
            (Some(a), Some(b)) => a.compare(b),
            (a, b) if self.missing_is_least && !self.descending => a.is_some().cmp(&b.is_some()),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        places
    }

    fn key_of(&self, row: &Value) -> Option<Key> {
        match &*self.column.value(row)? {
            Value::Null => None,
            Value::Number(number) => {
                let float = number.as_f64()?;
                // Integers that one double stands for are told apart by themselves.
                Some(Key::Number(float, number.as_i128().unwrap_or(float as i128)))
            }
            Value::String(text) => Some(Key::Text(text.clone())),
            other => Some(Key::Other(other.to_string())),
        }
    }
}

/// What two rows are compared by.
enum Key {
    Number(f64, i128),
    Text(String),
    Other(String),
}

impl Key {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a, exact_a), Self::Number(b, exact_b)) => a.total_cmp(b).then(exact_a.cmp(exact_b)),
            // UTF-8 compares as its code points do.
            (Self::Text(a), Self::Text(b)) | (Self::Other(a), Self::Other(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(..) => 0,
            Self::Text(_) => 1,
            Self::Other(_) => 2,
        }
    }
}

/// What a list's query would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    pub sort: Option<Sort>,
    /// The first row, counted from 1; 0 is read as 1. As in the API's `Page`.
    pub start: usize,
    /// How many rows; 0 asks for all. As in the API's `Page`.
    pub limit: usize,
}

impl Local {
    /// Sorts, then cuts. The list's total stays, or becomes, the count before the cut.
    #[must_use]
    pub fn apply(&self, mut document: Document) -> Document {
        document.count_rows();
        let Some((count, _)) = document.counts() else { return document };
        let mut places = match &self.sort {
            Some(sort) => sort.order(&document),
            None => (0..count).collect(),
        };
        places.drain(..places.len().min(self.start.saturating_sub(1)));
        if self.limit > 0 {
            places.truncate(self.limit);
        }
        document.pick(&places)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn arranged(rows: Value, sort: &str, start: usize, limit: usize) -> (Value, Option<u64>) {
        let Value::Array(rows) = rows else { panic!("rows are a list") };
        let sort = (!sort.is_empty()).then(|| Sort::parse(sort, None).unwrap());
        let document = Local { sort, start, limit }.apply(Document::of_rows(rows));
        let total = document.counts().unwrap().1;
        (document.into_value()["results"].take(), total)
    }

    #[test]
    fn numbers_sort_as_numbers_and_what_is_missing_comes_last() {
        let rows = json!([{"k": 10}, {"k": "b"}, {}, {"k": 9.5}, {"k": null, "n": 1}, {"k": "B"}]);
        let (up, _) = arranged(rows.clone(), "k", 1, 0);
        assert_eq!(up, json!([{"k": 9.5}, {"k": 10}, {"k": "B"}, {"k": "b"}, {}, {"k": null, "n": 1}]));
        let (down, _) = arranged(rows, "-k", 1, 0);
        assert_eq!(down, json!([{"k": "b"}, {"k": "B"}, {"k": 10}, {"k": 9.5}, {}, {"k": null, "n": 1}]));
    }

    #[test]
    fn as_services_do_it_what_is_missing_is_the_least() {
        let document = || Document::of_rows(vec![json!({"k": 2}), json!({}), json!({"k": 1})]);
        let sorted = |sort: &str| {
            let sort = Some(Sort::parse(sort, None).unwrap().as_services_do());
            Local { sort, start: 0, limit: 0 }.apply(document()).into_value()["results"].take()
        };
        assert_eq!(sorted("k"), json!([{}, {"k": 1}, {"k": 2}]));
        assert_eq!(sorted("-k"), json!([{"k": 2}, {"k": 1}, {}]));
    }

    #[test]
    fn equal_rows_keep_their_order_in_both_directions() {
        let rows = json!([{"k": 1, "n": 1}, {"k": 0}, {"k": 1, "n": 2}]);
        assert_eq!(arranged(rows.clone(), "k", 1, 0).0, json!([{"k": 0}, {"k": 1, "n": 1}, {"k": 1, "n": 2}]));
        assert_eq!(arranged(rows, "-k", 1, 0).0, json!([{"k": 1, "n": 1}, {"k": 1, "n": 2}, {"k": 0}]));
    }

    #[test]
    fn a_page_is_cut_behind_sorting_and_the_total_stays() {
        let rows = json!([{"k": 3}, {"k": 1}, {"k": 2}]);
        assert_eq!(arranged(rows.clone(), "k", 2, 1), (json!([{"k": 2}]), Some(3)));
        assert_eq!(arranged(rows.clone(), "", 0, 0), (rows.clone(), Some(3)));
        assert_eq!(arranged(rows, "", 4, 1), (json!([]), Some(3)));
    }

    #[test]
    fn a_header_stands_for_its_column() {
        let columns = Columns::parse("list.0.name|Name,tags.a").unwrap();
        let by_alias = Sort::parse("-Name", Some(&columns)).unwrap();
        assert_eq!((by_alias.key().as_str(), by_alias.is_descending()), ("list", true));
        let by_key = Sort::parse("created_at", Some(&columns)).unwrap();
        assert_eq!((by_key.key().as_str(), by_key.is_descending()), ("created_at", false));
        assert!(Sort::parse("-", None).is_err());
        let several = Sort::parse("-name,state", None).unwrap_err();
        assert_eq!(several.problems()[0].message, "a list is sorted by one key, and \"name,state\" names several");
    }

    proptest! {
        /// Integers that round to one double, and that double, still have one order.
        #[test]
        fn any_numbers_have_one_order(numbers in prop::collection::vec(prop_oneof![
            (i64::MAX - 9..=i64::MAX).prop_map(Value::from),
            Just(json!(9_223_372_036_854_775_808.0)),
            any::<i32>().prop_map(|n| json!(f64::from(n) / 4.0)),
        ], 0..40)) {
            let once = arranged(Value::Array(numbers.iter().map(|n| json!({"k": n})).collect()), "k", 1, 0).0;
            let reversed = Value::Array(numbers.iter().rev().map(|n| json!({"k": n})).collect());
            prop_assert_eq!(arranged(reversed, "k", 1, 0).0, once);
        }
    }
}
