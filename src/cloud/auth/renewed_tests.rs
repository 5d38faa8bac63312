use super::*;
use crate::cloud::errors::class::ErrorClass;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;

/// What one exchange does.
#[derive(Clone, Debug)]
struct Step {
    takes: Duration,
    /// Life of what it gives, in seconds; `None` if it fails.
    life: Option<i64>,
}

fn gives(life: i64) -> Step {
    Step { takes: Duration::from_millis(10), life: Some(life) }
}

fn fails() -> Step {
    Step { takes: Duration::from_millis(10), life: None }
}

/// A source in virtual time: what it gives is the number of the exchange.
struct Script {
    begun: Instant,
    steps: Mutex<VecDeque<Step>>,
    /// When each exchange began and ended, and whether it succeeded.
    log: Arc<Mutex<Vec<(Duration, Duration, bool)>>>,
    running: Arc<Mutex<u32>>,
}

impl Source for Script {
    type Value = usize;

    fn operation(&self) -> &'static str {
        "Exchange"
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::try_from(self.begun.elapsed()).unwrap()
    }

    async fn exchange(&self) -> Result<Fresh<usize>, CloudError> {
        {
            let mut running = self.running.lock().unwrap();
            *running += 1;
            assert_eq!(*running, 1, "one at a time");
        }
        let begun = self.begun.elapsed();
        let step = self.steps.lock().unwrap().pop_front().unwrap_or_else(fails);
        tokio::time::sleep(step.takes).await;
        *self.running.lock().unwrap() -= 1;
        let mut log = self.log.lock().unwrap();
        log.push((begun, self.begun.elapsed(), step.life.is_some()));
        let error = || CloudError::local("Exchange", OwnCode::Timeout, "no answer", RequestOutcome::Refused);
        let life = step.life.ok_or_else(error)?;
        Ok(Fresh { value: log.len(), expires_at: self.now() + SignedDuration::from_secs(life) })
    }
}

type Log = Arc<Mutex<Vec<(Duration, Duration, bool)>>>;

fn scripted(steps: impl IntoIterator<Item = Step>) -> (Renewed<Script>, Log) {
    let log = Log::default();
    let script =
        Script { begun: Instant::now(), steps: Mutex::new(steps.into_iter().collect()), log: Arc::clone(&log), running: Arc::default() };
    (Renewed::new(script), log)
}

fn count(log: &Log) -> usize {
    log.lock().unwrap().len()
}

async fn value(renewed: &Renewed<Script>) -> Result<usize, String> {
    renewed.get().await.map(|current| current.value).map_err(|error| error.code)
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn all_who_ask_share_one_exchange() {
    let (renewed, log) = scripted([gives(3600)]);
    let all = futures::future::join_all((0..50).map(|_| value(&renewed))).await;
    assert!(all.iter().all(|one| *one == Ok(1)), "{all:?}");
    assert_eq!(count(&log), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_renewed_in_the_background_before_it_ends() {
    let (renewed, log) = scripted([gives(3600), Step { takes: Duration::from_mins(5), life: Some(3600) }]);
    assert_eq!(value(&renewed).await, Ok(1));
    pass(2990).await;
    assert_eq!((value(&renewed).await, count(&log)), (Ok(1), 1), "ten minutes are left");
    pass(300).await;
    // The exchange takes five minutes, and nobody waits for it.
    let begun = Instant::now();
    assert_eq!((value(&renewed).await, begun.elapsed()), (Ok(1), Duration::ZERO));
    pass(299).await;
    assert_eq!(value(&renewed).await, Ok(1));
    pass(2).await;
    assert_eq!((value(&renewed).await, count(&log)), (Ok(2), 2));
}

#[tokio::test(start_paused = true)]
async fn what_lives_for_seconds_is_renewed_in_the_second_half() {
    let (renewed, log) = scripted([gives(2), gives(2), gives(2)]);
    assert_eq!(value(&renewed).await, Ok(1));
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!((value(&renewed).await, count(&log)), (Ok(1), 1));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(value(&renewed).await, Ok(1));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(value(&renewed).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_is_told_when_the_end_is_near_and_recovers_by_itself() {
    let (renewed, log) = scripted([gives(3600)].into_iter().chain((0..100).map(|_| fails())));
    assert_eq!((value(&renewed).await, renewed.failure()), (Ok(1), None));
    let mut told = None;
    for second in 0..3600 {
        assert_eq!(value(&renewed).await, Ok(1), "second {second}");
        if renewed.failure().is_some() {
            told.get_or_insert(second);
        }
        pass(1).await;
    }
    let told = told.unwrap();
    assert!((3290..=3370).contains(&told), "about five minutes before the end: {told}");
    let failure = renewed.failure().unwrap();
    assert_eq!((failure.error.code.as_str(), failure.expires_at), ("Timeout", None), "it has ended");
    // Nobody waits while the source rests.
    assert_eq!(value(&renewed).await, Err("Timeout".to_owned()));
    let failed = count(&log) - 1;
    assert!((10..30).contains(&failed), "{failed} failed exchanges in ten minutes");
    while value(&renewed).await.is_err() {
        pass(1).await;
        if count(&log) > 40 {
            renewed.0.source.steps.lock().unwrap().clear();
            renewed.0.source.steps.lock().unwrap().push_back(gives(3600));
        }
    }
    assert_eq!((renewed.failure(), renewed.fails()), (None, false));
}

#[tokio::test(start_paused = true)]
async fn a_blip_is_not_worth_a_word() {
    let (renewed, _) = scripted([gives(3600), fails(), fails(), fails(), fails(), gives(3600)]);
    for second in 0..6000 {
        assert!(value(&renewed).await.is_ok(), "second {second}");
        assert_eq!(renewed.failure(), None, "second {second}");
        pass(1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_replaced_once_and_not_again_and_again() {
    let (renewed, log) = scripted((0..100).map(|_| gives(3600)));
    let first = renewed.get().await.unwrap();
    // Two calls were in flight with it.
    assert!(renewed.refused(&first) && renewed.refused(&first));
    let second = renewed.get().await.unwrap();
    assert_eq!((second.value, count(&log)), (2, 2));
    assert!(renewed.refused(&first), "it is replaced already");
    assert_eq!(value(&renewed).await, Ok(2));
    assert!(!renewed.refused(&second));
    assert_eq!((value(&renewed).await, count(&log)), (Ok(2), 2), "it stays: it may have served others meanwhile");
    // Whatever is refused all the time is replaced now and then.
    for _ in 0..600 {
        let current = renewed.get().await.unwrap();
        renewed.refused(&current);
        pass(1).await;
    }
    assert!((10..=90).contains(&count(&log)), "{} exchanges in ten minutes", count(&log));
}

/// A renewal has failed a moment ago, and then what is held is refused.
#[tokio::test(start_paused = true)]
async fn what_is_refused_is_replaced_at_once_even_if_the_renewal_rests() {
    let (renewed, log) = scripted([gives(3600), fails(), fails(), fails(), fails(), gives(3600)]);
    let first = renewed.get().await.unwrap();
    pass(3100).await;
    while count(&log) < 5 {
        assert_eq!(value(&renewed).await, Ok(1));
        pass(1).await;
    }
    assert!(renewed.fails() && renewed.refused(&first));
    assert_eq!(value(&renewed).await, Ok(6));
}

/// The local clock is so wrong that all keys seem to have ended: they are used, so that an answer can correct the clock.
#[tokio::test(start_paused = true)]
async fn what_has_ended_by_the_clock_when_it_comes_serves_once() {
    let (renewed, log) = scripted((0..100).map(|_| gives(-600)));
    assert_eq!(value(&renewed).await, Ok(1));
    for _ in 0..20 {
        assert_eq!(value(&renewed).await, Err("Expired".to_owned()));
    }
    assert_eq!(count(&log), 1);
    pass(2).await;
    assert_eq!((value(&renewed).await, count(&log)), (Ok(2), 2));
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_panics_is_a_failed_one() {
    struct Panics;
    impl Source for Panics {
        type Value = ();
        fn operation(&self) -> &'static str {
            "Exchange"
        }
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
        async fn exchange(&self) -> Result<Fresh<()>, CloudError> {
            tokio::task::yield_now().await;
            panic!("a bug")
        }
    }
    let renewed = Renewed::new(Panics);
    let error = renewed.get().await.err().unwrap();
    assert_eq!((error.code.as_str(), error.class), ("Internal", ErrorClass::Server));
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
    Ask,
    Refuse,
    Wait(Duration),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let takes = (0u64..20_000).prop_map(Duration::from_millis);
    let life = prop_oneof![2 => Just(None), 3 => (-10i64..7200).prop_map(Some)];
    prop::collection::vec((takes, life).prop_map(|(takes, life)| Step { takes, life }), 0..60)
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => Just(Act::Ask),
        1 => Just(Act::Refuse),
        3 => (0u64..1_000_000).prop_map(|ms| Act::Wait(Duration::from_millis(ms))),
    ];
    prop::collection::vec(act, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the source does and whoever asks: nobody waits while something is held, nobody gets what has ended (but what has just come), a failed exchange
    /// is followed by a wait, and what is refused is not replaced again and again.
    #[test]
    fn it_serves_as_long_as_it_holds_and_storms_nobody(steps in steps(), acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (renewed, log) = scripted(steps);
            let mut held: Option<Current<usize>> = None;
            let mut forced: Vec<Instant> = Vec::new();
            for act in acts {
                match act {
                    Act::Wait(time) => tokio::time::sleep(time).await,
                    Act::Refuse => if let Some(current) = held.take() {
                        let present = renewed.0.lock().held.as_ref().is_some_and(|present| present.current.number == current.number);
                        if renewed.refused(&current) && present {
                            forced.push(Instant::now());
                        } else if present {
                            held = Some(current);
                        }
                    },
                    Act::Ask => {
                        let (asked, now) = (Instant::now(), renewed.0.source.now());
                        let before = count(&log);
                        let got = renewed.get().await;
                        if held.as_ref().is_some_and(|held| now < held.expires_at) {
                            assert!(got.is_ok() && asked.elapsed() == Duration::ZERO, "nobody waits while something is held");
                        }
                        if let Ok(got) = &got {
                            let is_new = count(&log) > before;
                            assert!(is_new || renewed.0.source.now() < got.expires_at, "nobody gets what has ended");
                        }
                        held = got.ok();
                    }
                }
            }
            for pair in forced.windows(2) {
                assert!(pair[1] - pair[0] >= FORCED_AGAIN.0);
            }
            let forced: Vec<Duration> = forced.into_iter().map(|at| at - renewed.0.source.begun).collect();
            let log = log.lock().unwrap();
            for pair in log.windows(2) {
                let ((_, ended, ok), (begun, _, _)) = (pair[0], pair[1]);
                let is_forced = forced.iter().any(|at| *at >= ended && *at <= begun);
                assert!(ok || is_forced || begun >= ended + Duration::from_millis(799), "{ended:?} {begun:?}");
            }
        });
    }
}
