//! Warnings about decimals that change on the way.
//!
//! A `google.protobuf.Struct` stores `1.10` as the number 1.1: the same as a measure, another one as a version.

use prost_reflect::MessageDescriptor;

use super::request::RequestOrigin;
use super::target::SpecWarning;
use super::typing::FieldShape;
use crate::schema::field_path::FieldPath;
use crate::yaml::{Content, Node, value};

/// Warns if `tree`, the document's or that of `-j`, gives the request a number that loses digits.
pub(super) fn warning(origin: &RequestOrigin, tree: &Node, input: &MessageDescriptor) -> Option<SpecWarning> {
    // Much cheaper than finding out each value's type.
    if !any_loses_digits(tree) {
        return None;
    }
    let mut search = Search { origin, path: FieldPath::default(), first: None, count: 0 };
    for entry in value::entries(tree).unwrap_or_default() {
        let Some(name) = origin.plan.name_in_request(entry.name) else { continue };
        let Ok(shape) = FieldShape::Message(input.clone()).step(name) else { continue };
        search.path.push_key(name);
        // Values that a later input overwrites are not sent.
        if origin.holder(&search.path).is_some_and(|holder| std::ptr::eq(holder.tree, tree)) {
            search.enter(&shape, entry.value);
        }
        search.path.pop();
    }
    let others = match search.count {
        0 | 1 => String::new(),
        count => format!("; {} more like it", count - 1),
    };
    let message = format!("a number that loses its last digits: quote it if it is a version{others}");
    search.first.map(|path| SpecWarning { path, message })
}

struct Search<'a> {
    origin: &'a RequestOrigin,
    path: FieldPath,
    first: Option<FieldPath>,
    count: usize,
}

impl Search<'_> {
    fn enter(&mut self, shape: &FieldShape, node: &Node) {
        match &node.content {
            Content::Scalar { text, plain: true } => {
                if matches!(shape, FieldShape::Free) && loses_digits(text) && self.origin.param(&self.path).is_none() {
                    self.count += 1;
                    self.first.get_or_insert_with(|| self.path.clone());
                }
            }
            Content::Scalar { plain: false, .. } => {}
            Content::List(items) => {
                let item_shape = match shape {
                    FieldShape::List(item) => item,
                    FieldShape::Free => shape,
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

/// Whether `text` is a decimal that is not written as its number prints.
pub fn loses_digits(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, fraction)) = text.strip_prefix('-').unwrap_or(text).split_once('.') else { return false };
    // With a leading zero it is text.
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
