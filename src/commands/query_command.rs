//! What the command line asks of a verb that reads; `read` runs it.

use std::time::Duration;

use crate::cli;
use crate::commands::output_options::OutputOptions;
use crate::config::Variables;
use crate::error::Result;
use crate::output::view::TableTemplate;
use crate::query::filter::FilterSet;
use crate::query::{Columns, Page, QueryRequest, Sort};
use crate::schema::resource::Resource;

/// A verb that reads, with its command line.
pub struct QueryCommand<'a> {
    pub verb: &'static str,
    pub resource: Resource,
    pub request: &'a cli::Request,
    pub output: OutputOptions,
    pub options: QueryOptions<'a>,
    pub filters: FilterSet,
    pub templates: TemplateSource<'a>,
    /// The interval of `--watch`.
    pub watch: Option<Duration>,
    /// The flag that shows the fields that a table leaves out.
    pub all_fields_flag: &'static str,
}

/// The part of the query that does not depend on the columns.
#[derive(Default)]
pub struct QueryOptions<'a> {
    /// Requests no fields but those of the columns.
    pub only_shown_fields: bool,
    /// Only the fields that identify a row; `Some(false)` asks for every field.
    pub minimal: Option<bool>,
    pub page: Option<Page>,
    /// Rows to request at a time, until all have come.
    pub page_size: Option<u32>,
    /// A key or a column's header.
    pub sort: Option<&'a str>,
}

impl QueryOptions<'_> {
    pub fn to_request(&self, columns: Option<&Columns>) -> Result<QueryRequest> {
        Ok(QueryRequest {
            only: columns
                .filter(|_| self.only_shown_fields && self.minimal.is_none())
                .map(Columns::only_keys)
                .unwrap_or_default(),
            minimal: self.minimal,
            page: self.page,
            sort: self.sort.map(|sort| Sort::parse(sort, columns)).transpose()?,
        })
    }
}

/// Where a table's columns come from that neither the user nor the request has chosen.
pub enum TemplateSource<'a> {
    None,
    Given(TableTemplate),
    /// The user's own templates, and those that are built in.
    Stored(&'a Variables),
}

impl<'a> QueryCommand<'a> {
    /// A query of all rows with all fields, sent once.
    pub fn new(verb: &'static str, resource: Resource, request: &'a cli::Request, output: OutputOptions) -> Self {
        Self {
            verb,
            resource,
            request,
            output,
            options: QueryOptions::default(),
            filters: FilterSet::default(),
            templates: TemplateSource::None,
            watch: None,
            all_fields_flag: "-o yaml",
        }
    }
}
