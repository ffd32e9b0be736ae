//! Suggests ids that exist where a call finds none.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::time::timeout;
use tonic::Code;

use super::method::{LIST, Method};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{self, Page, QueryRequest};
use crate::schema::did_you_mean;
use crate::terminal::io_streams::Diagnostics;

/// How long an error waits for suggestions.
const PATIENCE: Duration = Duration::from_millis(300);
/// The most rows that are looked at.
const MAX_ROWS: u32 = 1_000;
const MAX_SUGGESTIONS: usize = 3;

/// `error` of a call, with the ids that are nearest to the one that was not found. Scripts that write do not wait for
/// them: only reads, and writes of a person, who may type the id again.
pub async fn suggest(method: &Method, request: Bytes, error: Error, diagnostics: &Diagnostics) -> Error {
    let is_wanted = method.is_read_only() || diagnostics.is_to_person();
    if !is_wanted || method.verb() == LIST || !is_not_found(&error) {
        return error;
    }
    match timeout(PATIENCE, nearest(method, request)).await {
        Ok(Ok(Some(ids))) => error.hint(format!("did you mean {ids}?")),
        // The first error is the one that counts.
        Ok(Ok(None) | Err(_)) | Err(_) => error,
    }
}

/// Repositories answer with INVALID_ARGUMENT and `ERROR_NO_PLUGIN`.
fn is_not_found(error: &Error) -> bool {
    let mut causes = error.problems().iter().flat_map(|problem| &problem.causes);
    match error.kind() {
        ErrorKind::Status(Code::NotFound) => true,
        ErrorKind::Status(Code::InvalidArgument) => causes.any(|cause| cause.starts_with("ERROR_NO_")),
        _ => false,
    }
}

async fn nearest(method: &Method, request: Bytes) -> Result<Option<String>> {
    let list = method.sibling(LIST)?;
    let (Value::Object(request), Some(rows)) = (method.decode_request(request)?, list.rows()) else { return Ok(None) };
    // The identity of a row is its type's first id: plugin_id of repository.Plugin.
    let field = rows.fields().map(|field| field.name().to_owned()).find(|name| name.ends_with("_id"));
    let given = field.as_ref().and_then(|field| request.get(field)?.as_str());
    let (Some(field), Some(given)) = (&field, given) else { return Ok(None) };
    let page = Page { number: 1, limit: MAX_ROWS };
    let wish = QueryRequest { only: vec![field.clone()], page: Some(page), ..QueryRequest::default() };
    let mut request = Map::new();
    query::apply(&mut request, &list.input(), &wish)?;
    let answer = list.ask(list.encode_made(&request)?).await?;
    let rows = answer.get("results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let ids = rows.iter().filter_map(|row| row.get(field)?.as_str());
    let mut near = did_you_mean::nearest_few(given, ids, MAX_SUGGESTIONS);
    // Ids often begin the same: where one is a typing error away, others are not suggested.
    if near.iter().any(|id| did_you_mean::misspelt(given, [*id]).is_some()) {
        near.retain(|id| did_you_mean::misspelt(given, [*id]).is_some());
    }
    Ok(Some(near.join(" or ")).filter(|near| !near.is_empty()))
}
