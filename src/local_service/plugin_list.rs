//! The response of `Plugin.list`, encoded row by row.

use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, int32, message, skip_field};
use prost::{DecodeError, Message};

use super::proto::repository::v1::PluginInfo;
use super::service_error::ServiceError;
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// A `PluginsInfo` whose rows are encoded: decoded, a long list is many times as large.
#[derive(Clone, Debug, Default)]
pub struct EncodedPlugins {
    results: Vec<u8>,
    pub total_count: usize,
}

impl EncodedPlugins {
    /// Adds a row.
    ///
    /// # Errors
    /// The rows are longer than a message can be.
    pub fn push(&mut self, plugin: &PluginInfo) -> Result<(), ServiceError> {
        message::encode(1, plugin, &mut self.results);
        match self.results.len() {
            size if size > MAX_MESSAGE_SIZE => Err(ServiceError::ListSize { size }),
            _ => Ok(()),
        }
    }

    fn total(&self) -> i32 {
        i32::try_from(self.total_count).unwrap_or(i32::MAX)
    }
}

impl Message for EncodedPlugins {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.results);
        if self.total_count > 0 {
            int32::encode(2, &self.total(), buf);
        }
    }

    fn encoded_len(&self) -> usize {
        self.results.len() + if self.total_count > 0 { int32::encoded_len(2, &self.total()) } else { 0 }
    }

    /// A service only sends it.
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        skip_field(wire_type, tag, buf, context)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}
