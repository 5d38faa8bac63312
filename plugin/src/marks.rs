//! How a state is shown in pictures and on pages: a word, a shape and the class of its colour. Colour alone says nothing to some readers, and
//! nothing on a printer without colours.

use crate::summary::State;

/// Class of elements in this state.
#[must_use]
pub const fn class(state: State) -> &'static str {
    match state {
        State::Failing => "failing",
        State::Pending => "pending",
        State::Unknown => "unknown",
        State::Working => "working",
    }
}

/// Its word.
#[must_use]
pub const fn word(state: State) -> &'static str {
    match state {
        State::Failing => "Failing",
        State::Pending => "Pending",
        State::Unknown => "Unknown",
        State::Working => "Working",
    }
}

/// Its shape, as an SVG path of 11 by 11 pixels that begins where the last one ended: diamond, triangle, ring, disc.
#[must_use]
pub const fn shape(state: State) -> &'static str {
    match state {
        State::Failing => "m5.5 0 5.5 5.5-5.5 5.5-5.5-5.5z",
        State::Pending => "m5.5 .5 5.5 10h-11z",
        State::Unknown => "m5.5 .5a5 5 0 1 1 0 10 5 5 0 0 1 0-10m0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
        State::Working => "m5.5 .5a5 5 0 1 1 0 10 5 5 0 0 1 0-10z",
    }
}
