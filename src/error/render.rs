//! Errors as lines of text and as JSON. All of it is sanitized and masked here.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde_json::{Map, Value, json};

use super::{Error, ErrorKind, Problem, code_name, details};
use crate::secret::mask;
use crate::text::sanitize;
use crate::text::value_ext::map_texts;

impl Error {
    /// Renders what failed and why on one line, for a warning in the error's place.
    pub fn summary(&self) -> String {
        let parts = self.problems.iter().flat_map(|problem| {
            let location = problem.location.iter().map(ToString::to_string);
            location.chain([problem.message.clone()]).chain(problem.causes.iter().cloned())
        });
        mask::mask_known(&parts.collect::<Vec<_>>().join(": ")).into_owned()
    }

    /// Renders lines for people, each ended; `label` styles a line's first word ("error", "hint").
    pub fn to_text(&self, label: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        let mut line = |word: &str, line: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{} {}", label(word), sanitize::control(&mask::mask_known(line)));
        };
        for (index, problem) in self.problems.iter().enumerate() {
            let location = problem.location.as_ref().map(|location| format!("{location}: ")).unwrap_or_default();
            line("error", &format!("{location}{}", shortened(&problem.message)));
            problem.causes.iter().for_each(|cause| line("cause", cause));
            if index == 0 {
                self.details.iter().flat_map(details::lines).for_each(|detail| line("detail", &detail));
            }
            problem.hints.iter().for_each(|hint| line("hint", &shortened(hint)));
        }
        text
    }

    /// Renders one JSON object: the first problem's parts at the top, further problems under `more`.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("kind".into(), self.kind.name().into());
        object.insert("exit_code".into(), self.exit_code().into());
        if let ErrorKind::Status(code) = self.kind {
            object.insert("code".into(), code_name(code).into());
            object.insert("grpc_status".into(), (code as i32).into());
        }
        if let Some(outcome) = self.outcome.name() {
            object.insert("outcome".into(), outcome.into());
        }
        object.extend(self.problems[0].to_json());
        if !self.details.is_empty() {
            object.insert("details".into(), self.details.iter().map(masked).collect());
        }
        if self.problems.len() > 1 {
            let more = self.problems[1..].iter().map(|problem| Value::Object(problem.to_json()));
            object.insert("more".into(), more.collect());
        }
        Value::Object(object)
    }

    /// As [`Error::to_json`], with the run's `others` after the further problems.
    pub fn to_json_with(&self, others: &[&Self]) -> Value {
        let mut object = self.to_json();
        if let (Value::Object(object), [_, ..]) = (&mut object, others)
            && let Value::Array(more) = object.entry("more").or_insert_with(|| json!([]))
        {
            more.extend(others.iter().map(|other| other.to_json()));
        }
        object
    }
}

impl Problem {
    fn to_json(&self) -> Map<String, Value> {
        let text = |text: &String| Value::from(mask::mask_known(text));
        let mut object = Map::new();
        object.insert("message".into(), text(&shortened(&self.message).into_owned()));
        if let Some(at) = &self.location {
            object.insert("location".into(), json!({"source": at.source, "line": at.line, "column": at.column}));
        }
        for (key, texts) in [("causes", &self.causes), ("hints", &self.hints)] {
            if !texts.is_empty() {
                object.insert(key.into(), texts.iter().map(text).collect());
            }
        }
        object
    }
}

/// `text` without its middle if it is very long: it repeats what was typed or is in a file.
fn shortened(text: &str) -> Cow<'_, str> {
    const PART: usize = 1000;
    let count = text.chars().count();
    if count <= 2 * PART {
        return text.into();
    }
    let (start, end): (String, String) = (text.chars().take(PART).collect(), text.chars().skip(count - PART).collect());
    format!("{start} ... {end}").into()
}

fn masked(value: &Value) -> Value {
    map_texts(value, &|text| mask::mask_known(text).into_owned())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text(|word| format!("{word}:")).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;
    use crate::error::Location;

    #[test]
    fn text_says_what_then_why_then_what_to_do() {
        let at = Location { source: "spec.yml".into(), line: 3, column: 1 };
        let error = Error::local("imge: no such field").at(Some(at)).cause("because").hint("image?");
        assert_eq!(error.to_string(), "error: spec.yml:3:1: imge: no such field\ncause: because\nhint: image?");
    }

    #[test]
    fn a_server_cannot_write_to_the_terminal_through_an_error() {
        assert_eq!(Error::local("a\x1b[2Jb").to_string(), "error: a\\u{1b}[2Jb");
    }

    #[test]
    fn json_holds_the_same() {
        let error = Error::status(Code::AlreadyExists, "refused").cause("ERROR_X: y").hint("z");
        assert_eq!(
            error.to_json(),
            json!({
                "kind": "status", "exit_code": 70, "code": "ALREADY_EXISTS", "grpc_status": 6,
                "message": "refused", "causes": ["ERROR_X: y"], "hints": ["z"]
            })
        );
    }
}
