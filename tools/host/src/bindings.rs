//! The host's side of `tools/wit`, generated at compile time. Imports are asynchronous and may end the call.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "tool",
    imports: { default: async | trappable },
    exports: { default: async },
});

/// The package's version: what a component must have been built against.
pub(crate) const VERSION: &str = "0.1.0";

/// The host's side of what the grant `wasi-http` links. Nothing waits but what asks others.
pub(crate) mod wasi {
    use crate::wasi as held;

    wasmtime::component::bindgen!({
        path: "../wit/wasi",
        world: "asking",
        imports: {
            "wasi:http/outgoing-handler.handle": async | trappable,
            "wasi:http/types.[static]outgoing-body.finish": async | trappable,
            default: trappable,
        },
        with: {
            "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
            "wasi:http/types.fields": held::Fields,
            "wasi:http/types.incoming-request": held::Nothing,
            "wasi:http/types.outgoing-request": held::OutgoingRequest,
            "wasi:http/types.request-options": held::RequestOptions,
            "wasi:http/types.response-outparam": held::Nothing,
            "wasi:http/types.incoming-response": held::IncomingResponse,
            "wasi:http/types.incoming-body": held::IncomingBody,
            "wasi:http/types.future-trailers": held::FutureTrailers,
            "wasi:http/types.outgoing-response": held::OutgoingResponse,
            "wasi:http/types.outgoing-body": held::OutgoingBody,
            "wasi:http/types.future-incoming-response": held::FutureResponse,
        },
    });
}
