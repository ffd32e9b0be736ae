//! Values that only a run yields, for checks and dry runs.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as TemplateValue};

use super::template::mapping;

/// A value that is not known yet: it renders as its own path, e.g. `<tasks.domain.output.domain_id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    path: String,
}

impl Placeholder {
    pub fn value(path: impl Into<String>) -> TemplateValue {
        TemplateValue::from_object(Self { path: path.into() })
    }

    /// A context in which nothing is known.
    pub fn context() -> TemplateValue {
        mapping(["var", "env", "tasks", "item"].map(|name| (name, Self::value(name))))
    }

    /// The text in place of what `template` would yield.
    pub fn text(template: &str) -> String {
        format!("<{}>", template.replace("${{", "").replace("}}", "").trim())
    }

    /// Whether `text` holds the rendered form of one.
    pub fn is_in(text: &str) -> bool {
        ["<var.", "<env.", "<tasks.", "<item"].iter().any(|start| text.contains(start))
    }
}

impl Object for Placeholder {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        let path = match key.as_str() {
            Some(name) => format!("{}.{name}", self.path),
            None => format!("{}[{key}]", self.path),
        };
        Some(Self::value(path))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.path)
    }
}
