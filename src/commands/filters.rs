//! `--filter`, `--filter-any` and `--search`, for every verb whose request has a query; and the rows of lists, which are
//! checked here, too: there are services that ignore a filter without a word.

use std::cell::{Cell, RefCell};

use super::method::{LIST, Method};
use crate::cli;
use crate::error::Result;
use crate::output::view::Document;
use crate::query;
use crate::query::filter::{Filters, RowFilter, Verdict};
use crate::schema::value_ext;
use crate::spec::Request;

/// Reads the filters, before anything is connected to.
pub fn read(args: &cli::Filters) -> Result<Filters> {
    Filters::parse(&args.filter, &args.filter_any, args.search.as_deref())
}

/// Puts them into the request of `method`; what is left to be done with the rows of a list, if anything is.
pub fn add_to_request(filters: &Filters, method: &Method, request: &mut Request) -> Result<Option<RowCheck>> {
    let (input, is_list) = (method.input(), method.verb() == LIST);
    let mut row_filter = RowFilter::default();
    let mut is_sent = true;
    // What the rows are takes a description of its own, where they are not what this method answers with.
    if filters.flags().next().is_some() {
        let rows = method.rows();
        if is_list {
            let has_alternatives = query::has_alternatives(&request.value, &input);
            row_filter = filters.row_filter(rows.as_ref(), has_alternatives)?;
        }
        let can_be_applied_here = is_list && rows.is_some() && row_filter.is_decidable();
        is_sent = query::select(&mut request.value, &input, filters, rows.as_ref(), can_be_applied_here)?;
    }
    if is_list && method.is_of_plugins() {
        add_fields(method, request, &mut row_filter)?;
    }
    Ok((!row_filter.is_empty()).then(|| RowCheck::new(row_filter, is_sent)))
}

/// Whether `request` of `method` lists what a Repository has in several repositories: it orders and filters its own plugins
/// only, and takes the pages of all of them one behind the other.
pub fn lists_several_repositories(method: &Method, request: &Request) -> bool {
    let repository = request.value.get("repository_id");
    method.verb() == LIST && method.is_of_plugins() && repository.is_none_or(value_ext::is_empty)
}

/// Adds the fields of a request for plugins that a Repository applies to its own ones only. Other fields and other services
/// are left alone, which widen on purpose what is asked for: a workspace also shows what belongs to all.
fn add_fields(method: &Method, request: &Request, row_filter: &mut RowFilter) -> Result<()> {
    const FIELDS: [&str; 2] = ["state", "registry_type"];
    if !FIELDS.iter().any(|field| request.value.contains_key(*field)) {
        return Ok(());
    }
    // Whatever ways there are to write a value of an enum, the codec knows them.
    let mut read = method.decode_request(method.encode(request)?)?;
    for field in FIELDS {
        if let Some(value) = read.get_mut(field) {
            row_filter.add_field(field, value.take());
        }
    }
    Ok(())
}

/// Checks rows against the filters, and remembers what is to be said of that.
pub struct RowCheck {
    row_filter: RowFilter,
    /// The service was asked to apply the filters.
    is_sent: bool,
    /// By which flags or fields rows were left out.
    ignored: RefCell<Vec<&'static str>>,
    /// Of which flags or fields rows are shown that cannot be checked.
    undecided: RefCell<Vec<&'static str>>,
    is_told: Cell<bool>,
}

impl RowCheck {
    fn new(row_filter: RowFilter, is_sent: bool) -> Self {
        Self {
            row_filter,
            is_sent,
            ignored: RefCell::default(),
            undecided: RefCell::default(),
            is_told: Cell::new(false),
        }
    }

    /// Whether the service was asked to apply the filters.
    pub fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// The keys that the rows have to have.
    pub fn only_keys(&self) -> impl Iterator<Item = String> {
        self.row_filter.only_keys().filter(|key| !key.is_empty())
    }

    /// How many rows of a list match, as far as can be told.
    pub fn count(&self, document: &Document) -> usize {
        self.verdicts(document).iter().filter(|verdict| !matches!(verdict, Verdict::Fails(_))).count()
    }

    /// The rows of a list without those that do not match.
    #[must_use]
    pub fn apply(&self, document: Document) -> Document {
        let mut matching = Vec::new();
        for (place, verdict) in self.verdicts(&document).into_iter().enumerate() {
            match verdict {
                Verdict::Fails(origin) => remember(&self.ignored, origin),
                Verdict::Undecided(origin) => {
                    remember(&self.undecided, origin);
                    matching.push(place);
                }
                Verdict::Matches => matching.push(place),
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

    /// What there is to say of the rows so far; once.
    pub fn note(&self) -> Option<String> {
        let (ignored, undecided) = (self.ignored.borrow(), self.undecided.borrow());
        let is_ignored = self.is_sent && !ignored.is_empty();
        if (!is_ignored && undecided.is_empty()) || self.is_told.replace(true) {
            return None;
        }
        let left_out =
            || format!("the service ignored {}: rows that do not match are left out here", ignored.join(" and "));
        let shown = || format!("rows that cannot be checked here against {} are shown", undecided.join(" and "));
        Some(match (is_ignored, undecided.is_empty()) {
            (true, true) => left_out(),
            (true, false) => format!("{}; {}", left_out(), shown()),
            (false, _) => shown(),
        })
    }
}

fn remember(origins: &RefCell<Vec<&'static str>>, origin: &'static str) {
    let mut origins = origins.borrow_mut();
    if !origins.contains(&origin) {
        origins.push(origin);
    }
}
