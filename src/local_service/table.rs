//! The rows of the store: one plugin each.

use prost::Message;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::proto::repository::v1::PluginInfo;
use super::query::{PluginListQuery, RowLimits};
use super::store_error::StoreError;

/// Plugins of one name are in the order of registration.
const BY_NAME: &str = "SELECT info FROM plugin ORDER BY name, seq LIMIT ?1 OFFSET ?2";
const BY_REGISTRATION: &str = "SELECT info FROM plugin ORDER BY seq LIMIT ?1 OFFSET ?2";

/// The plugin with this id.
pub fn find(connection: &Connection, plugin_id: &str) -> Result<Option<PluginInfo>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT info FROM plugin WHERE plugin_id = ?1")?;
    statement.query_row([plugin_id], |row| Ok(decode(row))).optional()?.transpose()
}

/// Adds a plugin whose id is not in use.
pub fn insert(connection: &Connection, plugin: &PluginInfo) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("INSERT INTO plugin (plugin_id, name, info) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![plugin.plugin_id, plugin.name, plugin.encode_to_vec()])?;
    Ok(())
}

/// Replaces the plugin with the same id.
pub fn replace(connection: &Connection, plugin: &PluginInfo) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE plugin SET name = ?2, info = ?3 WHERE plugin_id = ?1")?;
    statement.execute(params![plugin.plugin_id, plugin.name, plugin.encode_to_vec()])?;
    Ok(())
}

/// Removes the plugin with this id; false without one.
pub fn remove(connection: &Connection, plugin_id: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM plugin WHERE plugin_id = ?1")?;
    Ok(statement.execute([plugin_id])? > 0)
}

/// The rows of `query`, and the number of plugins that match it.
pub fn list(connection: &Connection, query: &PluginListQuery) -> Result<(Vec<PluginInfo>, usize), StoreError> {
    if query.counts_all() {
        return Ok((Vec::new(), count(connection)?));
    }
    if let Some(rows) = query.rows_by_name() {
        let mut statement = connection.prepare_cached(BY_NAME)?;
        let plugins = statement.query_and_then(limits(rows), decode)?;
        let plugins = plugins.map(|plugin| plugin.map(|plugin| query.project(plugin))).collect::<Result<_, _>>()?;
        return Ok((plugins, count(connection)?));
    }
    let mut statement = connection.prepare_cached(if query.has_sort() { BY_REGISTRATION } else { BY_NAME })?;
    query.run(statement.query_and_then(limits(RowLimits::ALL), decode)?)
}

fn limits(rows: RowLimits) -> [i64; 2] {
    // SQLite takes a negative limit for none.
    let limit = rows.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    [limit, i64::try_from(rows.offset).unwrap_or(i64::MAX)]
}

/// The number of plugins.
pub fn count(connection: &Connection) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM plugin")?;
    let rows: i64 = statement.query_row((), |row| row.get(0))?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

fn decode(row: &Row<'_>) -> Result<PluginInfo, StoreError> {
    Ok(PluginInfo::decode(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?)
}
