//! Long lists, page by page: the next one is requested while this one is written.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::method::{Method, PageInFlight};
use super::prepared_query::PreparedQuery;
use crate::error::{Error, Result};
use crate::output::OutputFormat;
use crate::output::view::Document;
use crate::query::{self, ClientSideQuery, Page, RowRange};
use crate::spec::SpecRequest;
use crate::terminal::io_streams::{Diagnostics, IoStreams};

/// The page size where one message cannot hold the whole list.
pub const AUTOMATIC: u32 = 10_000;

/// The least page size once it is known that not all rows match.
const MANY: u32 = 1_000;

/// The rows of a list to request, and how many at a time.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The request without a page.
    request: Map<String, Value>,
    size: u32,
    /// The rows of all pages. Its limit counts rows that match.
    range: RowRange,
    /// How many rows that match are passed over.
    skipped: u32,
    /// Some rows do not match: as many as are missing may not be enough.
    has_others: bool,
    /// All pages are read before the first is shown.
    is_whole: bool,
}

impl Pages {
    /// The pages of `range`; without it, of the rows that `request` itself asks for.
    ///
    /// # Errors
    /// As of [`requested_range`].
    pub fn new(method: &Method, request: &SpecRequest, size: u32, range: Option<RowRange>) -> Result<Self> {
        let range = range.map_or_else(|| requested_range(method, request), Ok)?;
        let request = request.value.clone();
        Ok(Self { request, size, range, skipped: 0, has_others: false, is_whole: false })
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
            range: RowRange { before: 0, limit: Some(page.limit) },
            skipped: RowRange::from_page(page).before,
            has_others: true,
            ..self
        }
        .whole()
    }

    /// The next smaller size to try, where so many rows were too many for a message.
    pub fn smaller(&self) -> Option<u32> {
        (self.size > 1).then(|| (self.size / 4).max(1))
    }

    /// Asks in `request` for the first page.
    pub fn set_first(&self, request: &mut Map<String, Value>, method: &Method) -> Result<()> {
        self.set(request, Received::default(), method)
    }

    /// The request for the first page.
    pub fn first(&self, method: &Method) -> Result<Bytes> {
        self.request_after(Received::default(), method)
    }

    /// The rows to show of those that match; `None` for all.
    fn client_side(&self) -> Option<ClientSideQuery> {
        self.range.limit?;
        Some(RowRange { before: self.skipped, ..self.range }.client_side())
    }

    /// How many rows to request next.
    fn size_after(&self, received: Received) -> u32 {
        let missing =
            self.range.limit.map(|limit| limit.saturating_add(self.skipped).saturating_sub(received.matching));
        match missing {
            None => self.size,
            Some(0) => 0,
            Some(_) if self.has_others => self.size,
            Some(missing) => self.size.min(missing),
        }
    }

    /// How many rows of the whole list come before the next page.
    fn passed(&self, received: Received) -> u64 {
        u64::from(self.range.before) + u64::from(received.rows)
    }

    fn set(&self, request: &mut Map<String, Value>, received: Received, method: &Method) -> Result<()> {
        let start = u32::try_from(self.passed(received) + 1)
            .map_err(|_| Error::local("the list is longer than the API can count"))?;
        query::set_range(request, &method.input(), start, self.size_after(received));
        Ok(())
    }

    fn request_after(&self, received: Received, method: &Method) -> Result<Bytes> {
        let mut request = self.request.clone();
        self.set(&mut request, received, method)?;
        method.encode_made(&request)
    }
}

/// How many rows of a list were received.
#[derive(Clone, Copy, Debug, Default)]
struct Received {
    rows: u32,
    matching: u32,
}

/// The rows that `request` itself asks for.
///
/// # Errors
/// As of [`Method::encode`]: a page that cannot be read would be replaced by one that can.
pub fn requested_range(method: &Method, request: &SpecRequest) -> Result<RowRange> {
    let input = method.input();
    if !query::chooses_rows(&request.value, &input) {
        return Ok(RowRange::default());
    }
    // The codec knows every way to write a number.
    let read = method.decode_request(method.encode(request)?)?;
    Ok(read.as_object().map(|read| RowRange::from_request(read, &input)).unwrap_or_default())
}

/// Shows the list whose first page is `first`.
pub async fn show(query: &PreparedQuery, pages: &Pages, first: Bytes, streams: &mut IoStreams) -> Result<()> {
    let is_row_by_row =
        matches!(query.output.format(), OutputFormat::Csv | OutputFormat::JsonLines | OutputFormat::Quiet);
    if is_row_by_row && !pages.is_whole {
        return show_each(query, pages, first, streams).await;
    }
    let (document, has_changed) = gather(query, pages, first).await?;
    query.output.write(document, streams)?;
    warn_of_changes(has_changed, &streams.diagnostics);
    Ok(())
}

/// Writes each page when it has come.
async fn show_each(query: &PreparedQuery, pages: &Pages, first: Bytes, streams: &mut IoStreams) -> Result<()> {
    let output = &query.output.for_stream(query.kind());
    let diagnostics = streams.diagnostics.clone();
    let mut writer = output.writer(streams);
    let mut paginator = Paginator::new(pages.clone());
    let mut page = Some(first);
    while let Some(response) = page {
        let document = query.document(response)?;
        // The last page may hold more matching rows than are missing.
        let client_side = query.has_row_check().then(|| paginator.rest()).flatten();
        let next = paginator.next_page(&document, query)?;
        writer.write(output.select(query.arrange(document, client_side.as_ref())))?;
        writer.flush()?;
        page = paginator.receive(next, &query.method).await?;
    }
    writer.finish()?;
    warn_of_changes(paginator.has_changed, &diagnostics);
    Ok(())
}

/// Joins all pages to one list; also says whether the list changed meanwhile.
pub async fn gather(query: &PreparedQuery, pages: &Pages, first: Bytes) -> Result<(Document, bool)> {
    let mut paginator = Paginator::new(pages.clone());
    let mut document = query.document(first)?;
    let mut next = paginator.next_page(&document, query)?;
    while let Some(response) = paginator.receive(next, &query.method).await? {
        let page = query.document(response)?;
        next = paginator.next_page(&page, query)?;
        document.append(page);
    }
    let client_side = query.has_row_check().then(|| pages.client_side()).flatten();
    Ok((query.arrange(document, client_side.as_ref().or(query.client_side())), paginator.has_changed))
}

fn warn_of_changes(has_changed: bool, diagnostics: &Diagnostics) {
    if has_changed {
        diagnostics.warn("the list changed while paging: rows may be missing or duplicated");
    }
}

/// Requests the pages of a list, one after another.
struct Paginator {
    pages: Pages,
    received: Received,
    /// How many rows match, as the first page says.
    total: Option<u64>,
    /// A later page has another total.
    has_changed: bool,
    is_first: bool,
}

impl Paginator {
    fn new(pages: Pages) -> Self {
        Self { pages, received: Received::default(), total: None, has_changed: false, is_first: true }
    }

    /// The rows that are still to be shown; `None` for all.
    fn rest(&self) -> Option<ClientSideQuery> {
        let shown = usize::try_from(self.received.matching).unwrap_or(usize::MAX);
        // 0 would be all of them; after the last page none is requested.
        let limit = |limit: usize| limit.saturating_sub(shown).max(1);
        self.pages.client_side().map(|query| ClientSideQuery { limit: limit(query.limit), ..query })
    }

    /// Counts a page, and requests the one after it if there is one.
    fn next_page(&mut self, page: &Document, query: &PreparedQuery) -> Result<Option<PageInFlight>> {
        let requested = self.pages.size_after(self.received);
        let (rows, total) = page.counts().unwrap_or_default();
        // More than u32 can count is more than was requested.
        let to_u32 = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let (rows, matching) = (to_u32(rows), to_u32(query.count_matching(page)));
        self.received.rows = self.received.rows.saturating_add(rows);
        self.received.matching = self.received.matching.saturating_add(matching);
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
        // A service that sends more than was requested has no pages, and has sent all.
        let is_page = (1..=requested).contains(&rows);
        let has_next = self.total.map_or(rows == requested, |total| self.pages.passed(self.received) < total);
        if !is_page || !has_next || self.pages.size_after(self.received) == 0 {
            return Ok(None);
        }
        self.request(&query.method).map(Some)
    }

    fn request(&self, method: &Method) -> Result<PageInFlight> {
        Ok(method.call_ahead(self.pages.request_after(self.received, method)?))
    }

    /// Waits for a page; requests smaller ones where a message cannot hold it.
    async fn receive(&mut self, next: Option<PageInFlight>, method: &Method) -> Result<Option<Bytes>> {
        let Some(mut next) = next else { return Ok(None) };
        loop {
            match (next.answer().await, self.pages.smaller()) {
                (Err(error), Some(size)) if error.is_response_too_large() => {
                    self.pages.size = size;
                    next = self.request(method)?;
                }
                (received, _) => return received.map(Some),
            }
        }
    }
}
