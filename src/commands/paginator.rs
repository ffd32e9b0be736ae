//! Shows long lists, requesting the next page while one is written.

use bytes::Bytes;

use super::method::{Method, PageInFlight};
use super::pages::{MANY, Pages, Paging, Received};
use super::prepared_query::PreparedQuery;
use crate::error::Result;
use crate::output::OutputFormat;
use crate::output::view::Document;
use crate::query::ClientSideQuery;
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::progress::{Progress, ProgressState};

/// Shows the list whose first page is `first`.
pub async fn show(query: &PreparedQuery, pages: &Pages, first: Bytes, streams: &mut IoStreams) -> Result<()> {
    let is_row_by_row =
        matches!(query.output.format(), OutputFormat::Csv | OutputFormat::JsonLines | OutputFormat::Quiet);
    if is_row_by_row && !pages.is_whole {
        return show_each(query, pages, first, streams).await;
    }
    let mut progress = Progress::without_total("read", streams);
    let gathered = gather(query, pages, first, &mut progress).await;
    progress.clear();
    let (document, has_changed) = gathered?;
    query.output.write(document, streams)?;
    warn_of_changes(has_changed, &streams.diagnostics);
    Ok(())
}

/// Writes each page when it has come.
async fn show_each(query: &PreparedQuery, pages: &Pages, first: Bytes, streams: &mut IoStreams) -> Result<()> {
    let output = &query.output.for_stream(query.kind());
    let diagnostics = streams.diagnostics.clone();
    let mut progress = Progress::without_total("read", streams);
    let mut writer = output.writer(streams);
    let mut paginator = Paginator::new(pages.clone());
    let mut page = Some(first);
    while let Some(response) = page {
        let document = query.document(response).await?;
        // The last page may hold more matching rows than are missing.
        let client_side = query.has_row_check().then(|| paginator.rest()).flatten();
        let next = paginator.next_page(&document, query)?;
        let document = output.select(query.arrange(document, client_side.as_ref()));
        progress.suspend(|| writer.write(document).and_then(|()| writer.flush()))?;
        page = paginator.receive(next, &query.method, &mut progress).await?;
    }
    progress.clear();
    writer.finish()?;
    warn_of_changes(paginator.has_changed, &diagnostics);
    Ok(())
}

/// Joins all pages to one list; also says whether the list changed meanwhile.
async fn gather(
    query: &PreparedQuery,
    pages: &Pages,
    first: Bytes,
    progress: &mut Progress,
) -> Result<(Document, bool)> {
    let mut paginator = Paginator::new(pages.clone());
    let mut document = query.document(first).await?;
    let mut next = paginator.next_page(&document, query)?;
    while let Some(response) = paginator.receive(next, &query.method, progress).await? {
        let page = query.document(response).await?;
        next = paginator.next_page(&page, query)?;
        document.append(page);
    }
    let client_side = query.has_row_check().then(|| pages.client_side()).flatten();
    Ok((query.arrange(document, client_side.as_ref().or(query.client_side())), paginator.has_changed))
}

/// The document of a response, with the pages after it if there are any.
pub async fn complete(query: &PreparedQuery, response: Bytes, progress: &mut Progress) -> Result<Document> {
    let pages = match &query.paging {
        Paging::Pages(pages) => return Ok(gather(query, pages, response, progress).await?.0),
        Paging::IfUnfiltered(pages) => Some(pages),
        Paging::Whole { .. } => None,
    };
    let document = query.document(response).await?;
    let has_others = || query.count_matching(&document) < document.counts().map_or(0, |(rows, _)| rows);
    match pages.filter(|_| has_others()) {
        Some(pages) => {
            let first = query.method.ask_bytes(pages.first(&query.method)?).await?;
            Ok(gather(query, pages, first, progress).await?.0)
        }
        None => Ok(query.arrange(document, query.client_side())),
    }
}

/// Sends the request of a method that does not stream, and completes its response.
pub async fn fetch(query: &PreparedQuery) -> Result<Document> {
    complete(query, query.send().await?.only().await?, &mut Progress::none()).await
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
        let has_next = self.total.map_or(rows == requested, |total| self.pages.offset(self.received) < total);
        if !is_page || !has_next || self.pages.size_after(self.received) == 0 {
            return Ok(None);
        }
        self.request(&query.method).map(Some)
    }

    fn request(&self, method: &Method) -> Result<PageInFlight> {
        Ok(method.call_ahead(self.pages.request_after(self.received, method)?))
    }

    /// Waits for a page; requests smaller ones where a message cannot hold it.
    async fn receive(
        &mut self,
        next: Option<PageInFlight>,
        method: &Method,
        progress: &mut Progress,
    ) -> Result<Option<Bytes>> {
        let Some(mut next) = next else { return Ok(None) };
        if let Some(total) = self.total {
            progress.set_total(self.pages.expected(total));
        }
        let state = ProgressState { done: self.received.rows.into(), in_flight: String::new() };
        loop {
            match (progress.during(|| Some(state.clone()), next.response()).await, self.pages.smaller()) {
                (Err(error), Some(size)) if error.is_response_too_large() => {
                    self.pages.size = size;
                    next = self.request(method)?;
                }
                (received, _) => return received.map(Some),
            }
        }
    }
}
