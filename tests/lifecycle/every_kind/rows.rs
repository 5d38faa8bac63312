//! The rows, a file for each kind.
pub mod connect_gateway;
pub mod global_eip_association;
pub mod virtual_gateway;
