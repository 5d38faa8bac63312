//! What the operator would do: its own decision, over what is known of the cluster and the cloud, carried out in memory until nothing is left to do.
//!
//! An object is put together with what stands around it as in an attempt (`observe::look`), and the same `decide` says the step.
//! Instead of being executed the step is told, and taken as done: what is created is there in the next round, what is deleted is gone. So an object
//! that waits for another one acts in a round after it.
//!
//! - `world`: all that is known.
//! - `views`: the collections of an account.
//! - `recall`: resources from the statuses of their objects.
//! - `course`: one object on its way through the rounds.
//! - `turn`: one object in one round.
//! - `planner`: the parts of it that differ by kind, as values.
//! - `planned`: what is told of an object.

mod course;
mod planned;
mod planner;
mod recall;
mod turn;
mod views;
mod world;

use course::Course;

pub use planned::{Action, Change, Planned, PlannedCall};
pub(super) use planner::Planner;
pub(crate) use recall::recall;
pub use views::Views;
pub use world::{AccountFacts, NamespaceFacts, Subject, World};

/// Rounds after which something goes round in circles.
const MOST_ROUNDS: usize = 100;

/// What the operator does with `subjects`, one after the other as it can. The order of the result is theirs.
#[must_use]
pub fn plan(mut world: World, subjects: Vec<Subject>) -> Vec<Planned> {
    let mut courses: Vec<Course> = subjects.into_iter().filter_map(|subject| Course::begin(&mut world, subject)).collect();
    for round in 1..=MOST_ROUNDS {
        let mut effects = Vec::new();
        let mut acts = false;
        for course in courses.iter_mut().filter(|course| !course.is_over) {
            acts |= (course.kind.planner().turn)(&world, course, round, &mut effects);
        }
        // What one does the others see in the next round.
        for effect in effects {
            effect(&mut world);
        }
        if !acts {
            break;
        }
    }
    courses.into_iter().map(Course::finish).collect()
}
