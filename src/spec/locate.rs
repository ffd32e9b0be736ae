//! From a path to its place in a tree.

use super::tree::{Content, Mark, Node};
use super::value;
use crate::path::{FieldPath, Segment};

/// Which part of a field is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its name; a list's item has none, so that the item is meant.
    Key,
    Value,
}

/// The place of `path`, or that of its nearest ancestor which exists. Behind an alias or a merge key it is the place
/// of what these point at, for that is what has to be mended.
pub fn locate(root: &Node, path: &FieldPath, part: Part) -> Mark {
    let mut node = root;
    let mut at = root.at;
    for (depth, segment) in path.0.iter().enumerate() {
        let is_last = depth + 1 == path.0.len();
        match (segment, &node.content) {
            (Segment::Key(name), Content::Mapping(_)) => {
                let entries = value::entries(node).unwrap_or_default();
                let Some(entry) = entries.into_iter().find(|entry| entry.name == name) else { break };
                at = if is_last && part == Part::Key { entry.key.at } else { entry.value.at };
                node = entry.value;
            }
            (Segment::Index(index), Content::List(items)) => {
                let Some(item) = items.get(*index) else { break };
                at = item.at;
                node = item;
            }
            _ => break,
        }
    }
    at
}
