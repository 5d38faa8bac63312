//! What a change does to traffic: the same words for all kinds.

use crate::reconcile::Difference;

/// The session is made anew.
pub(super) const RESETS: &str = "resets the session";
/// Networks that have no other way are cut off.
const REMOVES: &str = "removes networks";
/// Traffic above the new limit is dropped.
const LOWERS: &str = "lowers the bandwidth";
/// One of the two families ends.
const NARROWS: &str = "ends an address family";

/// Of a list of networks: some of them go.
pub(super) fn removed(difference: &Difference) -> Option<&'static str> {
    let networks = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let desired = networks(&difference.desired);
    let goes = |network: &String| !network.is_empty() && !desired.contains(network);
    networks(&difference.observed).iter().any(goes).then_some(REMOVES)
}

/// Of a bandwidth: it gets smaller.
pub(super) fn lowered(difference: &Difference) -> Option<&'static str> {
    let size = |text: &str| text.parse::<i64>().ok();
    let (desired, observed) = (size(&difference.desired)?, size(&difference.observed)?);
    (desired < observed).then_some(LOWERS)
}

/// Of address families: there were two.
pub(super) fn narrowed(difference: &Difference) -> Option<&'static str> {
    (difference.observed == "dual").then_some(NARROWS)
}
