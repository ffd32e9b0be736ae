//! Where one image lies.

use std::fmt;

use serde_json::{Map, Value};

use super::image::check_image;
use super::url::RegistryUrl;
use crate::error::parse_error::ParseError;
use crate::oci::plugin_image::check_path;

/// An image in a registry, without a tag. It reads as docker, podman and buildah take it: `127.0.0.1:5000/x/plugin-a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    registry: RegistryUrl,
    /// The image's name in the registry, the prefix included.
    path: String,
}

impl ImageRef {
    /// `image` in `registry`.
    ///
    /// # Errors
    /// `image` is no image's name, or holds a tag, a digest or a host.
    pub fn new(registry: &RegistryUrl, image: &str) -> Result<Self, ParseError> {
        check_image(image)?;
        let path = match registry.prefix() {
            // Docker Hub's own images have an owner that is not written.
            "" if registry.is_docker_hub() && !image.contains('/') => format!("library/{image}"),
            "" => image.to_owned(),
            prefix => format!("{prefix}/{image}"),
        };
        if check_path(&path).is_err() {
            return Err(ParseError::new(format!("`{path}` is too long for an image's name")));
        }
        Ok(Self { registry: registry.clone(), path })
    }

    /// Where a spec's `registry_type` and `registry_config` put `image`. Nothing, or an empty type, is Docker Hub.
    ///
    /// # Errors
    /// `image` is no image's name, the registry type is not known, or `registry_config` does not say what it must.
    pub fn from_spec(
        image: &str,
        registry_type: Option<&str>,
        registry_config: Option<&Map<String, Value>>,
    ) -> Result<Self, ParseError> {
        let config = Config(registry_config);
        let registry = match registry_type.unwrap_or_default() {
            "" | "NONE_REGISTRY_TYPE" | "DOCKER_HUB" => match config.url()? {
                Some(url) => url,
                None => RegistryUrl::docker_hub(),
            },
            "GITHUB" => match config.url()? {
                Some(url) => url,
                None => RegistryUrl::from_host("ghcr.io"),
            },
            "HARBOR" => config.url()?.ok_or_else(|| missing("HARBOR", "harbor.example.com"))?,
            "GCP_PRIVATE_GCR" => config
                .url()?
                .ok_or_else(|| missing("GCP_PRIVATE_GCR", "asia-northeast3-docker.pkg.dev/PROJECT/REPOSITORY"))?,
            "AWS_PRIVATE_ECR" => private_ecr(&config)?,
            "AWS_PUBLIC_ECR" => match config.url()? {
                Some(url) => url,
                None => RegistryUrl::from_host("public.ecr.aws"),
            },
            other => {
                return Err(ParseError::new(format!("registry_type: `{other}` is not known here"))
                    .hint("say which registry with --registry URL"));
            }
        };
        Self::new(&registry, image)
    }

    /// The registry that it lies in.
    pub fn registry(&self) -> &RegistryUrl {
        &self.registry
    }

    /// The image's name in its registry, without a tag.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether its registry is spoken to without TLS, which only one on this machine is.
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
struct Config<'a>(Option<&'a Map<String, Value>>);

impl Config<'_> {
    /// A text; `None` if there is none or an empty one.
    fn text(&self, key: &str) -> Result<Option<&str>, ParseError> {
        match self.0.and_then(|config| config.get(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(ParseError::new(format!("registry_config.{key}: it must be a text"))
                .hint(format!("put it between quotes: {key}: \"...\""))),
        }
    }

    fn url(&self) -> Result<Option<RegistryUrl>, ParseError> {
        let Some(url) = self.text("url")? else { return Ok(None) };
        url.parse().map(Some).map_err(|error: ParseError| {
            ParseError::new(format!("registry_config.url: {error}"))
                .hint("write HOST, HOST:PORT or https://HOST:PORT, with a project behind it if there is one")
        })
    }
}

/// An account's registry in a region: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>.
fn private_ecr(config: &Config<'_>) -> Result<RegistryUrl, ParseError> {
    // The real service fills in this address by itself, and no image can be had there.
    if let Some(url) = config.url()?.filter(|url| url.authority() != "private.ecr.aws") {
        return Ok(url);
    }
    let region = match config.text("region_name")? {
        Some(region) => Some(region),
        None => config.text("region")?,
    };
    let (Some(account), Some(region)) = (config.text("account_id")?, region) else {
        return Err(missing("AWS_PRIVATE_ECR", "ACCOUNT.dkr.ecr.REGION.amazonaws.com").hint(
            "give registry_config.account_id and registry_config.region_name, or registry_config.url, or say which \
             registry with --registry URL",
        ));
    };
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseError::new(format!("registry_config.account_id: `{account}` is no AWS account"))
            .hint("it has 12 digits, between quotes: \"123456789012\""));
    }
    if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(ParseError::new(format!("registry_config.region_name: `{region}` is no AWS region"))
            .hint("write it as ap-northeast-2"));
    }
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(RegistryUrl::from_host(&format!("{account}.dkr.ecr.{region}.{domain}")))
}

fn missing(registry_type: &str, example: &str) -> ParseError {
    ParseError::new(format!("registry_config.url: {registry_type} needs it, to know where the image lies"))
        .hint(format!("write `url: {example}`, or say which registry with --registry URL"))
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
            ("AWS_PRIVATE_ECR", json!({"account_id": 123456789012_u64, "region": "x"}), "must be a text"),
            ("AWS_PRIVATE_ECR", json!({"account_id": "123456789012", "region": "a.evil.com/"}), "no AWS region"),
            (
                "HARBOR",
                json!({"url": "http://harbor.example.com"}),
                "registry_config.url: `http://harbor.example.com` is no registry",
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
