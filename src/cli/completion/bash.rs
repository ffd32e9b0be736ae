//! bash's command line: its words, and the text that replaces one.
//!
//! bash ends words at `:` and `=` (`COMP_WORDBREAKS`), so that its words are not the program's. It passes the line
//! around the cursor and the part of it that will be replaced. Not shlex: the line may end within a quote or a word.

use super::parsed_line::ShellLine;

/// The word at the cursor, as far as bash does not replace it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BashWord {
    /// The part of the word before the replaced one.
    prefix: String,
    /// The quote that is open at the cursor.
    quote: Option<char>,
}

/// Parses the line before and after the cursor; `replaced` is the part before the cursor that bash will replace.
pub(super) fn parse(replaced: &str, before: &str, after: &str) -> (ShellLine, BashWord) {
    let (mut words, quote) = split(before);
    // Without an open word, an empty one begins at the cursor.
    if words.last().is_none_or(|last| !last.open) {
        words.push(Word { raw: "", text: String::new(), open: true });
    }
    let mut index = words.len() - 1;
    let prefix = unquote(words[index].raw.strip_suffix(replaced).unwrap_or_default());
    let mut words: Vec<String> = words.into_iter().map(|word| word.text).collect();
    // Variables that are set for this command only.
    while index > 0 && is_assignment(&words[0]) {
        words.remove(0);
        index -= 1;
    }
    // The rest of the word at the cursor does not count.
    let rest = match after.find(char::is_whitespace) {
        Some(blank) if quote.is_none() => &after[blank..],
        _ => "",
    };
    words.extend(split(rest).0.into_iter().map(|word| word.text));
    (ShellLine { words, index }, BashWord { prefix, quote })
}

impl BashWord {
    /// The text that makes the word `candidate` in the replaced part's place; `None` if no quoting can.
    pub(super) fn replacement(&self, candidate: &str) -> Option<String> {
        let rest = candidate.strip_prefix(&self.prefix)?;
        let special = match self.quote {
            Some('\'') if rest.contains('\'') => return None,
            Some('\'') => "",
            Some(_) => "\\\"$`",
            None => " \t\\\"'$`&|;<>()*?[]{}!#~",
        };
        let escape = |c: char| special.contains(c).then_some('\\').into_iter().chain([c]);
        Some(rest.chars().flat_map(escape).collect())
    }
}

/// A word of a line.
struct Word<'a> {
    raw: &'a str,
    /// Without quotes and backslashes.
    text: String,
    /// Nothing ended it.
    open: bool,
}

/// Splits a line at blanks as a shell does; also returns the quote that is open at its end.
fn split(line: &str) -> (Vec<Word<'_>>, Option<char>) {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut quote = None;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() && quote.is_none() {
            words.extend(open.take().map(|(start, text)| Word { raw: &line[start..at], text, open: false }));
            continue;
        }
        let (_, text) = open.get_or_insert_with(|| (at, String::new()));
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '\\') => text.extend(chars.next().map(|(_, c)| c)),
            (Some('"'), '\\') => match chars.next_if(|(_, c)| matches!(c, '"' | '\\' | '$' | '`')) {
                Some((_, c)) => text.push(c),
                None => text.push('\\'),
            },
            _ => text.push(c),
        }
    }
    words.extend(open.map(|(start, text)| Word { raw: &line[start..], text, open: true }));
    (words, quote)
}

/// `word` without its quotes and backslashes; a quote need not be closed.
pub(super) fn unquote(word: &str) -> String {
    split(word).0.into_iter().next().map(|word| word.text).unwrap_or_default()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words with the current one in brackets, and what a candidate becomes.
    fn read_line(replaced: &str, before: &str, after: &str, candidate: &str) -> (String, Option<String>) {
        let (line, word) = parse(replaced, before, after);
        let shown = line.words.iter().enumerate();
        let shown = shown.map(|(at, word)| if at == line.index { format!("[{word}]") } else { word.clone() });
        (shown.collect::<Vec<_>>().join(" "), word.replacement(candidate))
    }

    #[test]
    fn words_are_whole_where_bash_splits_them() {
        for (replaced, before, words, candidate, text) in [
            ("li", "spacectl li", "spacectl [li]", "list", "list"),
            ("", "spacectl ", "spacectl []", "list", "list"),
            ("", "spacectl -p a=", "spacectl -p [a=]", "a=b", "b"),
            ("1", "spacectl --endpoint grpc://h:1", "spacectl --endpoint [grpc://h:1]", "grpc://h:12", "12"),
            (
                "x,na",
                "spacectl -c tags.spaceone:x,na",
                "spacectl -c [tags.spaceone:x,na]",
                "tags.spaceone:x,name",
                "x,name",
            ),
        ] {
            let (read, put) = read_line(replaced, before, "", candidate);
            assert_eq!((read.as_str(), put.as_deref()), (words, Some(text)), "{before}");
        }
    }

    #[test]
    fn quotes_stay_as_they_were_opened() {
        let quoted = read_line("a|B,na", "spacectl -c 'a|B,na", "", "a|B,name");
        assert_eq!(quoted, ("spacectl -c [a|B,na]".into(), Some("a|B,name".into())));
        assert_eq!(read_line("Gra", "spacectl -p name=Gra", "", "name=Grafana $1").1.unwrap(), "Grafana\\ \\$1");
        assert_eq!(read_line("Gra", "spacectl -p 'name=Gra", "", "name=Grafana $1").1.unwrap(), "Grafana $1");
        assert_eq!(read_line("name=Gra", "spacectl -p 'name=Gra", "", "name=Grafana $1").1.unwrap(), "name=Grafana $1");
        assert_eq!(read_line("name=Gra", "spacectl -p 'name=Gra", "", "name=it's").1, None);
        assert_eq!(read_line("name=Gra", "spacectl -p \"name=Gra", "", "name=a$b").1.unwrap(), "name=a\\$b");
        assert_eq!(read_line("b\\ c", "spacectl a\\ b 'c d'\"\\$e\" b\\ c", "", "b cd").0, "spacectl a b c d$e [b c]");
    }

    #[test]
    fn the_rest_of_the_line_counts_and_the_rest_of_the_word_does_not() {
        assert_eq!(read_line("li", "A=1 _b=x spacectl li", "st x -e local", "list").0, "spacectl [li] x -e local");
        assert_eq!(read_line("", "spacectl list ", " -e local", "x").0, "spacectl list [] -e local");
        assert_eq!(read_line("A=", "A=", "", "A=").0, "[A=]");
    }

    #[test]
    fn words_without_an_end_are_read() {
        assert_eq!(unquote("'plugin_id,na"), "plugin_id,na");
        assert_eq!(unquote("a\\"), "a");
        assert_eq!(unquote(""), "");
        assert_eq!(unquote("슬\\ 랙"), "슬 랙");
    }
}
