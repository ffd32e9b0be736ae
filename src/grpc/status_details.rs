//! The details of a failed call: `google.rpc.Status`.
//!
//! They come in the trailer `grpc-status-details-bin`.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::Any;
use serde_json::{Map, Value};
use tonic::Status;
use tonic_types::pb;

use crate::codec::decode;

/// The types of google.rpc, which services do not describe themselves.
static GOOGLE_RPC: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).ok());

/// The details of `status` as JSON, each with its type under `@type`. Types that google.rpc does not have are looked up
/// in `known`; a detail of another type, or with bytes that are not of its type, has its bytes in base64.
pub fn read(status: &Status, known: &DescriptorPool) -> Vec<Value> {
    any(status).iter().map(|detail| to_json(detail, known)).collect()
}

/// How long the service asks to wait before the call is sent again (`google.rpc.RetryInfo`).
pub(super) fn retry_delay(status: &Status) -> Option<Duration> {
    let is_wanted = |detail: &&Any| type_name(detail) == "google.rpc.RetryInfo";
    let info = pb::RetryInfo::decode(&*any(status).iter().find(is_wanted)?.value).ok()?;
    info.retry_delay?.try_into().ok()
}

/// What is not a `google.rpc.Status` has no details.
fn any(status: &Status) -> Vec<Any> {
    pb::Status::decode(status.details()).map(|status| status.details).unwrap_or_default()
}

fn type_name(detail: &Any) -> &str {
    detail.type_url.rsplit('/').next().unwrap_or_default()
}

fn to_json(detail: &Any, known: &DescriptorPool) -> Value {
    let name = type_name(detail);
    let find = |pool: &DescriptorPool| pool.get_message_by_name(name);
    let descriptor = GOOGLE_RPC.as_ref().and_then(find).or_else(|| find(known));
    let value = descriptor.and_then(|descriptor| decode::decode(detail.value.clone().into(), &descriptor).ok());
    let mut object = Map::new();
    object.insert("@type".into(), detail.type_url.clone().into());
    match value {
        Some(Value::Object(fields)) => object.extend(fields),
        Some(value) => drop(object.insert("value".into(), value)),
        None => drop(object.insert("value".into(), STANDARD.encode(&detail.value).into())),
    }
    Value::Object(object)
}
