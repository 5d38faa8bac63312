//! Of two objects that are about to take or make one resource in the same moment the first has it.

use crate::api::Managed;
use crate::graph::{Index, ObjectKey, describe_holder};

use super::decide::Step;
use super::kind::Kind;

/// Claims for an object what `step` is about to take or make. `place` is what tells it from others, where the cloud would make both.
///
/// # Errors
/// With what the other one has, and who that is.
pub(super) fn claim<K: Kind>(
    index: &Index,
    me: &ObjectKey,
    object: &K::Object,
    account: &str,
    step: &Step,
    place: Option<&str>,
) -> Result<(), String> {
    let in_account = place.map(|place| format!("{account}: {place}"));
    let (id, what) = match step {
        Step::Adopt(id) => (Some(id.as_str()), Some(id.as_str())),
        Step::RecordIntent => {
            let id = K::id_before_create(object);
            (id.or(in_account.as_deref()), id.or(place))
        }
        // A create that an earlier process announced.
        _ if object.status().is_some_and(|status| status.intent.is_some()) => (in_account.as_deref(), None),
        _ => (None, None),
    };
    let claimed = id.map_or(Ok(()), |id| index.claim(me, id));
    match (claimed, what) {
        (Err(holder), Some(what)) => Err(format!("{what} is already used by {}", describe_holder(&holder, &me.namespace))),
        _ => Ok(()),
    }
}
