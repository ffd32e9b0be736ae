//! Descriptors as plain data: what `-o json` prints, and what texts and skeletons are written from.

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor,
    ServiceDescriptor,
};
use serde::Serialize;
use serde_json::Value;

use super::comments::Comments;
use super::form::{Form, of_field};
use super::{fill, words};
use crate::schema::resource::Resource;

/// The field that holds a list's rows, in every service of the platform.
const RESULTS: &str = "results";

/// The most names that one explanation tells, of fields, nested ones counted, and of values. Messages that hold each
/// other in many ways would never end.
const MAX_NAMES: usize = 20_000;

/// What was asked about.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Explained {
    Resource(ExplainedResource),
    Verb(Box<ExplainedVerb>),
    Field(ExplainedField),
}

/// A resource and its verbs.
#[derive(Debug, Serialize)]
pub struct ExplainedResource {
    pub resource: String,
    pub full_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub verbs: Vec<VerbLine>,
}

/// A verb as its resource tells of it.
#[derive(Debug, Serialize)]
pub struct VerbLine {
    pub verb: String,
    /// The full name of the request's message.
    pub request: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub request_is_stream: bool,
    /// The full name of the response's message.
    pub response: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub response_is_stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a verb takes and answers.
#[derive(Debug, Serialize)]
pub struct ExplainedVerb {
    pub resource: String,
    pub full_name: String,
    pub verb: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub request: Message,
    pub response: Message,
    /// What each row of a list is: the names that columns and filters take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Message>,
}

/// A field of a verb's request, of its response, or of both.
#[derive(Debug, Serialize)]
pub struct ExplainedField {
    pub resource: String,
    pub full_name: String,
    pub verb: String,
    /// The path to it.
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<Field>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Box<Field>>,
}

/// A message.
#[derive(Debug, Serialize)]
pub struct Message {
    /// Its full name.
    #[serde(rename = "type")]
    pub name: String,
    #[serde(skip)]
    pub short_name: String,
    /// Any number of them come or go.
    #[serde(rename = "stream", skip_serializing_if = "std::ops::Not::not")]
    pub is_stream: bool,
    /// Anything can stand in it.
    #[serde(skip)]
    pub is_open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Debug, Serialize)]
pub struct Field {
    pub name: String,
    /// What it takes, in plain words.
    #[serde(rename = "type")]
    pub plain_type: String,
    /// The type in protobuf's words.
    pub proto_type: String,
    #[serde(skip)]
    pub short_type: String,
    /// The service is known to refuse a request without it.
    #[serde(rename = "required", skip_serializing_if = "std::ops::Not::not")]
    pub is_needed: bool,
    #[serde(rename = "deprecated", skip_serializing_if = "std::ops::Not::not")]
    pub is_deprecated: bool,
    /// The fields of which only one can be given, if not it.
    #[serde(rename = "instead_of", skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How a value is written, where its type does not tell.
    #[serde(skip)]
    pub example: Option<&'static str>,
    /// An enum's values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Choice>,
    /// What stands below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The names of what stands below it, where that is not told of.
    #[serde(rename = "field_names", skip_serializing_if = "Vec::is_empty")]
    pub names_below: Vec<String>,
    /// It is a mapping with keys of the user's choice.
    #[serde(skip)]
    pub is_map: bool,
    /// A value of its type, to write another in its place.
    #[serde(skip)]
    pub sample: Value,
}

/// One of an enum's values.
#[derive(Debug, Serialize)]
pub struct Choice {
    pub name: String,
    pub number: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Takes descriptors apart.
#[derive(Debug)]
pub struct Describer {
    comments: Comments,
    /// How many levels of nested messages are told of.
    depth: usize,
    /// How many more names are.
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

    /// `needed` names the fields of the request that the service refuses to go without.
    pub fn verb(&mut self, resource: &Resource, method: &MethodDescriptor, needed: &[&str]) -> ExplainedVerb {
        let response = method.output();
        let rows = rows(&response).map(|rows| self.message(&rows, false, &[]));
        let mut answered = self.message(&response, method.is_server_streaming(), &[]);
        if rows.is_some() {
            // Told of once is enough.
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

    /// `found` is what stands at `path`, in the request and in the response, if it stands there.
    pub fn field(
        &mut self,
        resource: &Resource,
        method: &MethodDescriptor,
        path: &[&str],
        found: &Found,
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

    /// A message and what stands in it.
    pub fn message(&mut self, message: &MessageDescriptor, is_stream: bool, needed: &[&str]) -> Message {
        let form = Form::of(prost_reflect::Kind::Message(message.clone()));
        Message {
            name: message.full_name().to_owned(),
            short_name: message.name().to_owned(),
            is_stream,
            is_open: matches!(form, Form::AnyMapping | Form::Anything | Form::AnyList | Form::Typed),
            description: self.comments.at(&message.parent_file(), message.path()),
            fields: match form {
                Form::Message(message) => self.fields(&message, needed, &mut Vec::new()),
                _ => Vec::new(),
            },
        }
    }

    /// `around` holds the names of the messages that this one stands in.
    fn fields(&mut self, message: &MessageDescriptor, needed: &[&str], around: &mut Vec<String>) -> Vec<Field> {
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

    fn one_field(&mut self, field: &FieldDescriptor, needed: &[&str], around: &mut Vec<String>) -> Field {
        let (count, form) = of_field(field);
        let (fields, names_below) = match form.message() {
            Some(message) if around.len() > self.depth || around.iter().any(|name| name == message.full_name()) => {
                (Vec::new(), message.fields().map(|field| field.name().to_owned()).collect())
            }
            Some(message) => (self.fields(message, &[], around), Vec::new()),
            None => (Vec::new(), Vec::new()),
        };
        let values = match &form {
            Form::Choice(choice) => self.values(choice),
            _ => Vec::new(),
        };
        let alternatives = alternatives(field);
        self.left = self.left.saturating_sub(names_below.len() + values.len() + alternatives.len());
        Field {
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
            sample: fill::sample(&count, &form),
        }
    }

    fn values(&mut self, choice: &EnumDescriptor) -> Vec<Choice> {
        let file = choice.parent_file();
        let values = choice.values().map(|value| Choice {
            name: value.name().to_owned(),
            number: value.number(),
            description: self.comments.at(&file, value.path()),
        });
        values.collect()
    }
}

/// Where a field stands.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub request: Option<FieldDescriptor>,
    pub response: Option<FieldDescriptor>,
}

/// What the rows of a list are, if `response` is one.
pub(super) fn rows(response: &MessageDescriptor) -> Option<MessageDescriptor> {
    let results = response.get_field_by_name(RESULTS).filter(FieldDescriptor::is_list)?;
    Form::of(results.kind()).message().cloned()
}

/// The other names of what a field can be given as: those of its oneof.
fn alternatives(field: &FieldDescriptor) -> Vec<String> {
    let others = field.containing_oneof().into_iter().flat_map(|oneof| oneof.fields().collect::<Vec<_>>());
    others.filter(|other| other.name() != field.name()).map(|other| other.name().to_owned()).collect()
}

fn parent_file(field: &FieldDescriptor) -> FileDescriptor {
    field.parent_message().parent_file()
}
