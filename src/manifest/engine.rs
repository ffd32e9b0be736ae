//! Compiles templates and renders them on values, never on text to be parsed.

use std::collections::{BTreeMap, HashSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value as TemplateValue, escape_formatter};
use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::placeholder::{UnknownValue, Uses};
use super::template::{CLOSE, OPEN, Rendered, TemplateText, TemplateTree, TextForm};
use super::written::{SeenNumbers, WrittenNumbers, numbers_in};
use crate::error::Problem;
use crate::schema::field_path::FieldPath;

/// The most steps of one template: a loop over a million items ends as an error, not never.
const FUEL: u64 = 1_000_000;

/// Compiles and renders templates.
pub struct Engine {
    environment: Environment<'static>,
    /// In a dry run: whether a value that is not known was used.
    uses: Option<Uses>,
    seen: SeenNumbers,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(&SeenNumbers::default())
    }
}

impl Engine {
    /// For values that note numbers in `seen`.
    pub fn new(seen: &SeenNumbers) -> Self {
        let mut environment = environment();
        let numbers = seen.clone();
        environment.set_formatter(move |out, state, value| match value.kind() {
            ValueKind::Number => Ok(out.write_str(&numbers.text(value))?),
            _ => escape_formatter(out, state, value),
        });
        Self { environment, uses: None, seen: seen.clone() }
    }

    /// As [`Engine::new`], for conditions: a text in them is compared, not given to a shell.
    pub fn for_conditions(seen: &SeenNumbers) -> Self {
        let Self { mut environment, .. } = Self::new(seen);
        let numbers = seen.clone();
        environment.add_filter("as_written", move |value: TemplateValue| match value.kind() {
            ValueKind::Number => numbers.text(&value).into(),
            _ => value,
        });
        environment.add_filter("quote", |value: TemplateValue| value);
        environment.add_filter("literal", |value: TemplateValue| {
            let number = value.as_str().and_then(|text| serde_json::from_str::<Number>(text).ok());
            number.map_or(value, |number| from_json(&number))
        });
        Self { environment, uses: None, seen: seen.clone() }
    }

    /// For a dry run, in which values are not known that count their `uses`.
    #[must_use]
    pub fn with_unknown(self, uses: &Uses) -> Self {
        Self { uses: Some(uses.clone()), ..self }
    }

    /// Does `work`, and also says whether its result is not known.
    fn tracked<T>(&self, work: impl FnOnce() -> T) -> (T, bool) {
        self.seen.clear();
        let Some(uses) = &self.uses else { return (work(), false) };
        uses.take();
        (work(), uses.take())
    }

    /// The names that a text uses, as in `tasks.a.output.b`.
    ///
    /// # Errors
    /// It cannot be compiled, or uses a filter, a test or a function that does not exist.
    pub fn names(&self, text: &TemplateText) -> Result<HashSet<String>, Problem> {
        match &text.form {
            TextForm::Plain(_) => Ok(HashSet::new()),
            TextForm::Expression(expression) => self.names_of_expression(expression, text),
            TextForm::Mixed(template) => {
                let fault = |error| problem(&error, text);
                let compiled = self.environment.template_from_str(template).map_err(fault)?;
                let names = compiled.undeclared_variables(true);
                match compiled.render(UnknownValue::context()) {
                    Err(error) if is_of_language(&error) => Err(fault(error)),
                    _ => Ok(self.without_functions(names)),
                }
            }
        }
    }

    pub fn names_of_expression(&self, expression: &str, text: &TemplateText) -> Result<HashSet<String>, Problem> {
        let fault = |error| problem(&error, text);
        let compiled = self.environment.compile_expression(expression).map_err(fault)?;
        let names = compiled.undeclared_variables(true);
        match compiled.eval(UnknownValue::context()) {
            Err(error) if is_of_language(&error) => Err(fault(error)),
            _ => Ok(self.without_functions(names)),
        }
    }

    fn without_functions(&self, mut names: HashSet<String>) -> HashSet<String> {
        let functions: HashSet<&str> = self.environment.globals().map(|(name, _)| name).collect();
        names.retain(|name| !functions.contains(name.as_str()));
        names
    }

    /// The value of an expression; `None` if it is not known.
    pub fn evaluate(
        &self,
        expression: &str,
        context: &TemplateValue,
    ) -> Result<Option<TemplateValue>, minijinja::Error> {
        let (value, is_unknown) =
            self.tracked(|| self.environment.compile_expression(expression)?.eval(context.clone()));
        if is_unknown { Ok(None) } else { value.map(Some) }
    }

    /// Renders to a text.
    pub fn text(&self, text: &TemplateText, context: &TemplateValue) -> Result<String, Problem> {
        self.known_text(text, context).map(|(text, _)| text)
    }

    /// Renders to a text, and also says whether a part of it is not known.
    fn known_text(&self, text: &TemplateText, context: &TemplateValue) -> Result<(String, bool), Problem> {
        let template = match &text.form {
            TextForm::Plain(text) => return Ok((text.clone(), false)),
            TextForm::Expression(expression) => &format!("{OPEN}{expression}{CLOSE}"),
            TextForm::Mixed(template) => template,
        };
        match self.tracked(|| self.environment.render_str(template, context.clone())) {
            (Err(_), true) => Ok((UnknownValue::text(template), true)),
            (rendered, is_unknown) => {
                rendered.map(|rendered| (rendered, is_unknown)).map_err(|error| problem(&error, text))
            }
        }
    }

    /// Renders every text of `tree`.
    pub fn render(&self, tree: &TemplateTree, context: &TemplateValue) -> Result<Rendered, Problem> {
        let mut rendered = Rendered::default();
        rendered.value = self.value(tree, context, &mut FieldPath::default(), &mut rendered)?;
        Ok(rendered)
    }

    fn value(
        &self,
        tree: &TemplateTree,
        context: &TemplateValue,
        path: &mut FieldPath,
        rendered: &mut Rendered,
    ) -> Result<Value, Problem> {
        match tree {
            TemplateTree::Value(value) => Ok(value.clone()),
            TemplateTree::Number(written) => {
                rendered.numbers.insert(path.clone(), written.clone());
                Ok(written.number.clone().into())
            }
            TemplateTree::Text(text) => {
                let (value, is_unknown) = self.scalar(text, context, |numbers| {
                    rendered.numbers.replace_at(path, numbers);
                })?;
                if value.is_string() && text.plain().is_none() {
                    rendered.templated.insert(path.clone());
                }
                if is_unknown {
                    rendered.unknown.insert(path.clone());
                }
                Ok(value)
            }
            TemplateTree::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    path.push_index(index);
                    values.push(self.value(item, context, path, rendered)?);
                    path.pop();
                }
                Ok(values.into())
            }
            TemplateTree::Mapping(entries) => {
                let mut fields = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    let (name, is_unknown) = self.known_text(key, context)?;
                    path.push_key(name.clone());
                    if is_unknown {
                        rendered.unknown.insert(path.clone());
                    }
                    let value = self.value(value, context, path, rendered)?;
                    path.pop();
                    if fields.insert(name.clone(), value).is_some() {
                        let message = format!("the key `{name}` comes out twice");
                        return Err(Problem::new(message).at(Some(key.location())));
                    }
                }
                Ok(fields.into())
            }
        }
    }

    /// The value of a text, and whether it is not known. Of one expression it is what that yields, but a number becomes
    /// text unless it ends in `to_data`, so that a password of digits stays a text.
    /// The texts of numbers in a list or mapping go to `take_numbers`.
    fn scalar(
        &self,
        text: &TemplateText,
        context: &TemplateValue,
        take_numbers: impl FnOnce(WrittenNumbers),
    ) -> Result<(Value, bool), Problem> {
        let TextForm::Expression(expression) = &text.form else {
            return self.known_text(text, context).map(|(text, is_unknown)| (text.into(), is_unknown));
        };
        let fault = |error| problem(&error, text);
        let Some(value) = self.evaluate(expression, context).map_err(fault)? else {
            return Ok((UnknownValue::text(expression).into(), true));
        };
        let value = match value.kind() {
            ValueKind::Number if !ends_in_to_data(expression) => self.seen.text(&value).into(),
            // Only this fails where the value is undefined.
            ValueKind::Undefined => self.text(text, context)?.into(),
            _ => {
                take_numbers(numbers_in(&value));
                to_json(&value).map_err(fault)?
            }
        };
        Ok((value, false))
    }
}

fn ends_in_to_data(expression: &str) -> bool {
    let filter = expression.trim_end().strip_suffix("to_data").map(str::trim_end);
    filter.is_some_and(|before| before.ends_with('|'))
}

/// A value as templates see it.
pub fn from_json(value: &impl Serialize) -> TemplateValue {
    Serde(value).into()
}

/// A mapping as templates see it.
pub fn mapping<'a>(entries: impl IntoIterator<Item = (&'a str, TemplateValue)>) -> TemplateValue {
    let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
    TemplateValue::from_object(entries.collect::<BTreeMap<String, TemplateValue>>())
}

/// The JSON value of a template's value; whole numbers stay whole.
pub fn to_json(value: &TemplateValue) -> Result<Value, minijinja::Error> {
    serde_json::to_value(value).map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // No text has a NUL: YAML does not allow it.
    let syntax = SyntaxConfig::builder()
        .variable_delimiters(OPEN, CLOSE)
        .block_delimiters("{%", "%}")
        .comment_delimiters("\0#", "#\0")
        .keep_trailing_newline(true)
        .build();
    if let Ok(syntax) = syntax {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("to_data", |value: TemplateValue| value);
    environment.add_filter("quote", |text: String| {
        shlex::try_quote(&text).map(|quoted| quoted.into_owned()).map_err(|error| {
            minijinja::Error::new(ErrorKind::InvalidOperation, format!("cannot be quoted for a shell: {error}"))
        })
    });
    let length = |value: TemplateValue| {
        value.len().ok_or_else(|| {
            minijinja::Error::new(ErrorKind::InvalidOperation, format!("{} has no length", value.kind()))
        })
    };
    environment.add_filter("len", length);
    environment.add_function("len", length);
    // As Python writes them.
    environment.add_test("None", |value: TemplateValue| value.is_none());
    environment.add_test("True", |value: TemplateValue| value.kind() == ValueKind::Bool && value.is_true());
    environment.add_test("False", |value: TemplateValue| value.kind() == ValueKind::Bool && !value.is_true());
    environment
}

/// Whether an error is of the template, whatever its values are.
fn is_of_language(error: &minijinja::Error) -> bool {
    use ErrorKind::{SyntaxError, UnknownFilter, UnknownFunction, UnknownTest};
    matches!(error.kind(), SyntaxError | UnknownFilter | UnknownFunction | UnknownTest)
}

/// The problem of a template that cannot be compiled or rendered; shows no value.
pub fn problem(error: &minijinja::Error, text: &TemplateText) -> Problem {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let written = match &text.form {
        TextForm::Expression(expression) => format!(" in {OPEN}{expression}{CLOSE}"),
        TextForm::Plain(_) | TextForm::Mixed(_) => String::new(),
    };
    let kind = match error.kind() {
        ErrorKind::SyntaxError => "not a template",
        ErrorKind::UndefinedError => "a value is undefined",
        ErrorKind::OutOfFuel => "takes too many steps",
        ErrorKind::UnknownFilter => "unknown filter",
        ErrorKind::UnknownTest => "unknown test",
        ErrorKind::UnknownFunction => "unknown function",
        ErrorKind::UnknownMethod => "unknown method",
        _ => "cannot be rendered",
    };
    let problem = Problem::new(format!("{kind}{written}{detail}")).at(Some(text.location()));
    match error.kind() {
        ErrorKind::UndefinedError => problem.hint("use `| default('')` where a value may be missing"),
        _ => problem,
    }
}
