//! Rows of many plugins, read by lists instead of one `get` each.

use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value};
use tonic::Code;

use super::service::{PluginClient, encode};
use crate::commands::method::{LIST, Method};
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::plan;
use crate::query;
use crate::query::filter::QueryCondition;
use crate::query::operator::FilterOperator;

/// How many rows are listed at a time.
const PAGE_SIZE: usize = 1_000;

/// How many plugins one list asks for.
const MAX_IDS: usize = 1_000;

/// The most rows of one such list. A Repository adds all plugins of managed repositories; with more rows than this, the
/// service ignores the filter, and as many calls of `get` are cheaper.
const MAX_ROWS: usize = 2 * PAGE_SIZE;

/// A plugin's row, or fields that identify it.
type Fields = Map<String, Value>;

/// A list for some plugins.
struct ListRequest<'a> {
    fields: Fields,
    ids: HashSet<&'a str>,
}

/// The rows of a list, as far as they were read.
#[derive(Default)]
struct ListedRows {
    rows: Vec<Fields>,
    is_complete: bool,
}

impl PluginClient {
    /// All plugins that the caller can see and that agree with `fields`.
    pub async fn rows(&self, fields: &Fields) -> Result<Vec<Fields>> {
        let list = self.register.sibling(LIST)?;
        let listed = read_pages(&list, &self.in_domain(fields), usize::MAX).await?;
        if !listed.is_complete {
            return Err(Error::local(format!("{} returned fewer rows than it counts", list.path()))
                .hint("plugins may have been removed meanwhile: run the command again"));
        }
        Ok(listed.rows)
    }

    /// The rows of the plugins with these identities by id, the same as [`PluginClient::row`] chooses, with `parallel`
    /// lists in flight and the number of those that were `read`. `None` if the service cannot be asked this way.
    pub async fn rows_by_id(
        &self,
        identities: impl Iterator<Item = &Fields>,
        parallel: usize,
        read: &Cell<u64>,
    ) -> Result<Option<HashMap<String, Fields>>> {
        let Ok(list) = self.register.sibling(LIST) else { return Ok(None) };
        let Some(requests) = requests(&list, identities).filter(|_| list.verb() == LIST) else { return Ok(None) };
        let lists = stream::iter(&requests).map(|request| async {
            let listed = read_pages(&list, &request.fields, MAX_ROWS).await?;
            read.set(read.get() + request.ids.len() as u64);
            Ok(listed)
        });
        let listed: Vec<ListedRows> = match lists.buffered(parallel).try_collect().await {
            Err(error) if may_allow_get(&error) => return Ok(None),
            listed => listed?,
        };
        if listed.iter().any(|listed| !listed.is_complete) {
            return Ok(None);
        }
        let mut rows = HashMap::new();
        for (request, listed) in requests.iter().zip(listed) {
            for row in listed.rows {
                let id = row.get("plugin_id").and_then(Value::as_str);
                // A Repository lists all plugins of managed repositories.
                if let Some(id) = id.filter(|id| request.ids.contains(id)).map(str::to_owned) {
                    insert(&mut rows, id, row);
                }
            }
        }
        Ok(Some(rows))
    }
}

/// Adds a row; of two with one id, that of the domain's own repository stays.
fn insert(rows: &mut HashMap<String, Fields>, id: String, row: Fields) {
    let is_own = |row: &Fields| plan::repository_type(row).as_deref() == Some("local");
    match rows.entry(id) {
        Entry::Vacant(entry) => drop(entry.insert(row)),
        Entry::Occupied(mut entry) if is_own(&row) && !is_own(entry.get()) => drop(entry.insert(row)),
        Entry::Occupied(_) => {}
    }
}

/// The requests that list the plugins with these identities; `None` if `list` does not take what they need.
fn requests<'a>(list: &Method, identities: impl Iterator<Item = &'a Fields>) -> Option<Vec<ListRequest<'a>>> {
    let input = list.input();
    // The ids by what else identifies their plugins, e.g. a domain.
    let mut scopes: Vec<(Fields, Vec<&str>)> = Vec::new();
    for identity in identities {
        let id = identity.get("plugin_id")?.as_str()?;
        let mut scope = identity.clone();
        scope.shift_remove("plugin_id");
        match scopes.iter_mut().find(|(known, _)| *known == scope) {
            Some((_, ids)) => ids.push(id),
            None => scopes.push((scope, vec![id])),
        }
    }
    let mut requests = Vec::new();
    for (scope, ids) in scopes {
        if scope.keys().any(|field| input.get_field_by_name(field).is_none()) {
            return None;
        }
        for ids in ids.chunks(MAX_IDS) {
            let mut fields = scope.clone();
            let (key, operator) = ("plugin_id".to_owned(), FilterOperator::In);
            let condition = QueryCondition { key, operator, value: ids.into() };
            if !query::add_condition(&mut fields, &input, condition) {
                return None;
            }
            requests.push(ListRequest { fields, ids: ids.iter().copied().collect() });
        }
    }
    Some(requests)
}

/// Reads the pages of a list, up to `max_rows` rows.
async fn read_pages(list: &Method, fields: &Fields, max_rows: usize) -> Result<ListedRows> {
    let input = list.input();
    let has_pages = query::can_page(&input, false);
    let mut listed = ListedRows::default();
    let (mut read, mut size) = (0, PAGE_SIZE);
    loop {
        let mut request = fields.clone();
        let to_u32 = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        query::set_range(&mut request, &input, to_u32(read + 1), to_u32(size));
        let answer = match list.ask(encode(list, &request)?).await {
            Err(error) if error.is_response_too_large() && has_pages && size > 1 => {
                size = (size / 4).max(1);
                continue;
            }
            answer => answer?,
        };
        let page = answer.get("results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let total = answer.get("total_count").and_then(Value::as_u64).filter(|total| *total > 0);
        let total = total.map(|total| usize::try_from(total).unwrap_or(usize::MAX));
        read += page.len();
        listed.rows.extend(page.iter().filter_map(Value::as_object).cloned());
        // A service that answers with more than a page has no pages, and has answered with all.
        let is_page = has_pages && (1..=size).contains(&page.len());
        let has_next = total.map_or(page.len() == size, |total| read < total);
        if !is_page || !has_next {
            listed.is_complete = total.is_none_or(|total| read >= total);
            return Ok(listed);
        }
        if total.unwrap_or(read) > max_rows {
            return Ok(listed);
        }
    }
}

/// Whether a caller whose list failed so may still be allowed to `get`, or the service be able to: a Repository's list
/// also asks remote repositories, and fails with them.
fn may_allow_get(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Status(Code::ResourceExhausted) => error.is_response_too_large(),
        ErrorKind::Status(code) => !matches!(code, Code::Unauthenticated | Code::DeadlineExceeded | Code::Cancelled),
        _ => false,
    }
}
