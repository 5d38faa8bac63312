//! The simulator as an HTTP server, and the state that all requests share.

mod handle;
pub mod tls;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

use crate::{
    admin,
    auth::{Issued, accounts::Account},
    clock::Moment,
    faults::Faults,
    journal::Journal,
    rate_limit::RateLimiter,
    settings::Settings,
    state::{
        Cloud,
        history::History,
        seeds::{self, Seeds},
    },
};
use tls::Freezer;

/// Everything but `state` is fixed at the start.
pub struct Simulator {
    accounts: Vec<Account>,
    initial_settings: Settings,
    seeds: Seeds,
    state: Mutex<SimulatorState>,
    freezer: Freezer,
}

pub struct SimulatorState {
    pub settings: Arc<Settings>,
    pub cloud: Cloud,
    pub history: History,
    pub issued: Issued,
    pub faults: Faults,
    pub journal: Journal,
    rate_limiter: RateLimiter,
}

/// The admin API under `/admin`, the simulated cloud under every other path.
pub fn router(simulator: Simulator) -> Router {
    admin::router().fallback(handle::handle).with_state(Arc::new(simulator))
}

impl Simulator {
    pub fn new(accounts: Vec<Account>, initial_settings: Settings, seeds: Seeds) -> Self {
        let state = Mutex::new(SimulatorState::new(&accounts, &initial_settings, &seeds));
        Self { accounts, initial_settings, seeds, state, freezer: Freezer::default() }
    }

    /// Freezes its connections, where it is served with TLS.
    pub const fn freezer(&self) -> &Freezer {
        &self.freezer
    }

    /// Locks the state. A poisoned lock is taken all the same: a panic in one request must not stop the simulator.
    pub fn state(&self) -> MutexGuard<'_, SimulatorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Restores the state of the start: seeds, initial settings, an empty journal.
    pub fn reset(&self) {
        *self.state() = SimulatorState::new(&self.accounts, &self.initial_settings, &self.seeds);
    }

    /// The project that owns the seeded connections.
    pub fn first_project(&self) -> &str {
        first_project(&self.accounts)
    }

    /// The region, which is also the name of the projects.
    pub fn region(&self) -> &str {
        self.accounts.first().map_or("", |account| account.project_name.as_str())
    }
}

impl SimulatorState {
    fn new(accounts: &[Account], settings: &Settings, seeds: &Seeds) -> Self {
        Self {
            settings: Arc::new(settings.clone()),
            cloud: seeds::cloud(first_project(accounts), region(accounts), seeds),
            history: History::default(),
            issued: Issued::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            rate_limiter: RateLimiter::default(),
        }
    }

    pub fn now(&self) -> Moment {
        Moment::now(self.settings.clock_offset_s)
    }

    /// Remembers the state of the cloud for reads that lag. Must be called after each change.
    pub fn remember(&mut self) {
        let now = self.now();
        self.history.record(&self.cloud, now, &self.settings);
    }

    /// Completes the pending changes that are due. Must be called before the cloud is read.
    pub fn settle(&mut self, now: Moment) {
        let settings = Arc::clone(&self.settings);
        self.cloud.settle(now, &settings);
    }
}

fn first_project(accounts: &[Account]) -> &str {
    accounts.first().map_or("", |account| account.project_id.as_str())
}

/// The region has the name of the project.
fn region(accounts: &[Account]) -> &str {
    accounts.first().map_or("", |account| account.project_name.as_str())
}
