//! What `list`, `get`, `stat` and `analyze` are: one draft, the query that goes with it, a call, and rows.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;

use super::connector::Connector;
use super::filters::RowCheck;
use super::method::{Answers, LIST, Method, read_one_draft};
use super::pages::{self, Pages};
use super::watch::Watch;
use super::{Context, block_on, block_on_threads, dry_run, filters, template};
use crate::cli;
use crate::commands::output_options::OutputOptions;
use crate::commands::revalidate::call_speculatively;
use crate::config::Variables;
use crate::error::{Error, Result};
use crate::grpc::resolve::MethodRef;
use crate::output::view::{Columns, Document, Local, Shape, Sort, Template, add_only_key};
use crate::query::filter::{FilterSet, typed_steps};
use crate::query::{self, Page, Part, QueryRequest};
use crate::schema::resource::Resource;
use crate::spec::{Draft, SpecRequest};
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::shutdown::Shutdown;

/// One verb that reads, with what the command line says about it.
pub struct QueryCommand<'a> {
    pub verb: &'static str,
    pub resource: Resource,
    pub request: &'a cli::Request,
    pub presentation: OutputOptions,
    pub asked: Asked<'a>,
    pub filters: FilterSet,
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
    fn wish(&self, columns: Option<&Columns>) -> Result<QueryRequest> {
        Ok(QueryRequest {
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

impl QueryCommand<'_> {
    /// Asks and shows, once or for as long as the user looks on.
    pub fn run(&self, context: &mut Context<'_>) -> Result<()> {
        // What is wrong with it shows before anything is connected to; columns of a template can only add to it.
        self.asked.wish(self.presentation.columns())?;
        self.run_draft(read_one_draft(self.verb, self.request, context.streams)?, context)
    }

    /// As [`QueryCommand::run`], with a request that was not read from the command line.
    pub fn run_draft(&self, draft: Draft, context: &mut Context<'_>) -> Result<()> {
        let connector = Connector::new(context)?;
        let is_traced = context.global.verbose > 0;
        let in_pages = self.asked.page_size.is_some();
        let reading = async {
            let Some(every) = self.watch else {
                return self.once(&connector, draft, context.streams).await;
            };
            Watch { reading: self, connector: &connector, every, is_traced }.run(draft, context.streams).await
        };
        if in_pages { block_on_threads(reading) } else { block_on(reading) }
    }

    /// Asks and shows once; a list that one message cannot hold comes in pages.
    async fn once(&self, connector: &Connector, draft: Draft, streams: &mut IoStreams) -> Result<()> {
        if self.request.dry_run {
            let question = self.prepare(connector, draft, &mut streams.diagnostics).await?;
            let Question { method, request, presentation, .. } = &question;
            return dry_run::show(method, [request], presentation, streams);
        }
        let (mut question, mut asked) = self.put(connector, &draft, &mut streams.diagnostics).await?;
        let answers = loop {
            match (asked, question.smaller_pages()) {
                (Err(error), Some(size)) if error.is_response_too_large() => {
                    if !question.is_in_pages {
                        streams
                            .diagnostics
                            .note("the list is more than one message may hold: it is asked for in pages");
                    }
                    // By the method that is connected and proved; what there is to note was noted the first time.
                    question = self.question(question.method, draft.clone(), Some(size), &mut Diagnostics::null())?;
                    asked = question.ask().await;
                }
                (asked, _) => break asked?,
            }
        };
        self.show(&question, answers, streams).await
    }

    /// Reaches the method, and makes the request that is sent to it.
    pub async fn prepare(
        &self,
        connector: &Connector,
        draft: Draft,
        diagnostics: &mut Diagnostics,
    ) -> Result<Question> {
        let method = Method::reach(connector, &self.resource, self.verb, self.request.api_version.as_deref()).await?;
        self.question(method, draft, self.asked.page_size, diagnostics)
    }

    /// Reaches the method and asks, in the fewest round trips, for all rows or for the first of so many. What is answered
    /// comes from the service as it is now.
    async fn put(
        &self,
        connector: &Connector,
        draft: &Draft,
        diagnostics: &mut Diagnostics,
    ) -> Result<(Question, Result<Answers>)> {
        let resource = &connector.locate(&self.resource)?;
        let called = MethodRef { resource, verb: self.verb, api_version: self.request.api_version.as_deref() };
        call_speculatively(connector, &called, diagnostics, async |method, diagnostics| {
            let question = self.question(method, draft.clone(), self.asked.page_size, diagnostics)?;
            let asked = question.ask().await;
            Ok((question, asked))
        })
        .await
    }

    fn question(
        &self,
        method: Method,
        draft: Draft,
        page_size: Option<u32>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Question> {
        let mut presentation = self.presentation.clone();
        let mut request = method.resolve(draft, self.request.strict, diagnostics)?;
        let shows_every_field = self.asked.minimal.is_some() || query::chooses_fields(&request.value);
        match &self.templates {
            Templates::Given(template) => template::choose(template, &method, &mut presentation)?,
            Templates::Kept(variables) if presentation.is_open() && !shows_every_field => {
                template::preset(&method, &mut presentation, variables, diagnostics)?;
            }
            Templates::Kept(_) | Templates::None => {}
        }
        let shape = presentation.check(&method.output())?;
        if shows_every_field {
            presentation.show_every_field();
        }
        let mut wish = self.asked.wish(presentation.columns())?;
        wish.only = with_dotted_keys(wish.only, &method);
        if let Some(sort) = &wish.sort {
            shape.check_sort(sort, presentation.columns())?;
        }
        presentation.show_first(query::response_fields(self.verb, &request.value));
        let row_check = filters::put(&self.filters, &method, &mut request)?;
        let several_repositories = filters::lists_several_repositories(&method, &request);
        let sorts_here = several_repositories && wish.sort.is_some();
        // A page of all rows is none of those that match, where the service is known not to apply the filters.
        let pages_here = row_check.as_ref().is_some_and(|check| several_repositories || !check.is_sent())
            && wish.page.is_some_and(|page| page.number > 1);
        if !wish.only.is_empty() {
            let sort_key = wish.sort.as_ref().filter(|_| sorts_here).map(Sort::key);
            let sort_keys = with_dotted_keys(sort_key.into_iter().collect(), &method);
            let needed = row_check.iter().flat_map(RowCheck::only_keys).chain(sort_keys);
            needed.for_each(|key| add_only_key(&mut wish.only, key));
        }
        let can_page = !method.is_streaming() && query::can_page(&method.input(), wish.sort.is_some());
        let page_size = page_size.filter(|_| can_page);
        if self.asked.page_size.is_some() && !can_page {
            diagnostics.note(&format!("{} has no pages: all rows are asked for at once", self.resource));
        }
        let asks_for_page = wish.page.is_none() && query::chooses_rows(&request.value, &method.input());
        // What is ordered here, or cut here into pages, is read whole.
        let here = (sorts_here || pages_here).then(|| take_part(&mut wish, &method, &mut request)).transpose()?;
        let here =
            here.map(|local| Local { sort: wish.sort.take_if(|_| sorts_here).map(Sort::as_services_do), ..local });
        let is_whole = here.is_some();
        let part = wish.page.map(|page| Part { before: 0, limit: Some(page.limit) });
        let page = wish.page;
        let wish = QueryRequest { page: page.filter(|_| page_size.is_none()), ..wish };
        let left = query::apply(&mut request.value, &method.input(), &wish)?;
        let checked_page = page.filter(|_| row_check.is_some() && can_page && page_size.is_none());
        let mut pages = page_size.map(|size| Pages::new(&method, &request, size, part)).transpose()?;
        let mut other_pages = None;
        match checked_page {
            // As without filters, unless it turns out that the service ignores them: then it takes more to fill the page.
            Some(Page { number: 1, limit }) => {
                pages = Some(Pages::new(&method, &request, limit, part)?.whole());
            }
            Some(page) => {
                other_pages = Some(Pages::new(&method, &request, page.limit, Some(Part::default()))?.of_matches(page));
            }
            None if is_whole => pages = pages.map(Pages::whole),
            None => {}
        }
        if let Some(pages) = &pages {
            pages.put_first(&mut request.value, &method)?;
        }
        if left.minimal {
            diagnostics.note(&format!("{} has no minimal form: all fields are shown", self.resource));
        }
        let request = method.encode(&request)?;
        let is_first_page = is_whole || self.asked.page.is_none_or(|page| page.number == 1);
        let can_page = can_page && is_first_page && (is_whole || !asks_for_page) && self.verb == LIST;
        Ok(Question {
            method,
            shape,
            request,
            presentation,
            row_check,
            local: match (here, left.local) {
                (Some(here), Some(left)) => Some(Local { sort: here.sort.or(left.sort), ..here }),
                (here, left) => here.or(left),
            },
            pages,
            other_pages,
            is_in_pages: page_size.is_some(),
            can_page,
            is_minimal: self.asked.minimal == Some(true),
            is_unordered: Cell::default(),
        })
    }

    async fn show(&self, question: &Question, mut answers: Answers, streams: &mut IoStreams) -> Result<()> {
        if !question.method.is_streaming() {
            let first = answers.next_bytes().await?.ok_or_else(nothing)?;
            match &question.pages {
                Some(pages) => pages::show(question, pages, first, streams).await?,
                None => question.presentation.write(question.complete(first).await?, streams)?,
            }
            question.note().iter().for_each(|note| streams.diagnostics.note(note));
            return question.presentation.tell_of_more(self.more, streams);
        }
        let mut shutdown = Shutdown::for_reads()?;
        let presentation = &question.presentation.of_stream(&question.shape)?;
        let mut writer = presentation.writer(streams);
        let showing = async {
            while let Some(answer) = answers.next_bytes().await? {
                let document = question.arrange(question.document(answer)?, question.local.as_ref());
                writer.write(presentation.select(document))?;
                writer.flush()?;
            }
            Ok(())
        };
        let shown = shutdown.race(showing).await;
        // What came before a stream's end is shown whole, whatever ended it.
        shown.and(writer.finish())?;
        question.note().iter().for_each(|note| streams.diagnostics.note(note));
        presentation.tell_of_more(self.more, streams)
    }
}

/// A request that is ready to be sent, any number of times.
pub struct Question {
    pub method: Method,
    shape: Shape,
    request: Bytes,
    pub presentation: OutputOptions,
    /// What the rows have to be, whatever the service has done with the filters.
    row_check: Option<RowCheck>,
    /// What the service could not be asked to do to the rows.
    local: Option<Local>,
    /// The rows are asked for so many at a time.
    pages: Option<Pages>,
    /// They are, too, where it turns out that the service ignored the filters.
    other_pages: Option<Pages>,
    /// They are because they were to be, or could not be answered at once.
    is_in_pages: bool,
    /// They can be, and it is left to us how.
    can_page: bool,
    /// Only the fields that identify a row are asked for.
    is_minimal: bool,
    /// Rows were to be ordered here, and do not have what they are ordered by.
    is_unordered: Cell<bool>,
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

    /// How many rows of a list match the filters.
    pub fn matching(&self, document: &Document) -> usize {
        match &self.row_check {
            Some(check) => check.count(document),
            None => document.counts().map_or(0, |(rows, _)| rows),
        }
    }

    /// Whether rows have to be something, whatever the service has done with the filters.
    pub fn has_row_check(&self) -> bool {
        self.row_check.is_some()
    }

    /// The rows that match, in the order and of the part that is asked for; the part is `local`'s.
    pub fn arrange(&self, document: Document, local: Option<&Local>) -> Document {
        let document = match &self.row_check {
            Some(check) => check.apply(document),
            None => document,
        };
        let Some(local) = local else { return document };
        if self.is_minimal && local.sort.as_ref().is_some_and(|sort| !sort.is_answered(&document)) {
            self.is_unordered.set(true);
        }
        local.apply(document)
    }

    /// What was not asked of the service, to be done here to all rows.
    pub fn local(&self) -> Option<&Local> {
        self.local.as_ref()
    }

    /// What there is to say of what was done to the rows, once.
    pub fn note(&self) -> Option<String> {
        let unordered = "no row has the key to sort by: -m leaves it out";
        let unordered = self.is_unordered.take().then(|| unordered.to_owned());
        let notes = unordered.into_iter().chain(self.row_check.as_ref().and_then(RowCheck::note));
        Some(notes.collect::<Vec<_>>().join("; ")).filter(|notes| !notes.is_empty())
    }

    /// What an answer comes to, with the pages behind it if there are any.
    async fn complete(&self, answer: Bytes) -> Result<Document> {
        if let Some(pages) = &self.pages {
            return pages::gather(self, pages, answer).await.map(|(document, _)| document);
        }
        let document = self.document(answer)?;
        match &self.other_pages {
            Some(pages) if self.matching(&document) < document.counts().map_or(0, |(rows, _)| rows) => {
                let first = self.method.ask_bytes(pages.first(&self.method)?).await?;
                pages::gather(self, pages, first).await.map(|(document, _)| document)
            }
            _ => Ok(self.arrange(document, self.local.as_ref())),
        }
    }

    /// The one answer of a method that does not stream.
    pub async fn answer(&self) -> Result<Document> {
        let mut answers = self.ask().await?;
        self.complete(answers.next_bytes().await?.ok_or_else(nothing)?).await
    }
}

/// `only`, with the whole of a free-form field where a key goes two or more steps below it: these may be one key with dots,
/// which no service sends for a path.
fn with_dotted_keys(only: Vec<String>, method: &Method) -> Vec<String> {
    if only.iter().all(|key| key.matches('.').count() < 2) {
        return only;
    }
    let rows = method.rows();
    let mut keys = Vec::with_capacity(only.len());
    for key in only {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let typed = typed_steps(rows.as_ref(), &path).max(1);
        add_only_key(&mut keys, if path.len() >= typed + 2 { path[..typed].join(".") } else { key });
    }
    keys
}

/// Takes the part of the rows that is asked for out of what the service is asked.
fn take_part(wish: &mut QueryRequest, method: &Method, request: &mut SpecRequest) -> Result<Local> {
    let part = match wish.page.take() {
        Some(page) => {
            Part { before: page.number.saturating_sub(1).saturating_mul(page.limit), limit: Some(page.limit) }
        }
        None => pages::part_of(method, request)?,
    };
    query::remove_part(&mut request.value, &method.input());
    let to_usize = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let (start, limit) = (to_usize(part.before).saturating_add(1), part.limit.map_or(0, to_usize));
    Ok(Local { sort: None, start, limit })
}

fn nothing() -> Error {
    Error::local("the call was answered with nothing")
}
