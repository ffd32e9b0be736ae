//! The filter operators: their names in requests, their values.

use std::cmp::Ordering;

/// How a stored value is compared with the filter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterOperator {
    Equal,
    Not,
    Range(RangeOperator),
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
    /// Compares with a timestamp in ISO 8601.
    Datetime(RangeOperator),
    /// Compares with a timestamp given as an offset from now.
    Timediff(RangeOperator),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeOperator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl RangeOperator {
    /// Whether a value that compares so with the filter's value is in the range.
    pub fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// The name in operators and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Less => "lt",
            Self::LessOrEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "gte",
        }
    }
}

/// In the order in which the real service lists them for an unknown one.
const NAMES: [(&str, FilterOperator); 24] = [
    ("lt", FilterOperator::Range(RangeOperator::Less)),
    ("lte", FilterOperator::Range(RangeOperator::LessOrEqual)),
    ("gt", FilterOperator::Range(RangeOperator::Greater)),
    ("gte", FilterOperator::Range(RangeOperator::GreaterOrEqual)),
    ("eq", FilterOperator::Equal),
    ("not", FilterOperator::Not),
    ("exists", FilterOperator::Exists),
    ("contain", FilterOperator::Contain),
    ("not_contain", FilterOperator::NotContain),
    ("in", FilterOperator::In),
    ("not_in", FilterOperator::NotIn),
    ("contain_in", FilterOperator::ContainIn),
    ("not_contain_in", FilterOperator::NotContainIn),
    ("match", FilterOperator::Match),
    ("regex", FilterOperator::Regex),
    ("regex_in", FilterOperator::RegexIn),
    ("datetime_gt", FilterOperator::Datetime(RangeOperator::Greater)),
    ("datetime_lt", FilterOperator::Datetime(RangeOperator::Less)),
    ("datetime_gte", FilterOperator::Datetime(RangeOperator::GreaterOrEqual)),
    ("datetime_lte", FilterOperator::Datetime(RangeOperator::LessOrEqual)),
    ("timediff_gt", FilterOperator::Timediff(RangeOperator::Greater)),
    ("timediff_lt", FilterOperator::Timediff(RangeOperator::Less)),
    ("timediff_gte", FilterOperator::Timediff(RangeOperator::GreaterOrEqual)),
    ("timediff_lte", FilterOperator::Timediff(RangeOperator::LessOrEqual)),
];

impl FilterOperator {
    /// The operator with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, operator)| *operator == self).map_or("", |(name, _)| *name)
    }

    /// All names, quoted and separated by commas.
    pub fn all_names() -> String {
        NAMES.map(|(name, _)| format!("'{name}'")).join(", ")
    }

    /// Whether the operator searches for a part of a text.
    pub fn is_search(self) -> bool {
        matches!(self, Self::Contain | Self::NotContain)
    }

    /// Whether the operator takes a list instead of a single value.
    pub fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn | Self::ContainIn | Self::NotContainIn | Self::RegexIn)
    }
}
