//! The image registry of the embedded service: tags are versions.

use super::service_error::ServiceError;
use super::types::ImageRegistry;
use crate::oci::{ImageRef, newest_first};

impl ImageRegistry {
    /// The versions of `image`, newest first; empty if the image does not exist.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn versions(&self, image: &str) -> Result<Vec<String>, ServiceError> {
        // No registry has an image with an invalid name.
        let Ok(image) = ImageRef::new(&self.registry, image) else { return Ok(Vec::new()) };
        let tags = self.client.tags(&image).await.map_err(|error| {
            // A status has one text: the hints follow the causes.
            let hints = error.problems().iter().flat_map(|problem| problem.hints.iter().cloned());
            let reason: Vec<String> = std::iter::once(error.summary()).chain(hints).collect();
            ServiceError::Unavailable { reason: reason.join("; ").into() }
        })?;
        Ok(newest_first(tags.unwrap_or_default()))
    }
}
