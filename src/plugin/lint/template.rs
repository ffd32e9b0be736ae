//! Rule `template-schema`: each `schema` in a form of API 1 is a JSON Schema.

use serde_json::Value;

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::plugin::json_schema;
use crate::schema::field_path::FieldPath;

pub fn check(checker: &mut Checker<'_>) {
    let Some(Value::Object(template)) = checker.document.value.get("template") else { return };
    for (name, form) in template {
        if let Some(schema) = form.get("schema") {
            let path = FieldPath::default().key("template").key(name).key("schema");
            json_schema::check(&path, schema, &mut |path, expected| {
                checker.report(Violation::new(Rule::TemplateSchema, path.clone(), format!("expected {expected}")));
            });
        }
    }
}
