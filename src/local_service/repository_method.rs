//! The Repository service: where plugins are registered.

use tonic::{Request, Response, Status, async_trait};

use super::proto::repository::v1::repository_server::Repository;
use super::proto::repository::v1::{RepositoriesInfo, RepositoryInfo, RepositoryQuery};
use crate::local_service::service_error::ServiceError;

/// The two repositories of an installation as it comes. The managed one, in which the real service offers the
/// platform's own plugins, is empty here unless it is given some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepositoryKind {
    Local,
    Managed,
}

impl RepositoryKind {
    const ALL: [Self; 2] = [Self::Local, Self::Managed];

    /// The repository of this id.
    ///
    /// # Errors
    /// There is none.
    pub fn of_id(repository_id: &str) -> Result<Self, ServiceError> {
        Self::ALL
            .into_iter()
            .find(|place| place.id() == repository_id)
            .ok_or_else(|| ServiceError::NoRepository { repository_id: repository_id.to_owned() })
    }

    /// Whether a request that names `repository_id`, or none, looks into the local repository.
    pub fn includes_local(repository_id: &str) -> bool {
        repository_id.is_empty() || repository_id == Self::Local.id()
    }

    /// Whether such a request looks into the managed repository.
    pub fn includes_managed(repository_id: &str) -> bool {
        repository_id.is_empty() || repository_id == Self::Managed.id()
    }

    fn id(self) -> &'static str {
        match self {
            Self::Local => "repo-local",
            Self::Managed => "repo-managed",
        }
    }

    fn info(self) -> RepositoryInfo {
        let (name, repository_type) = match self {
            Self::Local => ("Private", "LOCAL"),
            Self::Managed => ("Cloudforet Official", "MANAGED"),
        };
        RepositoryInfo {
            repository_id: self.id().to_owned(),
            name: name.to_owned(),
            repository_type: repository_type.to_owned(),
            endpoint: String::new(),
        }
    }
}

/// The repository of all registered plugins, as their records show it.
pub fn local() -> RepositoryInfo {
    RepositoryKind::Local.info()
}

/// The repository of the managed plugins, as their records show it.
pub fn managed() -> RepositoryInfo {
    RepositoryKind::Managed.info()
}

/// Answers `Repository.list`.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryService;

#[async_trait]
impl Repository for RepositoryService {
    /// The repositories with this id and this type, of those that are given. As in the real service, total_count is not
    /// set, and asking for what does not exist is no error.
    async fn list(&self, request: Request<RepositoryQuery>) -> Result<Response<RepositoriesInfo>, Status> {
        let query = request.into_inner();
        let asked = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        let results = RepositoryKind::ALL.into_iter().map(RepositoryKind::info).filter(|info| {
            asked(&query.repository_id, &info.repository_id) && asked(&query.repository_type, &info.repository_type)
        });
        Ok(Response::new(RepositoriesInfo { results: results.collect(), total_count: 0 }))
    }
}
