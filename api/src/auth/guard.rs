//! What stands before every handler: origin, identity, permission, a bounded body, the idempotency key. In that order, so that nobody
//! sends a large body before it is known that they may.

use super::credentials::{Credentials, check_origin};
use super::idempotency::Claim;
use super::{Access, Caller, Visit};
use crate::error::{ApiError, ProblemCode};
use crate::oauth;
use crate::router::Route;
use crate::state::AppState;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use steward_core::limits::BODY_BYTES_MAX;
use steward_core::{Actor, ActorKind, RequestId};
use steward_office::people::Bearer;
use steward_office::{OfficeError, people};

/// How long an ordinary body may take to arrive.
const BODY_SECONDS_MAX: u64 = 30;
/// How long a file may take to arrive.
const FILE_SECONDS_MAX: u64 = 600;

/// Lets a request through to its handler, or refuses it.
pub async fn guard(State((state, route)): State<(AppState, &'static Route)>, request: Request, next: Next) -> Response {
    let is_for_clients = route.path == oauth::PATH;
    let site = is_for_clients.then(|| state.site.clone());
    let came_with_token = is_for_clients && request.headers().contains_key(header::AUTHORIZATION);
    match admit(state, route, request).await {
        Ok(Admitted::In(request)) => next.run(request).await,
        Ok(Admitted::Answered(response)) => response,
        Err(err) => {
            let mut response = err.into_response();
            if let Some(site) = site {
                oauth::say_where(&mut response, &site, came_with_token);
            }
            response
        }
    }
}

enum Admitted {
    In(Request),
    Answered(Response),
}

async fn admit(state: AppState, route: &'static Route, request: Request) -> Result<Admitted, ApiError> {
    let (mut parts, body) = request.into_parts();
    let request_id = parts.extensions.get::<RequestId>().copied().unwrap_or_else(|| state.office.ids.make());
    let visit = Visit {
        office: state.office.for_request(request_id.to_string()),
        request_id,
        address: client_address(&parts, state.site.trusts_forwarded()),
        user_agent: parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned),
        state,
    };
    let bearer = identify(&visit, route, &parts).await?;
    let body = read_body(&parts, route, body).await?;
    if let Some(Bearer { actor, agent }) = bearer {
        let claim = Claim::of(route, &parts.uri, &parts.headers, &body, visit.office.key.as_ref())?;
        if let (Some(claim), Some(person)) = (&claim, actor.person)
            && let Some(response) = claim.answer(&visit.state.store, &actor, person).await?
        {
            return Ok(Admitted::Answered(response));
        }
        parts.extensions.insert(Caller { visit: visit.clone(), actor, access: route.access, agent, claim });
    }
    parts.extensions.insert(visit);
    Ok(Admitted::In(Request::from_parts(parts, Body::from(body))))
}

/// Who asks, if the route wants to know, and only if they may.
async fn identify(visit: &Visit, route: &Route, parts: &Parts) -> Result<Option<Bearer>, ApiError> {
    let credentials = Credentials::of(&parts.headers, &visit.state.site);
    let is_public = route.access == Access::Public;
    let by_cookie = !is_public && matches!(credentials, Credentials::Cookie(_));
    if is_public || by_cookie {
        check_origin(&parts.method, &parts.headers, &visit.state.site, by_cookie)?;
    }
    if is_public {
        return Ok(None);
    }
    // Only there is a client's token one.
    let resource = (route.path == oauth::PATH).then(|| oauth::resource(&visit.state.site));
    let bearer = credentials.bearer(&visit.state.store, &visit.office, resource.as_deref()).await?;
    route.access.check(&bearer.actor)?;
    check_second_factor(visit, route, &bearer.actor).await?;
    Ok(Some(bearer))
}

/// What is open to who has to have a second factor and has none yet: seeing who one is, setting it up, leaving.
const WITHOUT_FACTOR: [&str; 2] = ["/api/v1/me", "/api/v1/session"];

/// Where everybody has to have a second factor, refuses sessions in which none was given.
async fn check_second_factor(visit: &Visit, route: &Route, actor: &Actor) -> Result<(), ApiError> {
    let is_open = WITHOUT_FACTOR.iter().any(|path| route.path == *path || route.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
    if is_open || !visit.office.requires_second_factor || !matches!(actor.kind, ActorKind::Person { .. }) {
        return Ok(());
    }
    let mut tx = visit.state.store.begin(actor).await?;
    if people::may_work(&mut tx, &visit.office).await? { Ok(()) } else { Err(OfficeError::NoSecondFactor.into()) }
}

async fn read_body(parts: &Parts, route: &Route, body: Body) -> Result<Bytes, ApiError> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(Bytes::new());
    }
    let too_large = || {
        let detail = format!("the body has more than the {} bytes allowed here", route.body_bytes_max);
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::TooLarge, detail)
    };
    let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > u64::try_from(route.body_bytes_max).unwrap_or(u64::MAX)) {
        return Err(too_large());
    }
    let seconds = if route.body_bytes_max > BODY_BYTES_MAX { FILE_SECONDS_MAX } else { BODY_SECONDS_MAX };
    match tokio::time::timeout(Duration::from_secs(seconds), to_bytes(body, route.body_bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(err)) if is_limit(&err) => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::new(StatusCode::BAD_REQUEST, ProblemCode::Malformed, "the body broke off: send it again")),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, ProblemCode::TooSlow, format!("the body did not arrive in {seconds} seconds: send it again"))),
    }
}

fn is_limit(err: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(err);
    while let Some(this) = cause {
        if this.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = this.source();
    }
    false
}

/// The client's address: the peer's, or the last one the trusted proxy names. Of an IPv6 address the network counts, of which a client has all.
fn client_address(parts: &Parts, trusts_forwarded: bool) -> Option<String> {
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok()).and_then(|text| text.rsplit(',').next());
    let forwarded = forwarded.filter(|_| trusts_forwarded).and_then(|text| text.trim().parse::<IpAddr>().ok());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    match forwarded.or(peer)?.to_canonical() {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    /// A request of this peer with these lines of `X-Forwarded-For`.
    fn parts(peer: &str, forwarded: &[&str]) -> Parts {
        let mut parts = http::Request::new(()).into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 4711)));
        for line in forwarded {
            parts.headers.append("x-forwarded-for", HeaderValue::from_str(line).expect("a header"));
        }
        parts
    }

    #[test]
    fn wrong_tries_are_counted_by_the_address_that_nobody_can_choose() {
        let cases: [(&[&str], &str); 8] = [
            (&[], "192.0.2.1"),
            (&["198.51.100.7"], "198.51.100.7"),
            // What a client writes itself stands before what the proxy adds.
            (&["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (&["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            (&["198.51.100.7, unknown"], "192.0.2.1"),
            (&["::ffff:198.51.100.7"], "198.51.100.7"),
            // Of a network that one client has, every address is that client's.
            (&["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
            (&["2001:db8:1:2:ffff::1"], "2001:db8:1:2::/64"),
        ];
        for (forwarded, expect) in cases {
            let request = parts("192.0.2.1", forwarded);
            assert_eq!(client_address(&request, true).as_deref(), Some(expect), "{forwarded:?}");
            // Without a proxy whoever asks writes the header.
            assert_eq!(client_address(&request, false).as_deref(), Some("192.0.2.1"), "{forwarded:?}");
        }
        assert_eq!(client_address(&parts("::ffff:192.0.2.1", &[]), false).as_deref(), Some("192.0.2.1"));
    }
}
