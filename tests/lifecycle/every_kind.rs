//! What holds of every kind: a table with a row for each, and tests that go over all rows.
//!
//! A further kind takes a file in `every_kind/rows` with its row, and two lines in `every_kind/rows/mod.rs`. Each test has a namespace and a cloud of its own.
mod checks;
mod references;
mod refusals;
mod row;
#[macro_use]
mod rows;
mod takeover;

use std::collections::BTreeSet;

/// Makes the tests of each row.
macro_rules! every_kind {
    ($($name:ident,)+) => {
        $(mod $name {
            use super::rows::$name::ROW;
            use super::{checks, references, refusals, takeover};

            every_kind!(tests:
                checks::comes_up_and_goes,
                checks::fields_change_with_the_fewest_calls,
                checks::drift_is_corrected,
                checks::what_somebody_deletes_is_made_again,
                checks::a_word_that_nobody_knows_stops_all_writes,
                checks::an_error_is_told,
                takeover::an_import_by_id_takes_over,
                takeover::an_import_by_its_natural_key_takes_over,
                takeover::the_younger_of_two_objects_waits_for_the_older,
                takeover::of_two_objects_in_the_same_moment_one_has_the_resource,
                takeover::what_somebody_else_has_made_is_not_touched,
                takeover::what_is_only_observed_is_not_written,
                references::one_to_another_namespace_needs_a_grant_there,
                refusals::each_class_of_error_is_told_at_each_call,
                refusals::a_call_that_is_throttled_is_told_and_made_after_the_pause,
                refusals::a_lost_answer_makes_no_second_one,
                refusals::a_refused_create_is_told_with_its_code,
                refusals::a_refused_update_is_told_with_its_code,
                refusals::a_full_quota_is_told_and_tried_again_when_there_is_room,
                refusals::a_feature_that_is_disabled_is_not_used,
                refusals::a_region_without_the_kind_is_not_asked_again,
            );
        })+

        #[test]
        fn every_kind_that_is_run_has_a_row() {
            let run: BTreeSet<&str> = direct_connect_operator::kinds::ALL.iter().map(|kind| kind.kind).collect();
            assert_eq!(BTreeSet::from([$(rows::$name::ROW.kind),+]), run);
        }
    };
    (tests: $($module:ident::$test:ident,)+) => {
        $(#[tokio::test]
        async fn $test() {
            $module::$test(&ROW).await;
        })+
    };
}

for_each_row!(every_kind);
