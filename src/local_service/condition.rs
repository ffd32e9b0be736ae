//! One condition of a filter: read from a request, and tested on a plugin.
//!
//! The semantics are those of spaceone-core 2.x on MongoDB (`spaceone.core.model.mongo_model.filter_operator`): a list
//! meets a condition if one of its items does, values of different kinds do not compare, and text is searched without
//! regard to case. Regular expressions are those of the `regex` crate: they have no look-around and no
//! back-references, and so no expression can keep the service busy for long.

use jiff::Timestamp;
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use regex::{Regex, RegexBuilder};

use super::document::{FieldType, RecordKey};
use super::operator::{FilterOperator, RangeOperator};
use super::proto::core::v2::Filter;
use super::proto::core::v2::filter::{KeyAlias, OperatorAlias, ValueAlias};
use super::proto::repository::v1::PluginInfo;
use super::python;
use crate::local_service::bson_value::BsonValue;
use crate::local_service::service_error::ServiceError;
use crate::local_service::timestamp;

/// A condition on one key.
#[derive(Clone, Debug)]
pub struct FilterCondition {
    key: RecordKey,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// Something at the key meets one of the tests.
    Any(Vec<Test>),
    /// Nothing at the key meets any of the tests.
    None(Vec<Test>),
    /// For one of the tests, nothing at the key meets it.
    AnyUnmet(Vec<Test>),
    /// There is something at the key, or there is not.
    Exists(bool),
}

#[derive(Clone, Debug)]
enum Test {
    Equal(Operand),
    RangeOperator(RangeOperator, Operand),
    Search(Regex),
    /// Is a list and one of its items is an object with these values at these dotted keys.
    Element(Vec<(Vec<String>, Value)>),
}

/// What a value is compared with.
#[derive(Clone, Debug)]
enum Operand {
    Value(Value),
    Date(Timestamp),
}

impl Operand {
    fn datum(&self) -> BsonValue<'_> {
        match self {
            Self::Value(value) => value.into(),
            Self::Date(moment) => BsonValue::Date(*moment),
        }
    }
}

impl FilterCondition {
    /// Reads a condition of a request. `now` is what `timediff_` operators count from.
    ///
    /// # Errors
    /// The operator is unknown or does not take this value, the key is unknown or left out.
    pub fn read(filter: &Filter, now: Timestamp) -> Result<Self, ServiceError> {
        let operator_name = match &filter.operator_alias {
            Some(OperatorAlias::Operator(name) | OperatorAlias::O(name)) => name.as_str(),
            None => "",
        };
        let operator = FilterOperator::named(operator_name).ok_or_else(|| {
            let names = FilterOperator::all_names();
            ServiceError::query(format!("Filter operator is not supported. (operator = dict_keys([{names}]))"))
        })?;
        let value = match &filter.value_alias {
            Some(ValueAlias::Value(value) | ValueAlias::V(value)) => value.clone(),
            None => Value { kind: None },
        };
        let is_list = matches!(value.kind, Some(Kind::ListValue(_)));
        if operator.takes_list() != is_list {
            let (operator, condition) = (operator_name.to_owned(), quote(filter));
            return Err(if is_list {
                ServiceError::ListValue { operator, condition }
            } else {
                ServiceError::NoListValue { operator, condition }
            });
        }
        let key = match &filter.key_alias {
            Some(KeyAlias::Key(key) | KeyAlias::K(key)) if !key.is_empty() => key.as_str(),
            _ => return Err(ServiceError::query("Filter condition should have key, value and operator.")),
        };
        // The resolvers quote a condition in their own form.
        let quote_resolved = || {
            let key = python::text(&key.replace('.', "__"));
            format!("{{'key': {key}, 'value': {}, 'operator': '{operator_name}'}}", python::value(&value))
        };
        let operator_name = || operator_name.to_owned();
        match (operator, &value.kind) {
            (FilterOperator::Exists, Some(Kind::BoolValue(_)))
            | (FilterOperator::Match, Some(Kind::StructValue(_))) => {}
            (FilterOperator::Exists, _) => {
                return Err(ServiceError::NoBooleanValue { operator: operator_name(), condition: quote_resolved() });
            }
            (FilterOperator::Match, _) => {
                return Err(ServiceError::NoObjectValue { operator: operator_name(), condition: quote_resolved() });
            }
            _ => {}
        }
        let key = RecordKey::parse(key)?;
        let rule = rule(operator, key.shape(), value, now)?;
        Ok(Self { key, rule })
    }

    /// The condition that `key` is `value`.
    ///
    /// # Errors
    /// No plugin can have this key.
    pub fn equal(key: &str, value: Value) -> Result<Self, ServiceError> {
        Ok(Self { key: RecordKey::parse(key)?, rule: Rule::Any(vec![Test::Equal(Operand::Value(value))]) })
    }

    /// The condition that the text at `key` contains `word`, in any case.
    ///
    /// # Errors
    /// No plugin can have this key, or the word is too long to be searched for.
    pub fn contains(key: &str, word: &str) -> Result<Self, ServiceError> {
        Ok(Self { key: RecordKey::parse(key)?, rule: Rule::Any(vec![Test::Search(search(&regex::escape(word))?)]) })
    }

    /// Whether `plugin` meets the condition.
    pub fn holds(&self, plugin: &PluginInfo) -> bool {
        let met = |test: &Test| self.key.any(plugin, |datum| test.holds(datum));
        match &self.rule {
            Rule::Any(tests) => tests.iter().any(met),
            Rule::None(tests) => !tests.iter().any(met),
            Rule::AnyUnmet(tests) => !tests.iter().all(met),
            Rule::Exists(wanted) => self.key.any(plugin, |datum| !matches!(datum, BsonValue::Missing)) == *wanted,
        }
    }
}

impl Test {
    fn holds(&self, datum: BsonValue<'_>) -> bool {
        match self {
            Self::Equal(operand) => datum.order(operand.datum()).is_eq(),
            Self::RangeOperator(bound, operand) => {
                datum.order_within_kind(operand.datum()).is_some_and(|order| bound.admits(order))
            }
            Self::Search(regex) => matches!(datum, BsonValue::Text(text) if regex.is_match(text)),
            Self::Element(parts) => match datum {
                BsonValue::List(items) => items.iter().any(|item| match &item.kind {
                    Some(Kind::StructValue(object)) => has_parts(object, parts),
                    _ => false,
                }),
                _ => false,
            },
        }
    }
}

fn has_parts(object: &Struct, parts: &[(Vec<String>, Value)]) -> bool {
    parts.iter().all(|(path, wanted)| {
        let mut found = false;
        BsonValue::Object(object).descend(path, &mut |datum| {
            found = found || datum.order(wanted.into()).is_eq();
            if let BsonValue::List(items) = datum {
                found = found || items.iter().any(|item| BsonValue::from(item).order(wanted.into()).is_eq());
            }
        });
        found
    })
}

fn rule(operator: FilterOperator, shape: FieldType, value: Value, now: Timestamp) -> Result<Rule, ServiceError> {
    let equal = |value| Test::Equal(operand(shape, value));
    Ok(match operator {
        FilterOperator::Equal => Rule::Any(vec![equal(value)]),
        FilterOperator::Not => Rule::None(vec![equal(value)]),
        FilterOperator::Range(bound) => Rule::Any(vec![Test::RangeOperator(bound, operand(shape, value))]),
        FilterOperator::Exists => Rule::Exists(matches!(value.kind, Some(Kind::BoolValue(true)))),
        FilterOperator::Contain => Rule::Any(vec![contain(shape, value)?]),
        FilterOperator::NotContain => Rule::None(vec![contain(shape, value)?]),
        FilterOperator::In => Rule::Any(items(value).into_iter().map(equal).collect()),
        FilterOperator::NotIn => Rule::None(items(value).into_iter().map(equal).collect()),
        FilterOperator::ContainIn => Rule::Any(each(value, |value| contain(shape, value))?),
        // For the real service it is enough that one of the words is not there, unlike with `not_in`.
        FilterOperator::NotContainIn => Rule::AnyUnmet(each(value, |value| contain(shape, value))?),
        FilterOperator::Match => Rule::Any(vec![element(value)]),
        FilterOperator::Regex => Rule::Any(vec![expression(&value)?]),
        FilterOperator::RegexIn => Rule::Any(each(value, |value| expression(&value))?),
        FilterOperator::Datetime(bound) => {
            let moment = as_text(&value).and_then(timestamp::from_iso8601).ok_or_else(|| {
                let name = bound.name();
                ServiceError::query(format!("The value of datetime_{name} operator is required ISO 8601 format."))
            })?;
            Rule::Any(vec![Test::RangeOperator(bound, Operand::Date(moment))])
        }
        FilterOperator::Timediff(bound) => {
            let moment = as_text(&value).and_then(|text| timestamp::from_difference(text, now)).ok_or_else(|| {
                let written = as_text(&value).map_or_else(|| python::value(&value), str::to_owned);
                let name = bound.name();
                ServiceError::query(format!("The value of timediff_{name} operator is invalid. (value = {written})"))
            })?;
            Rule::Any(vec![Test::RangeOperator(bound, Operand::Date(moment))])
        }
    })
}

/// A value to compare with. Text that is compared with a moment is read as one where it can be.
fn operand(shape: FieldType, value: Value) -> Operand {
    match as_text(&value).filter(|_| shape == FieldType::Date).and_then(timestamp::from_iso8601) {
        Some(moment) => Operand::Date(moment),
        None => Operand::Value(value),
    }
}

fn contain(shape: FieldType, value: Value) -> Result<Test, ServiceError> {
    match (as_text(&value), shape) {
        (Some(word), _) => Ok(Test::Search(search(&regex::escape(word))?)),
        // Inside an object the real service does not know what to expect and takes a value that is no text as it is.
        (None, FieldType::Object) => Ok(Test::Equal(Operand::Value(value))),
        (None, _) => {
            let kind = python::type_name(&value);
            Err(ServiceError::query(format!("decoding to str: need a bytes-like object, {kind} found")))
        }
    }
}

fn expression(value: &Value) -> Result<Test, ServiceError> {
    let text =
        as_text(value).ok_or_else(|| ServiceError::query("first argument must be string or compiled pattern"))?;
    Ok(Test::Search(search(text)?))
}

fn search(pattern: &str) -> Result<Regex, ServiceError> {
    RegexBuilder::new(pattern).case_insensitive(true).build().map_err(|error| {
        // A syntax error comes as a drawing whose last line says what is wrong.
        let text = error.to_string();
        let said = text.lines().last().unwrap_or_default();
        ServiceError::query(said.strip_prefix("error: ").unwrap_or(said).to_owned())
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

/// One test for each item; there must be one.
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

/// The condition as the real service quotes it: with the names that the request used.
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
