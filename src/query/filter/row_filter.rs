//! Client-side filters for rows of services that ignore or lack filters.
//!
//! A condition means what it means at the services (spaceone-core on MongoDB): a list meets it if one of its items
//! does, values of different types are not equal and have no order, and text is searched without regard to case.
//! `None` is undecided: the row lacks what is compared.

use std::cmp::Ordering;

use jiff::Timestamp;
use prost_reflect::{Kind, MessageDescriptor};
use regex::{Regex, RegexBuilder};
use serde_json::{Number, Value};

use super::condition::QueryCondition;
use super::field::FilterField;
use crate::query::operator::{FilterOperator, RangeOperator};
use crate::query::timestamp::{self, from_difference};
use crate::spec::typing::FieldShape;

/// How far a service's clock may be from ours, in milliseconds: a row this close to a distance from now is not left
/// out.
const CLOCK_SKEW: u64 = 60_000;

#[derive(Clone, Debug, Default)]
pub struct RowFilter {
    all: Vec<RowCondition>,
    /// One has to hold, if there are any.
    any: Vec<RowCondition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Matches,
    /// Does not match this flag or request field.
    Fails(&'static str),
    /// Lacks what this flag or request field compares.
    Undecided(&'static str),
}

/// A condition and the path of its value in a row.
#[derive(Clone, Debug)]
pub(super) struct RowCondition {
    /// The flag or the request field.
    origin: &'static str,
    path: Vec<String>,
    /// How many steps of the path are fields of messages. What is missing below them is not stored either.
    typed: usize,
    /// The value that a message leaves out, unless that is null.
    default: Option<Value>,
    kind: ValueKind,
    test: Test,
    /// The condition holds if the test is not met.
    is_negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueKind {
    /// By their JSON type.
    Json,
    /// As numbers; those of 64 bits are text in JSON.
    Number,
    /// As dates and times, which are text in JSON.
    Date,
}

#[derive(Clone, Debug)]
enum Test {
    /// One of these values.
    Equal(Vec<Value>),
    Search(Regex),
    Order(RangeOperator, Value),
    Date(RangeOperator, Timestamp),
    /// A distance from now in the services' words.
    FromNow(RangeOperator, String),
    Exists(bool),
    /// Only the service can decide.
    Unknown,
}

impl RowFilter {
    pub(super) fn new(all: Vec<RowCondition>, any: Vec<RowCondition>) -> Self {
        Self { all, any }
    }

    /// Adds that `field` has to be `value`, for a request field of that name.
    pub fn add_field(&mut self, field: &'static str, value: Value) {
        self.all.push(RowCondition {
            origin: field,
            path: vec![field.to_owned()],
            typed: 1,
            default: None,
            kind: ValueKind::Json,
            test: Test::Equal(vec![value]),
            is_negated: false,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.any.is_empty()
    }

    /// Whether a row that has the keys decides every condition.
    pub fn is_decidable(&self) -> bool {
        self.conditions().all(RowCondition::is_decidable)
    }

    /// The names of the row's fields that decide.
    pub fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> =
            self.conditions().filter_map(|condition| condition.path.first()).map(String::as_str).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// The keys that `query.only` needs beside the columns.
    pub fn only_keys(&self) -> impl Iterator<Item = String> {
        self.conditions().map(|condition| {
            let steps = condition.path.iter().take_while(|step| !is_index(step));
            steps.map(String::as_str).collect::<Vec<_>>().join(".")
        })
    }

    pub fn verdict(&self, row: &Value) -> Verdict {
        let mut undecided = None;
        for condition in &self.all {
            match condition.holds(row) {
                Some(true) => {}
                Some(false) => return Verdict::Fails(condition.origin),
                None => undecided = undecided.or(Some(condition.origin)),
            }
        }
        if let Some(first) = self.any.first() {
            match any(self.any.iter().map(|condition| condition.holds(row))) {
                Some(true) => {}
                Some(false) => return Verdict::Fails(first.origin),
                None => undecided = undecided.or(Some(first.origin)),
            }
        }
        undecided.map_or(Verdict::Matches, Verdict::Undecided)
    }

    fn conditions(&self) -> impl Iterator<Item = &RowCondition> {
        self.all.iter().chain(&self.any)
    }
}

impl RowCondition {
    /// A condition of the flag `origin` at `path`, for rows of this type.
    pub(super) fn new(
        origin: &'static str,
        path: &[String],
        condition: &QueryCondition,
        rows: Option<&MessageDescriptor>,
    ) -> Self {
        let field = FilterField::at(rows, path).ok();
        let operator = condition.operator;
        let test = match &field {
            // Services store bytes and the like in another form than they return.
            Some(field) if operator != FilterOperator::Exists && is_stored_otherwise(field) => Test::Unknown,
            _ => Test::new(operator, &condition.value),
        };
        Self {
            origin,
            path: path.to_vec(),
            typed: typed_steps(rows, path),
            default: field.as_ref().and_then(default_of),
            kind: field.as_ref().map_or(ValueKind::Json, ValueKind::of),
            test,
            is_negated: matches!(operator, FilterOperator::Not | FilterOperator::NotIn | FilterOperator::NotContain),
        }
    }

    fn is_decidable(&self) -> bool {
        match &self.test {
            Test::Unknown => false,
            // A message leaves out what may be stored, such as a null.
            Test::Exists(_) => self.path.len() > self.typed,
            Test::Equal(_) | Test::Search(_) | Test::Order(..) | Test::Date(..) | Test::FromNow(..) => true,
        }
    }

    fn holds(&self, row: &Value) -> Option<bool> {
        let mut values = Vec::new();
        let (mut is_missing, mut is_left_out) = (false, false);
        visit(row, &self.path, 0, &mut |found| match found {
            Ok(value) => values.push(value),
            Err(depth) if depth < self.typed => is_left_out = true,
            Err(_) => is_missing = true,
        });
        if let Test::Exists(wanted) = self.test {
            return match (values.is_empty(), is_left_out) {
                (false, _) => Some(wanted),
                (true, true) => None,
                (true, false) => Some(!wanted),
            };
        }
        let with = |missing: Option<&Value>| {
            let met = any(values.iter().copied().chain(missing).map(|value| self.test.is_met(value, self.kind)));
            met.map(|met| met != self.is_negated)
        };
        if !is_left_out {
            return with(is_missing.then_some(&Value::Null));
        }
        // A message leaves out a null, its type's default, and what the service hides: the row may match.
        let matches = |value: &Value| with(Some(value)) == Some(true);
        (matches(&Value::Null) || self.default.as_ref().is_some_and(matches)).then_some(true)
    }
}

impl Test {
    fn new(operator: FilterOperator, value: &Value) -> Self {
        let text = value.as_str();
        let test = match operator {
            FilterOperator::Equal | FilterOperator::Not => Some(Self::Equal(vec![value.clone()])),
            FilterOperator::In | FilterOperator::NotIn => value.as_array().cloned().map(Self::Equal),
            FilterOperator::Contain | FilterOperator::NotContain => text.and_then(search).map(Self::Search),
            FilterOperator::Exists => value.as_bool().map(Self::Exists),
            FilterOperator::Range(range) => Some(Self::Order(range, value.clone())),
            FilterOperator::Datetime(range) => {
                text.and_then(|text| text.parse().ok()).map(|date| Self::Date(range, date))
            }
            FilterOperator::Timediff(range) => text.map(|text| Self::FromNow(range, text.to_owned())),
            // No filter is written so.
            FilterOperator::ContainIn
            | FilterOperator::NotContainIn
            | FilterOperator::Match
            | FilterOperator::Regex
            | FilterOperator::RegexIn => None,
        };
        test.unwrap_or(Self::Unknown)
    }

    /// Whether a value, or one item of a list, meets the test.
    fn is_met(&self, value: &Value, kind: ValueKind) -> Option<bool> {
        match value {
            Value::Array(items) => any(items.iter().map(|item| match item {
                Value::Array(_) => None,
                item => self.is_met(item, kind),
            })),
            Value::Object(_) => None,
            Value::String(text) if kind == ValueKind::Number => match text.parse() {
                Ok(number) => self.is_met_by_plain(&Value::Number(number), kind),
                Err(_) => None,
            },
            plain => self.is_met_by_plain(plain, kind),
        }
    }

    fn is_met_by_plain(&self, value: &Value, kind: ValueKind) -> Option<bool> {
        match self {
            Self::Equal(wanted) => any(wanted.iter().map(|wanted| is_equal(value, wanted, kind))),
            Self::Search(regex) => Some(value.as_str().is_some_and(|text| regex.is_match(text))),
            Self::Order(range, limit) => match (value, limit) {
                (Value::Number(number), Value::Number(limit)) => {
                    compare(number, limit).map(|order| range.admits(order))
                }
                // By code points: the services set no collation.
                (Value::String(text), Value::String(limit)) => Some(range.admits(text.cmp(limit))),
                (Value::Bool(_), Value::Bool(_)) => None,
                _ => Some(false),
            },
            Self::Date(range, limit) => with_date(value, |date| {
                let order = date.as_millisecond().cmp(&limit.as_millisecond());
                // The services store milliseconds.
                let is_exact = |date: Timestamp| date.subsec_nanosecond() % 1_000_000 == 0;
                (order.is_ne() || (is_exact(date) && is_exact(*limit))).then(|| range.admits(order))
            }),
            Self::FromNow(range, distance) => with_date(value, |date| {
                let limit = from_difference(distance, timestamp::now())?.as_millisecond();
                let is_met = range.admits(date.as_millisecond().cmp(&limit));
                (is_met || date.as_millisecond().abs_diff(limit) > CLOCK_SKEW).then_some(is_met)
            }),
            Self::Exists(_) | Self::Unknown => None,
        }
    }
}

impl ValueKind {
    fn of(field: &FilterField) -> Self {
        match field {
            FilterField::Moment => Self::Date,
            FilterField::Plain(FieldShape::Scalar(kind))
                if !matches!(kind, Kind::String | Kind::Enum(_) | Kind::Bool) =>
            {
                Self::Number
            }
            FilterField::Plain(_) | FilterField::Open | FilterField::Whole => Self::Json,
        }
    }
}

/// The missing step of a list, which holds all of its items.
const NO_ITEM: usize = usize::MAX;

/// Calls `take` with what is at `path` from the step `depth` on, or with the number of the step that is missing. A list
/// on the way passes the path on to each object in it and, for a number, to the item of that index.
fn visit<'a>(value: &'a Value, path: &[String], depth: usize, take: &mut impl FnMut(Result<&'a Value, usize>)) {
    let Some(step) = path.get(depth) else { return take(Ok(value)) };
    match value {
        Value::Object(object) => match object.get(step) {
            Some(value) => visit(value, path, depth + 1, take),
            None => take(Err(depth)),
        },
        Value::Array(items) => {
            let indexed = step.parse().ok().and_then(|index: usize| items.get(index));
            if let Some(item) = indexed {
                visit(item, path, depth + 1, take);
            }
            let mut objects = items.iter().filter(|item| item.is_object()).peekable();
            if indexed.is_none() && objects.peek().is_none() {
                take(Err(NO_ITEM));
            }
            objects.for_each(|object| visit(object, path, depth, take));
        }
        _ => take(Err(depth)),
    }
}

/// How many steps of `path` are fields of messages, or items of their lists.
pub fn typed_steps(rows: Option<&MessageDescriptor>, path: &[String]) -> usize {
    let Some(rows) = rows else { return 1 };
    let mut shape = FieldShape::Message(rows.clone());
    for (depth, step) in path.iter().enumerate() {
        if let FieldShape::List(item) = shape {
            shape = *item;
            if is_index(step) {
                continue;
            }
        }
        let FieldShape::Message(_) = &shape else { return depth };
        let Ok(next) = shape.step(step) else { return depth };
        shape = next;
    }
    path.len()
}

fn is_index(step: &str) -> bool {
    step.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether rows hold another form of a field's values than the service compares.
fn is_stored_otherwise(field: &FilterField) -> bool {
    matches!(field, FilterField::Whole | FilterField::Plain(FieldShape::Verbatim | FieldShape::Scalar(Kind::Bytes)))
}

/// The value that a message leaves out.
fn default_of(field: &FilterField) -> Option<Value> {
    let FilterField::Plain(FieldShape::Scalar(kind)) = field else { return None };
    Some(match kind {
        Kind::String | Kind::Bytes => "".into(),
        Kind::Bool => false.into(),
        Kind::Enum(names) => names.get_value(0)?.name().into(),
        Kind::Message(_) => return None,
        _ => 0.into(),
    })
}

fn search(word: &str) -> Option<Regex> {
    RegexBuilder::new(&regex::escape(word)).case_insensitive(true).build().ok()
}

fn is_equal(value: &Value, wanted: &Value, kind: ValueKind) -> Option<bool> {
    match (value, wanted) {
        (Value::Number(number), Value::Number(wanted)) => compare(number, wanted).map(Ordering::is_eq),
        (Value::String(text), Value::String(wanted)) if kind == ValueKind::Date && text != wanted => {
            let (date, wanted) = (text.parse::<Timestamp>().ok()?, wanted.parse::<Timestamp>().ok()?);
            Some(date.as_millisecond() == wanted.as_millisecond())
        }
        _ => Some(value == wanted),
    }
}

/// Applies `is_met` to a date; a null is neither before nor after any.
fn with_date(value: &Value, is_met: impl FnOnce(Timestamp) -> Option<bool>) -> Option<bool> {
    match value {
        Value::Null => Some(false),
        value => is_met(value.as_str()?.parse().ok()?),
    }
}

fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// Whether one of them holds, if that is decided.
fn any(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut any = Some(false);
    for holds in each {
        match holds {
            Some(true) => return Some(true),
            Some(false) => {}
            None => any = None,
        }
    }
    any
}
