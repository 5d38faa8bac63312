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

/// Hands the names of all rows to a macro.
macro_rules! for_each_row {
    ($macro:ident) => {
        $macro! {
            connection,
            hosted_connection,
            virtual_gateway,
            global_gateway,
            peer_link,
            global_gateway_route,
            virtual_interface,
            peer,
            connect_gateway,
            global_eip_association,
        }
    };
}
