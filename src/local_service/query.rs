//! A list request, read and checked, and its application to plugins.

use std::cmp::Ordering;

use jiff::Timestamp;
use prost_types::Value;

use super::condition::FilterCondition;
use super::document::{Projection, RecordKey};
use super::proto::core::v2;
use super::proto::repository::v1::plugin_query::State;
use super::proto::repository::v1::{PluginInfo, PluginQuery, PublicRegistryType};
use crate::local_service::bson_value::BsonValue;
use crate::local_service::service_error::ServiceError;

/// What a caller of `Plugin.list` wants to see.
#[derive(Clone, Debug)]
pub struct PluginListQuery {
    all: Vec<FilterCondition>,
    any: Vec<FilterCondition>,
    sort: Vec<SortKey>,
    page: RowLimits,
    selection: Projection,
    count_only: bool,
}

#[derive(Clone, Debug)]
struct SortKey {
    key: RecordKey,
    descending: bool,
}

/// The rows that are answered, out of those that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowLimits {
    /// How many rows come before the first.
    pub offset: usize,
    /// How many rows at most; `None` for all.
    pub limit: Option<usize>,
}

impl RowLimits {
    /// Every row.
    pub const ALL: Self = Self { offset: 0, limit: None };

    /// Reads a page that counts from 1. Without a limit the real service ignores the start too.
    pub fn read(page: &v2::Page) -> Self {
        let size = |rows: u32| usize::try_from(rows).unwrap_or(usize::MAX);
        match page.limit {
            0 => Self::ALL,
            limit => Self { offset: size(page.start.saturating_sub(1)), limit: Some(size(limit)) },
        }
    }

    /// Whether the row that has `before` rows before it is on the page.
    fn holds(self, before: usize) -> bool {
        before >= self.offset && self.limit.is_none_or(|limit| before - self.offset < limit)
    }
}

impl PluginListQuery {
    /// Reads a request. `now` is what `timediff_` operators count from.
    ///
    /// # Errors
    /// A key or an operator is unknown, a value does not fit its operator, or the request asks for `unwind`, `lookup` or
    /// `add_fields`, which the embedded service does not have.
    pub fn read(request: &PluginQuery, now: Timestamp) -> Result<Self, ServiceError> {
        let no_query = v2::Query::default();
        let query = request.query.as_ref().unwrap_or(&no_query);
        refuse_pipelines(query)?;
        let conditions = |filters: &[v2::Filter]| -> Result<Vec<FilterCondition>, ServiceError> {
            filters.iter().map(|filter| FilterCondition::read(filter, now)).collect()
        };
        let mut all = conditions(&query.filter)?;
        all.extend(fields(request)?);
        let mut any = conditions(&query.filter_or)?;
        if !query.keyword.is_empty() {
            any.push(FilterCondition::contains("name", &query.keyword)?);
        }
        let sort = query.sort.iter().map(SortKey::read).collect::<Result<_, _>>()?;
        let only = Projection::only(&query.only)?;
        let selection = match (query.minimal, query.only.is_empty()) {
            (true, _) => Projection::Minimal,
            (false, true) => Projection::All,
            (false, false) => only,
        };
        let page = query.page.as_ref().map_or(RowLimits::ALL, RowLimits::read);
        Ok(Self { all, any, sort, page, selection, count_only: query.count_only })
    }

    /// The same for the rows of every page.
    pub fn without_page(self) -> Self {
        Self { page: RowLimits::ALL, ..self }
    }

    /// Only the number of matching plugins is wanted.
    pub fn count_only(&self) -> bool {
        self.count_only
    }

    /// Every plugin matches.
    pub fn matches_all(&self) -> bool {
        self.all.is_empty() && self.any.is_empty()
    }

    /// The page of the plugins by name that is the whole answer, if no plugin needs to be looked at to tell.
    pub fn page_by_name(&self) -> Option<RowLimits> {
        (self.matches_all() && !self.has_sort()).then_some(self.page)
    }

    /// Whether `plugin` is among those asked for.
    pub fn matches(&self, plugin: &PluginInfo) -> bool {
        self.all.iter().all(|condition| condition.holds(plugin))
            && (self.any.is_empty() || self.any.iter().any(|condition| condition.holds(plugin)))
    }

    /// Cuts a plugin that is answered to the fields asked for.
    pub fn cut(&self, plugin: PluginInfo) -> PluginInfo {
        self.selection.cut(plugin)
    }

    /// The plugins are answered in another order than by name.
    pub fn has_sort(&self) -> bool {
        !self.sort.is_empty()
    }

    /// Goes through all plugins, by registration if there [is a sort](Self::has_sort) and otherwise by name, and gathers
    /// those to answer and the number that match.
    ///
    /// # Errors
    /// The first of `plugins`.
    pub fn answer<E>(
        &self,
        plugins: impl Iterator<Item = Result<PluginInfo, E>>,
    ) -> Result<(Vec<PluginInfo>, usize), E> {
        let mut kept = Vec::new();
        let mut matching = 0;
        // A page of sorted rows is known at the end only.
        let sorted = self.has_sort();
        for plugin in plugins {
            let plugin = plugin?;
            if !self.matches(&plugin) {
                continue;
            }
            if !self.count_only && (sorted || self.page.holds(matching)) {
                kept.push(plugin);
            }
            matching += 1;
        }
        if sorted {
            // Stable: what is equal stays in the order of registration.
            kept.sort_by(|a, b| self.order(a, b));
            kept = kept.into_iter().skip(self.page.offset).take(self.page.limit.unwrap_or(usize::MAX)).collect();
        }
        Ok((kept.into_iter().map(|plugin| self.cut(plugin)).collect(), matching))
    }

    fn order(&self, a: &PluginInfo, b: &PluginInfo) -> Ordering {
        let orders = self.sort.iter().map(|sort| sort.order(a, b));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl SortKey {
    fn read(sort: &v2::Sort) -> Result<Self, ServiceError> {
        if sort.key.is_empty() {
            return Err(ServiceError::RequiredParameter("query.sort.key"));
        }
        Ok(Self { key: RecordKey::parse(&sort.key)?, descending: sort.desc })
    }

    fn order(&self, a: &PluginInfo, b: &PluginInfo) -> Ordering {
        let order = self.extreme(a).order(self.extreme(b));
        if self.descending { order.reverse() } else { order }
    }

    /// What a plugin is ordered by; of a list, as in MongoDB, its least item or, descending, its greatest.
    fn extreme<'a>(&self, plugin: &'a PluginInfo) -> BsonValue<'a> {
        let mut extreme: Option<BsonValue<'a>> = None;
        let mut offer = |datum: BsonValue<'a>| {
            let outer = if self.descending { Ordering::Greater } else { Ordering::Less };
            if extreme.is_none_or(|known| datum.order(known) == outer) {
                extreme = Some(datum);
            }
        };
        self.key.visit(plugin, |datum| match datum {
            BsonValue::List([]) => offer(BsonValue::Missing),
            BsonValue::List(items) => items.iter().for_each(|item| offer(item.into())),
            single => offer(single),
        });
        extreme.unwrap_or(BsonValue::Missing)
    }
}

/// The request's own fields; each that is set is a condition.
fn fields(request: &PluginQuery) -> Result<Vec<FilterCondition>, ServiceError> {
    // A number that the enum does not know is no text, so no plugin has it.
    let enumerated = |name: Option<&'static str>, number: i32| match (name, number) {
        (_, 0) => None,
        (Some(name), _) => Some(Value::from(name)),
        (None, number) => Some(Value::from(f64::from(number))),
    };
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let state = State::try_from(request.state).ok().map(|state| state.as_str_name());
    let registry = PublicRegistryType::try_from(request.registry_type).ok().map(|kind| kind.as_str_name());
    let given = [
        ("plugin_id", text(&request.plugin_id)),
        ("name", text(&request.name)),
        ("state", enumerated(state, request.state)),
        ("resource_type", text(&request.resource_type)),
        ("provider", text(&request.provider)),
        ("registry_type", enumerated(registry, request.registry_type)),
    ];
    given.into_iter().filter_map(|(key, value)| Some(FilterCondition::equal(key, value?))).collect()
}

fn refuse_pipelines(query: &v2::Query) -> Result<(), ServiceError> {
    let asked = [
        ("query.unwind", query.unwind.is_some()),
        ("query.lookup", query.lookup.as_ref().is_some_and(|lookup| !lookup.values.is_empty())),
        ("query.add_fields", query.add_fields.as_ref().is_some_and(|fields| !fields.fields.is_empty())),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((key, _)) => Err(ServiceError::NotImplemented { key }),
        None => Ok(()),
    }
}
