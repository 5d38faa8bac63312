//! Fields that name resources by their id: the vocabulary of the API.

use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Place;

/// A field that holds an id.
pub struct IdField {
    /// Where it stands.
    pub pointer: &'static str,
    /// Kind of the resource that it names. `None`: one of several; it leads to an object, or nowhere.
    pub kind: Option<&'static str>,
}

/// All fields that can lead from one resource to another.
pub const FIELDS: &[IdField] = &[
    IdField { pointer: "/spec/hostingId", kind: Some("Connection") },
    IdField { pointer: "/spec/connectionId", kind: Some("Connection") },
    IdField { pointer: "/spec/lagId", kind: Some("LinkAggregationGroup") },
    IdField { pointer: "/status/observed/lagId", kind: Some("LinkAggregationGroup") },
    IdField { pointer: "/spec/virtualInterfaceId", kind: Some("VirtualInterface") },
    IdField { pointer: "/spec/virtualGatewayId", kind: Some("VirtualGateway") },
    IdField { pointer: "/spec/globalGatewayId", kind: Some("GlobalGateway") },
    IdField { pointer: "/spec/connectGatewayId", kind: Some("ConnectGateway") },
    IdField { pointer: "/spec/peerSite/globalGatewayId", kind: Some("GlobalGateway") },
    IdField { pointer: "/spec/nexthop", kind: None },
    IdField { pointer: "/spec/vpcId", kind: Some("Vpc") },
    IdField { pointer: "/spec/enterpriseRouterId", kind: Some("EnterpriseRouter") },
    IdField { pointer: "/spec/peerSite/enterpriseRouterId", kind: Some("EnterpriseRouter") },
    IdField { pointer: "/spec/globalEipId", kind: Some("GlobalEip") },
    IdField { pointer: "/status/observed/globalCenterNetworkId", kind: Some("CentralNetwork") },
];

/// What no object stands for: its kind, its words, its place.
const OUTSIDE: &[(&str, &str, Place)] = &[
    ("LinkAggregationGroup", "LAG", Place::Share),
    ("Vpc", "VPC", Place::Network),
    ("EnterpriseRouter", "enterprise router", Place::Network),
    ("GlobalEip", "global EIP", Place::Network),
    ("CentralNetwork", "central network", Place::Network),
];

impl IdField {
    /// The field as documentation names it, e.g. `peerSite.enterpriseRouterId`.
    #[must_use]
    pub fn name(&self) -> String {
        let path = self.pointer.strip_prefix("/spec/").or_else(|| self.pointer.strip_prefix('/'));
        path.unwrap_or(self.pointer).replace('/', ".")
    }
}

/// Words and place of a kind, be it one of the operator's or not.
#[must_use]
pub fn describe(kind: &str) -> (String, Place) {
    if let Some((_, words, place)) = OUTSIDE.iter().find(|(outside, ..)| *outside == kind) {
        return ((*words).to_owned(), *place);
    }
    let place = kinds::named(kind).map_or(Place::Network, |known| known.place);
    (words(kind), place)
}

/// `VirtualGateway` as `virtual gateway`.
fn words(kind: &str) -> String {
    let mut words = String::new();
    for character in kind.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn kinds_have_words_and_places() {
        assert_eq!(describe("VirtualGateway"), ("virtual gateway".to_owned(), Place::Gateway));
        assert_eq!(describe("Vpc"), ("VPC".to_owned(), Place::Network));
        assert_eq!(FIELDS[8].name(), "peerSite.globalGatewayId");
    }

    #[test]
    fn every_field_is_one_of_a_kind_and_no_kind_has_an_id_that_is_forgotten() {
        let schemas: Vec<Value> = kinds::ALL.iter().map(|kind| serde_json::to_value(kind.definition()).unwrap()).collect();
        let has = |schema: &Value, pointer: &str| {
            let path = pointer.replace('/', "/properties/");
            schema.pointer(&format!("/spec/versions/0/schema/openAPIV3Schema{path}")).is_some()
        };
        for field in FIELDS {
            assert!(schemas.iter().any(|schema| has(schema, field.pointer)), "{}", field.pointer);
        }
        // Neither another resource's nor on the way.
        let other = ["enterpriseProjectId", "resourceTenantId", "gcbId"];
        for schema in &schemas {
            let spec = schema.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties").unwrap();
            for field in spec.as_object().unwrap().keys().filter(|field| field.ends_with("Id") && !other.contains(&field.as_str())) {
                assert!(FIELDS.iter().any(|known| known.pointer == format!("/spec/{field}")), "{field}");
            }
        }
    }
}
