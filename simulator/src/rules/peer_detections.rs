//! Rules of detections.

use super::{
    fields::{FieldType, require, validate},
    peers,
};
use crate::{
    http::ApiError,
    settings::Settings,
    state::{Cloud, Object, text},
};

/// Returns the validated body. A peer can be measured at any time at which it could be changed.
pub fn check_create(cloud: &Cloud, body: Object, project_id: &str, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, &[("vif_peer_id", FieldType::Uuid)], &[], settings)?;
    require(&body, &["vif_peer_id"])?;
    let id = text(&body, "vif_peer_id");
    let interface = cloud.interface_of_peer(id).filter(|interface| cloud.interface_visible(interface, project_id));
    let (interface, peer) = interface.zip(cloud.peer(id)).ok_or_else(|| ApiError::bad_request("DC.0002"))?;
    peers::check_interface_changeable(cloud, interface, settings)?;
    peers::check_peer_unlocked(peer, settings)?;
    Ok(body)
}
