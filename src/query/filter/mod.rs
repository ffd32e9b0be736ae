//! Filters that people can type, as conditions that the services understand.
//!
//! A text is taken apart first ([`Filters::parse`]), which needs neither network nor descriptors. Its key is then looked
//! up in the type of the rows, which says what its value is ([`Filters::resolve`]): the descriptor decides, as it does
//! for `-p`.
//!
//! The conditions and what they mean are spaceone-core's (`spaceone.core.model.mongo_model.filter_operator`).

mod condition;
mod field;
mod grammar;
mod moment;
mod row_filter;

use serde_json::Value;

pub use condition::Condition;
use grammar::{Comparison, Parsed, Test};
use row_filter::RowCondition;
pub use row_filter::{RowFilter, Verdict, typed_steps};

use prost_reflect::MessageDescriptor;

use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::secret;

/// The flag of filters that all have to hold.
pub const ALL_FLAG: &str = "--filter";
/// The flag of filters of which one has to hold.
pub const ANY_FLAG: &str = "--filter-any";
/// The flag of a word that the service searches where it likes.
pub const SEARCH_FLAG: &str = "--search";

/// What the command line says about the rows that are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    all: Vec<Filter>,
    any: Vec<Filter>,
    keyword: Option<String>,
}

/// One filter.
#[derive(Clone, Debug)]
struct Filter {
    /// As it is shown in errors.
    shown: String,
    parsed: Parsed,
}

/// The same for a service, whose `query` has a place for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// All have to hold.
    pub all: Vec<Condition>,
    /// One has to hold, or the keyword be found.
    pub any: Vec<Condition>,
    pub keyword: Option<String>,
}

impl Filters {
    /// Reads the texts behind `--filter`, those behind `--filter-any`, and the word behind `--search`.
    ///
    /// # Errors
    /// Usage errors, all at once: a text that is no filter, with the column; an empty word.
    pub fn parse(all: &[String], any: &[String], search: Option<&str>) -> Result<Self> {
        let mut problems = Vec::new();
        let mut read = |flag, texts: &[String]| -> Vec<Filter> {
            let read = |text: &String| match grammar::parse(text) {
                Ok(parsed) => Some(Filter { shown: shown(text), parsed }),
                Err(invalid) => {
                    problems.extend(said(flag, &shown(text), invalid));
                    None
                }
            };
            texts.iter().filter_map(read).collect()
        };
        let filters = Self { all: read(ALL_FLAG, all), any: read(ANY_FLAG, any), keyword: search.map(str::to_owned) };
        // Services take no word for any word.
        if search.is_some_and(|word| word.trim().is_empty()) {
            problems.push(Problem::new(format!("{SEARCH_FLAG}: there is nothing to look for")));
        }
        done(filters, problems)
    }

    /// Which of the flags are used.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags =
            [(ALL_FLAG, !self.all.is_empty()), (ANY_FLAG, !self.any.is_empty()), (SEARCH_FLAG, self.keyword.is_some())];
        flags.into_iter().filter(|(_, is_used)| *is_used).map(|(flag, _)| flag)
    }

    /// The keys that are asked to be one value, as they could be by fields of a request.
    pub fn keys_that_are_one_value(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(|filter| match (&filter.parsed.path[..], &filter.parsed.test) {
            ([key], Test::Compare(Comparison::Equal, _)) => Some(key.as_str()),
            _ => None,
        })
    }

    /// Makes conditions of them, for rows of this type; `None` is a type that nobody knows, in which anything goes.
    ///
    /// # Errors
    /// Usage errors, all at once: a key that the rows do not have, with the nearest; a value that is none of its key's
    /// type; a comparison that has no meaning there.
    pub fn resolve(&self, rows: Option<&MessageDescriptor>) -> Result<Conditions> {
        let mut problems = Vec::new();
        let mut conditions = Conditions { keyword: self.keyword.clone(), ..Conditions::default() };
        for filter in &self.all {
            match condition::conditions(&filter.parsed, rows) {
                Ok(these) => conditions.all.extend(these),
                Err(invalid) => problems.extend(said(ALL_FLAG, &filter.shown, invalid)),
            }
        }
        for filter in &self.any {
            match condition::conditions(&filter.parsed, rows).and_then(only) {
                Ok(this) => conditions.any.push(this),
                Err(invalid) => problems.extend(said(ANY_FLAG, &filter.shown, invalid)),
            }
        }
        done(conditions, problems)
    }

    /// The same to be applied to rows of this type here. Those of which one has to hold are left out where the request has
    /// `other_alternatives`, as a word to search for is: which rows are found by these only the service can tell.
    ///
    /// # Errors
    /// As [`Filters::resolve`].
    pub fn row_filter(&self, rows: Option<&MessageDescriptor>, other_alternatives: bool) -> Result<RowFilter> {
        self.resolve(rows)?;
        let mut row_filter = RowFilter::default();
        let conditions = |flag: &'static str, filter: &Filter| {
            let path = filter.parsed.path.clone();
            let conditions = condition::conditions(&filter.parsed, rows).unwrap_or_default();
            conditions
                .into_iter()
                .map(move |condition| RowCondition::new(flag, &path, &condition, rows))
                .collect::<Vec<_>>()
        };
        row_filter.add_all(self.all.iter().flat_map(|filter| conditions(ALL_FLAG, filter)));
        if !other_alternatives && self.keyword.is_none() {
            row_filter.add_any(self.any.iter().flat_map(|filter| conditions(ANY_FLAG, filter)));
        }
        Ok(row_filter)
    }
}

/// The one condition of a filter of which one has to hold: the services know no "both of these, or that".
fn only(mut conditions: Vec<Condition>) -> Result<Condition, ParseError> {
    match (conditions.pop(), conditions.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(ParseError::new("within a stretch of time is two conditions, of which the service would take either")
            .hint(format!("use {ALL_FLAG}, or one of >= and <"))),
    }
}

fn done<T>(result: T, problems: Vec<Problem>) -> Result<T> {
    Error::from_problems(ErrorKind::Usage, problems).map_or(Ok(result), Err)
}

fn said(flag: &str, shown: &str, invalid: ParseError) -> Vec<Problem> {
    invalid.into_usage().context(format!("{flag} \"{shown}\"")).problems().to_vec()
}

/// The text of a filter without what a secret may be compared with. It may be no filter at all, so all that stands in
/// front of the first operator counts as its key, and only the first word of that is shown.
fn shown(text: &str) -> String {
    let is_mark = |char: char| "=!~<>?".contains(char);
    let key_starts = text.find(|char: char| !is_mark(char) && !char.is_whitespace()).unwrap_or(text.len());
    let (start, rest) = text.split_at(key_starts);
    let before_operator = &rest[..rest.find(is_mark).unwrap_or(rest.len())];
    let key_ends = rest.find(|char: char| is_mark(char) || char.is_whitespace()).unwrap_or(rest.len());
    let (key, rest) = rest.split_at(key_ends);
    let (operator, value) = rest.split_at(rest.find(|char: char| !is_mark(char)).unwrap_or(rest.len()));
    let mut value = Value::from(value);
    secret::mask(before_operator, &mut value);
    format!("{start}{key}{operator}{}", value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests;
