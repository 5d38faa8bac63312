//! The rows, a file for each kind.
pub mod connect_gateway;
pub mod connection;
pub mod global_eip_association;
pub mod hosted_connection;
pub mod virtual_gateway;
