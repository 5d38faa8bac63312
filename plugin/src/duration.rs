//! Durations in arguments.

use std::time::Duration;

/// `30s`, `5m`, `1h30m`.
///
/// # Errors
/// It is none, or negative.
pub fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|_| format!("{text} is no duration like 30s, 5m or 1h30m"))?;
    Duration::try_from(duration).map_err(|_| format!("{text} is negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_for_kubectl() {
        for (text, seconds) in
            [("30s", Some(30)), ("5m", Some(300)), ("1h30m", Some(5400)), ("0s", Some(0)), ("-1s", None), ("5", None), ("", None)]
        {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
