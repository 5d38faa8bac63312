//! The class of each documented error code, and the operator's own codes.
//!
//! The rows are those of the vendor's tables, in their order and with their meanings, shortened; the classes are the
//! operator's (`docs/design/cloud-api.md#error-codes`). `APIGW.0201` has no row: it is used for errors of both sides, so its HTTP status decides.

use crate::cloud::errors::class::ErrorClass::{
    self, Absent, Auth, Busy, Conflict, InUse, Invalid, Permission, Quota, Server, Throttled, Unsupported,
};

/// An error code of the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The cloud's `error_code`.
    pub code: &'static str,
    pub class: ErrorClass,
    /// From the vendor's documentation.
    pub meaning: &'static str,
}

const fn row(code: &'static str, class: ErrorClass, meaning: &'static str) -> Code {
    Code { code, class, meaning }
}

/// The operator's own codes, for errors without a code of the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnCode {
    /// No answer in time.
    Timeout,
    /// No connection, or one that broke.
    Unreachable,
    /// An unreadable answer.
    Malformed,
    /// An answer above the size limit.
    TooLarge,
    /// IAM has no project of the region's name, or several.
    ProjectUnknown,
    /// The region has no STS.
    NoSts,
    /// The request would order or cancel a connection, or change what it costs.
    ConnectionProtected,
    /// The file of a token is missing or empty.
    TokenMissing,
    /// The file of a token holds something else.
    TokenInvalid,
    /// The metadata service or the agent of pod identity may not be asked at this address.
    AddressNotAllowed,
    /// New keys that have ended already.
    Expired,
    /// A bug in the operator.
    Internal,
}

impl OwnCode {
    pub const ALL: [Self; 12] = [
        Self::Timeout,
        Self::Unreachable,
        Self::Malformed,
        Self::TooLarge,
        Self::ProjectUnknown,
        Self::NoSts,
        Self::ConnectionProtected,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::AddressNotAllowed,
        Self::Expired,
        Self::Internal,
    ];

    /// As shown in `status.lastError.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "Timeout",
            Self::Unreachable => "Unreachable",
            Self::Malformed => "Malformed",
            Self::TooLarge => "TooLarge",
            Self::ProjectUnknown => "ProjectUnknown",
            Self::NoSts => "NoSts",
            Self::ConnectionProtected => "ConnectionProtected",
            Self::TokenMissing => "TokenMissing",
            Self::TokenInvalid => "TokenInvalid",
            Self::AddressNotAllowed => "AddressNotAllowed",
            Self::Expired => "Expired",
            Self::Internal => "Internal",
        }
    }

    #[must_use]
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::ProjectUnknown | Self::ConnectionProtected | Self::TokenInvalid | Self::AddressNotAllowed => Invalid,
            Self::TokenMissing => Auth,
            Self::Timeout | Self::Unreachable | Self::Malformed | Self::TooLarge | Self::NoSts | Self::Expired | Self::Internal => Server,
        }
    }

    /// For users.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Timeout => "No answer in time. A change may have taken effect; the operator checks before it sends another one.",
            Self::Unreachable => "No connection, or one that broke: name, network, proxy or certificate.",
            Self::Malformed => "The answer can't be read: it is a proxy's page, or of an API that the operator does not know.",
            Self::TooLarge => "The answer is above the operator's size limit.",
            Self::ProjectUnknown => "IAM has no project of the region's name, or several. Set `spec.projectId` of the CloudAccount.",
            Self::NoSts => {
                "No name of STS in the region resolves, while those of other services do. Use `workloadIdentity` with `idpId`, or set `spec.endpoints.sts` of the CloudAccount to the STS of another region."
            }
            Self::ConnectionProtected => {
                "The request would order or cancel a connection, or change what it costs, so that it was not sent. A bug in the operator: please report it."
            }
            Self::TokenMissing => {
                "The file of a token in the operator's pod is missing or empty. Mount the token, or correct `tokenPath` of the CloudAccount."
            }
            Self::TokenInvalid => {
                "The file that `tokenPath` of the CloudAccount names is not an ID token for the cloud. Name the file of a projected token whose audience is the client ID of the identity provider."
            }
            Self::AddressNotAllowed => {
                "The metadata service or the agent of pod identity has an address that credentials are not sent to: plain HTTP to a host name or a public address."
            }
            Self::Expired => "New credentials had expired already. Check the clocks of the operator's node and of whoever gave them.",
            Self::Internal => "A bug in the operator: please report it.",
        }
    }
}

/// `code` as a label of metrics: `other` unless it is in [`CATALOGUE`] or [`OwnCode`], so that the cloud can't create new series.
#[must_use]
pub fn code_label(code: &str) -> &'static str {
    let row = CATALOGUE.iter().map(|row| row.code).find(|known| *known == code);
    row.or_else(|| OwnCode::ALL.iter().map(|own| own.as_str()).find(|known| *known == code)).unwrap_or("other")
}

/// Every code that has a class of its own, in the order of the vendor's tables.
pub const CATALOGUE: &[Code] = &[
    row("DC.0000", Invalid, "The request body is abnormal."),
    row("DC.0001", Invalid, "Request parameter error."),
    row("DC.0002", Absent, "The resource does not exist."),
    row("DC.0003", Server, "System error."),
    row("DC.0004", Invalid, "Invalid IP address."),
    row("DC.0005", Server, "Failed to call the VPC API."),
    row("DC.0006", Server, "Failed to call the MO API."),
    row("DC.0007", Invalid, "The VPC does not exist."),
    row("DC.0008", Invalid, "The BGP ASN is out of range."),
    row("DC.0009", Permission, "Invalid policy."),
    row("DC.0010", Server, "The VPC_VNI does not exist."),
    row("DC.0011", Server, "The AGENT is abnormal."),
    row("DC.0012", Server, "Failed to call the CBC API."),
    row("DC.0013", Permission, "You have no permission to operate the field."),
    row("DC.1000", Quota, "Insufficient connection bandwidth."),
    row("DC.1001", Invalid, "A VLAN is specified for a non-hosted connection."),
    row("DC.1002", Server, "Failed to create a hosted connection."),
    row("DC.1003", Invalid, "A VLAN is not specified for a hosted connection."),
    row("DC.1004", Invalid, "A non-operations connection is selected for creating a hosted connection."),
    row("DC.1005", Busy, "The connection is abnormal."),
    row("DC.1006", InUse, "The device and type cannot be modified when the connection is in use."),
    row("DC.1007", InUse, "The connection is in use."),
    row("DC.1008", Conflict, "Hosted connection VLANs conflict."),
    row("DC.1010", Invalid, "Connection bandwidth is decreased."),
    row("DC.1011", Invalid, "Connection bandwidth cannot be changed."),
    row("DC.1012", Absent, "The connection does not exist."),
    row("DC.1014", Invalid, "A redundant connection is set for a non-standard connection."),
    row("DC.1015", Absent, "The connection or LAG does not exist."),
    row("DC.1017", Invalid, "The VLAN ID of the hosted connection is 0."),
    row("DC.1019", Quota, "The connection quota has been used up."),
    row("DC.1100", Invalid, "The local endpoint group ID of the virtual gateway is invalid."),
    row("DC.1101", Quota, "The number of local subnets exceeds the limit."),
    row("DC.1102", Invalid, "The standby device is specified when the active device is not specified."),
    row("DC.1103", Invalid, "The active and standby devices are the same."),
    row("DC.1104", Invalid, "The device information cannot be updated for the virtual gateway."),
    row("DC.1105", Invalid, "The local CIDR block overlap with the remote CIDR block."),
    row("DC.1106", InUse, "The virtual gateway is in use."),
    row("DC.1107", Quota, "Virtual gateway VLANs are exhausted."),
    row("DC.1108", Quota, "Virtual gateway VNIs are exhausted."),
    row("DC.1109", Quota, "Virtual gateway VRFs are exhausted."),
    row("DC.1110", Conflict, "A virtual gateway has been associated with the VPC."),
    row("DC.1111", Absent, "The virtual gateway does not exist."),
    row("DC.1112", Unsupported, "The devices used by the virtual gateway are not in active/standby mode."),
    row("DC.1113", Busy, "The virtual gateway is in the cutover state."),
    row("DC.1114", Unsupported, "`traffic_mode` cannot be updated for VLANs or virtual gateways with a single VTEP device."),
    row("DC.1115", Server, "The VNI of the virtual gateway does not exist."),
    row("DC.1116", Server, "Failed to update the route gateway."),
    row("DC.1117", Quota, "The virtual gateway has been associated with two connections and cannot be associated with more connections."),
    row("DC.1118", Busy, "The virtual gateway is being operated (locked)."),
    row("DC.1119", Server, "Failed to create the route gateway device group."),
    row("DC.1120", Unsupported, "The `main_az_list` configuration item is incorrect."),
    row("DC.1200", Invalid, "No LAG or connection is specified for the virtual interface."),
    row("DC.1201", Invalid, "The connection does not match the virtual gateway type."),
    row("DC.1202", Invalid, "Virtual interfaces of the `double ipsec` type cannot be created."),
    row("DC.1203", Invalid, "No ASN is specified for the BGP virtual interface."),
    row("DC.1204", Invalid, "Creating virtual interfaces is not supported for operations connections."),
    row("DC.1205", Busy, "The status of the resource associated with the virtual interface is abnormal."),
    row("DC.1206", InUse, "The hosted connection has been associated with a virtual interface."),
    row("DC.1207", Invalid, "The VLAN of the virtual interface is inconsistent with that of the hosted connection."),
    row("DC.1208", Invalid, "The bandwidth of the virtual interface associated with a hosted connection cannot be modified."),
    row("DC.1209", Conflict, "Virtual interface VLANs conflict."),
    row("DC.1210", Busy, "The virtual interface status cannot be changed."),
    row("DC.1211", Absent, "The virtual interface does not exist."),
    row("DC.1212", Invalid, "The virtual gateway is in a different group from the connection."),
    row("DC.1213", Permission, "The virtual interface does not match the tenant."),
    row("DC.1214", InUse, "The virtual interface has been used."),
    row("DC.1215", Invalid, "The virtual interface type does not match."),
    row("DC.1216", Invalid, "The local gateway is invalid."),
    row("DC.1217", Invalid, "The IES edge site ID of the connection does not match that of the local gateway."),
    row("DC.1218", Invalid, "The local gateway does not match."),
    row("DC.1219", Invalid, "A virtual interface with VLAN 0 is created."),
    row("DC.1220", Invalid, "The `vif email` field on the public network is empty."),
    row("DC.1221", Invalid, "The selected virtual gateway device does not support access from Direct Connect locations."),
    row("DC.1222", Quota, "Insufficient POP VNIs."),
    row("DC.1223", Invalid, "The local BGP ASN is the same as the remote BGP ASN."),
    row("DC.1224", Invalid, "The virtual interface of the connection terminated at a Direct Connect location does not support VLAN 0."),
    row("DC.1225", Quota, "The number of virtual interfaces for which traffic statistics collection is enabled reaches the limit."),
    row("DC.1226", Invalid, "Traffic statistics collection cannot be enabled on Layer 2 remote interfaces that have no sub-interfaces."),
    row("DC.1227", Busy, "Traffic statistics cannot be updated because the virtual interface is abnormal."),
    row("DC.1400", Quota, "The number of endpoint groups reaches the limit."),
    row("DC.1401", Invalid, "Duplicate CIDR blocks."),
    row("DC.1402", InUse, "The endpoint group is in use."),
    row("DC.1403", Absent, "The endpoint group does not exist."),
    row("DC.2720", Absent, "The route of the global gateway does not exist."),
    row(
        "APIGW.0101",
        Unsupported,
        "The API or its method does not exist: wrong endpoint, or not in this region. Never taken for a deleted resource.",
    ),
    row("APIGW.0103", Unsupported, "The backend does not exist."),
    row("APIGW.0104", Unsupported, "A plug-in of the gateway is configured wrongly."),
    row("APIGW.0105", Unsupported, "A backend of the gateway is configured wrongly."),
    row("APIGW.0106", Unsupported, "The gateway orchestrates the call wrongly."),
    row("APIGW.0301", Auth, "Wrong IAM authentication: access key, secret key or token."),
    row("APIGW.0302", Permission, "The IAM user is not authorised."),
    row("APIGW.0303", Auth, "Wrong authentication of the application, or the local clock is off by more than 15 minutes."),
    row("APIGW.0304", Permission, "The application is denied."),
    row("APIGW.0305", Auth, "Wrong authentication information."),
    row("APIGW.0306", Permission, "Access to the API is denied."),
    row("APIGW.0307", Auth, "The token has expired or is another region's."),
    row("APIGW.0308", Throttled, "Too many calls."),
    row("APIGW.0310", Permission, "The project is not available."),
    row("APIGW.0311", Auth, "Wrong authentication for debugging."),
    row("APIGW.0401", Permission, "The client's address is not known."),
    row("APIGW.0402", Permission, "The client's address is not allowed."),
    row("APIGW.0404", Permission, "The backend's address is denied."),
    row("APIGW.0501", Quota, "The application's quota is used up."),
    row("APIGW.0502", Quota, "The application is frozen because of unpaid bills."),
    row("APIGW.0601", Server, "Internal error of the gateway."),
    row("APIGW.0602", Invalid, "Bad request."),
    row("APIGW.0605", Server, "Internal error of the gateway."),
    row("APIGW.0606", Server, "Internal error of the gateway."),
    row("APIGW.0607", Invalid, "The protocol is not supported."),
    row("APIGW.0608", Server, "Internal error of the gateway."),
    row("APIGW.0609", Server, "Internal error of the gateway."),
    row("APIGW.0610", Server, "The gateway has no backend."),
    row("APIGW.0611", Server, "Internal error of the gateway."),
    row("APIGW.0612", Server, "Internal error of the gateway."),
    row("APIGW.0613", Server, "IAM is not available."),
    row("APIGW.0705", Server, "Internal error of the gateway."),
    row("APIGW.0801", Unsupported, "The service is not available in this region."),
    row("APIGW.0802", Permission, "The user may not use this region."),
    row("IAM.0001", Auth, "Authentication is required."),
    row("IAM.0002", Permission, "The user is not authorised."),
    row("IAM.0004", Invalid, "The requested object does not exist."),
    row("IAM.0006", Server, "Unexpected error of IAM."),
    row("IAM.0011", Invalid, "The body of the request is invalid."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_known_code_or_other() {
        for (code, label) in
            [("DC.1209", "DC.1209"), ("APIGW.0308", "APIGW.0308"), ("Timeout", "Timeout"), ("DC.9999", "other"), ("503", "other")]
        {
            assert_eq!(code_label(code), label);
        }
    }
}
