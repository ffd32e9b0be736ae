//! A method of an endpoint: makes requests, calls it, decodes responses.

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use super::connector::Connector;
use super::method_types::MethodTypes;
use super::request_faults::{self, left_out, located, refused, unfilled};
use crate::codec::decode::{self, RepairedTexts};
use crate::codec::encode::{self, Fault};
use crate::error::{Error, Outcome, Result};
use crate::grpc::call::{self, Caller, Responses};
use crate::grpc::resolve::{MethodRef, ResolvedMethod};
use crate::grpc::status::with_outcome;
use crate::output::view::{Document, RESULTS, ResponseKind};
use crate::plugin::lint::placeholder;
use crate::query::Columns;
use crate::schema::field_path::{FieldPath, Segment};
use crate::schema::resource::Resource;
use crate::schema::spaceone::ApiName;
use crate::spec::{self, Draft, RequestTarget, SpecRequest};
use crate::terminal::io_streams::Diagnostics;
use prost_reflect::MessageDescriptor;

/// The verb whose response is rows.
pub const LIST: &str = "list";

/// A method of an endpoint.
pub struct Method {
    caller: Caller,
    resolved: ResolvedMethod,
    types: MethodTypes,
}

impl Method {
    /// Connects to the endpoint of `resource`, and resolves `verb` by its own description.
    pub async fn reach(
        connector: &Connector,
        resource: &Resource,
        verb: &str,
        api_version: Option<&str>,
    ) -> Result<Self> {
        let resource = &connector.locate(resource)?;
        let caller = connector.connect(&resource.service).await?;
        let resolved = connector.resolve(&MethodRef { resource, verb, api_version }, &caller).await?;
        Self::new(caller, resolved)
    }

    /// # Errors
    /// It takes a stream of requests.
    pub fn new(caller: Caller, resolved: ResolvedMethod) -> Result<Self> {
        let descriptor = &resolved.descriptor;
        if descriptor.is_client_streaming() {
            let (verb, resource) = (descriptor.name(), &resolved.resource);
            return Err(Error::usage(format!("{verb} of {resource} takes a stream of requests, which cannot be sent")));
        }
        let types = MethodTypes::new(&resolved);
        Ok(Self { caller, resolved, types })
    }

    /// Another method of the same resource; asks nothing.
    pub fn sibling(&self, verb: &str) -> Result<Self> {
        Self::new(self.caller.clone(), self.resolved.sibling(verb, self.caller.endpoint())?)
    }

    /// Whether a call changes nothing.
    pub fn is_read_only(&self) -> bool {
        self.resolved.is_read_only
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// `/package.Service/method`, as the wire has it.
    pub fn path(&self) -> String {
        call::path(&self.resolved.descriptor)
    }

    /// The method's name.
    pub fn verb(&self) -> &str {
        self.resolved.descriptor.name()
    }

    /// The resource by its own name, without its service's.
    pub fn resource_name(&self) -> &str {
        &self.resolved.resource.name
    }

    /// The names of service and resource, however they were typed.
    pub fn names(&self) -> (String, String) {
        (self.resolved.resource.service.clone(), self.resolved.descriptor.parent_service().name().to_owned())
    }

    /// Whether it is one of a Repository's plugins.
    pub fn is_of_plugins(&self) -> bool {
        let (service, resource) = self.names();
        (service.as_str(), resource.as_str()) == ("repository", "Plugin")
    }

    pub fn input(&self) -> MessageDescriptor {
        self.types.descriptor().input()
    }

    pub fn output(&self) -> MessageDescriptor {
        self.resolved.descriptor.output()
    }

    /// The type of the rows of the resource's `list`, if known: the response of `stat` has no fields to check keys by.
    pub fn rows(&self) -> Option<MessageDescriptor> {
        let list = match self.resolved.descriptor.name() {
            LIST => self.output(),
            _ => self.sibling(LIST).ok().filter(|method| method.verb() == LIST)?.output(),
        };
        ResponseKind::new(&list).list_row().cloned()
    }

    pub fn is_streaming(&self) -> bool {
        self.resolved.descriptor.is_server_streaming()
    }

    /// Makes `draft` this method's request, and shows notes and warnings about it.
    pub fn resolve(&self, draft: Draft, strict: bool, diagnostics: &mut Diagnostics) -> Result<SpecRequest> {
        let only = self.resolve_all(vec![draft], strict, diagnostics)?.pop();
        only.ok_or_else(|| Error::local("there is no request"))
    }

    /// As [`Method::resolve`] for many drafts; a note about several is shown once.
    pub fn resolve_all(
        &self,
        drafts: Vec<Draft>,
        strict: bool,
        diagnostics: &mut Diagnostics,
    ) -> Result<Vec<SpecRequest>> {
        let target = self.target();
        let is_alone = drafts.len() == 1;
        let mut requests: Vec<SpecRequest> = Vec::with_capacity(drafts.len());
        // Each note with the first request that it is about, and the count of all.
        let mut notes: Vec<(String, usize, usize)> = Vec::new();
        let mut warnings = Vec::new();
        for draft in drafts {
            let resolved = draft.resolve(&target, strict)?;
            for note in resolved.notes {
                match notes.iter_mut().find(|(known, ..)| *known == note) {
                    Some((_, _, count)) => *count += 1,
                    None => notes.push((note, requests.len(), 1)),
                }
            }
            warnings.extend(resolved.warnings.iter().map(|warning| located(warning, &resolved.request)));
            requests.push(resolved.request);
        }
        for (note, first, count) in notes {
            match requests.get(first) {
                Some(request) if count == 1 && !is_alone => diagnostics.note(&format!("{}: {note}", request.label())),
                _ if count == 1 => diagnostics.note(&note),
                _ => diagnostics.note(&format!("{note} ({count} documents)")),
            }
        }
        warnings.iter().for_each(|warning| diagnostics.warn(warning));
        Ok(requests)
    }

    fn target(&self) -> RequestTarget<'_> {
        // What all services have belongs to the one that is asked.
        let package = ApiName::parse(self.resolved.descriptor.parent_service().full_name()).map(|name| name.service);
        RequestTarget {
            service: package.filter(|name| *name != "core").unwrap_or(&self.resolved.resource.service),
            resource: &self.resolved.resource.name,
            verb: self.resolved.descriptor.name(),
            input: self.input(),
        }
    }

    /// Encodes `request`; an error holds all its problems, each with its place.
    pub fn encode(&self, request: &SpecRequest) -> Result<Bytes> {
        self.encode_all(std::slice::from_ref(request)).map(|mut encoded| encoded.pop().unwrap_or_default())
    }

    /// As [`Method::encode`] for many requests.
    pub fn encode_all(&self, requests: &[SpecRequest]) -> Result<Vec<Bytes>> {
        self.encode_each(requests, |request| self.missing(request))
    }

    /// As [`Method::encode_all`], without the check for required fields.
    pub fn encode_all_incomplete(&self, requests: &[SpecRequest]) -> Result<Vec<Bytes>> {
        self.encode_each(requests, |_| Vec::new())
    }

    fn encode_each(
        &self,
        requests: &[SpecRequest],
        missing: impl Fn(&SpecRequest) -> Vec<Fault>,
    ) -> Result<Vec<Bytes>> {
        let mut encoded = Vec::with_capacity(requests.len());
        let mut faults = Vec::new();
        for request in requests {
            match self.try_encode(request) {
                Ok(bytes) => encoded.push(bytes),
                Err(found) => faults.extend(found.into_iter().map(|fault| (fault, request))),
            }
            faults.extend(missing(request).into_iter().map(|fault| (fault, request)));
        }
        if faults.is_empty() {
            return Ok(encoded);
        }
        let (service, resource) = self.names();
        Err(request_faults::error(faults, &format!("{service}.{resource}.{}", self.verb())))
    }

    fn try_encode(&self, request: &SpecRequest) -> std::result::Result<Bytes, Vec<Fault>> {
        let encoded = encode::encode(&request.value, &self.input());
        let mut faults: Vec<Fault> = request.refusals().iter().map(refused).collect();
        if self.is_of_plugins() && matches!(self.verb(), "register" | "update") {
            faults.extend(placeholder::find(&request.value).into_iter().map(unfilled));
        }
        match encoded {
            Ok(message) if faults.is_empty() => Ok(message.into()),
            Ok(_) => Err(faults),
            Err(found) => {
                faults.extend(found);
                Err(faults)
            }
        }
    }

    /// The required fields that `request` leaves out.
    fn missing(&self, request: &SpecRequest) -> Vec<Fault> {
        let (service, resource) = self.names();
        let needed = spec::needed(&service, &resource, self.verb());
        let input = self.input();
        let missing = spec::missing(needed, &request.value, |name| input.get_field_by_name(name).is_some());
        missing.map(|name| left_out(name, request)).collect()
    }

    /// Decodes a request, as the service would.
    pub fn decode_request(&self, request: Bytes) -> Result<Value> {
        decode::decode(request, &self.input())
    }

    /// Encodes a request that the program has made of decoded values.
    pub fn encode_made(&self, request: &Map<String, Value>) -> Result<Bytes> {
        match encode::encode(request, &self.input()) {
            Ok(message) => Ok(message.into()),
            Err(faults) => {
                let causes = faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message));
                Err(causes.fold(Error::local(format!("{} cannot be sent", self.path())), Error::cause))
            }
        }
    }

    /// Asks for the types that `request` names for a `google.protobuf.Any` and that are not known.
    pub async fn learn_types(&self, request: &SpecRequest) {
        self.types.learn_from_request(&request.value, &self.caller).await;
    }

    /// Calls a method that does not stream.
    pub async fn ask(&self, request: Bytes) -> Result<Value> {
        self.value(self.ask_bytes(request).await?).await
    }

    /// Decodes a message of the response.
    pub async fn value(&self, response: Bytes) -> Result<Value> {
        self.decode_with(response, |method, response| method.types.decoder().decode(response)).await
    }

    /// As [`Method::ask`], without decoding the response.
    pub async fn ask_bytes(&self, request: Bytes) -> Result<Bytes> {
        self.call(request).await?.only().await
    }

    /// Starts a call that goes on while other work is done. Within a runtime only.
    pub fn call_ahead(&self, request: Bytes) -> PageInFlight {
        let (caller, resolved) = (self.caller.clone(), self.resolved.clone());
        let mut calls = JoinSet::new();
        calls.spawn(async move { caller.unary(&resolved.descriptor, resolved.is_read_only, request).await });
        PageInFlight(calls)
    }

    /// The document of a response, with at least what `columns` need of it. A list is read from its bytes if it can be.
    pub async fn document(&self, response: Bytes, kind: &ResponseKind, columns: Option<&Columns>) -> Result<Document> {
        let decode = |method: &Self, response: Bytes| {
            let list = if method.types.is_extended() { None } else { kind.read_list(&response) };
            if let Some(list) = list {
                return Ok(list);
            }
            let decoder = method.types.decoder();
            let value = match columns {
                Some(columns) if kind.is_one_message() => decoder.decode_some(response, &columns.first_names()),
                _ => decoder.decode(response),
            };
            value.map(|value| kind.document(value))
        };
        self.decode_with(response, decode).await
    }

    /// Decodes a response once the types in it are known, and without the bytes that are not UTF-8 in its texts.
    async fn decode_with<T>(&self, response: Bytes, decode: impl Fn(&Self, Bytes) -> Result<T>) -> Result<T> {
        self.types.learn_from_response(&response, &self.caller).await;
        let decoder = self.types.decoder();
        let repair = || decoder.repair(&response);
        // Something malformed in an `Any` is shown as bytes, without an error.
        let repaired = if decoder.has_any() { repair() } else { None };
        let decoded = match repaired {
            None => decode(self, response.clone()).or_else(|error| match repair() {
                Some(repaired) => decode(self, self.warn_of(repaired)),
                None => Err(error),
            }),
            Some(repaired) => decode(self, self.warn_of(repaired)),
        };
        decoded.map_err(|error| self.unreadable(error))
    }

    /// Names texts that are not UTF-8; returns the message without them.
    fn warn_of(&self, repaired: RepairedTexts) -> Bytes {
        let RepairedTexts { bytes, paths, count } = repaired;
        let named = paths.len();
        for path in paths {
            let place = in_row(&path).unwrap_or_else(|| path.to_string());
            self.caller.warn(&format!("{place} is not UTF-8: shown with U+FFFD"));
        }
        if count > named {
            self.caller.warn(&format!("{} more texts are not UTF-8", count - named));
        }
        bytes
    }

    /// `error` of a response that cannot be decoded: what was done is unknown.
    fn unreadable(&self, error: Error) -> Error {
        with_outcome(error, self.is_read_only(), Outcome::Unknown)
    }

    /// Sends one request.
    pub async fn call(&self, request: Bytes) -> Result<MethodResponse> {
        let ResolvedMethod { descriptor, is_read_only, .. } = &self.resolved;
        if self.is_streaming() {
            let messages = self.caller.server_streaming(descriptor, *is_read_only, request).await?;
            return Ok(MethodResponse::Stream(Box::new(messages)));
        }
        Ok(MethodResponse::One(Some(self.caller.unary(descriptor, *is_read_only, request).await?)))
    }
}

/// A place in a list, by its row: `row 3: tags.name`.
fn in_row(path: &FieldPath) -> Option<String> {
    match &path.0[..] {
        [Segment::Key(results), Segment::Index(index), field @ ..] if results == RESULTS && !field.is_empty() => {
            Some(format!("row {}: {}", index + 1, FieldPath(field.to_vec())))
        }
        _ => None,
    }
}

/// A call in flight; aborted when this is dropped.
pub struct PageInFlight(JoinSet<Result<Bytes>>);

impl PageInFlight {
    pub async fn response(mut self) -> Result<Bytes> {
        let aborted = || Error::local("the call was broken off");
        self.0.join_next().await.ok_or_else(aborted)?.unwrap_or_else(|error| Err(aborted().caused_by(&error)))
    }
}

/// The response to one request: one message, or a stream of them.
pub enum MethodResponse {
    One(Option<Bytes>),
    Stream(Box<Responses>),
}

impl MethodResponse {
    /// The next message, in its bytes; `None` at the end.
    pub async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::One(bytes) => Ok(bytes.take()),
            Self::Stream(messages) => messages.next().await,
        }
    }

    /// The only response of a method that does not stream.
    pub async fn only(mut self) -> Result<Bytes> {
        self.next_bytes().await?.ok_or_else(|| Error::local("the service sent no response"))
    }
}
