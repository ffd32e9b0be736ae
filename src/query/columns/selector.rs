//! A path through a value: keys, list items, and lists narrowed by a condition.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

/// A path; see [`super::grammar`] for how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Never empty.
    steps: Vec<Step>,
    /// The steps' names with dots between them, so that every run of steps is a part of it.
    names: String,
    /// Where each step's name stands in `names`.
    places: Vec<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An object's key; in a list, that key of every item.
    Key(String),
    /// A list's item, `None` if no list can have it; in an object, the key `text`.
    Index { text: String, at: Option<usize> },
    /// The items of a list for which this holds.
    Where(Condition),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub key: Selector,
    pub test: Test,
    /// In lower case.
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Equals,
    Contains,
    Lacks,
}

impl Step {
    /// What the step is called in an object.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Key(text) | Self::Index { text, .. } => Some(text),
            Self::Where(_) => None,
        }
    }
}

impl Condition {
    /// Compares as text without regard to case, as the Python client does; what is missing counts as empty text.
    fn holds(&self, item: &Value) -> bool {
        let text = self.key.select(item).map(|found| cell_text(&found).to_lowercase()).unwrap_or_default();
        match self.test {
            Test::Equals => text == self.value,
            Test::Contains => text.contains(&self.value),
            Test::Lacks => !text.contains(&self.value),
        }
    }
}

impl Selector {
    pub fn new(steps: Vec<Step>) -> Self {
        let mut names = String::new();
        let mut places = Vec::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            if at > 0 {
                names.push('.');
            }
            let start = names.len();
            names.push_str(step.name().unwrap_or_default());
            places.push(start..names.len());
        }
        Self { steps, names, places }
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What stands at the path, if anything does.
    ///
    /// Taking from the items of a list gives a list in their order, with the items' own lists joined into it.
    pub fn select<'v>(&self, value: &'v Value) -> Option<Cow<'v, Value>> {
        self.walk(0, value)
    }

    /// Goes the steps from `at` on. Recursion goes as deep as there are steps, which the grammar bounds.
    fn walk<'v>(&self, at: usize, value: &'v Value) -> Option<Cow<'v, Value>> {
        let Some(step) = self.steps.get(at) else {
            return Some(Cow::Borrowed(value));
        };
        match (step, value) {
            (Step::Where(condition), Value::Array(items)) => {
                self.gather(at + 1, items.iter().filter(|item| condition.holds(item)))
            }
            (Step::Index { at: index, .. }, Value::Array(items)) => self.walk(at + 1, items.get((*index)?)?),
            (Step::Key(_), Value::Array(items)) => self.gather(at, items.iter()),
            (_, Value::Object(object)) => self.enter(at, object),
            _ => None,
        }
    }

    /// Goes on in the entry that the steps name. Keys may hold dots (labels such as `spaceone.io/owner`): where a step
    /// by itself leads nowhere, it is tried as the beginning of such a key, the shortest first.
    fn enter<'v>(&self, at: usize, object: &'v Map<String, Value>) -> Option<Cow<'v, Value>> {
        let named = self.steps[at..].iter().take_while(|step| step.name().is_some()).count();
        (at..at + named).find_map(|last| {
            let key = &self.names[self.places[at].start..self.places[last].end];
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
