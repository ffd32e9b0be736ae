//! The forms of API 1: each `schema` in them is a JSON Schema, which the service checks.
//!
//! What is looked at is the type of each of JSON Schema's words (draft 7), as its meta-schema has them; what a pattern or a
//! reference says is left to the service.

use std::collections::HashSet;

use serde_json::Value;

use super::finding::Severity;
use super::generation::{Generation, Generations};
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

pub fn check(sink: &mut Sink<'_>, generations: &Generations) {
    let Some(Value::Object(template)) = sink.document.value.get("template") else { return };
    if !generations.has(Generation::One) {
        // The field itself is refused.
        return;
    }
    for (name, form) in template {
        if let Some(schema) = form.get("schema") {
            of_schema(sink, &FieldPath::default().key("template").key(name).key("schema"), schema);
        }
    }
}

fn of_schema(sink: &mut Sink<'_>, path: &FieldPath, schema: &Value) {
    let Value::Object(words) = schema else {
        if !schema.is_boolean() {
            tell(sink, path, "a schema is a mapping");
        }
        return;
    };
    for (word, value) in words {
        let path = path.key(word);
        let is_count =
            || value.as_u64().is_some() || value.as_f64().is_some_and(|count| count >= 0.0 && count.fract() == 0.0);
        let expected = match word.as_str() {
            "type" if !is_type(value) => "one of array, boolean, integer, null, number, object, string",
            "title" | "description" | "format" | "pattern" | "$ref" | "$id" | "$schema" | "$comment"
                if !value.is_string() =>
            {
                "text"
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" if !is_count() => {
                "a whole number from 0"
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" if !value.is_number() => "a number",
            "multipleOf" if value.as_f64().is_none_or(|number| number <= 0.0) => "a number above 0",
            "uniqueItems" | "readOnly" if !value.is_boolean() => "true or false",
            "enum" | "examples" if !value.is_array() => "a list",
            "required" if !is_list_of_names(value) => "a list of property names, each once",
            "properties" | "patternProperties" | "definitions" => {
                match value.as_object() {
                    Some(schemas) => schemas.iter().for_each(|(name, schema)| of_schema(sink, &path.key(name), schema)),
                    None => tell(sink, &path, "expected a mapping of schemas"),
                }
                continue;
            }
            "allOf" | "anyOf" | "oneOf" => {
                match value.as_array().filter(|schemas| !schemas.is_empty()) {
                    Some(schemas) => list(sink, &path, schemas),
                    None => tell(sink, &path, "expected a list of schemas"),
                }
                continue;
            }
            "items" => {
                match value {
                    Value::Array(schemas) => list(sink, &path, schemas),
                    schema => of_schema(sink, &path, schema),
                }
                continue;
            }
            "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "additionalProperties"
            | "additionalItems" => {
                of_schema(sink, &path, value);
                continue;
            }
            _ => continue,
        };
        tell(sink, &path, &format!("expected {expected}"));
    }
}

fn list(sink: &mut Sink<'_>, path: &FieldPath, schemas: &[Value]) {
    for (index, schema) in schemas.iter().enumerate() {
        let mut path = path.clone();
        path.push_index(index);
        of_schema(sink, &path, schema);
    }
}

fn tell(sink: &mut Sink<'_>, path: &FieldPath, message: &str) {
    sink.add(Found::new(Rule::TemplateSchema, Severity::Error, path.clone(), message));
}

fn is_type(value: &Value) -> bool {
    let is_name = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(names) => !names.is_empty() && names.iter().all(is_name),
        name => is_name(name),
    }
}

fn is_list_of_names(value: &Value) -> bool {
    let Some(names) = value.as_array() else { return false };
    let mut seen = HashSet::new();
    names.iter().all(|name| name.as_str().is_some_and(|name| seen.insert(name)))
}
