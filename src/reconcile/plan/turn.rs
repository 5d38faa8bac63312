//! One object in one round: what its attempt would observe and decide, and what follows from the step.

use futures::FutureExt;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

use crate::accounts::Allowance;
use crate::api::{ConditionType, Defaults, Intent, Managed, PAUSED_ANNOTATION, Reason, SecretKeyReference, Tags, find_condition};
use crate::cache::View;
use crate::cloud::{Call, Listed};
use crate::cluster::status::now;
use crate::graph::owner::{OWNER_TAG, owner};
use crate::reconcile::claim::claim;
use crate::reconcile::context::{Policies, is_annotated};
use crate::reconcile::decide::{Presence, Step, UnusableSecret, Wait, decide};
use crate::reconcile::kind::Kind;
use crate::reconcile::observe::{Around, Look, Observation, Terms, unusable};
use crate::reconcile::permission::{Asker, Permission, closed, denied, disabled};
use crate::reconcile::reconciler::Failure;
use crate::reconcile::report::told;

use super::course::Course;
use super::planned::{Action, Change, PlannedCall};
use super::planner::{account_in, put};
use super::world::{AccountFacts, World};

/// What a step changes for the others.
pub(in crate::reconcile) type Effect = Box<dyn FnOnce(&mut World)>;

/// What can't be known without the right to read accounts.
const ACCOUNT_UNREAD: &str = "grants and defaults of the account: needs get on cloudaccounts";
const BEHIND_UNKNOWN: &str = "grants of what stands behind an id of the spec: needs --cloud";

/// One object in one round: whether it acts.
pub(super) fn turn<K: Kind>(world: &World, course: &mut Course, round: usize, effects: &mut Vec<Effect>) -> bool {
    let object = match K::Object::deserialize(&course.object) {
        Ok(object) => object,
        Err(error) => {
            course.planned.rests(Action::Refused, Some(Reason::Invalid), Some(format!("the object can't be read: {error}")), Vec::new());
            return false;
        }
    };
    let account_name = account_in::<K>(world, &object);
    let facts = match gates::<K>(world, course, &object, &account_name) {
        Ok(facts) => facts,
        Err((action, reason, message)) => {
            course.planned.rests(action, Some(reason), Some(message), Vec::new());
            return false;
        }
    };
    let Some(view) = facts.views.get::<K::Listed>().cloned().or_else(|| (!facts.is_live).then(|| View::of(Vec::new()))) else {
        let message = "its collection could not be read".to_owned();
        course.planned.rests(Action::Wait, Some(Reason::CloudUnavailable), Some(message), Vec::new());
        return false;
    };
    let status = object.status().cloned().unwrap_or_default();
    if !facts.is_live && status.id.is_some() && course.planned.step.is_none() {
        course.planned.as_of = status.last_sync_time.as_ref().map(|time| time.0.to_string());
    }
    course.state.begin_doubt(&status);
    let key = course.key.clone();
    let defaults = defaults(facts, course.present.as_ref());
    let look = Look::<K, _> {
        object: &object,
        key: &key,
        generation: object.meta().generation,
        is_deleting: object.meta().deletion_timestamp.is_some(),
        status: &status,
        references: &K::references(&object),
        state: &course.state,
        index: &world.index,
        cluster: &world.cluster,
        whole_namespaces: true,
        terms: Terms {
            policies: Policies::of::<K>(&object, Some(&defaults)),
            defaults: &defaults,
            owner: &owner(&world.cluster, &key.namespace, &key.name),
            keeps_tags: facts.keeps_tags(K::TAG_SCOPE),
            read_lag: Duration::ZERO,
        },
        around: Known { world, facts, view, namespace: &key.namespace },
    };
    // All answers are at hand: nothing is waited for.
    let Some(Ok(mut observation)) = look.observe().now_or_never() else { return false };
    let mut step = decide(&observation.situation);
    if let Err(holder) = claim::<K>(&world.index, &key, &object, &account_name, &step, observation.place.as_deref()) {
        observation.situation.cloud = Presence::Held(holder);
        step = decide(&observation.situation);
    }
    if step == Step::RecordIntent && course.state.create.fresh_intent.is_none() {
        // The create follows at once.
        let intent = Intent { time: now(), deadline: Time(now().0 + Duration::from_mins(2)), target: Some(observation.target.clone()) };
        course.state.create.fresh_intent = Some(intent.time.clone());
        // A status with the default generation only is none.
        course.set_status(&json!({ "intent": intent, "observedGeneration": object.meta().generation }));
        return turn::<K>(world, course, round, effects);
    }
    let series = match (&step, &observation.seen) {
        (Step::Update(_, differences), Some(seen)) => look.series(seen, differences),
        _ => Vec::new(),
    };
    let desired_links = look.resolve().0;
    let created = match &step {
        Step::Create(_) => {
            let desired = look.desired(&desired_links);
            let made = format!("<{}/{}>", key.namespace, key.name);
            K::recalled(&desired, K::id_before_create(&object).unwrap_or(&made), None)
        }
        _ => None,
    };
    drop(look);
    carry_out::<K>(course, round, &step, &mut observation, Made { series, created, account: account_name }, effects)
}

/// What comes of a step in memory.
struct Made<K: Kind> {
    /// All calls of an update.
    series: Vec<Call>,
    /// The resource of a create.
    created: Option<K::Resource>,
    /// Name of the account.
    account: String,
}

/// Tells of a step and takes it as done: whether it was one.
fn carry_out<K: Kind>(
    course: &mut Course,
    round: usize,
    step: &Step,
    observation: &mut Observation<K>,
    made: Made<K>,
    effects: &mut Vec<Effect>,
) -> bool {
    let planned = &mut course.planned;
    let generation = course.object.pointer("/metadata/generation").cloned();
    match step {
        Step::Create(call) => {
            planned.acts(Action::Create, round);
            planned.calls.push(PlannedCall::from(call));
            if let Some(seen) = made.created {
                let ready = json!([{
                    "type": "Ready", "status": "True", "reason": Reason::Available.as_str(), "message": "", "lastTransitionTime": now(),
                }]);
                course.state.create.fresh_intent = None;
                course.set_status(&json!({
                    "id": K::id(&seen), "intent": null, "account": made.account, "observed": K::observed(&seen), "conditions": ready,
                    "observedGeneration": generation,
                }));
                let account = made.account;
                effects.push(Box::new(move |world| {
                    if let Some(facts) = world.accounts.get_mut(&account) {
                        put::<K>(&mut facts.views, seen);
                    }
                }));
            }
        }
        Step::Adopt(id) => {
            planned.acts(Action::Import, round);
            planned.id = Some(id.clone());
            let observed = observation.seen.as_ref().map(K::observed);
            course.state.create.fresh_intent = None;
            course.set_status(&json!({
                "id": id, "intent": null, "account": made.account, "observed": observed, "observedGeneration": generation,
            }));
        }
        Step::Update(_, differences) => {
            let is_new = planned.action == Action::Create || planned.action == Action::Replace;
            planned.acts(Action::Update, round);
            planned.calls.extend(made.series.iter().map(PlannedCall::from));
            if !is_new {
                planned.changes.extend(differences.iter().map(Change::of::<K>));
                for difference in differences.iter().filter_map(K::disruption) {
                    mark(&mut planned.disruptive, difference);
                }
            }
            // What is left then is what can't be changed.
            if let Presence::Present(found) = &mut observation.situation.cloud {
                found.differences.retain(|difference| !difference.mutable);
                found.update = None;
            }
            rest::<K>(course, &decide(&observation.situation));
            course.is_over = true;
            return true;
        }
        Step::Delete(call) | Step::Replace(call, _) => {
            let (action, why) = match step {
                Step::Replace(_, why) => (Action::Replace, Some(why.clone())),
                _ => (Action::Delete, None),
            };
            planned.acts(action, round);
            planned.why = why;
            planned.calls.push(PlannedCall::from(call));
            mark(&mut planned.disruptive, if action == Action::Replace { "replaces the resource" } else { "deletes the resource" });
            course.state.not_found.push(call.clone());
            if let Some(seen) = observation.seen.take().filter(|seen| K::listed_id(seen) == K::id(seen)) {
                let account = made.account;
                effects.push(Box::new(move |world| {
                    let view = world.accounts.get_mut(&account).and_then(|facts| facts.views.get_mut::<K::Listed>());
                    if let Some(view) = view {
                        view.remove(K::id(&seen));
                    }
                }));
            }
        }
        Step::RemoveFinalizer => {
            let is_gone = matches!(observation.situation.cloud, Presence::Absent | Presence::ImportNotFound(_) | Presence::Held(_));
            let is_kept = planned.calls.is_empty() && planned.id.is_some() && !is_gone;
            planned.acts(Action::Delete, round);
            planned.why = is_kept.then(|| "the cloud resource is kept".to_owned());
            course.is_over = true;
            let key = course.key.clone();
            effects.push(Box::new(move |world| world.index.forget(&key)));
            return true;
        }
        Step::NoChange | Step::Report(_) | Step::Wait(_) | Step::Stall(..) | Step::RecordIntent => {
            rest::<K>(course, step);
            return false;
        }
    }
    let (kind, object) = (course.kind, course.object.clone());
    effects.push(Box::new(move |world| (kind.planner().enter)(world, &object)));
    true
}

/// Tells of a step that changes nothing.
fn rest<K: Kind>(course: &mut Course, step: &Step) {
    let planned = &mut course.planned;
    let (reason, message) = told(step);
    match step {
        Step::Report(differences) => {
            planned.differs = differences.iter().map(Change::of::<K>).collect();
            planned.rests(Action::None, Some(reason), Some("the policy leaves the differences as they are".to_owned()), Vec::new());
        }
        Step::Wait(wait) => {
            let waits_for = match wait {
                Wait::Dependants(objects) | Wait::References(objects) => objects.clone(),
                Wait::Secret(unusable) => vec![unusable.secret.clone()],
                _ => Vec::new(),
            };
            planned.rests(Action::Wait, Some(reason), Some(message), waits_for);
        }
        Step::Stall(..) => planned.rests(Action::Refused, Some(reason), Some(message), Vec::new()),
        _ => planned.rests(Action::None, None, None, Vec::new()),
    }
}

fn mark(marks: &mut Vec<&'static str>, new: &'static str) {
    if !marks.contains(&new) {
        marks.push(new);
    }
}

/// What an attempt asks before it looks at the cloud.
fn gates<'w, K: Kind>(
    world: &'w World,
    course: &mut Course,
    object: &K::Object,
    account: &str,
) -> Result<&'w AccountFacts, (Action, Reason, String)> {
    if is_annotated(object, PAUSED_ANNOTATION) {
        return Err((Action::Wait, Reason::Paused, "paused by the annotation".to_owned()));
    }
    let Some(facts) = world.accounts.get(account) else {
        return Err((Action::Wait, Reason::WaitingForAccount, format!("CloudAccount {account} does not exist")));
    };
    let Some(known) = &facts.account else {
        mark_unchecked(course, ACCOUNT_UNREAD);
        return Ok(facts);
    };
    let ready = known.status.as_ref().and_then(|status| find_condition(&status.conditions, ConditionType::Ready));
    if let Some(ready) = ready.filter(|ready| ready.status != "True") {
        return Err((Action::Wait, Reason::WaitingForAccount, format!("CloudAccount {account} is not ready: {}", ready.message)));
    }
    if K::FEATURE.is_some_and(|feature| !facts.allows(feature)) {
        return Err((Action::Refused, Reason::Unsupported, disabled::<K>(account)));
    }
    let namespace = world.namespaces.get(&course.key.namespace);
    let asker = Asker {
        key: &course.key,
        labels: &namespace.map(|namespace| namespace.labels.clone()).unwrap_or_default(),
        index: &world.index,
        account,
        allowance: &Allowance::of(&known.spec),
        behind: &|kind, id| world.behind(facts, kind, id),
    };
    match asker.permission::<K>(object) {
        Permission::Granted => Ok(facts),
        Permission::Closed => Err((Action::Wait, Reason::WaitingForAccount, closed(account))),
        Permission::Denied(message) => Err((Action::Refused, Reason::NotGranted, denied(account, &message))),
        Permission::Unknown(_) => {
            mark_unchecked(course, BEHIND_UNKNOWN);
            Ok(facts)
        }
    }
}

fn mark_unchecked(course: &mut Course, what: &str) {
    if !course.planned.not_checked.iter().any(|told| told == what) {
        course.planned.not_checked.push(what.to_owned());
    }
}

/// The account's defaults. Of an account that can't be read the tags are those that the resource has and the object did not ask for before the plan.
fn defaults(facts: &AccountFacts, present: Option<&Value>) -> Defaults {
    if let Some(account) = &facts.account {
        return account.spec.defaults.clone().unwrap_or_default();
    }
    let tags = |pointer: &str| present.and_then(|present| Tags::deserialize(present.pointer(pointer)?).ok()).unwrap_or_default();
    let (shown, before) = (tags("/status/observed/tags"), tags("/spec/tags"));
    let is_default = |key: &String| key != OWNER_TAG && !key.starts_with("_sys_") && !before.contains_key(key);
    Defaults { tags: shown.into_iter().filter(|(key, _)| is_default(key)).collect(), ..Defaults::default() }
}

/// What stands around an object in a plan: what is known, and nothing to be asked.
struct Known<'w, R> {
    world: &'w World,
    facts: &'w AccountFacts,
    view: View<R>,
    namespace: &'w str,
}

impl<R: Listed> Around<R> for Known<'_, R> {
    fn view(&self) -> View<R> {
        self.view.clone()
    }

    fn demand(&self, _: Instant) {}

    fn watch(&self, _: &str) {}

    async fn show(&self, id: &str, _: Option<&str>) -> Result<Option<R>, Failure> {
        Ok(self.view.get(id).map(|listed| listed.as_ref().clone()))
    }

    /// Whether a parent is gone from the cloud is known only where the cloud was read.
    async fn is_absent(&self, call: &Call) -> Result<bool, Failure> {
        Ok(self.facts.is_live && call.last_segment().is_some_and(|id| !self.facts.views.has(id)))
    }

    async fn secret(&self, reference: &SecretKeyReference) -> Result<Result<SecretString, UnusableSecret>, Failure> {
        let value = self.world.secret(self.namespace, reference);
        Ok(value.map_err(|problem| unusable(reference, self.namespace, &problem)))
    }
}
