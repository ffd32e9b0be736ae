//! The rows of the store: one plugin each.

use prost::bytes::Buf as _;
use prost::encoding::{DecodeContext, WireType, encode_varint, message};
use prost::{DecodeError, Message};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::document::Projection;
use super::plugin_list::EncodedPlugins;
use super::proto::repository::v1::PluginInfo;
use super::query::{PluginListQuery, RowLimits};
use super::service_error::ServiceError;
use super::store_error::StoreError;

/// Plugins of one name are in the order of registration.
const BY_NAME: &str = "SELECT plugin_id, info FROM plugin ORDER BY name, seq LIMIT ?1 OFFSET ?2";
const BY_REGISTRATION: &str = "SELECT plugin_id, info, seq FROM plugin ORDER BY seq";
const BY_SEQ: &str = "SELECT plugin_id, info FROM plugin WHERE seq = ?1";

/// The plugin with this id.
pub fn find(connection: &Connection, plugin_id: &str) -> Result<Option<PluginInfo>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT plugin_id, info FROM plugin WHERE plugin_id = ?1")?;
    statement.query_row([plugin_id], |row| Ok(decode(row))).optional()?.transpose()
}

/// Adds a plugin whose id is not in use.
pub fn insert(connection: &Connection, plugin: &PluginInfo) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("INSERT INTO plugin (plugin_id, name, info) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![plugin.plugin_id, plugin.name, encode(plugin)?])?;
    Ok(())
}

/// Replaces the plugin with the same id.
pub fn replace(connection: &Connection, plugin: &PluginInfo) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE plugin SET name = ?2, info = ?3 WHERE plugin_id = ?1")?;
    statement.execute(params![plugin.plugin_id, plugin.name, encode(plugin)?])?;
    Ok(())
}

/// Removes the plugin with this id; false without one.
pub fn remove(connection: &Connection, plugin_id: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM plugin WHERE plugin_id = ?1")?;
    Ok(statement.execute([plugin_id])? > 0)
}

/// Adds the rows of `query` to `list`. One plugin is decoded at a time.
pub fn list(connection: &Connection, query: &PluginListQuery, list: &mut EncodedPlugins) -> Result<(), StoreError> {
    if let Some(sort_fields) = query.sort_fields() {
        return list_sorted(connection, query, sort_fields, list);
    }
    let rows = query.rows();
    let mut statement = connection.prepare_cached(BY_NAME)?;
    if query.matches_all() {
        for plugin in statement.query_and_then(limits(rows), decode)? {
            list.push(&query.project(plugin?))?;
        }
        list.total_count += count(connection)?;
        return Ok(());
    }
    let mut matching = 0;
    for plugin in statement.query_and_then(limits(RowLimits::ALL), decode)? {
        let plugin = plugin?;
        if query.matches(&plugin) {
            if rows.contains(matching) {
                list.push(&query.project(plugin))?;
            }
            matching += 1;
        }
    }
    list.total_count += matching;
    Ok(())
}

/// As [`list`], for a sorted result: only the fields that it is sorted by are held of all matching plugins.
fn list_sorted(
    connection: &Connection,
    query: &PluginListQuery,
    sort_fields: &Projection,
    list: &mut EncodedPlugins,
) -> Result<(), StoreError> {
    let mut matching: Vec<(i64, PluginInfo)> = Vec::new();
    let mut statement = connection.prepare_cached(BY_REGISTRATION)?;
    for row in statement.query_and_then((), |row| Ok::<_, StoreError>((row.get(2)?, decode(row)?)))? {
        let (seq, plugin) = row?;
        if query.matches(&plugin) {
            matching.push((seq, sort_fields.apply(plugin)));
        }
    }
    list.total_count += matching.len();
    // Stable: equal rows stay in the order of registration.
    matching.sort_by(|(_, a), (_, b)| query.order(a, b));
    let mut statement = connection.prepare_cached(BY_SEQ)?;
    for (seq, _) in query.rows().apply(matching.into_iter()) {
        let plugin = statement.query_one([seq], |row| Ok(decode(row)))??;
        list.push(&query.project(plugin))?;
    }
    Ok(())
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

/// Decodes the columns `plugin_id` and `info`.
fn decode(row: &Row<'_>) -> Result<PluginInfo, StoreError> {
    let plugin_id: String = row.get(0)?;
    match decode_item(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) {
        Ok(plugin) if plugin.plugin_id == plugin_id => Ok(plugin),
        Ok(_) => Err(ServiceError::DamagedRecord { plugin_id, reason: "it is of another plugin".into() }.into()),
        Err(error) => Err(ServiceError::DamagedRecord { plugin_id, reason: error.to_string() }.into()),
    }
}

/// Encodes a record that can be read again.
fn encode(plugin: &PluginInfo) -> Result<Vec<u8>, ServiceError> {
    let info = plugin.encode_to_vec();
    decode_item(&info).map_err(|_| ServiceError::query("the record is nested too deep for a list"))?;
    Ok(info)
}

/// Decodes a record as an item of a list: there it is one level deeper, and with one too many no client could read the
/// list.
fn decode_item(info: &[u8]) -> Result<PluginInfo, DecodeError> {
    let mut length = Vec::new();
    encode_varint(info.len() as u64, &mut length);
    let mut plugin = PluginInfo::default();
    let mut item = length.as_slice().chain(info);
    message::merge(WireType::LengthDelimited, &mut plugin, &mut item, DecodeContext::default())?;
    Ok(plugin)
}
