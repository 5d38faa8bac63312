//! Global EIPs that are bound to connect gateways: wire types and calls (`docs/design/cloud-api.md#global-eips`).

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::{Listed, Parent};
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::some;

const COLLECTION: &str = "binding-global-eips";
const GATEWAYS: &str = "connect-gateways";
const WRAPPER: &str = "global_eips";

/// A global EIP that is bound to a connect gateway, or a segment of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BoundGlobalEip {
    /// ID of the global EIP. The row of a segment has none (`docs/design/uncertain-facts.md#u35`).
    #[serde(default, deserialize_with = "some")]
    pub global_eip_id: Option<String>,
    /// ID of the segment.
    #[serde(default, deserialize_with = "some")]
    pub global_eip_segment_id: Option<String>,
    /// The gateway at which it is listed; rows do not show it.
    #[serde(default, deserialize_with = "some")]
    pub connect_gateway_id: Option<String>,
    /// `IP_ADDRESS` or `IP_SEGMENT`.
    #[serde(default, rename = "type", deserialize_with = "some")]
    pub type_: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub cidr: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub address_family: Option<String>,
    /// Global connection bandwidth.
    #[serde(default, deserialize_with = "some")]
    pub gcb_id: Option<String>,
    /// One of `docs/design/cloud-api.md#status-words`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    /// Why it could not be bound.
    #[serde(default, deserialize_with = "some")]
    pub error_message: Option<String>,
}

impl Listed for BoundGlobalEip {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = WRAPPER;
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListGlobalEips", "ListGlobalEips");
    const ID: &'static [&'static str] = &["global_eip_id", "global_eip_segment_id"];
    const PARENT: Option<Parent> =
        Some(Parent { collection: GATEWAYS, plural: "connect_gateways", operation: "ListConnectGateways", segment: GATEWAYS });

    fn id(&self) -> &str {
        self.global_eip_id.as_ref().or(self.global_eip_segment_id.as_ref()).map_or("", String::as_str)
    }

    /// The global EIP: it is bound once, to whatever gateway.
    fn natural_keys(&self) -> Vec<String> {
        vec![self.id().to_owned()]
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn set_parent(&mut self, parent: &str) {
        self.connect_gateway_id.get_or_insert_with(|| parent.to_owned());
    }
}

/// Body of `BindGlobalEips` for one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BindGlobalEip {
    pub global_eip_id: String,
    /// `IP_ADDRESS` or `IP_SEGMENT`.
    #[serde(rename = "type")]
    pub type_: &'static str,
}

impl BindGlobalEip {
    /// The call that binds it to `gateway`, with this bandwidth. Its answer is documented in two ways, and only the LIST shows what has become of it
    /// (`docs/design/uncertain-facts.md#u34`).
    #[must_use]
    pub fn call(&self, gateway: &str, gcb_id: Option<&str>) -> Call {
        let mut body = json!({ WRAPPER: [self] });
        if let (Some(gcb_id), Some(fields)) = (gcb_id, body.as_object_mut()) {
            fields.insert("gcb_id".to_owned(), gcb_id.into());
        }
        Call::new("BindGlobalEips", Method::Post, &["dcaas", GATEWAYS, gateway, COLLECTION], WRAPPER).with_bare_body(body).partial()
    }
}

impl BoundGlobalEip {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["BindGlobalEips", "UnbindGlobalEips"];

    /// The call that unbinds `id` from `gateway`.
    #[must_use]
    pub fn unbind(id: &str, gateway: &str) -> Call {
        Call::new("UnbindGlobalEips", Method::Post, &["dcaas", GATEWAYS, gateway, "unbinding-global-eips"], WRAPPER)
            .with_bare_body(json!({ WRAPPER: [{ "global_eip_id": id }] }))
            .partial()
            .deleting()
    }
}
