//! Extended attributes of an interface: how faults are detected (BFD, NQA), and with which parameters.

use crate::api::virtual_interface::{ExtendAttribute, ObservedExtendAttribute};
use crate::cloud;

use super::compare::{Comparison, Field};
use super::express::{self, word};

/// As a spec can hold them: what is out of bounds is left as it is in the cloud.
pub(super) fn spec_of(attribute: &cloud::ExtendAttribute) -> ExtendAttribute {
    ExtendAttribute {
        ha_type: word(attribute.ha_type.as_ref()),
        ha_mode: word(attribute.ha_mode.as_ref()),
        detect_multiplier: express::number(attribute.detect_multiplier, 3..=20),
        min_rx_interval: express::number(attribute.min_rx_interval, 200..=5000),
        min_tx_interval: express::number(attribute.min_tx_interval, 200..=5000),
        remote_disclaim: express::number(attribute.remote_disclaim, 1..=16384),
        local_disclaim: express::number(attribute.local_disclaim, 1..=16384),
        ipv6_remote_disclaim: express::number(attribute.ipv6_remote_disclaim, 1..=16384),
        ipv6_local_disclaim: express::number(attribute.ipv6_local_disclaim, 1..=16384),
    }
}

pub(super) fn to_cloud(attribute: &ExtendAttribute) -> cloud::ExtendAttribute {
    cloud::ExtendAttribute {
        ha_type: attribute.ha_type.map(|ha_type| ha_type.as_str().to_owned()),
        ha_mode: attribute.ha_mode.map(|ha_mode| ha_mode.as_str().to_owned()),
        detect_multiplier: attribute.detect_multiplier,
        min_rx_interval: attribute.min_rx_interval,
        min_tx_interval: attribute.min_tx_interval,
        remote_disclaim: attribute.remote_disclaim,
        local_disclaim: attribute.local_disclaim,
        ipv6_remote_disclaim: attribute.ipv6_remote_disclaim,
        ipv6_local_disclaim: attribute.ipv6_local_disclaim,
    }
}

/// Every field that the spec names is compared; one difference stands for all, as one call sets them all.
pub(super) fn compare(comparison: &mut Comparison, desired: &ExtendAttribute, seen: Option<&cloud::ExtendAttribute>) {
    let (desired, observed) = (to_cloud(desired), seen.cloned().unwrap_or_default());
    // Intervals of NQA are rounded up to whole seconds by the cloud (`docs/design/cloud-api.md#extended-attributes`).
    let nqa = desired.ha_type.as_deref() == Some("nqa");
    let interval = |millis: i32| if nqa { (millis + 999) / 1000 * 1000 } else { millis };
    let differences = [
        differs_in(desired.ha_type.as_ref(), observed.ha_type.as_ref()),
        differs_in(desired.ha_mode.as_ref(), observed.ha_mode.as_ref()),
        differs_in(desired.detect_multiplier, observed.detect_multiplier),
        differs_in(desired.min_rx_interval.map(interval), observed.min_rx_interval.map(interval)),
        differs_in(desired.min_tx_interval.map(interval), observed.min_tx_interval.map(interval)),
        differs_in(desired.remote_disclaim, observed.remote_disclaim),
        differs_in(desired.local_disclaim, observed.local_disclaim),
        differs_in(desired.ipv6_remote_disclaim, observed.ipv6_remote_disclaim),
        differs_in(desired.ipv6_local_disclaim, observed.ipv6_local_disclaim),
    ];
    if let Some(is_shown) = differences.into_iter().flatten().max() {
        let spelled = |attribute: &cloud::ExtendAttribute| serde_json::to_string(attribute).unwrap_or_default();
        comparison.whole("extendAttribute", is_shown, &spelled(&desired), &spelled(&observed));
    }
}

/// Whether a field differs, and then whether the cloud shows a value. A spec that is silent agrees with everything.
#[allow(clippy::needless_pass_by_value, reason = "the values are numbers and references")]
fn differs_in<T: PartialEq + Field>(desired: Option<T>, observed: Option<T>) -> Option<bool> {
    let differs = desired.is_some() && desired != observed;
    differs.then(|| observed.is_some_and(|observed| observed.is_shown()))
}

/// As the status shows them.
pub(super) fn observed(attribute: cloud::ExtendAttribute) -> ObservedExtendAttribute {
    let cloud::ExtendAttribute {
        ha_type,
        ha_mode,
        detect_multiplier,
        min_rx_interval,
        min_tx_interval,
        remote_disclaim,
        local_disclaim,
        ipv6_remote_disclaim,
        ipv6_local_disclaim,
    } = attribute;
    ObservedExtendAttribute {
        ha_type,
        ha_mode,
        detect_multiplier,
        min_rx_interval,
        min_tx_interval,
        remote_disclaim,
        local_disclaim,
        ipv6_remote_disclaim,
        ipv6_local_disclaim,
    }
}
