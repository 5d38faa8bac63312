//! The routes: method and path to the name of an operation and its function.

use percent_encoding::percent_decode_str;

use super::{
    Call, OperationResult, connect_gateways, direct_connect_locations, direct_connects, extend_attributes, gdgw_routes, global_eips,
    global_gateways, hosted_connections, peer_detections, peer_links, quotas, rms, switchover, tag_queries, tags, vif_peers,
    virtual_gateways, virtual_interfaces,
};
use crate::{
    http::Request,
    identity::{self, iam, metadata, pod_identity, sts},
    state::Cloud,
};

/// An operation of Direct Connect. The last argument are the ids in the path, without the project.
pub type Operation = fn(&mut Cloud, &Call<'_>, &[String]) -> OperationResult;

#[derive(Clone, Copy)]
pub enum Handler {
    IssueToken,
    ListProjects,
    Identity(identity::Operation),
    Cloud(Operation),
}

/// Whose resources an operation is about.
pub enum Owner {
    Project(String),
    Domain(String),
    /// Of the operations of IAM and of the identity services.
    Caller,
}

pub struct Route {
    /// The operation id in the vendor's documents, where there is one.
    pub name: &'static str,
    pub owner: Owner,
    pub ids: Vec<String>,
    pub handler: Handler,
}

impl Route {
    /// Whether it is a list, which also a POST can be.
    pub fn is_list(&self) -> bool {
        self.name.starts_with("List")
    }
}

/// The route of a request. Its body matters only where one path has two operations.
pub fn find(request: &Request) -> Option<Route> {
    let Request { method, path, body, .. } = request;
    let segments: Vec<String> = path.split('/').skip(1).map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned()).collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["v3", "auth", "tokens"]) => Some(of_caller("KeystoneCreateUserTokenByPassword", Handler::IssueToken)),
        ("GET", ["v3", "projects"]) => Some(of_caller("KeystoneListProjects", Handler::ListProjects)),
        ("POST", ["v3.0", "OS-CREDENTIAL", "securitytokens"]) if iam::is_for_agency(body) => {
            Some(of_caller("CreateTemporaryAccessKeyByAgency", Handler::Identity(iam::keys_of_agency)))
        }
        ("GET", ["v3", "providers", service, "domains", domain, "regions", region, kind]) => {
            Some(cloud("ListRmsGlobalDcGateway", Owner::Domain((*domain).to_owned()), &[service, region, kind], rms::list))
        }
        ("GET", ["v3", "providers", service, "domains", domain, "regions", region, kind, id]) => {
            Some(cloud("ShowRmsGlobalDcGateway", Owner::Domain((*domain).to_owned()), &[service, region, kind, id], rms::show))
        }
        (method, ["v3", project, "dcaas", rest @ ..]) => {
            let (name, ids, operation) = dcaas(method, rest)?;
            Some(cloud(name, Owner::Project((*project).to_owned()), &ids, operation))
        }
        (method, ["v3", project, kind @ ("dc-directconnect" | "dc-vgw" | "dc-vif"), rest @ ..]) => {
            let (name, ids, operation) = tagging(method, rest)?;
            let ids: Vec<&str> = std::iter::once(*kind).chain(ids).collect();
            Some(cloud(name, Owner::Project((*project).to_owned()), &ids, operation))
        }
        (method, path) => identity(method, path),
    }
}

/// The names of the last three are ours: the vendor describes them, but names no operation.
fn identity(method: &str, path: &[&str]) -> Option<Route> {
    let (name, operation): (_, identity::Operation) = match (method, path) {
        ("POST", ["v5", "agencies", "assume"]) => ("AssumeAgency", sts::assume),
        ("POST", ["v5", "agencies", "assume-with-oidc"]) => ("AssumeAgencyWithOIDC", sts::assume_with_oidc),
        ("POST", ["v3.0", "OS-AUTH", "id-token", "tokens"]) => ("CreateTokenWithIdToken", iam::create_token),
        ("POST", ["v3.0", "OS-CREDENTIAL", "securitytokens"]) => ("CreateTemporaryAccessKeyByToken", iam::keys_by_token),
        ("PUT", ["meta-data", "latest", "api", "token"]) => ("CreateMetadataToken", metadata::create_token),
        ("GET", ["openstack", "latest", "securitykey"]) => ("ShowSecurityKey", metadata::show_keys),
        ("POST", ["pod-identity", "credentials"]) => ("ShowPodIdentityCredentials", pod_identity::assume),
        _ => return None,
    };
    Some(of_caller(name, Handler::Identity(operation)))
}

type Found<'p> = Option<(&'static str, Vec<&'p str>, Operation)>;

fn dcaas<'p>(method: &str, path: &[&'p str]) -> Found<'p> {
    let (name, ids, operation): (_, Vec<&str>, Operation) = match (method, path) {
        ("GET", ["direct-connects"]) => ("ListDirectConnects", vec![], direct_connects::list),
        ("GET", ["direct-connects", id]) => ("ShowDirectConnect", vec![id], direct_connects::show),
        ("PUT", ["direct-connects", id]) => ("UpdateDirectConnect", vec![id], direct_connects::update),
        ("DELETE", ["direct-connects", id]) => ("DeleteDirectConnect", vec![id], direct_connects::delete),
        ("GET", ["hosted-connects"]) => ("ListHostedDirectConnects", vec![], hosted_connections::list),
        ("POST", ["hosted-connects"]) => ("CreateHostedDirectConnect", vec![], hosted_connections::create),
        ("GET", ["hosted-connects", id]) => ("ShowHostedDirectConnect", vec![id], hosted_connections::show),
        ("PUT", ["hosted-connects", id]) => ("UpdateHostedDirectConnect", vec![id], hosted_connections::update),
        ("DELETE", ["hosted-connects", id]) => ("DeleteHostedDirectConnect", vec![id], hosted_connections::delete),
        ("GET", ["connect-gateways"]) => ("ListConnectGateways", vec![], connect_gateways::list),
        ("POST", ["connect-gateways"]) => ("CreateConnectGateway", vec![], connect_gateways::create),
        ("GET", ["connect-gateways", id]) => ("ShowConnectGateway", vec![id], connect_gateways::show),
        ("PUT", ["connect-gateways", id]) => ("UpdateConnectGateway", vec![id], connect_gateways::update),
        ("DELETE", ["connect-gateways", id]) => ("DeleteConnectGateway", vec![id], connect_gateways::delete),
        ("GET", ["connect-gateways", id, "binding-global-eips"]) => ("ListGlobalEips", vec![id], global_eips::list),
        ("POST", ["connect-gateways", id, "binding-global-eips"]) => ("BindGlobalEips", vec![id], global_eips::bind),
        ("POST", ["connect-gateways", id, "unbinding-global-eips"]) => ("UnbindGlobalEips", vec![id], global_eips::unbind),
        ("GET", ["direct-connect-locations"]) => ("ListDirectConnectLocations", vec![], direct_connect_locations::list),
        ("GET", ["direct-connect-locations", id]) => ("ShowDirectConnectLocation", vec![id], direct_connect_locations::show),
        ("GET", ["virtual-gateways"]) => ("ListVirtualGateways", vec![], virtual_gateways::list),
        ("POST", ["virtual-gateways"]) => ("CreateVirtualGateway", vec![], virtual_gateways::create),
        ("GET", ["virtual-gateways", id]) => ("ShowVirtualGateway", vec![id], virtual_gateways::show),
        ("PUT", ["virtual-gateways", id]) => ("UpdateVirtualGateway", vec![id], virtual_gateways::update),
        ("DELETE", ["virtual-gateways", id]) => ("DeleteVirtualGateway", vec![id], virtual_gateways::delete),
        ("GET", ["virtual-interfaces"]) => ("ListVirtualInterfaces", vec![], virtual_interfaces::list),
        ("POST", ["virtual-interfaces"]) => ("CreateVirtualInterface", vec![], virtual_interfaces::create),
        ("GET", ["virtual-interfaces", id]) => ("ShowVirtualInterface", vec![id], virtual_interfaces::show),
        ("PUT", ["virtual-interfaces", id]) => ("UpdateVirtualInterface", vec![id], virtual_interfaces::update),
        ("DELETE", ["virtual-interfaces", id]) => ("DeleteVirtualInterface", vec![id], virtual_interfaces::delete),
        ("PUT", ["virtual-interfaces", id, "extend-attributes"]) => ("UpdateExtendAttribute", vec![id], extend_attributes::update),
        ("POST", ["vif-peers"]) => ("CreateVifPeer", vec![], vif_peers::create),
        ("PUT", ["vif-peers", id]) => ("UpdateVifPeer", vec![id], vif_peers::update),
        ("DELETE", ["vif-peers", id]) => ("DeleteVifPeer", vec![id], vif_peers::delete),
        ("GET", ["vif-peer-detections"]) => ("ListVifPeerDetections", vec![], peer_detections::list),
        ("POST", ["vif-peer-detections"]) => ("CreateVifPeerDetection", vec![], peer_detections::create),
        ("GET", ["vif-peer-detections", id]) => ("ShowVifPeerDetection", vec![id], peer_detections::show),
        ("DELETE", ["vif-peer-detections", id]) => ("DeleteVifPeerDetection", vec![id], peer_detections::delete),
        ("POST", ["switchover-test"]) => ("SwitchoverTest", vec![], switchover::start),
        ("GET", ["switchover-test"]) => ("ListSwitchoverTestRecords", vec![], switchover::list),
        ("GET", ["global-dc-gateways"]) => ("ListGlobalDcGateways", vec![], global_gateways::list),
        ("POST", ["global-dc-gateways"]) => ("CreateGlobalDcGateway", vec![], global_gateways::create),
        ("GET", ["global-dc-gateways", id]) => ("ShowGlobalDcGateway", vec![id], global_gateways::show),
        ("PUT", ["global-dc-gateways", id]) => ("UpdateGlobalDcGateway", vec![id], global_gateways::update),
        ("DELETE", ["global-dc-gateways", id]) => ("DeleteGlobalDcGateway", vec![id], global_gateways::delete),
        ("GET", ["global-dc-gateways", gateway, "peer-links"]) => ("ListPeerLinks", vec![gateway], peer_links::list),
        ("POST", ["global-dc-gateways", gateway, "peer-links"]) => ("CreatePeerLink", vec![gateway], peer_links::create),
        ("GET", ["global-dc-gateways", gateway, "peer-links", id]) => ("ShowPeerLink", vec![gateway, id], peer_links::show),
        ("PUT", ["global-dc-gateways", gateway, "peer-links", id]) => ("UpdatePeerLink", vec![gateway, id], peer_links::update),
        ("DELETE", ["global-dc-gateways", gateway, "peer-links", id]) => ("DeletePeerLink", vec![gateway, id], peer_links::delete),
        ("GET", ["gdgw", gateway, "routetables"]) => ("ListGdgwRouteTables", vec![gateway], gdgw_routes::list),
        ("PUT", ["gdgw", gateway, "routetables"]) => ("UpdateGdgwRouteTable", vec![gateway], gdgw_routes::update),
        ("GET", ["quotas"]) => ("ShowQuotas", vec![], quotas::show),
        _ => return None,
    };
    Some((name, ids, operation))
}

fn tagging<'p>(method: &str, path: &[&'p str]) -> Found<'p> {
    let (name, ids, operation): (_, Vec<&str>, Operation) = match (method, path) {
        ("GET", ["tags"]) => ("ListProjectTags", vec![], tags::list_of_project),
        ("POST", ["resource-instances", "action"]) => ("ListTagResourceInstances", vec![], tag_queries::list),
        ("GET", [id, "tags"]) => ("ShowResourceTag", vec![id], tags::show),
        ("POST", [id, "tags"]) => ("CreateResourceTag", vec![id], tags::create),
        ("POST", [id, "tags", "action"]) => ("BatchCreateResourceTags", vec![id], tags::batch),
        ("DELETE", [id, "tags", key]) => ("DeleteResourceTag", vec![id, key], tags::delete),
        _ => return None,
    };
    Some((name, ids, operation))
}

fn of_caller(name: &'static str, handler: Handler) -> Route {
    Route { name, owner: Owner::Caller, ids: Vec::new(), handler }
}

fn cloud(name: &'static str, owner: Owner, ids: &[&str], operation: Operation) -> Route {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    Route { name, owner, ids, handler: Handler::Cloud(operation) }
}
