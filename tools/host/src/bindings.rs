//! The host's side of `tools/wit`, generated at compile time. Imports are asynchronous and may end the call.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "tool",
    imports: { default: async | trappable },
    exports: { default: async },
});

/// The package's version: what a component must have been built against.
pub(crate) const VERSION: &str = "0.1.0";
