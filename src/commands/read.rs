//! What `list`, `get`, `stat` and `analyze` are: one draft, the query that goes with it, a call, and rows.

use std::time::Duration;

use bytes::Bytes;

use super::connector::Connector;
use super::found::Sought;
use super::method::{Answers, LIST, Method, read_one_draft};
use super::pages::{self, Pages};
use super::present::Presentation;
use super::stop::Stop;
use super::watch::Watch;
use super::{Context, block_on, dry_run, filters, proof, template};
use crate::cli;
use crate::client::status::is_too_large;
use crate::config::Variables;
use crate::error::{Error, Result};
use crate::filter::Filters;
use crate::query::{self, Page, Part, Wish};
use crate::resource::Resource;
use crate::spec::Draft;
use crate::streams::{Streams, Talk};
use crate::view::{Columns, Document, Local, Shape, Sort, Template};

/// One verb that reads, with what the command line says about it.
pub struct Reading<'a> {
    pub verb: &'static str,
    pub resource: Resource,
    pub request: &'a cli::Request,
    pub presentation: Presentation,
    pub asked: Asked<'a>,
    pub filters: Filters,
    pub templates: Templates<'a>,
    /// How often to ask again; `None` asks once.
    pub watch: Option<Duration>,
    /// What shows the fields that a table leaves out.
    pub more: &'static str,
}

/// What the service is asked for, as far as that does not depend on the columns.
#[derive(Default)]
pub struct Asked<'a> {
    /// Nothing but the columns that are shown.
    pub shown_fields_alone: bool,
    /// Only the fields that identify a row; `Some(false)` asks for every field.
    pub minimal: Option<bool>,
    pub page: Option<Page>,
    /// Rows to ask for at a time, until all have come.
    pub page_size: Option<u32>,
    /// A key or a column's header.
    pub sort: Option<&'a str>,
}

impl Asked<'_> {
    fn wish(&self, columns: Option<&Columns>) -> Result<Wish> {
        Ok(Wish {
            only: columns.filter(|_| self.shown_fields_alone).map(Columns::only_keys).unwrap_or_default(),
            minimal: self.minimal,
            page: self.page,
            sort: self.sort.map(|sort| Sort::parse(sort, columns)).transpose()?,
        })
    }
}

/// Where a table's columns come from that neither the user nor the request has chosen.
pub enum Templates<'a> {
    None,
    Given(Template),
    /// The user's own, and those that are built in.
    Kept(&'a Variables),
}

impl Reading<'_> {
    /// Asks and shows, once or for as long as the user looks on.
    pub fn run(&self, context: &mut Context<'_>) -> Result<()> {
        // What is wrong with it shows before anything is connected to; columns of a template can only add to it.
        self.asked.wish(self.presentation.columns())?;
        let draft = read_one_draft(self.verb, self.request, context.streams)?;
        let connector = Connector::new(context)?;
        let is_traced = context.global.verbose > 0;
        block_on(async {
            let Some(every) = self.watch else {
                return self.once(&connector, draft, context.streams).await;
            };
            Watch { reading: self, connector: &connector, every, is_traced }.run(draft, context.streams).await
        })
    }

    /// Asks and shows once; a list that one message cannot hold comes in pages.
    async fn once(&self, connector: &Connector, draft: Draft, streams: &mut Streams) -> Result<()> {
        if self.request.dry_run {
            let question = self.prepare(connector, draft, &mut streams.talk).await?;
            let Question { method, request, presentation, .. } = &question;
            return dry_run::show(method, [request], presentation, streams);
        }
        let (mut question, mut asked) = self.put(connector, &draft, &mut streams.talk).await?;
        let answers = loop {
            match (asked, question.smaller_pages()) {
                (Err(error), Some(size)) if is_too_large(&error) => {
                    if question.pages.is_none() {
                        streams.talk.note("the list is more than one message may hold: it is asked for in pages");
                    }
                    // By the method that is connected and proved; what there is to note was noted the first time.
                    question = self.question(question.method, draft.clone(), Some(size), &mut Talk::silent())?;
                    asked = question.ask().await;
                }
                (asked, _) => break asked?,
            }
        };
        let shown = self.show(&question, answers, streams).await;
        // The process ends: taking descriptors apart would hold it up.
        std::mem::forget(question);
        shown
    }

    /// Reaches the method, and makes the request that is sent to it.
    pub async fn prepare(&self, connector: &Connector, draft: Draft, talk: &mut Talk) -> Result<Question> {
        let method = Method::reach(connector, &self.resource, self.verb, self.request.api_version.as_deref()).await?;
        self.question(method, draft, self.asked.page_size, talk)
    }

    /// Reaches the method and asks, in the fewest round trips, for all rows or for the first of so many. What is answered
    /// comes from the service as it is now.
    async fn put(&self, connector: &Connector, draft: &Draft, talk: &mut Talk) -> Result<(Question, Result<Answers>)> {
        let resource = &connector.locate(&self.resource)?;
        let sought = Sought { resource, verb: self.verb, api_version: self.request.api_version.as_deref() };
        proof::proved(connector, &sought, talk, async |method, talk| {
            let question = self.question(method, draft.clone(), self.asked.page_size, talk)?;
            let asked = question.ask().await;
            Ok((question, asked))
        })
        .await
    }

    fn question(&self, method: Method, draft: Draft, page_size: Option<u32>, talk: &mut Talk) -> Result<Question> {
        let mut presentation = self.presentation.clone();
        let mut request = method.resolve(draft, self.request.strict, talk)?;
        let shows_every_field = self.asked.minimal.is_some() || query::chooses_fields(&request.value);
        match &self.templates {
            Templates::Given(template) => template::choose(template, &method, &mut presentation)?,
            Templates::Kept(variables) if presentation.is_open() && !shows_every_field => {
                template::preset(&method, &mut presentation, variables, talk)?;
            }
            Templates::Kept(_) | Templates::None => {}
        }
        let shape = presentation.check(&method.output())?;
        if shows_every_field {
            presentation.show_every_field();
        }
        let wish = self.asked.wish(presentation.columns())?;
        if let Some(sort) = &wish.sort {
            shape.check_sort(sort, presentation.columns())?;
        }
        presentation.show_first(query::response_fields(self.verb, &request.value));
        filters::put(&self.filters, &method, &mut request)?;
        let can_page = !method.is_streaming() && query::can_page(&method.input(), wish.sort.is_some());
        let page_size = page_size.filter(|_| can_page);
        if self.asked.page_size.is_some() && !can_page {
            talk.note(&format!("{} has no pages: all rows are asked for at once", self.resource));
        }
        let part = wish.page.map(|page| Part { before: 0, limit: Some(page.limit) });
        let asks_for_page = part.is_none() && query::chooses_rows(&request.value, &method.input());
        let wish = Wish { page: wish.page.filter(|_| page_size.is_none()), ..wish };
        let left = query::apply(&mut request.value, &method.input(), &wish)?;
        let pages = page_size.map(|size| Pages::new(&method, &request, size, part)).transpose()?;
        if let Some(pages) = &pages {
            pages.put_first(&mut request.value, &method)?;
        }
        if left.minimal {
            talk.note(&format!("{} has no minimal form: all fields are shown", self.resource));
        }
        let request = method.encode(&request)?;
        let is_first_page = self.asked.page.is_none_or(|page| page.number == 1);
        let can_page = can_page && is_first_page && !asks_for_page && self.verb == LIST;
        Ok(Question { method, shape, request, presentation, local: left.local, pages, can_page })
    }

    async fn show(&self, question: &Question, mut answers: Answers, streams: &mut Streams) -> Result<()> {
        if let Some(pages) = &question.pages {
            let first = answers.next_bytes().await?.ok_or_else(nothing)?;
            pages::show(question, pages, first, streams).await?;
            return question.presentation.tell_of_more(self.more, streams);
        }
        let is_streaming = question.method.is_streaming();
        let mut stop = is_streaming.then(Stop::of_reading).transpose()?;
        let presentation =
            if is_streaming { &question.presentation.of_stream(&question.shape)? } else { &question.presentation };
        let mut writer = presentation.writer(streams);
        let showing = async {
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
        shown.and(writer.finish())?;
        presentation.tell_of_more(self.more, streams)
    }
}

/// A request that is ready to be sent, any number of times.
pub struct Question {
    pub method: Method,
    shape: Shape,
    request: Bytes,
    pub presentation: Presentation,
    /// What the service could not be asked to do to the rows.
    local: Option<Local>,
    /// The rows are asked for so many at a time.
    pages: Option<Pages>,
    /// They can be, and it is left to us how.
    can_page: bool,
}

impl Question {
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How many rows to ask for at a time, if so many as were asked for are too many for a message.
    fn smaller_pages(&self) -> Option<u32> {
        match &self.pages {
            Some(pages) => pages.smaller(),
            None => self.can_page.then_some(pages::AUTOMATIC),
        }
    }

    /// What an answer says, as far as it is shown, before columns are chosen.
    pub fn document(&self, answer: Bytes) -> Result<Document> {
        self.method.document(answer, &self.shape, self.presentation.columns())
    }

    async fn ask(&self) -> Result<Answers> {
        self.method.call(self.request.clone()).await
    }

    async fn next(&self, answers: &mut Answers) -> Result<Option<Document>> {
        let Some(local) = &self.local else {
            let answer = answers.next_bytes().await?;
            return answer.map(|answer| self.document(answer)).transpose();
        };
        let Some(answer) = answers.next().await? else { return Ok(None) };
        let mut document = self.shape.document(answer);
        if let Document::List(list) = &mut document {
            local.apply(list);
        }
        Ok(Some(document))
    }

    /// The one answer of a method that does not stream.
    pub async fn answer(&self) -> Result<Document> {
        let mut answers = self.ask().await?;
        self.next(&mut answers).await?.ok_or_else(nothing)
    }
}

fn nothing() -> Error {
    Error::local("the call was answered with nothing")
}
