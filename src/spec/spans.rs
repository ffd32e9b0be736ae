//! Places of a request's parts in the tree that it was read from.

use crate::schema::field_path::{FieldPath, Segment};
use crate::yaml::{Content, Mark, Node, value};

/// The part of a field that a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanPart {
    /// Its name; for a list's item, the item.
    Key,
    Value,
}

/// The place of `path`, or of its nearest ancestor. For aliases and merge keys it is the place that they point to,
/// where the value is to be fixed.
pub fn locate(root: &Node, path: &FieldPath, part: SpanPart) -> Mark {
    let mut node = root;
    let mut at = root.at;
    for (depth, segment) in path.0.iter().enumerate() {
        let is_last = depth + 1 == path.0.len();
        match (segment, &node.content) {
            (Segment::Key(name), Content::Mapping(_)) => {
                let entries = value::entries(node).unwrap_or_default();
                let Some(entry) = entries.into_iter().find(|entry| entry.name == name) else { break };
                at = if is_last && part == SpanPart::Key { entry.key.at } else { entry.value.at };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::source::limits;
    use crate::yaml::YamlDocuments;

    #[test]
    fn a_place_is_found_through_aliases_and_merge_keys() {
        let text = "base: &base\n  icon: x\ntags: *base\nmore:\n  <<: *base\n  list: [a, {k: v}]\n";
        let tree = YamlDocuments::new(text, limits(text.len())).unwrap().next().unwrap().unwrap();
        let key = |key: &str| Segment::Key(key.to_owned());
        let place = |path: &[Segment], part| {
            let mark = locate(&tree, &FieldPath(path.to_vec()), part);
            (mark.line, mark.column)
        };
        assert_eq!(place(&[key("base"), key("icon")], SpanPart::Key), (2, 3));
        assert_eq!(place(&[key("tags"), key("icon")], SpanPart::Value), (2, 9));
        assert_eq!(place(&[key("more"), key("icon")], SpanPart::Key), (2, 3));
        assert_eq!(place(&[key("tags")], SpanPart::Key), (3, 1));
        let in_list = [key("more"), key("list"), Segment::Index(1), key("k")];
        assert_eq!(place(&in_list, SpanPart::Value), (6, 17));
        assert_eq!(
            place(&[key("more"), key("list"), Segment::Index(7)], SpanPart::Value),
            (6, 9),
            "its nearest ancestor"
        );
        assert_eq!(place(&[], SpanPart::Value), (1, 1));
    }

    proptest! {
        #[test]
        fn every_path_has_a_place(text in "[ab:\\-\\[\\]{}&*<,\n ]{0,24}", index in 0..3_usize) {
            let path = FieldPath(vec![Segment::Key("a".into()), Segment::Index(index), Segment::Key("b".into())]);
            for tree in YamlDocuments::new(&text, limits(text.len())).into_iter().flatten() {
                let Ok(tree) = tree else { break };
                let mark = locate(&tree, &path, SpanPart::Key);
                prop_assert!(mark.line >= 1 && mark.column >= 1);
            }
        }
    }
}
