//! YAML 1.2 and JSON texts to trees, one per document.
//!
//! By events and not by serde-saphyr's `Spanned`: serde's values have lost what a scalar was written as (`1.10`) and
//! whether it was quoted, and parameters, merge keys and warnings go by that.

use std::borrow::Cow;
use std::rc::Rc;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag, options};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::tree::{Content, Limits, Mark, Node, TreeBuilder, YamlError};
use super::value;
use crate::secret::mask_value;

const MAX_DOCUMENTS: usize = 100_000;

/// The longest key in characters: the parser buffers what could still turn out to be one.
const MAX_KEY: usize = 1 << 16;

/// The longest value that a hint repeats, in bytes.
const MAX_REPEATED: usize = 120;

/// The beginning of a hint that repeats a value.
pub const QUOTE_THE_VALUE: &str = "quote the value";

const TAB: &str = "not YAML: a tab used as indentation";
const TAB_HINT: &str = "indent with spaces";

/// Reads one JSON value, to the letter of RFC 8259. What is JSON, the YAML parser reads the same (property-tested).
pub fn parse_json(text: &str, limits: Limits) -> Result<Rc<Node>, YamlError> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        let at = Mark { line: error.line().max(1), column: error.column().max(1) };
        let message = error.to_string();
        // The place that serde_json adds is the fault's own.
        YamlError::new(at, format!("not JSON: {}", message.split(" at line ").next().unwrap_or_default()))
    })?;
    // Half a surrogate pair, which serde_json skips here.
    let not_json = |error: YamlError| YamlError { message: error.message.replace("not YAML", "not JSON"), ..error };
    let tree = YamlDocuments::of(text, limits).read().map_err(not_json)?;
    tree.ok_or_else(|| YamlError::new(Mark::START, "not JSON: no value"))
}

/// The documents of a YAML text that are not empty, in their order.
pub struct YamlDocuments<'text> {
    text: &'text str,
    parser: Parser<'text, StrInput<'text>>,
    builder: TreeBuilder,
    count: usize,
}

impl<'text> YamlDocuments<'text> {
    /// Fails if the text holds a character that YAML does not allow: the parser takes a NUL for the end, and would
    /// leave out silently what follows.
    pub fn new(text: &'text str, limits: Limits) -> Result<Self, YamlError> {
        match text.find(is_forbidden) {
            Some(offset) => {
                Err(YamlError::new(Mark::from_offset(text, offset), "a control character that YAML does not allow"))
            }
            None => Ok(Self::of(text, limits)),
        }
    }

    fn of(text: &'text str, limits: Limits) -> Self {
        let parser = Parser::new_from_str_with_options(text, options! { simple_key_max_lookahead: MAX_KEY });
        Self { text, parser, builder: TreeBuilder::new(limits), count: 0 }
    }

    /// Reads up to the end of the next document; `None` is the end of the text.
    fn read(&mut self) -> Result<Option<Rc<Node>>, YamlError> {
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| self.fault(&error))?;
            let at = Mark::from(&span.start);
            match event {
                Event::DocumentStart(..) => {
                    self.count += 1;
                    if self.count > MAX_DOCUMENTS {
                        return Err(YamlError::new(at, format!("more than {MAX_DOCUMENTS} documents in one file")));
                    }
                }
                Event::DocumentEnd => {
                    if let Some(tree) = self.builder.take() {
                        return Ok(Some(tree));
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let is_tagged_text = is_text_tag(&span, tag.as_deref(), true)?;
                    let plain = style == ScalarStyle::Plain && !is_tagged_text;
                    // The parser writes a missing value as `~`.
                    let is_missing = plain && span.is_empty();
                    let text = if is_missing { Cow::Borrowed("") } else { text };
                    self.builder.scalar(at, text, plain, anchor)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    is_text_tag(&span, tag.as_deref(), false)?;
                    self.builder.open(self.first_dash(&span.start), false, anchor)?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    is_text_tag(&span, tag.as_deref(), false)?;
                    self.builder.open(at, true, anchor)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.builder.close(),
                Event::Alias(anchor) => self.builder.alias(at, anchor)?,
                _ => {}
            }
        }
        Ok(None)
    }

    /// Where a list begins. For one that is not indented below its key, the parser gives the place after the first
    /// dash, which is the first in its line.
    fn first_dash(&self, start: &Marker) -> Mark {
        let at = Mark::from(start);
        // Looking for the line's beginning takes as long as the line: once for each list in it would be quadratic.
        if self.builder.key_before().is_none_or(|key| key.line >= at.line) {
            return at;
        }
        let before = &self.text[..start.byte_offset().unwrap_or_default()];
        let line = &self.text[before.rfind('\n').map_or(0, |end| end + 1)..];
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_dash = matches!(line.as_bytes()[indent..], [b'-'] | [b'-', b' ' | b'\t' | b'\r' | b'\n', ..]);
        if is_dash { Mark { column: indent + 1, ..at } } else { at }
    }

    /// The parser's error with the place to fix it: for a missing end, where that list, mapping or quote begins.
    fn fault(&self, error: &ScanError) -> YamlError {
        const NO_END: &str = "not YAML: a list or mapping without an end";
        let at = Mark::from(error.marker());
        let begin = self.builder.innermost().unwrap_or(at);
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => self.builder.too_deep(at),
            ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
                YamlError::new(at, "not YAML: a quote without an end")
            }
            ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping => YamlError::new(begin, NO_END),
            ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator => {
                let Mark { line, column } = at;
                YamlError::new(begin, format!("{NO_END}: expected `,` or a closing bracket at {line}:{column}"))
            }
            ErrorKind::InvalidBlockEntryWhitespace => YamlError::new(at, TAB).hint(TAB_HINT),
            kind => match self.tab(kind, at.line) {
                Some(tab) => YamlError::new(tab, TAB).hint(TAB_HINT),
                None => match hint_at_quotes(self.text.lines().nth(at.line - 1).unwrap_or_default()) {
                    Some(hint) => YamlError::new(at, "not YAML: a value that must be in quotes").hint(hint),
                    None => YamlError::new(at, format!("not YAML: {kind}")),
                },
            },
        }
    }

    /// The tab in the indentation of a block that is the cause of an error in `line`, if one is.
    fn tab(&self, kind: &ErrorKind, line: usize) -> Option<Mark> {
        let lines = match kind {
            // Reported where the scalar begins, whichever of its lines has the tab.
            ErrorKind::TabInPlainScalar => usize::MAX,
            ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabNotAllowed
            | ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry => 1,
            _ => return None,
        };
        self.text.lines().enumerate().skip(line - 1).take(lines).find_map(|(index, line)| {
            let content = line.trim_start_matches([' ', '\t']);
            let tab = line[..line.len() - content.len()].find('\t').filter(|_| !content.is_empty())?;
            Some(Mark { line: index + 1, column: tab + 1 })
        })
    }
}

impl Iterator for YamlDocuments<'_> {
    type Item = Result<Rc<Node>, YamlError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read() {
                Ok(Some(tree)) if is_null(&tree) => {}
                other => return other.transpose(),
            }
        }
    }
}

/// How to write the line of a mapping whose value only needs quotes. The value is repeated unless it may be a secret.
fn hint_at_quotes(line: &str) -> Option<String> {
    let (key, value) = line.trim_start_matches([' ', '-']).split_once(": ")?;
    let value = value.trim();
    let is_plain_key = key.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    // A word after `*` or `&` is the name of an anchor.
    let needs_quotes = matches!(value, "*" | "&")
        || value.starts_with(['@', '`', '%', '|', '>', '-', '?', ',', ']', '}'])
        || value.contains(": ");
    if !is_plain_key || !needs_quotes || value.starts_with(['"', '\'']) {
        return None;
    }
    let is_secret = mask_value(key, &mut Value::from(value)) || mask_value("", &mut Value::from(value));
    if is_secret || value.contains(" #") || value.len() > MAX_REPEATED {
        return Some(format!("put the value of {key} in quotes"));
    }
    Some(format!("{QUOTE_THE_VALUE}: {key}: '{}'", value.replace('\'', "''")))
}

fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')
}

fn is_null(tree: &Node) -> bool {
    matches!(&tree.content, Content::Scalar { text, plain: true } if value::is_null(text))
}

/// Whether the tag is `!!str`; any other is refused, since a request cannot hold what it means.
fn is_text_tag(node: &Span, tag: Option<&Tag>, is_scalar: bool) -> Result<bool, YamlError> {
    match tag {
        None => Ok(false),
        Some(tag) if is_scalar && tag.is_yaml_core_schema() && tag.suffix() == "str" => Ok(true),
        Some(_) => {
            let at = Mark::from(&node.tag_start().unwrap_or(node.start));
            Err(YamlError::new(at, "a YAML tag, which is not supported here")
                .hint("remove the word that begins with !"))
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
    use serde_json::json;

    use super::*;

    const LIMITS: Limits = Limits { depth: 64, weight: 256 << 20 };

    fn read(text: &str) -> Result<Vec<Value>, YamlError> {
        YamlDocuments::new(text, LIMITS)?.map(|tree| value::of(&*tree?)).collect()
    }

    fn fault(text: &str) -> (usize, usize, String) {
        let fault = read(text).unwrap_err();
        (fault.at.line, fault.at.column, fault.message)
    }

    #[test]
    fn controls_are_refused_where_they_are() {
        for c in ['\0', '\u{1}', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}'] {
            assert_eq!(fault(&format!("a: é{c}")), (1, 5, "a control character that YAML does not allow".to_owned()));
        }
        for c in ['\t', '\n', '\r', '\u{85}', '\u{a0}', '\u{2028}', '이', '🚀'] {
            assert!(read(&format!("a: é{c}")).is_ok(), "{c:?}");
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
        assert_eq!((line, message.as_str()), (7, "more than 256 MiB with its aliases expanded"));
    }

    #[test]
    fn one_long_text_that_is_often_repeated_is_a_bomb_too() {
        let text = format!("- &a {}\n{}", "x".repeat(100_000), "- *a\n".repeat(2_000));
        assert!(fault(&text).2.starts_with("more than 256 MiB"));
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
    fn a_missing_end_is_reported_where_it_began() {
        let quote = "not YAML: a quote without an end";
        assert_eq!(fault("a: 1\nb: \"x\nc: 2\n"), (2, 4, quote.to_owned()));
        assert_eq!(fault("a:\n  b: 'x\nc: 2\n"), (2, 6, quote.to_owned()));
        let list = "not YAML: a list or mapping without an end";
        assert_eq!(fault("a: 1\nb: [x, y\n"), (2, 4, list.to_owned()));
        assert_eq!(fault("a: 1\nb: [x,\n"), (2, 4, list.to_owned()));
        let after_quote = "not YAML: invalid trailing content after double-quoted scalar";
        assert_eq!(fault("a: [\"x\", \"y\" z]\n"), (1, 14, after_quote.to_owned()));
        let (line, column, message) = fault("a: {b: [x}\n");
        assert_eq!((line, column), (1, 8), "{message}");
    }

    #[test]
    fn a_pair_of_surrogates_is_one_character() {
        for pair in [r"\ud83d\ude00", r"\uD83D\uDE00", r"\uD83d\uDe00", "😀", r"\U0001F600"] {
            let text =
                format!("\"k{pair}\": [\"{pair}{pair}\", {{\"{pair}\": \"a{pair}b\"}}]\nl:\n- \"x\n  {pair}\"\n");
            let expected = json!({"k😀": ["😀😀", {"😀": "a😀b"}], "l": ["x 😀"]});
            assert_eq!(read(&text), Ok(vec![expected]), "{text}");
        }
        for text in [r"\ud83d\ude00", r"'\ud83d\ude00'", r#""\\ud83d\\ude00""#, "|-\n  \\ud83d\\ude00"] {
            assert_eq!(read(&format!("a: {text}")), Ok(vec![json!({"a": r"\ud83d\ude00"})]), "{text}");
        }
        assert_eq!(fault("a: \"\\ud83d\\ude00\" x").1, 19);
    }

    #[test]
    fn half_a_pair_is_refused_where_its_text_begins() {
        for half in [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\ud83dx", r"\ud83d\u0041", r"\ud83d\n", r"\\\ud83d"] {
            let (line, column, message) = fault(&format!("a: 1\nb: \"{half}\""));
            assert_eq!((line, column), (2, 4), "{half}");
            assert!(message.contains("surrogate"), "{half}: {message}");
        }
    }

    #[test]
    fn a_tab_parts_words_and_does_not_indent() {
        for text in [
            "name:\tA",
            "name: \tA",
            "name:\t\t\"A\"",
            "name:\t'A'\t# x\n",
            "name\t:\tA\t\n",
            "name:\t|-\n  A",
            "name:\t&x\tA",
            "name:\t# x\n  A",
            "name:\tA\n\t\n\t# x\n",
            "{name:\tA\t}",
            "{\n\t\"name\":\t\"A\"\n}",
            "?\tname\n:\tA",
            "---\tname:\tA",
        ] {
            let expected = if text.starts_with("---") { None } else { Some(json!({"name": "A"})) };
            assert_eq!(read(text).ok(), expected.map(|value| vec![value]), "{text:?}");
        }
        assert_eq!(read("-\tA\n- -\tB\n-\t[C,\tD]"), Ok(vec![json!(["A", ["B"], ["C", "D"]])]));
        assert_eq!(read("a:\n-\tb\n- c:\td\n  e:\t-1"), Ok(vec![json!({"a": ["b", {"c": "d", "e": -1}]})]));
        assert_eq!(
            read("a: 'x\ty'\nb: |\n  x:\ty\nc: x\ty"),
            Ok(vec![json!({"a": "x\ty", "b": "x:\ty\n", "c": "x\ty"})])
        );
        for (text, line, column) in [
            ("a:\n\tb: 1", 2, 1),
            ("a:\n  b: 1\n\tc: 2", 3, 1),
            ("a:\n  b: 1\n  x\n\n \ty", 5, 2),
            ("a:\n  - b\n\t- c", 3, 1),
            ("a: |\n  x\n\ty\nb: 1", 3, 1),
            ("a: {\n\tb: 1\n}", 2, 1),
            ("a:\n-\t- b", 2, 3),
        ] {
            assert_eq!(fault(text), (line, column, TAB.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_value_that_needs_quotes_is_repeated_in_them_unless_it_may_be_a_secret() {
        for value in ["A: B", "@x", "*", "`x`", "%x", "- x", "a: b: c", "&", "| x", "it's: x"] {
            let fault = read(&format!("a: 1\nname: {value}\n")).unwrap_err();
            let expected = format!("quote the value: name: '{}'", value.replace('\'', "''"));
            assert_eq!((fault.at.line, fault.hint.as_deref()), (2, Some(expected.as_str())), "{value}: {fault:?}");
        }
        for key in ["password", "api_key", "token"] {
            let fault = read(&format!("{key}: @hunter2")).unwrap_err();
            assert_eq!(fault.hint, Some(format!("put the value of {key} in quotes").into()));
        }
        assert!(read("name: {{ x }}").unwrap_err().hint.is_some_and(|hint| hint.contains("in quotes")));
    }

    #[test]
    fn a_list_begins_at_its_first_dash() {
        let place = |text: &str| {
            let tree = YamlDocuments::new(text, LIMITS).unwrap().next().unwrap().unwrap();
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
    fn length_is_no_fault_but_of_files_with_too_many_documents() {
        let documents = read(&format!("[{}]", "a,".repeat(1 << 20))).unwrap();
        assert_eq!(documents[0].as_array().map(Vec::len), Some(1 << 20));
        let key = "k".repeat(10_000);
        assert_eq!(read(&format!("{{\"{key}\": 1}}")), Ok(vec![json!({&key: 1})]));
        assert!(fault(&"---\n".repeat(MAX_DOCUMENTS + 1)).2.contains("documents"));
    }

    #[test]
    fn nothing_after_a_nul_is_lost_silently() {
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
            for tree in YamlDocuments::new(&text, LIMITS).into_iter().flatten() {
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
        fn the_layout_of_json_does_not_matter(key: String, text: String, number: f64, tabs: bool) {
            let value = json!({key: [text, {"": number}, [], {}, true, null], "x": -1});
            let mut json = Vec::new();
            let indent = if tabs { b"\t" } else { b"\n" };
            let formatter = serde_json::ser::PrettyFormatter::with_indent(indent);
            let mut serializer = serde_json::Serializer::with_formatter(&mut json, formatter);
            serde::Serialize::serialize(&value, &mut serializer).unwrap();
            let tree = parse_json(&String::from_utf8(json).unwrap(), LIMITS).unwrap();
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
