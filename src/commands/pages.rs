//! The pages of a list: how many rows to request, and which come next.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::method::Method;
use crate::error::{Error, Result};
use crate::query::{self, ClientSideQuery, Page, RowRange};
use crate::spec::SpecRequest;

/// The page size where one message cannot hold the whole list.
const AUTOMATIC: u32 = 10_000;

/// The least page size once it is known that not all rows match.
pub const MANY: u32 = 1_000;

/// How the rows of a list are requested.
pub enum Paging {
    /// All at once; in pages if one message cannot hold them and the list `can_page`.
    Whole {
        can_page: bool,
    },
    Pages(Pages),
    /// All at once, and in these pages if the service turns out to ignore the filters.
    IfUnfiltered(Pages),
}

impl Paging {
    /// The number of rows to request at a time, where one message cannot hold what was requested.
    pub fn smaller(&self) -> Option<u32> {
        match self {
            Self::Pages(pages) => pages.smaller(),
            Self::Whole { can_page } => can_page.then_some(AUTOMATIC),
            Self::IfUnfiltered(_) => None,
        }
    }
}

/// The rows of a list to request, and how many at a time.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The request without a page.
    request: Map<String, Value>,
    pub size: u32,
    /// The rows that all pages hold together; its limit counts the rows that match.
    range: RowRange,
    /// How many rows that match come before the first that is shown.
    skipped: u32,
    /// Some rows do not match: pages are requested in full, since a smaller one may hold too few that do.
    pub has_others: bool,
    /// All pages are read before the first is shown.
    pub is_whole: bool,
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
    pub fn client_side(&self) -> Option<ClientSideQuery> {
        self.range.limit?;
        Some(RowRange { before: self.skipped, ..self.range }.client_side())
    }

    /// How many rows to request next.
    pub fn size_after(&self, received: Received) -> u32 {
        let missing =
            self.range.limit.map(|limit| limit.saturating_add(self.skipped).saturating_sub(received.matching));
        match missing {
            None => self.size,
            Some(0) => 0,
            Some(_) if self.has_others => self.size,
            Some(missing) => self.size.min(missing),
        }
    }

    /// How many rows are requested in all, of `total` that the service has.
    pub fn expected(&self, total: u64) -> u64 {
        let rest = total.saturating_sub(self.range.before.into());
        match self.range.limit {
            Some(limit) if !self.has_others => rest.min(limit.into()),
            _ => rest,
        }
    }

    /// How many rows come before the next page in the list of the service.
    pub fn offset(&self, received: Received) -> u64 {
        u64::from(self.range.before) + u64::from(received.rows)
    }

    fn set(&self, request: &mut Map<String, Value>, received: Received, method: &Method) -> Result<()> {
        let start = u32::try_from(self.offset(received) + 1)
            .map_err(|_| Error::local("the list is longer than the API can count"))?;
        query::set_range(request, &method.input(), start, self.size_after(received));
        Ok(())
    }

    pub fn request_after(&self, received: Received, method: &Method) -> Result<Bytes> {
        let mut request = self.request.clone();
        self.set(&mut request, received, method)?;
        method.encode_made(&request)
    }
}

/// How many rows of a list were received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    pub rows: u32,
    pub matching: u32,
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
