//! The rows of all kinds, as the tests of the operator's life cycle have them.

#![allow(dead_code, reason = "those tests use more of a row")]

#[path = "../../../tests/lifecycle/every_kind/row.rs"]
pub mod row;

#[macro_use]
#[path = "../../../tests/lifecycle/every_kind/rows/mod.rs"]
pub mod rows;
