//! The 24 filter operators: which kind of value each takes, and the names under which requests know them.

use std::cmp::Ordering;

/// How a value in a record is compared with a condition's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    Not,
    Compare(Bound),
    Exists,
    Contain,
    NotContain,
    In,
    NotIn,
    ContainIn,
    NotContainIn,
    Match,
    Regex,
    RegexIn,
    /// Compares with a moment in ISO 8601.
    Datetime(Bound),
    /// Compares with a moment told by its distance from now.
    Timediff(Bound),
}

/// Which side of a value is meant, and whether the value itself is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Bound {
    /// Whether something that stands so to the bound is meant.
    pub fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// The bound's name in the operators and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Less => "lt",
            Self::LessOrEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "gte",
        }
    }
}

/// In the order in which the real service lists them when it does not know one.
const NAMES: [(&str, Operator); 24] = [
    ("lt", Operator::Compare(Bound::Less)),
    ("lte", Operator::Compare(Bound::LessOrEqual)),
    ("gt", Operator::Compare(Bound::Greater)),
    ("gte", Operator::Compare(Bound::GreaterOrEqual)),
    ("eq", Operator::Equal),
    ("not", Operator::Not),
    ("exists", Operator::Exists),
    ("contain", Operator::Contain),
    ("not_contain", Operator::NotContain),
    ("in", Operator::In),
    ("not_in", Operator::NotIn),
    ("contain_in", Operator::ContainIn),
    ("not_contain_in", Operator::NotContainIn),
    ("match", Operator::Match),
    ("regex", Operator::Regex),
    ("regex_in", Operator::RegexIn),
    ("datetime_gt", Operator::Datetime(Bound::Greater)),
    ("datetime_lt", Operator::Datetime(Bound::Less)),
    ("datetime_gte", Operator::Datetime(Bound::GreaterOrEqual)),
    ("datetime_lte", Operator::Datetime(Bound::LessOrEqual)),
    ("timediff_gt", Operator::Timediff(Bound::Greater)),
    ("timediff_lt", Operator::Timediff(Bound::Less)),
    ("timediff_gte", Operator::Timediff(Bound::GreaterOrEqual)),
    ("timediff_lte", Operator::Timediff(Bound::LessOrEqual)),
];

impl Operator {
    /// The operator of this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    /// All names, quoted and separated by commas.
    pub fn all_names() -> String {
        let names: Vec<String> = NAMES.iter().map(|(name, _)| format!("'{name}'")).collect();
        names.join(", ")
    }

    /// Whether the operator takes a list, and not a single value.
    pub fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn | Self::ContainIn | Self::NotContainIn | Self::RegexIn)
    }
}
