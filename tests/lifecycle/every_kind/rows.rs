//! The rows, a file for each kind.
pub mod connect_gateway;
pub mod connection;
pub mod global_eip_association;
pub mod global_gateway;
pub mod global_gateway_route;
pub mod hosted_connection;
pub mod peer;
pub mod peer_link;
pub mod virtual_gateway;
pub mod virtual_interface;
