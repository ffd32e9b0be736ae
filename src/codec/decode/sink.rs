//! Receives a decoded message as events; one receiver builds a value.

use serde_json::{Map, Number, Value};

/// Takes a value in pieces, in the order in which JSON would be written.
pub trait Sink {
    fn null(&mut self);
    fn bool(&mut self, value: bool);
    /// A number that is shown as one: an integer of up to 53 bits, or a finite float.
    fn number(&mut self, number: Number);
    fn text(&mut self, text: &str);
    fn begin_list(&mut self);
    fn end_list(&mut self);
    fn begin_mapping(&mut self);
    /// The key of the value that comes next.
    fn key(&mut self, key: &str);
    fn end_mapping(&mut self);
}

/// Emits a plain value.
pub fn emit_value(value: &Value, sink: &mut impl Sink) {
    match value {
        Value::Null => sink.null(),
        Value::Bool(value) => sink.bool(*value),
        Value::Number(number) => sink.number(number.clone()),
        Value::String(text) => sink.text(text),
        Value::Array(items) => {
            sink.begin_list();
            items.iter().for_each(|item| emit_value(item, sink));
            sink.end_list();
        }
        Value::Object(entries) => {
            sink.begin_mapping();
            for (key, value) in entries {
                sink.key(key);
                emit_value(value, sink);
            }
            sink.end_mapping();
        }
    }
}

/// Makes a plain value.
#[derive(Debug, Default)]
pub struct ValueSink {
    /// What is not ended yet, the outermost first.
    open: Vec<Open>,
    done: Option<Value>,
}

#[derive(Debug)]
enum Open {
    List(Vec<Value>),
    Mapping { entries: Map<String, Value>, key: String },
}

impl ValueSink {
    /// The value, once all of it has come.
    pub fn finish(self) -> Option<Value> {
        self.done
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Mapping { entries, key }) => drop(entries.insert(std::mem::take(key), value)),
            None => self.done = Some(value),
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::List(items)) => self.put(Value::Array(items)),
            Some(Open::Mapping { entries, .. }) => self.put(Value::Object(entries)),
            None => {}
        }
    }
}

impl Sink for ValueSink {
    fn null(&mut self) {
        self.put(Value::Null);
    }

    fn bool(&mut self, value: bool) {
        self.put(value.into());
    }

    fn number(&mut self, number: Number) {
        self.put(Value::Number(number));
    }

    fn text(&mut self, text: &str) {
        self.put(text.into());
    }

    fn begin_list(&mut self) {
        self.open.push(Open::List(Vec::new()));
    }

    fn end_list(&mut self) {
        self.end();
    }

    fn begin_mapping(&mut self) {
        self.open.push(Open::Mapping { entries: Map::new(), key: String::new() });
    }

    fn key(&mut self, text: &str) {
        if let Some(Open::Mapping { key, .. }) = self.open.last_mut() {
            text.clone_into(key);
        }
    }

    fn end_mapping(&mut self) {
        self.end();
    }
}
