//! Explanations as text for people: headings and aligned columns.

use std::fmt::Write as _;

use super::describe::{
    EnumValue, Explained, ExplainedField, ExplainedResource, ExplainedVerb, FieldDescription, MessageDescription,
};
use crate::text::sanitize;

/// The width of lists of names.
const WIDTH: usize = 100;

/// The indentation of a field's remarks, and of nested fields.
const REMARK: usize = 4;
const STEP: usize = 2;

/// Renders the explanation. `bold` styles headings, for a terminal.
pub fn render(explained: &Explained, bold: bool) -> String {
    let mut page = Page { text: String::new(), bold };
    match explained {
        Explained::Resource(resource) => page.resource(resource),
        Explained::Verb(verb) => page.verb(verb),
        Explained::Field(field) => page.field(field),
    }
    page.text
}

struct Page {
    text: String,
    bold: bool,
}

/// A line of columns with remarks below it.
struct Entry {
    indent: usize,
    cells: Vec<String>,
    remarks: Vec<String>,
}

impl Page {
    fn resource(&mut self, resource: &ExplainedResource) {
        let names = [("RESOURCE", &*resource.resource), ("FULL NAME", &resource.full_name)];
        self.names(if resource.full_name == resource.resource { &names[..1] } else { &names });
        self.description(resource.description.as_deref());
        self.heading("VERBS", "");
        let stream = |is_stream, name: &str| {
            let short = name.rsplit('.').next().unwrap_or(name);
            if is_stream { format!("stream of {short}") } else { short.to_owned() }
        };
        let entries = resource.verbs.iter().map(|verb| Entry {
            indent: STEP,
            cells: vec![
                verb.verb.clone(),
                stream(verb.request_is_stream, &verb.request),
                format!("-> {}", stream(verb.response_is_stream, &verb.response)),
            ],
            remarks: lines(verb.description.as_deref()),
        });
        self.entries(&entries.collect::<Vec<_>>());
    }

    fn verb(&mut self, verb: &ExplainedVerb) {
        self.names(&[("RESOURCE", &verb.resource), ("VERB", &verb.verb)]);
        self.description(verb.description.as_deref());
        let is_sendable = if verb.request.is_stream { " (streaming requests are not supported)" } else { "" };
        self.message("REQUEST", &verb.request, is_sendable);
        self.message("RESPONSE", &verb.response, "");
        if let Some(rows) = &verb.rows {
            self.message("ROWS", rows, " (field names for columns, sorting and filters)");
        }
    }

    fn field(&mut self, field: &ExplainedField) {
        self.names(&[("RESOURCE", &field.resource), ("VERB", &field.verb), ("FIELD", &field.field)]);
        for (side, found) in [("REQUEST", &field.request), ("RESPONSE", &field.response)] {
            if let Some(found) = found {
                self.heading(side, "");
                let mut entries = Vec::new();
                entry(found, STEP, &mut entries);
                self.entries(&entries);
            }
        }
    }

    fn names(&mut self, names: &[(&str, &str)]) {
        let width = names.iter().map(|(heading, _)| heading.len()).max().unwrap_or_default() + 1;
        for (heading, name) in names {
            let padding = " ".repeat(width - heading.len() - 1);
            self.line(&format!("{}{padding}  {}", self.styled(heading), sanitize::control(name)));
        }
    }

    fn description(&mut self, description: Option<&str>) {
        if description.is_some() {
            self.heading("DESCRIPTION", "");
            for line in lines(description) {
                self.line(&indented(STEP, &line));
            }
        }
    }

    fn message(&mut self, heading: &str, message: &MessageDescription, remark: &str) {
        let stream = if message.is_stream { "stream of " } else { "" };
        self.heading(heading, &format!("{stream}{}{remark}", message.short_name));
        let mut entries = Vec::new();
        message.fields.iter().for_each(|field| entry(field, STEP, &mut entries));
        if message.is_open {
            self.line(&indented(STEP, "anything"));
        } else if entries.is_empty() {
            self.line(&indented(STEP, "nothing"));
        }
        self.entries(&entries);
    }

    fn heading(&mut self, heading: &str, of: &str) {
        self.line("");
        self.line(&format!("{} {}", self.styled(heading), sanitize::control(of)));
    }

    /// Writes the entries with their columns aligned across all depths.
    fn entries(&mut self, entries: &[Entry]) {
        let columns = entries.iter().map(|entry| entry.cells.len()).max().unwrap_or_default();
        let width = |column: usize| {
            let of = |entry: &Entry| {
                let indent = if column == 0 { entry.indent } else { 0 };
                entry.cells.get(column).map_or(0, |cell| indent + cell.chars().count())
            };
            entries.iter().map(of).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for entry in entries {
            let mut line = " ".repeat(entry.indent);
            for (column, (cell, width)) in entry.cells.iter().zip(&widths).enumerate() {
                let width = if column == 0 { width - entry.indent } else { *width };
                let _ = write!(line, "{cell:width$}  ");
            }
            self.line(&sanitize::control(&line));
            for remark in &entry.remarks {
                self.line(&indented(entry.indent + REMARK, remark));
            }
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn styled(&self, heading: &str) -> String {
        if self.bold { format!("\x1b[1m{heading}:\x1b[0m") } else { format!("{heading}:") }
    }
}

/// Adds a field and all below it.
fn entry(field: &FieldDescription, indent: usize, entries: &mut Vec<Entry>) {
    let mut marks = Vec::new();
    if field.is_needed {
        marks.push("required".to_owned());
    }
    if field.is_deprecated {
        marks.push("deprecated".to_owned());
    }
    if !field.alternatives.is_empty() {
        marks.push(format!("or {}", field.alternatives.join(", ")));
    }
    let mut remarks = lines(field.description.as_deref());
    remarks.extend(field.example.map(str::to_owned));
    remarks.extend(values(&field.values, indent));
    if !field.names_below.is_empty() {
        remarks.extend(filled("fields: ", &field.names_below, indent));
    }
    let cells = vec![field.name.clone(), field.plain_type.clone(), field.short_type.clone(), marks.join(", ")];
    entries.push(Entry { indent, cells, remarks });
    field.fields.iter().for_each(|below| entry(below, indent + STEP, entries));
}

/// An enum's values: one per line if any has a description.
fn values(values: &[EnumValue], indent: usize) -> Vec<String> {
    if values.iter().all(|value| value.description.is_none()) {
        let names: Vec<String> = values.iter().map(|value| value.name.clone()).collect();
        return if names.is_empty() { Vec::new() } else { filled("values: ", &names, indent) };
    }
    let width = values.iter().map(|value| value.name.chars().count()).max().unwrap_or_default();
    let one = |value: &EnumValue| {
        let description = value.description.as_deref().unwrap_or_default().replace('\n', " ");
        format!("{:width$}  {description}", value.name)
    };
    values.iter().map(one).collect()
}

/// Names in lines of a bounded width.
fn filled(what: &str, names: &[String], indent: usize) -> Vec<String> {
    let room = WIDTH.saturating_sub(indent + REMARK);
    let mut lines = vec![what.to_owned()];
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 < names.len() { ", " } else { "" };
        match lines.last_mut() {
            Some(line) if line.trim().is_empty() || at == 0 || line.len() + name.len() < room => {
                line.push_str(name);
                line.push_str(comma);
            }
            _ => lines.push(format!("{:width$}{name}{comma}", "", width = what.len())),
        }
    }
    lines
}

fn lines(text: Option<&str>) -> Vec<String> {
    text.into_iter().flat_map(str::lines).map(str::to_owned).collect()
}

fn indented(indent: usize, line: &str) -> String {
    format!("{:indent$}{}", "", sanitize::control(line))
}
