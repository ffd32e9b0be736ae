//! A response, ready to be written: a list or one value.

use serde::Serialize;
use serde_json::Value;

use super::RowList;
use crate::query::{ClientSideQuery, Columns};
use crate::text::value_ext;

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Document {
    List(RowList),
    Value(Value),
    /// One value narrowed to columns: a list of its row, or an empty one if the value was an empty object.
    #[serde(serialize_with = "super::list::serialize_only_row")]
    Row(RowList),
}

impl Document {
    /// A list of rows that came from no response.
    pub fn from_rows(rows: impl IntoIterator<Item = Value>) -> Self {
        Self::List(RowList::from_values(rows))
    }

    fn list(&self) -> Option<&RowList> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    fn map_list(self, map: impl FnOnce(RowList) -> RowList) -> Self {
        match self {
            Self::List(list) => Self::List(map(list)),
            other => other,
        }
    }

    /// Narrows the rows, or the one value, to the columns; a cell that is missing is null.
    #[must_use]
    pub fn select(self, columns: &Columns) -> Self {
        match self {
            Self::List(list) => Self::List(list.select(columns)),
            value => Self::Row(value.into_list().select(columns)),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(list) | Self::Row(list) => list.is_empty(),
            Self::Value(value) => value_ext::is_empty(value),
        }
    }

    /// How many rows are written of it in formats that have rows.
    pub fn row_count(&self) -> usize {
        match self {
            Self::List(list) | Self::Row(list) => list.len(),
            Self::Value(_) => 1,
        }
    }

    /// How many rows a list has here, and how many match, if that is known; `None` for one value.
    pub fn counts(&self) -> Option<(usize, Option<u64>)> {
        self.list().map(|list| (list.len(), list.total()))
    }

    /// Calls `take` with each row of a list; see [`RowList::each_row`].
    pub fn each_row(&self, names: &[&str], take: impl FnMut(&Value)) {
        if let Self::List(list) = self {
            list.each_row(names, take);
        }
    }

    /// Of a list, the rows at these indexes, in this order; before columns are chosen. How many match stays as it is.
    #[must_use]
    pub fn pick(self, indexes: &[usize]) -> Self {
        self.map_list(|list| list.pick(indexes))
    }

    /// Adds the rows of the next page; see [`RowList::append`].
    pub fn append(&mut self, page: Self) {
        if let (Self::List(list), Self::List(page)) = (self, page) {
            list.append(page);
        }
    }

    /// Whether the rows of a list have what they are to be sorted by, or it has no rows.
    pub fn can_sort(&self, query: &ClientSideQuery) -> bool {
        let name = query.sort.as_ref().and_then(|sort| sort.column().first_name());
        self.is_empty() || name.is_none_or(|name| self.list().is_some_and(|list| list.has_field(name)))
    }

    /// Sorts the rows of a list, then cuts them. The list's total stays, or becomes the count before the cut.
    #[must_use]
    pub fn arrange(self, query: &ClientSideQuery) -> Self {
        self.map_list(|mut list| {
            list.total = list.total.or_else(|| u64::try_from(list.len()).ok());
            let mut keys = Vec::new();
            if let Some(sort) = &query.sort {
                let names: Vec<&str> = sort.column().first_name().into_iter().collect();
                list.each_row(&names, |row| keys.push(sort.key_of(row)));
            }
            let indexes = query.indexes(list.len(), &keys);
            list.pick(&indexes)
        })
    }

    /// Leaves out of the rows, or of the one value, what is not among `fields`, and says whether there was any of it.
    /// The columns come in the order of `fields`, without those that no row has. Rows that have none of them stay
    /// whole.
    #[must_use]
    pub fn narrow(self, fields: &[String]) -> (Self, bool) {
        match self {
            Self::List(list) => {
                let (list, left_out) = list.narrow(fields);
                (Self::List(list), left_out)
            }
            value => {
                let (row, left_out) = value.into_list().narrow(fields);
                (Self::Row(row), left_out)
            }
        }
    }

    /// Puts the columns of a list that are named `first` before the others, in that order.
    #[must_use]
    pub fn in_order(self, first: &[String]) -> Self {
        self.map_list(|list| {
            let mut headers = list.headers().to_vec();
            // A stable sort leaves the others as they are.
            headers.sort_by_key(|header| first.iter().position(|name| name == header).unwrap_or(first.len()));
            list.narrow(&headers).0
        })
    }

    /// The whole response as one value.
    pub fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            // What JSON was read into becomes JSON again.
            list => serde_json::to_value(list).unwrap_or_default(),
        }
    }

    /// The response as rows; one value is one row, an empty object none.
    pub fn into_list(self) -> RowList {
        match self {
            Self::List(list) | Self::Row(list) => list,
            Self::Value(Value::Object(object)) if object.is_empty() => RowList::from_values([]),
            Self::Value(value) => RowList::from_values([value]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::query::Sort;

    /// The headers and the rows of what is left of a document, and whether something was left out.
    fn narrowed(document: Document, fields: &[&str]) -> (Vec<String>, Vec<Value>, bool) {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let (document, left_out) = document.narrow(&fields);
        let list = document.into_list();
        let headers = list.headers().to_vec();
        (headers, list.rows().map(|row| serde_json::to_value(row).unwrap()).collect(), left_out)
    }

    #[test]
    fn narrow_rows_keep_the_fields_that_a_row_has_in_their_order() {
        let rows = || Document::from_rows([json!({"c": 1, "n": {}}), json!({"b": "x", "c": null})]);
        let narrow = vec![json!({"b": null, "c": 1}), json!({"b": "x", "c": null})];
        assert_eq!(narrowed(rows(), &["a", "b", "c"]), (vec!["b".into(), "c".into()], narrow, true));
        let one = Document::Value(json!({"b": 1, "a": 2}));
        let narrow = vec![json!({"a": 2, "b": 1})];
        assert_eq!(narrowed(one, &["a", "b"]), (vec!["a".into(), "b".into()], narrow, false));
    }

    #[test]
    fn rows_without_any_of_the_fields_stay_whole() {
        let nested = Document::from_rows([json!({"tags": {"a": 1}})]);
        assert_eq!(narrowed(nested, &["a"]), (vec!["tags".into()], vec![json!({"tags": {"a": 1}})], false));
        assert_eq!(narrowed(Document::from_rows([json!("1.10")]), &["a"]).1, [json!("1.10")]);
        assert_eq!(narrowed(Document::from_rows([]), &["a"]), (Vec::new(), Vec::new(), false));
    }

    fn arranged(rows: Value, sort: &str, start: usize, limit: usize) -> (Value, Option<u64>) {
        let Value::Array(rows) = rows else { panic!("rows are a list") };
        let sort = (!sort.is_empty()).then(|| Sort::parse(sort, None).unwrap());
        let document = Document::from_rows(rows).arrange(&ClientSideQuery { sort, start, limit });
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
        let document = || Document::from_rows([json!({"k": 2}), json!({}), json!({"k": 1})]);
        let sorted = |sort: &str| {
            let sort = Some(Sort::parse(sort, None).unwrap().as_services_do());
            document().arrange(&ClientSideQuery { sort, start: 0, limit: 0 }).into_value()["results"].take()
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
