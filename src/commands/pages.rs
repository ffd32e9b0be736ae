//! A long list, page by page: the next one is asked for while this one is written.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::method::{Method, PageInFlight};
use super::read::PreparedQuery;
use crate::error::{Error, Result};
use crate::grpc::status::is_too_large;
use crate::output::Format;
use crate::output::view::Document;
use crate::query::{self, ClientSideQuery, Page, RowRange};
use crate::spec::Request;
use crate::terminal::io_streams::{Diagnostics, IoStreams};

/// How many rows are asked for at a time where a whole list is more than one message may be.
pub const AUTOMATIC: u32 = 10_000;

/// How many rows are asked for at a time, at least, once it is known that not all of them match.
const MANY: u32 = 1_000;

/// Which rows a list is asked for, and how many at a time.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The request without a page.
    request: Map<String, Value>,
    /// Rows at a time.
    size: u32,
    /// The rows of all pages. Its limit is one of rows that match.
    part: RowRange,
    /// How many rows that match are passed over.
    skipped: u32,
    /// Rows come that do not match: as many as are missing may not be enough.
    has_others: bool,
    /// All pages are read before the first is shown.
    is_whole: bool,
}

impl Pages {
    /// The pages of `part` of the rows, each of so many; without it, of the rows that `request` asks for by itself.
    ///
    /// # Errors
    /// As of [`range_of`].
    pub fn new(method: &Method, request: &Request, size: u32, part: Option<RowRange>) -> Result<Self> {
        let part = part.map_or_else(|| range_of(method, request), Ok)?;
        let request = request.value.clone();
        Ok(Self { request, size, part, skipped: 0, has_others: false, is_whole: false })
    }

    /// The same for a list that is shown once all of it is there.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// The same for a `page` of the rows that match, out of all rows.
    #[must_use]
    pub fn of_matches(self, page: Page) -> Self {
        Self {
            size: self.size.max(MANY),
            part: RowRange { before: 0, limit: Some(page.limit) },
            skipped: page.number.saturating_sub(1).saturating_mul(page.limit),
            has_others: true,
            ..self
        }
        .whole()
    }

    /// A smaller number of rows to ask for, where so many were too many for a message.
    pub fn smaller(&self) -> Option<u32> {
        (self.size > 1).then(|| (self.size / 4).max(1))
    }

    /// Asks in `request` for the first page.
    pub fn put_first(&self, request: &mut Map<String, Value>, method: &Method) -> Result<()> {
        self.put(request, Got::default(), method)
    }

    /// The request for the first page.
    pub fn first(&self, method: &Method) -> Result<Bytes> {
        self.request_behind(Got::default(), method)
    }

    /// The rows that are shown of those that match; `None` for all.
    fn local(&self) -> Option<ClientSideQuery> {
        self.part.limit?;
        Some(RowRange { before: self.skipped, ..self.part }.client_side())
    }

    /// How many rows to ask for behind those that were got.
    fn size_behind(&self, got: Got) -> u32 {
        let missing = self.part.limit.map(|limit| limit.saturating_add(self.skipped).saturating_sub(got.matching));
        match missing {
            None => self.size,
            Some(0) => 0,
            Some(_) if self.has_others => self.size,
            Some(missing) => self.size.min(missing),
        }
    }

    /// How many rows of all lie behind, where so many of these were got.
    fn passed(&self, got: Got) -> u64 {
        u64::from(self.part.before) + u64::from(got.rows)
    }

    fn put(&self, request: &mut Map<String, Value>, got: Got, method: &Method) -> Result<()> {
        let start = u32::try_from(self.passed(got) + 1)
            .map_err(|_| Error::local("the list is longer than the API can count"))?;
        query::set_range(request, &method.input(), start, self.size_behind(got));
        Ok(())
    }

    /// The request for the rows behind those that were got.
    fn request_behind(&self, got: Got, method: &Method) -> Result<Bytes> {
        let mut request = self.request.clone();
        self.put(&mut request, got, method)?;
        method.encode_made(&request)
    }
}

/// How many rows of a list have come.
#[derive(Clone, Copy, Debug, Default)]
struct Got {
    rows: u32,
    /// Of these, those that match.
    matching: u32,
}

/// The part of the rows that `request` asks for by itself.
///
/// # Errors
/// As of [`Method::encode`], if it does: a page that cannot be read would be replaced by one that can.
pub fn range_of(method: &Method, request: &Request) -> Result<RowRange> {
    let input = method.input();
    if !query::chooses_rows(&request.value, &input) {
        return Ok(RowRange::default());
    }
    // Whatever ways there are to write a number, the codec knows them.
    let read = method.decode_request(method.encode(request)?)?;
    Ok(read.as_object().map(|read| RowRange::from_request(read, &input)).unwrap_or_default())
}

/// Shows the list whose first page is `first`.
pub async fn show(question: &PreparedQuery, pages: &Pages, first: Bytes, streams: &mut IoStreams) -> Result<()> {
    let is_row_by_row = matches!(question.presentation.format(), Format::Csv | Format::JsonLines | Format::Quiet);
    if is_row_by_row && !pages.is_whole {
        return row_by_row(question, pages, first, streams).await;
    }
    let (document, has_changed) = gather(question, pages, first).await?;
    question.presentation.write(document, streams)?;
    tell_of_changes(has_changed, &streams.diagnostics);
    Ok(())
}

/// Writes each page when it has come.
async fn row_by_row(question: &PreparedQuery, pages: &Pages, first: Bytes, streams: &mut IoStreams) -> Result<()> {
    let presentation = &question.presentation.of_stream(question.shape())?;
    let diagnostics = streams.diagnostics.clone();
    let mut writer = presentation.writer(streams);
    let mut paginator = Paginator::new(pages.clone());
    let mut page = Some(first);
    while let Some(bytes) = page {
        let document = question.document(bytes)?;
        // The last page may have more of them than are missing.
        let local = question.has_row_check().then(|| paginator.rest()).flatten();
        let next = paginator.next_page(&document, question).await?;
        writer.write(presentation.select(question.arrange(document, local.as_ref())))?;
        writer.flush()?;
        page = paginator.answer(next, &question.method).await?;
    }
    writer.finish()?;
    tell_of_changes(paginator.has_changed, &diagnostics);
    Ok(())
}

/// All pages as one list: what one message joined of them says; and whether the list changed meanwhile.
pub async fn gather(question: &PreparedQuery, pages: &Pages, first: Bytes) -> Result<(Document, bool)> {
    let mut paginator = Paginator::new(pages.clone());
    let mut document = question.document(first)?;
    let mut next = paginator.next_page(&document, question).await?;
    while let Some(bytes) = paginator.answer(next, &question.method).await? {
        let page = question.document(bytes)?;
        next = paginator.next_page(&page, question).await?;
        document.append(page);
    }
    let local = question.has_row_check().then(|| pages.local()).flatten();
    Ok((question.arrange(document, local.as_ref().or(question.local())), paginator.has_changed))
}

fn tell_of_changes(has_changed: bool, diagnostics: &Diagnostics) {
    if has_changed {
        diagnostics.warn("the list changed while paging: rows may be missing or duplicated");
    }
}

/// How far a list was gone through.
struct Paginator {
    pages: Pages,
    got: Got,
    /// How many rows match, as the first page told.
    total: Option<u64>,
    /// A later page told something else.
    has_changed: bool,
    is_first: bool,
}

impl Paginator {
    fn new(pages: Pages) -> Self {
        Self { pages, got: Got::default(), total: None, has_changed: false, is_first: true }
    }

    /// The rows that are still to be shown; `None` for all.
    fn rest(&self) -> Option<ClientSideQuery> {
        let shown = usize::try_from(self.got.matching).unwrap_or(usize::MAX);
        // 0 would be all of them; behind the last page none is asked for.
        self.pages.local().map(|local| ClientSideQuery { limit: local.limit.saturating_sub(shown).max(1), ..local })
    }

    /// Takes note of a page, and asks for the one behind it if there is one.
    async fn next_page(&mut self, page: &Document, question: &PreparedQuery) -> Result<Option<PageInFlight>> {
        let asked = self.pages.size_behind(self.got);
        let (rows, total) = page.counts().unwrap_or_default();
        // More than u32 can count is more than was asked for.
        let to_u32 = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let (rows, matching) = (to_u32(rows), to_u32(question.matching(page)));
        self.got.rows = self.got.rows.saturating_add(rows);
        self.got.matching = self.got.matching.saturating_add(matching);
        if matching < rows && !self.pages.has_others {
            self.pages.has_others = true;
            if self.pages.is_whole {
                self.pages.size = self.pages.size.max(MANY);
            }
        }
        if std::mem::take(&mut self.is_first) {
            self.total = total;
        }
        self.has_changed |= self.total != total;
        // Who answers with more than was asked for knows no pages, and has sent all.
        let is_page = (1..=asked).contains(&rows);
        let goes_on = self.total.map_or(rows == asked, |total| self.pages.passed(self.got) < total);
        if !is_page || !goes_on || self.pages.size_behind(self.got) == 0 {
            return Ok(None);
        }
        let method = &question.method;
        Ok(Some(method.call_ahead(self.pages.request_behind(self.got, method)?)))
    }

    /// What the service answered; asked for less where it cannot be told in one message.
    async fn answer(&mut self, next: Option<PageInFlight>, method: &Method) -> Result<Option<Bytes>> {
        let Some(mut next) = next else { return Ok(None) };
        loop {
            match (next.answer().await, self.pages.smaller()) {
                (Err(error), Some(size)) if is_too_large(&error) => {
                    self.pages.size = size;
                    next = method.call_ahead(self.pages.request_behind(self.got, method)?);
                }
                (answered, _) => return answered.map(Some),
            }
        }
    }
}
