//! Numbers as a manifest writes them: `1.10` is the number 1.1, and stays `1.10` where it becomes text.
//!
//! Templates compute with numbers, which have no text. So a value of a manifest notes each number that an expression
//! takes from it, and a number that becomes text is looked up among those.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value as TemplateValue;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use serde_json::{Number, Value};

use super::engine::from_json;
use crate::schema::field_path::{FieldPath, Segment};
use crate::yaml::{Content, Node, value};

/// A number whose text is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenNumber {
    pub number: Number,
    pub text: Arc<str>,
}

/// The numbers in a value whose texts are not the usual ones.
#[derive(Clone, Debug, Default)]
pub struct WrittenNumbers(HashMap<FieldPath, WrittenNumber>);

/// The numbers that an expression has taken from values of the manifest, by their usual texts.
#[derive(Clone, Debug, Default)]
pub struct SeenNumbers(Arc<Mutex<HashMap<String, Arc<str>>>>);

impl WrittenNumber {
    /// The number that a scalar is, if its text is not the usual one. Hexadecimal and octal numbers and exponents are
    /// notations of YAML: as text they are what they mean.
    pub fn from_scalar(text: &str, number: &Number) -> Option<Self> {
        let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
        (is_decimal && number.to_string() != text).then(|| Self { number: number.clone(), text: text.into() })
    }
}

impl WrittenNumbers {
    /// The numbers in a part of a file.
    pub fn from_node(node: &Node) -> Self {
        let mut numbers = Self::default();
        numbers.collect(node, &mut FieldPath::default());
        numbers
    }

    fn collect(&mut self, node: &Node, path: &mut FieldPath) {
        match &node.content {
            Content::Scalar { text, plain: true } => {
                if let Ok(Value::Number(number)) = value::of(node) {
                    self.0.extend(WrittenNumber::from_scalar(text, &number).map(|written| (path.clone(), written)));
                }
            }
            Content::Scalar { .. } => {}
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push_index(index);
                    self.collect(item, path);
                    path.pop();
                }
            }
            Content::Mapping(_) => {
                for entry in value::entries(node).unwrap_or_default() {
                    path.push_key(entry.name);
                    self.collect(entry.value, path);
                    path.pop();
                }
            }
        }
    }

    pub fn insert(&mut self, path: FieldPath, number: WrittenNumber) {
        self.0.insert(path, number);
    }

    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Adds those of the part at `path`, in place of those that it had.
    pub fn replace_at(&mut self, path: &FieldPath, part: Self) {
        self.0.retain(|known, _| !known.0.starts_with(&path.0));
        self.0.extend(part.0.into_iter().map(|(below, number)| (FieldPath([&path.0[..], &below.0].concat()), number)));
    }

    /// Those of the part at `path`.
    pub fn at(&self, path: &FieldPath) -> Self {
        let below = |(known, number): (&FieldPath, &WrittenNumber)| {
            Some((FieldPath(known.0.strip_prefix(&path.0[..])?.to_vec()), number.clone()))
        };
        Self(self.0.iter().filter_map(below).collect())
    }

    /// The text of the number at `path`, if that is still this value.
    pub fn text(&self, path: &FieldPath, value: &Value) -> Option<&Arc<str>> {
        let written = self.0.get(path)?;
        value.as_number().filter(|number| **number == written.number).map(|_| &written.text)
    }

    /// Writes the numbers of a mapping as texts.
    pub fn write_into(&self, path: &FieldPath, fields: &mut serde_json::Map<String, Value>) {
        for (name, value) in fields.iter_mut().filter(|(_, value)| value.is_number()) {
            let text = self.text(&path.key(name), value).map(|text| text.to_string());
            *value = text.unwrap_or_else(|| value.to_string()).into();
        }
    }
}

impl SeenNumbers {
    pub fn clear(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, number: &TemplateValue, text: Option<&Arc<str>>) {
        match text {
            Some(text) => self.known().insert(number.to_string(), Arc::clone(text)),
            None => self.known().remove(&number.to_string()),
        };
    }

    /// The text of a value; of a number that was taken from the manifest, as it is written there.
    pub fn text(&self, value: &TemplateValue) -> String {
        let text = value.to_string();
        match self.known().get(&text).filter(|_| value.kind() == ValueKind::Number) {
            Some(written) => written.to_string(),
            None => text,
        }
    }
}

/// A value of a manifest as templates see it.
pub fn view(value: &Value, numbers: &WrittenNumbers, seen: &SeenNumbers) -> TemplateValue {
    if numbers.0.is_empty() || !(value.is_object() || value.is_array()) {
        return from_json(value);
    }
    let (root, numbers) = (Arc::new(value.clone()), Arc::new(numbers.clone()));
    TemplateValue::from_object(WrittenValue { root, numbers, path: FieldPath::default(), seen: seen.clone() })
}

/// The numbers in a template's value that was taken from the manifest.
pub fn numbers_in(value: &TemplateValue) -> WrittenNumbers {
    if let Some(written) = value.downcast_object_ref::<WrittenValue>() {
        return written.numbers.at(&written.path);
    }
    let mut numbers = WrittenNumbers::default();
    if let (ValueKind::Seq, Ok(items)) = (value.kind(), value.try_iter()) {
        for (index, item) in items.enumerate() {
            numbers.replace_at(&FieldPath::default().index(index), numbers_in(&item));
        }
    }
    numbers
}

/// See [`view`].
#[derive(Debug)]
struct WrittenValue {
    root: Arc<Value>,
    numbers: Arc<WrittenNumbers>,
    path: FieldPath,
    seen: SeenNumbers,
}

impl WrittenValue {
    fn value(&self) -> &Value {
        self.path.0.iter().fold(&self.root, |value, segment| match segment {
            Segment::Key(key) => &value[key],
            Segment::Index(index) => &value[index],
        })
    }
}

impl Object for WrittenValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.value().is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        let (value, path) = match (self.value(), key.as_str(), key.as_usize()) {
            (Value::Object(fields), Some(name), _) => (fields.get(name)?, self.path.key(name)),
            (Value::Array(items), _, Some(index)) => (items.get(index)?, self.path.index(index)),
            _ => return None,
        };
        Some(match value {
            Value::Number(number) => {
                let shown = from_json(number);
                self.seen.note(&shown, self.numbers.text(&path, value));
                shown
            }
            Value::Object(_) | Value::Array(_) => {
                let (root, numbers, seen) = (Arc::clone(&self.root), Arc::clone(&self.numbers), self.seen.clone());
                TemplateValue::from_object(Self { root, numbers, path, seen })
            }
            other => from_json(other),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.value() {
            Value::Object(fields) => {
                Enumerator::Values(fields.keys().map(|name| TemplateValue::from(name.as_str())).collect())
            }
            Value::Array(items) => Enumerator::Seq(items.len()),
            _ => Enumerator::Empty,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", from_json(self.value()))
    }
}

/// The names that templates see, of which `item` may be a number of the manifest.
#[derive(Debug)]
pub struct TemplateContext {
    pub names: BTreeMap<String, TemplateValue>,
    pub item_text: Option<Arc<str>>,
    pub seen: SeenNumbers,
}

impl Object for TemplateContext {
    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        let value = self.names.get(key.as_str()?)?;
        if key.as_str() == Some("item") && value.kind() == ValueKind::Number {
            self.seen.note(value, self.item_text.as_ref());
        }
        Some(value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names.keys().map(|name| TemplateValue::from(name.as_str())).collect())
    }
}
