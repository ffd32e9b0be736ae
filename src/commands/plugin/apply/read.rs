//! Reads what a service has of the plugins of specs.

use std::cell::Cell;
use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value};

use super::plan::{ApplyPlan, Current, PluginSpec};
use crate::error::Result;
use crate::plugin::plan;
use crate::terminal::progress::{Progress, ProgressState};

impl ApplyPlan {
    /// Reads what the service has of many plugins: by a list, or by a call for each if it has no such list.
    pub(super) async fn read_all(&self, specs: &[&PluginSpec], progress: &mut Progress) -> Result<Vec<Current>> {
        let read = Cell::new(0);
        let state = || Some(ProgressState { done: read.get(), in_flight: String::new() });
        if specs.len() > 1 {
            let identities = specs.iter().map(|spec| &spec.identity);
            let listing = self.service.rows_by_id(identities, self.options.parallel, &read);
            if let Some(mut rows) = progress.during(state, listing).await? {
                return specs.iter().map(|spec| self.compare(spec, rows.remove(&spec.plugin_id))).collect();
            }
            read.set(0);
        }
        let reading = specs.iter().map(|spec| self.read(spec));
        let counted = stream::iter(reading).buffered(self.options.parallel).inspect_ok(|_| read.set(read.get() + 1));
        progress.during(state, counted.try_collect()).await
    }

    /// Reads what the service has of one plugin, and chooses the action.
    pub(super) async fn read(&self, spec: &PluginSpec) -> Result<Current> {
        let row = self.service.row(&spec.identity).await.map_err(|error| error.context(&spec.plugin_id))?;
        self.compare(spec, row)
    }

    /// Chooses the action for one plugin by its row and by what is next to its spec.
    fn compare(&self, spec: &PluginSpec, row: Option<Map<String, Value>>) -> Result<Current> {
        let fields = &self.service.fields;
        let action = fields.action(&spec.fields, row.as_ref());
        let files = spec.backups.scan()?;
        let pending = files.trusted.map(|(_, backup)| backup);
        let is_replaced =
            row.as_ref().zip(pending.as_ref()).is_some_and(|(row, backup)| fields.as_registered(row) != backup.spec);
        Ok(Current { row, action, pending, is_replaced, untrusted: files.untrusted })
    }

    /// The plugins with the label of `--prune` that have no spec.
    pub(super) async fn find_to_prune(&self) -> Result<Vec<Map<String, Value>>> {
        let Some(label) = &self.options.prune else { return Ok(Vec::new()) };
        let mut rows = self.service.rows(&Map::new()).await?;
        let specs: HashSet<&str> = self.tasks.iter().map(|task| &*task.spec.plugin_id).collect();
        let has_spec = |row: &Map<String, Value>| plan::plugin_id(row).is_some_and(|id| specs.contains(id));
        rows.retain(|row| plan::is_ours_with(label, row) && !has_spec(row));
        Ok(rows)
    }
}
