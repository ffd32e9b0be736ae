//! "Did you mean": the name that a person probably wanted.

use crate::text::quoted_list;

/// The candidate closest to `name`, if one is close enough.
///
/// Case, `-` and `_` do not count; beyond that, Jaro-Winkler at 0.8, as clap suggests, or one typing error (a letter
/// more, less or other, or two swapped), which weighs too much there in short names.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(name, candidates).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, candidate)| candidate)
}

/// The candidate that one or two typing errors made into `name`: close enough to refuse `name` or to warn of it where
/// other names are legitimate, too.
pub fn misspelt<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(name, candidates).filter(|candidate| {
        let most_errors = if candidate.len() < 5 { 1 } else { 2 };
        name != *candidate && strsim::osa_distance(&fold(name), &fold(candidate)) <= most_errors
    })
}

/// The `count` closest candidates, closest first.
pub fn nearest_few<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = near(name, candidates).collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.truncate(count);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = (f64, &'a str)> {
    let wanted = fold(name);
    candidates
        .into_iter()
        .map(move |candidate| (likeness(&wanted, &fold(candidate)), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
}

/// The hint for an unknown name: the nearest one, or else all.
pub fn hint_at_name(name: &str, names: &[&str]) -> String {
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", quoted_list(names)),
    }
}

/// The hint for an unknown field: the nearest one, or else all fields.
pub fn hint_at_field<'a>(name: &str, fields: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<&str> = fields.into_iter().collect();
    match nearest(name, fields.iter().copied()) {
        Some(field) => format!("did you mean {field}?"),
        None if fields.is_empty() => "it has no fields at all".to_owned(),
        None => format!("its fields are {}", fields.join(", ")),
    }
}

fn likeness(a: &str, b: &str) -> f64 {
    let similarity = strsim::jaro_winkler(a, b);
    let is_one_slip = a.len().min(b.len()) >= 3 && strsim::osa_distance(a, b) == 1;
    if is_one_slip { similarity.max(0.85) } else { similarity }
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::{hint_at_field, hint_at_name, misspelt, nearest, nearest_few};

    #[test]
    fn longer_names_are_not_misspelt_ones() {
        let services = ["plugin", "repository", "cost_analysis"];
        for (name, meant) in [("repositry", Some("repository")), ("cost-analysis", Some("cost_analysis"))] {
            assert_eq!(misspelt(name, services), meant);
        }
        for name in ["plugin", "plugin_slack", "repo", "key"] {
            assert_eq!(misspelt(name, services), None, "{name}");
        }
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let fields = ["name", "image", "provider", "resource_type"];
        assert_eq!(nearest("imge", fields), Some("image"));
        assert_eq!(nearest("Resource-Type", fields), Some("resource_type"));
        assert_eq!(nearest("zzz", fields), None);
        assert_eq!(nearest("sya", ["say", "count"]), Some("say"));
    }

    #[test]
    fn the_closest_of_several_comes_first() {
        let fields = ["names", "image", "name", "nave"];
        assert_eq!(nearest_few("name", fields, 2), ["name", "names"]);
        assert!(nearest_few("zzz", fields, 2).is_empty());
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_or_all() {
        assert_eq!(hint_at_name("prd", &["dev", "prod"]), "did you mean `prod`?");
        assert_eq!(hint_at_name("zzz", &["dev", "prod"]), "there are: `dev`, `prod`");
    }

    #[test]
    fn a_field_that_is_not_there_is_answered_with_what_is() {
        assert_eq!(hint_at_field("imge", ["name", "image"]), "did you mean image?");
        assert_eq!(hint_at_field("zzz", ["name", "image"]), "its fields are name, image");
        assert_eq!(hint_at_field("zzz", []), "it has no fields at all");
    }
}
