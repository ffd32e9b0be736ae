//! Fuzzy matching of names: case, `-`, `_` and grammatical number may differ.

/// The degrees of likeness, nearest first: same, same but for writing, same but for number.
pub const DEGREES: [fn(&str, &str) -> bool; 3] = [same, is_variant, is_plural_variant];

/// The candidates that match `typed` at the first of the [`DEGREES`] at which any does.
pub fn matches<'a>(typed: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let fitting = |fits_name: fn(&str, &str) -> bool| -> Vec<&'a str> {
        candidates.clone().filter(|candidate| fits_name(typed, candidate)).collect()
    };
    DEGREES.into_iter().map(fitting).find(|fitting| !fitting.is_empty()).unwrap_or_default()
}

fn same(a: &str, b: &str) -> bool {
    a == b
}

/// Whether two names are the same but for case, `-` and `_`: `DataSource`, `data_source`, `data-source`.
pub fn is_variant(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

/// Whether one name is the other's plural: `policies` and `Policy`. A stem has three letters at least: `cs` is not the
/// plural of `c`.
pub fn is_plural_variant(a: &str, b: &str) -> bool {
    let (a, b): (String, String) = (letters(a).collect(), letters(b).collect());
    is_plural(&a, &b) || is_plural(&b, &a)
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase)
}

fn is_plural(plural: &str, singular: &str) -> bool {
    const SIBILANTS: [&str; 5] = ["s", "x", "z", "ch", "sh"];
    if singular.chars().count() < 3 {
        return false;
    }
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => plural.strip_prefix(stem) == Some("ies"),
        _ if SIBILANTS.iter().any(|end| singular.ends_with(end)) => plural.strip_prefix(singular) == Some("es"),
        _ => plural.strip_prefix(singular) == Some("s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_hyphens_and_camels_do_not_count() {
        for (a, b) in [
            ("plugin", "Plugin"),
            ("data_source", "DataSource"),
            ("data-source", "DataSource"),
            ("api_key", "APIKey"),
            ("cost-analysis", "cost_analysis"),
            ("ÉTÉ", "été"),
        ] {
            assert!(is_variant(a, b), "{a} {b}");
        }
        for (a, b) in [("plugin", "plugins"), ("plugin", "plug in"), ("a.b", "ab"), ("x", "y")] {
            assert!(!is_variant(a, b), "{a} {b}");
        }
    }

    #[test]
    fn number_does_not_count_in_words() {
        for (a, b) in [
            ("plugins", "Plugin"),
            ("policies", "Policy"),
            ("api-keys", "APIKey"),
            ("aliases", "Alias"),
            ("boxes", "Box"),
            ("cloud_service_stat", "CloudServiceStats"),
            ("repositories", "Repository"),
        ] {
            assert!(is_plural_variant(a, b) && is_plural_variant(b, a), "{a} {b}");
        }
        for (a, b) in [("cs", "c"), ("ts", "t"), ("plugin", "plugin"), ("keies", "key"), ("logos", "log"), ("s", "")] {
            assert!(!is_plural_variant(a, b) && !is_plural_variant(b, a), "{a} {b}");
        }
    }

    #[test]
    fn the_nearer_likeness_decides() {
        assert_eq!(matches("metrics", ["Metric", "Metrics"].into_iter()), ["Metrics"]);
        assert_eq!(matches("plugin", ["Plugin", "PlugIn", "Plugins"].into_iter()), ["Plugin", "PlugIn"]);
        assert_eq!(matches("Plugin", ["Plugin", "PlugIn", "Plugins"].into_iter()), ["Plugin"]);
        assert_eq!(matches("plugins", ["Plugin", "Repository"].into_iter()), ["Plugin"]);
        assert!(matches("x", ["Plugin"].into_iter()).is_empty());
    }

    proptest! {
        #[test]
        fn every_name_is_like_itself_however_it_is_written(name in "[A-Z][a-z]{1,6}([A-Z][a-z]{1,6}){0,3}") {
            let snake = name.char_indices().fold(String::new(), |snake, (at, c)| {
                let gap = if at > 0 && c.is_uppercase() { "_" } else { "" };
                format!("{snake}{gap}{}", c.to_lowercase())
            });
            prop_assert!(is_variant(&name, &snake));
            prop_assert!(is_variant(&name.to_uppercase(), &snake.replace('_', "-")));
        }

        #[test]
        fn any_texts_are_answered(a in "\\PC*", b in "\\PC*") {
            let _ = (is_variant(&a, &b), is_plural_variant(&a, &b));
        }
    }
}
