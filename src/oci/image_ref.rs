//! The reference of an image: its registry and its name there.

use std::fmt;

use serde_json::{Map, Value};

use super::image::check_image;
use super::plugin_image::check_path;
use super::url::RegistryUrl;
use crate::error::parse_error::ParseError;

/// An image in a registry, without a tag; displayed as docker, podman and buildah take it: `127.0.0.1:5000/x/plugin-a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    registry: RegistryUrl,
    /// With the registry's prefix.
    path: String,
}

impl ImageRef {
    /// `image` in `registry`.
    ///
    /// # Errors
    /// `image` is not a valid name, or has a tag, a digest or a host.
    pub fn new(registry: &RegistryUrl, image: &str) -> Result<Self, ParseError> {
        check_image(image)?;
        let path = match registry.prefix() {
            // The owner of Docker Hub's own images is not written.
            "" if registry.is_docker_hub() && !image.contains('/') => format!("library/{image}"),
            "" => image.to_owned(),
            prefix => format!("{prefix}/{image}"),
        };
        if check_path(&path).is_err() {
            return Err(ParseError::new(format!("`{path}` is too long for an image name")));
        }
        Ok(Self { registry: registry.clone(), path })
    }

    /// The reference by a spec's `registry_type` and `registry_config`. An empty or missing type is Docker Hub.
    ///
    /// # Errors
    /// `image` is not a valid name, the registry type is unknown, or `registry_config` is incomplete.
    pub fn from_spec(
        image: &str,
        registry_type: Option<&str>,
        registry_config: Option<&Map<String, Value>>,
    ) -> Result<Self, ParseError> {
        let config = RegistryConfig(registry_config);
        let or = |default| Ok(config.url()?.unwrap_or(default));
        let required = |name, example| config.url()?.ok_or_else(|| missing(name, example));
        let registry = match registry_type.unwrap_or_default() {
            "" | "NONE_REGISTRY_TYPE" | "DOCKER_HUB" => or(RegistryUrl::docker_hub()),
            "GITHUB" => or(RegistryUrl::from_host("ghcr.io")),
            "AWS_PUBLIC_ECR" => or(RegistryUrl::from_host("public.ecr.aws")),
            "HARBOR" => required("HARBOR", "harbor.example.com"),
            "GCP_PRIVATE_GCR" => required("GCP_PRIVATE_GCR", "asia-northeast3-docker.pkg.dev/PROJECT/REPOSITORY"),
            "AWS_PRIVATE_ECR" => private_ecr(&config),
            other => Err(ParseError::new(format!("registry_type: unknown registry type `{other}`"))
                .hint("set the registry with --registry URL")),
        };
        Self::new(&registry?, image)
    }

    pub fn registry(&self) -> &RegistryUrl {
        &self.registry
    }

    /// The image's name in its registry, without a tag.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether its registry is reached without TLS: only one on this machine is.
    pub fn is_plain_http(&self) -> bool {
        self.registry.is_plain_http()
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry.authority(), self.path)
    }
}

/// A spec's `registry_config`.
struct RegistryConfig<'a>(Option<&'a Map<String, Value>>);

impl RegistryConfig<'_> {
    /// A string; `None` if it is missing or empty.
    fn text(&self, key: &str) -> Result<Option<&str>, ParseError> {
        match self.0.and_then(|config| config.get(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(ParseError::new(format!("registry_config.{key}: it must be a string"))
                .hint(format!("quote it: {key}: \"...\""))),
        }
    }

    fn url(&self) -> Result<Option<RegistryUrl>, ParseError> {
        let Some(url) = self.text("url")? else { return Ok(None) };
        url.parse().map(Some).map_err(|error: ParseError| {
            ParseError::new(format!("registry_config.url: {error}"))
                .hint("write HOST, HOST:PORT or https://HOST:PORT, with a project after it if needed")
        })
    }
}

/// An account's registry in a region: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>.
fn private_ecr(config: &RegistryConfig<'_>) -> Result<RegistryUrl, ParseError> {
    // The real service fills in this address, where no image is.
    if let Some(url) = config.url()?.filter(|url| url.authority() != "private.ecr.aws") {
        return Ok(url);
    }
    let region = match config.text("region_name")? {
        Some(region) => Some(region),
        None => config.text("region")?,
    };
    let (Some(account), Some(region)) = (config.text("account_id")?, region) else {
        return Err(missing("AWS_PRIVATE_ECR", "ACCOUNT.dkr.ecr.REGION.amazonaws.com").hint(
            "give registry_config.account_id and registry_config.region_name, or registry_config.url, or set the \
             registry with --registry URL",
        ));
    };
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseError::new(format!("registry_config.account_id: `{account}` is not a valid AWS account"))
            .hint("write its 12 digits in quotes: \"123456789012\""));
    }
    if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(ParseError::new(format!("registry_config.region_name: `{region}` is not a valid AWS region"))
            .hint("write it as ap-northeast-2"));
    }
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(RegistryUrl::from_host(&format!("{account}.dkr.ecr.{region}.{domain}")))
}

fn missing(registry_type: &str, example: &str) -> ParseError {
    ParseError::new(format!("registry_config.url: required for {registry_type}"))
        .hint(format!("write `url: {example}`, or set the registry with --registry URL"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn from_spec(registry_type: &str, config: &Value) -> Result<String, String> {
        ImageRef::from_spec("team/plugin-a", Some(registry_type), config.as_object())
            .map(|place| place.to_string())
            .map_err(|error| error.into_local().to_string())
    }

    #[test]
    fn a_spec_says_where_its_image_lies() {
        for (registry_type, config, place) in [
            ("", json!({}), "docker.io/team/plugin-a"),
            ("DOCKER_HUB", json!(null), "docker.io/team/plugin-a"),
            ("DOCKER_HUB", json!({"url": "registry.hub.docker.com"}), "docker.io/team/plugin-a"),
            ("DOCKER_HUB", json!({"url": "127.0.0.1:5000"}), "127.0.0.1:5000/team/plugin-a"),
            ("GITHUB", json!({}), "ghcr.io/team/plugin-a"),
            ("HARBOR", json!({"url": "https://harbor.example.com"}), "harbor.example.com/team/plugin-a"),
            ("HARBOR", json!({"url": "harbor.example.com/p"}), "harbor.example.com/p/team/plugin-a"),
            (
                "GCP_PRIVATE_GCR",
                json!({"url": "asia-northeast3-docker.pkg.dev/p/r"}),
                "asia-northeast3-docker.pkg.dev/p/r/team/plugin-a",
            ),
            (
                "AWS_PRIVATE_ECR",
                json!({"account_id": "123456789012", "region_name": "ap-northeast-2", "url": "private.ecr.aws"}),
                "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/team/plugin-a",
            ),
            (
                "AWS_PRIVATE_ECR",
                json!({"account_id": "123456789012", "region": "cn-north-1"}),
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/plugin-a",
            ),
            ("AWS_PUBLIC_ECR", json!({}), "public.ecr.aws/team/plugin-a"),
        ] {
            assert_eq!(from_spec(registry_type, &config).as_deref(), Ok(place), "{registry_type} {config}");
        }
        assert_eq!(ImageRef::from_spec("nginx", None, None).unwrap().to_string(), "docker.io/library/nginx");
    }

    #[test]
    fn a_missing_piece_is_named_with_the_way_round_it() {
        for (registry_type, config, part) in [
            ("HARBOR", json!({}), "registry_config.url"),
            ("GCP_PRIVATE_GCR", json!({"url": ""}), "registry_config.url"),
            ("AWS_PRIVATE_ECR", json!({"account_id": "123456789012"}), "registry_config.region_name"),
            ("AWS_PRIVATE_ECR", json!({"region": "x"}), "registry_config.account_id"),
            ("QUAY", json!({}), "--registry"),
        ] {
            let error = from_spec(registry_type, &config).unwrap_err();
            assert!(error.contains(part) && error.contains("--registry"), "{registry_type} {config}: {error}");
        }
        for (registry_type, config, part) in [
            ("AWS_PRIVATE_ECR", json!({"account_id": "1", "region": "x"}), "12 digits"),
            ("AWS_PRIVATE_ECR", json!({"account_id": 123456789012_u64, "region": "x"}), "must be a string"),
            (
                "AWS_PRIVATE_ECR",
                json!({"account_id": "123456789012", "region": "a.evil.com/"}),
                "not a valid AWS region",
            ),
            (
                "HARBOR",
                json!({"url": "http://harbor.example.com"}),
                "registry_config.url: `http://harbor.example.com` is not a valid registry address",
            ),
        ] {
            let error = from_spec(registry_type, &config).unwrap_err();
            assert!(error.contains(part), "{registry_type} {config}: {error}");
        }
    }

    #[test]
    fn an_image_brings_neither_tag_nor_host() {
        let registry: RegistryUrl = "127.0.0.1:5000/x".parse().unwrap();
        let place = ImageRef::new(&registry, "plugin-a").unwrap();
        assert_eq!(place.to_string(), "127.0.0.1:5000/x/plugin-a");
        assert!(place.is_plain_http());
        assert!(ImageRef::new(&registry, "plugin-a:1").is_err());
        assert!(ImageRef::new(&registry, "ghcr.io/x/plugin-a").is_err());
        assert!(ImageRef::new(&registry, "Plugin").is_err());
    }
}
