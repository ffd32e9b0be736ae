//! The Plugin service.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use tonic::{Request, Response, Status, async_trait};

use super::images::ImageRegistry;
use super::managed;
use super::proto::repository::v1::plugin_info::State;
use super::proto::repository::v1::plugin_server::Plugin;
use super::proto::repository::v1::{
    PluginInfo, PluginQuery, PluginRequest, PluginsInfo, RegisterPluginRequest, RepositoryPluginRequest,
    UpdatePluginRequest, VersionsInfo,
};
use super::query::{PluginListQuery, RowLimits};
use super::record::{self, trimmed};
use super::registration::{self, DOMAIN_ID};
use super::store::{Store, StoreError};
use super::table;
use crate::local_service::repository_method::RepositoryKind;
use crate::local_service::service_error::ServiceError;
use crate::local_service::timestamp;
use crate::oci::plugin_image;

/// Takes the text of a warning.
pub type Warn = Arc<dyn Fn(&str) + Send + Sync>;

/// How a service is set up: how strictly it keeps to what a current real one refuses, and what it has beside its own
/// plugins.
#[derive(Clone, Default)]
pub struct ServiceOptions {
    /// Refuses an image name that a current service refuses. Otherwise it is accepted with a warning: the
    /// documentation's own example has such a name.
    pub strict: bool,
    /// Hears of each accepted image name that a current service refuses.
    pub on_warning: Option<Warn>,
    /// Where images are looked for, whose tags are a plugin's versions. Without it no image is.
    pub images: Option<ImageRegistry>,
    /// The plugins of the managed repository.
    pub managed: Arc<[PluginInfo]>,
}

impl fmt::Debug for ServiceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceOptions")
            .field("strict", &self.strict)
            .field("images", &self.images)
            .finish_non_exhaustive()
    }
}

/// Answers all methods of `Plugin`.
#[derive(Clone, Debug)]
pub struct PluginService {
    store: Store,
    rules: ServiceOptions,
}

impl PluginService {
    pub fn new(store: Store, rules: ServiceOptions) -> Self {
        Self { store, rules }
    }

    /// The plugin that `get` and `get_versions` ask for.
    async fn find(&self, request: RepositoryPluginRequest) -> Result<PluginInfo, Status> {
        required(&request.plugin_id)?;
        let managed = self.managed(&request.repository_id).iter();
        let found = if let Some(plugin) = managed.clone().find(|plugin| plugin.plugin_id == request.plugin_id) {
            Some(plugin.clone())
        } else if RepositoryKind::includes_local(&request.repository_id) {
            self.store.read(|connection| table::find(connection, &request.plugin_id)).await?
        } else {
            None
        };
        // A repository that does not exist holds no plugin either: the real service does not tell the two apart.
        found.ok_or_else(|| ServiceError::NoPlugin { plugin_id: request.plugin_id }.into())
    }

    /// The plugins of the managed repository, as far as a request that names `repository_id`, or none, looks there.
    fn managed(&self, repository_id: &str) -> &[PluginInfo] {
        if RepositoryKind::includes_managed(repository_id) { &self.rules.managed } else { &[] }
    }

    /// Reads, changes and writes a plugin in one transaction. Any change moves `updated_at`. (The real service means to
    /// as well: its model sets the field by itself, and its list of fields that may change leaves it out.)
    async fn change(
        &self,
        plugin_id: &str,
        change: impl Fn(&mut PluginInfo) -> Result<(), ServiceError>,
    ) -> Result<Response<PluginInfo>, Status> {
        required(plugin_id)?;
        let plugin = self.store.write(|connection| {
            let mut plugin = table::find(connection, plugin_id)?.ok_or_else(|| not_found(plugin_id))?;
            change(&mut plugin)?;
            plugin.updated_at = timestamp::written(Timestamp::now());
            table::replace(connection, &plugin)?;
            Ok(plugin)
        });
        plugin.await.map(Response::new)
    }

    async fn set_state(&self, plugin_id: &str, state: State) -> Result<Response<PluginInfo>, Status> {
        self.change(plugin_id, |plugin| {
            plugin.set_state(state);
            Ok(())
        })
        .await
    }

    fn warn(&self, fault: plugin_image::ImageNameError, image: &str) {
        let Some(on_warning) = &self.rules.on_warning else { return };
        let name = plugin_image::name_of(image);
        let why = match fault {
            plugin_image::ImageNameError::Character => "something else than letters, digits and \"-\"".to_owned(),
            plugin_image::ImageNameError::Length => format!("more than {} characters", plugin_image::MAX_LENGTH),
        };
        on_warning(&format!("a current Repository service refuses the image name {name:?}: it has {why}"));
    }
}

#[async_trait]
impl Plugin for PluginService {
    /// The real service adds the plugin, asks the registry, and takes it back if the image has no tag. Here it is asked
    /// before, outside of any transaction: nobody else waits for the network, and no other call sees what is refused.
    async fn register(&self, request: Request<RegisterPluginRequest>) -> Result<Response<PluginInfo>, Status> {
        let registration = registration::read(request.into_inner(), Timestamp::now())?;
        let plugin = registration.plugin;
        if let Some(fault) = registration.image_fault.filter(|_| self.rules.strict) {
            return Err(registration::refusal(fault, &plugin.image).into());
        }
        let addable = |connection: &Connection| -> Result<(), StoreError> {
            if table::find(connection, &plugin.plugin_id)?.is_some() {
                return Err(ServiceError::AlreadyRegistered.into());
            }
            Ok(record::check(&plugin)?)
        };
        if let Some(images) = &self.rules.images {
            self.store.read(addable).await?;
            if images.versions(&plugin.image).await?.is_empty() {
                let registry_type = plugin.registry_type().as_str_name();
                return Err(ServiceError::NoImage { registry_type, image: plugin.image }.into());
            }
        }
        // Another caller may have come between.
        self.store
            .write(|connection| {
                addable(connection)?;
                table::insert(connection, &plugin)
            })
            .await?;
        if let Some(fault) = registration.image_fault {
            self.warn(fault, &plugin.image);
        }
        Ok(Response::new(plugin))
    }

    /// Changes what is set. An empty name counts as not set, because proto3 cannot tell the two apart; an empty object or
    /// list is set and empties the field.
    async fn update(&self, request: Request<UpdatePluginRequest>) -> Result<Response<PluginInfo>, Status> {
        let update = request.into_inner();
        let name = update.name.trim();
        self.change(&update.plugin_id, |plugin| {
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
            for (given, field) in objects {
                if let Some(object) = given {
                    *field = Some(trimmed(object.clone()));
                }
            }
            Ok(())
        })
        .await
    }

    async fn deregister(&self, request: Request<PluginRequest>) -> Result<Response<()>, Status> {
        let plugin_id = request.into_inner().plugin_id;
        required(&plugin_id)?;
        self.store
            .write(|connection| {
                if !table::remove(connection, &plugin_id)? {
                    return Err(not_found(&plugin_id).into());
                }
                Ok(())
            })
            .await?;
        Ok(Response::new(()))
    }

    async fn enable(&self, request: Request<PluginRequest>) -> Result<Response<PluginInfo>, Status> {
        self.set_state(&request.into_inner().plugin_id, State::Enabled).await
    }

    async fn disable(&self, request: Request<PluginRequest>) -> Result<Response<PluginInfo>, Status> {
        self.set_state(&request.into_inner().plugin_id, State::Disabled).await
    }

    /// The tags in the image registry; none without one. The real service refuses as unknown a plugin whose image is gone
    /// since; here it has no versions.
    async fn get_versions(&self, request: Request<RepositoryPluginRequest>) -> Result<Response<VersionsInfo>, Status> {
        let plugin = self.find(request.into_inner()).await?;
        let Some(images) = &self.rules.images else { return Ok(Response::new(VersionsInfo::default())) };
        let results = images.versions(&plugin.image).await?;
        let total_count = i32::try_from(results.len()).unwrap_or(i32::MAX);
        // The real service leaves the deprecated `version` empty.
        Ok(Response::new(VersionsInfo { total_count, results, ..VersionsInfo::default() }))
    }

    async fn get(&self, request: Request<RepositoryPluginRequest>) -> Result<Response<PluginInfo>, Status> {
        self.find(request.into_inner()).await.map(Response::new)
    }

    async fn list(&self, request: Request<PluginQuery>) -> Result<Response<PluginsInfo>, Status> {
        let request = request.into_inner();
        if !request.repository_id.is_empty() {
            RepositoryKind::of_id(&request.repository_id)?;
        }
        // The managed repository comes first, as in the real service's own configuration.
        let mut results = managed::list(self.managed(&request.repository_id), &request)?;
        let mut matching = results.len();
        if RepositoryKind::includes_local(&request.repository_id) {
            let query = PluginListQuery::read(&request, Timestamp::now())?;
            // A page is one of the plugins of all repositories, one behind the other.
            let is_alone = results.is_empty();
            let query = if is_alone { query } else { query.without_page() };
            let (own, own_matching) = self.store.read(|connection| table::list(connection, &query)).await?;
            if is_alone {
                let total_count = i32::try_from(own_matching).unwrap_or(i32::MAX);
                return Ok(Response::new(PluginsInfo { results: own, total_count }));
            }
            results.extend(own);
            matching += own_matching;
        }
        let page = request.query.as_ref().and_then(|query| query.page.as_ref()).map_or(RowLimits::ALL, RowLimits::read);
        let results = results.into_iter().skip(page.offset).take(page.limit.unwrap_or(usize::MAX)).collect();
        let total_count = i32::try_from(matching).unwrap_or(i32::MAX);
        Ok(Response::new(PluginsInfo { results, total_count }))
    }
}

fn required(plugin_id: &str) -> Result<(), ServiceError> {
    if plugin_id.is_empty() { Err(ServiceError::RequiredParameter("plugin_id")) } else { Ok(()) }
}

fn not_found(plugin_id: &str) -> ServiceError {
    ServiceError::NotFound { plugin_id: plugin_id.to_owned(), domain_id: DOMAIN_ID }
}
