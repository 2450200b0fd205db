//! The store against real engines.

mod cluster;
