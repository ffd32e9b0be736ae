//! `--dry-run`: shows requests instead of sending them.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::method::Method;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::output::view::Document;
use crate::secret::{self, MASK};
use crate::terminal::io_streams::IoStreams;

/// Shows each of `requests` with its endpoint, method and metadata.
pub fn show<'a>(
    method: &Method,
    requests: impl IntoIterator<Item = &'a Bytes>,
    options: &OutputOptions,
    streams: &mut IoStreams,
) -> Result<()> {
    let options = options.for_requests();
    let mut writer = options.writer(streams);
    let mut is_masked = false;
    for request in requests {
        let (value, has_secret) = as_sent(method, request)?;
        is_masked |= has_secret;
        writer.write(Document::Value(value))?;
    }
    writer.finish()?;
    if is_masked {
        streams.diagnostics.note(&format!("secrets are shown as {MASK} and sent as they are"));
    }
    Ok(())
}

/// A request as decoded from its bytes, which is what the service would read; and whether a secret in it is masked.
fn as_sent(method: &Method, request: &Bytes) -> Result<(Value, bool)> {
    let mut value = method.decode_request(request.clone())?;
    let is_masked = secret::mask_message(method.resource_name(), &mut value);
    let metadata: Map<String, Value> = method
        .caller()
        .metadata()
        .shown()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or(MASK).into()))
        .collect();
    let shown = json!({
        "endpoint": method.caller().endpoint(),
        "method": method.path(),
        "metadata": metadata,
        "request": value,
    });
    Ok((shown, is_masked))
}
