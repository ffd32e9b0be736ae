//! The errors of the Repository service, as the real service's.
//!
//! The status message is `CODE: text`, as in `spaceone.repository.error` and spaceone-core 2.x's
//! `spaceone.core.error`.

use std::borrow::Cow;

use thiserror::Error;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::python;
use super::store_error::RESTORE;
use crate::grpc::status::NOTHING_DONE;
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// The domain of every caller: the embedded service has no tokens.
pub const DOMAIN_ID: &str = "domain-local";

/// Why a request is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ServiceError {
    #[error("ERROR_REQUIRED_PARAMETER: Required parameter. (key = {0})")]
    RequiredParameter(&'static str),
    #[error("ERROR_SAVE_UNIQUE_VALUES: Tried to save duplicate unique values. (keys = ['plugin_id', 'domain_id'])")]
    AlreadyRegistered,
    #[error("ERROR_INVALID_IMAGE_NAME_FORMAT: Image name format is [a-zA-Z0-9\\-]+ in {name}")]
    ImageNameFormat { name: String },
    #[error("ERROR_INVALID_IMAGE_LENGTH: The length of image should be less than equal {longest} in {name}")]
    ImageNameLength { name: String, longest: usize },
    #[error("ERROR_REGISTRY_SETTINGS: Registry settings are not ready. (registry_type = {registry_type})")]
    RegistrySettings { registry_type: String },
    /// From `get` and `get_versions`.
    #[error("ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = {plugin_id})")]
    NoPlugin { plugin_id: String },
    /// From methods that write.
    #[error(
        "ERROR_NOT_FOUND: Resource cannot be found or access is denied. (('plugin_id', 'domain_id') = ({}, {}))",
        python::text(plugin_id),
        python::text(DOMAIN_ID)
    )]
    NotFound { plugin_id: String },
    #[error("ERROR_NOT_FOUND_REPOSITORY: Repository does not exist. (repository_id = {repository_id})")]
    NoRepository { repository_id: String },
    /// From a list of the managed repository.
    #[error("ERROR_SORT_KEY: Sort key is invalid. (sort_key = {key})")]
    SortKey { key: String },
    /// A filter operator does not accept this type of value.
    #[error("ERROR_OPERATOR_{code}: The value of '{operator} operator' {rule}. ({condition})")]
    OperatorValue { code: &'static str, rule: &'static str, operator: String, condition: String },
    /// The database cannot process the query or the record.
    #[error("ERROR_DB_QUERY: Database query failed. (reason = {0})")]
    Query(Cow<'static, str>),
    /// A row of the database is not a plugin.
    #[error(
        "ERROR_DB_QUERY: Database query failed. (reason = the record of the plugin {plugin_id} is damaged: {reason}; \
         deregister the plugin, then register it again)"
    )]
    DamagedRecord { plugin_id: String, reason: String },
    #[error("ERROR_DB_QUERY: Database query failed. (reason = {reason}; {RESTORE})")]
    DamagedFile { reason: String },
    /// The words of gRPC's libraries, from which clients know it.
    #[error("Sent message larger than max ({size} vs. {MAX_MESSAGE_SIZE})")]
    ListSize { size: usize },
    /// A part of the query language that the embedded service does not have.
    #[error("ERROR_NOT_IMPLEMENTED: Not implemented. (key = {key})")]
    NotImplemented { key: &'static str },
    #[error("ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = {registry_type}, image = {image})")]
    NoImage { registry_type: &'static str, image: String },
    /// Nothing was changed, and a retry may succeed. (spaceone-core spells the code this way.)
    #[error("ERROR_UNAVAILAVBLE: Server is unavailable. (reason = {reason})")]
    Unavailable { reason: Cow<'static, str> },
    /// An exception that the real service does not handle.
    #[error("ERROR_UNKNOWN: {0}")]
    Unknown(&'static str),
}

impl ServiceError {
    /// A query that the database cannot process.
    pub fn query(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Query(reason.into())
    }

    /// A key in `only`, `filter` or `sort` that no plugin has.
    pub fn no_field(name: &str) -> Self {
        Self::query(format!("Cannot resolve field \"{name}\""))
    }
}

impl From<ServiceError> for Status {
    fn from(error: ServiceError) -> Self {
        let code = match error {
            ServiceError::AlreadyRegistered => Code::AlreadyExists,
            ServiceError::NotFound { .. } => Code::NotFound,
            ServiceError::RegistrySettings { .. }
            | ServiceError::NoImage { .. }
            | ServiceError::Query(_)
            | ServiceError::Unknown(_) => Code::Internal,
            ServiceError::NotImplemented { .. } => Code::Unimplemented,
            ServiceError::DamagedRecord { .. } | ServiceError::DamagedFile { .. } => Code::DataLoss,
            ServiceError::ListSize { .. } => Code::ResourceExhausted,
            ServiceError::Unavailable { .. } => Code::Unavailable,
            _ => Code::InvalidArgument,
        };
        let mut status = Status::new(code, error.to_string());
        if code == Code::Unavailable {
            status.metadata_mut().insert(NOTHING_DONE, MetadataValue::from_static("1"));
        }
        status
    }
}
