//! A `Plugin.list` request: parsed, checked, and applied to plugins.

use std::cmp::Ordering;

use jiff::Timestamp;
use prost_types::Value;

use super::bson_value::BsonValue;
use super::condition::FilterCondition;
use super::document::{Projection, RecordKey};
use super::proto::core::v2;
use super::proto::repository::v1::plugin_query::State;
use super::proto::repository::v1::{PluginInfo, PluginQuery, PublicRegistryType};
use super::service_error::ServiceError;

/// A parsed `Plugin.list` request.
#[derive(Clone, Debug)]
pub struct PluginListQuery {
    all: Vec<FilterCondition>,
    any: Vec<FilterCondition>,
    sort: Vec<SortKey>,
    sort_fields: Projection,
    rows: RowLimits,
    projection: Projection,
    count_only: bool,
}

#[derive(Clone, Debug)]
struct SortKey {
    key: RecordKey,
    descending: bool,
}

/// Which of the matching rows are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowLimits {
    pub offset: usize,
    /// `None` for all rows.
    pub limit: Option<usize>,
}

impl RowLimits {
    pub const ALL: Self = Self { offset: 0, limit: None };

    /// The rows of a page that counts from 1. Without a limit the real service ignores the start too.
    pub fn from_page(page: Option<&v2::Page>) -> Self {
        let size = |rows: u32| usize::try_from(rows).unwrap_or(usize::MAX);
        match page {
            None | Some(v2::Page { limit: 0, .. }) => Self::ALL,
            Some(page) => Self { offset: size(page.start.saturating_sub(1)), limit: Some(size(page.limit)) },
        }
    }

    pub fn apply<T>(self, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        rows.skip(self.offset).take(self.limit.unwrap_or(usize::MAX))
    }

    /// The limits of the rows that come after `count` others.
    fn after(self, count: usize) -> Self {
        let taken = count.saturating_sub(self.offset);
        Self { offset: self.offset.saturating_sub(count), limit: self.limit.map(|limit| limit.saturating_sub(taken)) }
    }

    pub fn contains(self, row: usize) -> bool {
        row >= self.offset && self.limit.is_none_or(|limit| row - self.offset < limit)
    }
}

impl PluginListQuery {
    /// Parses a request; `timediff_` operators count from `now`.
    ///
    /// # Errors
    /// A key or an operator is unknown, a value does not fit its operator, or the request has `unwind`, `lookup` or
    /// `add_fields`, which the embedded service does not support.
    pub fn parse(request: &PluginQuery, now: Timestamp) -> Result<Self, ServiceError> {
        let no_query = v2::Query::default();
        let query = request.query.as_ref().unwrap_or(&no_query);
        reject_pipelines(query)?;
        let conditions = |filters: &[v2::Filter]| -> Result<Vec<FilterCondition>, ServiceError> {
            filters.iter().map(|filter| FilterCondition::parse(filter, now)).collect()
        };
        let mut all = conditions(&query.filter)?;
        all.extend(field_conditions(request)?);
        let mut any = conditions(&query.filter_or)?;
        if !query.keyword.is_empty() {
            any.push(FilterCondition::contains("name", &query.keyword)?);
        }
        let sort = query.sort.iter().map(SortKey::parse).collect::<Result<_, _>>()?;
        let sort_field = |sort: &v2::Sort| sort.key.split('.').next().unwrap_or_default().to_owned();
        let sort_fields = Projection::only(&query.sort.iter().map(sort_field).collect::<Vec<_>>())?;
        let only = Projection::only(&query.only)?;
        let projection = match (query.minimal, query.only.is_empty()) {
            (true, _) => Projection::Minimal,
            (false, true) => Projection::All,
            (false, false) => only,
        };
        let rows = RowLimits::from_page(query.page.as_ref());
        Ok(Self { all, any, sort, sort_fields, rows, projection, count_only: query.count_only })
    }

    /// The same query where `count` other rows come first.
    pub fn after(self, count: usize) -> Self {
        Self { rows: self.rows.after(count), ..self }
    }

    /// Which of the matching rows are wanted.
    pub fn rows(&self) -> RowLimits {
        if self.count_only { RowLimits { offset: 0, limit: Some(0) } } else { self.rows }
    }

    /// Whether every plugin is a row.
    pub fn matches_all(&self) -> bool {
        self.all.is_empty() && self.any.is_empty()
    }

    /// Whether a plugin is a row.
    pub fn matches(&self, plugin: &PluginInfo) -> bool {
        self.all.iter().all(|condition| condition.is_met_by(plugin))
            && (self.any.is_empty() || self.any.iter().any(|condition| condition.is_met_by(plugin)))
    }

    /// Reduces a plugin to the requested fields.
    pub fn project(&self, plugin: PluginInfo) -> PluginInfo {
        self.projection.apply(plugin)
    }

    /// The fields that the result is sorted by; `None` for a result by name, or for none.
    pub fn sort_fields(&self) -> Option<&Projection> {
        (!self.sort.is_empty() && !self.count_only).then_some(&self.sort_fields)
    }

    /// The order of two plugins that are reduced to the [sort fields](Self::sort_fields).
    pub fn order(&self, a: &PluginInfo, b: &PluginInfo) -> Ordering {
        self.sort.iter().fold(Ordering::Equal, |order, key| order.then_with(|| key.order(a, b)))
    }
}

impl SortKey {
    fn parse(sort: &v2::Sort) -> Result<Self, ServiceError> {
        if sort.key.is_empty() {
            return Err(ServiceError::RequiredParameter("query.sort.key"));
        }
        Ok(Self { key: RecordKey::parse(&sort.key)?, descending: sort.desc })
    }

    /// The order of two plugins that are reduced to the [sort fields](Self::sort_fields).
    pub fn order(&self, a: &PluginInfo, b: &PluginInfo) -> Ordering {
        let order = self.value(a).cmp(&self.value(b));
        if self.descending { order.reverse() } else { order }
    }

    /// The value that a plugin is ordered by: of a list, as in MongoDB, its least item or, descending, its greatest.
    fn value<'a>(&self, plugin: &'a PluginInfo) -> BsonValue<'a> {
        let mut values = Vec::new();
        self.key.visit(plugin, |value| match value {
            BsonValue::List([]) => values.push(BsonValue::Missing),
            BsonValue::List(items) => values.extend(items.iter().map(BsonValue::from)),
            single => values.push(single),
        });
        let extreme = if self.descending { values.into_iter().max() } else { values.into_iter().min() };
        extreme.unwrap_or(BsonValue::Missing)
    }
}

/// The request's own fields; each that is set is a condition.
fn field_conditions(request: &PluginQuery) -> Result<Vec<FilterCondition>, ServiceError> {
    // A number that the enum does not have equals no plugin's text.
    let enumerated = |name: Option<&'static str>, number: i32| match (name, number) {
        (_, 0) => None,
        (Some(name), _) => Some(Value::from(name)),
        (None, number) => Some(Value::from(f64::from(number))),
    };
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let state = State::try_from(request.state).ok().map(|state| state.as_str_name());
    let registry = PublicRegistryType::try_from(request.registry_type).ok().map(|kind| kind.as_str_name());
    let fields = [
        ("plugin_id", text(&request.plugin_id)),
        ("name", text(&request.name)),
        ("state", enumerated(state, request.state)),
        ("resource_type", text(&request.resource_type)),
        ("provider", text(&request.provider)),
        ("registry_type", enumerated(registry, request.registry_type)),
    ];
    fields.into_iter().filter_map(|(key, value)| Some(FilterCondition::equal(key, value?))).collect()
}

fn reject_pipelines(query: &v2::Query) -> Result<(), ServiceError> {
    let stages = [
        ("query.unwind", query.unwind.is_some()),
        ("query.lookup", query.lookup.as_ref().is_some_and(|lookup| !lookup.values.is_empty())),
        ("query.add_fields", query.add_fields.as_ref().is_some_and(|fields| !fields.fields.is_empty())),
    ];
    match stages.into_iter().find(|(_, is_set)| *is_set) {
        Some((key, _)) => Err(ServiceError::NotImplemented { key }),
        None => Ok(()),
    }
}
