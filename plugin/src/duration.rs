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

/// As [`duration`], or a number of seconds.
///
/// # Errors
/// It is none, or negative.
pub fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map_or_else(|_| duration(text), |seconds| Ok(Duration::from_secs(seconds)))
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

    #[test]
    fn a_timeout_can_be_a_number_of_seconds() {
        for (text, expected) in [("30", Some(30)), ("0", Some(0)), ("30s", Some(30)), ("1m", Some(60)), ("-1", None), ("x", None)] {
            assert_eq!(seconds(text).ok(), expected.map(Duration::from_secs), "{text}");
        }
    }
}
