//! Decimals that a service gets otherwise than they are written.
//!
//! A `google.protobuf.Struct` takes `1.10` as the number 1.1. As a measure it is that; as a version it is another one.

use prost_reflect::MessageDescriptor;

use super::Warning;
use super::request::Origin;
use super::typing::Shape;
use crate::schema::field_path::FieldPath;
use crate::yaml::{Content, Node, value};

/// A warning for what `tree`, the document's or that of `-j`, gives to the request, if anything in it loses digits.
pub(super) fn warning(origin: &Origin, tree: &Node, input: &MessageDescriptor) -> Option<Warning> {
    // What each part is for takes much longer to find out than that there is nothing to look for.
    if !any_loses_digits(tree) {
        return None;
    }
    let mut search = Search { origin, path: FieldPath::default(), first: None, count: 0 };
    for entry in value::entries(tree).unwrap_or_default() {
        let Some(name) = origin.plan.name_in_request(entry.name) else { continue };
        let Ok(shape) = Shape::Message(input.clone()).step(name) else { continue };
        search.path.push_key(name);
        // What a later input overwrites is not sent.
        if origin.holder(&search.path).is_some_and(|holder| std::ptr::eq(holder.tree, tree)) {
            search.enter(&shape, entry.value);
        }
        search.path.pop();
    }
    let others = match search.count {
        0 | 1 => String::new(),
        count => format!("; {} more like it", count - 1),
    };
    let message = format!("a number, whose last digits are lost: quote it if it is a version{others}");
    search.first.map(|path| Warning { path, message })
}

struct Search<'a> {
    origin: &'a Origin,
    path: FieldPath,
    first: Option<FieldPath>,
    count: usize,
}

impl Search<'_> {
    fn enter(&mut self, shape: &Shape, node: &Node) {
        match &node.content {
            Content::Scalar { text, plain: true } => {
                if matches!(shape, Shape::Free) && loses_digits(text) && self.origin.param(&self.path).is_none() {
                    self.count += 1;
                    self.first.get_or_insert_with(|| self.path.clone());
                }
            }
            Content::Scalar { plain: false, .. } => {}
            Content::List(items) => {
                let item_shape = match shape {
                    Shape::List(item) => item,
                    Shape::Free => shape,
                    _ => return,
                };
                for (index, item) in items.iter().enumerate() {
                    self.path.push_index(index);
                    self.enter(item_shape, item);
                    self.path.pop();
                }
            }
            Content::Mapping(_) => {
                for entry in value::entries(node).unwrap_or_default() {
                    let Ok(below) = shape.clone().step(entry.name) else { continue };
                    self.path.push_key(entry.name);
                    self.enter(&below, entry.value);
                    self.path.pop();
                }
            }
        }
    }
}

fn any_loses_digits(node: &Node) -> bool {
    match &node.content {
        Content::Scalar { text, plain } => *plain && loses_digits(text),
        Content::List(items) => items.iter().any(|item| any_loses_digits(item)),
        Content::Mapping(pairs) => pairs.iter().any(|(_, value)| any_loses_digits(value)),
    }
}

/// Whether `text` is digits around one dot that its number is not written with.
pub fn loses_digits(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, fraction)) = text.strip_prefix('-').unwrap_or(text).split_once('.') else { return false };
    // Behind a leading zero it is text.
    let is_number = is_digits(whole) && is_digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    is_number && text.parse::<f64>().is_ok_and(|double| double.to_string() != text)
}

#[cfg(test)]
mod tests {
    use super::loses_digits;

    #[test]
    fn only_decimals_that_come_back_otherwise_lose_digits() {
        for text in ["1.10", "1.0", "-2.50", "0.0", "0.12345678901234567890"] {
            assert!(loses_digits(text), "{text}");
        }
        for text in ["1.9", "110", "0.5", "-1.25", "01.10", "1.2.30", "1e10", "1.", ".50", "a.0", ""] {
            assert!(!loses_digits(text), "{text}");
        }
    }
}
