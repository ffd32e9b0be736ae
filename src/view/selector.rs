//! A path through a value: keys, list items, and lists narrowed by a condition.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::cell_text;

/// A path; see [`super::grammar`] for how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    /// Never empty.
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An object's key; in a list, that key of every item.
    Key(String),
    /// A list's item, `None` if no list can have it; in an object, the key `text`.
    Index { text: String, at: Option<usize> },
    /// The items of a list for which this holds.
    Where(Condition),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) key: Selector,
    pub(super) test: Test,
    /// In lower case.
    pub(super) value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equals,
    Contains,
    Lacks,
}

impl Step {
    /// What the step is called in an object.
    pub(super) fn name(&self) -> Option<&str> {
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
    /// What stands at the path, if anything does.
    ///
    /// Taking from the items of a list gives a list in their order, with the items' own lists joined into it.
    pub(super) fn select<'v>(&self, value: &'v Value) -> Option<Cow<'v, Value>> {
        walk(&self.steps, value)
    }
}

fn walk<'v>(steps: &[Step], value: &'v Value) -> Option<Cow<'v, Value>> {
    let Some((first, rest)) = steps.split_first() else {
        return Some(Cow::Borrowed(value));
    };
    match (first, value) {
        (Step::Where(condition), Value::Array(items)) => {
            gather(items.iter().filter(|item| condition.holds(item)), rest)
        }
        (Step::Index { at, .. }, Value::Array(items)) => walk(rest, items.get((*at)?)?),
        (Step::Key(_), Value::Array(items)) => gather(items.iter(), steps),
        (_, Value::Object(object)) => enter(object, steps),
        _ => None,
    }
}

/// Goes on in the entry that the steps name. Keys may hold dots (labels such as `spaceone.io/owner`), so the longest
/// run of steps that is a key goes first, and shorter ones follow where it leads nowhere.
fn enter<'v>(object: &'v Map<String, Value>, steps: &[Step]) -> Option<Cow<'v, Value>> {
    let names: Vec<&str> = steps.iter().map_while(Step::name).collect();
    (1..=names.len()).rev().find_map(|length| {
        let entry = match &names[..length] {
            [name] => object.get(*name),
            dotted => object.get(&dotted.join(".")),
        };
        walk(&steps[length..], entry?)
    })
}

fn gather<'v>(items: impl Iterator<Item = &'v Value>, steps: &[Step]) -> Option<Cow<'v, Value>> {
    let mut found = Vec::new();
    for value in items.filter_map(|item| walk(steps, item)) {
        match value.into_owned() {
            Value::Array(values) => found.extend(values),
            value => found.push(value),
        }
    }
    (!found.is_empty()).then_some(Cow::Owned(Value::Array(found)))
}
