//! The grammar of filters: key, operator and words.
//!
//! ```text
//! filter  = key compare word / key among word *("," word) / ["!"] key "?"
//! compare = "=" / "!=" / "~" / "!~" / ">" / ">=" / "<" / "<="
//! among   = "in" / "not in"
//! word    = quoted / anything, up to the end or, in a list, the next comma
//! quoted  = a text between two " or two '
//! ```
//!
//! White space around each is free. The first operator counts: a word may contain others, but an unquoted one may not
//! begin with one, so that `name==x` and `name=~x` are errors. A key is dotted; quotes hold its blanks and operators
//! together: `tags.'cost center'=12`. In quotes, a backslash escapes that quote or a backslash.

use crate::error::parse_error::ParseError;
use crate::query::operator::{FilterOperator, RangeOperator};

/// One filter as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The steps of the key, at least one, none empty.
    pub path: Vec<String>,
    pub test: FilterTest,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterTest {
    /// With an operator that has a symbol.
    Compare(FilterOperator, Word),
    /// With `in` or `not in`; at least one word.
    Among(FilterOperator, Vec<Word>),
    /// `KEY?`, or `!KEY?`.
    Exists(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// In quotes, which make text of anything.
    pub quoted: bool,
}

/// Longer symbols before those that they begin with.
const SYMBOLS: [(&str, FilterOperator); 8] = [
    ("!=", FilterOperator::Not),
    ("!~", FilterOperator::NotContain),
    (">=", FilterOperator::Range(RangeOperator::GreaterOrEqual)),
    ("<=", FilterOperator::Range(RangeOperator::LessOrEqual)),
    ("=", FilterOperator::Equal),
    ("~", FilterOperator::Contain),
    (">", FilterOperator::Range(RangeOperator::Greater)),
    ("<", FilterOperator::Range(RangeOperator::Less)),
];

/// How an operator is typed.
pub fn symbol(operator: FilterOperator) -> &'static str {
    SYMBOLS.iter().find(|(_, known)| *known == operator).map_or("", |(symbol, _)| *symbol)
}

const MARKS: [char; 5] = ['=', '!', '~', '<', '>'];

const OPERATORS: &str = "the operators are = != ~ !~ > >= < <= in, not in, and ? after a key";

/// Parses a filter; errors name the column.
pub fn parse(text: &str) -> Result<Parsed, ParseError> {
    let mut scanner = Scanner { chars: text.chars().collect(), at: 0 };
    scanner.skip_blanks();
    let start = scanner.at;
    let negated = scanner.take("!");
    let path = scanner.key()?;
    scanner.skip_blanks();
    let at = scanner.at;
    if scanner.take("?") {
        scanner.skip_blanks();
        if scanner.peek().is_some() {
            return Err(scanner
                .wrong("nothing can follow the ?")
                .hint("use KEY? alone to test whether the key exists"));
        }
        return Ok(Parsed { path, test: FilterTest::Exists(!negated) });
    }
    let operator = scanner.operator()?;
    if negated {
        scanner.at = start;
        return Err(scanner
            .wrong("a ! before the key goes with KEY? only")
            .hint("write != for is not, !~ for does not contain"));
    }
    let test = match operator {
        FilterOperator::In | FilterOperator::NotIn => FilterTest::Among(operator, scanner.list()?),
        _ => {
            let word = scanner.word(false)?;
            if operator.is_search() && word.text.is_empty() {
                scanner.at = at;
                return Err(scanner.wrong("the value is missing"));
            }
            if matches!(operator, FilterOperator::Range(_)) && word.text.is_empty() && !word.quoted {
                scanner.at = at;
                return Err(scanner.wrong("the value is missing").hint("write '' for an empty text"));
            }
            FilterTest::Compare(operator, word)
        }
    };
    Ok(Parsed { path, test })
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
}

impl Scanner {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn rest(&self) -> &[char] {
        &self.chars[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().iter().take_while(|char| char.is_whitespace()).count();
    }

    /// Moves past `expected`, if that is next.
    fn take(&mut self, expected: &str) -> bool {
        let is_there = self.rest().iter().copied().take(expected.len()).eq(expected.chars());
        if is_there {
            self.at += expected.len();
        }
        is_there
    }

    /// An error at this column, counted from 1.
    fn wrong(&self, message: impl std::fmt::Display) -> ParseError {
        ParseError::new(format!("character {}: {message}", self.at + 1))
    }

    fn key(&mut self) -> Result<Vec<String>, ParseError> {
        let start = self.at;
        let mut key = String::new();
        while let Some(char) = self.peek() {
            match char {
                '"' | '\'' => key.push_str(&self.quoted(char)?),
                '?' => break,
                _ if char.is_whitespace() || MARKS.contains(&char) => break,
                _ => {
                    key.push(char);
                    self.at += 1;
                }
            }
        }
        let wrong = |message| Self { chars: Vec::new(), at: start }.wrong(message);
        if key.is_empty() {
            return Err(wrong("the key is missing").hint("write KEY=VALUE, KEY~PART or KEY?"));
        }
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err(wrong("a part of the key is empty"));
        }
        Ok(path)
    }

    fn operator(&mut self) -> Result<FilterOperator, ParseError> {
        if let Some((_, operator)) = SYMBOLS.into_iter().find(|(symbol, _)| self.take(symbol)) {
            return Ok(operator);
        }
        let start = self.at;
        match self.letters().as_str() {
            "in" => return Ok(FilterOperator::In),
            "not" => {
                self.skip_blanks();
                if self.letters() == "in" {
                    return Ok(FilterOperator::NotIn);
                }
            }
            _ => {}
        }
        self.at = start;
        let (message, hint) = match self.peek() {
            None => ("the operator is missing", "write KEY=VALUE, KEY~PART or KEY?"),
            Some('!') => ("a ! alone is not an operator", OPERATORS),
            Some(_) => ("expected an operator", OPERATORS),
        };
        Err(self.wrong(message).hint(hint))
    }

    /// The lower-case word up to a blank, a quote or the end.
    fn letters(&mut self) -> String {
        let is_end = |char: &char| char.is_whitespace() || matches!(char, '"' | '\'');
        let letters: String = self.rest().iter().take_while(|char| !is_end(char)).collect();
        self.at += letters.chars().count();
        letters.to_ascii_lowercase()
    }

    fn list(&mut self) -> Result<Vec<Word>, ParseError> {
        self.skip_blanks();
        let last = self.chars.iter().rfind(|char| !char.is_whitespace());
        if let (Some('('), Some(')')) | (Some('['), Some(']')) = (self.peek(), last) {
            return Err(self.wrong("a list is written without brackets").hint("write KEY in A,B"));
        }
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            let word = self.word(true)?;
            if word.text.is_empty() && !word.quoted {
                self.at = start;
                return Err(self.wrong("an item of the list is empty").hint("write '' for an empty text"));
            }
            words.push(word);
            if !self.take(",") {
                return Ok(words);
            }
        }
    }

    fn word(&mut self, in_list: bool) -> Result<Word, ParseError> {
        self.skip_blanks();
        let is_end = |char: char| in_list && char == ',';
        match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                let text = self.quoted(quote)?;
                self.skip_blanks();
                if self.peek().is_some_and(|char| !is_end(char)) {
                    return Err(self
                        .wrong("unexpected text after the closing quote")
                        .hint(format!("write \\{quote} for a {quote} inside of the quotes")));
                }
                Ok(Word { text, quoted: true })
            }
            Some(mark) if MARKS.contains(&mark) => Err(self
                .wrong(format!("the value begins with {mark}, as an operator does"))
                .hint(format!("{OPERATORS}; quote a value that begins so"))),
            _ => {
                let text: String = self.rest().iter().take_while(|char| !is_end(**char)).collect();
                self.at += text.chars().count();
                Ok(Word { text: text.trim_end().to_owned(), quoted: false })
            }
        }
    }

    /// The text up to the closing quote.
    fn quoted(&mut self, quote: char) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(char) = self.peek() {
            self.at += 1;
            match (char, self.peek()) {
                ('\\', Some(next)) if next == quote || next == '\\' => {
                    text.push(next);
                    self.at += 1;
                }
                _ if char == quote => return Ok(text),
                _ => text.push(char),
            }
        }
        self.at = start;
        Err(self.wrong(format!("the {quote} is not closed")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let Parsed { path, test } = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let word = |Word { text, quoted }| if quoted { format!("<{text}>") } else { format!("({text})") };
        let test = match test {
            FilterTest::Compare(operator, compared) => format!("{} {}", operator.name(), word(compared)),
            FilterTest::Among(operator, words) => {
                let words: Vec<String> = words.into_iter().map(word).collect();
                format!("{} {}", operator.name(), words.join(" "))
            }
            FilterTest::Exists(true) => "Exists".to_owned(),
            FilterTest::Exists(false) => "Missing".to_owned(),
        };
        format!("{} {test}", path.join("."))
    }

    #[test]
    fn every_operator_with_and_without_blanks() {
        for (symbol, operator) in [
            ("=", "eq"),
            ("!=", "not"),
            ("~", "contain"),
            ("!~", "not_contain"),
            (">", "gt"),
            (">=", "gte"),
            ("<", "lt"),
            ("<=", "lte"),
        ] {
            for text in [format!("a.b{symbol}c"), format!("  a.b {symbol}\tc ")] {
                assert_eq!(shown(&text), format!("a.b {operator} (c)"), "{text}");
            }
        }
        assert_eq!(shown("key in a, b"), "key in (a) (b)");
        assert_eq!(shown("key  NOT \t IN a,b c"), "key not_in (a) (b c)");
        assert_eq!(shown("key in'a'"), "key in <a>");
        assert_eq!(shown("key?"), "key Exists");
        assert_eq!(shown(" key ? "), "key Exists");
        assert_eq!(shown("!key?"), "key Missing");
    }

    #[test]
    fn the_first_operator_counts() {
        assert_eq!(shown("name=a=b"), "name eq (a=b)");
        assert_eq!(shown("name~a>=b?"), "name contain (a>=b?)");
        assert_eq!(shown("name=a in b"), "name eq (a in b)");
        assert_eq!(shown("inner in in"), "inner in (in)");
        assert_eq!(shown("spaceone:plugin/x-y=1"), "spaceone:plugin/x-y eq (1)");
    }

    #[test]
    fn quotes_hold_what_would_part_a_text() {
        assert_eq!(shown(r#"name=" a,b = c ""#), "name eq < a,b = c >");
        assert_eq!(shown("name='=x'"), "name eq <=x>");
        assert_eq!(shown(r#"name in "a,b" , 'c"d',e"#), r#"name in <a,b> <c"d> (e)"#);
        assert_eq!(shown(r#"name="a\"b\\c\d""#), r#"name eq <a"b\c\d>"#);
        assert_eq!(shown("name=it's"), "name eq (it's)");
        assert_eq!(shown("tags.'cost center=x'.b~1"), "tags.cost center=x.b contain (1)");
        assert_eq!(shown("name="), "name eq ()");
        assert_eq!(shown("name in ''"), "name in <>");
    }

    #[test]
    fn what_is_wrong_is_reported_with_its_column() {
        for (text, expected) in [
            ("", "character 1: the key is missing"),
            (" =x", "character 2: the key is missing"),
            ("?", "character 1: the key is missing"),
            ("name", "character 5: the operator is missing"),
            ("!name", "character 6: the operator is missing"),
            ("na me=x", "character 4: expected an operator"),
            ("name not x", "character 6: expected an operator"),
            ("name inx", "character 6: expected an operator"),
            ("name!x", "character 5: a ! alone is not an operator"),
            ("name?x", "character 6: nothing can follow the ?"),
            ("!name=x", "character 1: a ! before the key goes with KEY? only"),
            ("a..b=x", "character 1: a part of the key is empty"),
            ("a.=x", "character 1: a part of the key is empty"),
            ("name==x", "character 6: the value begins with =, as an operator does"),
            ("name=~x", "character 6: the value begins with ~, as an operator does"),
            ("name<>x", "character 6: the value begins with >, as an operator does"),
            ("é in a,=b", "character 8: the value begins with =, as an operator does"),
            ("name=\"x", "character 6: the \" is not closed"),
            ("name='a'b", "character 9: unexpected text after the closing quote"),
            ("name in 'a' 'b'", "character 13: unexpected text after the closing quote"),
            ("name in a,,b", "character 11: an item of the list is empty"),
            ("name in", "character 8: an item of the list is empty"),
            ("name in (a,b)", "character 9: a list is written without brackets"),
            ("name~", "character 5: the value is missing"),
            ("name!~''", "character 5: the value is missing"),
            ("name>", "character 5: the value is missing"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
        }
    }

    /// A text that is read as this filter.
    fn written(Parsed { path, test }: &Parsed) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        let word = |word: &Word| if word.quoted { quoted(&word.text) } else { word.text.clone() };
        let key = quoted(&path.join("."));
        match test {
            FilterTest::Compare(operator, compared) => format!("{key} {} {}", symbol(*operator), word(compared)),
            FilterTest::Among(operator, words) => {
                let words: Vec<String> = words.iter().map(word).collect();
                format!("{key} {} {}", if *operator == FilterOperator::In { "in" } else { "not in" }, words.join(","))
            }
            FilterTest::Exists(true) => format!("{key}?"),
            FilterTest::Exists(false) => format!("!{key}?"),
        }
    }

    fn filters() -> impl Strategy<Value = Parsed> {
        let word = || {
            prop_oneof![
                ".+".prop_map(|text| Word { text, quoted: true }),
                "[a-z0-9é:/-]([a-z =~<>!?é'.-]*[a-z0-9])?".prop_map(|text| Word { text, quoted: false }),
            ]
        };
        let test = prop_oneof![
            (proptest::sample::select(&SYMBOLS[..]), word())
                .prop_map(|((_, operator), word)| FilterTest::Compare(operator, word)),
            (
                proptest::sample::select(&[FilterOperator::In, FilterOperator::NotIn][..]),
                prop::collection::vec(word(), 1..4)
            )
                .prop_map(|(operator, words)| FilterTest::Among(operator, words)),
            any::<bool>().prop_map(FilterTest::Exists),
        ];
        (prop::collection::vec("[^.]+", 1..4), test).prop_map(|(path, test)| Parsed { path, test })
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", shaped in "[a.!=~<>?,'\" inot\\\\()]{0,16}") {
            let _ = (parse(&text), parse(&shaped));
        }

        #[test]
        fn what_is_written_is_read_again(filter in filters()) {
            prop_assert_eq!(parse(&written(&filter)).unwrap(), filter);
        }
    }
}
