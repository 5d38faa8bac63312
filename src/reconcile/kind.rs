//! What the reconciler asks of a kind. An implementation is pure: it makes values, and the reconciler does all IO.

use kube::core::object::HasSpec;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;

use super::existing::Refer;
use crate::accounts::{Allocation, TagScope, Use, What};
use crate::api::cloud_account::{Feature, Features};
use crate::api::{Defaults, DeletionPolicy, Managed, ObjectReference, Reason, SecretKeyReference, Tags};
use crate::cloud::{Call, Listed};
use crate::graph::owner::OWNER_TAG;
use crate::graph::{Contribution, Contributions, ResourceSummary};

use super::plan::recall;

/// A kind of custom resource and the cloud resource it stands for.
///
/// Implementations MUST be pure functions of their arguments, because a decision is compared, printed and tested without a cloud. They MUST NOT
/// put a secret anywhere but [`Call::with_secret`].
pub trait Kind: Send + Sync + 'static {
    /// The custom resource.
    type Object: Managed + HasSpec<Spec: Serialize>;
    /// The collection whose LIST shows the cloud resource.
    type Listed: Listed;
    /// The cloud resource.
    type Resource: Clone + Debug + PartialEq + DeserializeOwned + Send + Sync + 'static;

    /// Name of the kind, e.g. `VirtualGateway`.
    const NAME: &'static str;

    /// Every reference that a spec of the kind can hold: its field and the kind that it leads to.
    const REFERENCES: &'static [(&'static str, &'static str)] = &[];

    /// Where its resources stand on the way from the line to the networks. Only for those who look: nothing is decided by it.
    const PLACE: Place;

    /// Operations that write its resources: with those of LIST and show they are the operations that it needs.
    const WRITES: &'static [&'static str];

    /// What counts as used by whoever names a resource of the kind by its id, in a spec or through a reference. A kind that says nothing here can't
    /// be named by an id, and what refers to it is denied where an account has grants: an id that nobody judges would be a way around them.
    const BY_ID: Option<ById<Self::Listed>> = None;

    /// The feature of the account that the kind needs.
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = None;

    /// The deletion policy, where neither object nor account may choose one.
    const DELETION: Option<DeletionPolicy> = None;

    /// Whether its resources work or not beside being there: whether the status has the condition `Healthy`.
    const HAS_HEALTH: bool = true;

    /// Whether its resources take bandwidth of connections.
    const ALLOCATES: bool = false;

    /// Whose tags a region keeps or refuses as it does those of its resources.
    const TAG_SCOPE: TagScope = TagScope::Region;

    /// What `object` says about the tags of its resource. Ours carry [`OWNER_TAG`] beside them, unless the region drops it.
    fn tags_of(object: &Self::Object) -> SpecTags<'_>;

    /// The tags that the object's resource is to have.
    #[must_use]
    fn desired_tags(desired: &Desired<'_, Self::Object>) -> DesiredTags {
        desired.tags(Self::tags_of(desired.object))
    }

    /// Objects that `object` refers to by name: each by one of [`Self::REFERENCES`].
    fn references(object: &Self::Object) -> Vec<Reference> {
        let _ = object;
        Vec::new()
    }

    /// What `object` uses of its account, by the words of its spec.
    fn uses(object: &Self::Object) -> Vec<Use>;

    /// Secret that a create needs.
    fn secret(object: &Self::Object) -> Option<&SecretKeyReference> {
        let _ = object;
        None
    }

    /// The cloud resources of this kind in one item of the LIST.
    fn resources(listed: &Self::Listed) -> Vec<Self::Resource>;

    /// `listed` with `seen` put into it, as the answer to a write shows it; `None` when it can't be placed.
    fn place(listed: Option<&Self::Listed>, seen: Self::Resource) -> Option<Self::Listed>;

    /// The cloud's id.
    fn id(seen: &Self::Resource) -> &str;

    /// Id of the listed item that holds it: its own, unless it is listed inside another resource.
    fn listed_id(seen: &Self::Resource) -> &str {
        Self::id(seen)
    }

    /// Name of the resource, where it has one.
    fn name(seen: &Self::Resource) -> Option<&str> {
        let _ = seen;
        None
    }

    /// What the resource takes of a connection. Asked only with [`Self::ALLOCATES`].
    fn allocation(seen: &Self::Resource) -> Option<Allocation> {
        let _ = seen;
        None
    }

    /// Tags of the resource.
    fn tags(seen: &Self::Resource) -> Tags;

    /// Id of the resource, where it is known before the create: nobody else can have that resource, in whatever account.
    fn id_before_create(object: &Self::Object) -> Option<&str> {
        let _ = object;
        None
    }

    /// One of the [natural keys](Listed::natural_keys) of the listed item that would hold the object's resource, or its id.
    fn natural_key(desired: &Desired<'_, Self::Object>) -> Option<String>;

    /// What the natural key of the object's resource is called in messages, e.g. `VLAN 31 of connection …`. It MUST tell resources apart: of two
    /// objects of an account the operator lets one create a resource at it.
    #[must_use]
    fn describe_natural_key(desired: &Desired<'_, Self::Object>) -> Option<String> {
        let _ = desired;
        None
    }

    /// Whether `seen` stands where the object's resource would: the natural key, which the cloud keeps unique.
    fn is_at(desired: &Desired<'_, Self::Object>, seen: &Self::Resource) -> bool;

    /// What a listed item takes that the object's resource needs, too: room on a connection, networks of a gateway. When that changes, a create or
    /// update that was refused is tried again.
    #[must_use]
    fn competitor(desired: &Desired<'_, Self::Object>, listed: &Self::Listed) -> Option<String> {
        let _ = (desired, listed);
        None
    }

    /// Whether the cloud refuses a second resource where the object's resource is.
    #[must_use]
    fn is_guarded(object: &Self::Object) -> bool {
        let _ = object;
        true
    }

    /// Id of the listed item to read by itself, to be sure that resource `id` is gone.
    #[must_use]
    fn listed_id_of(desired: &Desired<'_, Self::Object>, id: &str) -> Option<String> {
        let _ = desired;
        Some(id.to_owned())
    }

    /// Id of the resource at which it is listed, where the collection is [nested](Listed::PARENT).
    #[must_use]
    fn listed_under(desired: &Desired<'_, Self::Object>) -> Option<String> {
        let _ = desired;
        None
    }

    /// Id of the resource at which `seen` is listed, where that may be another one than its object says.
    fn listed_at(seen: &Self::Resource) -> Option<&str> {
        let _ = seen;
        None
    }

    /// Whether the cloud deletes `seen` only together with `listed`, which holds it.
    fn is_deleted_with_parent(listed: &Self::Listed, seen: &Self::Resource) -> bool {
        let _ = (listed, seen);
        false
    }

    /// Whether `listed`, which holds the resource, is shut down for a switchover test: then the cloud refuses every other operation on it.
    fn is_shut_down(listed: &Self::Listed) -> bool {
        let _ = listed;
        false
    }

    /// The reference by which `seen` hangs on another resource that it can't outlive, and the call that shows whether that one is still there.
    fn parent(seen: &Self::Resource) -> Option<(&'static str, Call)> {
        let _ = seen;
        None
    }

    /// Creates the resource. Called only when all references are resolved. `None` for a kind whose resources are ordered elsewhere.
    fn create(desired: &Desired<'_, Self::Object>) -> Option<Call>;

    /// Deletes the resource. `None` for a kind whose resources are never deleted.
    fn delete(resource: &Self::Resource) -> Option<Call>;

    /// Fields in which `seen` differs from what the object says. What the object leaves open, and what the cloud does not show, is no
    /// difference.
    fn compare(desired: &Desired<'_, Self::Object>, seen: &Self::Resource) -> Vec<Difference>;

    /// The first call of the legal series that removes `differences`.
    fn update(desired: &Desired<'_, Self::Object>, seen: &Self::Resource, differences: &[Difference]) -> Option<Call>;

    /// Where the resource is in its life.
    fn phase(seen: &Self::Resource) -> ResourcePhase;

    /// Whether the line works. Asked only with [`Self::HAS_HEALTH`].
    fn health(seen: &Self::Resource) -> Health {
        let _ = seen;
        Health::Up
    }

    /// IDs of the resources that one with this status hangs on.
    fn parent_ids(observed: &<Self::Object as Managed>::Observed) -> Vec<&String> {
        let _ = observed;
        Vec::new()
    }

    /// IDs of resources that are parts of one with this status and that a [reference](Reference::part) can mean.
    fn parts(observed: &<Self::Object as Managed>::Observed) -> BTreeMap<&'static str, String> {
        let _ = observed;
        BTreeMap::new()
    }

    /// What the object's resource adds to the lists of resources that other objects manage, from the create on.
    fn contributions(object: &Self::Object) -> Vec<Contribution> {
        let _ = object;
        Vec::new()
    }

    /// What the cloud says, for the object's status.
    fn observed(seen: &Self::Resource) -> <Self::Object as Managed>::Observed;

    // What follows makes an object of what is in the cloud already, for tools that take it over.

    /// The spec of the object for `seen`, without account, policy and import. It MUST compare without a difference, and the API server MUST take it;
    /// a field that the cloud can show and a spec can't hold is left out where the spec may be silent. Where `refer` finds an object it is referred
    /// to, else the ID is named.
    ///
    /// # Errors
    /// Why no object can stand for it.
    fn spec_of(seen: &Self::Resource, refer: &Refer<'_>) -> Result<<Self::Object as HasSpec>::Spec, String>;

    /// Whether the object of the resource that holds `seen` tells of it already, so that it needs none of its own.
    fn is_told_by_parent(listed: &Self::Listed, seen: &Self::Resource) -> bool {
        let _ = (listed, seen);
        false
    }

    /// Why no object can manage `seen`, if that is so: it can only be observed.
    fn only_observed(seen: &Self::Resource) -> Option<&'static str> {
        let _ = seen;
        None
    }

    /// The reverse of [`Self::observed`]: resource `id` as a status tells of it. What the status does not show is as the object says, and without a
    /// status all of it: so it is when the object has just been created. A plan takes it for the resource where it does not read the cloud.
    #[must_use]
    fn recalled(
        desired: &Desired<'_, Self::Object>,
        id: &str,
        observed: Option<&<Self::Object as Managed>::Observed>,
    ) -> Option<Self::Resource> {
        let call = Self::create(desired)?;
        let fields = call.body.as_ref()?.get(call.wrapper)?.clone();
        recall(fields, (Self::Listed::ID, id), observed, &[])
    }

    /// What the correction of this difference does to traffic, if it may disturb it.
    #[must_use]
    fn disruption(difference: &Difference) -> Option<&'static str> {
        let _ = difference;
        None
    }
}

/// Where a resource stands on the way from the line to the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The leased line.
    Line,
    /// A share of lines, or a group of them.
    Share,
    /// The VLAN on it, with its peers.
    Interface,
    /// The gateway at which interfaces end.
    Gateway,
    /// What a gateway has: links, routes, bindings of addresses.
    Attachment,
    /// What is reached: VPC, enterprise router, addresses.
    Network,
}

/// Everything that shapes a resource: the object, and what stands outside of it.
pub struct Desired<'a, O> {
    /// The object.
    pub object: &'a O,
    /// Ids of the objects referred to, by spec field.
    pub links: &'a Links,
    /// Name under which a create may have been sent whose outcome is not confirmed.
    pub created_as: Option<&'a str>,
    /// The account's defaults.
    pub defaults: &'a Defaults,
    /// Value of [`OWNER_TAG`]; `None` for what is only observed.
    pub owner: Option<&'a str>,
    /// Which tags it is to have.
    pub tagging: Tagging,
    /// What other objects add to the lists of resources.
    pub contributions: &'a Contributions,
    /// Value of the secret, read only for a create.
    pub secret: Option<SecretString>,
}

/// Which tags a resource is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// The account's, the object's over them, the owner's over all.
    All,
    /// The owner's only, for now: what is said of other tags is said of them.
    OwnerOnly,
    /// None: the region keeps no tags.
    None,
}

/// What a spec says about the tags of its resource.
#[derive(Clone, Copy, Debug)]
pub enum SpecTags<'a> {
    /// The resource has no tags.
    Unsupported,
    /// Nothing.
    Unset,
    /// These are all, with the account's and the owner's.
    Set(&'a Tags),
}

impl<'a> From<Option<&'a Tags>> for SpecTags<'a> {
    fn from(tags: Option<&'a Tags>) -> Self {
        tags.map_or(Self::Unset, Self::Set)
    }
}

impl SpecTags<'_> {
    #[must_use]
    pub const fn is_supported(self) -> bool {
        !matches!(self, Self::Unsupported)
    }
}

/// The tags that a resource is to have.
#[derive(Clone, Debug, Default)]
pub struct DesiredTags {
    pub tags: Tags,
    /// Others are removed, unless they are ignored.
    pub is_whole: bool,
    /// Keys, and prefixes of keys with a `*`.
    pub ignored: Vec<String>,
}

impl DesiredTags {
    /// Whether somebody else manages the tag: the cloud, whoever the spec or the account leaves it to, or the owner of what is only observed.
    #[must_use]
    pub fn is_ignored(&self, key: &str) -> bool {
        let is_ignored = |pattern: &String| pattern.strip_suffix('*').map_or(key == pattern, |prefix| key.starts_with(prefix));
        let is_left = if key == OWNER_TAG { !self.tags.contains_key(OWNER_TAG) } else { self.ignored.iter().any(is_ignored) };
        key.starts_with("_sys_") || is_left
    }
}

impl<O: Managed> Desired<'_, O> {
    /// All tags that the resource is to have, where the object asks for `tags`.
    fn tags(&self, tags: SpecTags<'_>) -> DesiredTags {
        let of_spec = match tags {
            SpecTags::Unsupported => return DesiredTags::default(),
            SpecTags::Unset => None,
            SpecTags::Set(tags) => Some(tags),
        };
        let mut all = match self.tagging {
            Tagging::All => {
                let tags = self.defaults.tags.iter().chain(of_spec.into_iter().flatten());
                tags.map(|(key, value)| (key.clone(), value.clone())).collect()
            }
            Tagging::OwnerOnly => Tags::new(),
            Tagging::None => return DesiredTags::default(),
        };
        all.extend(self.owner.map(|owner| (OWNER_TAG.to_owned(), owner.to_owned())));
        let is_whole = self.tagging == Tagging::All && (of_spec.is_some() || !self.defaults.tags.is_empty());
        let ignored = self.object.policy().ignore_tags.iter().chain(&self.defaults.ignore_tags).cloned().collect();
        DesiredTags { tags: all, is_whole, ignored }
    }
}

/// Ids by the spec field that refers to them.
pub type Links = BTreeMap<&'static str, String>;

/// A reference by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Field of the spec, e.g. `virtualGatewayRef`.
    pub field: &'static str,
    /// Kind that is referred to.
    pub kind: &'static str,
    /// Namespace, when it is not the object's own.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Name of the [part](Kind::parts) of its resource that is meant; the resource itself if absent.
    pub part: Option<&'static str>,
}

impl Reference {
    /// What `field` of a spec, which leads to objects of `kind`, refers to.
    #[must_use]
    pub fn new(field: &'static str, kind: &'static str, to: &ObjectReference) -> Self {
        Self { field, kind, namespace: to.namespace.clone(), name: to.name.clone(), part: None }
    }

    /// To a [part](Kind::parts) of that object's resource.
    #[must_use]
    pub const fn to_part(mut self, part: &'static str) -> Self {
        self.part = Some(part);
        self
    }

    /// The ID that it leads to, once that is known.
    #[must_use]
    pub fn id_in<'a>(&self, summary: &'a ResourceSummary) -> Option<&'a String> {
        self.part.map_or(summary.id.as_ref(), |part| summary.parts.get(part))
    }
}

/// What a cloud resource stands for that is named by its id.
#[derive(Debug)]
pub struct ById<L> {
    /// What is used with a resource that the account shows.
    pub uses: fn(&L) -> Vec<What>,
    /// What is used with an id that the account does not show: it MUST be as much as a resource of that id could use.
    pub uses_of_absent: fn(&str) -> Vec<What>,
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Field of the spec.
    pub path: &'static str,
    /// Whether the cloud can change it.
    pub mutable: bool,
    /// The cloud shows a value. A field that it does not show may have any.
    pub is_shown: bool,
    /// It is a field of the spec, which `policy.ignoreFields` can name.
    pub is_of_spec: bool,
    /// What the object says.
    pub desired: String,
    /// What the cloud says.
    pub observed: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (cloud: {}, spec: {})", self.path, self.observed, self.desired)
    }
}

/// Where a resource is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourcePhase {
    /// The cloud works on it; nothing may be sent meanwhile.
    Settling(Reason),
    /// It is there and at rest.
    Settled,
    /// The cloud gave up on it, for this reason.
    Failed(Reason, String),
    /// It is being deleted.
    Deleting,
    /// It is gone, though still shown.
    Gone,
}

impl ResourcePhase {
    /// By the cloud's `status` (`docs/design/cloud-api.md#status-words`); `reason` is told with `ERROR`. A status that is not known is taken for one
    /// in transition: nothing is done to a resource that nobody understands.
    #[must_use]
    pub fn of(status: Option<&str>, reason: Option<&str>) -> Self {
        match status {
            None | Some("ACTIVE" | "DOWN" | "ADMIN_SHUTDOWN") => Self::Settled,
            Some("ERROR") => Self::Failed(
                Reason::CloudFailed,
                reason.filter(|text| !text.is_empty()).unwrap_or("the cloud reports the status ERROR without a reason").to_owned(),
            ),
            Some("REJECTED") => Self::Failed(Reason::Rejected, "the other account rejected the virtual interface".to_owned()),
            Some("AUTHORIZATION") => Self::Settling(Reason::AwaitingAcceptance),
            Some("PENDING_DELETE") => Self::Deleting,
            Some("DELETED") => Self::Gone,
            Some("PENDING_UPDATE") => Self::Settling(Reason::Updating),
            Some("PENDING_CREATE" | "BUILD") => Self::Settling(Reason::Creating),
            Some(_) => Self::Settling(Reason::Settling),
        }
    }
}

/// Whether a line works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Up,
    /// It does not, as the text says.
    Down(String),
    /// Somebody shut it on purpose.
    AdminShutdown,
}

impl Health {
    /// By the cloud's `status` and the BGP sessions that are not up.
    #[must_use]
    pub fn of(status: Option<&str>, sessions_down: &[String]) -> Self {
        match status {
            Some("ADMIN_SHUTDOWN") => Self::AdminShutdown,
            Some("ACTIVE") | None if sessions_down.is_empty() => Self::Up,
            Some("ACTIVE") | None => Self::Down(format!("the BGP session is not established: {}", sessions_down.join(", "))),
            Some(other) => Self::Down(format!("the status in the cloud is {other}")),
        }
    }
}
