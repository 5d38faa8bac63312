//! Colours.

use anstyle::{AnsiColor, Style};

use crate::summary::State;

/// What is only named, or said beside.
pub const FAINT: Style = Style::new().dimmed();

/// Red, yellow, green; nothing for what is not known.
#[must_use]
pub fn of_state(state: State) -> Style {
    let color = match state {
        State::Failing => AnsiColor::Red,
        State::Pending => AnsiColor::Yellow,
        State::Unknown => return Style::new(),
        State::Working => AnsiColor::Green,
    };
    color.on_default()
}
