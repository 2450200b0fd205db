//! `make fuzz` runs it: frames of MCP servers, guided by coverage.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_host::fuzzing::mcp(bytes));
