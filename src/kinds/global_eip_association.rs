//! `GlobalEipAssociation`: a global EIP at a connect gateway. The global EIP is what is found in the cloud; the binding is what comes and goes.

use serde_json::json;

use crate::accounts::{Use, What};
use crate::api::cloud_account::{Feature, Features};
use crate::api::global_eip_association::GlobalEipType;
use crate::api::{GlobalEipAssociation, GlobalEipAssociationObserved, GlobalEipAssociationSpec, Managed, Reason, Tags};
use crate::cloud::{self, BindGlobalEip, BoundGlobalEip, Call};
use crate::reconcile::{Desired, Difference, Kind, Place, Refer, Reference, ResourcePhase, SpecTags, recall};

use super::compare::Comparison;
use super::connect_gateway::ConnectGatewayKind;
use super::{express, imported};

/// Field that refers to the gateway.
const GATEWAY: &str = "connectGatewayRef";
/// Field that names it.
const GATEWAY_ID: &str = "connectGatewayId";

/// The kind.
pub struct GlobalEipAssociationKind;

impl Kind for GlobalEipAssociationKind {
    type Object = GlobalEipAssociation;
    type Listed = BoundGlobalEip;
    type Resource = BoundGlobalEip;

    const NAME: &'static str = "GlobalEipAssociation";
    const REFERENCES: &'static [(&'static str, &'static str)] = &[(GATEWAY, ConnectGatewayKind::NAME)];
    const PLACE: Place = Place::Attachment;
    const WRITES: &'static [&'static str] = BoundGlobalEip::WRITES;
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = Some(|features| features.connect_gateways);
    const HAS_HEALTH: bool = false;

    fn tags_of(_: &GlobalEipAssociation) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn references(object: &GlobalEipAssociation) -> Vec<Reference> {
        let gateway = object.spec.connect_gateway_ref.iter();
        gateway.map(|gateway| Reference::new(GATEWAY, ConnectGatewayKind::NAME, gateway)).collect()
    }

    /// A gateway that is named by its ID is granted like a network: nothing else of it could be.
    fn uses(object: &GlobalEipAssociation) -> Vec<Use> {
        let spec = &object.spec;
        let by_id = |id: &String| [What::Network(id.clone()), What::Resource(ConnectGatewayKind::NAME, id.clone())];
        let gateway = spec.connect_gateway_id.iter().flat_map(by_id).map(|what| Use::new(GATEWAY_ID, what));
        let bandwidth = spec.gcb_id.iter().map(|id| Use::new("gcbId", What::Gcb(id.clone())));
        let global_eip = Use::new("globalEipId", What::GlobalEip(spec.global_eip_id.clone()));
        gateway.chain([global_eip]).chain(bandwidth).chain(imported(None, spec.import.as_ref())).collect()
    }

    fn resources(listed: &BoundGlobalEip) -> Vec<BoundGlobalEip> {
        vec![listed.clone()]
    }

    fn place(_: Option<&BoundGlobalEip>, seen: BoundGlobalEip) -> Option<BoundGlobalEip> {
        Some(seen)
    }

    fn id(seen: &BoundGlobalEip) -> &str {
        cloud::Listed::id(seen)
    }

    fn tags(_: &BoundGlobalEip) -> Tags {
        Tags::new()
    }

    fn id_before_create(object: &GlobalEipAssociation) -> Option<&str> {
        Some(&object.spec.global_eip_id)
    }

    fn natural_key(desired: &Desired<'_, GlobalEipAssociation>) -> Option<String> {
        Some(desired.object.spec.global_eip_id.clone())
    }

    fn describe_natural_key(desired: &Desired<'_, GlobalEipAssociation>) -> Option<String> {
        Some(format!("global EIP {}", desired.object.spec.global_eip_id))
    }

    /// A global EIP is bound once (`docs/design/uncertain-facts.md#u36`), to whatever gateway. What came from a bind that may have been sent is at
    /// the gateway of that bind.
    fn is_at(desired: &Desired<'_, GlobalEipAssociation>, seen: &BoundGlobalEip) -> bool {
        let is_there = desired.created_as.is_none() || seen.connect_gateway_id == gateway(desired);
        Self::id(seen) == desired.object.spec.global_eip_id && is_there
    }

    /// Where it was bound, that may be to another gateway than the spec names by now.
    fn listed_under(desired: &Desired<'_, GlobalEipAssociation>) -> Option<String> {
        let observed = desired.object.status().and_then(|status| status.observed.as_ref());
        observed.and_then(|observed| observed.connect_gateway_id.clone()).or_else(|| gateway(desired))
    }

    fn listed_at(seen: &BoundGlobalEip) -> Option<&str> {
        seen.connect_gateway_id.as_deref()
    }

    fn create(desired: &Desired<'_, GlobalEipAssociation>) -> Option<Call> {
        let spec = &desired.object.spec;
        let bind = BindGlobalEip { global_eip_id: spec.global_eip_id.clone(), type_: spec.type_.unwrap_or_default().as_str() };
        Some(bind.call(&gateway(desired).unwrap_or_default(), spec.gcb_id.as_deref()))
    }

    fn delete(bound: &BoundGlobalEip) -> Option<Call> {
        Some(BoundGlobalEip::unbind(Self::id(bound), bound.connect_gateway_id.as_deref().unwrap_or_default()))
    }

    fn compare(desired: &Desired<'_, GlobalEipAssociation>, seen: &BoundGlobalEip) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        let field = if spec.connect_gateway_id.is_some() { GATEWAY_ID } else { GATEWAY };
        comparison.fixed(field, gateway(desired).as_ref(), seen.connect_gateway_id.as_ref());
        comparison.fixed("type", Some(spec.type_.unwrap_or_default().as_str()), seen.type_.as_deref());
        comparison.fixed("gcbId", spec.gcb_id.as_ref(), seen.gcb_id.as_ref());
        comparison.finish()
    }

    /// Nothing of a binding can change.
    fn update(_: &Desired<'_, GlobalEipAssociation>, _: &BoundGlobalEip, _: &[Difference]) -> Option<Call> {
        None
    }

    /// The documents have two words for one that is bound (`docs/design/uncertain-facts.md#u33`).
    fn phase(seen: &BoundGlobalEip) -> ResourcePhase {
        match seen.status.as_deref() {
            Some("BINDING") => ResourcePhase::Settling(Reason::Creating),
            Some("BIND_SUCCESSFULLY") => ResourcePhase::Settled,
            Some("UNBINDING") => ResourcePhase::Deleting,
            status => ResourcePhase::of(status, seen.error_message.as_deref()),
        }
    }

    fn parent_ids(observed: &GlobalEipAssociationObserved) -> Vec<&String> {
        observed.connect_gateway_id.iter().collect()
    }

    fn observed(seen: &BoundGlobalEip) -> GlobalEipAssociationObserved {
        let BoundGlobalEip {
            global_eip_id: _,
            global_eip_segment_id: _,
            connect_gateway_id,
            type_,
            cidr,
            address_family,
            gcb_id,
            status,
            error_message,
        } = seen.clone();
        GlobalEipAssociationObserved { connect_gateway_id, cidr, address_family, type_, status, gcb_id, error_message }
    }

    fn spec_of(seen: &BoundGlobalEip, refer: &Refer<'_>) -> Result<GlobalEipAssociationSpec, String> {
        let gateway = express::needed("connect_gateway_id", seen.connect_gateway_id.clone())?;
        let connect_gateway_ref = refer(ConnectGatewayKind::NAME, &gateway);
        let type_: GlobalEipType = express::word(seen.type_.as_ref()).unwrap_or_default();
        Ok(GlobalEipAssociationSpec {
            account_ref: None,
            policy: None,
            import: None,
            connect_gateway_id: Some(gateway).filter(|_| connect_gateway_ref.is_none()),
            connect_gateway_ref,
            global_eip_id: Self::id(seen).to_owned(),
            type_: Some(type_).filter(|type_| *type_ != GlobalEipType::default()),
            gcb_id: seen.gcb_id.clone(),
        })
    }

    fn recalled(
        desired: &Desired<'_, GlobalEipAssociation>,
        id: &str,
        observed: Option<&GlobalEipAssociationObserved>,
    ) -> Option<BoundGlobalEip> {
        let spec = &desired.object.spec;
        let fields = json!({
            "connect_gateway_id": gateway(desired), "type": spec.type_.unwrap_or_default().as_str(), "gcb_id": spec.gcb_id,
        });
        recall(fields, (<BoundGlobalEip as cloud::Listed>::ID, id), observed, &[])
    }
}

fn gateway(desired: &Desired<'_, GlobalEipAssociation>) -> Option<String> {
    desired.links.get(GATEWAY).or(desired.object.spec.connect_gateway_id.as_ref()).cloned()
}
