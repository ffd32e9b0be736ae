//! Filters on the command line, as conditions that the services understand.
//!
//! [`FilterSet::parse`] needs neither network nor descriptors. [`FilterSet::resolve`] then types each value by the
//! rows' descriptor, as `-p` does. Operators are spaceone-core's (`spaceone.core.model.mongo_model.filter_operator`).

mod condition;
mod field;
mod grammar;
mod moment;
mod row_filter;

use serde_json::Value;

pub use condition::QueryCondition;
use grammar::{FilterTest, Parsed};
use row_filter::RowCondition;
pub use row_filter::{RowFilter, Verdict, typed_steps};

use prost_reflect::MessageDescriptor;

use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::query::operator::FilterOperator;
use crate::secret;

pub const ALL_FLAG: &str = "--filter";
pub const ANY_FLAG: &str = "--filter-any";
pub const SEARCH_FLAG: &str = "--search";

/// The filters of a command line.
#[derive(Clone, Debug, Default)]
pub struct FilterSet {
    all: Vec<Filter>,
    any: Vec<Filter>,
    keyword: Option<String>,
}

#[derive(Clone, Debug)]
struct Filter {
    /// As shown in errors, masked.
    shown: String,
    parsed: Parsed,
}

/// The conditions of a service's `query`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// All have to hold.
    pub all: Vec<QueryCondition>,
    /// One has to hold, or the keyword be found.
    pub any: Vec<QueryCondition>,
    pub keyword: Option<String>,
}

impl FilterSet {
    /// Parses the values of `--filter`, `--filter-any` and `--search`.
    ///
    /// # Errors
    /// Usage errors with columns, all at once.
    pub fn parse(all: &[String], any: &[String], search: Option<&str>) -> Result<Self> {
        let mut problems = Vec::new();
        let mut read = |flag, texts: &[String]| -> Vec<Filter> {
            let read = |text: &String| match grammar::parse(text) {
                Ok(parsed) => Some(Filter { shown: shown(text), parsed }),
                Err(invalid) => {
                    problems.extend(problems_of(flag, &shown(text), invalid));
                    None
                }
            };
            texts.iter().filter_map(read).collect()
        };
        let filters = Self { all: read(ALL_FLAG, all), any: read(ANY_FLAG, any), keyword: search.map(str::to_owned) };
        // Services would match every row.
        if search.is_some_and(|word| word.trim().is_empty()) {
            problems.push(Problem::new(format!("{SEARCH_FLAG}: the word is empty")));
        }
        done(filters, problems)
    }

    /// The flags in use.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags =
            [(ALL_FLAG, !self.all.is_empty()), (ANY_FLAG, !self.any.is_empty()), (SEARCH_FLAG, self.keyword.is_some())];
        flags.into_iter().filter(|(_, is_used)| *is_used).map(|(flag, _)| flag)
    }

    /// The keys that are compared with one value, as a request's fields could.
    pub fn keys_that_are_one_value(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(|filter| match (&filter.parsed.path[..], &filter.parsed.test) {
            ([key], FilterTest::Compare(FilterOperator::Equal, _)) => Some(key.as_str()),
            _ => None,
        })
    }

    /// The conditions for rows of this type; without a type, any key goes.
    ///
    /// # Errors Usage errors, all at once: unknown keys, with the nearest; values and comparisons that do not fit the
    /// key's type.
    pub fn resolve(&self, rows: Option<&MessageDescriptor>) -> Result<Conditions> {
        let mut problems = Vec::new();
        let mut conditions = Conditions { keyword: self.keyword.clone(), ..Conditions::default() };
        for filter in &self.all {
            match condition::conditions(&filter.parsed, rows) {
                Ok(these) => conditions.all.extend(these),
                Err(invalid) => problems.extend(problems_of(ALL_FLAG, &filter.shown, invalid)),
            }
        }
        for filter in &self.any {
            match condition::conditions(&filter.parsed, rows).and_then(only) {
                Ok(this) => conditions.any.push(this),
                Err(invalid) => problems.extend(problems_of(ANY_FLAG, &filter.shown, invalid)),
            }
        }
        done(conditions, problems)
    }

    /// The same for rows of this type on this side. `--filter-any` is left out if the request has `other_alternatives`,
    /// e.g. a keyword, which only the service can search.
    ///
    /// # Errors
    /// Those of [`FilterSet::resolve`].
    pub fn row_filter(&self, rows: Option<&MessageDescriptor>, other_alternatives: bool) -> Result<RowFilter> {
        self.resolve(rows)?;
        let conditions = |flag, filters: &[Filter]| {
            let each = filters.iter().flat_map(|Filter { parsed, .. }| {
                let conditions = condition::conditions(parsed, rows).unwrap_or_default();
                conditions.into_iter().map(move |condition| RowCondition::new(flag, &parsed.path, &condition, rows))
            });
            each.collect()
        };
        let any: &[Filter] = if other_alternatives || self.keyword.is_some() { &[] } else { &self.any };
        Ok(RowFilter::new(conditions(ALL_FLAG, &self.all), conditions(ANY_FLAG, any)))
    }
}

/// The only condition of a `--filter-any`: services have no "both of these, or that".
fn only(mut conditions: Vec<QueryCondition>) -> Result<QueryCondition, ParseError> {
    match (conditions.pop(), conditions.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(ParseError::new("a span of time is two conditions, and the service would match either")
            .hint(format!("use {ALL_FLAG}, or one of >= and <"))),
    }
}

fn done<T>(result: T, problems: Vec<Problem>) -> Result<T> {
    Error::from_problems(ErrorKind::Usage, problems).map_or(Ok(result), Err)
}

fn problems_of(flag: &str, shown: &str, invalid: ParseError) -> Vec<Problem> {
    invalid.into_usage().context(format!("{flag} \"{shown}\"")).problems().to_vec()
}

/// A filter without what a secret may be compared with. The text may be invalid, so all before the first operator
/// counts as its key, and only its first word is shown.
fn shown(text: &str) -> String {
    let is_mark = |char: char| "=!~<>?".contains(char);
    let key_starts = text.find(|char: char| !is_mark(char) && !char.is_whitespace()).unwrap_or(text.len());
    let (start, rest) = text.split_at(key_starts);
    let before_operator = &rest[..rest.find(is_mark).unwrap_or(rest.len())];
    let key_ends = rest.find(|char: char| is_mark(char) || char.is_whitespace()).unwrap_or(rest.len());
    let (key, rest) = rest.split_at(key_ends);
    let (operator, value) = rest.split_at(rest.find(|char: char| !is_mark(char)).unwrap_or(rest.len()));
    let mut value = Value::from(value);
    secret::mask_value(before_operator, &mut value);
    format!("{start}{key}{operator}{}", value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests;
