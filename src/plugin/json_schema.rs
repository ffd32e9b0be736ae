//! Checks whether a value is a JSON Schema.
//!
//! Checked are the types of the keywords, by the meta-schema of draft 7; patterns and references are left to the
//! service, and unknown keywords are allowed.

use std::collections::HashSet;

use serde_json::Value;

use crate::schema::field_path::FieldPath;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// Reports what is wrong with the schema at `path`, with what is expected there.
pub fn check(path: &FieldPath, schema: &Value, report: &mut impl FnMut(&FieldPath, &'static str)) {
    let Value::Object(words) = schema else {
        if !schema.is_boolean() {
            report(path, "a mapping");
        }
        return;
    };
    for (word, value) in words {
        let path = path.key(word);
        let number = value.as_f64();
        let is_count = number.is_some_and(|number| number >= 0.0 && number.fract() == 0.0);
        let expected = match word.as_str() {
            "type" if !is_type(value) => "one of array, boolean, integer, null, number, object, string",
            "title" | "description" | "format" | "pattern" | "$ref" | "$id" | "$schema" | "$comment"
                if !value.is_string() =>
            {
                "text"
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" if !is_count => {
                "a whole number from 0"
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" if !value.is_number() => "a number",
            "multipleOf" if number.is_none_or(|number| number <= 0.0) => "a number above 0",
            "uniqueItems" | "readOnly" if !value.is_boolean() => "true or false",
            "enum" | "examples" if !value.is_array() => "a list",
            "required" if !is_list_of_names(value) => "a list of property names, each once",
            "properties" | "patternProperties" | "definitions" => match value {
                Value::Object(schemas) => {
                    schemas.iter().for_each(|(name, schema)| check(&path.key(name), schema, report));
                    continue;
                }
                _ => "a mapping of schemas",
            },
            "allOf" | "anyOf" | "oneOf" if value.as_array().is_none_or(Vec::is_empty) => "a list of schemas",
            "allOf" | "anyOf" | "oneOf" | "items" if value.is_array() => {
                let schemas = value.as_array().into_iter().flatten().enumerate();
                schemas.for_each(|(index, schema)| check(&path.index(index), schema, report));
                continue;
            }
            "items"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "additionalProperties"
            | "additionalItems" => {
                check(&path, value, report);
                continue;
            }
            _ => continue,
        };
        report(&path, expected);
    }
}

fn is_type(value: &Value) -> bool {
    let is_name = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(names) => !names.is_empty() && names.iter().all(is_name),
        name => is_name(name),
    }
}

fn is_list_of_names(value: &Value) -> bool {
    let mut seen = HashSet::new();
    let mut is_new_name = |name: &Value| name.as_str().is_some_and(|name| seen.insert(name.to_owned()));
    value.as_array().is_some_and(|names| names.iter().all(&mut is_new_name))
}
