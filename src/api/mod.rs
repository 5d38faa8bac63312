//! The custom resources: what users write and read.
//!
//! This layer holds the types, their schema with its CEL rules, and the pure handling of conditions. It knows nothing
//! of HTTP, of clients or of the runtime, so that the schema can be generated and the types be tested without any.

#![allow(clippy::doc_markdown, reason = "docs of fields are read by users of kubectl explain, where backticks are noise")]
#![allow(clippy::duplicated_attributes, reason = "printer columns share attributes")]

use std::error::Error;
use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::{CustomResourceExt, Resource};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub mod cloud_account;
mod cloud_account_credentials;
mod cloud_account_inventory;
mod cloud_account_status;
pub mod common;
pub mod condition;
pub mod connect_gateway;
pub mod connection;
pub mod direct_connect_grant;
pub mod global_eip_association;
pub mod global_gateway;
pub mod global_gateway_route;
pub mod hosted_connection;
pub mod peer;
pub mod peer_link;
mod rules;
mod spec_rules;
pub mod status;
pub mod virtual_gateway;
pub mod virtual_interface;
mod virtual_interface_status;

pub use cloud_account::{CloudAccount, CloudAccountSpec, CloudAccountStatus, Defaults};
pub use cloud_account_inventory::{Collection, ConnectionCapacity, INVENTORY_LIMIT, Inventory, Unowned, UnownedResource};
pub use common::{
    ABANDON_ANNOTATION, ACCOUNT_ANNOTATION, AccountRef, AddressFamily, DEFAULT_ACCOUNT, DeletionPolicy, DriftPolicy, FIELD_MANAGER,
    FINALIZER, GROUP, GatewayAddressFamily, Import, Management, ObjectReference, PAUSED_ANNOTATION, PROTECTED_ANNOTATION, Policy,
    RECONCILE_AT_ANNOTATION, RouteMode, SecretKeyReference, Tags, VERSION,
};
pub use condition::{
    ConditionStatus, ConditionType, NewCondition, Reason, Recovery, find_condition, is_true, remove_condition, set_condition,
};
pub use connect_gateway::{ConnectGateway, ConnectGatewayObserved, ConnectGatewaySpec};
pub use connection::{Connection, ConnectionObserved, ConnectionSpec};
pub use direct_connect_grant::{DirectConnectGrant, DirectConnectGrantSpec};
pub use global_eip_association::{GlobalEipAssociation, GlobalEipAssociationObserved, GlobalEipAssociationSpec};
pub use global_gateway::{GlobalGateway, GlobalGatewayObserved, GlobalGatewaySpec};
pub use global_gateway_route::{GlobalGatewayRoute, GlobalGatewayRouteObserved, GlobalGatewayRouteSpec};
pub use hosted_connection::{HostedConnection, HostedConnectionObserved, HostedConnectionSpec};
pub use peer::{Peer, PeerObserved, PeerSpec};
pub use peer_link::{PeerLink, PeerLinkObserved, PeerLinkSpec};
pub use status::{Drift, Intent, LastError, LastWrite, Status, Target, WaitingFor, WriteAction};
pub use virtual_gateway::{VirtualGateway, VirtualGatewayObserved, VirtualGatewaySpec};
pub use virtual_interface::{VirtualInterface, VirtualInterfaceObserved, VirtualInterfaceSpec};

/// A namespaced kind that represents one cloud resource.
///
/// The part of an object that is the same for every kind: account, policy, import, and the last status.
pub trait Managed:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned + Serialize + Send + Sync + 'static
{
    /// What the cloud says of the object, as shown in `status.observed`. MUST NOT hold a secret.
    type Observed: Clone + Debug + PartialEq + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// `spec.accountRef`; `None` means the namespace's annotation, else the account called [`DEFAULT_ACCOUNT`].
    fn account_ref(&self) -> Option<&AccountRef>;

    /// `spec.policy`; an empty policy when absent, so that the account's defaults apply.
    fn policy(&self) -> &Policy;

    /// `spec.import`.
    fn import(&self) -> Option<&Import>;

    /// `status`, `None` before the first reconcile.
    fn status(&self) -> Option<&Status<Self::Observed>>;

    /// `spec.name`.
    fn spec_name(&self) -> Option<&String>;

    /// Name of the cloud resource: the spec's, or the object's own cut to what the cloud takes.
    fn cloud_name(&self) -> String {
        const LIMIT: usize = 64;
        self.spec_name().cloned().unwrap_or_else(|| self.meta().name.as_deref().unwrap_or_default().chars().take(LIMIT).collect())
    }
}

/// The `spec` and `status` of every kind have the same names, so one body serves all; `nameless` is one whose resources have no name in the cloud.
macro_rules! managed {
    ($kind:ty, $observed:ty) => {
        managed!($kind, $observed, |spec| spec.name.as_ref());
    };
    ($kind:ty, $observed:ty, nameless) => {
        managed!($kind, $observed, |_spec| None);
    };
    ($kind:ty, $observed:ty, |$spec:ident| $name:expr) => {
        impl Managed for $kind {
            type Observed = $observed;

            fn account_ref(&self) -> Option<&AccountRef> {
                self.spec.account_ref.as_ref()
            }

            fn policy(&self) -> &Policy {
                self.spec.policy.as_ref().unwrap_or(Policy::NONE)
            }

            fn import(&self) -> Option<&Import> {
                self.spec.import.as_ref()
            }

            fn status(&self) -> Option<&Status<Self::Observed>> {
                self.status.as_ref().filter(|status| status.is_told())
            }

            fn spec_name(&self) -> Option<&String> {
                let $spec = &self.spec;
                $name
            }
        }
    };
}

managed!(Connection, ConnectionObserved);
managed!(HostedConnection, HostedConnectionObserved);
managed!(VirtualGateway, VirtualGatewayObserved);
managed!(VirtualInterface, VirtualInterfaceObserved);
managed!(Peer, PeerObserved);
managed!(GlobalGateway, GlobalGatewayObserved);
managed!(PeerLink, PeerLinkObserved);
managed!(GlobalGatewayRoute, GlobalGatewayRouteObserved, nameless);
managed!(ConnectGateway, ConnectGatewayObserved);
managed!(GlobalEipAssociation, GlobalEipAssociationObserved, nameless);

/// The definitions of all custom resources, in the order in which they are to be applied; `kinds` are those of the kinds that are run.
#[must_use]
pub fn crds(kinds: impl IntoIterator<Item = CustomResourceDefinition>) -> Vec<CustomResourceDefinition> {
    let all = std::iter::once(CloudAccount::crd()).chain(kinds).chain([DirectConnectGrant::crd()]);
    all.map(without_null).map(with_status).collect()
}

/// Definitions as files: name (`{group}_{plural}.yaml`) and YAML text. The same on every run.
///
/// # Errors
/// Never in practice: a definition is plain data. The serializers' errors are handed on all the same.
pub fn crds_yaml(crds: &[CustomResourceDefinition]) -> Result<Vec<(String, String)>, Box<dyn Error + Send + Sync>> {
    crds.iter()
        .map(|crd| {
            let name = format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural);
            let mut value = serde_json::to_value(crd)?;
            whole_numbers(&mut value);
            Ok((name, serde_saphyr::to_string(&value)?))
        })
        .collect()
}

/// Writes whole numbers as such: bounds are floats in the types of apiextensions, the API server gives `1.0` back as `1`, and a tool that
/// compares a file with what is installed would see a difference for ever.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) =>
        {
            #[allow(clippy::cast_possible_truncation, reason = "no bound is near the end of either range")]
            if let Some(whole) = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0) {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Takes `nullable` out of every schema.
///
/// schemars marks each `Option` so, and the API server would then keep an explicit `null`, for which CEL's `has()` is
/// true: a null in one arm of a union would count as a choice. Without the mark the server drops nulls before it validates.
fn without_null(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        if let Some(schema) = version.schema.as_mut().and_then(|s| s.open_api_v3_schema.as_mut()) {
            strip_nullable(schema);
        }
    }
    crd
}

/// Gives every object a status from its creation on, so that its own defaults apply (see [`status::UNOBSERVED`]).
fn with_status(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    let schemas = crd.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut()?.open_api_v3_schema.as_mut());
    for status in schemas.filter_map(|schema| schema.properties.as_mut()?.get_mut("status")) {
        status.default = Some(JSON(Value::Object(Map::new())));
    }
    crd
}

fn strip_nullable(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    for property in schema.properties.iter_mut().flat_map(|p| p.values_mut()) {
        strip_nullable(property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        strip_nullable(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        strip_nullable(values);
    }
}
