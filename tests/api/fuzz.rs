//! Whatever the cloud answers is read without a panic, and what is no answer is never taken for one.
//!
//! A list that is read as empty means that all is gone, and an error of the wrong class that a resource is; so the properties are about
//! these. 256 cases of each take some seconds; `PROPTEST_CASES=100000 cargo test --test api fuzz` runs longer. The comparison of networks,
//! which is private, has its properties beside it in `src/kinds/compare.rs`.

mod answers;
mod errors;
mod mutation;

/// The bound of the run, for who reads the output.
#[test]
fn each_property_is_tried_with_many_cases() {
    let cases = proptest::test_runner::Config::default().cases;
    support::figure(&format!("fuzz: {cases} cases of each property"));
    assert!(cases > 0, "nothing is tried");
}
