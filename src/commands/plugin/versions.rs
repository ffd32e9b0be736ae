//! `plugin versions`: the tags of a plugin's image, as the service answers them; and waiting for one.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::{API_VERSION, request, resource, there_are};
use crate::cli::PluginVersions;
use crate::commands::connector::Connector;
use crate::commands::method::Method;
use crate::commands::present::Presentation;
use crate::commands::read::{Asked, Reading, Templates};
use crate::commands::stop::Stop;
use crate::commands::{Context, block_on};
use crate::error::{Error, Kind, Result};
use crate::filter::Filters;
use crate::plugin::version::is_version;
use crate::streams::Talk;
use crate::view::Document;

const VERB: &str = "get_versions";

/// How the service begins to say that it does not know a plugin; its status alone is that of any wrong request.
const NO_PLUGIN: &str = "ERROR_NO_PLUGIN";

/// The waits between two questions: the first, and what they grow to.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub fn run(args: &PluginVersions, context: &mut Context<'_>) -> Result<()> {
    let plugin = &args.plugin_id;
    let presentation = Presentation::parse(None, args.output)?;
    if let Some(tag) = &args.wait {
        let found = wait(plugin, tag, context)?;
        return presentation.write(Document::Value(found.into()), context.streams);
    }
    if args.latest {
        let connector = Connector::new(context)?;
        let tags = block_on(async { Question::prepare(&connector, plugin).await?.ask().await })?;
        let newest = tags.iter().find(|tag| is_version(tag)).ok_or_else(|| no_version(plugin, &tags))?;
        return presentation.write(Document::Value(newest.as_str().into()), context.streams);
    }
    let reading = Reading {
        verb: VERB,
        resource: resource()?,
        request: &request(&json!({ "plugin_id": plugin })),
        presentation,
        asked: Asked::default(),
        filters: Filters::default(),
        templates: Templates::None,
        watch: None,
        more: "-o yaml",
    };
    reading.run(context)
}

/// Waits until `tag` is among the plugin's versions.
fn wait(plugin: &str, tag: &str, context: &mut Context<'_>) -> Result<String> {
    let connector = Connector::new(context)?;
    // What a person may have to type for the key is no part of the wait, and what is wrong here does not pass.
    connector.metadata()?;
    connector.settings().destination(&connector.locate(&resource()?)?.service)?;
    let limit = context.global.timeout;
    let talk = &mut context.streams.talk;
    block_on(async {
        let mut stop = Stop::listen()?;
        stop.or(Wait { connector: &connector, plugin, tag }.run(limit, talk)).await
    })
}

struct Wait<'a> {
    connector: &'a Connector,
    plugin: &'a str,
    tag: &'a str,
}

impl Wait<'_> {
    async fn run(&self, limit: Option<Duration>, talk: &mut Talk) -> Result<String> {
        let mut state = State::NotAsked;
        let waiting = self.until_there(&mut state, talk);
        match limit {
            None => waiting.await,
            Some(limit) => match tokio::time::timeout(limit, waiting).await {
                Ok(done) => done,
                Err(_) => Err(self.too_late(limit, &state)),
            },
        }
    }

    async fn until_there(&self, state: &mut State, talk: &mut Talk) -> Result<String> {
        let mut question = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let (plugin, tag) = (self.plugin, self.tag);
            let before = std::mem::replace(
                state,
                match self.ask(&mut question).await {
                    Ok(tags) if tags.iter().any(|known| known == tag) => return Ok(tag.to_owned()),
                    Ok(tags) => State::Others(tags),
                    Err(error) if is_passing(&error) => {
                        // Another version of the service may come back, which takes other requests.
                        question = None;
                        State::Failed(error)
                    }
                    Err(error) => return Err(error),
                },
            );
            match state {
                State::Failed(error) if before.failed_so(error) => {}
                State::Failed(error) if is_unknown(error) => {
                    talk.note(&format!("{plugin} is not registered yet: waiting for it"));
                }
                State::Failed(error) => talk.setback(&error.summary()),
                State::Others(_) if matches!(before, State::NotAsked) => {
                    talk.note(&format!("{plugin} has no version {tag} yet: waiting for it"));
                }
                _ => {}
            }
            // Now and not at the end: whoever waits wants to know for what.
            talk.finish(None);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn ask(&self, question: &mut Option<Question>) -> Result<Vec<String>> {
        let question = match question {
            Some(question) => question,
            None => question.insert(Question::prepare(self.connector, self.plugin).await?),
        };
        question.ask().await
    }

    fn too_late(&self, limit: Duration, state: &State) -> Error {
        let error = Error::local(format!("{} has no version {} after {limit:?}", self.plugin, self.tag));
        let error = match state {
            State::NotAsked => error.cause("there was no answer"),
            State::Others(tags) => error.cause(there_are(tags)),
            State::Failed(last) => error.cause(last.summary()),
        };
        error.hint("--timeout waits longer, 0 without end")
    }
}

/// What is known so far.
enum State {
    NotAsked,
    /// The tags that there are instead.
    Others(Vec<String>),
    Failed(Error),
}

impl State {
    fn failed_so(&self, error: &Error) -> bool {
        matches!(self, Self::Failed(before) if before.summary() == error.summary())
    }
}

/// Whether time can mend it: the service is away for the moment, or nobody has registered the plugin yet.
fn is_passing(error: &Error) -> bool {
    match error.kind() {
        // The configuration was read before: what is left is the connection.
        Kind::Local | Kind::Status(Code::Unavailable) => true,
        Kind::Status(_) => is_unknown(error),
        Kind::Usage | Kind::NotCompared | Kind::Differs | Kind::Ended(_) | Kind::ReaderGone => false,
    }
}

/// Whether the service says that it has no such plugin.
fn is_unknown(error: &Error) -> bool {
    let says_so = |cause: &String| cause.starts_with(NO_PLUGIN);
    match error.kind() {
        Kind::Status(Code::NotFound) => true,
        Kind::Status(Code::InvalidArgument) => error.problems().iter().flat_map(|one| &one.causes).any(says_so),
        _ => false,
    }
}

/// Asks for the plugin's versions, any number of times.
struct Question {
    method: Method,
    request: Bytes,
}

impl Question {
    async fn prepare(connector: &Connector, plugin: &str) -> Result<Self> {
        let method = Method::reach(connector, &resource()?, VERB, API_VERSION).await?;
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
