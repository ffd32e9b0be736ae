//! Parses durations of options such as `--timeout`.

use std::time::Duration;

/// A time limit; `None` means no limit.
pub type Limit = Option<Duration>;

/// Parses `3`, `500ms`, `3s`, `5m` or `1h`: a plain number is in seconds, 0 means no limit.
///
/// # Errors
/// Says what is wrong with `text`.
pub fn duration(text: &str) -> Result<Limit, String> {
    let wrong = || format!("{text:?} is not a valid duration: use e.g. 3, 500ms, 30s, 5m or 1h");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let millis = number.checked_mul(unit).filter(|millis| *millis < 1 << 40).ok_or_else(wrong)?;
    Ok((millis > 0).then(|| Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(duration("3"), Ok(Some(Duration::from_secs(3))));
        assert_eq!(duration("500ms"), Ok(Some(Duration::from_millis(500))));
        assert_eq!(duration("5m"), Ok(Some(Duration::from_secs(300))));
        assert_eq!(duration("0"), Ok(None));
        for wrong in ["", "s", "-1", "1.5", "3 s", "3d", "99999999999999999999"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
