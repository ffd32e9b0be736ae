//! A descriptor file without its types, and full names.

use prost_types::ServiceDescriptorProto;

use super::editions::EDITIONS;

/// `FileDescriptorProto` without its types, which also makes sense of a file whose types cannot be read.
#[derive(prost::Message)]
pub(in crate::grpc) struct FileHeader {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    package: String,
    #[prost(string, repeated, tag = "3")]
    pub imports: Vec<String>,
    #[prost(message, repeated, tag = "6")]
    services: Vec<ServiceDescriptorProto>,
    #[prost(string, optional, tag = "12")]
    syntax: Option<String>,
    #[prost(int32, tag = "14")]
    edition: i32,
}

impl FileHeader {
    /// Whether the syntax is known here. Go's libraries invent another for a file that they lack.
    pub fn is_readable(&self) -> bool {
        is_known_syntax(self.syntax.as_deref()) || self.is_of_edition()
    }

    /// Whether it is a file in an edition that can be read.
    pub(super) fn is_of_edition(&self) -> bool {
        self.syntax.as_deref() == Some("editions") && EDITIONS.contains(&self.edition)
    }

    /// Why the file is not readable.
    pub(super) fn unknown_syntax(&self) -> String {
        let syntax = if self.edition > *EDITIONS.end() { "in an edition after 2024" } else { "of an unknown syntax" };
        format!("{} is {syntax}: only proto2, proto3 and the editions 2023 and 2024 can be read", self.name)
    }

    /// The services with their full names.
    pub(super) fn into_services(self) -> impl Iterator<Item = (String, ServiceDescriptorProto)> {
        let Self { package, services, .. } = self;
        services.into_iter().map(move |service| (join_name(&package, service.name()), service))
    }
}

/// Whether this is a `FileDescriptorProto.syntax` that prost-reflect reads; it panics over any other.
pub(super) fn is_known_syntax(syntax: Option<&str>) -> bool {
    matches!(syntax, None | Some("" | "proto2" | "proto3"))
}

/// The full name of `name` in a package or a message.
pub(super) fn join_name(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}
