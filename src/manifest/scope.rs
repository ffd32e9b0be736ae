//! The names that templates see: `var`, `env`, `tasks` and `item`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value as TemplateValue;
use minijinja::value::{Enumerator, Object, ObjectExt};
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::engine::{from_json, mapping};
use super::template::Rendered;
use super::written::{SeenNumbers, TemplateContext, WrittenNumbers, view};
use crate::schema::field_path::FieldPath;
use crate::schema::well_known::WellKnown;

/// The values of a run so far.
#[derive(Debug, Default)]
pub struct Scope {
    var: Map<String, Value>,
    env: TemplateValue,
    tasks: Vec<(String, TemplateValue)>,
    /// The innermost last.
    items: Vec<LoopItem>,
    /// `var` as templates see it.
    vars: TemplateValue,
    /// The texts of numbers in `var`.
    numbers: WrittenNumbers,
    seen: SeenNumbers,
    /// The outputs of the last tasks by their ids, for `concat`.
    outputs: HashMap<String, Value>,
}

/// An item of a loop, and its text if it is a number.
#[derive(Clone, Debug)]
pub struct LoopItem {
    view: TemplateValue,
    text: Option<Arc<str>>,
}

/// The result of a task.
#[derive(Clone, Debug, Default)]
pub struct TaskResult {
    pub name: String,
    pub spec: Value,
    /// The texts of numbers in `spec`.
    pub numbers: WrittenNumbers,
    pub output: Value,
    /// `output` as templates see it, if that is more than its fields.
    pub view: Option<TemplateValue>,
}

impl Scope {
    /// `seen` is what the engine that renders looks numbers up in.
    pub fn new(var: Map<String, Value>, numbers: WrittenNumbers, env: &Map<String, Value>, seen: &SeenNumbers) -> Self {
        let mut scope = Self { var, numbers, env: from_json(env), seen: seen.clone(), ..Self::default() };
        scope.show_vars();
        scope
    }

    fn show_vars(&mut self) {
        self.vars = view(&Value::Object(self.var.clone()), &self.numbers, &self.seen);
    }

    pub fn var(&self) -> &Map<String, Value> {
        &self.var
    }

    /// Sets a variable as a whole.
    pub fn set_var(&mut self, name: &str, Rendered { value, numbers, .. }: Rendered) {
        self.numbers.replace_at(&FieldPath::default().key(name), numbers);
        self.var.insert(name.to_owned(), value);
        self.show_vars();
    }

    /// The items of a list.
    pub fn items(&self, items: &[Value], numbers: &WrittenNumbers) -> Vec<LoopItem> {
        let item = |(index, value): (usize, &Value)| {
            let path = FieldPath::default().index(index);
            let view = view(value, &numbers.at(&path), &self.seen);
            LoopItem { view, text: numbers.text(&path, value).cloned() }
        };
        items.iter().enumerate().map(item).collect()
    }

    pub fn push_item(&mut self, item: LoopItem) {
        self.items.push(item);
    }

    pub fn pop_item(&mut self) {
        self.items.pop();
    }

    /// The values for templates.
    pub fn context(&self) -> TemplateValue {
        let tasks = mapping(self.tasks.iter().map(|(id, result)| (id.as_str(), result.clone())));
        let item = self.items.last().map(|item| ("item", item.view.clone()));
        let names = [("var", self.vars.clone()), ("env", self.env.clone()), ("tasks", tasks)];
        let names = names.into_iter().chain(item).map(|(name, value)| (name.to_owned(), value)).collect();
        let item_text = self.items.last().and_then(|item| item.text.clone());
        TemplateValue::from_object(TemplateContext { names, item_text, seen: self.seen.clone() })
    }

    /// The output of the last finished task with this id.
    pub fn output(&self, id: &str) -> Option<&Value> {
        self.outputs.get(id)
    }

    /// Sets `tasks.ID`.
    pub fn set_task(&mut self, id: &str, result: &TaskResult) {
        self.set_output(id, result);
        self.set_value(id, result.value(id, &self.seen));
    }

    /// Remembers the output of an item of a loop, for `concat`.
    pub fn set_output(&mut self, id: &str, result: &TaskResult) {
        self.outputs.insert(id.to_owned(), result.output.clone());
    }

    /// Sets `tasks.ID` to the results of a loop, in order.
    pub fn set_loop(&mut self, id: &str, results: &[TaskResult]) {
        let results: Vec<TemplateValue> = results.iter().map(|result| result.value(id, &self.seen)).collect();
        self.set_value(id, TemplateValue::from(results));
    }

    fn set_value(&mut self, id: &str, value: TemplateValue) {
        self.tasks.retain(|(known, _)| known != id);
        self.tasks.push((id.to_owned(), value));
    }
}

impl TaskResult {
    fn value(&self, id: &str, seen: &SeenNumbers) -> TemplateValue {
        let fields = json!({ "name": self.name, "id": id, "state": "SUCCESS" });
        let Value::Object(fields) = fields else { return TemplateValue::UNDEFINED };
        let fields = fields.iter().map(|(name, value)| (name.as_str(), from_json(value)));
        let output = self.view.clone().unwrap_or_else(|| from_json(&self.output));
        mapping(fields.chain([("spec", view(&self.spec, &self.numbers, seen)), ("output", output)]))
    }
}

impl From<TemplateValue> for LoopItem {
    fn from(view: TemplateValue) -> Self {
        Self { view, text: None }
    }
}

/// A message, or a list of them, as templates see it: a field that is not set is empty instead of undefined.
pub fn message_view(value: &Value, message: &MessageDescriptor) -> TemplateValue {
    MessageObject::value(value, Some(message))
}

/// See [`message_view`].
#[derive(Debug)]
struct MessageObject {
    fields: Map<String, Value>,
    message: MessageDescriptor,
}

impl MessageObject {
    fn value(value: &Value, message: Option<&MessageDescriptor>) -> TemplateValue {
        match (value, message) {
            (Value::Object(fields), Some(message)) => {
                TemplateValue::from_object(Self { fields: fields.clone(), message: message.clone() })
            }
            (Value::Array(items), Some(message)) => {
                TemplateValue::from(items.iter().map(|item| Self::value(item, Some(message))).collect::<Vec<_>>())
            }
            _ => from_json(value),
        }
    }
}

impl Object for MessageObject {
    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        let name = key.as_str()?;
        let field = self.message.get_field_by_name(name);
        let below = field.as_ref().filter(|field| !field.is_map()).and_then(|field| {
            let Kind::Message(message) = field.kind() else { return None };
            WellKnown::of(&message).is_none().then_some(message)
        });
        match (self.fields.get(name), field) {
            (Some(value), _) => Some(Self::value(value, below.as_ref())),
            (None, Some(field)) if field.is_list() => Some(from_json(&Vec::<Value>::new())),
            (None, Some(field)) => Some(match below {
                Some(message) => Self::value(&Value::Object(Map::new()), Some(&message)),
                None if field.is_map() => from_json(&Map::new()),
                None => TemplateValue::from(""),
            }),
            (None, None) => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names: Vec<TemplateValue> = self.fields.keys().map(|name| TemplateValue::from(name.as_str())).collect();
        self.mapped_enumerator(move |_| Box::new(names.into_iter()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fields.is_empty() {
            return Ok(());
        }
        write!(f, "{}", from_json(&self.fields))
    }
}
