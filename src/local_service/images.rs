//! The image registry behind the service: which versions a plugin has, and whether it has any.

use std::sync::Arc;

use crate::error::Error;
use crate::local_service::service_error::ServiceError;
use crate::oci::{ImageRef, RegistryClient, RegistryUrl, newest_first};

/// A registry that holds every plugin's image, whatever the plugin's own registry type says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ImageRegistry {
    registry: RegistryUrl,
    client: Arc<RegistryClient>,
}

impl ImageRegistry {
    /// Asks `registry` with `client`.
    pub fn new(registry: RegistryUrl, client: RegistryClient) -> Self {
        Self { registry, client: Arc::new(client) }
    }

    /// The versions of `image`, newest first; none if there is no such image.
    ///
    /// # Errors
    /// The registry gives no answer.
    pub async fn versions(&self, image: &str) -> Result<Vec<String>, ServiceError> {
        // What no registry could hold, none holds.
        let Ok(place) = ImageRef::new(&self.registry, image) else { return Ok(Vec::new()) };
        match self.client.tags(&place).await {
            Ok(tags) => Ok(newest_first(tags.unwrap_or_default())),
            Err(error) => Err(ServiceError::RegistryUnavailable { reason: reason(&error) }),
        }
    }
}

/// A status has one text: what to do comes behind why.
fn reason(error: &Error) -> String {
    let hints = error.problems().iter().flat_map(|problem| problem.hints.iter().map(String::as_str));
    [error.summary().as_str()].into_iter().chain(hints).collect::<Vec<_>>().join("; ")
}
