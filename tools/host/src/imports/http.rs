//! Asking others: translated, counted, and handed to the gate in `egress`.

use crate::bindings::steward::plugin::http as wit;
use crate::egress::{Asked, Failed, Given, Refusal, only_looks};
use crate::error::tidy;
use crate::sandbox::{CallState, STEERED};
use std::sync::Arc;
use steward_core::{Floor, Integrity};
use wasmtime::Result;

/// Why a call that read what is not for everybody asks nobody.
const TOLD: &str = "this call read what was kept of private matters, so it asks nobody outside; take what is to be sent as an argument instead";
/// Why a call that was handed a document asks nobody.
const HANDED: &str = "this call was handed a document of the organisation, so it asks nobody outside; take what is to be sent as an argument instead";
/// Why a call that the office told of records asks nobody.
const SHOWN: &str = "this call has looked for records of the organisation or changed some, so it asks nobody outside any more; \
                     ask outside first, or take what is to be sent as an argument instead";
/// Letters of a reason.
const REASON_MAX: usize = 300;

impl From<Refusal> for wit::HttpError {
    fn from(why: Refusal) -> Self {
        match why {
            Refusal::Denied(why) => Self::Denied(tidy(&why, REASON_MAX)),
            Refusal::TooLarge(why) => Self::TooLarge(tidy(&why, REASON_MAX)),
            Refusal::TooMany(why) => Self::TooMany(tidy(&why, REASON_MAX)),
            Refusal::Timeout => Self::Timeout,
            Refusal::Unreachable(why) => Self::Unreachable(tidy(&why, REASON_MAX)),
        }
    }
}

impl CallState {
    /// Why this call asks nobody outside, if so: the rules were told of its arguments, and of nothing that it has read since.
    fn stays_silent(&self, changes: bool) -> Option<&'static str> {
        if self.kept.is_some_and(|kept| kept.private) {
            return Some(TOLD);
        }
        if self.saw_document {
            return Some(HANDED);
        }
        if self.seen.private {
            return Some(SHOWN);
        }
        (changes && self.is_steered()).then_some(STEERED)
    }
}

impl CallState {
    /// A request of this call's.
    pub(crate) fn asked(&self, method: String, url: String, headers: Vec<(String, String)>, body: Vec<u8>, timeout_ms: Option<u32>) -> Asked {
        Asked { method, url, headers, body, timeout_ms, tenant: self.tenant, deadline: self.deadline }
    }

    /// Asks others once, by whatever interface: counted, refused where the call knows what it was not judged by, and handed to the gate. The
    /// reason of a refusal has nothing in it that the plugin may not know.
    pub(crate) async fn outside(&mut self, asked: Asked) -> Result<std::result::Result<Given, Failed>> {
        self.ask()?;
        let Some(egress) = self.egress.as_ref().map(Arc::clone) else {
            return Ok(Err(Refusal::Denied("nobody outside is asked here".to_owned()).into()));
        };
        let changes = !only_looks(&asked.method);
        if let Some(why) = self.stays_silent(changes) {
            self.used.refused = self.used.refused.saturating_add(1);
            return Ok(Err(Refusal::Denied(why.to_owned()).into()));
        }
        let leaving = self.sending(changes);
        let asked_before = self.used.requests;
        let answered = egress.fetch(asked, self.effect, &mut self.used, &self.run, &leaving).await;
        if changes {
            self.sent(&answered);
        }
        if self.used.requests > asked_before {
            // Also where nothing came of it: who was asked chose where they redirect to, and which reason there is not to go there.
            self.seen = self.seen.join(Floor { integrity: Integrity::Outside, private: false });
        }
        Ok(answered.map_err(|Failed { why, sent }| {
            // The host of a redirect is the other side's words, and may repeat what it was sent.
            let why = why.scrubbed(|reason| egress.scrub(reason));
            if let Refusal::Denied(reason) | Refusal::TooMany(reason) = &why {
                self.used.refused = self.used.refused.saturating_add(1);
                tracing::warn!(tool.name = self.tool, "a request to others was refused: {}", tidy(reason, REASON_MAX));
            }
            Failed { why, sent }
        }))
    }
}

impl wit::Host for CallState {
    async fn fetch(&mut self, request: wit::Request) -> Result<std::result::Result<wit::Response, wit::HttpError>> {
        let wit::Request { method, url, headers, body, timeout_ms } = request;
        let asked = self.asked(method, url, headers, body.unwrap_or_default(), timeout_ms);
        Ok(match self.outside(asked).await? {
            Ok(Given { status, headers, body }) => Ok(wit::Response { status, headers, body }),
            Err(Failed { why, .. }) => Err(why.into()),
        })
    }
}
