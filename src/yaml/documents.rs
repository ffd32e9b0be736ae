//! YAML 1.2 text to trees, one per document.

use std::cell::Cell;
use std::rc::Rc;
use std::str::Chars;

use saphyr_parser::{BufferedInput, Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::lines::Cursor;
use super::tree::{Builder, Content, Fault, Limits, Mark, Node};
use super::value;

/// The most documents that one file may hold.
const MAX_DOCUMENTS: usize = 100_000;

/// The most punctuation that one part may hold before the parser tells of it. The parser keeps every token of a flow
/// list or mapping up to its end, for it could still turn out to be a key, and a token takes fifty times its text.
const MAX_PUNCTUATION: usize = 1_000_000;

// What the parser says of ends that are missing, and of too many that are.
const QUOTE_TO_THE_END: &str = "while scanning a quoted scalar, found unexpected end of stream";
const QUOTE_TO_THE_INDENT: &str = "invalid indentation in quoted scalar";
const QUOTE_TO_THE_DOCUMENT: &str = "while scanning a quoted scalar, found unexpected document indicator";
const LIST_WITHOUT_END: &str = "while parsing a flow sequence, expected ',' or ']'";
const MAPPING_WITHOUT_END: &str = "while parsing a flow mapping, did not find expected ',' or '}'";
const NOTHING: &str = "while parsing a node, did not find expected node content";
const RECURSION: &str = "recursion limit exceeded";

/// The characters of a text, which end early where the parser would keep too many of them.
struct Metered<'text> {
    chars: Chars<'text>,
    /// Punctuation since the last event; not counted where the whole text is too short to hold too much.
    held: Option<Rc<Cell<usize>>>,
}

impl Iterator for Metered<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let Some(held) = &self.held else { return self.chars.next() };
        if held.get() > MAX_PUNCTUATION {
            return None;
        }
        let next = self.chars.next()?;
        held.set(held.get() + usize::from(next.is_ascii_punctuation()));
        Some(next)
    }
}

/// The documents of a text that hold something, in their order: what a comment or a trailing `---` leaves is skipped.
pub struct Documents<'text> {
    text: &'text str,
    parser: Parser<'text, BufferedInput<Metered<'text>>>,
    held: Rc<Cell<usize>>,
    lines: Cursor<'text>,
    builder: Builder,
    seen: usize,
}

impl<'text> Documents<'text> {
    /// Fails if the text holds a character that YAML does not allow: the parser takes a NUL for the end, and would
    /// leave out silently what follows.
    pub fn new(text: &'text str, limits: Limits) -> Result<Self, Fault> {
        if let Some(offset) = forbidden(text) {
            let message = "a control character that YAML does not allow";
            return Err(Fault::new(Mark::of_offset(text, offset), message));
        }
        let held = Rc::new(Cell::new(0));
        let metered = (text.len() > MAX_PUNCTUATION).then(|| Rc::clone(&held));
        let parser = Parser::new_from_iter(Metered { chars: text.chars(), held: metered });
        Ok(Self { text, parser, held, lines: Cursor::new(text), builder: Builder::new(limits), seen: 0 })
    }

    /// Reads up to the end of the next document; `None` is the end of the text.
    fn read(&mut self) -> Result<Option<Rc<Node>>, Fault> {
        while let Some(event) = self.parser.next_event() {
            if self.held.replace(0) > MAX_PUNCTUATION {
                let at = event.map_or_else(|error| Mark::from(error.marker()), |(_, span)| Mark::from(&span.start));
                return Err(Fault::new(at, "one part holds too much to be read as YAML")
                    .hint("a file whose name ends in .json is read as JSON, which has no such limit"));
            }
            let (event, span) = event.map_err(|error| self.fault(&error))?;
            let at = Mark::from(&span.start);
            match event {
                Event::DocumentStart(_) => {
                    self.seen += 1;
                    if self.seen > MAX_DOCUMENTS {
                        return Err(Fault::new(at, format!("more than {MAX_DOCUMENTS} documents in one file")));
                    }
                }
                Event::DocumentEnd => {
                    if let Some(tree) = self.builder.take() {
                        return Ok(Some(tree));
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let forced_text = is_text_tag(at, tag.as_deref(), true)?;
                    let plain = style == ScalarStyle::Plain && !forced_text;
                    self.builder.scalar(at, text.into_owned(), plain, anchor)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    is_text_tag(at, tag.as_deref(), false)?;
                    let at = self.dash_of(at);
                    self.builder.open(at, false, anchor)?;
                }
                Event::MappingStart(anchor, tag) => {
                    is_text_tag(at, tag.as_deref(), false)?;
                    self.builder.open(at, true, anchor)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.builder.close(),
                Event::Alias(anchor) => self.builder.alias(at, anchor)?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            }
        }
        Ok(None)
    }

    /// Where a list begins that the parser says begins `at`. Of one that is not indented below its key, the parser
    /// tells the place behind the first dash. A block list that is a key's value has its dash first in its line.
    fn dash_of(&mut self, at: Mark) -> Mark {
        let is_below_its_key = self.builder.key_before().is_some_and(|key| key.line < at.line);
        let line = self.lines.line(at.line);
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_dash = matches!(line.as_bytes()[indent..], [b'-'] | [b'-', b' ' | b'\t', ..]);
        if is_below_its_key && is_dash { Mark { column: indent + 1, ..at } } else { at }
    }

    /// What the parser says, with the place where it is mended: that of an end which is missing is where it began.
    fn fault(&self, error: &ScanError) -> Fault {
        let at = Mark::from(error.marker());
        let is_behind_all = || error.marker().index() >= self.text.chars().count();
        match (error.info(), self.builder.innermost()) {
            (RECURSION, _) => self.builder.too_deep(at),
            (QUOTE_TO_THE_END | QUOTE_TO_THE_INDENT | QUOTE_TO_THE_DOCUMENT, _) => {
                Fault::new(at, "not YAML: a quote without an end")
            }
            (LIST_WITHOUT_END | MAPPING_WITHOUT_END, Some(begin)) => {
                let Mark { line, column } = at;
                let message = "not YAML: a list or mapping without an end: neither `,` nor a closing bracket";
                Fault::new(begin, format!("{message} stands at {line}:{column}"))
            }
            (NOTHING, Some(begin)) if is_behind_all() => {
                Fault::new(begin, "not YAML: a list or mapping without an end")
            }
            (info, _) => Fault::new(at, format!("not YAML: {info}")),
        }
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Rc<Node>, Fault>;

    /// Nothing is to be read behind a fault.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read() {
                Ok(Some(tree)) if is_null(&tree) => {}
                other => return other.transpose(),
            }
        }
    }
}

/// Where a text has a character that YAML does not allow.
fn forbidden(text: &str) -> Option<usize> {
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    // In UTF-8 the controls beyond ASCII begin with C2. Nearly no text has any of these bytes: so many at a time are looked
    // at without asking behind each whether to go on.
    const PORTION: usize = 256;
    let may_be = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) | (byte == 0x7f) | (byte == 0xc2);
    let has_any = |portion: &[u8]| portion.iter().fold(false, |any, byte| any | may_be(*byte));
    text.as_bytes().chunks(PORTION).any(has_any).then(|| text.find(is_forbidden)).flatten()
}

fn is_null(tree: &Node) -> bool {
    matches!(&tree.content, Content::Scalar { text, plain: true } if value::is_null(text))
}

/// Whether the tag says `!!str`; every other tag is refused, for no request has a place for what it would say.
fn is_text_tag(at: Mark, tag: Option<&Tag>, is_scalar: bool) -> Result<bool, Fault> {
    match tag {
        None => Ok(false),
        Some(tag) if is_scalar && tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
        Some(_) => {
            Err(Fault::new(at, "a YAML tag, which means nothing here").hint("remove the word that begins with !"))
        }
    }
}

impl From<&Marker> for Mark {
    fn from(marker: &Marker) -> Self {
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::yaml::parse_json;

    const LIMITS: Limits = Limits { depth: 64, weight: 128 << 20 };

    fn read(text: &str) -> Result<Vec<Value>, Fault> {
        Documents::new(text, LIMITS)?.map(|tree| value::of(&*tree?)).collect()
    }

    fn fault(text: &str) -> (usize, usize, String) {
        let fault = read(text).unwrap_err();
        (fault.at.line, fault.at.column, fault.message)
    }

    #[test]
    fn controls_are_found_wherever_they_stand() {
        for c in ('\0'..'\u{300}').chain(['\u{2028}', '이', '🚀']) {
            let is_allowed = !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{85}');
            assert_eq!(forbidden(&format!("a: é{c}")), (!is_allowed).then_some(5), "{c:?}");
        }
    }

    #[test]
    fn documents_that_hold_nothing_are_skipped() {
        assert_eq!(read("# only\n---\na: 1\n---\n---\nb: 2\n---\n"), Ok(vec![json!({"a": 1}), json!({"b": 2})]));
        assert_eq!(read(""), Ok(vec![]));
    }

    #[test]
    fn merge_keys_bring_in_what_is_not_there() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\n";
        assert_eq!(read(text).unwrap()[0]["z"], json!({"a": 0, "b": 1, "c": 2}));
        assert_eq!(read("\"<<\": 1"), Ok(vec![json!({"<<": 1})]));
        assert_eq!(fault("<<: 1"), (1, 5, "expected a mapping, found a number".to_owned()));
    }

    #[test]
    fn keys_become_text_and_stand_once() {
        assert_eq!(read("1: a\ntrue: b\nno: c"), Ok(vec![json!({"1": "a", "true": "b", "no": "c"})]));
        assert_eq!(fault("a: 1\nb: 2\na: 3"), (3, 1, "the key `a` is given twice".to_owned()));
        assert_eq!(fault("1: a\n'1': b").0, 2);
        assert_eq!(fault("? [a]\n: b"), (1, 3, "expected text as a key, found a list".to_owned()));
        assert_eq!(fault("~: b").2, "expected text as a key, found nothing");
    }

    #[test]
    fn tags_are_refused_but_for_text() {
        assert_eq!(read("a: !!str 1.10"), Ok(vec![json!({"a": "1.10"})]));
        assert_eq!(fault("a: 1\nb: !foo x").0, 2);
        assert!(read("!foo {a: 1}").is_err());
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_expanded() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            text += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        let (line, _, message) = fault(&text);
        assert_eq!((line, message.as_str()), (7, "more than 128 MiB with its aliases expanded"));
    }

    #[test]
    fn one_long_text_that_is_often_repeated_is_a_bomb_too() {
        let text = format!("- &a {}\n{}", "x".repeat(100_000), "- *a\n".repeat(2_000));
        assert!(fault(&text).2.starts_with("more than 128 MiB"));
    }

    #[test]
    fn cycles_and_strangers_are_refused_where_they_stand() {
        assert!(fault("a: &a\n  b: *a").2.contains("never ends"));
        assert_eq!(fault("a: &a\n  b: *a").0, 2);
        assert_eq!(fault("a: 1\nb: *nope").0, 2);
        assert!(read("a: &a 1\n---\nb: *a").is_err(), "anchors end with their document");
    }

    #[test]
    fn nesting_is_counted_through_aliases() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&deep(64)).is_ok());
        assert_eq!(fault(&deep(65)), (1, 65, "nested more than 64 levels deep".to_owned()));
        assert!(read(&deep(10_000)).is_err());
        assert!(read(&"- ".repeat(10_000)).is_err());
        let through_alias = format!("- &a {}\n- {}*a{}", deep(40), "[".repeat(30), "]".repeat(30));
        assert_eq!(fault(&through_alias).0, 2);
    }

    #[test]
    fn a_missing_end_is_told_where_it_began() {
        let quote = "not YAML: a quote without an end";
        assert_eq!(fault("a: 1\nb: \"x\nc: 2\n"), (2, 4, quote.to_owned()));
        assert_eq!(fault("a:\n  b: 'x\nc: 2\n"), (2, 6, quote.to_owned()));
        let list = "not YAML: a list or mapping without an end: neither `,` nor a closing bracket stands at 3:1";
        assert_eq!(fault("a: 1\nb: [x, y\n"), (2, 4, list.to_owned()));
        assert_eq!(fault("a: 1\nb: [x,\n"), (2, 4, "not YAML: a list or mapping without an end".to_owned()));
        let (line, column, message) = fault("a: {b: [x}\n");
        assert_eq!((line, column), (1, 8), "{message}");
    }

    #[test]
    fn a_list_begins_at_its_first_dash() {
        let place = |text: &str| {
            let tree = Documents::new(text, LIMITS).unwrap().next().unwrap().unwrap();
            let Content::Mapping(pairs) = &tree.content else { panic!("no mapping") };
            (pairs[0].1.at.line, pairs[0].1.at.column)
        };
        assert_eq!(place("a:\n- x\n- y\n"), (2, 1));
        assert_eq!(place("a:\n-   - x\n"), (2, 1));
        assert_eq!(place("a:\n  - x\n"), (2, 3));
        assert_eq!(place("a:\n-\n  b: c\n"), (2, 1));
        assert_eq!(place("a: [-1]\n"), (1, 4));
        assert_eq!(place("a:\n  [-1]\n"), (2, 3));
    }

    #[test]
    fn what_the_parser_would_hoard_is_refused() {
        let text = format!("[{}]", "a,".repeat(MAX_PUNCTUATION + 1));
        assert_eq!(fault(&text).2, "one part holds too much to be read as YAML");
        assert!(fault(&"---\n".repeat(MAX_DOCUMENTS + 1)).2.contains("documents"));
    }

    #[test]
    fn nothing_behind_a_nul_is_lost_silently() {
        assert_eq!(fault("a: 1\n\0b: 2"), (2, 1, "a control character that YAML does not allow".to_owned()));
    }

    fn yaml_like() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "a",
            "b: ",
            "- ",
            "? ",
            ": ",
            ",",
            "[",
            "]",
            "{",
            "}",
            "&a ",
            "*a",
            "<<: ",
            "!!str ",
            "|",
            ">-",
            "\n",
            "\n  ",
            "\n    ",
            "'",
            "\"",
            "\\u12",
            "#",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "\t",
            "\r",
            "\u{85}",
            "é",
            "\u{feff}",
            "1.10",
            "~",
        ]);
        prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
            "[ -~é\n]{0,12}".prop_map(Value::from),
            prop::sample::select(vec!["no", "014", "1.10", "~", "null", "<<", "0x1f", ".nan", "- a", "a: b", "1e3"])
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                // The writer leaves `<<` unquoted, which makes a merge key of it.
                prop::collection::vec(("[ -~]{0,8}".prop_filter("no merge key", |key| key != "<<"), inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in prop_oneof![any::<String>(), yaml_like()]) {
            for tree in Documents::new(&text, LIMITS).into_iter().flatten() {
                let Ok(tree) = tree else { break };
                let _ = value::of(&tree);
                prop_assert!(tree.at.line >= 1 && tree.at.column >= 1);
            }
        }

        #[test]
        fn a_value_printed_as_yaml_reads_back_equal(value in json_value()) {
            let text = serde_yaml::to_string(&value).unwrap();
            let expected = if value.is_null() { vec![] } else { vec![value] };
            prop_assert_eq!(read(&text), Ok(expected), "{}", text);
        }

        #[test]
        fn json_reads_as_serde_json_reads_it(value in json_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let tree = parse_json(&text.unwrap(), LIMITS).unwrap();
            prop_assert_eq!(value::of(&tree), Ok(value));
        }

        #[test]
        fn no_text_makes_the_json_reader_panic(text in prop_oneof![any::<String>(), "[\\[\\]{}:,\"a1 \\\\u]{0,30}"]) {
            if let Ok(tree) = parse_json(&text, LIMITS) {
                let _ = value::of(&tree);
            }
        }
    }
}
