//! `make fuzz` runs it: manifests of plugins, guided by coverage.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_host::fuzzing::manifest(bytes));
