//! What is shown: a list with what came around it, or one value.

use std::collections::HashSet;
use std::io;

use serde_json::{Map, Value};

use super::rows::TakeRow;
use super::{Cell, Columns, Rows as ShownRows, WireList};
use crate::schema::value_ext;

/// The field that holds a list's rows.
pub(super) const RESULTS: &str = "results";
/// The field that counts the rows that match, whatever the page.
pub(super) const TOTAL_COUNT: &str = "total_count";
/// The header over rows that are plain values, as the Python client names it.
const VALUES: &str = "Values";

static NULL: Value = Value::Null;

/// One response, ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    List(List),
    Value(Value),
    /// One value narrowed to columns: a list of its row, or of none if the value was an empty object.
    Row(List),
    /// A list whose rows are still in the bytes that they came in.
    Wired(Box<WireList>),
}

impl Document {
    /// Rows that came from no response.
    pub fn of_rows(rows: Vec<Value>) -> Self {
        Self::List(List::new(Map::new(), rows))
    }

    /// Narrows the rows, or the one value, to the columns; a cell that is missing is null.
    #[must_use]
    pub fn select(self, columns: &Columns) -> Self {
        match self {
            Self::List(list) => Self::List(list.select(columns)),
            Self::Wired(list) => Self::Wired(Box::new(list.select(columns))),
            value => Self::Row(value.into_list().select(columns)),
        }
    }

    /// Whether there is no row in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(list) | Self::Row(list) => list.is_empty(),
            Self::Value(value) => value_ext::is_empty(value),
            Self::Wired(list) => list.is_empty(),
        }
    }

    /// How many rows a list has here, and how many match, if that is known; `None` for one value.
    pub fn counts(&self) -> Option<(usize, Option<u64>)> {
        match self {
            Self::List(list) => Some((list.len(), list.total())),
            Self::Wired(list) => Some((list.len(), list.total())),
            Self::Value(_) | Self::Row(_) => None,
        }
    }

    /// Whether a row of a list has this field, before anything is chosen of them.
    pub fn has_field(&self, name: &str) -> bool {
        match self {
            Self::List(List { rows: Rows::Whole(rows), .. }) => rows.iter().any(|row| row.get(name).is_some()),
            Self::Wired(list) => list.has_field(name),
            Self::List(_) | Self::Value(_) | Self::Row(_) => false,
        }
    }

    /// Hands each row of a list to `take`, at least with those of its fields that are among `names`; with all if there are
    /// none. Before anything is chosen of them.
    pub fn each_row(&self, names: &[&str], take: &mut dyn FnMut(&Value)) {
        match self {
            Self::List(List { rows: Rows::Whole(rows), .. }) => rows.iter().for_each(take),
            Self::Wired(list) => list.each_row(names, take),
            Self::List(_) | Self::Value(_) | Self::Row(_) => {}
        }
    }

    /// Of a list, the rows at these places, counted from 0, in this order; before anything is chosen of them. How many
    /// match stays as it is.
    #[must_use]
    pub fn pick(self, places: &[usize]) -> Self {
        match self {
            Self::List(list) => Self::List(list.pick(places)),
            Self::Wired(list) => list.pick(places),
            other @ (Self::Value(_) | Self::Row(_)) => other,
        }
    }

    /// Takes the rows of a list for all that match, unless their number is known.
    pub(super) fn count_rows(&mut self) {
        match self {
            Self::List(list) => list.total = list.total.or_else(|| u64::try_from(list.len()).ok()),
            Self::Wired(list) => list.count_rows(),
            Self::Value(_) | Self::Row(_) => {}
        }
    }

    /// Leaves out of the rows, or of the one value, what is not among `fields`, and says whether there was any of it.
    /// The columns come in the order of `fields`, without those that no row has. Rows that have none of them stay whole.
    #[must_use]
    pub fn narrow(self, fields: &[String]) -> (Self, bool) {
        match self {
            Self::List(list) => {
                let (list, left_out) = list.narrow(fields);
                (Self::List(list), left_out)
            }
            Self::Wired(list) => {
                let (list, left_out) = list.narrow(fields);
                (Self::Wired(Box::new(list)), left_out)
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
        let Self::List(list) = &self else { return self };
        let mut headers: Vec<String> = list.headers().into_iter().map(str::to_owned).collect();
        // A sort that leaves the others as they are.
        headers.sort_by_key(|header| first.iter().position(|name| name == header).unwrap_or(first.len()));
        self.narrow(&headers).0
    }

    /// The whole response as one value.
    pub fn into_value(self) -> Value {
        match self {
            Self::List(list) => list.into_value(),
            Self::Value(value) => value,
            Self::Row(row) => row.into_object(),
            Self::Wired(list) => list.into_list().into_value(),
        }
    }

    /// The response as values of which each is a line: a list's rows, or the one value.
    pub fn into_lines(self) -> Vec<Value> {
        match self {
            Self::List(list) => list.into_values(),
            Self::Wired(list) => list.into_list().into_values(),
            one @ (Self::Value(_) | Self::Row(_)) => vec![one.into_value()],
        }
    }

    /// The response as rows to be written; one value is one row, and an empty object is none.
    pub fn into_rows(self) -> Box<dyn ShownRows> {
        match self {
            Self::Wired(list) => list,
            other => Box::new(other.into_list()),
        }
    }

    /// The response as rows; one value is one row, and an empty object is none.
    pub fn into_list(self) -> List {
        match self {
            Self::List(list) | Self::Row(list) => list,
            Self::Value(Value::Object(object)) if object.is_empty() => List::new(Map::new(), Vec::new()),
            Self::Value(value) => List::new(Map::new(), vec![value]),
            Self::Wired(list) => list.into_list(),
        }
    }
}

/// Rows, and the response that they came in.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// The response with an empty list in the rows' place.
    envelope: Map<String, Value>,
    total: Option<u64>,
    rows: Rows,
}

#[derive(Clone, Debug, PartialEq)]
enum Rows {
    /// As they came: objects, or plain values.
    Whole(Vec<Value>),
    /// One cell a header.
    Selected { headers: Vec<String>, rows: Vec<Vec<Value>> },
}

impl List {
    /// A list of the rows that were taken out of `envelope`.
    pub(super) fn new(envelope: Map<String, Value>, rows: Vec<Value>) -> Self {
        let total = total(&envelope);
        Self { envelope, total, rows: Rows::Whole(rows) }
    }

    /// A list of rows of which each is its cells below `headers`.
    pub(super) fn of_selected(envelope: Map<String, Value>, headers: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        let total = total(&envelope);
        Self { envelope, total, rows: Rows::Selected { headers, rows } }
    }

    /// The cells of chosen columns, row by row; none where nothing was chosen.
    pub fn selected(&self) -> impl Iterator<Item = &[Value]> {
        let rows = match &self.rows {
            Rows::Selected { rows, .. } => rows.as_slice(),
            Rows::Whole(_) => &[],
        };
        rows.iter().map(Vec::as_slice)
    }

    /// The whole response again, the rows in their place.
    fn into_value(mut self) -> Value {
        let mut envelope = std::mem::take(&mut self.envelope);
        envelope.insert(RESULTS.to_owned(), Value::Array(self.into_values()));
        Value::Object(envelope)
    }

    /// The rows, chosen columns under their headers.
    fn into_values(self) -> Vec<Value> {
        match self.rows {
            Rows::Whole(rows) => rows,
            Rows::Selected { headers, rows } => {
                rows.into_iter().map(|cells| headers.iter().cloned().zip(cells).collect()).collect()
            }
        }
    }

    /// The first row; a column without a row is null.
    fn into_object(self) -> Value {
        match self.rows {
            Rows::Whole(rows) => rows.into_iter().next().unwrap_or_default(),
            Rows::Selected { headers, rows } => {
                let cells = rows.into_iter().next().unwrap_or_default();
                headers.into_iter().zip(cells.into_iter().chain(std::iter::repeat(Value::Null))).collect()
            }
        }
    }

    fn select(self, columns: &Columns) -> Self {
        let Rows::Whole(rows) = &self.rows else {
            return self;
        };
        let headers = columns.iter().map(|column| column.header().to_owned()).collect();
        let rows = rows.iter().map(|row| columns.select(row)).collect();
        Self { rows: Rows::Selected { headers, rows }, ..self }
    }

    fn narrow(self, fields: &[String]) -> (Self, bool) {
        let Self { envelope, total, rows: Rows::Whole(mut rows) } = self else {
            return (self, false);
        };
        let has = |field: &&String| rows.iter().any(|row| row.get(field.as_str()).is_some());
        let headers: Vec<String> = fields.iter().filter(has).cloned().collect();
        if headers.is_empty() {
            return (Self { envelope, total, rows: Rows::Whole(rows) }, false);
        }
        let is_left_out = |key: &String| !headers.contains(key);
        let left_out = rows.iter().filter_map(Value::as_object).any(|row| row.keys().any(is_left_out));
        let take = |row: &mut Value, field: &str| row.get_mut(field).map(Value::take).unwrap_or_default();
        let rows = rows.iter_mut().map(|row| headers.iter().map(|field| take(row, field)).collect()).collect();
        (Self { envelope, total, rows: Rows::Selected { headers, rows } }, left_out)
    }

    fn pick(self, places: &[usize]) -> Self {
        let Self { envelope, total, rows: Rows::Whole(rows) } = self else {
            return self;
        };
        let mut rows: Vec<Option<Value>> = rows.into_iter().map(Some).collect();
        let picked = places.iter().filter_map(|place| rows.get_mut(*place)?.take());
        Self { envelope, total, rows: Rows::Whole(picked.collect()) }
    }
}

/// How many rows match, as a list's response tells.
pub(super) fn total(envelope: &Map<String, Value>) -> Option<u64> {
    // Services that do not count leave the field out or send 0 beside their rows.
    envelope.get(TOTAL_COUNT).and_then(Value::as_u64).filter(|total| *total > 0)
}

impl ShownRows for List {
    fn headers(&self) -> Vec<&str> {
        match &self.rows {
            Rows::Selected { headers, .. } => headers.iter().map(String::as_str).collect(),
            Rows::Whole(rows) => {
                let mut seen = HashSet::new();
                let mut headers = Vec::new();
                let mut see = |header| {
                    if seen.insert(header) {
                        headers.push(header);
                    }
                };
                for row in rows {
                    match row {
                        Value::Object(row) => row.keys().for_each(|key| see(key.as_str())),
                        _ => see(VALUES),
                    }
                }
                headers
            }
        }
    }

    fn is_selected(&self) -> bool {
        matches!(self.rows, Rows::Selected { .. })
    }

    fn len(&self) -> usize {
        match &self.rows {
            Rows::Whole(rows) => rows.len(),
            Rows::Selected { rows, .. } => rows.len(),
        }
    }

    fn total(&self) -> Option<u64> {
        self.total
    }

    fn each(&self, headers: &[&str], take: &mut TakeRow<'_>) -> io::Result<()> {
        match &self.rows {
            Rows::Selected { rows, .. } => {
                rows.iter().try_for_each(|row| take(&row.iter().map(Cell::of).collect::<Vec<_>>()))
            }
            Rows::Whole(rows) => rows.iter().try_for_each(|row| {
                take(&headers.iter().map(|header| Cell::of(cell(row, header))).collect::<Vec<_>>())
            }),
        }
    }
}

fn cell<'a>(row: &'a Value, header: &str) -> &'a Value {
    match row {
        Value::Object(row) => row.get(header).unwrap_or(&NULL),
        value if header == VALUES => value,
        _ => &NULL,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The headers and the rows of what is left of a document, and whether something was left out.
    fn narrowed(document: Document, fields: &[&str]) -> (Vec<String>, Vec<Value>, bool) {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let (document, left_out) = document.narrow(&fields);
        let list = document.into_list();
        let headers = list.headers().into_iter().map(str::to_owned).collect();
        (headers, list.into_values(), left_out)
    }

    #[test]
    fn narrow_rows_keep_the_fields_that_a_row_has_in_their_order() {
        let rows = || Document::of_rows(vec![json!({"c": 1, "n": {}}), json!({"b": "x", "c": null})]);
        let kept = vec![json!({"b": null, "c": 1}), json!({"b": "x", "c": null})];
        assert_eq!(narrowed(rows(), &["a", "b", "c"]), (vec!["b".into(), "c".into()], kept, true));
        let one = Document::Value(json!({"b": 1, "a": 2}));
        let kept = vec![json!({"a": 2, "b": 1})];
        assert_eq!(narrowed(one, &["a", "b"]), (vec!["a".into(), "b".into()], kept, false));
    }

    #[test]
    fn rows_without_any_of_the_fields_stay_whole() {
        let nested = Document::of_rows(vec![json!({"tags": {"a": 1}})]);
        assert_eq!(narrowed(nested, &["a"]), (vec!["tags".into()], vec![json!({"tags": {"a": 1}})], false));
        assert_eq!(narrowed(Document::of_rows(vec![json!("1.10")]), &["a"]).1, [json!("1.10")]);
        assert_eq!(narrowed(Document::of_rows(Vec::new()), &["a"]), (Vec::new(), Vec::new(), false));
    }
}
