//! Ctrl-C and SIGTERM, as one wish to stop. A second one ends the process at once; PostgreSQL recovers from that.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// A token that is cancelled by the first signal.
pub fn stop_on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let wish = stop.clone();
    tokio::spawn(async move {
        let name = tokio::select! { _ = interrupt.recv() => "Ctrl-C", _ = terminate.recv() => "SIGTERM" };
        info!("stopping ({name}); what is under way is brought to its next commit");
        wish.cancel();
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        warn!("stopping at once");
        std::process::exit(130);
    });
    Ok(stop)
}
