//! A long list, page by page: the next one is asked for while this one is written.

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use super::method::{Ahead, Method};
use super::read::Question;
use crate::client::status::is_too_large;
use crate::error::{Error, Result};
use crate::output::Format;
use crate::query::{self, Part};
use crate::spec::Request;
use crate::streams::Streams;
use crate::view::Document;

/// How many rows are asked for at a time where a whole list is more than one message may be.
pub const AUTOMATIC: u32 = 10_000;

/// Which rows a list is asked for, and how many at a time.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The request without a page.
    request: Map<String, Value>,
    /// Rows at a time.
    size: u32,
    /// The rows of all pages.
    part: Part,
}

impl Pages {
    /// The pages of `part` of the rows, each of so many; without it, of the rows that `request` asks for by itself.
    ///
    /// # Errors
    /// As of [`Method::encode`], if it does: a page that cannot be read would be replaced by one that can.
    pub fn new(method: &Method, request: &Request, size: u32, part: Option<Part>) -> Result<Self> {
        let input = method.input();
        let part = match part {
            Some(part) => part,
            None if query::chooses_rows(&request.value, &input) => {
                // Whatever ways there are to write a number, the codec knows them.
                let read = method.decode_request(method.encode(request)?)?;
                read.as_object().map(|read| Part::of(read, &input)).unwrap_or_default()
            }
            None => Part::default(),
        };
        Ok(Self { request: request.value.clone(), size, part })
    }

    /// A smaller number of rows to ask for, where so many were too many for a message.
    pub fn smaller(&self) -> Option<u32> {
        (self.size > 1).then(|| (self.size / 4).max(1))
    }

    /// Asks in `request` for the first page.
    pub fn put_first(&self, request: &mut Map<String, Value>, method: &Method) -> Result<()> {
        self.put(request, 0, method)
    }

    /// How many rows to ask for behind so many.
    fn size_behind(&self, got: u32) -> u32 {
        self.part.limit.map_or(self.size, |limit| self.size.min(limit.saturating_sub(got)))
    }

    /// How many rows of all lie behind, where so many of these were got.
    fn passed(&self, got: u32) -> u64 {
        u64::from(self.part.before) + u64::from(got)
    }

    fn put(&self, request: &mut Map<String, Value>, got: u32, method: &Method) -> Result<()> {
        let start = u32::try_from(self.passed(got) + 1)
            .map_err(|_| Error::local("the list is longer than the API can count"))?;
        query::put_part(request, &method.input(), start, self.size_behind(got));
        Ok(())
    }

    /// The request for the rows behind so many.
    fn request_behind(&self, got: u32, method: &Method) -> Result<Bytes> {
        let mut request = self.request.clone();
        self.put(&mut request, got, method)?;
        method.encode_made(&request)
    }
}

/// Shows the list whose first page is `first`.
pub async fn show(question: &Question, pages: &Pages, first: Bytes, streams: &mut Streams) -> Result<()> {
    let is_row_by_row = matches!(question.presentation.format(), Format::Csv | Format::JsonLines | Format::Quiet);
    if is_row_by_row {
        row_by_row(question, pages, first, streams).await
    } else {
        whole(question, pages, first, streams).await
    }
}

/// Writes each page when it has come.
async fn row_by_row(question: &Question, pages: &Pages, first: Bytes, streams: &mut Streams) -> Result<()> {
    let presentation = &question.presentation.of_stream(question.shape())?;
    let talk = streams.talk.clone();
    let mut writer = presentation.writer(streams);
    let mut walk = Walk::new(pages.clone());
    let mut page = Some(first);
    while let Some(bytes) = page {
        let document = question.document(bytes)?;
        let next = walk.go_on(&document, &question.method).await?;
        writer.write(presentation.select(document))?;
        writer.flush()?;
        page = walk.answer(next, &question.method).await?;
    }
    writer.finish()?;
    walk.tell_of_changes(|text| talk.warning(text));
    Ok(())
}

/// Writes all pages as one list: what one message joined of them says.
async fn whole(question: &Question, pages: &Pages, first: Bytes, streams: &mut Streams) -> Result<()> {
    let mut walk = Walk::new(pages.clone());
    let mut all = BytesMut::new();
    let mut page = Some(first);
    while let Some(bytes) = page {
        let next = walk.go_on(&question.document(bytes.clone())?, &question.method).await?;
        // Messages of one type joined are one message, their lists joined: protobuf's encoding, "Last One Wins".
        all.extend_from_slice(&bytes);
        page = walk.answer(next, &question.method).await?;
    }
    question.presentation.write(question.document(all.freeze())?, streams)?;
    walk.tell_of_changes(|text| streams.talk.warning(text));
    Ok(())
}

/// How far a list was gone through.
struct Walk {
    pages: Pages,
    got: u32,
    /// How many rows match, as the first page told.
    total: Option<u64>,
    /// A later page told something else.
    has_changed: bool,
    is_first: bool,
}

impl Walk {
    fn new(pages: Pages) -> Self {
        Self { pages, got: 0, total: None, has_changed: false, is_first: true }
    }

    /// Takes note of a page, and asks for the one behind it if there is one.
    async fn go_on(&mut self, page: &Document, method: &Method) -> Result<Option<Ahead>> {
        let asked = self.pages.size_behind(self.got);
        let (rows, total) = page.counts().unwrap_or_default();
        // More than u32 can count is more than was asked for.
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.got = self.got.saturating_add(rows);
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
        Ok(Some(method.call_ahead(self.pages.request_behind(self.got, method)?).await))
    }

    /// What the service answered; asked for less where it cannot be told in one message.
    async fn answer(&mut self, next: Option<Ahead>, method: &Method) -> Result<Option<Bytes>> {
        let Some(mut next) = next else { return Ok(None) };
        loop {
            match (next.answer().await, self.pages.smaller()) {
                (Err(error), Some(size)) if is_too_large(&error) => {
                    self.pages.size = size;
                    next = method.call_ahead(self.pages.request_behind(self.got, method)?).await;
                }
                (answered, _) => return answered.map(Some),
            }
        }
    }

    fn tell_of_changes(&self, tell: impl FnOnce(&str)) {
        if self.has_changed {
            tell("the list changed while it was read: rows may be missing, or be there twice");
        }
    }
}
