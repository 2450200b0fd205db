//! Taking secrets out of what comes back, in the forms in which a server is likely to repeat them.
//!
//! It is the second line: that a plugin is given no secret is the first. Whoever is on both sides, in the plugin and at the host it may
//! ask, can agree on a form that is not looked for here, more than eight escapes around one another for example.

mod line;
mod view;

use self::line::Line;
use self::view::{View, each_view, is_in_any};
use super::SecretsAway;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, LazyLock};
use steward_core::TenantId;

/// The shortest secret that is taken, in bytes: a shorter one would be found in texts that have nothing to do with it.
pub const SECRET_BYTES_MIN: usize = 8;

/// What has more bytes is looked through away from the threads that others' calls go on with.
const BODY_HERE_BYTES_MAX: usize = 64 << 10;
/// So many such at once, of all plugins: half of the processors are left for everything else. Nobody can stop one that was begun.
static LARGE: LazyLock<Line> = LazyLock::new(|| Line::new(large_max(), usize::MAX));
/// So many of one organisation's wait of one plugin's: each is kept until then.
const WAITING_MAX: usize = 16;
/// Places of an organisation's secrets that are noted of one text, in all its views; a MiB and a half.
const NOTED_MAX: usize = 64 << 10;

/// Places for all plugins.
fn large_max() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
}

/// Of them, those that one plugin has or stands in line for: where it has many such texts, another's come after no more than these.
fn large_of_one_max() -> usize {
    (large_max() / 2).max(1)
}

/// All places, so that nothing more is looked through until this is dropped. One test at a time has them.
#[cfg(test)]
pub(crate) async fn no_place() -> impl Sized {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let one = ONE.lock().await;
    let anybody: TenantId = "org_00000000000000000000000009".parse().expect("an id");
    let mut all = Vec::new();
    while all.len() < large_max() {
        all.push(LARGE.acquire(anybody).await.expect("a place"));
    }
    (all, one)
}

/// How many long texts of one organisation a plugin has in line while there is no place, before one more is refused.
#[cfg(test)]
pub(crate) fn line_max() -> usize {
    large_of_one_max() + WAITING_MAX
}

/// Why a text was not looked through; nothing of it may be shown then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It broke off.
    Failed,
    /// Too many of the same organisation's wait for it.
    Busy,
}

/// How a long text waits behind others of the same organisation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Not at all where too many do: its call has changed nothing, so a later one does as well.
    Bounded,
    /// However many do: it tells of what was done already.
    Unbounded,
}

/// Looks for the operator's secrets, and for those of the organisation that a call is made for.
#[derive(Debug, Clone)]
pub(crate) struct Scrubber {
    operators: Arc<Finder>,
    own: Option<Arc<Finder>>,
    /// The places of its plugin, whichever organisation it works for.
    large: Line,
}

impl Scrubber {
    /// Looks for the operator's, each with the name that takes its place. There is one for each plugin, and that for a call comes from it.
    ///
    /// # Errors
    /// Away where they cannot be looked for: nothing may be asked with them then.
    pub(crate) fn of<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, SecretsAway> {
        Ok(Self { operators: Arc::new(Finder::of(secrets, None)?), own: None, large: Line::new(large_of_one_max(), WAITING_MAX) })
    }

    /// The same for one call, which looks for these of its organisation too.
    ///
    /// # Errors
    /// Like [`Scrubber::of`].
    pub(crate) fn with_own<'a>(&self, secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, SecretsAway> {
        // It is built for each call: what is small and built at once counts for more than what finds fastest.
        let own = Finder::of(secrets, Some(AhoCorasickKind::ContiguousNFA))?;
        Ok(Self { operators: Arc::clone(&self.operators), own: Some(Arc::new(own)), large: self.large.clone() })
    }

    /// The same without the secrets; none where there is none in it. What is asked for is bounded by whoever asks: it takes its time here.
    pub(crate) fn clean(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if !self.has_any() || !is_in_any(bytes, |view| self.operators.is_in(view) || self.own.as_ref().is_some_and(|own| own.is_in(view))) {
            return None;
        }
        let (operators, own) = self.hits(bytes);
        let mut found: Vec<(usize, usize, &str)> = self.operators.marked(operators).collect();
        if let Some(finder) = &self.own {
            found.extend(finder.marked(own));
        }
        if found.is_empty() {
            return None;
        }
        found.sort_unstable();
        let (mut out, mut end) = (Vec::with_capacity(bytes.len()), 0);
        for (from, to, mark) in found {
            if from >= end {
                out.extend_from_slice(bytes.get(end..from).unwrap_or_default());
                out.extend_from_slice(mark.as_bytes());
            }
            end = end.max(to);
        }
        out.extend_from_slice(bytes.get(end..).unwrap_or_default());
        Some(out)
    }

    /// Where the operator's secrets stand, and where the organisation's do.
    ///
    /// Whoever sets a value of an organisation's chooses it freely. One that holds a part of the operator's does not count there: by what was
    /// hidden with it, it would tell letter by letter whether it was guessed right. One that holds all of it counts: whoever set it knew the
    /// operator's already, and the rest of it is theirs.
    ///
    /// Both are looked for in one set of views. Which of the organisation's count is known when all of the operator's are, so they are noted
    /// until then; where they are too many for that, the views are made once more.
    fn hits(&self, bytes: &[u8]) -> (Vec<Hit>, Vec<Hit>) {
        let mut operators = Vec::new();
        let (mut noted, mut count) = (Some(Vec::new()), 0);
        each_view(bytes, |view| {
            let mut found = Vec::new();
            self.operators.each(view, |hit| join(&mut found, hit));
            operators.append(&mut found);
            if let (Some(finder), true) = (&self.own, noted.is_some()) {
                let mut here = Vec::new();
                finder.each(view, |hit| {
                    count += 1;
                    if count <= NOTED_MAX {
                        here.push(hit);
                    }
                });
                if count > NOTED_MAX {
                    noted = None;
                } else if let Some(views) = &mut noted {
                    views.push(here);
                }
            }
        });
        let operators = whole(operators);
        let Some(finder) = &self.own else { return (operators, Vec::new()) };
        let mut own = Vec::new();
        match noted {
            Some(views) => {
                for view in views {
                    let mut found = Vec::new();
                    view.into_iter().filter(|hit| !cuts(&operators, hit)).for_each(|hit| join(&mut found, hit));
                    own.append(&mut found);
                }
            }
            None => each_view(bytes, |view| {
                let mut found = Vec::new();
                finder.each(view, |hit| {
                    if !cuts(&operators, &hit) {
                        join(&mut found, hit);
                    }
                });
                own.append(&mut found);
            }),
        }
        (operators, whole(own))
    }

    /// The same of a whole body that came in a call of this organisation's, as it came where there is none in it. A long one waits for its turn,
    /// for as long as somebody waits for it.
    ///
    /// # Errors
    /// Failed where it broke off; Busy at once where its turn is bounded and too many wait.
    pub(crate) async fn body(&self, body: Vec<u8>, tenant: TenantId, turn: Turn) -> Result<Vec<u8>, Unread> {
        self.through(body.len(), tenant, turn, move |scrubber| scrubber.clean(&body).unwrap_or(body)).await
    }

    /// Has so many bytes looked through by `look`, in one turn: few of them at once.
    ///
    /// # Errors
    /// Like [`Scrubber::body`].
    pub(crate) async fn through<T: Send + 'static>(
        &self,
        bytes: usize,
        tenant: TenantId,
        turn: Turn,
        look: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Unread> {
        if bytes <= BODY_HERE_BYTES_MAX || !self.has_any() {
            return Ok(look(self));
        }
        // Its places are free when it was looked through, whether or not somebody still waits for it. The plugin's own comes first: who waits
        // for that does not stand in the line of all.
        let of_one = match turn {
            Turn::Bounded => self.large.acquire(tenant).await,
            Turn::Unbounded => self.large.acquire_unbounded(tenant).await,
        };
        let of_one = of_one.ok_or(Unread::Busy)?;
        let place = LARGE.acquire(tenant).await.ok_or(Unread::Busy)?;
        let scrubber = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let clean = look(&scrubber);
            drop((place, of_one));
            clean
        });
        looked.await.map_err(|_| Unread::Failed)
    }

    /// The same of a text of any length.
    ///
    /// # Errors
    /// Like [`Scrubber::body`].
    pub(crate) async fn long_text(&self, text: String, tenant: TenantId, turn: Turn) -> Result<String, Unread> {
        let clean = self.body(text.into_bytes(), tenant, turn).await?;
        Ok(String::from_utf8(clean).unwrap_or_else(|err| String::from_utf8_lossy(err.as_bytes()).into_owned()))
    }

    /// Whether there is a secret to look for.
    pub(crate) fn has_any(&self) -> bool {
        self.operators.automaton.is_some() || self.own.as_ref().is_some_and(|own| own.automaton.is_some())
    }

    /// The same of a short text, at once.
    pub(crate) fn text(&self, text: String) -> String {
        match self.clean(text.as_bytes()) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
            None => text,
        }
    }
}

/// Where a form of a secret stands.
#[derive(Debug, Clone, Copy)]
struct Hit {
    from: usize,
    to: usize,
    pattern: usize,
}

/// Looks for some secrets.
struct Finder {
    automaton: Option<AhoCorasick>,
    /// What stands in the place of each form that is looked for.
    marks: Vec<String>,
}

/// By hand: the automaton would spell what it looks for.
impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finder")
    }
}

impl Finder {
    fn of<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>, kind: Option<AhoCorasickKind>) -> Result<Self, SecretsAway> {
        let (mut needles, mut marks) = (Vec::new(), Vec::new());
        for (name, value) in secrets {
            for needle in forms(value) {
                needles.push(needle);
                marks.push(format!("[{name}]"));
            }
        }
        if needles.is_empty() {
            return Ok(Self { automaton: None, marks });
        }
        // Without regard to case: that of hexadecimal digits is free, and who writes the rest in capitals has still told it. Every match
        // counts, also one within another: no form of one secret may stand in the way of another's.
        let built = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).kind(kind).build(&needles);
        Ok(Self { automaton: Some(built.map_err(|_| SecretsAway)?), marks })
    }

    /// Hits with what stands in their place.
    fn marked(&self, hits: Vec<Hit>) -> impl Iterator<Item = (usize, usize, &str)> {
        hits.into_iter().map(move |hit| (hit.from, hit.to, self.marks.get(hit.pattern).map_or("[secret]", String::as_str)))
    }

    /// Whether a form of one stands in these bytes.
    fn is_in(&self, bytes: &[u8]) -> bool {
        self.automaton.as_ref().is_some_and(|automaton| automaton.is_match(bytes))
    }

    /// Each place where a form of one stands in a view, by where it ends.
    fn each(&self, view: &View<'_>, mut found: impl FnMut(Hit)) {
        for one in self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(view.bytes())) {
            found(Hit { from: view.place(one.start()).0, to: view.place(one.end().saturating_sub(1)).1, pattern: one.pattern().as_usize() });
        }
    }
}

/// Hits of all views in order; what overlaps is one.
fn whole(mut all: Vec<Hit>) -> Vec<Hit> {
    all.sort_unstable_by_key(|hit| (hit.from, Reverse(hit.to)));
    let mut whole: Vec<Hit> = Vec::with_capacity(all.len());
    for hit in all {
        match whole.last_mut().filter(|last| hit.from < last.to) {
            Some(last) => last.to = last.to.max(hit.to),
            None => whole.push(hit),
        }
    }
    whole
}

/// Adds a hit to those of one view, which come by where they end: what overlaps becomes one, under the name of what begins first.
fn join(found: &mut Vec<Hit>, mut hit: Hit) {
    while let Some(last) = found.pop_if(|last| last.to > hit.from) {
        let pattern = if last.from < hit.from { last.pattern } else { hit.pattern };
        hit = Hit { from: last.from.min(hit.from), to: last.to.max(hit.to), pattern };
    }
    found.push(hit);
}

/// Whether a hit overlaps one of these, which are in order and apart, without holding all of it.
fn cuts(those: &[Hit], hit: &Hit) -> bool {
    let from = those.partition_point(|one| one.to <= hit.from);
    those.iter().skip(from).take_while(|one| one.from < hit.to).any(|one| one.from < hit.from || one.to > hit.to)
}

/// What is looked for of a secret: itself, in hexadecimal digits, in base64 wherever it begins, and what it is the base64 of.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut all = plain_forms(secret.as_bytes());
    // Basic authentication: the configured value is the base64 of a user and a password.
    let inner = STANDARD.decode(secret).or_else(|_| URL_SAFE_NO_PAD.decode(secret)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(inner) = inner.filter(|inner| inner.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())) {
        let password = inner.split_once(':').map(|(_, password)| password);
        for text in [Some(inner.as_str()), password].into_iter().flatten().filter(|text| text.len() >= SECRET_BYTES_MIN) {
            all.extend(plain_forms(text.as_bytes()));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn plain_forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut all = vec![secret.to_vec(), hex.into_bytes()];
    for before in 0..3_usize {
        let padded = [vec![0; before].as_slice(), secret].concat();
        // Letters that hold bits of what stands before or behind are not the secret's alone.
        let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.extend(text.as_bytes().get(from..to).map(<[u8]>::to_vec));
        }
    }
    all
}

#[cfg(test)]
mod tests;
