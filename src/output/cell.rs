//! What of a cell may reach a terminal.

use std::borrow::Cow;

use serde_json::Value;

use crate::escape;
use crate::view::cell_text;

/// A cell's text on one line, with nothing in it that a terminal would obey.
pub(super) fn shown(value: &Value) -> Cow<'_, str> {
    match cell_text(value) {
        Cow::Borrowed(text) => escape::control(text),
        Cow::Owned(text) => Cow::Owned(escape::control(&text).into_owned()),
    }
}
