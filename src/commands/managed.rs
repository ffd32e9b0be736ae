//! Explains errors about plugins of a managed repository.

use bytes::Bytes;
use serde_json::{Map, Value};
use tonic::Code;

use super::method::Method;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::plan;

/// The verbs that change what is registered.
const CHANGES: [&str; 4] = ["update", "enable", "disable", "deregister"];

/// `error` of a call, with the repository of the plugin that was not found to change, if that is a managed one.
pub async fn explained(method: &Method, request: Bytes, error: Error) -> Error {
    let is_change = CHANGES.contains(&method.verb()) && method.is_of_plugins();
    if !is_change || error.kind() != ErrorKind::Status(Code::NotFound) {
        return error;
    }
    match find(method, request).await {
        Ok(Some((id, place))) => error.context(message(&id, &place)),
        // The first error is the one that counts.
        Ok(None) | Err(_) => error,
    }
}

/// Why a plugin of a managed repository cannot be changed.
pub fn message(id: &str, place: &str) -> String {
    format!("{id} belongs to a {place} repository and cannot be changed there")
}

/// The id of the plugin that a request is about, and the kind of its repository, if that is not the domain's own.
async fn find(method: &Method, request: Bytes) -> Result<Option<(String, String)>> {
    let get = method.sibling("get")?;
    let Value::Object(request) = method.decode_request(request)? else { return Ok(None) };
    let identity =
        ["plugin_id", "domain_id"].into_iter().filter(|field| get.input().get_field_by_name(field).is_some());
    let identity = identity.filter_map(|field| Some((field.to_owned(), request.get(field)?.clone())));
    let Value::Object(row) = get.ask(get.encode_made(&identity.collect::<Map<_, _>>())?).await? else {
        return Ok(None);
    };
    let place = plan::repository_type(&row).filter(|place| place != "local");
    Ok(plan::plugin_id(&request).map(str::to_owned).zip(place))
}
