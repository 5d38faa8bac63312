//! Conditions: their types and reasons, and the pure merge of a new one into the list.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The conditions of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// The object exists in the cloud, has settled and matches the spec. Of an account: its credentials work.
    Ready,
    /// The last comparison with the cloud found no difference, or it was corrected.
    Synced,
    /// The line works.
    Healthy,
    /// kstatus: work is under way. Present only while true.
    Reconciling,
    /// kstatus: no progress without a change by somebody. Present only while true.
    Stalled,
}

impl ConditionType {
    /// All types, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Ready, Self::Synced, Self::Healthy, Self::Reconciling, Self::Stalled];

    /// The type as it stands in `conditions[].type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Synced => "Synced",
            Self::Healthy => "Healthy",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
        }
    }
}

impl ConditionType {
    /// What its statuses tell.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ready => {
                "`True`: it exists in the cloud, the cloud has settled it, and it is as the spec says. `False`: not yet, or not any more; the reason says why. Of an account: whether the cloud accepts the credentials and the project is known."
            }
            Self::Synced => {
                "`True`: the last comparison found no difference, or it was corrected. `False`: the cloud differs, or nothing is compared because the object is paused. `Unknown`: not compared yet."
            }
            Self::Healthy => {
                "`True`: the line works. `False`: it was built and does not. `Unknown`: the cloud has not settled it. A line that is down is `Ready` all the same."
            }
            Self::Reconciling => "Present and `True` while work is under way; else absent.",
            Self::Stalled => "Present and `True` while nothing goes on until somebody changes something; else absent.",
        }
    }

    /// Whether accounts have it, too.
    #[must_use]
    pub const fn is_of_accounts(self) -> bool {
        matches!(self, Self::Ready | Self::Reconciling | Self::Stalled)
    }
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It is not known whether it holds.
    Unknown,
}

impl ConditionStatus {
    /// The status as it stands in `conditions[].status`.
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

/// One list gives the enum, its texts and the list of all, so that none can be forgotten in another.
macro_rules! reasons {
    ($($name:ident => $advice:literal,)+) => {
        /// Why a condition is as it is. Few, and each says what to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $advice] $name,)+
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The reason as it stands in `conditions[].reason`.
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
    Available => "All is as the spec says. Nothing to do.",
    Creating => "The object is being created in the cloud. Wait.",
    Updating => "A change is being carried out in the cloud. Wait.",
    Deleting => "The object is being deleted in the cloud. Wait.",
    Settling => "The cloud is still working on the object (a PENDING state). Wait.",
    WaitingForReference => "An object that the spec refers to is not there, not ready, or not granted to this namespace. Create it, or look at its own conditions; `status.waitingFor` names it.",
    WaitingForDependants => "The deletion waits for objects that still refer to this one. Delete them, or let them go elsewhere; `status.waitingFor` names them.",
    WaitingForAccount => "The CloudAccount is not there, not ready, or not open to this namespace. Look at its conditions and at its `spec.allowedNamespaces`.",
    Paused => "The annotation `directconnect.huaweicloud.com/paused` is set. Remove it to go on.",
    Observed => "The policy is ObserveOnly: the cloud is looked at and never written. Set `spec.policy.management: Managed` to change that.",
    Drifted => "The cloud differs from the spec and the drift policy leaves it so. Compare `status.drift`; change the spec, set `spec.policy.drift: Correct`, or, where the message says that a field does not stay, find out who else sets it.",
    Invalid => "The cloud refuses the spec. Correct the spec as `status.lastError` says.",
    Immutable => "The cloud object differs in fields that can't be changed. Set the spec back, or delete the object and create it anew.",
    Conflict => "What the spec asks for is taken by another object (VLAN, VPC, address family), or several objects match it. Choose another value, or take the object over with `spec.import`.",
    InUse => "The cloud refuses because something else still uses the object. Remove what uses it; retried by itself.",
    QuotaExceeded => "A quota of the account is used up. Delete what is not needed, or have the quota raised; retried slowly by itself.",
    Forbidden => "The account's credentials lack a permission. Grant the IAM action of `status.lastError.operation`.",
    NotGranted => "The CloudAccount's grants don't allow this namespace what the spec asks for. Have the platform team extend `spec.grants` of the account.",
    CredentialsRejected => "The cloud rejects the account's credentials. Correct the Secret of the CloudAccount; taken up at once.",
    Throttled => "The cloud limits the rate of calls. Wait; the operator slows down by itself.",
    CloudFailed => "The cloud reports the object as failed. Read `status.observed` and `status.lastError`; delete and create it anew, or ask the cloud's support.",
    CloudUnavailable => "The cloud doesn't answer, or not sensibly. Wait; retried by itself.",
    NotFound => "The object is not in the cloud. Under ObserveOnly or with `spec.import`: correct the id or create it there.",
    Unsupported => "The region or site lacks an operation that the spec needs. Remove the field, or switch the feature in the CloudAccount's `spec.features`.",
    Up => "The line works. Nothing to do.",
    Down => "The object is provisioned but the line is down. Check the port, the VLAN, the gateway addresses and the BGP session at the customer's side.",
    AdminShutdown => "The line was shut down on purpose (a switchover test). End the test to bring it back.",
    AwaitingAcceptance => "The other account has not yet accepted the interface. Have it accepted there.",
    Rejected => "The other account rejected the interface. Delete it, or agree with the other account and create it anew.",
    SecretMissing => "The Secret of the account's credentials, or a key in it, is not there. Create it; taken up at once.",
    ProjectUnknown => "IAM knows no project, or several, by the region's name. Set `spec.projectId` of the CloudAccount.",
    EndpointUnreachable => "The endpoint can't be reached: name, network, proxy or certificate. Check `spec.region` and `spec.endpoints` of the CloudAccount; retried by itself.",
}

/// How it goes on from a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing is to be done by the operator.
    NotNeeded,
    /// By itself.
    Automatic,
    /// Not before somebody changes something.
    Manual,
    /// By itself, or not before somebody changes something: `Reconciling` or `Stalled` tells which.
    Either,
}

impl Reason {
    /// How it goes on, of a namespaced object.
    #[must_use]
    pub const fn recovery(self) -> Recovery {
        match self {
            Self::Available | Self::Observed | Self::Up | Self::Down | Self::AdminShutdown => Recovery::NotNeeded,
            Self::Creating
            | Self::Updating
            | Self::Deleting
            | Self::Settling
            | Self::WaitingForReference
            | Self::WaitingForDependants
            | Self::WaitingForAccount
            | Self::InUse
            | Self::Throttled
            | Self::CloudUnavailable
            | Self::EndpointUnreachable
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
            | Self::ProjectUnknown => Recovery::Manual,
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

    /// Whether it is told of accounts: in `Ready`, and in `Reconciling` or `Stalled` when that is false.
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

/// A condition as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCondition {
    /// Which condition.
    pub type_: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why.
    pub reason: Reason,
    /// For people: the particulars.
    pub message: String,
    /// The `metadata.generation` that was looked at.
    pub observed_generation: Option<i64>,
}

/// Puts a condition into the list, in the place of the one of its type.
///
/// `lastTransitionTime` becomes `now` only if the status differs from before. Merging the same condition again changes
/// nothing, whatever `now` is; so an unchanged object is not written.
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

/// Takes a condition out of the list.
pub fn remove_condition(conditions: &mut Vec<Condition>, type_: ConditionType) {
    conditions.retain(|present| present.type_ != type_.as_str());
}

/// Whether the condition of that type is there and `True`.
#[must_use]
pub fn is_true(conditions: &[Condition], type_: ConditionType) -> bool {
    find_condition(conditions, type_).is_some_and(|present| present.status == "True")
}

/// The condition of that type.
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
