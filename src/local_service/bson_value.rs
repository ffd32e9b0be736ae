//! Values in MongoDB's order, as the real service's filters compare them.

use std::cmp::Ordering;

use jiff::Timestamp;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

/// A value inside a plugin's record, borrowed from it. A missing key equals null.
///
/// Ordered as in MongoDB, which the real service uses: by type first.
/// <https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>
#[derive(Clone, Copy, Debug)]
pub enum BsonValue<'a> {
    Missing,
    Null,
    Number(f64),
    Text(&'a str),
    Object(&'a Struct),
    List(&'a [Value]),
    Bool(bool),
    Date(Timestamp),
}

impl<'a> From<&'a Value> for BsonValue<'a> {
    fn from(value: &'a Value) -> Self {
        match &value.kind {
            None | Some(Kind::NullValue(_)) => Self::Null,
            Some(Kind::NumberValue(number)) => Self::Number(*number),
            Some(Kind::StringValue(text)) => Self::Text(text),
            Some(Kind::StructValue(object)) => Self::Object(object),
            Some(Kind::ListValue(list)) => Self::List(&list.values),
            Some(Kind::BoolValue(bool)) => Self::Bool(*bool),
        }
    }
}

impl Ord for BsonValue<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => entries(a).cmp(entries(b)),
            (Self::List(a), Self::List(b)) => a.iter().map(BsonValue::from).cmp(b.iter().map(BsonValue::from)),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(&b),
            (Self::Date(a), Self::Date(b)) => a.cmp(&b),
            _ => self.type_rank().cmp(&other.type_rank()),
        }
    }
}

fn entries(object: &Struct) -> impl Iterator<Item = (&String, BsonValue<'_>)> {
    object.fields.iter().map(|(key, value)| (key, value.into()))
}

impl PartialOrd for BsonValue<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for BsonValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for BsonValue<'_> {}

impl<'a> BsonValue<'a> {
    /// The order of two values of one type; `None` for different types.
    pub fn cmp_within_type(self, other: Self) -> Option<Ordering> {
        (self.type_rank() == other.type_rank()).then(|| self.cmp(&other))
    }

    fn type_rank(self) -> u8 {
        match self {
            Self::Missing | Self::Null => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
            Self::Object(_) => 3,
            Self::List(_) => 4,
            Self::Bool(_) => 5,
            Self::Date(_) => 6,
        }
    }

    /// Calls `visit` with each value at `path` below this one, with [`BsonValue::Missing`] where it is missing. A list
    /// on the way passes the path on to each object in it and, for a number, to the item with that index.
    pub fn descend(self, path: &[String], visit: &mut impl FnMut(BsonValue<'a>)) {
        let Some((step, rest)) = path.split_first() else {
            return visit(self);
        };
        match self {
            Self::Object(object) => match object.fields.get(step) {
                Some(value) => Self::from(value).descend(rest, visit),
                None => visit(Self::Missing),
            },
            Self::List(items) => {
                let indexed = step.parse().ok().and_then(|index: usize| items.get(index)).map(Self::from);
                let objects: Vec<_> =
                    items.iter().map(Self::from).filter(|item| matches!(item, Self::Object(_))).collect();
                if indexed.is_none() && objects.is_empty() {
                    visit(Self::Missing);
                }
                indexed.into_iter().for_each(|item| item.descend(rest, visit));
                objects.into_iter().for_each(|object| object.descend(path, visit));
            }
            _ => visit(Self::Missing),
        }
    }

    /// Whether `test` is true for a value at `path` or, if that is a list, for one of its items.
    pub fn any(self, path: &[String], mut test: impl FnMut(BsonValue<'a>) -> bool) -> bool {
        let mut is_met = false;
        self.descend(path, &mut |value| {
            is_met = is_met || test(value);
            if let BsonValue::List(items) = value {
                is_met = is_met || items.iter().any(|item| test(item.into()));
            }
        });
        is_met
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value { kind: None }),
            any::<bool>().prop_map(Value::from),
            (-3i32..3).prop_map(|n| Value::from(f64::from(n))),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[ab]", inner, 0..3)
                    .prop_map(|fields| Value { kind: Some(Kind::StructValue(Struct { fields })) }),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in values(), b in values(), c in values()) {
            let (a, b, c) = (BsonValue::from(&a), BsonValue::from(&b), BsonValue::from(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }

    #[test]
    fn different_types_are_ordered_but_not_compared() {
        let (number, text) = (BsonValue::Number(9.0), BsonValue::Text("1"));
        assert_eq!(number.cmp(&text), Ordering::Less);
        assert_eq!(number.cmp_within_type(text), None);
        assert_eq!(BsonValue::Missing.cmp_within_type(BsonValue::Null), Some(Ordering::Equal));
    }
}
