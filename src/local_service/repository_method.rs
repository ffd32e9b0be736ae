//! The Repository service: lists the two repositories of an installation.

use tonic::{Request, Response, Status, async_trait};

use super::proto::repository::v1::repository_server::Repository;
use super::proto::repository::v1::{RepositoriesInfo, RepositoryInfo, RepositoryQuery};
use super::service_error::ServiceError;

/// The repositories of an installation as it comes; the managed one has the platform's own plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepositoryKind {
    Local,
    Managed,
}

impl RepositoryKind {
    const ALL: [Self; 2] = [Self::Local, Self::Managed];

    /// The repository with this id.
    ///
    /// # Errors
    /// It is missing.
    pub fn from_id(repository_id: &str) -> Result<Self, ServiceError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.id() == repository_id);
        kind.ok_or_else(|| ServiceError::NoRepository { repository_id: repository_id.to_owned() })
    }

    /// Whether a request with this `repository_id` (empty: all repositories) asks for it.
    pub fn is_requested(self, repository_id: &str) -> bool {
        repository_id.is_empty() || repository_id == self.id()
    }

    /// The repository as plugin records and `Repository.list` show it.
    pub fn info(self) -> RepositoryInfo {
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

    fn id(self) -> &'static str {
        match self {
            Self::Local => "repo-local",
            Self::Managed => "repo-managed",
        }
    }
}

/// Implements `Repository`.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryService;

#[async_trait]
impl Repository for RepositoryService {
    /// As in the real service, total_count is not set, and an unknown id or type gives an empty list.
    async fn list(&self, request: Request<RepositoryQuery>) -> Result<Response<RepositoriesInfo>, Status> {
        let query = request.into_inner();
        let is_type = |info: &RepositoryInfo| [&String::new(), &info.repository_type].contains(&&query.repository_type);
        let kinds = RepositoryKind::ALL.into_iter().filter(|kind| kind.is_requested(&query.repository_id));
        let results = kinds.map(RepositoryKind::info).filter(is_type).collect();
        Ok(Response::new(RepositoriesInfo { results, total_count: 0 }))
    }
}
