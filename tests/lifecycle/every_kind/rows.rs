//! The rows, a file for each kind.
pub mod connect_gateway;
pub mod virtual_gateway;
