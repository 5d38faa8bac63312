//! Status for machines: kstatus, `kubectl wait`, Argo CD and Flux read the objects right, in every state and at every moment of a life.

mod argo;
mod flux;
mod kstatus;
mod life;
mod record;
mod states;
