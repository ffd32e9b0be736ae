//! Explanations as text for people: headings and aligned columns.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::describe::{
    EnumValue, Explained, ExplainedField, ExplainedResource, ExplainedVerb, FieldDescription, MessageDescription,
};
use crate::text::sanitize;

/// The width of lists of names without a terminal.
const WIDTH: usize = 100;

/// The indentation of a field's remarks, and of nested fields.
const REMARK: usize = 4;
const STEP: usize = 2;

/// Renders the explanation. `bold` styles headings, and texts wrap at `width`, for a terminal.
pub fn render(explained: &Explained, bold: bool, width: Option<usize>) -> String {
    let mut page = Page { text: String::new(), bold, width };
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
    width: Option<usize>,
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
            remarks: self.lines(verb.description.as_deref(), STEP + REMARK),
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
                self.entry(found, STEP, &mut entries);
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
            for line in self.lines(description, STEP) {
                self.line(&indented(STEP, &line));
            }
        }
    }

    fn message(&mut self, heading: &str, message: &MessageDescription, remark: &str) {
        let stream = if message.is_stream { "stream of " } else { "" };
        self.heading(heading, &format!("{stream}{}{remark}", message.short_name));
        let mut entries = Vec::new();
        message.fields.iter().for_each(|field| self.entry(field, STEP, &mut entries));
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

    /// Adds a field and all below it.
    fn entry(&self, field: &FieldDescription, indent: usize, entries: &mut Vec<Entry>) {
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
        let mut remarks = self.lines(field.description.as_deref(), indent + REMARK);
        remarks.extend(field.example.map(str::to_owned));
        remarks.extend(self.values(&field.values, indent + REMARK));
        remarks.extend(self.names_after("fields: ", &field.names_below, indent + REMARK));
        let cells = vec![field.name.clone(), field.plain_type.clone(), field.short_type.clone(), marks.join(", ")];
        entries.push(Entry { indent, cells, remarks });
        field.fields.iter().for_each(|below| self.entry(below, indent + STEP, entries));
    }

    /// An enum's values: one per line if any has a description.
    fn values(&self, values: &[EnumValue], indent: usize) -> Vec<String> {
        if values.iter().all(|value| value.description.is_none()) {
            let names: Vec<String> = values.iter().map(|value| value.name.clone()).collect();
            return self.names_after("values: ", &names, indent);
        }
        let width = values.iter().map(|value| value.name.chars().count()).max().unwrap_or_default();
        let one = |value: &EnumValue| {
            let description = value.description.as_deref().unwrap_or_default().replace('\n', " ");
            self.wrapped(&format!("{:width$}  {description}", value.name), indent, width + 2)
        };
        values.iter().flat_map(one).collect()
    }

    /// Names in lines of a bounded width.
    fn names_after(&self, what: &str, names: &[String], indent: usize) -> Vec<String> {
        match names {
            [] => Vec::new(),
            _ => wrap(
                &format!("{what}{}", names.join(", ")),
                self.width.unwrap_or(WIDTH).saturating_sub(indent),
                what.len(),
            ),
        }
    }

    /// A text's lines, which wrap on a terminal.
    fn lines(&self, text: Option<&str>, indent: usize) -> Vec<String> {
        text.into_iter().flat_map(str::lines).flat_map(|line| self.wrapped(line, indent, 0)).collect()
    }

    fn wrapped(&self, line: &str, indent: usize, hanging: usize) -> Vec<String> {
        match self.width {
            Some(width) => wrap(line, width.saturating_sub(indent), hanging),
            None => vec![line.to_owned()],
        }
    }
}

/// Wraps a line at blanks; the lines after the first are indented by `hanging`. A longer word is not broken.
fn wrap(line: &str, room: usize, hanging: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_inclusive(' ') {
        match lines.last_mut() {
            Some(last) if last.trim().is_empty() || last.width() + word.trim_end().width() <= room => {
                last.push_str(word);
            }
            _ => lines.push(format!("{:hanging$}{word}", "")),
        }
    }
    lines
}

fn indented(indent: usize, line: &str) -> String {
    format!("{:indent$}{}", "", sanitize::control(line))
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_wrap_at_blanks() {
        assert_eq!(wrap("The name that people see.", 9, 0), ["The name ", "that ", "people ", "see."]);
        assert_eq!(wrap("values: ONE, TWO, THREE", 13, 8), ["values: ONE, ", "        TWO, ", "        THREE"]);
        assert_eq!(
            wrap("  a_word_wider_than_the_room of 이름 이름", 8, 2),
            ["  a_word_wider_than_the_room ", "  of ", "  이름 ", "  이름"]
        );
        assert_eq!((wrap("", 0, 0), wrap("a b", 0, 0)), (vec![String::new()], vec!["a ".into(), "b".into()]));
    }
}
