//! What `list`, `get`, `stat` and `analyze` are: one draft, the query that goes with it, a call, and rows.

use bytes::Bytes;

use super::connector::Connector;
use super::method::{Answers, Method, read_one_draft};
use super::present::Presentation;
use super::stop::Stop;
use super::watch::Watch;
use super::{Context, block_on, dry_run, filters};
use crate::cli;
use crate::error::{Error, Result};
use crate::filter::Filters;
use crate::query::{self, Wish};
use crate::resource::Resource;
use crate::spec::Draft;
use crate::streams::{Streams, Talk};
use crate::view::{Document, Local, Shape};

/// One verb that reads, with what the command line says about it.
pub struct Reading<'a> {
    pub verb: &'static str,
    pub resource: Resource,
    pub request: &'a cli::Request,
    pub presentation: Presentation,
    pub wish: Wish,
    pub filters: Filters,
    /// How often to ask again; `None` asks once.
    pub watch: Option<std::time::Duration>,
}

impl Reading<'_> {
    /// Asks and shows, once or for as long as the user looks on.
    pub fn run(&self, context: &mut Context<'_>) -> Result<()> {
        let draft = read_one_draft(self.verb, self.request, context.streams)?;
        let connector = Connector::new(context)?;
        block_on(async {
            let Some(every) = self.watch else {
                let question = self.prepare(&connector, draft, &mut context.streams.talk).await?;
                if self.request.dry_run {
                    return dry_run::show(&question.method, [&question.request], &self.presentation, context.streams);
                }
                return self.show(&question, context.streams).await;
            };
            Watch { reading: self, connector: &connector, every }.run(draft, context.streams).await
        })
    }

    /// Reaches the method, and makes the request that is sent to it.
    pub async fn prepare(&self, connector: &Connector, draft: Draft, talk: &mut Talk) -> Result<Question> {
        let method = Method::reach(connector, &self.resource, self.verb, &self.request.api_version).await?;
        let shape = self.presentation.check(&method.output())?;
        if let Some(sort) = &self.wish.sort {
            shape.check_sort(sort, self.presentation.columns())?;
        }
        let mut request = method.resolve(draft, self.request.strict, talk)?;
        filters::put(&self.filters, &method, &mut request)?;
        let left = query::apply(&mut request.value, &method.input(), &self.wish)?;
        if left.minimal {
            talk.note(&format!("{} has no minimal form: all fields are shown", self.resource));
        }
        let request = method.encode(&request)?;
        Ok(Question { method, shape, request, local: left.local })
    }

    async fn show(&self, question: &Question, streams: &mut Streams) -> Result<()> {
        let is_streaming = question.method.is_streaming();
        let mut stop = is_streaming.then(Stop::listen).transpose()?;
        let presentation =
            if is_streaming { &self.presentation.of_stream(&question.shape)? } else { &self.presentation };
        let mut writer = presentation.writer(streams);
        let showing = async {
            let mut answers = question.ask().await?;
            while let Some(document) = question.next(&mut answers).await? {
                writer.write(presentation.select(document))?;
                if is_streaming {
                    writer.flush()?;
                }
            }
            Ok(())
        };
        let shown = match &mut stop {
            Some(stop) => stop.or(showing).await,
            None => showing.await,
        };
        // What came before a stream's end is shown whole, whatever ended it.
        shown.and(writer.finish())
    }
}

/// A request that is ready to be sent, any number of times.
pub struct Question {
    pub method: Method,
    shape: Shape,
    request: Bytes,
    /// What the service could not be asked to do to the rows.
    local: Option<Local>,
}

impl Question {
    async fn ask(&self) -> Result<Answers> {
        self.method.call(self.request.clone()).await
    }

    async fn next(&self, answers: &mut Answers) -> Result<Option<Document>> {
        let Some(answer) = answers.next().await? else { return Ok(None) };
        let mut document = self.shape.document(answer);
        if let (Some(local), Document::List(list)) = (&self.local, &mut document) {
            local.apply(list);
        }
        Ok(Some(document))
    }

    /// The one answer of a method that does not stream.
    pub async fn answer(&self) -> Result<Document> {
        let mut answers = self.ask().await?;
        self.next(&mut answers).await?.ok_or_else(|| Error::local("the call was answered with nothing"))
    }
}
