//! One method of one endpoint: found, given its requests, called.

use bytes::Bytes;
use prost_reflect::ServiceDescriptor;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use super::connector::Connector;
use crate::cli;
use crate::codec::decode;
use crate::codec::decode::Decoder;
use crate::codec::descriptor::{MessageDescriptor, MethodDescriptor};
use crate::codec::encode;
use crate::codec::encode::{Fault, FaultKind};
use crate::commands::resolve::{Found, MethodRef, meant};
use crate::error::{Error, ErrorKind, Outcome, Problem, Result};
use crate::grpc::call;
use crate::grpc::call::{Caller, Responses};
use crate::grpc::descriptors::{Gaps, unfit};
use crate::grpc::reflection;
use crate::grpc::reflection::Described;
use crate::grpc::status::with_outcome;
use crate::output::view::{Document, ResponseKind};
use crate::plugin::lint::Rule;
use crate::plugin::lint::placeholder::{self, Placeholder};
use crate::query::Columns;
use crate::schema::field_path::FieldPath;
use crate::schema::resource::Resource;
use crate::schema::spaceone::ApiName;
use crate::spec::{self, Draft, Inputs, RejectedField, RequestTarget, SpanPart, SpecRequest, SpecWarning};
use crate::terminal::io_streams::{Diagnostics, IoStreams};

/// The most problems of one request that are told: what is wrong in hundreds of places is seldom hundreds of mistakes.
const MAX_TOLD: usize = 20;

/// The verb that answers with rows.
pub const LIST: &str = "list";

/// A method that an endpoint offers.
pub struct Method {
    caller: Caller,
    /// Of the types that this method needs.
    descriptor: MethodDescriptor,
    decoder: Decoder,
    found: Found,
}

impl Method {
    /// Connects to what offers `resource`, and asks it for its own description of `verb`.
    pub async fn reach(
        connector: &Connector,
        resource: &Resource,
        verb: &str,
        api_version: Option<&str>,
    ) -> Result<Self> {
        let resource = &connector.locate(resource)?;
        let caller = connector.connect(&resource.service).await?;
        let found = connector.find(&MethodRef { resource, verb, api_version }, &caller).await?;
        Self::of(caller, found)
    }

    /// The method that was `found` behind `caller`.
    pub fn of(caller: Caller, found: Found) -> Result<Self> {
        let descriptor = found.descriptor(caller.place())?;
        Self::described(caller, descriptor, found)
    }

    /// As [`Method::of`], with the descriptor of what was found.
    pub fn described(caller: Caller, descriptor: MethodDescriptor, found: Found) -> Result<Self> {
        if descriptor.is_client_streaming() {
            let (verb, resource) = (descriptor.name(), &found.resource);
            return Err(Error::usage(format!("{verb} of {resource} takes a stream of requests, which cannot be sent")));
        }
        let decoder = Decoder::new(descriptor.output());
        Ok(Self { caller, descriptor, decoder, found })
    }

    /// Another method of the same resource, by the description that is known already.
    pub fn sibling(&self, verb: &str) -> Result<Self> {
        Self::of(self.caller.clone(), self.found.sibling(verb, self.caller.place())?)
    }

    /// What the method is called through.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// `/package.Service/method`, as the wire has it.
    pub fn path(&self) -> String {
        call::path(&self.descriptor)
    }

    /// The method's name.
    pub fn verb(&self) -> &str {
        self.descriptor.name()
    }

    /// The resource by its own name, without its service's.
    pub fn resource_name(&self) -> &str {
        &self.found.resource.name
    }

    /// The service and the resource by the names that they are called by, however they were typed.
    pub fn names(&self) -> (String, String) {
        (self.found.resource.service.clone(), self.descriptor.service_name().to_owned())
    }

    /// Whether it is one of a Repository's plugins.
    pub fn is_of_plugins(&self) -> bool {
        let (service, resource) = self.names();
        (service.as_str(), resource.as_str()) == ("repository", "Plugin")
    }

    pub fn input(&self) -> MessageDescriptor {
        self.descriptor.input()
    }

    pub fn output(&self) -> MessageDescriptor {
        self.descriptor.output()
    }

    /// The type of the rows that the resource's `list` answers with, whatever this method answers with: that of `stat`
    /// does not tell which keys there are. `None` if that is not known.
    pub fn rows(&self) -> Option<MessageDescriptor> {
        let list = match self.descriptor.name() {
            LIST => self.output(),
            _ => self.sibling(LIST).ok().filter(|method| method.descriptor.name() == LIST)?.output(),
        };
        ResponseKind::new(&list).list_row().cloned()
    }

    /// Whether a call can have any number of answers.
    pub fn is_streaming(&self) -> bool {
        self.descriptor.is_server_streaming()
    }

    /// Makes `draft` this method's request, and says what had to be done for it.
    pub fn resolve(&self, draft: Draft, strict: bool, diagnostics: &mut Diagnostics) -> Result<SpecRequest> {
        let resolved = draft.resolve(&self.target(), strict)?;
        resolved.notes.iter().for_each(|note| diagnostics.note(note));
        resolved.warnings.iter().for_each(|warning| diagnostics.warn(&located(warning, &resolved.request)));
        Ok(resolved.request)
    }

    /// As [`Method::resolve`] for each of several drafts; what had to be done for many of them is said once.
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
                match notes.iter_mut().find(|(said, ..)| *said == note) {
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
        let package = ApiName::parse(self.descriptor.service_full_name()).map(|name| name.service);
        RequestTarget {
            service: package.filter(|name| *name != "core").unwrap_or(&self.found.resource.service),
            resource: &self.found.resource.name,
            verb: self.descriptor.name(),
            input: self.input(),
        }
    }

    /// The bytes of `request`, or all that is wrong with it, each with its place.
    pub fn encode(&self, request: &SpecRequest) -> Result<Bytes> {
        self.encode_all(std::slice::from_ref(request)).map(|mut encoded| encoded.pop().unwrap_or_default())
    }

    /// As [`Method::encode`] for each of several requests; an error tells what is wrong with all of them.
    pub fn encode_all(&self, requests: &[SpecRequest]) -> Result<Vec<Bytes>> {
        self.encode_each(requests, |request| self.missing(request))
    }

    /// As [`Method::encode_all`], of requests that may leave out what the service needs.
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
        if faults.is_empty() { Ok(encoded) } else { Err(self.refusal(faults)) }
    }

    fn try_encode(&self, request: &SpecRequest) -> std::result::Result<Bytes, Vec<Fault>> {
        let encoded = encode::encode(&request.value, &self.input());
        let mut faults: Vec<Fault> = request.refusals().iter().map(refused).collect();
        let (service, resource) = self.names();
        if let ("repository", "Plugin", "register" | "update") = (&*service, &*resource, self.verb()) {
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

    /// What the service is known to need, and `request` leaves out.
    fn missing(&self, request: &SpecRequest) -> Vec<Fault> {
        let (service, resource) = self.names();
        let needed = spec::needed(&service, &resource, self.verb());
        let input = self.input();
        let missing = spec::missing(needed, &request.value, |name| input.get_field_by_name(name).is_some());
        missing.map(|name| left_out(name, request)).collect()
    }

    /// The error that tells of faults, each with its place.
    fn refusal(&self, mut faults: Vec<(Fault, &SpecRequest)>) -> Error {
        let is_in_file = faults.iter().any(|(fault, request)| request.is_from_file(&fault.path));
        let kind = if is_in_file { ErrorKind::Local } else { ErrorKind::Usage };
        let more = faults.len().saturating_sub(MAX_TOLD);
        faults.truncate(MAX_TOLD);
        let told =
            |(fault, request): (Fault, &SpecRequest)| (fault.kind == FaultKind::Missing, problem(fault, request));
        let mut problems: Vec<(bool, Problem)> = faults.into_iter().map(told).collect();
        problems.sort_by_cached_key(|(_, problem)| {
            problem.location.as_ref().map(|at| (at.source.clone(), at.line, at.column))
        });
        if let Some((_, last)) = problems.iter_mut().rfind(|(is_missing, _)| *is_missing) {
            let (service, resource) = self.names();
            last.hints.push(format!("`spacectl explain {service}.{resource}.{}` tells what it takes", self.verb()));
        }
        let mut problems: Vec<Problem> = problems.into_iter().map(|(_, problem)| problem).collect();
        if more > 0 {
            problems.push(Problem::new(format!("{more} more problems are not shown")));
        }
        Error::from_problems(kind, problems).unwrap_or_else(|| Error::local("cannot be sent"))
    }

    /// What the service would read out of a request's bytes.
    pub fn decode_request(&self, request: Bytes) -> Result<Value> {
        decode::decode(request, &self.input())
    }

    /// The bytes of a request that the program itself has made, of values that came through the codec.
    pub fn encode_made(&self, request: &Map<String, Value>) -> Result<Bytes> {
        match encode::encode(request, &self.input()) {
            Ok(message) => Ok(message.into()),
            Err(faults) => {
                let told = faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message));
                Err(told.fold(Error::local(format!("{} cannot be sent", self.path())), Error::cause))
            }
        }
    }

    /// Sends one request to a method that answers once.
    pub async fn ask(&self, request: Bytes) -> Result<Value> {
        self.decoder.decode(self.ask_bytes(request).await?).map_err(|error| self.unreadable(error))
    }

    /// As [`Method::ask`]; the answer in its bytes.
    pub async fn ask_bytes(&self, request: Bytes) -> Result<Bytes> {
        let answer = self.call(request).await?.next_bytes().await?;
        answer.ok_or_else(|| Error::local("the service sent no response"))
    }

    /// Sends one request to a method that answers once, and lets it go its way while other work is done. Within a runtime
    /// only.
    pub fn call_ahead(&self, request: Bytes) -> PageInFlight {
        let (caller, descriptor) = (self.caller.clone(), self.descriptor.clone());
        PageInFlight(tokio::spawn(async move { caller.unary(&descriptor, request).await }))
    }

    /// What a method was answered, as `shape` takes it, with what `columns` need of it at least: a list in its bytes, if
    /// it can stay there.
    pub fn document(&self, answer: Bytes, shape: &ResponseKind, columns: Option<&Columns>) -> Result<Document> {
        if let Some(list) = shape.read_list(&answer) {
            return Ok(list);
        }
        let value = match columns {
            Some(columns) if shape.is_one_message() => self.decoder.decode_some(answer, &columns.first_names()),
            _ => self.decoder.decode(answer),
        };
        value.map(|value| shape.document(value)).map_err(|error| self.unreadable(error))
    }

    /// `error`, by which an answer cannot be read: what was done is not known then.
    fn unreadable(&self, error: Error) -> Error {
        with_outcome(error, self.verb(), Outcome::Unknown)
    }

    /// Sends one request.
    pub async fn call(&self, request: Bytes) -> Result<Answers> {
        let arriving = if self.is_streaming() {
            Arriving::Many(Box::new(self.caller.server_streaming(&self.descriptor, request).await?))
        } else {
            Arriving::One(Some(self.caller.unary(&self.descriptor, request).await?))
        };
        Ok(Answers { arriving })
    }
}

/// A call that is under way; given up when this is dropped.
pub struct PageInFlight(JoinHandle<Result<Bytes>>);

impl PageInFlight {
    pub async fn answer(mut self) -> Result<Bytes> {
        (&mut self.0).await.unwrap_or_else(|error| Err(Error::local("the call was broken off").caused_by(&error)))
    }
}

impl Drop for PageInFlight {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The service that the first of `by_rule` is there called by the second, in its endpoint's own description; where there
/// is no such name, the one that `choose` takes of those that are offered.
pub async fn describe<T>(
    caller: &Caller,
    by_rule: (T, String),
    choose: impl FnOnce(&[String]) -> Result<(T, String)>,
) -> Result<(T, ServiceDescriptor, Gaps)> {
    let described = reflection::describe(caller, &by_rule.1).await?;
    if let Some(service) = described.pool.get_service_by_name(&by_rule.1) {
        return Ok((by_rule.0, service, described.gaps));
    }
    let (chosen, name) = choose(&described.services)?;
    let Described { pool, gaps, .. } = reflection::describe(caller, &name).await?;
    let undescribed = || match gaps.of_service(&name, &pool) {
        Some(why) => unfit(caller.place(), why),
        None => Error::local(format!("{} offers {name} but does not describe it", caller.place())),
    };
    let service = pool.get_service_by_name(&name).ok_or_else(undescribed)?;
    Ok((chosen, service, gaps))
}

/// The method of `service`, which is `resource` at `place`, that the user calls `verb`.
pub fn find_method(
    service: &ServiceDescriptor,
    resource: &Resource,
    verb: &str,
    place: &str,
) -> Result<prost_reflect::MethodDescriptor> {
    let names: Vec<String> = service.methods().map(|method| method.name().to_owned()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let meant = meant(verb, &names, resource, place)?;
    let undescribed = || Error::local(format!("{place} does not describe {meant} of {resource}"));
    service.methods().find(|method| method.name() == meant).ok_or_else(undescribed)
}

/// What one request is answered with: one message, or a stream of them.
pub struct Answers {
    arriving: Arriving,
}

enum Arriving {
    One(Option<Bytes>),
    Many(Box<Responses>),
}

impl Answers {
    /// The next answer, in its bytes; `None` at the end.
    pub async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        match &mut self.arriving {
            Arriving::One(bytes) => Ok(bytes.take()),
            Arriving::Many(responses) => responses.next().await,
        }
    }
}

/// The fault that a request leaves out `name`.
fn left_out(name: &str, request: &SpecRequest) -> Fault {
    let message = if request.value.contains_key(name) { "required, and empty" } else { "required, and missing" };
    Fault {
        kind: FaultKind::Missing,
        path: FieldPath::default().key(name),
        at_key: true,
        message: message.to_owned(),
        hint: None,
    }
}

/// The fault that a value is not filled in.
pub fn unfilled(Placeholder { path, message, hint }: Placeholder) -> Fault {
    let message = format!("{message} [{}]", Rule::Placeholder.name());
    Fault { kind: FaultKind::Other, path, at_key: false, message, hint: Some(hint.to_owned()) }
}

/// `warning` with its place, if it has one in a text.
fn located(warning: &SpecWarning, request: &SpecRequest) -> String {
    let SpecWarning { path, message } = warning;
    match request.locate(path, SpanPart::Value) {
        Some(location) => format!("{location}: {path}: {message}"),
        None => format!("{path}: {message}"),
    }
}

fn refused(refusal: &RejectedField) -> Fault {
    Fault {
        kind: FaultKind::Other,
        path: FieldPath::default().key(refusal.name),
        at_key: true,
        message: refusal.message.clone(),
        hint: Some(refusal.hint.clone()),
    }
}

/// What an error tells of a fault.
pub fn problem(fault: Fault, request: &SpecRequest) -> Problem {
    let part = if fault.at_key { SpanPart::Key } else { SpanPart::Value };
    let location = request.locate(&fault.path, part);
    // What stands in no text was set by a parameter, which is then named instead.
    let origin = location.is_none().then(|| request.describe_origin(&fault.path)).flatten();
    let origin = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
    let problem = Problem::new(format!("{origin}{}: {}", fault.path, fault.message)).at(location);
    match fault.advice() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// Reads all that the command line gives for the request: one draft for each document.
pub fn read_drafts(request: &cli::Request, streams: &mut IoStreams) -> Result<Vec<Draft>> {
    let inputs = Inputs {
        files: request.file_parameter.clone(),
        json: request.json_parameter.clone(),
        params: request.parameter.clone(),
    };
    spec::read(&inputs, &mut streams.input)
}

/// The only draft of a verb that takes one request.
pub fn read_one_draft(verb: &str, request: &cli::Request, streams: &mut IoStreams) -> Result<Draft> {
    let mut drafts = read_drafts(request, streams)?;
    match (drafts.pop(), drafts.len()) {
        (Some(only), 0) => Ok(only),
        (_, others) => Err(Error::usage(format!("{verb} takes one request, and {} documents are given", others + 1))
            .hint("give one document, or use exec, which sends each in turn")),
    }
}
