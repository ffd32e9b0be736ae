//! The columns of a resource task's output.

use serde_json::{Map, Value, json};

use super::resource::{ResourceCall, rows_of};
use super::session::Session;
use crate::commands::Context;
use crate::commands::method::LIST;
use crate::error::{Error, Result};
use crate::manifest::load::only_document;
use crate::manifest::resource_spec::{OutputSpec, OutputTemplate};
use crate::query::{Column, Columns};
use crate::spec::source::{SourceText, read_file};
use crate::yaml::value;

impl ResourceCall<'_> {
    /// The columns of the output.
    pub(super) async fn columns(
        &self,
        output: &OutputSpec,
        session: &mut Session,
        context: &mut Context<'_>,
    ) -> Result<Columns> {
        let options = &output.options;
        let texts = match output.template {
            OutputTemplate::Input => options.columns.clone(),
            OutputTemplate::File => {
                let file = options.file.as_deref().ok_or_else(|| Error::local("output.options.file is missing"))?;
                columns_of_file(file)?
            }
            OutputTemplate::Metadata => {
                let name = options.metadata.as_deref();
                let parts: Vec<&str> = name.unwrap_or_default().split('.').collect();
                let [provider, group, name] = parts[..] else {
                    return Err(Error::local("output.options.metadata must be provider.group.type"));
                };
                let method = session.method("inventory.CloudServiceType", LIST, None, context).await?;
                let request = json!({ "provider": provider, "group": group, "name": name });
                let Value::Object(request) = request else { return Err(Error::local("not a request")) };
                let rows = rows_of(method.ask(method.encode_made(&request)?).await?);
                metadata_columns(rows.first().unwrap_or(&Value::Null), options.use_name_alias)
            }
        };
        if texts.is_empty() {
            return Err(Error::local("the output has no columns").hint("name them in output.options.columns"));
        }
        texts.iter().map(|text| Column::parse(text)).collect()
    }
}

/// The chosen columns of a row, or of each row.
pub(super) fn selected(output: Value, columns: &Columns) -> Value {
    let select = |row: &Value| -> Value {
        columns.iter().map(|column| (column.header().to_owned(), column.select(row))).collect::<Map<_, _>>().into()
    };
    match &output {
        Value::Array(rows) => rows.iter().map(select).collect(),
        Value::Object(row) if row.is_empty() => output,
        row => select(row),
    }
}

/// The columns of a template file: `template: {list: [...]}`.
fn columns_of_file(file: &str) -> Result<Vec<String>> {
    let text = SourceText::of_bytes(file.to_owned(), read_file(file)?)?;
    let document = only_document(&text)?;
    let value = value::of(&document).map_err(|fault| fault.into_error(Error::local, file))?;
    let list = value.get("template").and_then(|template| template.get(LIST)).cloned();
    list.and_then(|list| serde_json::from_value(list).ok())
        .ok_or_else(|| Error::local(format!("{file} has no columns")).hint("write template: {list: [column, ...]}"))
}

/// The columns of a cloud service type's table, as its metadata has them.
fn metadata_columns(row: &Value, use_name_alias: bool) -> Vec<String> {
    /// Columns that every table has.
    const ALWAYS: [&str; 6] = ["project_id", "provider", "region_code", "name", "updated_at", "launched_at"];
    let fields = row.pointer("/metadata/view/table/layout/options/fields").and_then(Value::as_array);
    let column = |field: &Value| {
        let key = field.get("key")?.as_str()?;
        let option = |name: &str| field.get("options").and_then(|options| options.get(name));
        if ALWAYS.contains(&key) || option("is_optional").and_then(Value::as_bool) == Some(true) {
            return None;
        }
        let key = match option("sub_key").and_then(Value::as_str) {
            Some(sub_key) => format!("{key}.{sub_key}"),
            None => key.to_owned(),
        };
        let name = field.get("name").and_then(Value::as_str).filter(|_| use_name_alias);
        Some(name.map_or_else(|| key.clone(), |name| format!("{key}|{name}")))
    };
    let own = fields.into_iter().flatten().filter_map(column);
    let named = |key: &str, name: &str| if use_name_alias { format!("{key}|{name}") } else { key.to_owned() };
    let first = ["project_id".to_owned(), named("provider", "Provider"), named("region_code", "Region")];
    let last = named("reference.resource_id", "Resource ID");
    first.into_iter().chain([named("name", "Name")]).chain(own).chain([last]).collect()
}
