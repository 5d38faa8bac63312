//! The simulator from outside: life of each kind, every rule with its code, and all that a test may switch.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, and a table is as long as it is"
)]

#[path = "simulator/behaviour.rs"]
mod behaviour;
#[path = "simulator/credentials.rs"]
mod credentials;
#[path = "simulator/faults.rs"]
mod faults;
#[path = "simulator/harness.rs"]
mod harness;
#[path = "simulator/life.rs"]
mod life;
#[path = "simulator/lists.rs"]
mod lists;
#[path = "simulator/rules.rs"]
mod rules;
