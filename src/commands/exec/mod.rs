//! `exec VERB RESOURCE`: sends a request for each document.

mod many;
pub mod ordered_pool;
mod response_writer;
mod streaming;
mod summary;

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use super::connector::Connector;
use super::drafts::read_drafts;
use super::method::Method;
use super::{Context, block_on, confirm, dry_run, nearest_ids, resume_command};
use crate::cli::Exec;
use crate::cli::suggestions;
use crate::commands::output_options::OutputOptions;
use crate::error::{Error, Location, Result};
use crate::output::view::id_field;
use crate::plugin::plan;
use crate::query;
use crate::secret::snake_case;
use crate::spec::SpecRequest;
use crate::terminal::io_streams::IoStreams;
use crate::terminal::progress::Progress;
use crate::terminal::shutdown::Shutdown;
use response_writer::{ResponseContext, ResponseWriter};
use streaming::StreamLimits;

/// One request, ready to be sent.
struct Document {
    name: Name,
    request: Bytes,
    /// The id that the request is about, if it names one.
    subject: Option<String>,
}

/// How messages name a document.
struct Name {
    label: String,
    /// Where it begins and its number, in a file that holds several.
    place: Option<(Location, usize)>,
}

pub fn run(args: &Exec, context: &mut Context<'_>) -> Result<()> {
    suggestions::check_order(&args.verb, &args.resource)?;
    let resource = context.resource(&args.resource)?.with_api_version(args.request.api_version.as_deref())?;
    let mut output =
        OutputOptions::parse(args.shown.columns.as_deref(), args.shown.output)?.with_layout(&args.shown.layout)?;
    let drafts = read_drafts(&args.request, context.streams)?;
    let connector = Connector::new(context)?;
    block_on(async {
        let method = Method::reach(&connector, &resource, &args.verb, args.request.api_version.as_deref()).await?;
        let kind = output.check(&method.output(), method.resource_name())?;
        if args.limit.is_some() && !method.is_streaming() {
            let (service, resource) = method.names();
            return Err(Error::usage(format!("{} of {service}.{resource} does not stream", method.verb()))
                .hint("remove --limit, which ends streams; to limit rows, use list, stat or analyze"));
        }
        // All are encoded before the first is sent: a mistake in the last document is found while nothing is done.
        let resolved = method.resolve_all(drafts, args.request.strict, &mut context.streams.diagnostics)?;
        if resolved.iter().any(|request| query::chooses_fields(&request.value)) {
            output.show_every_field();
        }
        if let [only] = &resolved[..] {
            output.show_first(query::response_fields(method.verb(), &only.value));
        }
        let key = id_field(method.resource_name());
        for request in &resolved {
            method.learn_types(request).await;
        }
        let encoded = method.encode_all(&resolved)?;
        let documents = resolved.iter().zip(encoded).map(|(request, bytes)| Document {
            name: Name { label: request.label(), place: request.place() },
            request: bytes,
            subject: subject(request, &method, &key),
        });
        let documents: Vec<Document> = documents.collect();
        if args.request.dry_run {
            let requests = documents.iter().map(|document| &document.request);
            return dry_run::show(&method, requests, &output, context.streams);
        }
        if is_removal(method.verb()) && !args.yes {
            let question = question(&method, &documents, &connector)?;
            confirm::agreement_on_terminal(&question, context.streams)?;
        }
        let output = if method.is_streaming() { output.for_stream(&kind) } else { output };
        let response = ResponseContext { method: &method, options: &output, kind: &kind };
        if method.is_streaming() {
            streaming::run(documents, &StreamLimits::new(args), &response, context.streams).await?;
        } else if let [document] = &documents[..] {
            one(document, &response, context.streams).await?;
        } else {
            let resume = resume_command::exec(args, method.is_read_only(), context.global);
            let progress = Progress::new("done", documents.len(), context.streams);
            many::run(documents, &args.many, &response, (progress, resume), context.streams).await?;
        }
        output.note_hidden_fields("-o yaml", context.streams)
    })
}

/// Whether a verb removes something for good.
fn is_removal(verb: &str) -> bool {
    matches!(snake_case(verb).split('_').next(), Some("delete" | "deregister" | "remove"))
}

/// The question whether to send `documents`: `Deregister 999 documents of repository.Plugin from prod (grpc://host:1)`.
fn question(method: &Method, documents: &[Document], connector: &Connector) -> Result<String> {
    let (service, resource) = method.names();
    let what = match documents {
        [Document { subject: Some(subject), .. }] => format!("{service}.{resource} {subject}"),
        [_] => format!("{service}.{resource}"),
        many => format!("{} documents of {service}.{resource}", many.len()),
    };
    Ok(format!("{} {what} from {}", capitalized(method.verb()), connector.location(&service)?))
}

fn capitalized(verb: &str) -> String {
    let mut chars = verb.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// Sends the only document. A signal ends that by itself.
async fn one(document: &Document, response: &ResponseContext<'_>, streams: &mut IoStreams) -> Result<()> {
    let calling = response.call(document.request.clone());
    let called = if response.method.is_read_only() {
        calling.await
    } else {
        let called = Shutdown::listen()?.race(calling).await;
        if called.as_ref().is_err_and(Error::is_silent) {
            streams.diagnostics.warn_always("left without an answer: check what is there before sending it again");
        }
        called
    };
    let document = match called {
        Ok(document) => document,
        Err(error) => {
            let request = document.request.clone();
            return Err(nearest_ids::suggest(response.method, request, error, &streams.diagnostics).await);
        }
    };
    let mut writer = ResponseWriter::new(response, streams);
    writer.write(document);
    writer.finish()
}

/// The value of the field `key` of `request`; of a plugin, also the id that the service derives from its image.
fn subject(request: &SpecRequest, method: &Method, key: &str) -> Option<String> {
    if method.is_of_plugins() {
        return plan::plugin_id(&request.value).map(str::to_owned);
    }
    request.value.get(key).filter(|value| !crate::text::value_ext::is_empty(value)).map(Value::to_string)
}

impl Name {
    /// `error` of this document.
    fn blame(&self, error: Error) -> Error {
        match &self.place {
            Some((place, number)) => error.context(format!("document {number}")).at(Some(place.clone())),
            None => error.context(&self.label),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((place, _)) => write!(f, "{place}"),
            None => f.write_str(&self.label),
        }
    }
}
