//! `make fuzz` runs it: addresses that plugins ask at, guided by coverage.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_host::fuzzing::egress(bytes));
