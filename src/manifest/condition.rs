//! `if` of a task: one expression of the template language, never Python.

use minijinja::Value as TemplateValue;
use minijinja::value::ValueKind;

use super::engine::{Engine, problem};
use super::template::{CLOSE, OPEN, TemplateText};
use crate::error::Problem;

/// A task's `if`.
#[derive(Clone, Debug)]
pub struct Condition {
    pub text: TemplateText,
    /// The expression that `text` means.
    pub expression: String,
}

impl Condition {
    pub fn new(text: TemplateText) -> Self {
        let expression = expression(&text.written());
        Self { text, expression }
    }

    /// Whether the task runs; `None` if that is not known before a run.
    ///
    /// # Errors
    /// It cannot be evaluated, or yields neither true nor false.
    pub fn evaluate(&self, engine: &Engine, context: &TemplateValue) -> Result<Option<bool>, Problem> {
        let value = match engine.evaluate(&self.expression, context) {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(None),
            Err(error) => return Err(problem(&error, &self.text)),
        };
        let text = value.to_string();
        match (value.kind(), text.to_ascii_lowercase().as_str()) {
            (ValueKind::Bool, _) => Ok(Some(value.is_true())),
            (ValueKind::String, "true") => Ok(Some(true)),
            (ValueKind::String, "false") => Ok(Some(false)),
            (kind, _) => {
                let message = format!("`if` must yield true or false, and yields {}", described(kind));
                let hint = "compare it, e.g. ${{ var.name }} == 'a', or count it: ${{ var.list | length }} > 0";
                Err(Problem::new(message).at(Some(self.text.location())).hint(hint))
            }
        }
    }
}

/// A kind of value, for messages.
pub fn described(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Undefined => "an undefined value",
        ValueKind::None => "nothing",
        ValueKind::Number => "a number",
        ValueKind::String => "text",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        ValueKind::Map => "a mapping",
        _ => "another value",
    }
}

/// The expression that a text means: each `${{ e }}` is `(e)`, and inside of quotes `' ~ (e) ~ '`. Without quotes, a
/// text of digits is a number: `${{ tasks.count.output.result }} > 5`.
fn expression(text: &str) -> String {
    let close = if has_quotes(text) { ")" } else { " | literal)" };
    let mut result = String::with_capacity(text.len() + 8);
    // The quote that is open, and where it began in `result`.
    let mut quote: Option<(char, usize)> = None;
    let mut joins = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((inner, after)) = rest.strip_prefix(OPEN).and_then(split_at_close) {
            match quote {
                Some((mark, _)) => {
                    joins = true;
                    result += &format!("{mark} ~ (({}) | as_written) ~ {mark}", inner.trim());
                }
                None => result += &format!("(({}){close}", inner.trim()),
            }
            rest = after;
            continue;
        }
        result.push(c);
        rest = &rest[c.len_utf8()..];
        match (quote, c) {
            (Some(_), '\\') => {
                let escaped = rest.chars().next();
                result.extend(escaped);
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
            }
            (Some((mark, start)), c) if c == mark => {
                quote = None;
                // `~` binds less than a filter or a test.
                if std::mem::take(&mut joins) {
                    result.insert(start, '(');
                    result.push(')');
                }
            }
            (None, '\'' | '"') => quote = Some((c, result.len() - 1)),
            _ => {}
        }
    }
    result
}

/// Whether there are quotes outside of `${{ }}`.
fn has_quotes(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once(OPEN) {
        if before.contains(['\'', '"']) {
            return true;
        }
        rest = split_at_close(inner).map_or("", |(_, after)| after);
    }
    rest.contains(['\'', '"'])
}

/// Splits what follows `${{` at its `}}`, which is outside of quotes.
fn split_at_close(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (None, '}') if text[index..].starts_with(CLOSE) => {
                return Some((&text[..index], &text[index + CLOSE.len()..]));
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(mark), c) if c == mark => quote = None,
            _ => {}
        }
    }
    text.split_once(CLOSE)
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;
    use crate::manifest::written::SeenNumbers;
    use crate::yaml::Mark;

    fn evaluate(text: &str) -> Result<Option<bool>, String> {
        let values = context! { var => context! {
            x => "a", on => true, off => "False", list => ["a", "b"], none => (), n => 5, digits => "7", quote => "it's",
        } };
        let condition = Condition::new(TemplateText::new(&"m.yml".into(), Mark::START, text));
        condition.evaluate(&Engine::for_conditions(&SeenNumbers::default()), &values).map_err(|problem| problem.message)
    }

    #[test]
    fn a_condition_means_what_it_says() {
        for (text, expected) in [
            ("true", true),
            ("False", false),
            ("${{ var.x }} == 'a'", true),
            ("'${{ var.x }}' == 'a'", true),
            ("\"${{ var.x }}-${{ var.n }}\" == 'a-5'", true),
            ("'${{ var.quote }}' == \"it's\"", true),
            ("${{ var.x == 'a' }}", true),
            ("not ${{ var.on }}", false),
            ("${{ var.off }}", false),
            ("${{ var.on }} and not ${{ var.list | length > 2 }}", true),
            ("len('${{ var.x }}') == 0", false),
            ("len(${{ var.list }}) == 2", true),
            ("${{ var.none }} is None", true),
            ("'a' in ${{ var.list }}", true),
            ("'${{ var.x }}' is defined and '${{ var.x | quote }}' != '}}'", true),
            ("${{ var.missing is defined }}", false),
            ("${{ var.n }} > 4", true),
            ("${{ var.digits }} > 50", false),
            ("${{ var.digits }} == 7", true),
            ("${{ var.digits }} == '7'", true),
        ] {
            assert_eq!(evaluate(text), Ok(Some(expected)), "{text}");
        }
    }

    #[test]
    fn anything_but_true_or_false_is_an_error() {
        for text in ["${{ var.n }}", "${{ var.x }}", "${{ var.list }}", "${{ var.missing }}", "__import__('os')", "1 +"]
        {
            assert!(evaluate(text).is_err(), "{text}: {:?}", evaluate(text));
        }
    }
}
