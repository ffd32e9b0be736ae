//! JSON Schema (draft 7, which editors know best) of a verb's request.
//!
//! It accepts what the codec accepts, as far as a schema can say: it knows neither the types in an `Any` nor the
//! integers beyond 2^53 that a `Struct` would round, and takes `1e16` for an integer, unlike the codec. A required
//! field must be there and not empty.

use std::collections::HashSet;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, OneofDescriptor};
use serde_json::{Map, Value, json};

use super::comments::Comments;
use super::form::{Count, FieldForm, of_field};
use super::patterns;

/// The schema of the requests of `method`. `needed` are the names of the required fields.
pub fn of_request(title: &str, method: &MethodDescriptor, needed: &[&str]) -> Value {
    let mut writer = Writer::default();
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".into(), json!(title));
    if let Some(description) = writer.comments.at(&method.parent_service().parent_file(), method.path()) {
        schema.insert("description".into(), json!(description));
    }
    match FieldForm::of(Kind::Message(method.input())) {
        FieldForm::Message(message) => schema.extend(writer.message(&message, needed)),
        // A well-known type as a request: no service is known to have one.
        form => schema.extend(writer.one(&form)),
    }
    let mut definitions = Map::new();
    while let Some(message) = writer.waiting.pop() {
        definitions.insert(message.full_name().to_owned(), writer.message(&message, &[]).into());
    }
    definitions.extend(writer.numbers);
    if !definitions.is_empty() {
        definitions.sort_keys();
        schema.insert("definitions".into(), definitions.into());
    }
    schema.into()
}

#[derive(Default)]
struct Writer {
    comments: Comments,
    /// The messages referred to so far.
    known: HashSet<String>,
    /// Those without a definition yet.
    waiting: Vec<MessageDescriptor>,
    /// Definitions of numbers with long patterns.
    numbers: Map<String, Value>,
}

impl Writer {
    fn message(&mut self, message: &MessageDescriptor, needed: &[&str]) -> Map<String, Value> {
        let is_needed = |field: &FieldDescriptor| needed.contains(&field.name());
        let properties: Map<String, Value> = message
            .fields()
            .map(|field| (field.name().to_owned(), self.field(&field, is_needed(&field)).into()))
            .collect();
        let required: Vec<Value> = message.fields().filter(is_needed).map(|field| json!(field.name())).collect();
        let mut schema = object(json!({"type": "object", "properties": properties, "additionalProperties": false}));
        if !required.is_empty() {
            schema.insert("required".into(), required.into());
        }
        // A synthetic oneof only marks an optional field.
        let oneofs = message.oneofs().filter(|oneof| oneof.fields().len() > 1);
        let oneofs: Vec<Value> = oneofs.map(|oneof| at_most_one(&oneof)).collect();
        if !oneofs.is_empty() {
            schema.insert("allOf".into(), oneofs.into());
        }
        schema
    }

    fn field(&mut self, field: &FieldDescriptor, is_needed: bool) -> Map<String, Value> {
        let (count, form) = of_field(field);
        let mut schema = match &count {
            Count::One => self.one(&form),
            Count::List => object(json!({"type": "array", "items": self.one(&form)})),
            Count::Map(key) => self.map(key, &form),
        };
        if is_needed {
            if schema.get("type") == Some(&json!("string")) {
                schema.insert("minLength".into(), json!(1));
            }
        } else if !matches!((&count, &form), (Count::One, FieldForm::Anything)) {
            // Null leaves a field out.
            schema = or_null(schema);
        }
        if let Some(description) = self.comments.at(&field.parent_message().parent_file(), field.path()) {
            schema.insert("description".into(), json!(description));
        }
        if field.field_descriptor_proto().options.as_ref().is_some_and(|options| options.deprecated()) {
            // Not in JSON Schema: editors strike such a property through.
            schema.insert("deprecationMessage".into(), json!("deprecated"));
        }
        schema
    }

    fn map(&mut self, key: &Kind, form: &FieldForm) -> Map<String, Value> {
        let mut schema = object(json!({"type": "object", "additionalProperties": self.one(form)}));
        let names = match key {
            Kind::Bool => json!({"enum": ["true", "false"]}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                json!({"pattern": patterns::between("2147483648", "2147483647")})
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                json!({"pattern": patterns::between("9223372036854775808", "9223372036854775807")})
            }
            Kind::Uint32 | Kind::Fixed32 => json!({"pattern": patterns::from_zero("4294967295")}),
            Kind::Uint64 | Kind::Fixed64 => json!({"pattern": patterns::from_zero("18446744073709551615")}),
            _ => return schema,
        };
        schema.insert("propertyNames".into(), names);
        schema
    }

    fn one(&mut self, form: &FieldForm) -> Map<String, Value> {
        object(match form {
            FieldForm::Scalar(kind) => return self.scalar(kind),
            FieldForm::Choice(choice) => self::choice(choice),
            FieldForm::Message(message) => {
                let name = message.full_name();
                if self.known.insert(name.to_owned()) {
                    self.waiting.push(message.clone());
                }
                json!({"$ref": format!("#/definitions/{name}")})
            }
            FieldForm::AnyMapping => json!({"type": "object"}),
            FieldForm::Anything => json!({}),
            FieldForm::AnyList => json!({"type": "array"}),
            FieldForm::Typed => {
                // As the message that it holds, as its own fields, or empty.
                let forms =
                    [json!({"required": ["@type"]}), json!({"required": ["type_url"]}), json!({"maxProperties": 0})];
                json!({
                    "type": "object",
                    "properties": {"@type": {"type": "string"}, "type_url": {"type": "string"}},
                    "anyOf": forms
                })
            }
            FieldForm::Timestamp => json!({"type": "string", "format": "date-time", "pattern": patterns::TIMESTAMP}),
            FieldForm::Duration => json!({"type": "string", "pattern": patterns::duration()}),
            FieldForm::FieldMask => json!({"type": "string", "pattern": patterns::FIELD_MASK}),
        })
    }

    fn scalar(&mut self, kind: &Kind) -> Map<String, Value> {
        object(match kind {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Bytes => json!({"type": "string", "pattern": patterns::base64()}),
            Kind::Double => json!({"type": ["number", "string"], "pattern": patterns::NO_NUMBER}),
            Kind::Float => {
                // From here on infinity is nearer than the largest float.
                const BOUND: f64 = 3.402_823_567_797_336_6e38;
                json!({
                    "type": ["number", "string"],
                    "exclusiveMinimum": -BOUND,
                    "exclusiveMaximum": BOUND,
                    "pattern": patterns::NO_NUMBER,
                })
            }
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX})
            }
            Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                let pattern = || patterns::between("9223372036854775808", "9223372036854775807");
                return self.long("int64", json!(i64::MIN), json!(i64::MAX), pattern);
            }
            Kind::Uint64 | Kind::Fixed64 => {
                let pattern = || patterns::between("0", "18446744073709551615");
                return self.long("uint64", json!(0), json!(u64::MAX), pattern);
            }
            Kind::String | Kind::Message(_) | Kind::Enum(_) => json!({"type": "string"}),
        })
    }

    /// Protobuf's JSON writes 64-bit integers as text, since many readers round them.
    fn long(&mut self, name: &str, min: Value, max: Value, pattern: impl Fn() -> String) -> Map<String, Value> {
        self.numbers.entry(name).or_insert_with(
            || json!({"type": ["integer", "string"], "minimum": min, "maximum": max, "pattern": pattern()}),
        );
        object(json!({"$ref": format!("#/definitions/{name}")}))
    }
}

/// The names, which an editor offers, and the numbers, which it does not.
fn choice(choice: &EnumDescriptor) -> Value {
    let names: Vec<Value> = choice.values().map(|value| json!(value.name())).collect();
    let mut numbers: Vec<i32> = choice.values().map(|value| value.number()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let runs = numbers.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    let runs = runs.map(|run| json!({"type": "integer", "minimum": run[0], "maximum": run[run.len() - 1]}));
    let either: Vec<Value> = std::iter::once(json!({"type": "string", "enum": names})).chain(runs).collect();
    json!({ "anyOf": either })
}

/// At most one field of a oneof may be given; null counts as not given.
fn at_most_one(oneof: &OneofDescriptor) -> Value {
    let given = |field: FieldDescriptor| {
        let name = field.name();
        json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}})
    };
    let each: Vec<Value> = oneof.fields().map(given).collect();
    let none = json!({"not": {"anyOf": each}});
    let either: Vec<Value> = std::iter::once(none).chain(each).collect();
    json!({ "oneOf": either })
}

fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(types) = schema.get_mut("type") {
        match types {
            Value::Array(types) => types.push(json!("null")),
            one => *one = json!([one, "null"]),
        }
        return schema;
    }
    if let Some(Value::Array(either)) = schema.get_mut("anyOf") {
        either.push(json!({"type": "null"}));
        return schema;
    }
    object(json!({"anyOf": [schema, {"type": "null"}]}))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
