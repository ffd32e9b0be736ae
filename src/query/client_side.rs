//! Sorting and paging of rows whose service cannot do it.

use std::cmp::Ordering;

use serde_json::Value;

use super::columns::{Column, Columns, grammar};
use crate::error::{Error, Result};

/// The key of `-s`, with its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    column: Column,
    descending: bool,
    /// A missing value is the least; otherwise it comes last.
    missing_is_least: bool,
}

impl Sort {
    /// Parses `key` or `-key`; a header of `columns` names its column.
    ///
    /// # Errors
    /// A usage error as [`Column::parse`] gives it, or because there are several keys.
    pub fn parse(text: &str, columns: Option<&Columns>) -> Result<Self> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        let refuse =
            |what: String| Error::usage(what).hint("use -s name to sort by the name, -s -name for descending order");
        if key.trim().is_empty() {
            return Err(refuse("the sort key is empty".to_owned()));
        }
        let column = match columns.and_then(|columns| columns.by_header(key)) {
            Some(column) => column.clone(),
            None if grammar::split(&grammar::tokens(key), ',').nth(1).is_some() => {
                return Err(refuse(format!("a list is sorted by one key, and \"{key}\" names several")));
            }
            None => Column::parse(key)?,
        };
        Ok(Self { column, descending, missing_is_least: false })
    }

    /// What is sorted by.
    pub fn column(&self) -> &Column {
        &self.column
    }

    /// The key of `query.sort`: as far as the service can follow the path.
    pub fn key(&self) -> String {
        self.column.only_key().unwrap_or_else(|| self.column.header().to_owned())
    }

    pub fn is_descending(&self) -> bool {
        self.descending
    }

    /// The same with missing values where services put them.
    #[must_use]
    pub fn as_services_do(self) -> Self {
        Self { missing_is_least: true, ..self }
    }

    /// What `row` is compared by; `None` if it is missing.
    pub fn key_of(&self, row: &Value) -> Option<SortKey> {
        match &*self.column.value(row)? {
            Value::Null => None,
            Value::Number(number) => {
                let float = number.as_f64()?;
                // Several integers round to one double.
                Some(SortKey::Number(float, number.as_i128().unwrap_or(float as i128)))
            }
            Value::String(text) => Some(SortKey::Text(text.clone())),
            other => Some(SortKey::Other(other.to_string())),
        }
    }

    fn compare(&self, a: Option<&SortKey>, b: Option<&SortKey>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.descending => b.compare(a),
            (Some(a), Some(b)) => a.compare(b),
            (a, b) if self.missing_is_least && !self.descending => a.is_some().cmp(&b.is_some()),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }
}

/// What rows are compared by: numbers, then text by code point, then the rest.
#[derive(Debug)]
pub enum SortKey {
    Number(f64, i128),
    Text(String),
    Other(String),
}

impl SortKey {
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

/// The part of a query that is applied here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSideQuery {
    pub sort: Option<Sort>,
    /// The first row, counted from 1; 0 is read as 1. As in the API's `Page`.
    pub start: usize,
    /// How many rows; 0 asks for all. As in the API's `Page`.
    pub limit: usize,
}

impl ClientSideQuery {
    /// The indexes of the rows to show of `count`, in their order; `keys` are what the rows are sorted by. Stable.
    pub fn indexes(&self, count: usize, keys: &[Option<SortKey>]) -> Vec<usize> {
        let mut indexes: Vec<usize> = (0..count).collect();
        if let Some(sort) = &self.sort {
            let key = |index: usize| keys.get(index).and_then(Option::as_ref);
            indexes.sort_by(|a, b| sort.compare(key(*a), key(*b)));
        }
        indexes.drain(..count.min(self.start.saturating_sub(1)));
        if self.limit > 0 {
            indexes.truncate(self.limit);
        }
        indexes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_its_column() {
        let columns = Columns::parse("list.0.name|Name,tags.a").unwrap();
        let by_alias = Sort::parse("-Name", Some(&columns)).unwrap();
        assert_eq!((by_alias.key().as_str(), by_alias.is_descending()), ("list", true));
        let by_key = Sort::parse("created_at", Some(&columns)).unwrap();
        assert_eq!((by_key.key().as_str(), by_key.is_descending()), ("created_at", false));
        assert!(Sort::parse("-", None).is_err());
        let several = Sort::parse("-name,state", None).unwrap_err();
        assert_eq!(several.problems()[0].message, "a list is sorted by one key, and \"name,state\" names several");
    }
}
