//! A path through a value: keys, list items, and lists narrowed by a condition.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

/// A path; [`super::grammar`] says how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Never empty.
    steps: Vec<PathStep>,
    /// The steps' names with dots between them: every run of steps is a slice of it.
    names: String,
    /// The range of each step's name in `names`.
    ranges: Vec<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// An object's key; in a list, that key of every item.
    Key(String),
    /// A list's item, `None` if no list can have it; in an object, the key `text`.
    Index { text: String, at: Option<usize> },
    /// The items of a list for which this holds.
    Where(ColumnCondition),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnCondition {
    pub key: Selector,
    pub test: ColumnTest,
    /// In lower case.
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnTest {
    Equals,
    Contains,
    Lacks,
}

impl PathStep {
    /// The step's key in an object.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Key(text) | Self::Index { text, .. } => Some(text),
            Self::Where(_) => None,
        }
    }
}

impl ColumnCondition {
    /// Compares as text without regard to case, as the Python client does; what is missing counts as empty text.
    fn holds(&self, item: &Value) -> bool {
        let text = self.key.select(item).map(|value| cell_text(&value).to_lowercase()).unwrap_or_default();
        match self.test {
            ColumnTest::Equals => text == self.value,
            ColumnTest::Contains => text.contains(&self.value),
            ColumnTest::Lacks => !text.contains(&self.value),
        }
    }
}

impl Selector {
    pub fn new(steps: Vec<PathStep>) -> Self {
        let mut names = String::new();
        let mut ranges = Vec::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            if at > 0 {
                names.push('.');
            }
            let start = names.len();
            names.push_str(step.name().unwrap_or_default());
            ranges.push(start..names.len());
        }
        Self { steps, names, ranges }
    }

    pub fn steps(&self) -> &[PathStep] {
        &self.steps
    }

    /// The value at the path, if there is one. From the items of a list it is a list, the items' own lists joined.
    pub fn select<'v>(&self, value: &'v Value) -> Option<Cow<'v, Value>> {
        self.walk(0, value)
    }

    /// Follows the steps from `at` on. The grammar bounds their number and so the recursion.
    fn walk<'v>(&self, at: usize, value: &'v Value) -> Option<Cow<'v, Value>> {
        let Some(step) = self.steps.get(at) else {
            return Some(Cow::Borrowed(value));
        };
        match (step, value) {
            (PathStep::Where(condition), Value::Array(items)) => {
                self.gather(at + 1, items.iter().filter(|item| condition.holds(item)))
            }
            (PathStep::Index { at: index, .. }, Value::Array(items)) => self.walk(at + 1, items.get((*index)?)?),
            (PathStep::Key(_), Value::Array(items)) => self.gather(at, items.iter()),
            (_, Value::Object(object)) => self.enter(at, object),
            _ => None,
        }
    }

    /// Enters the entry that the steps name. Keys may hold dots (`spaceone.io/owner`): if a step alone leads nowhere,
    /// it is tried as the beginning of such a key, the shortest first.
    fn enter<'v>(&self, at: usize, object: &'v Map<String, Value>) -> Option<Cow<'v, Value>> {
        let named = self.steps[at..].iter().take_while(|step| step.name().is_some()).count();
        (at..at + named).find_map(|last| {
            let key = &self.names[self.ranges[at].start..self.ranges[last].end];
            self.walk(last + 1, object.get(key)?)
        })
    }

    fn gather<'v>(&self, at: usize, items: impl Iterator<Item = &'v Value>) -> Option<Cow<'v, Value>> {
        let mut found = Vec::new();
        for value in items.filter_map(|item| self.walk(at, item)) {
            match value.into_owned() {
                Value::Array(values) => found.extend(values),
                value => found.push(value),
            }
        }
        (!found.is_empty()).then_some(Cow::Owned(Value::Array(found)))
    }
}

/// A value as text: text as it is, nested values as compact JSON, nothing for null.
pub fn cell_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
