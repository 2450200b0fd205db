//! The loop of a run: it asks a model, puts every proposal to the gate, and acts only with a permit.

pub mod agents;
pub mod citations;
pub mod context;
pub mod counts;
pub mod driver;
pub mod edit;
pub mod fork;
pub mod gate;
mod hands;
mod held;
pub mod intent;
pub mod labels;
pub mod live;
pub mod models;
pub mod offers;
pub mod pins;
#[cfg(feature = "testing")]
pub mod points;
#[cfg(not(feature = "testing"))]
mod points;
pub mod replay;
pub mod rules;
pub mod run;
mod runtime;
pub mod worker;

pub use runtime::Runtime;

#[cfg(feature = "testing")]
pub mod testing;
