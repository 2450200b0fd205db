//! What leaves as a file, in the same form from the server and from the command line: the action log and held actions as CSV, the audit log as
//! CSV and as JSON lines.

use serde_json::{Value, json};
use steward_core::Verdict;
use steward_office::crm::{Company, Contact, Point};
use steward_office::{OfficeError, holds};
use steward_store::audit::AuditRow;
use steward_store::decision::DecisionRow;
use steward_store::hold::HoldRow;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

/// The first line of the action log as CSV.
pub(crate) const ACTION_CSV_HEADER: &str = "decided_at,verdict,class,tool,effect,rules,reason,arguments,provenance,run_id,call_id,person_id,agent,decision_id";

/// What a spreadsheet takes for the beginning of a formula, in any width, or skips before one.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A day, meaning its first moment in UTC, or a moment in RFC 3339.
pub(crate) fn moment(text: &str) -> Result<OffsetDateTime, String> {
    let day = time::macros::format_description!("[year]-[month]-[day]");
    let read = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| Some(Date::parse(text, day).ok()?.midnight().assume_utc()));
    read.ok_or_else(|| "write a day such as 2026-03-01, or a moment such as 2026-03-01T09:00:00Z".to_owned())
}

/// A verdict in the words of the action log: allowed, held, blocked.
pub(crate) fn verdict_in_log(row: &DecisionRow) -> String {
    row.verdict.parse::<Verdict>().map_or_else(|_| row.verdict.clone(), |verdict| verdict.past().to_owned())
}

/// One action as a line of CSV, without its end.
pub(crate) fn action_csv(row: &DecisionRow) -> String {
    let cells = [
        at(row.decided_at),
        verdict_in_log(row),
        row.class.clone().unwrap_or_default(),
        row.tool.clone(),
        row.effect.clone().unwrap_or_default(),
        row.rules.join(" "),
        row.reason.clone(),
        row.arguments.clone(),
        row.provenance.clone(),
        row.run.to_string(),
        row.call_id.clone(),
        row.person.to_string(),
        row.agent.clone(),
        row.decision_id.to_string(),
    ];
    cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(",")
}

/// The first line of held actions as CSV.
pub(crate) const HOLD_CSV_HEADER: &str =
    "held_at,state,tool,effect,about,needs,people,reason,rules,arguments,expires_at,decided_at,closed_at,run_id,call_id,person_id,agent,workspace_id,hold_id";

/// One held action as a line of CSV, without its end.
///
/// # Errors
/// Corrupt where the roles that it needs cannot be read: what is wrong in a part is not shown as the whole.
pub(crate) fn hold_csv(row: &HoldRow) -> Result<String, OfficeError> {
    let maybe = |moment: Option<OffsetDateTime>| moment.map(at).unwrap_or_default();
    let envelope: Option<Value> = serde_json::from_str(&row.envelope).ok();
    let arguments = envelope.as_ref().and_then(|envelope| envelope.get("arguments")).map(Value::to_string);
    let cells = [
        at(row.held_at),
        row.state.clone(),
        row.tool.clone(),
        row.effect.clone(),
        holds::about(row).unwrap_or_default(),
        holds::needs_in_words(&holds::read_needs(row)?),
        row.people.to_string(),
        row.reason.clone(),
        row.rules.join(" "),
        arguments.unwrap_or_default(),
        at(row.expires_at),
        maybe(row.decided_at),
        maybe(row.closed_at),
        row.run.to_string(),
        row.call_id.clone(),
        row.person.to_string(),
        row.agent.clone(),
        row.workspace.to_string(),
        row.hold_id.to_string(),
    ];
    Ok(csv_line(cells.iter().map(String::as_str)))
}

/// The first line of the audit log as CSV.
pub(crate) const AUDIT_CSV_HEADER: &str = "at,action,object,outcome,actor_kind,person_id,request_id,writer_id,writer_seq,audit_id,leaf,canon";

/// One audit entry as a line of CSV, without its end: what `audit_json` has of it.
pub(crate) fn audit_csv(row: &AuditRow) -> String {
    let canon = String::from_utf8_lossy(&row.canon);
    let cells = [
        at(row.at),
        row.action.clone(),
        row.object.clone(),
        row.outcome.clone(),
        row.actor_kind.clone(),
        row.person.map(|person| person.to_string()).unwrap_or_default(),
        row.request_id.clone().unwrap_or_default(),
        row.writer_id.to_string(),
        row.writer_seq.to_string(),
        row.audit_id.to_string(),
        row.leaf.to_string(),
        canon.into_owned(),
    ];
    csv_line(cells.iter().map(String::as_str))
}

/// One audit entry as it is exported: its fields, its exact bytes, and its leaf hash.
pub(crate) fn audit_json(row: &AuditRow) -> Value {
    json!({
        "audit_id": row.audit_id, "writer_id": row.writer_id.to_string(), "writer_seq": row.writer_seq, "at": at(row.at),
        "actor": { "kind": row.actor_kind, "person_id": row.person }, "action": row.action, "object": row.object, "outcome": row.outcome,
        "request_id": row.request_id, "leaf": row.leaf, "canon": String::from_utf8_lossy(&row.canon),
    })
}

fn at(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// How many addresses, numbers and so on of a contact have a column of their own; more stand in the last one, as Google writes them.
const POINT_COLUMNS: [(&str, usize); 4] = [("E-mail", 3), ("Phone", 3), ("Website", 2), ("Address", 2)];

/// What stands between several values in one cell.
const SEVERAL: &str = " ::: ";

/// The first line of contacts as CSV, with the columns of Google Contacts, which `contacts import` takes again.
pub(crate) fn contact_csv_header() -> String {
    let fixed = ["Name", "Given Name", "Family Name", "Organization Name", "Organization Title", "Birthday", "Labels"].map(str::to_owned);
    let points = POINT_COLUMNS.iter().flat_map(|(what, most)| {
        let field = if *what == "Address" { "Formatted" } else { "Value" };
        (1..=*most).flat_map(move |number| [format!("{what} {number} - Label"), format!("{what} {number} - {field}")])
    });
    fixed.into_iter().chain(points).collect::<Vec<_>>().join(",")
}

/// One contact as a line of CSV, without its end.
pub(crate) fn contact_csv(contact: &Contact) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let company = contact.company.as_ref().map(|company| company.name.clone()).unwrap_or_default();
    let mut cells = vec![
        contact.display_name.clone(),
        text(&contact.given_name),
        text(&contact.family_name),
        company,
        text(&contact.job_title),
        text(&contact.birthday),
        contact.tags.join(SEVERAL),
    ];
    for (points, (_, most)) in [&contact.emails, &contact.phones, &contact.urls, &contact.addresses].into_iter().zip(POINT_COLUMNS) {
        for column in 1..=most {
            // The last column has all that are left.
            let taken = if column == most { usize::MAX } else { 1 };
            let of_column: Vec<&Point> = points.iter().skip(column - 1).take(taken).collect();
            cells.push(of_column.first().and_then(|point| point.label.clone()).unwrap_or_default());
            cells.push(of_column.iter().map(|point| point.value.as_str()).collect::<Vec<_>>().join(SEVERAL));
        }
    }
    csv_line(cells.iter().map(String::as_str))
}

/// The first line of companies as CSV, which `companies import` takes again.
pub(crate) const COMPANY_CSV_HEADER: &str = "name,website,company_id,workspace_id,created_at,changed_at";

/// One company as a line of CSV, without its end.
pub(crate) fn company_csv(company: &Company) -> String {
    let cells = [
        company.name.clone(),
        company.website.clone().unwrap_or_default(),
        company.company_id.to_string(),
        company.workspace_id.to_string(),
        at(company.created_at),
        at(company.changed_at),
    ];
    csv_line(cells.iter().map(String::as_str))
}

/// Cells as a line of CSV, without its end.
pub(crate) fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.map(csv_cell).collect::<Vec<_>>().join(",")
}

/// A cell as RFC 4180 writes it. What a spreadsheet would compute gets an apostrophe in front; a dialled number computes nothing.
fn csv_cell(text: &str) -> String {
    let is_number = text.starts_with('+') && text.chars().all(|letter| letter.is_ascii_digit() || "+ ()".contains(letter));
    let text = if !is_number && text.trim_start_matches(' ').starts_with(FORMULA_STARTS) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheets_compute_nothing_from_a_cell() {
        let check = |text: &str, expect: &str| assert_eq!(csv_cell(text), expect);
        check("=cmd()", "'=cmd()");
        check(" =cmd()", "' =cmd()");
        check("-1+2", "'-1+2");
        check("+1-2", "'+1-2");
        check("+A1", "'+A1");
        check("+49 (30) 1234567", "+49 (30) 1234567");
        check("\tx", "'\tx");
        check("\n=1", "\"'\n=1\"");
        check("＝1", "'＝1");
        check("@a, b", "\"'@a, b\"");
        check("say \"hi\"\nthere", "\"say \"\"hi\"\"\nthere\"");
        check("plain", "plain");
    }

    #[test]
    fn days_and_moments_are_read() {
        assert!(moment("yesterday").is_err());
        assert!(moment("2026-13-01").is_err());
        assert_eq!(moment("2026-03-01").expect("day"), moment("2026-03-01T00:00:00Z").expect("moment"));
    }
}
