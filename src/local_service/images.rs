//! The image registry behind the service: which versions a plugin has, and whether it has any.

use std::sync::Arc;

use crate::error::Error;
use crate::local_service::service_error::Fault;
use crate::oci::{Client, ImageRef, RegistryUrl, newest_first};

/// A registry that holds every plugin's image, whatever the plugin's own registry type says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Images {
    registry: RegistryUrl,
    client: Arc<Client>,
}

impl Images {
    /// Asks `registry` with `client`.
    pub fn new(registry: RegistryUrl, client: Client) -> Self {
        Self { registry, client: Arc::new(client) }
    }

    /// The versions of `image`, newest first; none if there is no such image.
    ///
    /// # Errors
    /// The registry gives no answer.
    pub async fn versions(&self, image: &str) -> Result<Vec<String>, Fault> {
        // What no registry could hold, none holds.
        let Ok(place) = ImageRef::of_url(&self.registry, image) else { return Ok(Vec::new()) };
        match self.client.tags(&place).await {
            Ok(tags) => Ok(newest_first(tags.unwrap_or_default())),
            Err(error) => Err(Fault::RegistryUnavailable { reason: reason(&error) }),
        }
    }
}

/// A status has one text: what to do comes behind why.
fn reason(error: &Error) -> String {
    let hints = error.problems().iter().flat_map(|problem| problem.hints.iter().map(String::as_str));
    [error.summary().as_str()].into_iter().chain(hints).collect::<Vec<_>>().join("; ")
}
