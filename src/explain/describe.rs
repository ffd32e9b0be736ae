//! Descriptors as plain data: `-o json`, and the source of texts and skeletons.

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor,
    ServiceDescriptor,
};
use serde::Serialize;
use serde_json::Value;

use super::comments::Comments;
use super::form::{FieldForm, of_field, sample};
use super::words;
use crate::schema::resource::Resource;

/// The field with a list's rows, in every service of the platform.
const RESULTS: &str = "results";

/// The most field and value names of one explanation: recursive messages would never end.
const MAX_NAMES: usize = 20_000;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Explained {
    Resource(ExplainedResource),
    Verb(Box<ExplainedVerb>),
    Field(ExplainedField),
}

#[derive(Debug, Serialize)]
pub struct ExplainedResource {
    pub resource: String,
    pub full_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub verbs: Vec<VerbLine>,
}

#[derive(Debug, Serialize)]
pub struct VerbLine {
    pub verb: String,
    /// The message's full name.
    pub request: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub request_is_stream: bool,
    /// The message's full name.
    pub response: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub response_is_stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ExplainedVerb {
    pub resource: String,
    pub full_name: String,
    pub verb: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub request: MessageDescription,
    pub response: MessageDescription,
    /// A row of a list: the names for columns and filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<MessageDescription>,
}

/// A field of a verb's request, response, or both.
#[derive(Debug, Serialize)]
pub struct ExplainedField {
    pub resource: String,
    pub full_name: String,
    pub verb: String,
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<FieldDescription>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Box<FieldDescription>>,
}

#[derive(Debug, Serialize)]
pub struct MessageDescription {
    /// The full name.
    #[serde(rename = "type")]
    pub name: String,
    #[serde(skip)]
    pub short_name: String,
    #[serde(rename = "stream", skip_serializing_if = "std::ops::Not::not")]
    pub is_stream: bool,
    /// It accepts anything.
    #[serde(skip)]
    pub is_open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub fields: Vec<FieldDescription>,
}

#[derive(Debug, Serialize)]
pub struct FieldDescription {
    pub name: String,
    /// In plain words.
    #[serde(rename = "type")]
    pub plain_type: String,
    /// In protobuf's words.
    pub proto_type: String,
    #[serde(skip)]
    pub short_type: String,
    /// The service is known to require it.
    #[serde(rename = "required", skip_serializing_if = "std::ops::Not::not")]
    pub is_needed: bool,
    #[serde(rename = "deprecated", skip_serializing_if = "std::ops::Not::not")]
    pub is_deprecated: bool,
    /// The other fields of its oneof.
    #[serde(rename = "instead_of", skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How a value is written, if its type does not say.
    #[serde(skip)]
    pub example: Option<&'static str>,
    /// Of an enum.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<EnumValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldDescription>,
    /// The names of the nested fields, if these are left out.
    #[serde(rename = "field_names", skip_serializing_if = "Vec::is_empty")]
    pub names_below: Vec<String>,
    #[serde(skip)]
    pub is_map: bool,
    /// A sample for skeletons.
    #[serde(skip)]
    pub sample: Value,
}

#[derive(Debug, Serialize)]
pub struct EnumValue {
    pub name: String,
    pub number: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Makes plain data of descriptors.
#[derive(Debug)]
pub struct Describer {
    comments: Comments,
    /// The levels of nested messages to describe.
    depth: usize,
    /// How many more names to describe.
    left: usize,
}

impl Describer {
    pub fn new(depth: usize) -> Self {
        Self { comments: Comments::default(), depth, left: MAX_NAMES }
    }

    pub fn resource(&mut self, resource: &Resource, service: &ServiceDescriptor) -> ExplainedResource {
        ExplainedResource {
            resource: resource.to_string(),
            full_name: service.full_name().to_owned(),
            description: self.comments.at(&service.parent_file(), service.path()),
            verbs: service.methods().map(|method| self.verb_line(&method)).collect(),
        }
    }

    fn verb_line(&mut self, method: &MethodDescriptor) -> VerbLine {
        VerbLine {
            verb: method.name().to_owned(),
            request: method.input().full_name().to_owned(),
            request_is_stream: method.is_client_streaming(),
            response: method.output().full_name().to_owned(),
            response_is_stream: method.is_server_streaming(),
            description: self.comments.at(&method.parent_service().parent_file(), method.path()),
        }
    }

    /// `needed` are the request's required fields.
    pub fn verb(&mut self, resource: &Resource, method: &MethodDescriptor, needed: &[&str]) -> ExplainedVerb {
        let response = method.output();
        let rows = rows(&response).map(|rows| self.message(&rows, false, &[]));
        let mut answered = self.message(&response, method.is_server_streaming(), &[]);
        if rows.is_some() {
            // Described as `rows`.
            for field in answered.fields.iter_mut().filter(|field| field.name == RESULTS) {
                field.fields.clear();
                field.names_below.clear();
            }
        }
        ExplainedVerb {
            resource: resource.to_string(),
            full_name: method.parent_service().full_name().to_owned(),
            verb: method.name().to_owned(),
            description: self.comments.at(&method.parent_service().parent_file(), method.path()),
            request: self.message(&method.input(), method.is_client_streaming(), needed),
            response: answered,
            rows,
        }
    }

    pub fn field(
        &mut self,
        resource: &Resource,
        method: &MethodDescriptor,
        path: &[&str],
        found: &FoundField,
        needed: &[&str],
    ) -> ExplainedField {
        let needed = if path.len() == 1 { needed } else { &[] };
        let mut describe = |field: &FieldDescriptor, needed| Box::new(self.one_field(field, needed, &mut Vec::new()));
        ExplainedField {
            resource: resource.to_string(),
            full_name: method.parent_service().full_name().to_owned(),
            verb: method.name().to_owned(),
            field: path.join("."),
            request: found.request.as_ref().map(|field| describe(field, needed)),
            response: found.response.as_ref().map(|field| describe(field, &[])),
        }
    }

    pub fn message(&mut self, message: &MessageDescriptor, is_stream: bool, needed: &[&str]) -> MessageDescription {
        let form = FieldForm::of(prost_reflect::Kind::Message(message.clone()));
        MessageDescription {
            name: message.full_name().to_owned(),
            short_name: message.name().to_owned(),
            is_stream,
            is_open: matches!(
                form,
                FieldForm::AnyMapping | FieldForm::Anything | FieldForm::AnyList | FieldForm::Typed
            ),
            description: self.comments.at(&message.parent_file(), message.path()),
            fields: match form {
                FieldForm::Message(message) => self.fields(&message, needed, &mut Vec::new()),
                _ => Vec::new(),
            },
        }
    }

    /// `around` holds the names of the enclosing messages.
    fn fields(
        &mut self,
        message: &MessageDescriptor,
        needed: &[&str],
        around: &mut Vec<String>,
    ) -> Vec<FieldDescription> {
        around.push(message.full_name().to_owned());
        let mut fields = Vec::new();
        for field in message.fields() {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            fields.push(self.one_field(&field, needed, around));
        }
        around.pop();
        fields
    }

    fn one_field(&mut self, field: &FieldDescriptor, needed: &[&str], around: &mut Vec<String>) -> FieldDescription {
        let (count, form) = of_field(field);
        let (fields, names_below) = match form.message() {
            Some(message) if around.len() > self.depth || around.iter().any(|name| name == message.full_name()) => {
                (Vec::new(), message.fields().map(|field| field.name().to_owned()).collect())
            }
            Some(message) => (self.fields(message, &[], around), Vec::new()),
            None => (Vec::new(), Vec::new()),
        };
        let values = match &form {
            FieldForm::Choice(choice) => self.values(choice),
            _ => Vec::new(),
        };
        let alternatives = alternatives(field);
        self.left = self.left.saturating_sub(names_below.len() + values.len() + alternatives.len());
        FieldDescription {
            name: field.name().to_owned(),
            plain_type: words::plain(&count, &form),
            proto_type: words::proto(field, false),
            short_type: words::proto(field, true),
            is_needed: needed.contains(&field.name()) || field.cardinality() == Cardinality::Required,
            is_deprecated: field.field_descriptor_proto().options.as_ref().is_some_and(|options| options.deprecated()),
            alternatives,
            description: self.comments.at(&parent_file(field), field.path()),
            example: words::example(&form),
            values,
            fields,
            names_below,
            is_map: field.is_map(),
            sample: sample(&count, &form),
        }
    }

    fn values(&mut self, choice: &EnumDescriptor) -> Vec<EnumValue> {
        let file = choice.parent_file();
        let values = choice.values().map(|value| EnumValue {
            name: value.name().to_owned(),
            number: value.number(),
            description: self.comments.at(&file, value.path()),
        });
        values.collect()
    }
}

/// The field at a path in request and response.
#[derive(Clone, Debug, Default)]
pub struct FoundField {
    pub request: Option<FieldDescriptor>,
    pub response: Option<FieldDescriptor>,
}

/// The row type of a list response.
pub(super) fn rows(response: &MessageDescriptor) -> Option<MessageDescriptor> {
    let results = response.get_field_by_name(RESULTS).filter(FieldDescriptor::is_list)?;
    FieldForm::of(results.kind()).message().cloned()
}

/// The other fields of its oneof.
fn alternatives(field: &FieldDescriptor) -> Vec<String> {
    let others = field.containing_oneof().into_iter().flat_map(|oneof| oneof.fields().collect::<Vec<_>>());
    others.filter(|other| other.name() != field.name()).map(|other| other.name().to_owned()).collect()
}

fn parent_file(field: &FieldDescriptor) -> FileDescriptor {
    field.parent_message().parent_file()
}
