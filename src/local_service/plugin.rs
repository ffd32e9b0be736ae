//! The Plugin service.

use rusqlite::Connection;
use tonic::{Request, Response, Status, async_trait};

use super::plugin_list::EncodedPlugins;
use super::proto::repository::v1::plugin_info::State;
use super::proto::repository::v1::plugin_server::Plugin;
use super::proto::repository::v1::{
    PluginInfo, PluginQuery, PluginRequest, RegisterPluginRequest, RepositoryPluginRequest, UpdatePluginRequest,
    VersionsInfo,
};
use super::query::{PluginListQuery, RowLimits};
use super::record::{self, trimmed};
use super::registration::{self, Registration};
use super::repository_method::RepositoryKind;
use super::service_error::ServiceError;
use super::store_error::StoreError;
use super::types::{ServiceOptions, Store};
use super::{managed, table};
use crate::oci::plugin_image::{self, ImageNameError};
use crate::query::timestamp;

/// Implements `Plugin`.
#[derive(Clone, Debug)]
pub struct PluginService {
    store: Store,
    options: ServiceOptions,
}

impl PluginService {
    pub fn new(store: Store, options: ServiceOptions) -> Self {
        Self { store, options }
    }

    /// Finds the plugin for `get` and `get_versions`.
    async fn find(&self, request: RepositoryPluginRequest) -> Result<PluginInfo, Status> {
        required(&request.plugin_id)?;
        let mut managed = self.managed(&request.repository_id).iter();
        let plugin = if let Some(plugin) = managed.find(|plugin| plugin.plugin_id == request.plugin_id) {
            Some(plugin.clone())
        } else if RepositoryKind::Local.is_requested(&request.repository_id) {
            self.store.read(|connection| table::find(connection, &request.plugin_id)).await?
        } else {
            None
        };
        // As in the real service, an unknown repository is one without plugins.
        plugin.ok_or_else(|| ServiceError::NoPlugin { plugin_id: request.plugin_id }.into())
    }

    /// The managed plugins, if a request with this `repository_id` asks for them.
    fn managed(&self, repository_id: &str) -> &[PluginInfo] {
        if RepositoryKind::Managed.is_requested(repository_id) { &self.options.managed } else { &[] }
    }

    /// Changes a plugin in one transaction, `updated_at` included. (The real service intends that too, but its list of
    /// fields that may change omits it.)
    async fn change(
        &self,
        plugin_id: &str,
        change: impl Fn(&mut PluginInfo) -> Result<(), ServiceError>,
    ) -> Result<Response<PluginInfo>, Status> {
        required(plugin_id)?;
        let plugin = self.store.write(|connection| {
            let mut plugin = table::find(connection, plugin_id)?.ok_or_else(|| not_found(plugin_id))?;
            change(&mut plugin)?;
            plugin.updated_at = timestamp::to_text(timestamp::now());
            table::replace(connection, &plugin)?;
            Ok(plugin)
        });
        plugin.await.map(Response::new)
    }

    async fn set_state(&self, plugin_id: &str, state: State) -> Result<Response<PluginInfo>, Status> {
        let set = |plugin: &mut PluginInfo| {
            plugin.set_state(state);
            Ok(())
        };
        self.change(plugin_id, set).await
    }

    fn warn(&self, error: ImageNameError, image: &str) {
        let Some(on_warning) = &self.options.on_warning else { return };
        let name = plugin_image::name_of(image);
        let cause = match error {
            ImageNameError::Character => "characters other than letters, digits and \"-\"".to_owned(),
            ImageNameError::Length => format!("more than {} characters", plugin_image::MAX_LENGTH),
        };
        on_warning(&format!("current Repository services reject the image name {name:?}: it has {cause}"));
    }
}

#[async_trait]
impl Plugin for PluginService {
    /// The real service adds the plugin, asks the registry, and removes it if the image has no tag. Here the registry
    /// is asked first, outside of a transaction: nobody waits for the network or sees what is rejected.
    async fn register(&self, request: Request<RegisterPluginRequest>) -> Result<Response<PluginInfo>, Status> {
        let Registration { plugin, image_error } = Registration::new(request.into_inner(), timestamp::now())?;
        if let Some(error) = image_error.filter(|_| self.options.strict) {
            return Err(registration::image_name_error(error, &plugin.image).into());
        }
        let check = |connection: &Connection| -> Result<(), StoreError> {
            if table::find(connection, &plugin.plugin_id)?.is_some() {
                return Err(ServiceError::AlreadyRegistered.into());
            }
            Ok(record::check(&plugin)?)
        };
        if let Some(images) = &self.options.images {
            self.store.read(check).await?;
            if images.versions(&plugin.image).await?.is_empty() {
                let registry_type = plugin.registry_type().as_str_name();
                return Err(ServiceError::NoImage { registry_type, image: plugin.image }.into());
            }
        }
        // Another caller may have registered it since.
        let write = self.store.write(|connection| {
            check(connection)?;
            table::insert(connection, &plugin)
        });
        write.await?;
        if let Some(error) = image_error {
            self.warn(error, &plugin.image);
        }
        Ok(Response::new(plugin))
    }

    /// An empty name counts as not set, because proto3 cannot tell the two apart; an empty object or list empties the
    /// field.
    async fn update(&self, request: Request<UpdatePluginRequest>) -> Result<Response<PluginInfo>, Status> {
        let update = request.into_inner();
        let name = update.name.trim();
        let change = |plugin: &mut PluginInfo| {
            record::check_update(name, update.labels.as_ref())?;
            if !name.is_empty() {
                plugin.name = name.to_owned();
            }
            if let Some(labels) = &update.labels {
                plugin.labels = Some(labels.clone());
            }
            let objects = [
                (&update.capability, &mut plugin.capability),
                (&update.tags, &mut plugin.tags),
                (&update.docs, &mut plugin.docs),
            ];
            for (new, field) in objects {
                if let Some(object) = new {
                    *field = Some(trimmed(object.clone()));
                }
            }
            Ok(())
        };
        self.change(&update.plugin_id, change).await
    }

    async fn deregister(&self, request: Request<PluginRequest>) -> Result<Response<()>, Status> {
        let plugin_id = request.into_inner().plugin_id;
        required(&plugin_id)?;
        if !self.store.write(|connection| table::remove(connection, &plugin_id)).await? {
            return Err(not_found(&plugin_id).into());
        }
        Ok(Response::new(()))
    }

    async fn enable(&self, request: Request<PluginRequest>) -> Result<Response<PluginInfo>, Status> {
        self.set_state(&request.into_inner().plugin_id, State::Enabled).await
    }

    async fn disable(&self, request: Request<PluginRequest>) -> Result<Response<PluginInfo>, Status> {
        self.set_state(&request.into_inner().plugin_id, State::Disabled).await
    }

    /// The tags in the image registry. The real service fails with ERROR_UNKNOWN if the image was removed; here it has
    /// no versions.
    async fn get_versions(&self, request: Request<RepositoryPluginRequest>) -> Result<Response<VersionsInfo>, Status> {
        let plugin = self.find(request.into_inner()).await?;
        let Some(images) = &self.options.images else { return Ok(Response::new(VersionsInfo::default())) };
        let results = images.versions(&plugin.image).await?;
        // The real service leaves the deprecated `version` empty.
        Ok(Response::new(VersionsInfo {
            total_count: i32::try_from(results.len()).unwrap_or(i32::MAX),
            results,
            ..VersionsInfo::default()
        }))
    }

    async fn get(&self, request: Request<RepositoryPluginRequest>) -> Result<Response<PluginInfo>, Status> {
        self.find(request.into_inner()).await.map(Response::new)
    }

    async fn list(&self, request: Request<PluginQuery>) -> Result<Response<EncodedPlugins>, Status> {
        let request = request.into_inner();
        if !request.repository_id.is_empty() {
            RepositoryKind::from_id(&request.repository_id)?;
        }
        let managed = managed::list(self.managed(&request.repository_id), &request)?;
        let page = RowLimits::from_page(request.query.as_ref().and_then(|query| query.page.as_ref()));
        let query = match RepositoryKind::Local.is_requested(&request.repository_id) {
            true => Some(PluginListQuery::parse(&request, timestamp::now())?.after(managed.len())),
            false => None,
        };
        let list = self.store.read(|connection| {
            // A page is one of the plugins of all repositories, the managed ones first, as in the real service.
            let mut list = EncodedPlugins::default();
            for plugin in page.apply(managed.iter()) {
                list.push(plugin)?;
            }
            list.total_count += managed.len();
            if let Some(query) = &query {
                table::list(connection, query, &mut list)?;
            }
            Ok(list)
        });
        list.await.map(Response::new)
    }
}

fn required(plugin_id: &str) -> Result<(), ServiceError> {
    if plugin_id.is_empty() { Err(ServiceError::RequiredParameter("plugin_id")) } else { Ok(()) }
}

fn not_found(plugin_id: &str) -> ServiceError {
    ServiceError::NotFound { plugin_id: plugin_id.to_owned() }
}
