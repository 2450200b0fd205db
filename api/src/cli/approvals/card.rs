//! A held action as a person is shown it before they decide: what exactly would run, where each value came from, why it waits, and how to decide.

mod arguments;
mod line;
mod origin;

use crate::cli::error::CliError;
use crate::cli::output::{Output, counted, one_line};
use crate::cli::terminal::Terminal;
use crate::routes::holds::HoldDetail;
use line::{Line, paragraph};
use serde_json::Value;
use steward_core::{Clock, Effect, EnvelopeId, HoldId, Micros, RunId};
use steward_office::holds::routing::Ask;
use steward_office::holds::{self, LastSimilar, read_ask, takes_in_words};
use steward_office::{OfficeError, runs};
use steward_store::StoreError;
use steward_store::escalation::EscalationRow;
use steward_store::hold::{ApprovalRow, HoldRow};
use time::format_description::well_known::Rfc3339;

/// Letters of a text of others that stands in one line.
const LINE_LETTERS_MAX: usize = 2_000;
/// Letters of a value that is compared with an earlier one: the whole of it stands above.
const COMPARED_LETTERS_MAX: usize = 200;
/// Differences from the last such action that are shown.
const CHANGES_MAX: usize = 10;

/// A held action with what people said of it.
pub(crate) struct Card {
    row: HoldRow,
    said: Vec<ApprovalRow>,
    steps: Vec<EscalationRow>,
    serves: Option<RunId>,
    /// The one that took its place when somebody edited it.
    edited_into: Option<HoldId>,
    /// The last action of its kind that was carried out, for who may see the action log. A card is whole without it.
    last: Result<Option<LastSimilar>, OfficeError>,
    /// What its run cost so far, for who may see the run.
    cost: Option<Micros>,
    /// Its page in the web.
    page: String,
}

impl Card {
    /// Reads one.
    pub(crate) async fn read(terminal: &Terminal, hold: HoldId) -> Result<Self, CliError> {
        let mut tx = terminal.store.begin(&terminal.actor).await?;
        let (row, said) = holds::get(&mut tx, hold).await?;
        let steps = holds::escalate::steps_of(&mut tx, hold).await?;
        let serves = holds::serves(&mut tx, &row).await?;
        let edited_into = holds::edited_into(&mut tx, &row).await?;
        let cost = match runs::get(&mut tx, row.run).await {
            Ok(run) => Some(Micros(run.cost_micros)),
            Err(OfficeError::Missing(_)) => None,
            Err(err) => return Err(err.into()),
        };
        // Behind the rest: a statement that fails takes its transaction along.
        let last = holds::last_similar(&mut tx, &row).await;
        tx.rollback().await?;
        let page = format!("{}/holds/{hold}", terminal.config.server.site.public_url());
        Ok(Self { row, said, steps, serves, edited_into, last, cost, page })
    }

    /// What exactly waits; an approval names it.
    pub(crate) fn envelope_id(&self) -> Result<EnvelopeId, CliError> {
        let hex: String = self.row.envelope_id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("env_{hex}").parse().map_err(|_| StoreError::Corrupt { what: "hold.envelope_id" })?)
    }

    /// Why it cannot be approved at the terminal, and where it can; none for what can be. Money is released in the web alone, by who is
    /// signed in there: whoever holds this machine's terminal is the owner to it.
    pub(crate) fn only_elsewhere(&self) -> Option<String> {
        (self.row.effect == Effect::Money.name()).then(|| format!("money is never released at the terminal; decide on it in the web: {}", self.page))
    }

    /// In the form the server answers with.
    pub(crate) fn into_json(self) -> Result<HoldDetail, CliError> {
        let detail = HoldDetail::of((self.row, self.said), Clock::System.now()).map_err(|_| StoreError::Corrupt { what: "hold" })?;
        Ok(detail.escalated(self.steps).serving(self.serves).edited_into(self.edited_into))
    }

    /// Who is asked, since when; who will be, and when. Nobody in particular without a route.
    fn asked(&self) -> Result<Vec<String>, CliError> {
        let one = |step: &Ask| {
            let roles = step.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
            match self.steps.iter().find(|taken| taken.after_minutes == step.after_minutes) {
                Some(taken) => format!("{roles} (too, since {}: nobody had decided)", when(taken.at)),
                None if step.after_minutes == 0 => roles,
                None => format!("{roles} (too, from {})", when(self.row.held_at + time::Duration::minutes(i64::from(step.after_minutes)))),
            }
        };
        Ok(read_ask(&self.row)?.iter().map(one).collect())
    }

    /// Prints it as a box.
    pub(crate) fn print(&self, output: &Output) -> Result<(), CliError> {
        let row = &self.row;
        Ok(line::print(output, &format!("{}: {} ({})", row.state, row.tool, row.effect), &self.lines()?)?)
    }

    fn lines(&self) -> Result<Vec<Line>, CliError> {
        let row = &self.row;
        let envelope: Value = serde_json::from_str(&row.envelope).map_err(|_| StoreError::Corrupt { what: "hold.envelope" })?;
        let mut lines = arguments::lines(envelope.get("arguments").unwrap_or(&Value::Null), envelope.get("evidence").unwrap_or(&Value::Null));
        lines.extend(holds::card::said(row)?.as_ref().map(preview_lines).unwrap_or_default());
        lines.extend(match &self.last {
            Ok(last) => last.as_ref().map(last_lines).unwrap_or_default(),
            Err(err) => unread_lines(err),
        });
        lines.push(Line::empty());
        lines.extend(paragraph("why", &one_line(&row.reason, LINE_LETTERS_MAX)));
        lines.extend(paragraph("needs", &takes_in_words(row)?));
        if !row.rules.is_empty() {
            lines.extend(paragraph("rules", &format!("{} would let it", one_line(&row.rules.join(", "), LINE_LETTERS_MAX))));
        }
        lines.push(Line::of("for", &row.person.to_string()));
        lines.extend(paragraph("agent", &one_line(&row.agent, LINE_LETTERS_MAX)));
        if let (Some(person), Some(edited)) = (row.edited_by, row.edits) {
            lines.extend(paragraph("edited", &format!("by {person}, in the place of {edited}")));
        }
        if let Some(next) = self.edited_into {
            lines.push(Line::of("now", &next.to_string()));
        }
        if let Some(run) = self.serves {
            lines.push(Line::of("serves", &run.to_string()));
        }
        if let Some(cost) = self.cost {
            lines.push(Line::of("cost", &format!("{cost} for its run so far")));
        }
        lines.extend(self.standing()?);
        if row.state == "held" {
            lines.push(Line::empty());
            let command = format!("steward approvals approve {} --envelope {}", row.hold_id, self.envelope_id()?);
            lines.push(Line::of("approve", &self.only_elsewhere().unwrap_or(command)));
            lines.push(Line::of("revise", &format!("steward approvals revise {} --guidance \"…\"", row.hold_id)));
            lines.push(Line::of("reject", &format!("steward approvals reject {} --reason \"…\"", row.hold_id)));
        }
        Ok(lines)
    }

    /// Until when it waits and for whom, and what people said so far.
    fn standing(&self) -> Result<Vec<Line>, CliError> {
        let row = &self.row;
        let mut lines = Vec::new();
        if row.state == "held" {
            lines.push(Line::of("until", &when(row.expires_at)));
            lines.extend(self.asked()?.iter().flat_map(|text| paragraph("asked", text)));
        }
        if row.state == "expired" {
            let words = format!("nobody decided before {}; it was not carried out", when(row.expires_at));
            lines.extend(paragraph("expired", &words));
        }
        for said in &self.said {
            let word = match (said.approves, row.state.as_str()) {
                (true, _) => "approved",
                (false, "revised") => "sent back",
                (false, _) => "refused",
            };
            let reason = said.reason.as_deref().map(|reason| format!(": {}", one_line(reason, 200))).unwrap_or_default();
            lines.extend(paragraph(word, &format!("{} as {} at {}{reason}", said.person, said.roles.join(", "), when(said.at))));
        }
        Ok(lines)
    }
}

fn when(at: time::OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// What the tool says that the call would do; what it says is one value a line too.
fn preview_lines(preview: &Value) -> Vec<Line> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(|text| one_line(text, LINE_LETTERS_MAX));
    let mut lines = vec![Line::empty()];
    match text(preview, "failed") {
        Some(failed) => lines.extend(paragraph("effect", &format!("the tool cannot say: {failed}"))),
        None => lines.extend(paragraph("effect", &text(preview, "title").unwrap_or_default())),
    }
    for line in preview.get("lines").and_then(Value::as_array).into_iter().flatten() {
        let shown = |name| text(line, name).unwrap_or_else(|| "—".to_owned());
        lines.extend(paragraph("", &format!("{}: {} → {}", text(line, "label").unwrap_or_default(), shown("before"), shown("after"))));
    }
    lines
}

/// That there may have been such an action.
fn unread_lines(err: &OfficeError) -> Vec<Line> {
    let words = format!("whether such an action was carried out before cannot be read: {}", one_line(&err.to_string(), LINE_LETTERS_MAX));
    std::iter::once(Line::empty()).chain(paragraph("last", &words)).collect()
}

/// How it differs from the last action of its kind: what is new is what to look at.
fn last_lines(last: &LastSimilar) -> Vec<Line> {
    let mut lines = vec![Line::empty()];
    let such = format!("such an action was last carried out at {} in {}", when(last.at), last.run);
    if last.changes.is_empty() {
        lines.extend(paragraph("last", &format!("{such}; it was exactly this")));
        return lines;
    }
    lines.extend(paragraph("last", &format!("{such}; this one differs in")));
    let shown = |value: &Option<Value>| match value {
        None => "—".to_owned(),
        Some(Value::String(text)) => one_line(text, COMPARED_LETTERS_MAX),
        Some(other) => one_line(&other.to_string(), COMPARED_LETTERS_MAX),
    };
    for change in last.changes.iter().take(CHANGES_MAX) {
        let path = one_line(&change.path, COMPARED_LETTERS_MAX);
        lines.extend(paragraph("", &format!("{path}: {} → {}", shown(&change.before), shown(&change.now))));
    }
    if let Some(more @ 1..) = last.changes.len().checked_sub(CHANGES_MAX) {
        lines.extend(paragraph("", &format!("and {} more", counted(more, "value", "values"))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::line::texts;
    use super::*;
    use serde_json::json;
    use steward_core::{PersonId, WorkspaceId};
    use steward_office::holds::Change;
    use time::OffsetDateTime;
    use uuid::Uuid;

    const AT: &str = "1970-01-01T00:00:00Z";

    fn id<T: From<Uuid>>(number: u128) -> T {
        T::from(Uuid::from_u128(number))
    }

    /// A card of a call that mails a note to a stranger.
    fn card(arguments: Value, evidence: Value) -> Card {
        let row = HoldRow {
            hold_id: id(1),
            workspace: id::<WorkspaceId>(2),
            run: id(3),
            call_id: "1.0".to_owned(),
            person: id(4),
            agent: "assistant".to_owned(),
            tool: "mail.send".to_owned(),
            effect: "send".to_owned(),
            envelope_id: vec![0xab; 32],
            envelope: json!({ "arguments": arguments, "evidence": evidence }).to_string(),
            needs: json!([["owner"], ["manager"]]).to_string(),
            reason: "Anything else that leaves the house needs the owner or a manager.".to_owned(),
            rules: vec!["send-approved".to_owned()],
            state: "held".to_owned(),
            held_at: OffsetDateTime::UNIX_EPOCH,
            expires_at: OffsetDateTime::UNIX_EPOCH,
            decided_at: None,
            closed_at: None,
            people: 2,
            separate: false,
            ask: "[]".to_owned(),
            preview: None,
            edits: None,
            edited_by: None,
            journal: None,
            seal: None,
        };
        Card {
            row,
            said: Vec::new(),
            steps: Vec::new(),
            serves: None,
            edited_into: None,
            last: Ok(None),
            cost: None,
            page: "http://127.0.0.1:7700/holds/1".to_owned(),
        }
    }

    fn leaf(path: &str, role: &str, integrity: &str, sources: Value) -> Value {
        json!({ "path": path, "role": role, "label": { "integrity": integrity, "readers": "public", "sources": sources } })
    }

    #[test]
    fn a_card_says_what_would_run_where_it_came_from_and_how_to_decide() {
        let found = json!([{ "from": "result", "call": "1.0", "tool": "crm.list_notes", "path": "/notes/0/text" }]);
        let evidence = json!({ "leaves": [
            leaf("/subject", "content", "owner", json!([{ "from": "message", "start": 0, "end": 6 }])),
            leaf("/text", "content", "outside", json!([{ "from": "model" }])),
            leaf("/to", "recipient", "outside", found),
        ] });
        let mut card = card(json!({ "subject": "Hall 4", "text": "See you there.", "to": "mallory@engines.example" }), evidence);
        card.row.preview =
            Some(json!({ "title": "Sends a mail", "lines": [{ "label": "to", "before": null, "after": "mallory@engines.example" }] }).to_string());
        let changes = vec![Change { path: "/to".to_owned(), before: Some(json!("lena@example.org")), now: Some(json!("mallory@engines.example")) }];
        card.last = Ok(Some(LastSimilar { run: id(5), at: OffsetDateTime::UNIX_EPOCH, changes }));
        card.cost = Some(Micros(1_250));
        let yes = ApprovalRow {
            person: id(6),
            workspace: id(2),
            approves: true,
            roles: vec!["manager".to_owned()],
            envelope_id: vec![0xab; 32],
            method: "password".to_owned(),
            reason: None,
            at: OffsetDateTime::UNIX_EPOCH,
            session: None,
            seal: None,
        };
        card.said.push(yes);
        let (hold, person, other) = (id::<HoldId>(1), id::<PersonId>(4), id::<PersonId>(6));
        let expect = format!(
            "/subject    Hall 4
          · your words
/text       See you there.
          ! the model's own, counts as from outside
/to         mallory@engines.example
          ! Receiver: from outside, found by crm.list_notes (/notes/0/text)

effect      Sends a mail
            to: — → mallory@engines.example

last        such an action was last carried out at {AT} in
          … {run}; this one differs in
            /to: lena@example.org → mallory@engines.example

why         Anything else that leaves the house needs the owner or a manager.
needs       owner, or manager; 2 different people
rules       send-approved would let it
for         {person}
agent       assistant
cost        $0.001250 for its run so far
until       {AT}
approved    {other} as manager at
          … {AT}

approve     steward approvals approve {hold} --envelope env_{envelope}
revise      steward approvals revise {hold} --guidance \"…\"
reject      steward approvals reject {hold} --reason \"…\"",
            run = id::<RunId>(5),
            envelope = "ab".repeat(32),
        );
        assert_eq!(texts(&card.lines().expect("a card")).join("\n"), expect);
    }

    #[test]
    fn an_edited_card_says_who_wrote_what_and_in_whose_place_it_waits() {
        let editor = id::<PersonId>(9);
        let sources = json!([{ "from": "model" }, { "from": "editor", "person": editor }]);
        let mut card = card(json!({ "to": "max@partner.example" }), json!({ "leaves": [leaf("/to", "recipient", "fact", sources)] }));
        (card.row.edits, card.row.edited_by) = (Some(id(8)), Some(editor));
        let lines = card.lines().expect("a card");
        let shown = texts(&lines).join("\n");
        let origin =
            format!("/to         max@partner.example\n          · Receiver: written by {editor} in an edit,\n          … counts as field of a record\n");
        assert!(shown.starts_with(&origin), "{shown}");
        assert!(shown.contains(&format!("edited      by {editor}, in the place of\n          … {}\n", id::<HoldId>(8))), "{shown}");
        card.row.state = "edited".to_owned();
        card.edited_into = Some(id(10));
        let shown = texts(&card.lines().expect("a card")).join("\n");
        assert!(shown.ends_with(&format!("now         {}", id::<HoldId>(10))), "{shown}");
    }

    #[test]
    fn where_nothing_is_on_record_the_card_says_so() {
        let lines = card(json!({ "to": "max@partner.example" }), Value::Null).lines().expect("a card");
        assert_eq!(texts(&lines).get(..3), Some(["/to         max@partner.example", "          ? where it came from is not on record", ""].as_slice()));
    }

    #[test]
    fn no_text_of_others_goes_on_as_a_line_of_the_card() {
        fn head(line: &str) -> String {
            line.chars().take(12).collect()
        }
        // Words that fill a line, and then what reads as another difference.
        let forged = "to: — → lena@example.org";
        let subject = format!("{} {forged}", "a".repeat(66));
        let mut card = card(json!({ "to": "mallory@engines.example" }), Value::Null);
        let line = |label: &str, after: &str| json!({ "label": label, "before": null, "after": after });
        card.row.preview = Some(json!({ "title": subject, "lines": [line("subject", &subject), line(&subject, "x")] }).to_string());
        let change = Change { path: format!("/{subject}"), before: Some(json!(subject)), now: Some(json!(subject)) };
        card.last = Ok(Some(LastSimilar { run: id(5), at: OffsetDateTime::UNIX_EPOCH, changes: vec![change] }));
        card.row.reason = subject.clone();
        let lines = card.lines().expect("a card");
        let shown = texts(&lines);
        assert!(shown.iter().all(|line| line.trim_start() != forged), "{shown:#?}");
        for name in ["effect      ", "last        ", "why         "] {
            let mut block = shown.iter().skip_while(|line| head(line) != name).take(3);
            assert!(block.any(|line| line.starts_with("          … ")), "{name}: {shown:#?}");
        }
        // One line below `effect` for each line of the tool.
        let own = shown.iter().skip_while(|line| head(line) != "effect      ").take_while(|line| !line.is_empty());
        assert_eq!(own.filter(|line| head(line) == " ".repeat(12)).count(), 2, "{shown:#?}");
    }

    #[test]
    fn a_card_is_whole_where_the_last_such_action_cannot_be_read() {
        let mut card = card(json!({ "to": "max@partner.example" }), Value::Null);
        card.last = Err(StoreError::Corrupt { what: "decision.record" }.into());
        let lines = card.lines().expect("a card");
        let shown = texts(&lines).join("\n");
        assert!(shown.contains("\nlast        whether such an action was carried out before cannot be read: "), "{shown}");
        assert!(shown.contains("\napprove     steward approvals approve "), "{shown}");
    }

    #[test]
    fn differences_beyond_those_shown_are_counted() {
        let change = |at: usize| Change { path: format!("/to/{at}"), before: None, now: Some(json!(at)) };
        let last = |count: usize| LastSimilar { run: id(5), at: OffsetDateTime::UNIX_EPOCH, changes: (0..count).map(change).collect() };
        let end = |count: usize| texts(&last_lines(&last(count))).last().map(|line| line.trim().to_owned());
        assert_eq!(end(10).as_deref(), Some("/to/9: — → 9"));
        assert_eq!(end(11).as_deref(), Some("and 1 value more"));
        assert!(end(0).is_some_and(|line| line.ends_with("it was exactly this")));
    }
}
