//! Changes between two states of a list, for a person who watches it.

use std::collections::HashMap;
use std::io;

use crate::output::view::{Cell, RowList, id_index};

/// What happened to a row since the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowChange {
    Unchanged,
    Added,
    Removed,
    /// Which of its cells have changed.
    Changed(Vec<bool>),
}

impl RowChange {
    /// The mark before the row.
    pub(super) fn sign(&self) -> char {
        match self {
            Self::Unchanged => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed(_) => '~',
        }
    }

    pub(super) fn is_of_cell(&self, column: usize) -> bool {
        matches!(self, Self::Changed(cells) if cells.get(column) == Some(&true))
    }
}

/// The rows of `new` with those that were in `old` alone, and what happened to each; `None` if their columns differ.
///
/// Rows are compared by their id, `own` or the first that there is, or else by their position.
pub(super) fn compare(old: &RowList, new: &RowList, own: Option<&str>) -> Option<(RowList, Vec<RowChange>)> {
    // A list without rows may have no columns.
    if old.headers() != new.headers() && !old.is_empty() && !new.is_empty() {
        return None;
    }
    let columns = if new.is_empty() { old } else { new };
    let (old_rows, new_rows) = (rows(old), rows(new));
    let ids = id_index(columns.headers(), own)
        .and_then(|column| Some((by_id(&old_rows, column)?, by_id(&new_rows, column)?, column)));
    let old_of = |index: usize| match &ids {
        Some((old_ids, _, column)) => old_ids.get(new_rows[index][*column].bytes).copied(),
        None => (index < old_rows.len()).then_some(index),
    };
    let is_removed = |index: usize| match &ids {
        Some((_, new_ids, column)) => !new_ids.contains_key(old_rows[index][*column].bytes),
        None => index >= new_rows.len(),
    };
    let mut both = columns.without_rows(new.total());
    let mut changes = Vec::with_capacity(new_rows.len());
    // A removed row stays after the one that it came after.
    let add_removed_from = |first: usize, both: &mut RowList, changes: &mut Vec<RowChange>| {
        for index in (first..old_rows.len()).take_while(|index| is_removed(*index)) {
            both.push_from(old, index);
            changes.push(RowChange::Removed);
        }
    };
    add_removed_from(0, &mut both, &mut changes);
    for (index, row) in new_rows.iter().enumerate() {
        both.push_from(new, index);
        let Some(before) = old_of(index) else {
            changes.push(RowChange::Added);
            continue;
        };
        let cells: Vec<bool> = row.iter().zip(&old_rows[before]).map(|(new, old)| new != old).collect();
        changes.push(if cells.contains(&true) { RowChange::Changed(cells) } else { RowChange::Unchanged });
        add_removed_from(before + 1, &mut both, &mut changes);
    }
    Some((both, changes))
}

fn rows(list: &RowList) -> Vec<Vec<Cell<'_>>> {
    let mut rows = Vec::with_capacity(list.len());
    // Taking a row cannot fail.
    let _: io::Result<()> = list.each(|cells| {
        rows.push(cells.to_vec());
        Ok(())
    });
    rows
}

/// The rows' indexes by their ids; `None` if two rows have one id.
fn by_id<'a>(rows: &[Vec<Cell<'a>>], column: usize) -> Option<HashMap<&'a [u8], usize>> {
    let ids: HashMap<&[u8], usize> = rows.iter().enumerate().map(|(index, row)| (row[column].bytes, index)).collect();
    (ids.len() == rows.len()).then_some(ids)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn compared(old: Value, new: Value) -> Option<String> {
        let list = |value: Value| RowList::from_values(value.as_array().unwrap().clone());
        let (both, changes) = compare(&list(old), &list(new), Some("p_id"))?;
        let rows = rows(&both);
        let line = |(row, change): (&Vec<Cell<'_>>, &RowChange)| {
            let cell = |(column, cell): (usize, &Cell<'_>)| {
                format!("{}{}", cell.text(), if change.is_of_cell(column) { "!" } else { "" })
            };
            let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
            format!("{}{}", change.sign(), cells.join(","))
        };
        Some(rows.iter().zip(&changes).map(line).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn rows_are_compared_by_id() {
        let old = json!([{"p_id": "a", "n": 1}, {"p_id": "b", "n": 1}, {"p_id": "c", "n": 1}, {"p_id": "d", "n": 1}]);
        let new = json!([{"p_id": "e", "n": 9}, {"p_id": "d", "n": 1}, {"p_id": "b", "n": 2}]);
        assert_eq!(compared(old.clone(), new).unwrap(), "-a,1 +e,9  d,1 ~b,2! -c,1");
        assert_eq!(compared(old.clone(), old).unwrap(), " a,1  b,1  c,1  d,1");
    }

    #[test]
    fn rows_without_an_id_are_compared_by_position() {
        let rows = |values: &[u32]| json!(values.iter().map(|n| json!({"n": n})).collect::<Vec<_>>());
        assert_eq!(compared(rows(&[1, 2]), rows(&[1, 3, 4])).unwrap(), " 1 ~3! +4");
        assert_eq!(compared(rows(&[1, 2]), rows(&[1])).unwrap(), " 1 -2");
        // An id that repeats identifies nothing.
        let twice = json!([{"p_id": "a"}, {"p_id": "a"}]);
        assert_eq!(compared(twice, json!([{"p_id": "a"}])).unwrap(), " a -a");
    }

    #[test]
    fn lists_of_other_columns_are_not_compared() {
        assert_eq!(compared(json!([{"a": 1}]), json!([{"b": 1}])), None);
        assert_eq!(compared(json!([]), json!([])).unwrap(), "");
        assert_eq!(compared(json!([]), json!([{"a": 1}])).unwrap(), "+1");
        assert_eq!(compared(json!([{"a": 1}]), json!([])).unwrap(), "-1");
    }
}
