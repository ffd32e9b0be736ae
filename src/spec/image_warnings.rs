//! What the API lets through and current services refuse nevertheless.

use serde_json::{Map, Value};

use super::{Target, Warning};
use crate::oci::plugin_image::{MAX_LENGTH, name_of, split_host};
use crate::schema::field_path::FieldPath;

/// Warnings about a request, each with what a current service refuses and what to do.
pub fn warnings(target: &Target<'_>, request: &Map<String, Value>) -> Vec<Warning> {
    let image = match (target.service, target.resource, target.verb) {
        ("repository", "Plugin", "register") => request.get("image").and_then(Value::as_str),
        _ => None,
    };
    // That it is required is told as an error.
    let image = image.filter(|image| !image.is_empty());
    let path = FieldPath::default().key("image");
    let messages = image.into_iter().flat_map(of_image);
    messages.map(|message| Warning { path: path.clone(), message }).collect()
}

/// All that is wrong with an image, in the order in which it is written.
fn of_image(image: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if split_host(image).is_some() {
        warnings.push(
            "an image is named without its registry's host, which the service knows: leave out what stands before \
             the first `/`"
                .to_owned(),
        );
    }
    let mut refuse = |what: String| {
        warnings.push(format!("behind the last `/`, a current Repository service refuses {what}"));
    };
    let name = name_of(image);
    let (name, tag) = name.split_once(':').map_or((name, None), |(name, tag)| (name, Some(tag)));
    let length = name.chars().count();
    if length > MAX_LENGTH {
        refuse(format!("a name of {length} characters: shorten it to {MAX_LENGTH} or fewer"));
    }
    if name.is_empty() {
        refuse("an empty name: name an image behind the last `/`".to_owned());
    }
    if let Some(other) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        refuse(format!("the `{other}`: name the image with letters, digits and `-` only"));
    }
    if tag.is_some() {
        refuse("a tag: leave out the `:` and what follows it".to_owned());
    }
    warnings
}
