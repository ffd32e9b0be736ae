//! The names that templates see: `var`, `env`, `tasks` and `item`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value as TemplateValue;
use minijinja::value::{Enumerator, Object, ObjectExt};
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::engine::{from_json, mapping};
use crate::schema::well_known::WellKnown;

/// The values of a run so far.
#[derive(Debug, Default)]
pub struct Scope {
    var: Map<String, Value>,
    env: TemplateValue,
    tasks: Vec<(String, TemplateValue)>,
    /// The innermost last.
    items: Vec<TemplateValue>,
    /// `var` as templates see it.
    vars: TemplateValue,
    /// The outputs of the last tasks by their ids, for `concat`.
    outputs: HashMap<String, Value>,
}

/// The result of a task.
#[derive(Clone, Debug, Default)]
pub struct TaskResult {
    pub name: String,
    pub spec: Value,
    pub output: Value,
    /// `output` as templates see it, if that is more than its fields.
    pub view: Option<TemplateValue>,
}

impl Scope {
    pub fn new(var: Map<String, Value>, env: Map<String, Value>) -> Self {
        let vars = from_json(&var);
        Self { var, vars, env: from_json(&env), ..Self::default() }
    }

    pub fn var(&self) -> &Map<String, Value> {
        &self.var
    }

    /// Sets variables, each as a whole.
    pub fn set_vars(&mut self, vars: Map<String, Value>) {
        if !vars.is_empty() {
            self.var.extend(vars);
            self.vars = from_json(&self.var);
        }
    }

    pub fn push_item(&mut self, item: TemplateValue) {
        self.items.push(item);
    }

    pub fn pop_item(&mut self) {
        self.items.pop();
    }

    /// The values for templates.
    pub fn context(&self) -> TemplateValue {
        let tasks = mapping(self.tasks.iter().map(|(id, result)| (id.as_str(), result.clone())));
        let item = self.items.last().map(|item| ("item", item.clone()));
        let names = [("var", self.vars.clone()), ("env", self.env.clone()), ("tasks", tasks)];
        mapping(names.into_iter().chain(item))
    }

    /// The output of the last finished task with this id.
    pub fn output(&self, id: &str) -> Option<&Value> {
        self.outputs.get(id)
    }

    /// Sets `tasks.ID`.
    pub fn set_task(&mut self, id: &str, result: &TaskResult) {
        self.set_output(id, result);
        self.set_value(id, result.value(id));
    }

    /// Remembers the output of an item of a loop, for `concat`.
    pub fn set_output(&mut self, id: &str, result: &TaskResult) {
        self.outputs.insert(id.to_owned(), result.output.clone());
    }

    /// Sets `tasks.ID` to the results of a loop, in order.
    pub fn set_loop(&mut self, id: &str, results: &[TaskResult]) {
        let results: Vec<TemplateValue> = results.iter().map(|result| result.value(id)).collect();
        self.set_value(id, TemplateValue::from(results));
    }

    fn set_value(&mut self, id: &str, value: TemplateValue) {
        self.tasks.retain(|(known, _)| known != id);
        self.tasks.push((id.to_owned(), value));
    }
}

impl TaskResult {
    fn value(&self, id: &str) -> TemplateValue {
        let fields = json!({ "name": self.name, "id": id, "state": "SUCCESS", "spec": self.spec });
        let Value::Object(fields) = fields else { return TemplateValue::UNDEFINED };
        let fields = fields.iter().map(|(name, value)| (name.as_str(), from_json(value)));
        let output = self.view.clone().unwrap_or_else(|| from_json(&self.output));
        let output = ("output", output);
        mapping(fields.chain([output]))
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
