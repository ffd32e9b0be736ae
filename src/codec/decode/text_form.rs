//! Timestamps, durations and field masks, which are texts in JSON.

use std::fmt::Write as _;
use std::ops::Range;

use super::plan::{DecodePlan, JsonForm, MessagePlan};
use super::scalar::{int32, utf8};
use super::spans::{FieldSpans, Workspace, values};
use crate::codec::wire_format::{Malformed, number};

/// The years 1 to 9999 in seconds, as the JSON form of a timestamp has them.
const SECONDS: Range<i64> = -62_135_596_800..253_402_300_800;
/// The longest duration in seconds: 10,000 years.
const LONGEST: u64 = 315_576_000_000;
/// The parts of a second.
const NANOS: u32 = 1_000_000_000;

impl DecodePlan {
    /// Writes the text of a message to the workspace, and says whether it has one.
    pub(super) fn write_text(
        &self,
        message: &MessagePlan,
        bytes: &[u8],
        found: FieldSpans,
        workspace: &mut Workspace,
    ) -> Result<bool, Malformed> {
        workspace.text.clear();
        match message.form {
            JsonForm::Timestamp | JsonForm::Duration => write_moment(message.form, bytes, found, workspace),
            JsonForm::FieldMask if found.has(0, workspace) => {
                let span = found.span(0, workspace);
                let mut paths = values(&message.fields[0], span, bytes);
                paths.try_fold(true, |has_text, path| {
                    if !workspace.text.is_empty() {
                        workspace.text.push(',');
                    }
                    let path = utf8(&bytes[path?.value])?;
                    Ok(has_text && push_camel_case(path, &mut workspace.text))
                })
            }
            JsonForm::FieldMask => Ok(true),
            _ => Ok(false),
        }
    }
}

fn write_moment(form: JsonForm, bytes: &[u8], found: FieldSpans, workspace: &mut Workspace) -> Result<bool, Malformed> {
    let value = |at| found.has(at, workspace).then(|| workspace.value(at, bytes, found)).transpose();
    let seconds = value(0)?.map_or(Ok(0), number)?.cast_signed();
    let nanos = value(1)?.map_or(Ok(0), int32)?;
    // Writing to a String cannot fail.
    let _ = match form {
        // Whatever `nanos` is: prost adds more than a second to the seconds.
        JsonForm::Timestamp if SECONDS.contains(&seconds) => {
            write!(workspace.text, "{}", prost_types::Timestamp { seconds, nanos })
        }
        JsonForm::Duration
            if seconds.unsigned_abs() <= LONGEST
                && nanos.unsigned_abs() < NANOS
                && (seconds == 0 || nanos == 0 || (seconds > 0) == (nanos > 0)) =>
        {
            write!(workspace.text, "{}", prost_types::Duration { seconds, nanos })
        }
        _ => return Ok(false),
    };
    Ok(true)
}

/// Appends a path of field names as JSON has it; `false` if it would not lead back to the same names.
fn push_camel_case(path: &str, text: &mut String) -> bool {
    let mut after_underscore = false;
    for c in path.chars() {
        match c {
            'A'..='Z' => return false,
            '.' => text.push(c),
            'a'..='z' if after_underscore => text.push(c.to_ascii_uppercase()),
            _ if after_underscore => return false,
            '_' => {}
            _ => text.push(c),
        }
        after_underscore = c == '_';
    }
    true
}
