//! Emits the events of messages that were checked.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::any_types::type_name;
use super::plan::{DecodePlan, FieldIndex, FieldPlan, JsonForm, MessageIndex, MessagePlan, Multiplicity, ValueKind};
use super::scalar::{Scalar, double, float, json_number, utf8};
use super::sink::{Sink, emit_value};
use super::spans::{FieldSpans, Span, Workspace, find_in, values};
use crate::codec::wire_format::{MAX_DEPTH, Malformed, Reader, fixed64};

/// A depth that no checked message reaches: an `Any` is up to [`MAX_DEPTH`] deep, the last `Any` that is opened in it
/// as much deeper, and the message in that one as much again.
const MAX_EMITTED: usize = 4 * MAX_DEPTH;

impl DecodePlan {
    /// Emits a message to `sink`.
    ///
    /// # Errors
    /// As [`DecodePlan::check`]; none if that had none.
    pub fn emit(
        &self,
        index: MessageIndex,
        bytes: &[u8],
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        let any_depth = workspace.any_depth;
        if any_depth > 0 {
            workspace.any_depth += 1;
        }
        let emitted = self.emit_message(self.message(index), bytes, sink, workspace);
        workspace.any_depth = any_depth;
        emitted
    }

    fn emit_message(
        &self,
        message: &MessagePlan,
        bytes: &[u8],
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        workspace.depth += 1;
        if workspace.depth > MAX_EMITTED {
            return Err(Malformed::Depth);
        }
        let found = find_in(message, bytes, workspace)?;
        match message.form {
            JsonForm::Value => self.emit_json_value(message, bytes, found, sink, workspace)?,
            JsonForm::Contents => self.emit_field(message, 0, bytes, found, sink, workspace)?,
            JsonForm::Wrapper if found.has(0, workspace) => {
                self.emit_field(message, 0, bytes, found, sink, workspace)?;
            }
            JsonForm::Wrapper => self.emit_default(&message.fields[0], sink, workspace)?,
            JsonForm::Any if self.emit_any(bytes, found, sink, workspace)? => {}
            JsonForm::Timestamp | JsonForm::Duration | JsonForm::FieldMask
                if self.write_text(message, bytes, found, workspace)? =>
            {
                sink.text(&workspace.text);
            }
            // Without a text or a known type, they are shown by their fields.
            _ => self.emit_mapping(message, |_| true, bytes, found, sink, workspace)?,
        }
        workspace.leave(found);
        workspace.depth -= 1;
        Ok(())
    }

    /// As [`DecodePlan::emit`], but only the fields with these `names`; all fields where none of them is set, or where
    /// the message is not a mapping of its fields.
    ///
    /// # Errors
    /// As [`DecodePlan::emit`].
    pub fn emit_some(
        &self,
        index: MessageIndex,
        names: &[&str],
        bytes: &[u8],
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        let message = self.message(index);
        let found = find_in(message, bytes, workspace)?;
        let is_named = |at: FieldIndex| names.contains(&message.fields[at].name.as_str());
        if message.form == JsonForm::Fields && found.fields(workspace).any(is_named) {
            self.emit_mapping(message, is_named, bytes, found, sink, workspace)?;
            workspace.leave(found);
            return Ok(());
        }
        workspace.leave(found);
        self.emit(index, bytes, sink, workspace)
    }

    /// Emits some of the fields that were `found` in a message, as a mapping.
    fn emit_mapping(
        &self,
        message: &MessagePlan,
        is_wanted: impl Fn(FieldIndex) -> bool,
        bytes: &[u8],
        found: FieldSpans,
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        sink.begin_mapping();
        self.emit_entries(message, is_wanted, bytes, found, sink, workspace)?;
        sink.end_mapping();
        Ok(())
    }

    /// Emits some of the fields that were `found`, as entries of a mapping that has begun.
    fn emit_entries(
        &self,
        message: &MessagePlan,
        is_wanted: impl Fn(FieldIndex) -> bool,
        bytes: &[u8],
        found: FieldSpans,
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        for (at, field) in message.fields.iter().enumerate() {
            if found.has(at, workspace) && is_wanted(at) {
                sink.key(&field.name);
                self.emit_field(message, at, bytes, found, sink, workspace)?;
            }
        }
        Ok(())
    }

    /// Emits a field that is set, as it was `found` in its message.
    fn emit_field(
        &self,
        message: &MessagePlan,
        at: FieldIndex,
        bytes: &[u8],
        found: FieldSpans,
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        let field = &message.fields[at];
        let span = found.span(at, workspace);
        match (field.multiplicity, field.kind) {
            // A message in parts is their concatenation
            // (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
            (Multiplicity::One, ValueKind::Message(index)) if span.is_repeated => {
                let mut whole = Vec::new();
                for entry in values(field, span, bytes) {
                    whole.extend_from_slice(&bytes[entry?.value]);
                }
                self.emit(index, &whole, sink, workspace)
            }
            (Multiplicity::One, kind) => self.emit_single(kind, span.value(bytes)?, sink, workspace),
            (Multiplicity::List, _) => self.emit_list(field, span, bytes, sink, workspace),
            (Multiplicity::Map { key }, _) => self.emit_map((field, key), span, bytes, sink, workspace),
        }
    }

    fn emit_list(
        &self,
        field: &FieldPlan,
        span: Span,
        bytes: &[u8],
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        sink.begin_list();
        for entry in values(field, span, bytes) {
            let entry = entry?;
            let value = &bytes[entry.value];
            if field.is_packed(entry.wire) {
                let mut packed = Reader::new(value);
                while let Some(range) = packed.packed(field.kind.wire())? {
                    self.emit_single(field.kind, &value[range], sink, workspace)?;
                }
            } else {
                self.emit_single(field.kind, value, sink, workspace)?;
            }
        }
        sink.end_list();
        Ok(())
    }

    /// `google.protobuf.Value`: its set field, or null.
    fn emit_json_value(
        &self,
        message: &MessagePlan,
        bytes: &[u8],
        found: FieldSpans,
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        let set = found.fields(workspace).next();
        match set.map(|at| (at, message.fields[at].kind)) {
            None | Some((_, ValueKind::Enum(_))) => sink.null(),
            Some((at, ValueKind::Double)) => {
                let number = f64::from_bits(fixed64(workspace.value(at, bytes, found)?)?);
                emit_value(&json_number(number), sink);
            }
            Some((at, _)) => self.emit_field(message, at, bytes, found, sink, workspace)?,
        }
        Ok(())
    }

    /// `google.protobuf.Any`: the type's URL and the message's fields, or `value` if its form is not a mapping of them.
    /// Returns `false` if the type is unknown, the bytes are not of that type, or too many of them are in each other.
    fn emit_any(
        &self,
        bytes: &[u8],
        found: FieldSpans,
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<bool, Malformed> {
        let value = |at| if found.has(at, workspace) { workspace.value(at, bytes, found) } else { Ok(&[][..]) };
        let (address, bytes) = (utf8(value(0)?)?, value(1)?);
        let Some(index) = type_name(address).and_then(|name| self.index_of(name)) else { return Ok(false) };
        if workspace.any_depth > MAX_DEPTH || self.check(index, bytes).is_err() {
            return Ok(false);
        }
        let message = self.message(index);
        let any_depth = workspace.any_depth;
        workspace.any_depth += 1;
        sink.begin_mapping();
        sink.key("@type");
        sink.text(address);
        if message.form == JsonForm::Fields {
            let found = find_in(message, bytes, workspace)?;
            self.emit_entries(message, |_| true, bytes, found, sink, workspace)?;
            workspace.leave(found);
        } else {
            sink.key("value");
            self.emit_message(message, bytes, sink, workspace)?;
        }
        sink.end_mapping();
        workspace.any_depth = any_depth;
        Ok(true)
    }

    pub(super) fn emit_single(
        &self,
        kind: ValueKind,
        bytes: &[u8],
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        match kind {
            ValueKind::Message(index) => return self.emit(index, bytes, sink, workspace),
            _ => self.emit_scalar(kind, Scalar::read(kind, bytes)?, sink, workspace),
        }
        Ok(())
    }

    /// Emits the value of a field that was not sent; for a map field, the value of an entry that has none.
    pub(super) fn emit_default(
        &self,
        field: &FieldPlan,
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        match (Scalar::from_default(&field.default), field.kind) {
            (Some(value), kind) => self.emit_scalar(kind, value, sink, workspace),
            (None, ValueKind::Message(index)) => return self.emit(index, &[], sink, workspace),
            (None, _) => sink.null(),
        }
        Ok(())
    }

    fn emit_scalar(&self, kind: ValueKind, value: Scalar<'_>, sink: &mut impl Sink, workspace: &mut Workspace) {
        match value {
            Scalar::Bool(value) => sink.bool(value),
            Scalar::Int32(number) => sink.number(number.into()),
            Scalar::Uint32(number) => sink.number(number.into()),
            Scalar::Int64(number) => emit_long(number, sink, workspace),
            Scalar::Uint64(number) => emit_long(number, sink, workspace),
            Scalar::Float(number) => emit_value(&float(number), sink),
            Scalar::Double(number) => emit_value(&double(number), sink),
            Scalar::Text(text) => sink.text(text),
            Scalar::Bytes(bytes) => {
                workspace.text.clear();
                STANDARD.encode_string(bytes, &mut workspace.text);
                sink.text(&workspace.text);
            }
            Scalar::Enum(number) => match self.enum_name(kind, number) {
                Some(name) => sink.text(name),
                // Newer than the descriptor: better a number than nothing.
                None => sink.number(number.into()),
            },
        }
    }
}

/// 64-bit integers are texts in JSON.
fn emit_long(number: impl std::fmt::Display, sink: &mut impl Sink, workspace: &mut Workspace) {
    workspace.text.clear();
    // Writing to a String cannot fail.
    let _ = write!(workspace.text, "{number}");
    sink.text(&workspace.text);
}
