//! The listening socket, and serving from it until it is time to stop.

use axum::Router;
use axum::serve::ListenerExt as _;
use std::net::SocketAddr;
use std::time::Duration;
use steward_core::{HasKind, Kind};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

/// How long requests under way may take after a stop was asked for, in seconds. Streams are cut off then; their readers come back.
const DRAIN_SECONDS: u64 = 5;

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error("another program listens on {listen}; stop it, or set `server.listen` (or `--listen`) to another port")]
    Taken {
        /// Where.
        listen: SocketAddr,
    },
    /// The system does not let us.
    #[error("this user may not listen on {listen}; ports below 1024 need rights: set `server.listen` to a higher port")]
    Forbidden {
        /// Where.
        listen: SocketAddr,
    },
    /// No such address here.
    #[error("cannot listen on {listen}; is that address one of this machine's? Set `server.listen`")]
    Address {
        /// Where.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Serving broke off.
    #[error("the HTTP server ended")]
    Ended(#[source] std::io::Error),
}

impl HasKind for ServeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Taken { .. } => Kind::Conflict,
            Self::Forbidden { .. } => Kind::Denied,
            Self::Address { .. } => Kind::Invalid,
            Self::Ended(_) => Kind::Away,
        }
    }
}

/// Takes the port, before anything that takes long.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(listen).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::Taken { listen },
        std::io::ErrorKind::PermissionDenied => ServeError::Forbidden { listen },
        _ => ServeError::Address { listen, source },
    })
}

/// Serves until `stop`, then lets requests under way come to their end, but not for long.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> Result<(), ServeError> {
    // Answers and events are small and leave as they come: gathered into larger packets, each waits for the one before to be acknowledged, which
    // takes the other side forty milliseconds. What cannot be set so is only slower.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        ended = std::future::IntoFuture::into_future(serving) => ended.map_err(ServeError::Ended),
        () = async { stop.cancelled().await; tokio::time::sleep(Duration::from_secs(DRAIN_SECONDS)).await } => {
            info!("connections that were still open are closed");
            Ok(())
        }
    }
}
