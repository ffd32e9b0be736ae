//! Regular expressions of JSON Schema for the texts that the codec accepts.

/// RFC 3339 in the years 1 to 9999; `format` checks for 29 February.
pub(super) const TIMESTAMP: &str = concat!(
    r"^(?!0000)[0-9]{4}-(?:02-(?:0[1-9]|[12][0-9])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
    r"|(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01]))",
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
);

/// Names, separated by commas.
pub(super) const FIELD_MASK: &str = "^[A-Za-z0-9_.,]*$";

/// The numbers that JSON lacks.
pub(super) const NO_NUMBER: &str = "^(?:NaN|-?Infinity)$";

/// Standard or URL-safe base64, padded or not. The last letter's unused bits are 0.
pub(super) fn base64() -> String {
    let form =
        |letters: &str| format!("(?:{letters}{{4}})*(?:{letters}[AQgw]={{0,2}}|{letters}{{2}}[AEIMQUYcgkosw048]=?)?");
    format!("^(?:{}|{})$", form("[A-Za-z0-9+/]"), form("[A-Za-z0-9_-]"))
}

/// Seconds, up to 10,000 years.
pub(super) fn duration() -> String {
    format!(r"^-?{}(?:\.[0-9]+)?s$", up_to("315576000000"))
}

/// An integer between `-min` and `max`, both without sign.
pub(super) fn between(min: &str, max: &str) -> String {
    format!(r"^(?:\+?{}|-{})$", up_to(max), up_to(min))
}

/// An integer from 0 to `max`.
pub(super) fn from_zero(max: &str) -> String {
    format!(r"^\+?{}$", up_to(max))
}

/// Digits of a number up to `max`, itself digits, after any number of zeros.
fn up_to(max: &str) -> String {
    let mut alternatives = vec![max.to_owned()];
    for (at, digit) in max.bytes().enumerate().filter(|(_, digit)| *digit > b'0') {
        let smaller = match char::from(digit - 1) {
            '0' => "0".to_owned(),
            digit => format!("[0-{digit}]"),
        };
        let rest = match max.len() - at - 1 {
            0 => String::new(),
            1 => "[0-9]".to_owned(),
            count => format!("[0-9]{{{count}}}"),
        };
        alternatives.push(format!("{}{smaller}{rest}", &max[..at]));
    }
    if max.len() > 1 {
        alternatives.push(format!("[0-9]{{1,{}}}", max.len() - 1));
    }
    format!("0*(?:{})", alternatives.join("|"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn bounded(max: u64) -> Regex {
        Regex::new(&format!("^{}$", up_to(&max.to_string()))).unwrap()
    }

    proptest! {
        #[test]
        fn a_number_matches_if_it_is_within_the_bound(max in 0..2000u64, number in 0..3000u64, zeros in "0{0,3}") {
            prop_assert_eq!(bounded(max).is_match(&format!("{zeros}{number}")), number <= max);
        }
    }

    #[test]
    fn bounds_of_64_bits_hold_to_the_last_digit() {
        let max = bounded(u64::MAX);
        assert!(max.is_match("18446744073709551615") && !max.is_match("18446744073709551616"));
        assert!(!max.is_match("") && !max.is_match("99999999999999999999") && max.is_match("00"));
    }
}
