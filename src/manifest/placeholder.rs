//! Values that only a run yields, for checks and dry runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as TemplateValue};

use super::engine::mapping;

/// A value that is not known yet: it renders as its own path, e.g. `<tasks.domain.output.domain_id>`.
#[derive(Clone, Debug)]
pub struct UnknownValue {
    path: String,
    uses: Uses,
}

/// Whether a value that is not known was used since this was last taken: whatever is made of it is not known either.
#[derive(Clone, Debug, Default)]
pub struct Uses(Arc<AtomicBool>);

impl Uses {
    /// Whether there was one; from now on there is none.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl UnknownValue {
    pub fn value(path: impl Into<String>, uses: &Uses) -> TemplateValue {
        TemplateValue::from_object(Self { path: path.into(), uses: uses.clone() })
    }

    /// A context in which nothing is known.
    pub fn context() -> TemplateValue {
        let uses = Uses::default();
        mapping(["var", "env", "tasks", "item"].map(|name| (name, Self::value(name, &uses))))
    }

    /// The text in place of what `template` would yield.
    pub fn text(template: &str) -> String {
        format!("<{}>", template.replace("${{", "").replace("}}", "").trim())
    }
}

impl Object for UnknownValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &TemplateValue) -> Option<TemplateValue> {
        self.uses.0.store(true, Ordering::Relaxed);
        let path = match key.as_str() {
            Some(name) => format!("{}.{name}", self.path),
            None => format!("{}[{key}]", self.path),
        };
        Some(Self::value(path, &self.uses))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uses.0.store(true, Ordering::Relaxed);
        write!(f, "<{}>", self.path)
    }
}
