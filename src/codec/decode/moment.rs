//! Moments and durations, which are texts.

use std::fmt::Write as _;
use std::ops::Range;

use super::find::{Scratch, find_in};
use super::plan::{Form, Message, Plan};
use super::scalar::int32;
use crate::codec::wire_format::{Odd, number};

/// The years 1 to 9999 in seconds, as the JSON form of a timestamp has them.
const SECONDS: Range<i64> = -62_135_596_800..253_402_300_800;
/// The longest duration in seconds: 10,000 years.
const LONGEST: u64 = 315_576_000_000;
/// The parts of a second.
const NANOS: u32 = 1_000_000_000;

impl Plan {
    /// The text of a timestamp or a duration, in `scratch`.
    pub(super) fn moment(&self, message: &Message, bytes: &[u8], scratch: &mut Scratch) -> Result<(), Odd> {
        let found = find_in(message, usize::MAX, bytes, scratch)?;
        let value = |at| if found.has(at) { scratch.slots[found.base + at].value(bytes).map(Some) } else { Ok(None) };
        let seconds = value(0)?.map_or(Ok(0), number)?.cast_signed();
        let nanos = value(1)?.map_or(Ok(0), int32)?;
        scratch.leave(found);
        scratch.text.clear();
        // Writing to a String cannot fail.
        let _ = match message.form {
            Form::Timestamp if SECONDS.contains(&seconds) && nanos >= 0 && nanos.unsigned_abs() < NANOS => {
                write!(scratch.text, "{}", prost_types::Timestamp { seconds, nanos })
            }
            Form::Duration
                if seconds.unsigned_abs() <= LONGEST
                    && nanos.unsigned_abs() < NANOS
                    && (seconds == 0 || nanos == 0 || (seconds > 0) == (nanos > 0)) =>
            {
                write!(scratch.text, "{}", prost_types::Duration { seconds, nanos })
            }
            _ => return Err(Odd),
        };
        Ok(())
    }
}
