//! One file for each way of working the operator.

pub mod accounts;
pub mod churn;
pub mod families;
pub mod idle;
pub mod keys;
pub mod lines;
pub mod plugin;
pub mod throttled;
