//! `--filter`, `--filter-any` and `--search`, in requests and on rows.
//!
//! Rows are checked here too, since some services ignore filters. How a filter becomes a field of a request is in
//! `query::filter_fields`.

use std::cell::{Cell, RefCell};

use super::method::{LIST, Method};
use crate::cli;
use crate::error::Result;
use crate::output::view::Document;
use crate::query;
use crate::query::filter::{FilterSet, RowFilter, Verdict};
use crate::spec::SpecRequest;
use crate::text::value_ext;

/// Parses the filters.
pub fn read(args: &cli::Filters) -> Result<FilterSet> {
    FilterSet::parse(&args.filter, &args.filter_any, args.search.as_deref())
}

/// Adds the filters to the request of `method`; returns the check of a list's rows, if there is one.
pub fn add_to_request(filters: &FilterSet, method: &Method, request: &mut SpecRequest) -> Result<Option<RowCheck>> {
    let (input, is_list) = (method.input(), method.verb() == LIST);
    let mut row_filter = RowFilter::default();
    let mut is_sent = true;
    // The type of the rows takes another descriptor where this method's response is not a list.
    if filters.flags().next().is_some() {
        let rows = method.rows();
        if is_list {
            let has_alternatives = query::has_alternatives(&request.value, &input);
            row_filter = filters.row_filter(rows.as_ref(), has_alternatives)?;
        }
        let can_be_applied_here = is_list && rows.is_some() && row_filter.is_decidable();
        is_sent = query::add_filters(&mut request.value, &input, filters, rows.as_ref(), can_be_applied_here)?;
    }
    if is_list && method.is_of_plugins() {
        add_fields(method, request, &mut row_filter)?;
    }
    // A Repository filters its own plugins only, but not those of others. The embedded one has no others.
    let is_trusted = is_sent && (method.caller().is_in_process() || !lists_several_repositories(method, request));
    Ok((!row_filter.is_empty()).then(|| RowCheck::new(row_filter, is_sent, is_trusted)))
}

/// Whether `request` lists the plugins of all repositories: a Repository sorts and filters its own plugins only, and
/// chains the pages of all.
pub fn lists_several_repositories(method: &Method, request: &SpecRequest) -> bool {
    let repository = request.value.get("repository_id");
    method.verb() == LIST && method.is_of_plugins() && repository.is_none_or(value_ext::is_empty)
}

/// Adds the fields of a request for plugins that a Repository applies to its own ones only. Other fields and services
/// are left alone: they widen the list on purpose, e.g. a workspace also shows what belongs to all.
fn add_fields(method: &Method, request: &SpecRequest, row_filter: &mut RowFilter) -> Result<()> {
    const FIELDS: [&str; 2] = ["state", "registry_type"];
    if !FIELDS.iter().any(|field| request.value.contains_key(*field)) {
        return Ok(());
    }
    // The codec knows every way to write an enum value.
    let mut read = method.decode_request(method.encode(request)?)?;
    for field in FIELDS {
        if let Some(value) = read.get_mut(field) {
            row_filter.add_field(field, value.take());
        }
    }
    Ok(())
}

/// Checks rows against the filters, and remembers which were ignored.
pub struct RowCheck {
    row_filter: RowFilter,
    /// The service was asked to apply the filters.
    is_sent: bool,
    /// The service is known to apply them to all rows.
    is_trusted: bool,
    /// The flags or fields that removed rows.
    ignored: RefCell<Vec<&'static str>>,
    /// The flags or fields that some rows cannot be checked against.
    undecided: RefCell<Vec<&'static str>>,
    is_noted: Cell<bool>,
}

impl RowCheck {
    fn new(row_filter: RowFilter, is_sent: bool, is_trusted: bool) -> Self {
        Self {
            row_filter,
            is_sent,
            is_trusted,
            ignored: RefCell::default(),
            undecided: RefCell::default(),
            is_noted: Cell::new(false),
        }
    }

    /// Whether the service was asked to apply the filters.
    pub fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// The keys that rows need for the check.
    pub fn only_keys(&self) -> impl Iterator<Item = String> {
        self.row_filter.only_keys().filter(|key| !key.is_empty())
    }

    /// How many rows of a list match or cannot be checked.
    pub fn count(&self, document: &Document) -> usize {
        self.verdicts(document).iter().filter(|verdict| !matches!(verdict, Verdict::Fails(_))).count()
    }

    /// Removes the rows of a list that do not match.
    #[must_use]
    pub fn apply(&self, document: Document) -> Document {
        let mut matching = Vec::new();
        for (index, verdict) in self.verdicts(&document).into_iter().enumerate() {
            match verdict {
                Verdict::Fails(origin) => remember(&self.ignored, origin),
                Verdict::Undecided(origin) => {
                    remember(&self.undecided, origin);
                    matching.push(index);
                }
                Verdict::Matches => matching.push(index),
            }
        }
        if document.counts().is_some() { document.pick(&matching) } else { document }
    }

    fn verdicts(&self, document: &Document) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let fields = self.row_filter.fields();
        document.each_row(&fields, |row| verdicts.push(self.row_filter.verdict(row)));
        verdicts
    }

    /// A note on the rows so far, once. Rows whose request `leaves_out_fields` are left to a service that is trusted,
    /// unless it ignored a filter.
    pub fn note(&self, leaves_out_fields: bool) -> Option<String> {
        let (ignored, undecided) = (self.ignored.borrow(), self.undecided.borrow());
        let is_ignored = self.is_sent && !ignored.is_empty();
        let is_trusted = self.is_trusted && leaves_out_fields && !is_ignored;
        let removed =
            format!("the service ignored {}: spacectl removed the rows that do not match", ignored.join(" and "));
        let note = match (is_ignored, undecided.is_empty() || is_trusted) {
            (true, true) => removed,
            (true, false) => format!("{removed}, and shows those that it cannot check"),
            (false, false) => format!("spacectl shows rows that it cannot check against {}", undecided.join(" and ")),
            (false, true) => return None,
        };
        (!self.is_noted.replace(true)).then_some(note)
    }
}

fn remember(origins: &RefCell<Vec<&'static str>>, origin: &'static str) {
    let mut origins = origins.borrow_mut();
    if !origins.contains(&origin) {
        origins.push(origin);
    }
}
