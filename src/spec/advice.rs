//! What the API lets through and current services refuse nevertheless.

use serde_json::{Map, Value};

use super::Target;
use crate::plugin_image::{self, Fault, MAX_LENGTH};

/// Warnings about a request, each with what a current service refuses and what to do.
pub fn warnings(target: &Target<'_>, request: &Map<String, Value>) -> Vec<String> {
    match (target.service, target.resource, target.verb) {
        ("repository", "Plugin", "register") => image(request).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn image(request: &Map<String, Value>) -> Option<String> {
    let image = request.get("image")?.as_str()?;
    let fault = plugin_image::check(image).err()?;
    let name = plugin_image::name_of(image);
    let refused = match fault {
        Fault::Length => {
            format!("a name of {} characters: shorten it to {MAX_LENGTH} or fewer", name.chars().count())
        }
        Fault::Character => match name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
            None => "an empty name: name an image behind the last `/`".to_owned(),
            Some(':') => "a tag: leave out the `:` and what follows it".to_owned(),
            Some(other) => format!("the `{other}`: name the image with letters, digits and `-` only"),
        },
    };
    Some(format!("image: behind the last `/`, a current Repository service refuses {refused}"))
}
