//! What the server counts about itself, in Prometheus' text form. Nothing here names an organisation or a person.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the duration buckets, in milliseconds.
const BUCKETS_MS: [u64; 9] = [1, 5, 10, 25, 100, 250, 1_000, 5_000, 30_000];

#[derive(Debug, Default, Clone, Copy)]
struct Durations {
    buckets: [u64; BUCKETS_MS.len()],
    count: u64,
    sum_us: u64,
}

/// Counters of this process.
#[derive(Debug, Default)]
pub struct Meters {
    requests: Mutex<BTreeMap<(&'static str, &'static str, u16), u64>>,
    durations: Mutex<BTreeMap<(&'static str, &'static str), Durations>>,
}

impl Meters {
    /// Counts one answered request.
    pub fn request(&self, method: &'static str, route: &'static str, status: u16, took: Duration) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry((method, route, status)).or_default() += 1;
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let durations = durations.entry((method, route)).or_default();
        for (bucket, bound) in durations.buckets.iter_mut().zip(BUCKETS_MS) {
            *bucket += u64::from(took <= Duration::from_millis(bound));
        }
        durations.count += 1;
        durations.sum_us = durations.sum_us.saturating_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Everything counted so far, as Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = String::from("# HELP steward_http_requests_total Answered requests.\n# TYPE steward_http_requests_total counter\n");
        for ((method, route, status), count) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "steward_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}");
        }
        text.push_str("# HELP steward_http_request_seconds Time to the first byte of the answer.\n# TYPE steward_http_request_seconds histogram\n");
        for ((method, route), durations) in self.durations.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\"");
            for (count, bound_ms) in durations.buckets.iter().zip(BUCKETS_MS) {
                let _ = writeln!(text, "steward_http_request_seconds_bucket{{{labels},le=\"{}.{:03}\"}} {count}", bound_ms / 1000, bound_ms % 1000);
            }
            let _ = writeln!(text, "steward_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {}", durations.count);
            let _ = writeln!(text, "steward_http_request_seconds_sum{{{labels}}} {}.{:06}", durations.sum_us / 1_000_000, durations.sum_us % 1_000_000);
            let _ = writeln!(text, "steward_http_request_seconds_count{{{labels}}} {}", durations.count);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_everything_up_to_their_bound() {
        let meters = Meters::default();
        meters.request("GET", "/healthz", 200, Duration::from_millis(7));
        meters.request("GET", "/healthz", 200, Duration::from_secs(60));
        let text = meters.text();
        for line in [
            "steward_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 2",
            "steward_http_request_seconds_bucket{method=\"GET\",route=\"/healthz\",le=\"0.005\"} 0",
            "steward_http_request_seconds_bucket{method=\"GET\",route=\"/healthz\",le=\"0.010\"} 1",
            "steward_http_request_seconds_bucket{method=\"GET\",route=\"/healthz\",le=\"+Inf\"} 2",
            "steward_http_request_seconds_sum{method=\"GET\",route=\"/healthz\"} 60.007000",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
}
