//! Tests that share a control plane, and an operator where they need no other.

use std::sync::Arc;
use tokio::sync::OnceCell;

use crate::controlplane::ControlPlane;
use crate::operator::Operator;
use crate::world::start_operator;

/// Every operator of a control plane sees every account there. So tests that start, stop or kill their own operators, and tests that stop parts of
/// the control plane, form a group of their own: a static of their module.
#[derive(Default)]
pub struct Group {
    plane: OnceCell<Arc<ControlPlane>>,
    operator: OnceCell<Operator>,
}

/// The group of all tests of a binary that name no other.
pub static SHARED: Group = Group::new();

impl Group {
    pub const fn new() -> Self {
        Self { plane: OnceCell::const_new(), operator: OnceCell::const_new() }
    }

    /// Its control plane, with the CRDs installed.
    pub async fn plane(&self) -> Arc<ControlPlane> {
        let plane = self.plane.get_or_init(|| async {
            let plane = ControlPlane::start().await;
            plane.install_crds();
            Arc::new(plane)
        });
        Arc::clone(plane.await)
    }

    /// Its operator, started unless it runs.
    pub async fn operator(&self) -> &Operator {
        let plane = self.plane().await;
        self.operator.get_or_init(|| start_operator(&plane, "shared", &[])).await
    }

    /// The log of its operator.
    pub fn log(&self) -> String {
        self.operator.get().expect("a test that reads the log has started the operator").log()
    }
}
