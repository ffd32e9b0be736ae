//! Comments of an API's authors in its descriptors.

use std::collections::HashMap;

use prost_reflect::FileDescriptor;

/// The comments of the files asked for so far.
#[derive(Debug, Default)]
pub(super) struct Comments {
    by_file: HashMap<String, HashMap<Vec<i32>, String>>,
}

impl Comments {
    /// The comment at the descriptor path `path` of `file`; most servers leave comments out.
    pub fn at(&mut self, file: &FileDescriptor, path: &[i32]) -> Option<String> {
        let comments = self.by_file.entry(file.name().to_owned()).or_insert_with(|| read(file));
        comments.get(path).cloned()
    }
}

fn read(file: &FileDescriptor) -> HashMap<Vec<i32>, String> {
    let locations = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
    let commented = locations.filter_map(|location| {
        let comment = location.leading_comments.as_deref().or(location.trailing_comments.as_deref())?;
        let text = tidy(comment);
        (!text.is_empty()).then(|| (location.path.clone(), text))
    });
    commented.collect()
}

/// A comment's lines, trimmed. Every kind of line break ends a line.
fn tidy(comment: &str) -> String {
    let lines: Vec<&str> =
        comment.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).map(str::trim).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_keeps_its_lines_and_nothing_around_them() {
        assert_eq!(tidy(" One.\n Two.\n\n Three.\n"), "One.\nTwo.\n\nThree.");
        assert_eq!(tidy("a\u{2028}b\r\nc"), "a\nb\n\nc");
        assert_eq!(tidy(" \n \n"), "");
    }
}
