//! A register request as a plugin's record, by the rules of the real service.

use jiff::Timestamp;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::proto::repository::v1::plugin_info::State;
use super::proto::repository::v1::{PluginInfo, PublicRegistryType, RegisterPluginRequest};
use super::record::trimmed;
use super::repository_method::RepositoryKind;
use super::service_error::{DOMAIN_ID, ServiceError};
use crate::oci::plugin_image::{self, ImageNameError};
use crate::query::timestamp;

/// A plugin that may be added, and why a current service would reject its image name.
#[derive(Debug)]
pub struct Registration {
    pub plugin: PluginInfo,
    pub image_error: Option<ImageNameError>,
}

impl Registration {
    /// Checks a request and fills in what it omits and what the service computes.
    ///
    /// # Errors
    /// A required field is missing, the image gives no plugin id, or the registry type has no address.
    pub fn new(request: RegisterPluginRequest, now: Timestamp) -> Result<Self, ServiceError> {
        let required = [("name", &request.name), ("resource_type", &request.resource_type), ("image", &request.image)];
        if let Some((key, _)) = required.into_iter().find(|(_, value)| value.trim().is_empty()) {
            return Err(ServiceError::RequiredParameter(key));
        }
        let image = request.image.trim().to_owned();
        let image_error = plugin_image::check(&image).err();
        let plugin_id = match request.plugin_id.trim() {
            "" => plugin_image::name_of(&image).to_owned(),
            given => given.to_owned(),
        };
        if plugin_id.is_empty() {
            // No request could get, change or remove it.
            return Err(ServiceError::ImageNameFormat { name: plugin_id });
        }
        let (registry_type, registry_url, registry_config) = registry(request.registry_type, request.registry_config)?;
        let created_at = timestamp::to_text(now);
        let plugin = PluginInfo {
            plugin_id,
            name: request.name.trim().to_owned(),
            state: State::Enabled.into(),
            resource_type: request.resource_type.trim().to_owned(),
            image,
            provider: request.provider.trim().to_owned(),
            registry_type: registry_type.into(),
            registry_url,
            registry_config: Some(registry_config),
            capability: Some(trimmed(request.capability.unwrap_or_default())),
            labels: Some(request.labels.unwrap_or_default()),
            tags: Some(trimmed(request.tags.unwrap_or_default())),
            docs: Some(trimmed(request.docs.unwrap_or_default())),
            domain_id: DOMAIN_ID.to_owned(),
            repository_info: Some(RepositoryKind::Local.info()),
            updated_at: created_at.clone(),
            created_at,
        };
        Ok(Self { plugin, image_error })
    }
}

/// The error with which a current service rejects the name of `image`.
pub fn image_name_error(error: ImageNameError, image: &str) -> ServiceError {
    let name = plugin_image::name_of(image).to_owned();
    match error {
        ImageNameError::Character => ServiceError::ImageNameFormat { name },
        ImageNameError::Length => ServiceError::ImageNameLength { name, longest: plugin_image::MAX_LENGTH },
    }
}

/// A registry's type, address and settings, by the real service's `global_conf.py` (`REGISTRY_INFO`); ECR's is from
/// 1.12. Harbor's and Google's addresses are in an installation's configuration; here, in `registry_config.url`.
fn registry(number: i32, config: Option<Struct>) -> Result<(PublicRegistryType, String, Struct), ServiceError> {
    let no_settings = |registry_type: &str| ServiceError::RegistrySettings { registry_type: registry_type.to_owned() };
    let registry_type = match PublicRegistryType::try_from(number) {
        Ok(PublicRegistryType::NoneRegistryType) => PublicRegistryType::DockerHub,
        Ok(registry_type) => registry_type,
        Err(_) => return Err(no_settings(&number.to_string())),
    };
    let mut config = trimmed(config.unwrap_or_default());
    let url = match registry_type {
        PublicRegistryType::NoneRegistryType | PublicRegistryType::DockerHub => "registry.hub.docker.com",
        PublicRegistryType::Github => "ghcr.io",
        PublicRegistryType::AwsPrivateEcr if config.fields.contains_key("account_id") => "private.ecr.aws",
        PublicRegistryType::AwsPrivateEcr => return Err(ServiceError::RequiredParameter("registry_config.account_id")),
        PublicRegistryType::Harbor | PublicRegistryType::GcpPrivateGcr => match config.fields.get("url") {
            Some(Value { kind: Some(Kind::StringValue(url)) }) if !url.is_empty() => url,
            _ => return Err(no_settings(registry_type.as_str_name())),
        },
    };
    let url = url.to_owned();
    config.fields.entry("url".to_owned()).or_insert_with(|| Value::from(url.as_str()));
    Ok((registry_type, url, config))
}
