//! The method that a request is for, and warnings about its values.

use prost_reflect::MessageDescriptor;

use crate::schema::field_path::FieldPath;

/// A method, as its server describes it.
#[derive(Clone, Debug)]
pub struct RequestTarget<'a> {
    /// As in `service.Resource`: `repository`.
    pub service: &'a str,
    pub resource: &'a str,
    pub verb: &'a str,
    /// The request's type, as the server describes it.
    pub input: MessageDescriptor,
}

/// A value that a service will probably reject or misread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecWarning {
    pub path: FieldPath,
    /// Without the path. Shows no value but an image's.
    pub message: String,
}
