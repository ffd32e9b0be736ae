//! A read with its request encoded, ready to be sent any number of times.

use std::cell::Cell;

use bytes::Bytes;

use super::connector::Connector;
use super::filters::{self, RowCheck};
use super::method::{LIST, Method, MethodResponse};
use super::pages::{self, Pages, Paging};
use super::query_command::{QueryCommand, TemplateSource};
use super::template;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::output::view::{Document, ResponseKind};
use crate::query::columns::add_only_key;
use crate::query::filter::typed_steps;
use crate::query::{self, ClientSideQuery, Page, QueryRequest, RowRange, Sort};
use crate::spec::{Draft, SpecRequest};
use crate::terminal::io_streams::Diagnostics;

pub struct PreparedQuery {
    pub method: Method,
    kind: ResponseKind,
    pub request: Bytes,
    pub output: OutputOptions,
    /// The filters, checked here whatever the service does with them.
    row_check: Option<RowCheck>,
    /// What the service could not be asked to do with the rows.
    client_side: Option<ClientSideQuery>,
    pub paging: Paging,
    /// Only the fields that identify a row are requested.
    is_minimal: bool,
    /// Rows come without fields that filters may compare.
    leaves_out_fields: bool,
    /// Rows were to be sorted here, and lack the sort key.
    lacks_sort_key: Cell<bool>,
}

impl PreparedQuery {
    /// Resolves the method and prepares its request.
    pub async fn reach(
        command: &QueryCommand<'_>,
        connector: &Connector,
        draft: Draft,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self> {
        let api_version = command.request.api_version.as_deref();
        let method = Method::reach(connector, &command.resource, command.verb, api_version).await?;
        Self::new(command, method, draft, command.options.page_size, diagnostics).await
    }

    pub async fn new(
        command: &QueryCommand<'_>,
        method: Method,
        draft: Draft,
        page_size: Option<u32>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self> {
        let options = &command.options;
        let mut request = method.resolve(draft, command.request.strict, diagnostics)?;
        method.learn_types(&request).await;
        let (output, kind) = output(command, &method, &request, diagnostics)?;
        let mut query_request = options.to_request(output.columns())?;
        query_request.only = with_dotted_keys(query_request.only, &method);
        if let Some(sort) = &query_request.sort {
            kind.check_sort(sort, output.columns())?;
        }
        let row_check = filters::add_to_request(&command.filters, &method, &mut request)?;
        let leaves_out_fields =
            query_request.only.is_empty() && (options.minimal == Some(true) || query::chooses_fields(&request.value));
        let several_repositories = filters::lists_several_repositories(&method, &request);
        let sorts_here = several_repositories && query_request.sort.is_some();
        // A page of all rows is not a page of the matching rows, where the service does not apply the filters.
        let pages_here = row_check.as_ref().is_some_and(|check| several_repositories || !check.is_sent())
            && query_request.page.is_some_and(|page| page.number > 1);
        if !query_request.only.is_empty() {
            let sort_key = query_request.sort.as_ref().filter(|_| sorts_here).map(Sort::key);
            let sort_keys = with_dotted_keys(sort_key.into_iter().collect(), &method);
            let needed = row_check.iter().flat_map(RowCheck::only_keys).chain(sort_keys);
            needed.for_each(|key| add_only_key(&mut query_request.only, key));
        }
        let has_pages = !method.is_streaming() && query::can_page(&method.input(), query_request.sort.is_some());
        let page_size = page_size.filter(|_| has_pages);
        if options.page_size.is_some() && !has_pages {
            diagnostics.note(&format!("{} does not support paging: requesting all rows at once", command.resource));
        }
        let chooses_rows = query_request.page.is_none() && query::chooses_rows(&request.value, &method.input());
        // Rows that are sorted or cut into pages here are read whole.
        let here =
            (sorts_here || pages_here).then(|| take_rows(&mut query_request, &method, &mut request)).transpose()?;
        let is_whole = here.is_some();
        let here_sort = query_request.sort.take_if(|_| sorts_here).map(Sort::as_services_do);
        let page = query_request.page;
        let query_request = QueryRequest { page: page.filter(|_| page_size.is_none()), ..query_request };
        let unsupported = query::apply(&mut request.value, &method.input(), &query_request)?;
        if unsupported.minimal {
            diagnostics.note(&format!("{} does not support -m: showing all fields", command.resource));
        }
        let range = page.map(|page| RowRange { before: 0, limit: Some(page.limit) });
        let has_row_check = row_check.is_some() && has_pages;
        let paging = match (page_size, page) {
            (Some(size), _) => {
                let pages = Pages::new(&method, &request, size, range)?;
                Paging::Pages(if is_whole { pages.whole() } else { pages })
            }
            // One request as without filters; if the service ignores them, more requests fill the page.
            (None, Some(Page { number: 1, limit })) if has_row_check => {
                Paging::Pages(Pages::new(&method, &request, limit, range)?.whole())
            }
            (None, Some(page)) if has_row_check => {
                let all = Pages::new(&method, &request, page.limit, Some(RowRange::default()))?;
                Paging::IfUnfiltered(all.of_matches(page))
            }
            (None, _) => {
                let is_first_page = options.page.is_none_or(|page| page.number == 1);
                let is_from_start = is_whole || (is_first_page && !chooses_rows);
                Paging::Whole { can_page: has_pages && is_from_start && command.verb == LIST }
            }
        };
        if let Paging::Pages(pages) = &paging {
            pages.set_first(&mut request.value, &method)?;
        }
        Ok(Self {
            request: method.encode(&request)?,
            kind,
            output,
            row_check,
            client_side: match (here, unsupported.client_side) {
                (Some(here), rest) => {
                    Some(ClientSideQuery { sort: here_sort.or(rest.and_then(|rest| rest.sort)), ..here })
                }
                (None, rest) => rest,
            },
            paging,
            is_minimal: options.minimal == Some(true),
            leaves_out_fields,
            lacks_sort_key: Cell::default(),
            method,
        })
    }

    pub fn kind(&self) -> &ResponseKind {
        &self.kind
    }

    /// Decodes a response, at least the fields that are shown.
    pub async fn document(&self, response: Bytes) -> Result<Document> {
        self.method.document(response, &self.kind, self.output.columns()).await
    }

    pub async fn send(&self) -> Result<MethodResponse> {
        self.method.call(self.request.clone()).await
    }

    /// How many rows of a list match the filters.
    pub fn count_matching(&self, document: &Document) -> usize {
        match &self.row_check {
            Some(check) => check.count(document),
            None => document.counts().map_or(0, |(rows, _)| rows),
        }
    }

    /// Whether rows are checked here against filters.
    pub fn has_row_check(&self) -> bool {
        self.row_check.is_some()
    }

    /// The rows that match, sorted and cut by `client_side`.
    pub fn arrange(&self, document: Document, client_side: Option<&ClientSideQuery>) -> Document {
        let document = match &self.row_check {
            Some(check) => check.apply(document),
            None => document,
        };
        let Some(client_side) = client_side else { return document };
        if self.is_minimal && !document.can_sort(client_side) {
            self.lacks_sort_key.set(true);
        }
        document.arrange(client_side)
    }

    /// What the service was not asked to do, to be done here with all rows.
    pub fn client_side(&self) -> Option<&ClientSideQuery> {
        self.client_side.as_ref()
    }

    /// A note on what was done here with the rows, once.
    pub fn note(&self) -> Option<String> {
        let unsorted = "no row has the sort key: -m leaves it out";
        let unsorted = self.lacks_sort_key.take().then(|| unsorted.to_owned());
        let filtered = self.row_check.as_ref().and_then(|check| check.note(self.leaves_out_fields));
        let notes = unsorted.into_iter().chain(filtered);
        Some(notes.collect::<Vec<_>>().join("; ")).filter(|notes| !notes.is_empty())
    }
}

/// What is shown of the responses, with the columns of templates.
fn output(
    command: &QueryCommand<'_>,
    method: &Method,
    request: &SpecRequest,
    diagnostics: &mut Diagnostics,
) -> Result<(OutputOptions, ResponseKind)> {
    let mut output = command.output.clone();
    let shows_every_field = command.options.minimal.is_some() || query::chooses_fields(&request.value);
    match &command.templates {
        TemplateSource::Given(template) => template::choose(template, method, &mut output)?,
        TemplateSource::Stored(variables) if output.is_open() && !shows_every_field => {
            template::preset(method, &mut output, variables, diagnostics)?;
        }
        TemplateSource::Stored(_) | TemplateSource::None => {}
    }
    let kind = output.check(&method.output(), method.resource_name())?;
    if shows_every_field {
        output.show_every_field();
    }
    output.show_first(query::response_fields(command.verb, &request.value));
    Ok((output, kind))
}

/// `only`, with the whole of a free-form field where a key goes two or more steps below it: these may be one key with
/// dots, which no service sends for a path.
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

/// Takes the choice of rows out of what the service is asked, to be made here.
fn take_rows(query_request: &mut QueryRequest, method: &Method, request: &mut SpecRequest) -> Result<ClientSideQuery> {
    let range = match query_request.page.take() {
        Some(page) => RowRange::from_page(page),
        None => pages::requested_range(method, request)?,
    };
    query::remove_range(&mut request.value, &method.input());
    Ok(range.client_side())
}
