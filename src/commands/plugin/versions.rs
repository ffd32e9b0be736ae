//! `plugin versions`: the tags of a plugin's image, as the service answers them; and waiting for one.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::service::is_no_plugin;
use super::{request, resource, there_are};
use crate::cli::PluginVersions;
use crate::commands::connector::Connector;
use crate::commands::method::Method;
use crate::commands::output_options::OutputOptions;
use crate::commands::plugin::poll;
use crate::commands::plugin::poll::{Look, Waited};
use crate::commands::read::{QueryCommand, QueryOptions, TemplateSource};
use crate::commands::{Context, block_on};
use crate::error::{Error, ErrorKind, Result};
use crate::oci::newest;
use crate::output::view::Document;
use crate::query::filter::FilterSet;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::shutdown::Shutdown;

const VERB: &str = "get_versions";

pub fn run(args: &PluginVersions, context: &mut Context<'_>) -> Result<()> {
    let plugin = &args.plugin_id;
    let presentation = OutputOptions::parse(None, args.output)?;
    if let Some(tag) = &args.wait {
        let found = wait(plugin, tag, context)?;
        return presentation.write(Document::Value(found.into()), context.streams);
    }
    if args.latest {
        let connector = Connector::new(context)?;
        let tags = block_on(async { Question::prepare(&connector, plugin).await?.ask().await })?;
        let newest = newest(&tags).ok_or_else(|| no_version(plugin, &tags))?;
        return presentation.write(Document::Value(newest.into()), context.streams);
    }
    let command = QueryCommand {
        verb: VERB,
        resource: resource()?,
        request: &request(&json!({ "plugin_id": plugin })),
        output: presentation,
        options: QueryOptions::default(),
        filters: FilterSet::default(),
        templates: TemplateSource::None,
        watch: None,
        all_fields_flag: "-o yaml",
    };
    command.run(context)
}

/// Waits until `tag` is among the plugin's versions.
fn wait(plugin: &str, tag: &str, context: &mut Context<'_>) -> Result<String> {
    let connector = Connector::new(context)?;
    // What a person may have to type for the key is no part of the wait, and what is wrong here does not pass.
    connector.metadata()?;
    connector.settings().destination(&connector.locate(&resource()?)?.service)?;
    let limit = context.global.timeout;
    let diagnostics = &mut context.streams.diagnostics;
    block_on(async {
        let mut shutdown = Shutdown::listen()?;
        shutdown.race(Wait { connector: &connector, plugin, tag }.run(limit, diagnostics)).await
    })
}

struct Wait<'a> {
    connector: &'a Connector,
    plugin: &'a str,
    tag: &'a str,
}

impl Wait<'_> {
    async fn run(&self, limit: Option<Duration>, diagnostics: &Diagnostics) -> Result<String> {
        let Self { plugin, tag, .. } = self;
        let mut question = None;
        let looking = async || match self.ask(&mut question).await {
            Ok(tags) if tags.iter().any(|known| known == tag) => Ok(Look::There(())),
            Ok(tags) => {
                let note = format!("{plugin} has no version {tag} yet: waiting for it");
                Ok(Look::NotYet { note, why: there_are(&tags) })
            }
            Err(error) if is_no_plugin(&error) => {
                let note = format!("{plugin} is not registered yet: waiting for it");
                Ok(Look::NotYet { note, why: error.summary() })
            }
            Err(error) if is_passing(&error) => {
                // Another version of the service may come back, which takes other requests.
                question = None;
                Ok(Look::Failed(error))
            }
            Err(error) => Err(error),
        };
        match poll::wait(limit, diagnostics, looking).await? {
            Waited::There(()) => Ok((*tag).to_owned()),
            Waited::Late { limit, last } => {
                let error = Error::local(format!("{plugin} has no version {tag} after {limit:?}"));
                Err(last.explain(error).hint("--timeout waits longer, 0 without end"))
            }
        }
    }

    async fn ask(&self, question: &mut Option<Question>) -> Result<Vec<String>> {
        let question = match question {
            Some(question) => question,
            None => question.insert(Question::prepare(self.connector, self.plugin).await?),
        };
        question.ask().await
    }
}

/// Whether time can mend it: the service is away, slow or asked too much for the moment.
fn is_passing(error: &Error) -> bool {
    match error.kind() {
        // A connection that broke.
        _ if error.outcome().is_in_doubt() => true,
        // The configuration was read before: what is left is the connection.
        ErrorKind::Local | ErrorKind::Status(Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted) => {
            true
        }
        ErrorKind::Status(_)
        | ErrorKind::Usage
        | ErrorKind::DiffFailed
        | ErrorKind::Diff
        | ErrorKind::Signal(_)
        | ErrorKind::BrokenPipe => false,
    }
}

/// Asks for the plugin's versions, any number of times.
struct Question {
    method: Method,
    request: Bytes,
}

impl Question {
    async fn prepare(connector: &Connector, plugin: &str) -> Result<Self> {
        let method = Method::reach(connector, &resource()?, VERB, None).await?;
        let request = method.encode_made(&Map::from_iter([("plugin_id".to_owned(), plugin.into())]))?;
        Ok(Self { method, request })
    }

    async fn ask(&self) -> Result<Vec<String>> {
        let answer = self.method.ask(self.request.clone()).await?;
        let tags = answer.get("results").and_then(Value::as_array);
        Ok(tags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

fn no_version(plugin: &str, tags: &[String]) -> Error {
    Error::local(format!("{plugin} has no tag that reads as a version")).cause(there_are(tags))
}
