//! Joins two lists of mappings by keys, as pandas' merge does.
//!
//! Unlike there, numbers stay as they are.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{columns, rows};
use crate::query::{Column, Columns};
use crate::text::value_ext::kind_of;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinSpec {
    pub origin_data: Value,
    pub other_data: Value,
    pub join_keys: JoinKeys,
    #[serde(default)]
    pub how: How,
    #[serde(default)]
    pub output: JoinOutput,
}

/// One name, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum JoinKeys {
    One(String),
    Many(Vec<String>),
}

/// Which rows come out that have no partner.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum How {
    #[default]
    Left,
    Right,
    Inner,
    Outer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JoinOutput {
    pub columns: Vec<String>,
    pub append_origin_columns: Option<OriginColumns>,
}

/// Columns of the origin to put before or after the chosen ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginColumns {
    pub location: Side,
    #[serde(default)]
    pub start: usize,
    pub end: Option<usize>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    Left,
    Right,
}

type Row = Map<String, Value>;

impl JoinSpec {
    /// The joined rows.
    ///
    /// # Errors
    /// Data that are not rows, keys that no row has, and keys of different types.
    pub fn join(&self) -> Result<Value, String> {
        let origin = rows(&self.origin_data, "origin_data")?;
        let other = rows(&self.other_data, "other_data")?;
        let joined = if origin.is_empty() || other.is_empty() {
            origin.iter().map(|row| (*row).clone()).collect()
        } else {
            self.merge(&origin, &other)?
        };
        let chosen = self.columns(&columns(&origin))?;
        let select = |row: Row| match &chosen {
            None => Value::Object(row),
            Some(chosen) => {
                let row = Value::Object(row);
                chosen.iter().map(|column| (column.header().to_owned(), column.select(&row))).collect::<Row>().into()
            }
        };
        Ok(joined.into_iter().map(select).collect())
    }

    /// The columns to keep; `None` for all.
    fn columns(&self, origin: &[String]) -> Result<Option<Columns>, String> {
        let JoinOutput { columns, append_origin_columns } = &self.output;
        if columns.is_empty() {
            return Ok(None);
        }
        let parse = |text: &String| Column::parse(text).map_err(|error| error.problems()[0].message.clone());
        let chosen: Vec<Column> = columns.iter().map(parse).collect::<Result<_, _>>()?;
        let Some(OriginColumns { location, start, end }) = append_origin_columns else {
            return Ok(Some(chosen.into_iter().collect()));
        };
        let end = end.unwrap_or(origin.len()).min(origin.len());
        let more = origin.get(*start..end).unwrap_or_default().iter().map(|name| Column::from_field(name));
        Ok(Some(match location {
            Side::Left => more.chain(chosen).collect(),
            Side::Right => chosen.into_iter().chain(more).collect(),
        }))
    }

    fn merge(&self, origin: &[&Row], other: &[&Row]) -> Result<Vec<Row>, String> {
        let keys = match &self.join_keys {
            JoinKeys::One(key) => std::slice::from_ref(key),
            JoinKeys::Many(keys) => keys,
        };
        if keys.is_empty() {
            return Err("join_keys is empty".to_owned());
        }
        let merger = Merger { keys, left: columns(origin), right: columns(other) };
        merger.check(origin, other)?;
        let by_key = |rows: &[&Row]| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::new();
            rows.iter().enumerate().for_each(|(at, row)| index.entry(merger.key(row)).or_default().push(at));
            index
        };
        let (left, right) = (by_key(origin), by_key(other));
        let none = Vec::new();
        let mut joined = Vec::new();
        let mut pair = |a: Option<&Row>, b: Option<&Row>| joined.push(merger.row(a, b));
        match self.how {
            How::Left | How::Inner => {
                for row in origin {
                    let partners = right.get(&merger.key(row)).unwrap_or(&none);
                    partners.iter().for_each(|at| pair(Some(row), Some(other[*at])));
                    if partners.is_empty() && self.how == How::Left {
                        pair(Some(row), None);
                    }
                }
            }
            How::Right => {
                for row in other {
                    let partners = left.get(&merger.key(row)).unwrap_or(&none);
                    partners.iter().for_each(|at| pair(Some(origin[*at]), Some(row)));
                    if partners.is_empty() {
                        pair(None, Some(row));
                    }
                }
            }
            How::Outer => {
                let mut all: Vec<&Row> = origin.iter().chain(other).copied().collect();
                all.sort_by(|a, b| merger.order(a, b));
                let mut done = HashSet::new();
                for key in all.iter().map(|row| merger.key(row)) {
                    let (lefts, rights) = (left.get(&key).unwrap_or(&none), right.get(&key).unwrap_or(&none));
                    if !done.insert(key) {
                        continue;
                    }
                    match (lefts.is_empty(), rights.is_empty()) {
                        (_, true) => lefts.iter().for_each(|at| pair(Some(origin[*at]), None)),
                        (true, _) => rights.iter().for_each(|at| pair(None, Some(other[*at]))),
                        _ => lefts.iter().for_each(|a| {
                            rights.iter().for_each(|b| pair(Some(origin[*a]), Some(other[*b])));
                        }),
                    }
                }
            }
        }
        Ok(joined)
    }
}

/// Makes one row of two.
struct Merger<'a> {
    keys: &'a [String],
    left: Vec<String>,
    right: Vec<String>,
}

impl Merger<'_> {
    /// Refuses keys that rows do not have, and those of two types, of which none would be equal.
    fn check(&self, origin: &[&Row], other: &[&Row]) -> Result<(), String> {
        for key in self.keys {
            for (columns, name) in [(&self.left, "origin_data"), (&self.right, "other_data")] {
                if !columns.contains(key) {
                    return Err(format!("no row of {name} has the key {key} of join_keys"));
                }
            }
            let mut kinds = origin.iter().chain(other).filter_map(|row| row.get(key)).filter(|value| !value.is_null());
            let first = kinds.next().map(kind_of);
            if let Some(second) = kinds.map(kind_of).find(|kind| Some(*kind) != first) {
                let first = first.unwrap_or_default();
                return Err(format!("the key {key} of join_keys is {first} in one row and {second} in another"));
            }
        }
        Ok(())
    }

    fn key(&self, row: &Row) -> String {
        let values: Vec<&Value> = self.keys.iter().map(|key| row.get(key).unwrap_or(&Value::Null)).collect();
        serde_json::to_string(&values).unwrap_or_default()
    }

    fn order(&self, a: &Row, b: &Row) -> Ordering {
        let compare = |key: &String| match (a.get(key), b.get(key)) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => {
                a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default())
            }
            (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(b),
            // Missing keys come last.
            (a, b) => a.is_none_or(Value::is_null).cmp(&b.is_none_or(Value::is_null)),
        };
        self.keys.iter().map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The columns of both, each once; other columns of one name end in `_x` and `_y`.
    fn row(&self, left: Option<&Row>, right: Option<&Row>) -> Row {
        let get = |row: Option<&Row>, name: &str| row.and_then(|row| row.get(name)).cloned().unwrap_or_default();
        let mut joined = Row::new();
        for name in &self.left {
            if self.keys.contains(name) {
                joined.insert(name.clone(), get(left.or(right), name));
            } else if self.right.contains(name) {
                joined.insert(format!("{name}_x"), get(left, name));
            } else {
                joined.insert(name.clone(), get(left, name));
            }
        }
        for name in self.right.iter().filter(|name| !self.keys.contains(name)) {
            let header = if self.left.contains(name) { format!("{name}_y") } else { name.clone() };
            joined.insert(header, get(right, name));
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn join(spec: Value) -> Result<Value, String> {
        serde_json::from_value::<JoinSpec>(spec).map_err(|error| error.to_string())?.join()
    }

    fn with(how: &str) -> Value {
        json!({
            "origin_data": [{"id": 2, "name": "b", "size": 5}, {"id": 1, "name": "a", "size": 7}],
            "other_data": [{"id": 3, "name": "z"}, {"id": 2, "name": "y"}, {"id": 2, "name": "x"}],
            "join_keys": "id", "how": how,
        })
    }

    #[test]
    fn rows_come_in_the_order_of_their_side_and_integers_stay() {
        let row = |id: i64, size: Value, x: Value, y: Value| json!({"id": id, "name_x": x, "size": size, "name_y": y});
        let both = [row(2, 5.into(), "b".into(), "y".into()), row(2, 5.into(), "b".into(), "x".into())];
        let left = row(1, 7.into(), "a".into(), Value::Null);
        let right = row(3, Value::Null, Value::Null, "z".into());
        let [first, second] = both;
        assert_eq!(join(with("left")), Ok(json!([first, second, left])));
        assert_eq!(join(with("inner")), Ok(json!([first, second])));
        assert_eq!(join(with("right")), Ok(json!([right, first, second])));
        assert_eq!(join(with("outer")), Ok(json!([left, first, second, right])));
    }

    #[test]
    fn columns_are_chosen_by_the_grammar_of_lists() {
        let mut spec = with("left");
        spec["output"] = json!({"columns": ["name_y|Other"], "append_origin_columns": {"location": "LEFT", "end": 1}});
        assert_eq!(join(spec), Ok(json!([{"id": 2, "Other": "y"}, {"id": 2, "Other": "x"}, {"id": 1, "Other": null}])));
    }

    #[test]
    fn an_empty_side_gives_the_origin_and_a_key_that_cannot_match_is_refused() {
        assert_eq!(join(json!({"origin_data": [], "other_data": [{"a": 1}], "join_keys": ["a"]})), Ok(json!([])));
        let origin = json!([{"a": 1}]);
        assert_eq!(join(json!({"origin_data": origin, "other_data": [], "join_keys": ["a"]})), Ok(origin.clone()));
        for other in [json!([{"a": "1"}]), json!([{"b": 1}]), json!(5)] {
            assert!(join(json!({"origin_data": origin, "other_data": other, "join_keys": ["a"]})).is_err(), "{other}");
        }
    }
}
