//! Warnings about images that the API accepts and current services reject.

use serde_json::{Map, Value};

use super::target::{RequestTarget, SpecWarning};
use crate::oci::plugin_image::{MAX_LENGTH, name_of, split_host};
use crate::schema::field_path::FieldPath;

/// Warns about each part of a plugin's image that current services reject.
pub fn warnings(target: &RequestTarget<'_>, request: &Map<String, Value>) -> Vec<SpecWarning> {
    let image = match (target.service, target.resource, target.verb) {
        ("repository", "Plugin", "register") => request.get("image").and_then(Value::as_str),
        _ => None,
    };
    // An empty image is an error of its own.
    let messages = image.filter(|image| !image.is_empty()).into_iter().flat_map(rejections);
    messages.map(|message| SpecWarning { path: FieldPath::default().key("image"), message }).collect()
}

/// All that is wrong with an image, in its order.
fn rejections(image: &str) -> Vec<String> {
    const SERVICES: &str = "current Repository services reject";
    let mut warnings = Vec::new();
    if split_host(image).is_some() {
        warnings.push("the service adds the registry's host: leave out what is before the first `/`".to_owned());
    }
    let name = name_of(image);
    let (name, tag) = name.split_once(':').map_or((name, None), |(name, tag)| (name, Some(tag)));
    let length = name.chars().count();
    if length > MAX_LENGTH {
        warnings.push(format!("{SERVICES} image names of {length} characters: shorten it to {MAX_LENGTH} or fewer"));
    }
    if name.is_empty() {
        warnings.push(format!("{SERVICES} an empty image name: name an image after the last `/`"));
    }
    if let Some(other) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        warnings.push(format!("{SERVICES} `{other}` in image names: use letters, digits and `-`"));
    }
    if tag.is_some() {
        warnings.push(format!("{SERVICES} tags in image names: leave out the `:` and what follows it"));
    }
    warnings
}
