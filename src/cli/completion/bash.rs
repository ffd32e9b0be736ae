//! bash: the line as it was typed, and what is put into it.
//!
//! bash takes `:` and `=` for ends of words (`COMP_WORDBREAKS`), so that its words are not the program's. What it hands over
//! here is the line around the cursor, and the part of it that will be replaced.

use super::shell::ShellLine;

/// How candidates are put into the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BashWord {
    /// What stands before the part that is replaced, in the same word.
    kept: String,
    /// The quote that is open at the cursor.
    quote: Option<char>,
}

/// Reads the line before and after the cursor; `replaced` is the part before the cursor that bash will replace.
pub(super) fn read(replaced: &str, before: &str, after: &str) -> (ShellLine, BashWord) {
    let (mut words, quote) = split(before);
    // Without an open word, an empty one begins at the cursor.
    let current = match words.last() {
        Some(last) if last.open => last.raw,
        _ => {
            words.push(Word { raw: "", text: String::new(), open: true });
            ""
        }
    };
    let kept = current.strip_suffix(replaced).unwrap_or_default();
    let kept = split(kept).0.into_iter().next().map(|word| word.text).unwrap_or_default();
    let mut index = words.len() - 1;
    let mut words: Vec<String> = words.into_iter().map(|word| word.text).collect();
    // Variables that are set for this command only.
    while index > 0 && is_assignment(&words[0]) {
        words.remove(0);
        index -= 1;
    }
    // The rest of the word that the cursor is in does not count.
    let rest = match after.find(char::is_whitespace) {
        Some(blank) if quote.is_none() => &after[blank..],
        _ => "",
    };
    words.extend(split(rest).0.into_iter().map(|word| word.text));
    (ShellLine { words, index }, BashWord { kept, quote })
}

impl BashWord {
    /// What is put in the place of the replaced part, so that the word becomes `candidate`; `None` where no quoting can.
    pub(super) fn text(&self, candidate: &str) -> Option<String> {
        let rest = candidate.strip_prefix(&self.kept)?;
        let special = match self.quote {
            Some('\'') if rest.contains('\'') => return None,
            Some('\'') => "",
            Some(_) => "\\\"$`",
            None => " \t\\\"'$`&|;<>()*?[]{}!#~",
        };
        let mut text = String::with_capacity(rest.len());
        for c in rest.chars() {
            if special.contains(c) {
                text.push('\\');
            }
            text.push(c);
        }
        Some(text)
    }
}

/// One word of a line.
struct Word<'a> {
    raw: &'a str,
    /// The word without its quotes and backslashes.
    text: String,
    /// Nothing ended it.
    open: bool,
}

/// Takes a line apart at blanks, as a shell does; also says which quote is open at its end.
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
pub(super) fn unquoted(word: &str) -> String {
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
        let (typed, splice) = read(replaced, before, after);
        let shown = typed.words.iter().enumerate();
        let shown = shown.map(|(at, word)| if at == typed.index { format!("[{word}]") } else { word.clone() });
        (shown.collect::<Vec<_>>().join(" "), splice.text(candidate))
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
        assert_eq!(unquoted("'plugin_id,na"), "plugin_id,na");
        assert_eq!(unquoted("a\\"), "a");
        assert_eq!(unquoted(""), "");
        assert_eq!(unquoted("슬\\ 랙"), "슬 랙");
    }
}
