//! What the Repository service refuses, with its own codes, words and statuses.
//!
//! A client sees `CODE: text` as the status message. Codes and texts are those of the real service: its
//! `spaceone.repository.error` and spaceone-core 2.x's `spaceone.core.error`.

use std::borrow::Cow;

use tonic::{Code, Status};

use super::python;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// A field without which the method cannot do anything.
    RequiredParameter(&'static str),
    /// A plugin of this id is registered already.
    AlreadyRegistered,
    /// The image name holds something else than letters, digits and `-`.
    ImageNameFormat { name: String },
    /// The image name is longer than a current service allows.
    ImageNameLength { name: String, longest: usize },
    /// The registry type has no address.
    RegistrySettings { registry_type: String },
    /// `get` and `get_versions` find no such plugin.
    NoPlugin { plugin_id: String },
    /// A method that writes finds no such plugin in the caller's domain.
    NotFound { plugin_id: String, domain_id: &'static str },
    /// No repository of this id.
    NoRepository { repository_id: String },
    /// The plugins of the managed repository cannot be sorted by this key.
    SortKey { key: String },
    /// A filter's operator takes one value and was given a list.
    ListValue { operator: String, condition: String },
    /// A filter's operator takes a list and was given something else.
    NoListValue { operator: String, condition: String },
    /// A filter's operator takes an object and was given something else.
    NoObjectValue { operator: String, condition: String },
    /// A filter's operator takes true or false and was given something else.
    NoBooleanValue { operator: String, condition: String },
    /// The query or the record cannot be understood by the database.
    Query(Cow<'static, str>),
    /// A part of the query language that the embedded service does not have.
    NotImplemented { key: &'static str },
    /// The image has no tag in its registry.
    NoImage { registry_type: &'static str, image: String },
    /// The image registry gives no answer; nothing was changed, and trying again may succeed.
    RegistryUnavailable { reason: String },
    /// What the real service did not foresee.
    Unknown(&'static str),
    /// Another process holds the database; nothing was changed, and trying again may succeed.
    Busy,
}

impl ServiceError {
    /// A query that the database cannot answer.
    pub fn query(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Query(reason.into())
    }

    /// A key in `only`, `filter` or `sort` that no plugin has.
    pub fn no_field(name: &str) -> Self {
        Self::query(format!("Cannot resolve field \"{name}\""))
    }

    fn code(&self) -> Code {
        match self {
            Self::AlreadyRegistered => Code::AlreadyExists,
            Self::NotFound { .. } => Code::NotFound,
            Self::RegistrySettings { .. } | Self::NoImage { .. } | Self::Query(_) | Self::Unknown(_) => Code::Internal,
            Self::NotImplemented { .. } => Code::Unimplemented,
            Self::Busy | Self::RegistryUnavailable { .. } => Code::Unavailable,
            Self::RequiredParameter(_)
            | Self::ImageNameFormat { .. }
            | Self::ImageNameLength { .. }
            | Self::NoPlugin { .. }
            | Self::NoRepository { .. }
            | Self::SortKey { .. }
            | Self::ListValue { .. }
            | Self::NoListValue { .. }
            | Self::NoObjectValue { .. }
            | Self::NoBooleanValue { .. } => Code::InvalidArgument,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::RequiredParameter(key) => {
                format!("ERROR_REQUIRED_PARAMETER: Required parameter. (key = {key})")
            }
            Self::AlreadyRegistered => "ERROR_SAVE_UNIQUE_VALUES: Tried to save duplicate unique values. \
                 (keys = ['plugin_id', 'domain_id'])"
                .to_owned(),
            Self::ImageNameFormat { name } => {
                format!("ERROR_INVALID_IMAGE_NAME_FORMAT: Image name format is [a-zA-Z0-9\\-]+ in {name}")
            }
            Self::ImageNameLength { name, longest } => {
                format!("ERROR_INVALID_IMAGE_LENGTH: The length of image should be less than equal {longest} in {name}")
            }
            Self::RegistrySettings { registry_type } => {
                format!("ERROR_REGISTRY_SETTINGS: Registry settings are not ready. (registry_type = {registry_type})")
            }
            Self::NoPlugin { plugin_id } => {
                format!("ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = {plugin_id})")
            }
            Self::NotFound { plugin_id, domain_id } => format!(
                "ERROR_NOT_FOUND: Resource cannot be found or access is denied. \
                 (('plugin_id', 'domain_id') = ({}, {}))",
                python::text(plugin_id),
                python::text(domain_id)
            ),
            Self::NoRepository { repository_id } => {
                format!("ERROR_NOT_FOUND_REPOSITORY: Repository does not exist. (repository_id = {repository_id})")
            }
            Self::SortKey { key } => format!("ERROR_SORT_KEY: Sort key is invalid. (sort_key = {key})"),
            Self::ListValue { operator, condition } => format!(
                "ERROR_OPERATOR_VALUE_TYPE: The value of '{operator} operator' does not support list type. \
                 ({condition})"
            ),
            Self::NoListValue { operator, condition } => format!(
                "ERROR_OPERATOR_LIST_VALUE_TYPE: The value of '{operator} operator' must be a list type. \
                 ({condition})"
            ),
            Self::NoObjectValue { operator, condition } => format!(
                "ERROR_OPERATOR_DICT_VALUE_TYPE: The value of '{operator} operator' must be a dictionary type. \
                 ({condition})"
            ),
            Self::NoBooleanValue { operator, condition } => format!(
                "ERROR_OPERATOR_BOOLEAN_TYPE: The value of '{operator} operator' must be a boolean type. \
                 ({condition})"
            ),
            Self::Query(reason) => format!("ERROR_DB_QUERY: Database query failed. (reason = {reason})"),
            Self::NotImplemented { key } => format!("ERROR_NOT_IMPLEMENTED: Not implemented. (key = {key})"),
            Self::Unknown(message) => format!("ERROR_UNKNOWN: {message}"),
            Self::NoImage { registry_type, image } => format!(
                "ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = {registry_type}, image = {image})"
            ),
            Self::RegistryUnavailable { reason } => {
                format!("ERROR_UNAVAILAVBLE: Server is unavailable. (reason = {reason})")
            }
            // The code is spelt so in spaceone-core.
            Self::Busy => "ERROR_UNAVAILAVBLE: Server is unavailable. \
                 (reason = another process keeps the database busy)"
                .to_owned(),
        }
    }
}

impl From<ServiceError> for Status {
    fn from(fault: ServiceError) -> Self {
        Status::new(fault.code(), fault.message())
    }
}
