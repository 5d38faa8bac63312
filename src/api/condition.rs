//! Conditions: their types and reasons, and the pure merge of a new one into the list.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The conditions of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// The cloud resource exists, is in a stable state and matches the spec. Of an account: its credentials are accepted.
    Ready,
    /// The last comparison with the cloud found no difference, or it was corrected.
    Synced,
    /// The cloud resource works.
    Healthy,
    /// Other cloud resources have the owner tag of the object. Only present while true.
    Duplicated,
    /// kstatus: the operator or the cloud is making progress. Only present while true.
    Reconciling,
    /// kstatus: no progress until a user changes something. Only present while true.
    Stalled,
}

impl ConditionType {
    /// All types, in the order in which they are listed.
    pub const ALL: [Self; 6] = [Self::Ready, Self::Synced, Self::Healthy, Self::Duplicated, Self::Reconciling, Self::Stalled];

    /// The value of `conditions[].type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Synced => "Synced",
            Self::Healthy => "Healthy",
            Self::Duplicated => "Duplicated",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
        }
    }
}

impl ConditionType {
    /// The meaning of its statuses.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ready => {
                "`True`: the cloud resource exists, is in a stable state and matches the spec. `False`: not yet, or no longer; see the reason. Of an account: `True` if the cloud accepts the credentials and the project is known."
            }
            Self::Synced => {
                "`True`: the last comparison found no difference, or the difference was corrected. `False`: the cloud resource differs from the spec, or the object is paused. `Unknown`: not compared yet."
            }
            Self::Healthy => {
                "`True`: the cloud resource works. `False`: it exists but is down or failed. `Unknown`: it is not in a stable state yet. A resource that is down can still be `Ready`. Routes and bindings of global EIPs do not have this condition."
            }
            Self::Duplicated => {
                "`True` while other cloud resources have the owner tag of the object, besides the one in `status.id`; otherwise absent. The message has their IDs. They are deleted with the object only if they are in `status.createdIds`."
            }
            Self::Reconciling => "`True` while a change is in progress or the operator waits for something; otherwise absent.",
            Self::Stalled => "`True` while there is no progress until a user changes something; otherwise absent.",
        }
    }

    /// Whether accounts have the condition.
    #[must_use]
    pub const fn is_of_accounts(self) -> bool {
        matches!(self, Self::Ready | Self::Reconciling | Self::Stalled)
    }
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// True.
    True,
    /// False.
    False,
    /// Not known.
    Unknown,
}

impl ConditionStatus {
    /// The value of `conditions[].status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Generates the enum, its texts and the list of all reasons from one list, so that they cannot differ.
macro_rules! reasons {
    ($($name:ident => $advice:literal,)+) => {
        /// The reason of a condition. Each one says what to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $advice] $name,)+
        }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The value of `conditions[].reason`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// What the reason means and what to do about it.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)+
                }
            }
        }
    };
}

reasons! {
    Available => "The cloud resource matches the spec. No action is required.",
    Creating => "The cloud resource is being created. Wait.",
    Updating => "A change is being applied to the cloud resource. Wait.",
    Deleting => "The cloud resource is being deleted. Wait.",
    Released => "The object is deleted, and the operator has nothing more to do for it; the message says what became of the cloud resource. Finalizers of others keep the object, see `metadata.finalizers`.",
    Settling => "The cloud is still processing the resource (a PENDING status). Wait.",
    WaitingForReference => "A referenced object does not exist, is not ready, or its use is not granted to this namespace. Create it, or check its conditions; `status.waitingFor` lists it.",
    WaitingForDependants => "The deletion waits for objects that still reference this object. Delete these objects; `status.waitingFor` lists them.",
    WaitingForAccount => "The CloudAccount does not exist, is not ready, or does not allow this namespace. Check its conditions and its `spec.allowedNamespaces`.",
    Paused => "The object has the annotation `directconnect.huaweicloud.com/paused`. Remove the annotation to resume.",
    Observed => "The management policy is ObserveOnly: the operator reads the cloud resource and never changes it. To change this, set `spec.policy.management: Managed`.",
    Drifted => "The cloud resource differs from the spec and is not corrected. Check `status.drift`. Change the spec, or set `spec.policy.drift: Correct`. If the message says that a field does not keep its value, find out what else changes it.",
    Invalid => "The cloud rejected the spec. Correct the spec; see `status.lastError`.",
    Immutable => "The cloud resource differs from the spec in fields that cannot be changed. Revert the spec, or delete the object and create it again.",
    Conflict => "The VLAN, VPC or address family in the spec is already used by another object, or several cloud resources match the spec. Choose another value, or adopt the cloud resource with `spec.import`.",
    InUse => "The cloud rejects the operation because the resource is still in use. Remove what uses it. The operator retries automatically.",
    QuotaExceeded => "A quota of the account is exhausted. Delete resources that are not needed, or request a higher quota. The operator retries at long intervals.",
    Forbidden => "The credentials of the account lack a permission. Grant the IAM action for the operation in `status.lastError.operation`.",
    NotGranted => "The grants of the CloudAccount do not allow this namespace to use what the spec asks for. Ask the platform team to extend `spec.grants` of the account.",
    CredentialsRejected => "The cloud rejected the credentials of the account. Correct the Secret of the CloudAccount; the operator uses the change immediately. Without a Secret, correct the identity provider, the agency or its trust policy in the cloud.",
    Throttled => "The cloud limits the rate of API calls. Wait; the operator reduces its rate automatically.",
    CloudFailed => "The cloud reports that the resource failed. Check `status.observed` and `status.lastError`. Delete the object and create it again, or contact the support of the cloud.",
    CloudUnavailable => "The cloud does not respond, or returns server errors. Wait; the operator retries automatically.",
    NotFound => "The cloud resource does not exist. With ObserveOnly or `spec.import`, create the resource in the cloud, or create the object again with another ID.",
    Unsupported => "The region does not support an operation that the spec needs. Remove the field from the spec, or disable the feature in `spec.features` of the CloudAccount.",
    Unreadable => "The cloud shows the resource in a form that the operator cannot read; the message names the field. Nothing is changed until it can be read. Correct the resource in the cloud, or update the operator.",
    Up => "The cloud resource works. No action is required.",
    Down => "The cloud resource exists but is down. Check the port, the VLAN, the gateway addresses and the BGP session on the customer side.",
    AdminShutdown => "The virtual interface was shut down for a switchover test. End the test to enable it again.",
    Delivering => "The connection is ordered and not delivered yet. Wait for the delivery, or see the order in the console.",
    AwaitingAcceptance => "The other account has not accepted the virtual interface yet. Ask its owner to accept it.",
    Rejected => "The other account rejected the virtual interface. Delete the object; create it again when the other account agrees.",
    SecretMissing => "What the operator needs to authenticate is missing: the Secret of the account or a key in it, the file of a token, or the variables that CCE sets for pod identity. The message names it. Create it; the operator uses a Secret immediately and a file within a minute.",
    ProjectUnknown => "IAM has no project, or several projects, with the name of the region. Set `spec.projectId` of the CloudAccount.",
    EndpointUnreachable => "The endpoint cannot be reached because of its name, the network, a proxy or a certificate. Check `spec.region` and `spec.endpoints` of the CloudAccount. The operator retries automatically.",
}

/// How an object leaves a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The state is final: there is nothing to recover from.
    NotNeeded,
    /// The operator continues without a change by a user.
    Automatic,
    /// A user must change something.
    Manual,
    /// One of the two: `Reconciling` means automatic, `Stalled` means manual.
    Either,
}

impl Reason {
    /// Whether people end the state: that takes hours or days.
    #[must_use]
    pub const fn is_slow(self) -> bool {
        matches!(self, Self::AwaitingAcceptance | Self::Delivering | Self::AdminShutdown)
    }

    /// How a namespaced object with this reason recovers.
    #[must_use]
    pub const fn recovery(self) -> Recovery {
        match self {
            Self::Available | Self::Observed | Self::Up | Self::Down | Self::AdminShutdown => Recovery::NotNeeded,
            Self::Creating
            | Self::Updating
            | Self::Deleting
            | Self::Released
            | Self::Settling
            | Self::WaitingForReference
            | Self::WaitingForDependants
            | Self::WaitingForAccount
            | Self::InUse
            | Self::Throttled
            | Self::CloudUnavailable
            | Self::EndpointUnreachable
            | Self::Delivering
            | Self::AwaitingAcceptance => Recovery::Automatic,
            Self::Paused
            | Self::Drifted
            | Self::Immutable
            | Self::Conflict
            | Self::QuotaExceeded
            | Self::Forbidden
            | Self::NotGranted
            | Self::CredentialsRejected
            | Self::CloudFailed
            | Self::Rejected
            | Self::SecretMissing
            | Self::ProjectUnknown
            | Self::Unreadable => Recovery::Manual,
            Self::NotFound | Self::Invalid | Self::Unsupported => Recovery::Either,
        }
    }

    /// The conditions of a namespaced object that may have the reason.
    #[must_use]
    pub const fn conditions(self) -> &'static [ConditionType] {
        use ConditionType::{Healthy, Ready, Reconciling, Stalled, Synced};
        match (self, self.recovery()) {
            (Self::Up | Self::Down | Self::AdminShutdown, _) => &[Healthy],
            (Self::Paused, _) => &[Synced],
            (_, Recovery::NotNeeded) => &[Ready, Synced],
            (_, Recovery::Automatic) => &[Ready, Synced, Healthy, Reconciling],
            (_, Recovery::Manual) => &[Ready, Synced, Healthy, Stalled],
            (_, Recovery::Either) => &[Ready, Synced, Healthy, Reconciling, Stalled],
        }
    }

    /// Whether accounts use the reason: in `Ready`, and in `Reconciling` or `Stalled` while `Ready` is false.
    #[must_use]
    pub const fn is_of_accounts(self) -> bool {
        matches!(
            self,
            Self::Available
                | Self::Conflict
                | Self::WaitingForDependants
                | Self::Forbidden
                | Self::CredentialsRejected
                | Self::Throttled
                | Self::CloudUnavailable
                | Self::Unsupported
                | Self::Invalid
                | Self::SecretMissing
                | Self::ProjectUnknown
                | Self::EndpointUnreachable
        )
    }
}

/// A condition to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCondition {
    /// Type.
    pub type_: ConditionType,
    /// Status.
    pub status: ConditionStatus,
    /// Reason.
    pub reason: Reason,
    /// Message for users.
    pub message: String,
    /// The `metadata.generation` that the condition applies to.
    pub observed_generation: Option<i64>,
}

/// Sets a condition in the list, and replaces the one of the same type.
///
/// `lastTransitionTime` becomes `now` only if the status changes. Setting the same condition again changes nothing, whatever `now` is, so that
/// an unchanged object is not written.
pub fn set_condition(conditions: &mut Vec<Condition>, new: NewCondition, now: Time) {
    let NewCondition { type_, status, reason, message, observed_generation } = new;
    let mut condition = Condition {
        last_transition_time: now,
        message,
        observed_generation,
        reason: reason.as_str().to_owned(),
        status: status.as_str().to_owned(),
        type_: type_.as_str().to_owned(),
    };
    match conditions.iter_mut().find(|present| present.type_ == condition.type_) {
        None => conditions.push(condition),
        Some(present) => {
            if present.status == condition.status {
                condition.last_transition_time = present.last_transition_time.clone();
            }
            *present = condition;
        }
    }
}

/// Removes a condition from the list.
pub fn remove_condition(conditions: &mut Vec<Condition>, type_: ConditionType) {
    conditions.retain(|present| present.type_ != type_.as_str());
}

/// Whether the condition of this type exists and is `True`.
#[must_use]
pub fn is_true(conditions: &[Condition], type_: ConditionType) -> bool {
    find_condition(conditions, type_).is_some_and(|present| present.status == "True")
}

/// The condition of this type.
#[must_use]
pub fn find_condition(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|present| present.type_ == type_.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::jiff::Timestamp;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn ready(status: bool, reason: Reason) -> NewCondition {
        NewCondition {
            type_: ConditionType::Ready,
            status: status.into(),
            reason,
            message: String::from("the particulars"),
            observed_generation: Some(1),
        }
    }

    #[test]
    fn the_time_moves_with_the_status_only() {
        let mut conditions = Vec::new();
        set_condition(&mut conditions, ready(false, Reason::Creating), at(1));
        set_condition(&mut conditions, ready(false, Reason::Settling), at(2));
        let condition = find_condition(&conditions, ConditionType::Ready).unwrap();
        assert_eq!((condition.reason.as_str(), &condition.last_transition_time), ("Settling", &at(1)));
        set_condition(&mut conditions, ready(true, Reason::Available), at(3));
        let condition = find_condition(&conditions, ConditionType::Ready).unwrap();
        assert_eq!((condition.status.as_str(), &condition.last_transition_time), ("True", &at(3)));
    }

    #[test]
    fn a_removed_condition_leaves_the_others() {
        let mut conditions = Vec::new();
        set_condition(&mut conditions, ready(true, Reason::Available), at(1));
        set_condition(&mut conditions, NewCondition { type_: ConditionType::Stalled, ..ready(true, Reason::Invalid) }, at(1));
        remove_condition(&mut conditions, ConditionType::Stalled);
        remove_condition(&mut conditions, ConditionType::Healthy);
        assert_eq!(conditions.iter().map(|condition| condition.type_.as_str()).collect::<Vec<_>>(), ["Ready"]);
    }

    #[test]
    fn every_reason_is_one_and_says_what_to_do() {
        let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(reason.advice().len() > 20 && reason.advice().ends_with('.'), "{}", reason.as_str());
        }
    }

    prop_compose! {
        fn any_condition()(
            type_ in prop::sample::select(&ConditionType::ALL[..]),
            status in prop::sample::select(&[ConditionStatus::True, ConditionStatus::False, ConditionStatus::Unknown][..]),
            reason in prop::sample::select(Reason::ALL),
            message in "[a-z ]{0,8}",
            observed_generation in prop::option::of(0_i64..9),
        ) -> NewCondition {
            NewCondition { type_, status, reason, message, observed_generation }
        }
    }

    proptest! {
        #[test]
        fn a_merge_is_idempotent_and_moves_time_on_flips_only(history in prop::collection::vec(any_condition(), 1..20)) {
            let mut conditions: Vec<Condition> = Vec::new();
            for (new, second) in history.into_iter().zip(1..) {
                let before = find_condition(&conditions, new.type_).cloned();
                set_condition(&mut conditions, new.clone(), at(second));
                let after = find_condition(&conditions, new.type_).cloned().unwrap();
                prop_assert_eq!(after.status.as_str(), new.status.as_str());
                match before {
                    Some(before) if before.status == after.status => prop_assert_eq!(&after.last_transition_time, &before.last_transition_time),
                    _ => prop_assert_eq!(&after.last_transition_time, &at(second)),
                }
                let types: BTreeSet<_> = conditions.iter().map(|condition| &condition.type_).collect();
                prop_assert_eq!(types.len(), conditions.len());
                let once = conditions.clone();
                set_condition(&mut conditions, new, at(second + 1000));
                prop_assert_eq!(&conditions, &once);
            }
        }
    }
}
