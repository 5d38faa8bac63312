//! The rows of all kinds, as the tests of the operator's life cycle have them.

#![allow(dead_code, reason = "those tests use more of a row")]

#[path = "../../../tests/lifecycle/every_kind/row.rs"]
pub mod row;

#[path = "../../../tests/lifecycle/every_kind/rows/connection.rs"]
pub mod connection;

#[path = "../../../tests/lifecycle/every_kind/rows/hosted_connection.rs"]
pub mod hosted_connection;

#[path = "../../../tests/lifecycle/every_kind/rows/virtual_gateway.rs"]
pub mod virtual_gateway;

#[path = "../../../tests/lifecycle/every_kind/rows/global_gateway.rs"]
pub mod global_gateway;

#[path = "../../../tests/lifecycle/every_kind/rows/peer_link.rs"]
pub mod peer_link;

#[path = "../../../tests/lifecycle/every_kind/rows/global_gateway_route.rs"]
pub mod global_gateway_route;

#[path = "../../../tests/lifecycle/every_kind/rows/virtual_interface.rs"]
pub mod virtual_interface;

#[path = "../../../tests/lifecycle/every_kind/rows/peer.rs"]
pub mod peer;

#[path = "../../../tests/lifecycle/every_kind/rows/connect_gateway.rs"]
pub mod connect_gateway;

#[path = "../../../tests/lifecycle/every_kind/rows/global_eip_association.rs"]
pub mod global_eip_association;
