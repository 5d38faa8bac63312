//! Errors, in the formats of Direct Connect, of the API gateway in front of it, and of the identity services.

use axum::http::StatusCode;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
    origin: Origin,
}

/// The service that reports the error, which decides the format of the body.
#[derive(Clone, Copy, Debug)]
enum Origin {
    DirectConnect,
    ApiGateway,
    Iam,
    /// STS, and the operations of IAM under `v3.0/OS-AUTH`.
    Identity,
}

impl ApiError {
    /// HTTP 400 with the documented message of the code.
    pub fn bad_request(code: &str) -> Self {
        Self::direct_connect(StatusCode::BAD_REQUEST, code, meaning(code))
    }

    pub fn with_detail(code: &str, detail: &str) -> Self {
        Self::direct_connect(StatusCode::BAD_REQUEST, code, &format!("{} {detail}", meaning(code)))
    }

    /// `DC.0001` with what is wrong with the parameter.
    pub fn invalid_parameter(detail: &str) -> Self {
        Self::with_detail("DC.0001", detail)
    }

    pub fn not_found(code: &str) -> Self {
        Self::direct_connect(StatusCode::NOT_FOUND, code, meaning(code))
    }

    pub fn direct_connect(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(Origin::DirectConnect, status, code, message)
    }

    pub fn api_gateway(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(Origin::ApiGateway, status, code, message)
    }

    pub fn iam(status: StatusCode, message: &str) -> Self {
        Self::new(Origin::Iam, status, status.as_str(), message)
    }

    /// An error of STS or of IAM with a code of its own.
    pub fn identity(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(Origin::Identity, status, code, message)
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(self.status);
        self
    }

    pub fn body(&self, request_id: &str) -> Value {
        let Self { status, code, message, origin } = self;
        match origin {
            Origin::DirectConnect => json!({"requestId": request_id, "error_msg": message, "error_code": code}),
            Origin::Iam => json!({"error": {
                "code": status.as_u16(), "message": message, "title": status.canonical_reason(),
            }}),
            // Of a refusal, STS tells the reason only to those who may decode it.
            Origin::Identity if *status == StatusCode::FORBIDDEN && code.starts_with("STS5.") => json!({
                "error_msg": message, "error_code": code, "request_id": request_id,
                "encoded_authorization_message": format!("SIMULATEDAUTHORIZATIONMESSAGE{request_id}"),
            }),
            Origin::ApiGateway | Origin::Identity => json!({"error_msg": message, "error_code": code, "request_id": request_id}),
        }
    }

    fn new(origin: Origin, status: StatusCode, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), origin }
    }
}

/// The documented meaning of an error code of Direct Connect.
fn meaning(code: &str) -> &'static str {
    match code {
        "DC.0000" => "The request body is abnormal.",
        "DC.0001" => "Request parameter error.",
        "DC.0002" => "The resource does not exist.",
        "DC.0004" => "Invalid IP address.",
        "DC.0007" => "The VPC does not exist.",
        "DC.0008" => "The BGP ASN is out of range.",
        "DC.1000" => "Insufficient connection bandwidth.",
        "DC.1003" => "A VLAN is not specified for a hosted connection.",
        "DC.1004" => "A non-operations connection is selected for creating a hosted connection.",
        "DC.1005" => "The connection is abnormal.",
        "DC.1007" => "The connection is in use.",
        "DC.1008" => "Hosted connection VLANs conflict.",
        "DC.1010" => "Connection bandwidth is decreased.",
        "DC.1011" => "Connection bandwidth cannot be changed.",
        "DC.1012" => "The connection does not exist.",
        "DC.1015" => "The connection or LAG does not exist.",
        "DC.1017" => "The VLAN ID of the hosted connection is 0.",
        "DC.1019" => "The connection quota has been used up.",
        "DC.1101" => "The number of local subnets exceeds the limit.",
        "DC.1105" => "The local CIDR block overlap with the remote CIDR block.",
        "DC.1106" => "The virtual gateway is in use.",
        "DC.1110" => "A virtual gateway has been associated with the VPC.",
        "DC.1111" => "The virtual gateway does not exist.",
        "DC.1112" => "The devices used by the virtual gateway are not in active/standby mode.",
        "DC.1117" => "The virtual gateway has been associated with two connections and cannot be associated with more connections.",
        "DC.1118" => "The virtual gateway is being operated.",
        "DC.1200" => "No LAG or connection is specified for the virtual interface.",
        "DC.1203" => "No ASN is specified for the BGP virtual interface.",
        "DC.1204" => "Creating virtual interfaces is not supported for operations connections.",
        "DC.1205" => "The status of the resource associated with the virtual interface is abnormal.",
        "DC.1206" => "The hosted connection has been associated with a virtual interface.",
        "DC.1207" => "The VLAN of the virtual interface is inconsistent with that of the hosted connection.",
        "DC.1208" => "The bandwidth of the virtual interface associated with a hosted connection cannot be modified.",
        "DC.1209" => "Virtual interface VLANs conflict.",
        "DC.1210" => "The virtual interface status cannot be changed.",
        "DC.1211" => "The virtual interface does not exist.",
        "DC.1213" => "The virtual interface does not match the tenant.",
        "DC.1215" => "The virtual interface type does not match.",
        "DC.1216" => "The local gateway is invalid.",
        "DC.1219" => "A virtual interface with VLAN 0 is created.",
        "DC.1223" => "The local BGP ASN is the same as the remote BGP ASN.",
        "DC.1400" => "The number of endpoint groups reaches the limit.",
        "DC.1401" => "Duplicate CIDR blocks.",
        _ => "The request cannot be carried out.",
    }
}
