//! The values that queries look at, and their order.

use std::cmp::Ordering;

use jiff::Timestamp;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

/// A value inside a plugin's record, borrowed from it.
#[derive(Clone, Copy, Debug)]
pub enum BsonValue<'a> {
    /// There is no such key.
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

impl<'a> BsonValue<'a> {
    /// The order among all values, that of MongoDB, on which the real service stands: by kind first, what is missing
    /// as null. <https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>
    pub fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => {
                let entries = |object: &'a Struct| object.fields.iter();
                entries(a)
                    .zip(entries(b))
                    .map(|((key_a, a), (key_b, b))| key_a.cmp(key_b).then_with(|| Self::from(a).order(b.into())))
                    .find(|order| order.is_ne())
                    .unwrap_or_else(|| a.fields.len().cmp(&b.fields.len()))
            }
            (Self::List(a), Self::List(b)) => {
                let pairs = a.iter().zip(b).map(|(a, b)| Self::from(a).order(b.into()));
                pairs.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Bool(a), Self::Bool(b)) => a.cmp(&b),
            (Self::Date(a), Self::Date(b)) => a.cmp(&b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// The order within one kind; values of different kinds are neither less nor greater than each other.
    pub fn order_within_kind(self, other: Self) -> Option<Ordering> {
        (self.rank() == other.rank()).then(|| self.order(other))
    }

    fn rank(self) -> u8 {
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

    /// Calls `visit` with what stands at `path` below this value. A list on the way passes the path on to each
    /// object in it and, where a step is a number, to the item of that index.
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
                let indexed = step.parse().ok().and_then(|index: usize| items.get(index));
                if let Some(item) = indexed {
                    Self::from(item).descend(rest, visit);
                }
                let mut objects =
                    items.iter().map(Self::from).filter(|item| matches!(item, Self::Object(_))).peekable();
                if indexed.is_none() && objects.peek().is_none() {
                    visit(Self::Missing);
                }
                objects.for_each(|object| object.descend(path, visit));
            }
            _ => visit(Self::Missing),
        }
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
            prop_assert_eq!(a.order(b), b.order(a).reverse());
            if a.order(b).is_le() && b.order(c).is_le() {
                prop_assert!(a.order(c).is_le());
            }
        }
    }

    #[test]
    fn different_kinds_are_ordered_but_not_compared() {
        let (number, text) = (BsonValue::Number(9.0), BsonValue::Text("1"));
        assert_eq!(number.order(text), Ordering::Less);
        assert_eq!(number.order_within_kind(text), None);
        assert_eq!(BsonValue::Missing.order_within_kind(BsonValue::Null), Some(Ordering::Equal));
    }
}
