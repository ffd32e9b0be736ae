//! Where the fields of a message are in its bytes.

use super::plan::{FieldIndex, FieldPlan, MessagePlan, Multiplicity, ValueKind};
use super::scalar::Scalar;
use crate::codec::wire_format::{Entry, Malformed, Reader};

/// Memory that reading works in, reused from one message to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) spans: Vec<Span>,
    /// Spans that are in use.
    used: usize,
    pub(super) depth: usize,
    /// How many messages are around this one since the outermost `Any`, that included.
    pub(super) any_depth: usize,
    pub(super) text: String,
}

/// Where the values of a field are in their message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    is_set: bool,
    /// It came at least once.
    is_present: bool,
    /// It came more than once.
    pub is_repeated: bool,
    /// Where the key of the first value begins.
    first: u32,
    /// The last value.
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn value(self, bytes: &[u8]) -> Result<&[u8], Malformed> {
        bytes.get(to_usize(self.start)..to_usize(self.end)).ok_or(Malformed::Truncated)
    }

    #[inline(always)]
    fn add(&mut self, field: &FieldPlan, entry: &Entry, bytes: &[u8]) -> Result<(), Malformed> {
        if self.is_present {
            self.is_repeated = true;
        } else {
            self.first = to_u32(entry.key)?;
            self.is_present = true;
        }
        (self.start, self.end) = (to_u32(entry.value.start)?, to_u32(entry.value.end)?);
        self.is_set = match field.multiplicity {
            Multiplicity::One => field.has_presence || !is_default(field, &bytes[entry.value.clone()])?,
            // An empty piece adds nothing, and takes nothing away.
            Multiplicity::List if entry.value.is_empty() && field.is_packed(entry.wire) => self.is_set,
            Multiplicity::List | Multiplicity::Map { .. } => true,
        };
        Ok(())
    }
}

/// The fields that were found in one message; valid until [`Workspace::leave`].
#[derive(Clone, Copy, Debug)]
pub struct FieldSpans {
    /// The span of the first field.
    base: usize,
    pub(super) count: usize,
}

impl FieldSpans {
    /// Whether the field is set: a list or mapping with something in it, a message, or a value that differs from one
    /// that was never sent.
    pub fn has(self, field: FieldIndex, workspace: &Workspace) -> bool {
        field < self.count && workspace.spans[self.base + field].is_set
    }

    /// The fields that are set, in the order of their numbers.
    pub fn fields(self, workspace: &Workspace) -> impl Iterator<Item = FieldIndex> {
        (0..self.count).filter(move |field| self.has(*field, workspace))
    }

    pub(super) fn span(self, field: FieldIndex, workspace: &Workspace) -> Span {
        workspace.spans[self.base + field]
    }
}

impl Workspace {
    /// The value of a field that has one, or its last one.
    ///
    /// # Errors
    /// `bytes` are not those in which the field was found.
    pub fn value<'a>(&self, field: FieldIndex, bytes: &'a [u8], found: FieldSpans) -> Result<&'a [u8], Malformed> {
        found.span(field, self).value(bytes)
    }

    /// Forgets what was found in a message.
    pub fn leave(&mut self, found: FieldSpans) {
        self.used = found.base;
    }
}

pub(super) fn find_in(message: &MessagePlan, bytes: &[u8], workspace: &mut Workspace) -> Result<FieldSpans, Malformed> {
    let found = FieldSpans { base: workspace.used, count: message.fields.len() };
    let end = found.base + found.count;
    if workspace.spans.len() < end {
        workspace.spans.resize(end, Span::default());
    }
    let spans = &mut workspace.spans[found.base..end];
    spans.fill(Span::default());
    let mut entries = Entries::new(message, bytes);
    while let Some((at, field, entry)) = entries.next()? {
        // Of the members of a oneof, the last one counts.
        field.rivals.iter().for_each(|rival| spans[*rival] = Span::default());
        spans[at].add(field, &entry, bytes)?;
    }
    workspace.used = end;
    Ok(found)
}

/// The known fields of one message, in the order in which they come.
pub(super) struct Entries<'a> {
    message: &'a MessagePlan,
    reader: Reader<'a>,
    next: FieldIndex,
}

impl<'a> Entries<'a> {
    pub(super) fn new(message: &'a MessagePlan, bytes: &'a [u8]) -> Self {
        Self { message, reader: Reader::new(bytes), next: 0 }
    }

    /// The next known field, with its index.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<(FieldIndex, &'a FieldPlan, Entry)>, Malformed> {
        while let Some(entry) = self.reader.entry()? {
            let Some(at) = self.message.index_of(entry.number, self.next) else { continue };
            let field = &self.message.fields[at];
            if !field.takes(entry.wire) {
                return Err(Malformed::WireType);
            }
            // A list's items follow each other.
            self.next = if matches!(field.multiplicity, Multiplicity::One) { at + 1 } else { at };
            return Ok(Some((at, field, entry)));
        }
        Ok(None)
    }
}

/// The values of one field, from its first to its last.
pub(super) fn values<'a>(
    field: &FieldPlan,
    span: Span,
    bytes: &'a [u8],
) -> impl Iterator<Item = Result<Entry, Malformed>> + use<'a> {
    let (number, end) = (field.number, to_usize(span.end));
    let mut reader = Reader::starting_at(bytes, to_usize(span.first));
    std::iter::from_fn(move || {
        loop {
            match reader.entry().transpose()? {
                Ok(entry) if entry.value.end > end => return None,
                Ok(entry) if entry.number != number => {}
                entry => return Some(entry),
            }
        }
    })
}

/// Whether a value is the one of a field that was not sent.
fn is_default(field: &FieldPlan, bytes: &[u8]) -> Result<bool, Malformed> {
    match field.kind {
        ValueKind::String | ValueKind::Bytes => Ok(bytes.is_empty()),
        ValueKind::Message(_) => Ok(false),
        kind => Ok(Some(Scalar::read(kind, bytes)?) == Scalar::from_default(&field.default)),
    }
}

pub(super) fn to_u32(offset: usize) -> Result<u32, Malformed> {
    u32::try_from(offset).map_err(|_| Malformed::Size)
}

pub(super) fn to_usize(offset: u32) -> usize {
    // A message in memory has no offset that does not fit.
    usize::try_from(offset).unwrap_or(usize::MAX)
}
