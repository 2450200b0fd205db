//! The engines behind the store. Each is an enum of an embedded default and a scale-out service, never a trait for what might come.

pub mod cluster;
