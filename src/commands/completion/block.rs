//! The marked block of lines in a shell's startup file.
//!
//! A file is bytes here: startup files may be in any encoding.

use std::ops::Range;

const BEGIN: &str = "# >>> spacectl completion >>>";
const END: &str = "# <<< spacectl completion <<<";
const COMMENT: &str = "# Added by `spacectl completion install`; with --remove, it removes these lines";

/// What was added together with the block, and goes with it. The block's comment says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Added {
    /// Nothing else.
    Block,
    /// The end of the line before, which had none.
    LineEnd,
    /// The file.
    File,
}

impl Added {
    const ALL: [Self; 3] = [Self::Block, Self::LineEnd, Self::File];

    fn comment(self) -> String {
        let also = match self {
            Self::Block => "",
            Self::LineEnd => " and the line break before them",
            Self::File => " and this file",
        };
        format!("{COMMENT}{also}.")
    }
}

/// A block in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of its first line, from 1.
    pub line: usize,
    range: Range<usize>,
    added: Added,
}

/// The block in `file`, if it has one.
///
/// # Errors
/// The number of a line with a mark that has no other, or is one too many: somebody changed it.
pub fn find(file: &[u8]) -> Result<Option<Block>, usize> {
    let mut open: Option<Block> = None;
    let mut found = None;
    let mut offset = 0;
    for (index, line) in file.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let (text, end) = (line.trim_ascii(), offset + line.len());
        let is_mark = [BEGIN, END].map(str::as_bytes).contains(&text);
        match &mut open {
            None if is_mark && (text == END.as_bytes() || found.is_some()) => return Err(index + 1),
            None if is_mark => open = Some(Block { line: index + 1, range: offset..end, added: Added::Block }),
            None => {}
            Some(_) if text == BEGIN.as_bytes() => return Err(index + 1),
            Some(block) => {
                block.range.end = end;
                let added = Added::ALL.into_iter().find(|added| added.comment().as_bytes() == text);
                block.added = added.unwrap_or(block.added);
                if is_mark {
                    found = open.take();
                }
            }
        }
        offset = end;
    }
    open.map_or(Ok(found), |block| Err(block.line))
}

/// `file` with a block of `lines` at its end, and the number of the block's first line. `None` is a file that does not
/// exist.
pub fn add(file: Option<&[u8]>, lines: &str) -> (Vec<u8>, usize) {
    let (mut text, added) = match file {
        None => (Vec::new(), Added::File),
        Some(file) if file.last().is_some_and(|last| *last != b'\n') => ([file, b"\n"].concat(), Added::LineEnd),
        Some(file) => (file.to_vec(), Added::Block),
    };
    let line = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    text.extend_from_slice(render(lines, added).as_bytes());
    (text, line)
}

/// `file` with `lines` as the content of its block.
pub fn update(file: &[u8], block: &Block, lines: &str) -> Vec<u8> {
    let Range { start, end } = block.range;
    [&file[..start], render(lines, block.added).as_bytes(), &file[end..]].concat()
}

/// `file` without its block, as it was before; `None` if it did not exist.
pub fn remove(file: &[u8], block: &Block) -> Option<Vec<u8>> {
    let Range { mut start, end } = block.range;
    if block.added == Added::File && file.len() == end - start {
        return None;
    }
    // Not before lines that were added later.
    if block.added == Added::LineEnd && end == file.len() {
        start = start.saturating_sub(1);
    }
    Some([&file[..start], &file[end..]].concat())
}

fn render(lines: &str, added: Added) -> String {
    format!("{BEGIN}\n{}\n{lines}\n{END}\n", added.comment())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_removed_to_the_byte() {
        for before in
            [None, Some(&b""[..]), Some(b"\n"), Some(b"a"), Some(b"a\n"), Some(b"a\r\n\n\n"), Some(b"\xff\n b")]
        {
            let (added, line) = add(before, "first\nsecond");
            let block = find(&added).unwrap().unwrap();
            assert_eq!(block.line, line, "{before:?}");
            assert_eq!(update(&added, &block, "first\nsecond"), added);
            let updated = update(&added, &block, "third");
            let block = find(&updated).unwrap().unwrap();
            assert_eq!(remove(&updated, &block).as_deref(), before);
        }
    }

    #[test]
    fn lines_that_were_added_later_stay_as_they_are() {
        for (before, left) in
            [(None, "alias x=y\n"), (Some(&b"a"[..]), "a\nalias x=y\n"), (Some(b"a\n"), "a\nalias x=y\n")]
        {
            let (added, _) = add(before, "x");
            let later = [&added, &b"alias x=y\n"[..]].concat();
            let block = find(&later).unwrap().unwrap();
            assert_eq!(remove(&later, &block).unwrap(), left.as_bytes());
            let earlier = [&b"alias x=y\n"[..], &added].concat();
            let block = find(&earlier).unwrap().unwrap();
            let left = [&b"alias x=y\n"[..], before.unwrap_or_default()].concat();
            assert_eq!(remove(&earlier, &block).unwrap(), left);
        }
    }

    #[test]
    fn a_damaged_block_is_refused_with_its_line() {
        for (file, line) in [
            (format!("a\n{BEGIN}\nb\n"), 2),
            (format!("a\n{END}\n"), 2),
            (format!("{BEGIN}\n{BEGIN}\n{END}\n"), 2),
            (format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"), 3),
            (format!("{BEGIN}\n{END}\n{END}\n"), 3),
        ] {
            assert_eq!(find(file.as_bytes()), Err(line), "{file}");
        }
        assert_eq!(find(b"# spacectl completion\n"), Ok(None));
        let crlf = format!("{BEGIN}\r\nx\r\n{END}\r\nrest");
        assert_eq!(find(crlf.as_bytes()).unwrap().unwrap().range, 0..crlf.len() - 4);
    }
}
