//! One condition of a filter: parsed from a request, tested on a plugin.
//!
//! The semantics are those of spaceone-core 2.x on MongoDB (`spaceone.core.model.mongo_model.filter_operator`): a list
//! meets a condition if one of its items does, values of different types do not compare, and text search ignores case.
//! Regular expressions are those of the `regex` crate: without look-around and back-references, none can run for long.

use jiff::Timestamp;
use prost_types::Value;
use prost_types::value::Kind;
use regex::{Regex, RegexBuilder};

use super::bson_value::BsonValue;
use super::document::{FieldType, RecordKey};
use super::proto::core::v2::Filter;
use super::proto::core::v2::filter::{KeyAlias, OperatorAlias, ValueAlias};
use super::proto::repository::v1::PluginInfo;
use super::python;
use super::service_error::ServiceError;
use crate::query::operator::{FilterOperator, RangeOperator};
use crate::query::timestamp;

/// A condition on one key.
#[derive(Clone, Debug)]
pub struct FilterCondition {
    key: RecordKey,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// A value at the key meets one of the tests.
    Any(Vec<Test>),
    /// No value at the key meets any of the tests.
    None(Vec<Test>),
    /// There is a test that no value at the key meets.
    AnyUnmet(Vec<Test>),
    /// The key has a value, or has none.
    Exists(bool),
}

#[derive(Clone, Debug)]
enum Test {
    Equal(Operand),
    Range(RangeOperator, Operand),
    Search(Regex),
    /// A list with an object that has these values at these paths.
    Element(Vec<(Vec<String>, Value)>),
}

#[derive(Clone, Debug)]
enum Operand {
    Value(Value),
    Date(Timestamp),
}

impl Operand {
    /// Text that is compared with a date is parsed as one where possible.
    fn new(field_type: FieldType, value: Value) -> Self {
        match as_text(&value).filter(|_| field_type == FieldType::Date).and_then(timestamp::from_iso8601) {
            Some(date) => Self::Date(date),
            None => Self::Value(value),
        }
    }

    fn as_bson(&self) -> BsonValue<'_> {
        match self {
            Self::Value(value) => value.into(),
            Self::Date(date) => BsonValue::Date(*date),
        }
    }
}

impl FilterCondition {
    /// Parses a filter of a request; `timediff_` operators count from `now`.
    ///
    /// # Errors
    /// The operator is unknown or does not accept this value, or the key is unknown or missing.
    pub fn parse(filter: &Filter, now: Timestamp) -> Result<Self, ServiceError> {
        let name = match &filter.operator_alias {
            Some(OperatorAlias::Operator(name) | OperatorAlias::O(name)) => name.as_str(),
            None => "",
        };
        let operator = FilterOperator::from_name(name).ok_or_else(|| {
            let names = FilterOperator::all_names();
            ServiceError::query(format!("Filter operator is not supported. (operator = dict_keys([{names}]))"))
        })?;
        let value = match &filter.value_alias {
            Some(ValueAlias::Value(value) | ValueAlias::V(value)) => value.clone(),
            None => Value { kind: None },
        };
        let value_error = |code, rule, condition| {
            Err(ServiceError::OperatorValue { code, rule, operator: name.to_owned(), condition })
        };
        match (operator.takes_list(), matches!(value.kind, Some(Kind::ListValue(_)))) {
            (false, true) => return value_error("VALUE_TYPE", "does not support list type", quote(filter)),
            (true, false) => return value_error("LIST_VALUE_TYPE", "must be a list type", quote(filter)),
            _ => {}
        }
        let key = match &filter.key_alias {
            Some(KeyAlias::Key(key) | KeyAlias::K(key)) if !key.is_empty() => key.as_str(),
            _ => return Err(ServiceError::query("Filter condition should have key, value and operator.")),
        };
        // The real service's resolvers quote a condition in their own form.
        let quote_resolved = || {
            let key = python::text(&key.replace('.', "__"));
            format!("{{'key': {key}, 'value': {}, 'operator': '{name}'}}", python::value(&value))
        };
        match (operator, &value.kind) {
            (FilterOperator::Exists, Some(Kind::BoolValue(_)))
            | (FilterOperator::Match, Some(Kind::StructValue(_))) => {}
            (FilterOperator::Exists, _) => {
                return value_error("BOOLEAN_TYPE", "must be a boolean type", quote_resolved());
            }
            (FilterOperator::Match, _) => {
                return value_error("DICT_VALUE_TYPE", "must be a dictionary type", quote_resolved());
            }
            _ => {}
        }
        let key = RecordKey::parse(key)?;
        let rule = rule(operator, key.field_type(), value, now)?;
        Ok(Self { key, rule })
    }

    /// The condition that `key` equals `value`.
    ///
    /// # Errors
    /// No plugin can have this key.
    pub fn equal(key: &str, value: Value) -> Result<Self, ServiceError> {
        Ok(Self { key: RecordKey::parse(key)?, rule: Rule::Any(vec![Test::Equal(Operand::Value(value))]) })
    }

    /// The condition that the text at `key` contains `word`, ignoring case.
    ///
    /// # Errors
    /// No plugin can have this key, or the word is too long.
    pub fn contains(key: &str, word: &str) -> Result<Self, ServiceError> {
        Ok(Self { key: RecordKey::parse(key)?, rule: Rule::Any(vec![search(&regex::escape(word))?]) })
    }

    pub fn is_met_by(&self, plugin: &PluginInfo) -> bool {
        let met = |test: &Test| self.key.any(plugin, |value| test.is_met_by(value));
        match &self.rule {
            Rule::Any(tests) => tests.iter().any(met),
            Rule::None(tests) => !tests.iter().any(met),
            Rule::AnyUnmet(tests) => !tests.iter().all(met),
            Rule::Exists(wanted) => self.key.any(plugin, |value| !matches!(value, BsonValue::Missing)) == *wanted,
        }
    }
}

impl Test {
    fn is_met_by(&self, value: BsonValue<'_>) -> bool {
        match self {
            Self::Equal(operand) => value == operand.as_bson(),
            Self::Range(range, operand) => {
                value.cmp_within_type(operand.as_bson()).is_some_and(|order| range.admits(order))
            }
            Self::Search(regex) => matches!(value, BsonValue::Text(text) if regex.is_match(text)),
            Self::Element(parts) => {
                let BsonValue::List(items) = value else { return false };
                let has_parts = |object: BsonValue<'_>| {
                    parts.iter().all(|(path, wanted)| object.any(path, |value| value == wanted.into()))
                };
                items.iter().map(BsonValue::from).any(|item| matches!(item, BsonValue::Object(_)) && has_parts(item))
            }
        }
    }
}

fn rule(operator: FilterOperator, field_type: FieldType, value: Value, now: Timestamp) -> Result<Rule, ServiceError> {
    let equal = |value| Test::Equal(Operand::new(field_type, value));
    let contain = |value| contain(field_type, value);
    Ok(match operator {
        FilterOperator::Equal => Rule::Any(vec![equal(value)]),
        FilterOperator::Not => Rule::None(vec![equal(value)]),
        FilterOperator::Range(range) => Rule::Any(vec![Test::Range(range, Operand::new(field_type, value))]),
        FilterOperator::Exists => Rule::Exists(matches!(value.kind, Some(Kind::BoolValue(true)))),
        FilterOperator::Contain => Rule::Any(vec![contain(value)?]),
        FilterOperator::NotContain => Rule::None(vec![contain(value)?]),
        FilterOperator::In => Rule::Any(items(value).into_iter().map(equal).collect()),
        FilterOperator::NotIn => Rule::None(items(value).into_iter().map(equal).collect()),
        FilterOperator::ContainIn => Rule::Any(each(value, contain)?),
        // Unlike `not_in`, the real service accepts one missing word.
        FilterOperator::NotContainIn => Rule::AnyUnmet(each(value, contain)?),
        FilterOperator::Match => Rule::Any(vec![element(value)]),
        FilterOperator::Regex => Rule::Any(vec![expression(value)?]),
        FilterOperator::RegexIn => Rule::Any(each(value, expression)?),
        FilterOperator::Datetime(range) => {
            let date = as_text(&value).and_then(timestamp::from_iso8601).ok_or_else(|| {
                let name = range.name();
                ServiceError::query(format!("The value of datetime_{name} operator is required ISO 8601 format."))
            })?;
            Rule::Any(vec![Test::Range(range, Operand::Date(date))])
        }
        FilterOperator::Timediff(range) => {
            let date = as_text(&value).and_then(|text| timestamp::from_difference(text, now)).ok_or_else(|| {
                let written = as_text(&value).map_or_else(|| python::value(&value), str::to_owned);
                let name = range.name();
                ServiceError::query(format!("The value of timediff_{name} operator is invalid. (value = {written})"))
            })?;
            Rule::Any(vec![Test::Range(range, Operand::Date(date))])
        }
    })
}

fn contain(field_type: FieldType, value: Value) -> Result<Test, ServiceError> {
    match (as_text(&value), field_type) {
        (Some(word), _) => search(&regex::escape(word)),
        // Inside an object the real service compares a value that is not text as it is.
        (None, FieldType::Object) => Ok(Test::Equal(Operand::Value(value))),
        (None, _) => {
            let name = python::type_name(&value);
            Err(ServiceError::query(format!("decoding to str: need a bytes-like object, {name} found")))
        }
    }
}

fn expression(value: Value) -> Result<Test, ServiceError> {
    let text =
        as_text(&value).ok_or_else(|| ServiceError::query("first argument must be string or compiled pattern"))?;
    search(text)
}

fn search(pattern: &str) -> Result<Test, ServiceError> {
    RegexBuilder::new(pattern).case_insensitive(true).build().map(Test::Search).map_err(|error| {
        // A syntax error is a drawing whose last line is the message.
        let text = error.to_string();
        let message = text.lines().last().unwrap_or_default();
        ServiceError::query(message.strip_prefix("error: ").unwrap_or(message).to_owned())
    })
}

fn element(value: Value) -> Test {
    let fields = match value.kind {
        Some(Kind::StructValue(object)) => object.fields,
        _ => Default::default(),
    };
    let split = |(key, value): (String, Value)| (key.split('.').map(str::to_owned).collect(), value);
    Test::Element(fields.into_iter().map(split).collect())
}

/// One test for each item; an empty list is an error.
fn each(value: Value, test: impl FnMut(Value) -> Result<Test, ServiceError>) -> Result<Vec<Test>, ServiceError> {
    let tests: Vec<Test> = items(value).into_iter().map(test).collect::<Result<_, _>>()?;
    if tests.is_empty() {
        return Err(ServiceError::Unknown("reduce() of empty iterable with no initial value"));
    }
    Ok(tests)
}

fn items(value: Value) -> Vec<Value> {
    match value.kind {
        Some(Kind::ListValue(list)) => list.values,
        _ => Vec::new(),
    }
}

fn as_text(value: &Value) -> Option<&str> {
    match &value.kind {
        Some(Kind::StringValue(text)) => Some(text),
        _ => None,
    }
}

/// The filter as the real service quotes it: with the key names of the request.
fn quote(filter: &Filter) -> String {
    let key = filter.key_alias.as_ref().map(|key| match key {
        KeyAlias::Key(key) => format!("'key': {}", python::text(key)),
        KeyAlias::K(key) => format!("'k': {}", python::text(key)),
    });
    let value = filter.value_alias.as_ref().map(|value| match value {
        ValueAlias::Value(value) => format!("'value': {}", python::value(value)),
        ValueAlias::V(value) => format!("'v': {}", python::value(value)),
    });
    let operator = filter.operator_alias.as_ref().map(|operator| match operator {
        OperatorAlias::Operator(name) => format!("'operator': {}", python::text(name)),
        OperatorAlias::O(name) => format!("'o': {}", python::text(name)),
    });
    let parts: Vec<String> = [key, value, operator].into_iter().flatten().collect();
    format!("{{{}}}", parts.join(", "))
}
