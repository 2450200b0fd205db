//! Who would learn what by a call: what is written into records that others have, what goes along in other arguments, and whole records.

use super::*;
use crate::labels::judge;
use crate::labels::records::Origins;
use crate::labels::tests::{call, files, listed, traced};
use crate::run::{Call, Run, Step};
use serde_json::json;
use std::collections::BTreeMap;
use steward_core::{ArgumentClass, FailureClass, Mode, Origin, Outcome, RecordPattern, ToolCall};

const WAGES: &str = "Olga earns 4711 a month";
/// The same, so that no comparison of texts finds it.
const HIDDEN: &str = "T2xnYSBlYXJucyA0NzExIGEgbW9udGg=";

#[test]
fn what_the_model_wrote_itself_stands_only_where_the_owner_had_it_written() {
    for (message, id, text, leak) in [
        ("Add 'Hello there' to my files", "1", HIDDEN, true),
        ("Add 'Hello there' to my files", "1", "Something of the model's own", true),
        ("Add 'Hello there' to my files", "1", WAGES, true),
        // Named, but as what something is taken from.
        ("Add what matters from wages.txt to plan.txt", "2", HIDDEN, true),
        ("Ergänze plan.txt laut der Datei wages.txt", "2", HIDDEN, true),
        ("Add what matters, based on 'wages.txt', to plan.txt", "2", HIDDEN, true),
        ("Ergänze plan.txt auf Grundlage von wages.txt", "2", HIDDEN, true),
        ("Añade lo que importa de wages.txt a plan.txt", "2", HIDDEN, true),
        // Who has something taken away asks for nothing to be written, and who has it looked at neither.
        ("Streiche Olga aus plan.txt", "1", "Something of the model's own", true),
        ("Look at plan.txt. Add 'Hello there' to my files", "1", HIDDEN, true),
        // Whoever it goes to, it is not written into for that.
        ("Add my files to the list for max@good.example: plan.txt", "1", HIDDEN, true),
        // A text that is known is judged wherever it is written.
        ("Add what matters from wages.txt to plan.txt", "1", WAGES, true),
        ("Add what matters from wages.txt to plan.txt", "1", HIDDEN, false),
        ("Add 'Hello there' to plan.txt", "1", "Something of the model's own", false),
        ("Take a look at plan.txt, suggest more, and add it to the file", "1", "Something of the model's own", false),
        ("Add 'Hello there' to my files", "1", "Hello there", false),
        ("Add 'Hello there' to my files", "1", "We meet at the old mill", false),
    ] {
        let (run, shown, tools) = files(message);
        let origins = traced(&run, &shown, &tools["files.append"], &json!({"id": id, "text": text}));
        assert_eq!(origins.leak, leak, "{message}: {text} -> {id}");
    }
}

#[test]
fn what_this_run_made_is_written_into_until_somebody_has_it() {
    let (run, mut shown, tools) = files("Make a file new.txt and share it with max@good.example");
    let make = call(2, 0, "files.make", json!({"name": "new.txt", "text": "We meet at the old mill"}));
    let made = json!({"id": "3", "name": "new.txt", "text": "We meet at the old mill", "shared": {}});
    shown.add_call(Mode::Traced, &run, &*tools["files.make"], &make, &made, &BTreeMap::new(), None);
    let leaks = |shown: &Shown, text: &str| traced(&run, shown, &tools["files.append"], &json!({"id": "3", "text": text})).leak;
    for text in [HIDDEN, WAGES, "blue tents"] {
        assert!(!leaks(&shown, text), "{text}: nobody else has it");
    }
    let share = call(3, 0, "files.share", json!({"id": "3", "to": "max@good.example"}));
    shown.note_write(Mode::Traced, &run, &*tools["files.share"], &share);
    for (text, leak) in [(HIDDEN, true), (WAGES, true), ("blue tents", false), ("new.txt", false)] {
        assert_eq!(leaks(&shown, text), leak, "{text}: Max has it");
    }
}

/// Cards with notes, of tools that say nothing of who may read what they answer.
fn cards() -> [ToolSpec; 5] {
    let pattern = |at: &str, of: &str, key: &str, made| RecordPattern { at: at.into(), of: of.into(), key: Some(key.into()), made, ..RecordPattern::default() };
    let labels = |fields: &[(&str, Origin)]| -> BTreeMap<String, Origin> { fields.iter().map(|(field, origin)| ((*field).to_owned(), *origin)).collect() };
    let about = ("contact_id", ArgumentRole::Id("contact".into()));
    let add = ToolSpec {
        result_labels: labels(&[("/id", Origin::System), ("/contact_id", Origin::System), ("/text", Origin::Outside)]),
        records: vec![pattern("", "note", "id", true), pattern("", "contact", "contact_id", false)],
        ..ToolSpec::sample("cards.add_note", Effect::Write, &[about.clone(), ("text", ArgumentRole::Content)])
    };
    let list = ToolSpec {
        result_labels: labels(&[("/notes/*/id", Origin::System), ("/notes/*/contact_id", Origin::System), ("/notes/*/text", Origin::Outside)]),
        records: vec![
            pattern("/notes/*", "note", "id", false),
            pattern("/notes/*", "contact", "contact_id", false),
            pattern("/notes/*", "company", "company_id", false),
        ],
        ..ToolSpec::sample("cards.list_notes", Effect::Read, std::slice::from_ref(&about))
    };
    let card = |spec: ToolSpec| ToolSpec {
        result_labels: labels(&[
            ("/id", Origin::System),
            ("/name", Origin::Directory),
            ("/job_title", Origin::Fact),
            ("/company_id", Origin::System),
            ("/company_name", Origin::Directory),
        ]),
        records: vec![
            pattern("", "contact", "id", false),
            RecordPattern { anchors: vec!["company_name".into()], ..pattern("", "company", "company_id", false) },
        ],
        ..spec
    };
    let rename = ToolSpec {
        result_labels: labels(&[("/id", Origin::System), ("/name", Origin::Directory)]),
        records: vec![pattern("", "company", "id", false)],
        ..ToolSpec::sample("cards.rename", Effect::Write, &[("company_id", ArgumentRole::Id("company".into())), ("name", ArgumentRole::Value)])
    };
    let get = card(ToolSpec::sample("cards.get", Effect::Read, std::slice::from_ref(&about)));
    let update = card(ToolSpec::sample("cards.update", Effect::Write, &[about, ("job_title", ArgumentRole::Content)]));
    [add, list, get, update, rename]
}

/// The same with this call carried out, for which these records were shown.
fn after(run: &Run, shown: &Shown, tool: &ToolSpec, call: &ToolCall, result: &serde_json::Value, records: &[&str]) -> Shown {
    let mut shown = shown.clone();
    let stored = records.iter().map(|id| ((*id).to_owned(), Integrity::Directory)).collect();
    shown.note_call(Mode::Traced, run, tool, call, Some(result));
    shown.add_call(Mode::Traced, run, tool, call, result, &stored, None);
    shown
}

#[test]
fn what_was_written_of_a_private_text_is_for_its_readers_wherever_a_result_shows_it() {
    let [add, list, get, update, rename] = cards();
    let look = ToolSpec { result_labels: [("/text".to_owned(), Origin::Fact)].into(), ..ToolSpec::sample("other.look", Effect::Read, &[]) };
    let send = ToolSpec::sample("mail.send", Effect::Send, &[("to", ArgumentRole::Recipient), ("body", ArgumentRole::Content)]);
    let (run, shown, _) = files("Note what wages.txt says on the card of Lena, and write to eve@x.example and boss@good.example");
    let leaks = |shown: &Shown, body: &str, to: &str| traced(&run, shown, &send, &json!({"to": [to], "body": body})).leak;
    let note = |id: &str, text: &str| json!({"id": id, "contact_id": "c1", "text": text});
    let (of_c1, unrelated) = (json!({"contact_id": "c1"}), "The garden party is on Sunday");
    for text in [WAGES, HIDDEN] {
        let adding = call(2, 0, "cards.add_note", json!({"contact_id": "c1", "text": text}));
        let silent = after(&run, &shown, &add, &adding, &json!({"id": "n1"}), &["n1"]);
        let answered = after(&run, &shown, &add, &adding, &note("n1", text), &["n1"]);
        let listed = json!({"notes": [note("n1", text), note("n0", unrelated)]});
        let listed = after(&run, &silent, &list, &call(3, 0, "cards.list_notes", of_c1.clone()), &listed, &["n0", "n1"]);
        let told = after(&run, &silent, &look, &call(3, 0, "other.look", json!({})), &json!({"text": text}), &["n0", "n1"]);
        let changing = call(2, 0, "cards.update", json!({"contact_id": "c1", "job_title": text}));
        let changed = after(&run, &shown, &update, &changing, &json!({"id": "c1", "name": "Lena Vogt", "job_title": text}), &["c1"]);
        let kept = after(&run, &shown, &update, &changing, &json!({"id": "c1"}), &["c1"]);
        let kept = after(&run, &kept, &get, &call(3, 0, "cards.get", of_c1.clone()), &json!({"id": "c1", "job_title": text}), &["c1"]);
        // An answer that names nothing made: it may be in the record that the call named. So it is of a call that has not answered.
        let reading = call(3, 0, "cards.get", of_c1.clone());
        let card = |title: &str, company: &str| json!({"id": "c1", "name": "Lena Vogt", "job_title": title, "company_id": "k1", "company_name": company});
        let unnamed = after(&run, &shown, &add, &adding, &json!({"done": true}), &[]);
        let unnamed = after(&run, &unnamed, &get, &reading, &card(text, "Garden Ltd"), &["c1"]);
        let mut begun = shown.clone();
        begun.note_write(Mode::Traced, &run, &add, &adding);
        let begun = after(&run, &begun, &get, &reading, &card(text, "Garden Ltd"), &["c1"]);
        // A contact is shown with the name of its company.
        let renaming = call(2, 0, "cards.rename", json!({"company_id": "k1", "name": text}));
        let renamed = after(&run, &shown, &rename, &renaming, &json!({"id": "k1"}), &["k1"]);
        let beside = after(&run, &renamed, &get, &reading, &card("Head of the garden", text), &["c1", "k1"]);
        for (shown, how) in [
            (&answered, "its own answer"),
            (&listed, "a list"),
            (&told, "a text"),
            (&changed, "a change"),
            (&kept, "a record"),
            (&unnamed, "no made record named"),
            (&begun, "not answered yet"),
            (&beside, "the name of a record beside"),
        ] {
            assert!(leaks(shown, text, "eve@x.example"), "{how}: {text}");
        }
        assert!(!leaks(&beside, "Head of the garden", "eve@x.example"), "of the contact, into which nothing was written");
        let about = json!({"notes": [{"id": "n0", "contact_id": "c1", "company_id": "k1", "text": unrelated}]});
        let about = after(&run, &renamed, &list, &call(3, 0, "cards.list_notes", of_c1.clone()), &about, &["n0"]);
        assert!(!leaks(&about, unrelated, "eve@x.example"), "a note about the company does not say its name");
        assert!(!leaks(&answered, WAGES, "boss@good.example"), "whoever may read it is told");
        // What stands beside it, in another record or on the card that the note is about, is no more private than before.
        assert!(!leaks(&listed, unrelated, "eve@x.example"));
        let card = json!({"id": "c1", "name": "Lena Vogt", "job_title": "Head of the garden"});
        let card = after(&run, &answered, &get, &call(3, 0, "cards.get", of_c1.clone()), &card, &["c1"]);
        assert!(!leaks(&card, "Head of the garden", "eve@x.example"));
        let other = json!({"id": "c2", "name": "Omar", "job_title": "Keeper of the tents"});
        let other = after(&run, &changed, &get, &call(3, 0, "cards.get", json!({"contact_id": "c2"})), &other, &["c2"]);
        assert!(!leaks(&other, "Keeper of the tents", "eve@x.example"));
        let apart = after(&run, &silent, &look, &call(3, 0, "other.look", json!({})), &json!({"text": unrelated}), &["n0"]);
        assert!(!leaks(&apart, unrelated, "eve@x.example"));
    }
    // What everybody may read is everybody's where it was written, too.
    let mut shown = shown;
    shown.add("call_1_1", "book.list", &json!({"text": "Opening hours are nine to five"}), &BTreeMap::new(), &BTreeMap::new());
    let adding = call(2, 0, "cards.add_note", json!({"contact_id": "c1", "text": "Opening hours are nine to five"}));
    let answered = after(&run, &shown, &add, &adding, &note("n1", "Opening hours are nine to five, daily"), &["n1"]);
    assert!(!leaks(&answered, "nine to five, daily", "eve@x.example"));
}

/// What a document for one person says.
const MINE: &str = "My own salary is 5150 a month";

/// Reads that document.
fn read_own(shown: &mut Shown) {
    let readers = Readers::Only(["me@good.example".to_owned()].into());
    let (call, tool, patterns) = ("call_1_2", "documents.read", [].as_slice());
    let from = Origins { call, tool, patterns, private: true, kept: None, readers: &readers, taken: false, picked: false, endorsed: None, written: None };
    shown.take(&from, &json!({ "text": MINE }), &BTreeMap::new(), &BTreeMap::new());
}

#[test]
fn what_everybody_may_read_takes_in_nothing_private_and_what_nobody_spoke_of_nothing_for_some() {
    const NOTED: &str = "She asked for a rebate of a tenth";
    let [add, list, get, update, _] = cards();
    let at_home = ToolSpec { private: true, ..add.clone() };
    let notes = ToolSpec { private: true, ..list };
    let made = RecordPattern { of: "contact".into(), key: Some("id".into()), made: true, ..RecordPattern::default() };
    let beside = RecordPattern { of: "company".into(), key: Some("company_id".into()), made: false, ..made.clone() };
    let roles = [("job_title", ArgumentRole::Content), ("company_id", ArgumentRole::Id("company".into()))];
    let make = ToolSpec { records: vec![made, beside], ..ToolSpec::sample("cards.make", Effect::Write, &roles) };
    // The same of tools that say that such records are everybody's.
    let public = |tool: &ToolSpec| {
        let records = tool.records.iter().map(|pattern| RecordPattern { public: pattern.of != "note", ..pattern.clone() }).collect();
        ToolSpec { name: format!("{}.public", tool.name), records, ..tool.clone() }
    };
    let (open_update, open_make, open_note) = (public(&update), public(&make), public(&at_home));
    let write = ToolSpec::sample("cards.write", Effect::Write, &[("text", ArgumentRole::Content)]);
    let (run, mut shown, _) = files("Look through my files");
    read_own(&mut shown);
    let card = json!({"id": "c1", "name": "Lena Vogt", "job_title": "Head of the garden", "company_id": "k1", "company_name": "Garden Ltd"});
    let shown = after(&run, &shown, &get, &call(3, 0, "cards.get", json!({"contact_id": "c1"})), &card, &["c1"]);
    // That a list which is the house's names the contact too does not make the contact the house's.
    let noted = json!({"notes": [{"id": "n0", "contact_id": "c1", "text": NOTED}]});
    let shown = after(&run, &shown, &notes, &call(4, 0, "cards.list_notes", json!({"contact_id": "c1"})), &noted, &["n0"]);
    // The tool, the record it names, and whether it takes in what is for the house. None takes in what is for one person.
    for (tool, field, named, takes) in [
        (&update, "job_title", Some(("contact_id", "c1")), false),
        (&update, "job_title", Some(("contact_id", "c7")), true),
        (&open_update, "job_title", Some(("contact_id", "c7")), false),
        (&add, "text", Some(("contact_id", "c1")), true),
        (&at_home, "text", Some(("contact_id", "c1")), true),
        (&at_home, "text", Some(("contact_id", "c7")), true),
        (&open_note, "text", Some(("contact_id", "c7")), true),
        (&make, "job_title", None, true),
        (&make, "job_title", Some(("company_id", "k1")), true),
        (&open_make, "job_title", None, false),
        (&open_make, "job_title", Some(("company_id", "k1")), false),
        (&open_make, "job_title", Some(("company_id", "k7")), false),
        (&write, "text", None, true),
    ] {
        let leaks = |text: &str| {
            let mut arguments = json!({ field: text });
            if let Some((name, id)) = named {
                arguments[name] = json!(id);
            }
            traced(&run, &shown, tool, &arguments).leak
        };
        assert!(!leaks("Head of the garden"), "{} {named:?}: everybody's", tool.name);
        assert_eq!((leaks(WAGES), leaks(NOTED), leaks(MINE)), (!takes, !takes, true), "{} {named:?}", tool.name);
    }
}

#[test]
fn what_a_tool_says_of_the_records_it_shows_counts_for_whatever_writes_into_them() {
    let [_, list, _, update, _] = cards();
    let notes = ToolSpec { private: true, ..list };
    let records = notes.records.iter().map(|pattern| RecordPattern { public: pattern.of != "note", ..pattern.clone() }).collect();
    let open = ToolSpec { records, ..notes.clone() };
    let (run, shown, _) = files("Look through my files");
    let noted = json!({"notes": [{"id": "n0", "contact_id": "c1", "text": "She asked for a rebate of a tenth"}]});
    for (shows, leak) in [(&open, true), (&notes, false)] {
        let shown = after(&run, &shown, shows, &call(3, 0, "cards.list_notes", json!({"contact_id": "c1"})), &noted, &["n0"]);
        let leaks = |id: &str| traced(&run, &shown, &update, &json!({"contact_id": id, "job_title": WAGES})).leak;
        assert_eq!(leaks("c1"), leak, "a tool of the house that says that contacts are everybody's: {leak}");
        assert!(!leaks("c7"), "of a contact that it did not show it said nothing");
    }
}

#[test]
fn what_a_run_wrote_stays_for_its_readers_where_a_tool_of_the_house_shows_it() {
    let [add, list, ..] = cards();
    let (at_home, notes) = (ToolSpec { private: true, ..add }, ToolSpec { private: true, ..list });
    let (run, mut shown, _) = files("Note what my file says on the card of Lena");
    read_own(&mut shown);
    // In words of its own, so that it is found in no text.
    let adding = call(2, 0, "cards.add_note", json!({"contact_id": "c1", "text": HIDDEN}));
    let shown = after(&run, &shown, &at_home, &adding, &json!({"id": "n1"}), &["n1"]);
    let listed = json!({"notes": [{"id": "n1", "contact_id": "c1", "text": HIDDEN}, {"id": "n0", "contact_id": "c1", "text": "We met at the fair"}]});
    let shown = after(&run, &shown, &notes, &call(3, 0, "cards.list_notes", json!({"contact_id": "c1"})), &listed, &["n0", "n1"]);
    let leaks = |text: &str| traced(&run, &shown, &at_home, &json!({"contact_id": "c2", "text": text})).leak;
    assert!(leaks(HIDDEN), "what was made of one person's text is theirs");
    assert!(!leaks("We met at the fair"), "what stood there before is the house's");
}

#[test]
fn a_note_of_what_everybody_knows_makes_no_letter_wait() {
    let [add, ..] = cards();
    let at_home = ToolSpec { private: true, ..add };
    let send = ToolSpec::sample("mail.send", Effect::Send, &[("to", ArgumentRole::Recipient), ("body", ArgumentRole::Content)]);
    let run = Run { text: "Note on c1 that I called, and write lena@good.example that the offer follows".to_owned(), ..Run::default() };
    let adding = call(2, 0, "cards.add_note", json!({"contact_id": "c1", "text": "I called"}));
    let body = json!({"to": ["lena@good.example"], "body": "Dear Lena, the offer follows."});
    for (answer, leak) in [
        (json!({"id": "n1", "contact_id": "c1", "text": "I called"}), false),
        // Whatever else it tells is the house's.
        (json!({"id": "n1", "contact_id": "c1", "text": "I called", "before": "She asked for a rebate"}), true),
    ] {
        let shown = after(&run, &Shown::begin(&run), &at_home, &adding, &answer, &["n1"]);
        assert_eq!(traced(&run, &shown, &send, &body).leak, leak, "{answer}");
    }
}

/// The list of files, read by a sealed agent.
fn sealed(text: &str) -> (Run, Shown, BTreeMap<String, std::sync::Arc<ToolSpec>>) {
    let (mut run, _, tools) = files(text);
    let mut shown = Shown::begin(&run);
    let read = call(1, 0, "files.list", json!({}));
    shown.add_call(Mode::Sealed, &run, &*tools["files.list"], &read, &listed(), &BTreeMap::new(), None);
    let outcome = Some(Outcome::Ok { result: listed(), summary: None });
    run.steps.push(Step { number: 1, calls: vec![Call { outcome, ..Call::of(read) }], answered_at_ms: 0, ..Default::default() });
    (run, shown, tools)
}

#[test]
fn a_word_beside_a_handle_takes_nothing_from_what_the_handle_holds() {
    let (run, shown, tools) = sealed("Add a line to plan.txt");
    let (wages, plan) = (json!({"$": "$1.1.text"}), json!({"$": "$1.0.text"}));
    for (text, leak) in [
        (wages.clone(), true),
        (json!({"$": ["", wages]}), true),
        (json!({"$": ["x ", wages]}), true),
        (json!({"$": [plan, " and ", wages]}), true),
        (json!({"$": [WAGES, " ", plan]}), true),
        (json!({"$": ["x ", plan]}), false),
        (json!({"$": ["x"]}), false),
    ] {
        let append = call(3, 0, "files.append", json!({"id": "1", "text": text}));
        let judged = judge(Mode::Sealed, &run, &shown, &*tools["files.append"], &append).expect("judged");
        assert_eq!(judged.origins.leak, leak, "{text}");
    }
}

#[test]
fn an_id_in_a_list_of_one_text_is_no_better_than_without() {
    let (run, shown, tools) = sealed("Add a line on May 1");
    for id in [json!("1"), json!({"$": ["1"]}), json!({"$": ["", {"$": "$1.0.id"}]}), json!({"$": "$1.0.id"})] {
        let append = call(3, 0, "files.append", json!({"id": id, "text": "x"}));
        let judged = judge(Mode::Sealed, &run, &shown, &*tools["files.append"], &append).expect("judged");
        assert_eq!(judged.origins.lowest(ArgumentClass::Ref), Integrity::Fact, "{id}");
    }
}

#[test]
fn whatever_an_argument_is_for_it_tells_those_whom_the_call_reaches() {
    let open = json!({"type": "object", "properties": {"what": {"type": "string"}}});
    let closed = json!({"type": "object", "properties": {"what": {"type": "string", "enum": [WAGES]}}});
    let texts = [ArgumentRole::Content, ArgumentRole::Mode];
    let values = [ArgumentRole::Value, ArgumentRole::Amount, ArgumentRole::Path, ArgumentRole::Query, ArgumentRole::Url];
    let (run, shown, _) = files("Put 'Hello there' into plan.txt and send it to max@good.example");
    let record = ("id", ArgumentRole::Id("file".into()), "1");
    let receiver = |role| ("to", role, "max@good.example");
    for (effect, named, values_count) in [
        (Effect::Write, Some(record), true),
        (Effect::Write, Some(receiver(ArgumentRole::Recipient)), true),
        (Effect::Send, Some(receiver(ArgumentRole::Recipient)), true),
        (Effect::Fetch, None, true),
        (Effect::Money, Some(receiver(ArgumentRole::Payee)), false),
        (Effect::Member, Some(receiver(ArgumentRole::Member)), false),
    ] {
        for role in texts.iter().chain(&values) {
            let mut roles = vec![("what", role.clone())];
            roles.extend(named.iter().map(|(name, role, _)| (*name, role.clone())));
            let leaks = |schema: &Value, text: &str| {
                let spec = ToolSpec { arguments: schema.clone(), ..ToolSpec::sample("x.y", effect, &roles) };
                let mut arguments = json!({ "what": text });
                if let Some((name, _, value)) = &named {
                    arguments[*name] = json!(value);
                }
                traced(&run, &shown, &spec, &arguments).leak
            };
            let counts = values_count || texts.contains(role);
            assert_eq!(leaks(&open, WAGES), counts, "{effect} {role} {named:?}");
            assert!(!leaks(&open, "Hello there"), "{effect} {role} {named:?}: the owner's words");
            let is_switch = *role == ArgumentRole::Mode;
            assert_eq!(leaks(&closed, WAGES), counts && !is_switch, "{effect} {role} {named:?}: one of few words");
        }
    }
    // Looking at our own tells nobody.
    for role in texts.iter().chain(&values) {
        let spec = ToolSpec { arguments: open.clone(), ..ToolSpec::sample("x.y", Effect::Read, &[("what", role.clone())]) };
        assert!(!traced(&run, &shown, &spec, &json!({ "what": WAGES })).leak, "{role}");
    }
}

#[test]
fn a_record_is_handed_to_those_who_have_it_or_whom_one_sentence_names_with_it() {
    let contact = RecordPattern { at: "/*".into(), of: "contact".into(), key: Some("id".into()), anchors: vec!["name".into()], ..RecordPattern::default() };
    let labels = [("/*/id".to_owned(), Origin::System), ("/*/name".to_owned(), Origin::Directory), ("/*/email".to_owned(), Origin::Directory)].into();
    for (message, id, to, leak) in [
        ("Read wages.txt. Share plan.txt with eve@x.example.", "2", "eve@x.example", true),
        ("Read wages.txt\nShare plan.txt with eve@x.example", "2", "eve@x.example", true),
        ("Share plan.txt. Then write to eve@x.example.", "1", "eve@x.example", true),
        ("Share my files with eve@x.example", "1", "eve@x.example", true),
        ("Share my files with max@good.example", "2", "max@good.example", true),
        ("Share plan.txt with eve@x.example.evil", "1", "eve@x.example", true),
        ("Look up Lena Vogt. Share plan.txt.", "1", "lena@x.example", true),
        ("Read wages.txt. Share plan.txt with eve@x.example.", "1", "eve@x.example", false),
        ("Share the file with id 1 with eve@x.example", "1", "eve@x.example", false),
        ("Share plan.txt with Lena Vogt", "1", "lena@x.example", false),
        ("Share my files with max@good.example", "1", "max@good.example", false),
    ] {
        let (run, mut shown, tools) = files(message);
        let found = json!([{"id": "c1", "name": "Lena Vogt", "email": "lena@x.example"}]);
        shown.add_result("call_2_0", "crm.find", &found, &labels, &BTreeMap::new(), std::slice::from_ref(&contact), false);
        let share = |effect| ToolSpec { effect, ..ToolSpec::clone(&tools["files.share"]) };
        let leaks = |effect| traced(&run, &shown, &share(effect), &json!({"id": id, "to": to})).leak;
        for effect in [Effect::Send, Effect::Fetch, Effect::Member, Effect::Write] {
            assert_eq!(leaks(effect), leak, "{effect}: {message}: {id} -> {to}");
        }
        // Whom a payment goes to does not get the record of it.
        assert!(!leaks(Effect::Money), "{message}");
    }
}

#[test]
fn a_call_that_was_only_proposed_has_given_nobody_anything() {
    let message = "Read wages.txt. Share plan.txt with eve@x.example.";
    let hand = |shown: &Shown, run: &Run, tools: &BTreeMap<String, std::sync::Arc<ToolSpec>>, share: &ToolCall| {
        judge(Mode::Traced, run, shown, &*tools["files.share"], share).expect("judged").origins.leak
    };
    let wages = |step, index| call(step, index, "files.share", json!({"id": "2", "to": "eve@x.example"}));
    // The call before it in the same answer names the same, with arguments that are refused, or that are held.
    for first in [json!({"id": "2", "to": "eve@x.example", "x": 1}), json!({"id": "2", "to": "eve@x.example"}), json!({"id": "2", "to": ["eve@x.example"]})] {
        let (run, mut shown, tools) = files(message);
        shown.note_write(Mode::Traced, &run, &*tools["files.share"], &call(2, 0, "files.share", first.clone()));
        assert!(hand(&shown, &run, &tools, &wages(2, 1)), "{first}");
        assert!(hand(&shown, &run, &tools, &wages(3, 0)), "{first}: nor later");
        // What is written later is judged as if she had it.
        let append = traced(&run, &shown, &tools["files.append"], &json!({"id": "2", "text": "Max earns less."}));
        assert!(append.leak, "{first}");
    }
    // Of an earlier step it depends on what became of it.
    let denied = Outcome::failed(FailureClass::Denied, "no");
    let started = || Some(crate::run::Started { key: String::new(), attempt: 1 });
    for (started, outcome, leak) in [
        (None, Some(denied.clone()), true),
        (None, None, true),
        (started(), Some(denied), true),
        (started(), None, true),
        (started(), Some(Outcome::Ok { result: json!({}), summary: None }), false),
    ] {
        let (mut run, mut shown, tools) = files(message);
        let shared = Call { started, outcome, ..Call::of(wages(2, 0)) };
        let told = format!("{:?} {:?}", shared.started, shared.outcome);
        run.steps.push(Step { number: 2, calls: vec![shared], answered_at_ms: 0, ..Default::default() });
        shown.go_on(Mode::Traced, &run, 3, &tools);
        assert_eq!(hand(&shown, &run, &tools, &wages(3, 0)), leak, "{told}");
        assert!(hand(&shown, &run, &tools, &call(3, 0, "files.share", json!({"id": "2", "to": "max@good.example"}))), "{told}: to another");
    }
}

#[test]
fn a_record_of_which_nobody_said_who_has_it_goes_where_one_sentence_says() {
    for (message, to, leak) in [
        ("Check the invoice with id 9001. Share plan.txt with max@good.example", "max@good.example", true),
        ("Look at id 9001. Write to eve@x.example.", "eve@x.example", true),
        ("Share plan.txt with max@good.example", "max@good.example", true),
        ("Share the invoice with id 9001 with max@good.example", "max@good.example", false),
    ] {
        let (run, shown, _) = files(message);
        for private in [true, false] {
            let share = ToolSpec {
                private,
                ..ToolSpec::sample("bills.share", Effect::Send, &[("id", ArgumentRole::Id("invoice".into())), ("to", ArgumentRole::Recipient)])
            };
            assert_eq!(traced(&run, &shown, &share, &json!({"id": "9001", "to": to})).leak, leak, "{message}: private {private}");
        }
    }
}

#[test]
fn only_the_directory_says_whose_address_a_name_stands_for() {
    let pattern = |of: &str| RecordPattern { at: "/*".into(), of: of.into(), key: Some("id".into()), anchors: vec!["name".into()], ..RecordPattern::default() };
    for (message, of, origin, id, leak) in [
        // The record that is handed over names its own receiver.
        ("Read wages.txt. Share plan.txt with eve@x.example.", "file", Origin::Directory, "2", true),
        ("Read wages.txt. Share plan.txt with eve@x.example.", "file", Origin::Outside, "2", true),
        // Another one does, in words that somebody wrote there.
        ("Look at 'Kickoff' and share plan.txt with max@good.example", "event", Origin::Outside, "1", true),
        ("Look at 'Kickoff' and share plan.txt with max@good.example", "event", Origin::Fact, "1", true),
        ("Look at 'Kickoff' and share plan.txt with max@good.example", "event", Origin::System, "1", true),
        ("Share plan.txt with 'Kickoff'", "event", Origin::Directory, "1", false),
    ] {
        let (run, mut shown, tools) = files(message);
        let name = if of == "file" { "wages.txt" } else { "Kickoff" };
        let found = json!([{"id": if of == "file" { "2" } else { "e1" }, "name": name, "by": "eve@x.example"}]);
        let labels = [("/*/id".to_owned(), Origin::System), ("/*/name".to_owned(), Origin::Fact), ("/*/by".to_owned(), origin)].into();
        shown.add_result("call_2_0", "other.list", &found, &labels, &BTreeMap::new(), &[pattern(of)], true);
        let origins = traced(&run, &shown, &tools["files.share"], &json!({"id": id, "to": "eve@x.example"}));
        assert_eq!(origins.leak, leak, "{message}: {origin:?}");
    }
}

#[test]
fn what_goes_to_nobody_in_particular_is_named_where_it_is_asked_for() {
    let contact = RecordPattern { at: "/*".into(), of: "contact".into(), key: Some("id".into()), anchors: vec!["name".into()], ..RecordPattern::default() };
    let labels = [("/*/id".to_owned(), Origin::System), ("/*/name".to_owned(), Origin::Directory), ("/*/email".to_owned(), Origin::Directory)].into();
    let id = |of: &str| ArgumentRole::Id(of.into());
    let publish = ToolSpec::sample("files.publish", Effect::Send, &[("id", id("file"))]);
    let give = ToolSpec::sample("files.give", Effect::Send, &[("id", id("file")), ("contact", id("contact")), ("to", ArgumentRole::Recipient)]);
    for (message, spec, arguments, leak) in [
        ("Read wages.txt. Publish plan.txt.", &publish, json!({"id": "2"}), true),
        ("Read wages.txt and publish plan.txt", &publish, json!({"id": "2"}), true),
        ("Look at plan.txt. Publish my files.", &publish, json!({"id": "1"}), true),
        ("Publish my files", &publish, json!({"id": "9"}), true),
        ("Read wages.txt and publish plan.txt", &publish, json!({"id": "1"}), false),
        ("Publish plan.txt", &publish, json!({"id": "1"}), false),
        // The part behind the one that names it asks for it.
        ("Read wages.txt, take plan.txt and publish it", &publish, json!({"id": "2"}), true),
        ("Read wages.txt and publish its summary", &publish, json!({"id": "2"}), true),
        ("Take plan.txt and do not publish it", &publish, json!({"id": "1"}), true),
        ("Publish my files, take plan.txt and read it", &publish, json!({"id": "1"}), true),
        ("Take plan.txt and publish it", &publish, json!({"id": "1"}), false),
        ("Read wages.txt, take plan.txt, and then publish it", &publish, json!({"id": "1"}), false),
        ("Publish the file with id 9", &publish, json!({"id": "9"}), false),
        // A record stands for whom it is given to.
        ("Read wages.txt. Share plan.txt with Lena Vogt.", &give, json!({"id": "2", "contact": "c1"}), true),
        ("Look up Lena Vogt. Share plan.txt.", &give, json!({"id": "1", "contact": "c1"}), true),
        ("Look up Lena Vogt. Share plan.txt with max@good.example.", &give, json!({"id": "1", "contact": "c1", "to": "max@good.example"}), true),
        ("Share plan.txt with Lena Vogt", &give, json!({"id": "1", "contact": "c1"}), false),
        ("Share plan.txt with Lena Vogt, with max@good.example in copy", &give, json!({"id": "1", "contact": "c1", "to": "max@good.example"}), false),
    ] {
        let (run, mut shown, _) = files(message);
        let found = json!([{"id": "c1", "name": "Lena Vogt", "email": "lena@x.example"}]);
        shown.add_result("call_2_0", "crm.find", &found, &labels, &BTreeMap::new(), std::slice::from_ref(&contact), false);
        assert_eq!(traced(&run, &shown, spec, &arguments).leak, leak, "{message}: {arguments}");
    }
}

#[test]
fn a_call_that_names_several_records_is_ordered_for_each_of_them() {
    let contact = RecordPattern { at: "/*".into(), of: "contact".into(), key: Some("id".into()), anchors: vec!["name".into()], ..RecordPattern::default() };
    let labels = [("/*/id".to_owned(), Origin::System), ("/*/name".to_owned(), Origin::Directory), ("/*/email".to_owned(), Origin::Directory)].into();
    let id = |of: &str| ArgumentRole::Id(of.into());
    let publish = ToolSpec::sample("files.publish", Effect::Send, &[("ids", id("file"))]);
    let give = ToolSpec::sample("files.give", Effect::Send, &[("id", id("file")), ("contact", id("contact"))]);
    let notify = ToolSpec::sample("crm.notify", Effect::Send, &[("ids", id("contact"))]);
    let (published, told) = (|ids: &[&str]| json!({ "ids": ids }), |ids: &[&str]| json!({ "ids": ids }));
    let given = |id: &str, contact: &str| json!({ "id": id, "contact": contact });
    for (message, spec, arguments, leak) in [
        // One of them is in another part of the sentence, which asks for something else of it.
        ("Read wages.txt and publish plan.txt", &publish, published(&["1", "2"]), true),
        ("Lies wages.txt und veröffentliche plan.txt", &publish, published(&["1", "2"]), true),
        ("Read wages.txt, then publish plan.txt and notes.txt", &publish, published(&["1", "2"]), true),
        ("Publish plan.txt and summarise wages.txt", &publish, published(&["1", "2"]), true),
        ("Publish plan.txt and read wages.txt and notes.txt", &publish, published(&["1", "3"]), true),
        ("Publish plan.txt, not wages.txt", &publish, published(&["1", "2"]), true),
        ("Publish plan.txt, wages.txt stays here", &publish, published(&["1", "2"]), true),
        ("Read wages.txt and plan.txt and publish it", &publish, published(&["1", "2"]), true),
        // To whom the one goes the other does not.
        ("Share plan.txt with Lena Vogt and notes.txt with Omar Haddad", &give, given("1", "c2"), true),
        ("Share plan.txt with Lena Vogt and share notes.txt with Omar Haddad", &give, given("1", "c2"), true),
        ("Look up Omar Haddad, and share plan.txt with Lena Vogt", &give, given("1", "c2"), true),
        ("Look up Ana and notify Luis", &notify, told(&["c3", "c4"]), true),
        // All of them are what one order is for.
        ("Publish plan.txt and notes.txt", &publish, published(&["1", "3"]), false),
        ("Publish plan.txt and notes.txt", &publish, published(&["3"]), false),
        ("Publish plan.txt, notes.txt and the file wages.txt", &publish, published(&["1", "2", "3"]), false),
        ("Publish plan.txt and notes.txt on the wall", &publish, published(&["1", "3"]), false),
        ("Read wages.txt and publish plan.txt and notes.txt", &publish, published(&["1", "3"]), false),
        ("Take plan.txt and notes.txt and publish them", &publish, published(&["1", "3"]), false),
        ("Kannst du plan.txt und notes.txt veröffentlichen?", &publish, published(&["1", "3"]), false),
        ("Share plan.txt and notes.txt with Omar Haddad", &give, given("1", "c2"), false),
        ("Share plan.txt and notes.txt with Omar Haddad", &give, given("3", "c2"), false),
        ("Share plan.txt with Lena Vogt and Omar Haddad", &give, given("1", "c2"), false),
        ("Notify Ana and Luis", &notify, told(&["c3", "c4"]), false),
        ("Please notify Ana and also Luis", &notify, told(&["c3", "c4"]), false),
    ] {
        let (run, mut shown, tools) = files(message);
        let list = &tools["files.list"];
        let notes = json!([{"id": "3", "name": "notes.txt", "text": "", "shared": {"boss@good.example": "r"}}]);
        shown.add_result("call_2_0", "files.list", &notes, &list.result_labels, &BTreeMap::new(), &list.records, true);
        let person = |id: &str, name: &str| json!({"id": id, "name": name, "email": format!("{id}@x.example")});
        let found = json!([person("c1", "Lena Vogt"), person("c2", "Omar Haddad"), person("c3", "Ana"), person("c4", "Luis")]);
        shown.add_result("call_3_0", "crm.find", &found, &labels, &BTreeMap::new(), std::slice::from_ref(&contact), true);
        assert_eq!(traced(&run, &shown, spec, &arguments).leak, leak, "{message}: {arguments}");
    }
}

#[test]
fn a_word_that_joins_within_a_name_parts_no_order() {
    let publish = ToolSpec::sample("files.publish", Effect::Send, &[("id", ArgumentRole::Id("file".into()))]);
    for (message, name, leak) in [
        ("Read Research and Development and publish plan.txt", "Research and Development", true),
        ("Read 'Research and Development' and publish plan.txt", "Research and Development.docx", true),
        ("Read Wages, Summer and publish plan.txt", "Wages, Summer", true),
        ("Read Kickoff and publish plan.txt", "Kickoff", true),
        ("اقرأ تقرير وليد ثم انشر الخطة", "تقرير وليد", true),
        ("اقرأ وليد ثم انشر الخطة", "وليد", true),
        ("Read plan.txt and publish Research and Development", "Research and Development", false),
        ("Read plan.txt and publish 'Research and Development'", "Research and Development.docx", false),
        ("Take Research and Development and publish it", "Research and Development", false),
        ("Read plan.txt, and publish Wages, Summer", "Wages, Summer", false),
        ("Read plan.txt and publish Kickoff", "Kickoff", false),
        ("اقرأ الخطة ثم انشر تقرير وليد", "تقرير وليد", false),
        ("اقرأ الخطة ثم انشر وليد", "وليد", false),
    ] {
        let (run, mut shown, tools) = files(message);
        let list = &tools["files.list"];
        let mut labels = list.result_labels.clone();
        labels.insert("/*/name".to_owned(), Origin::Directory);
        let found = json!([{"id": "3", "name": name, "text": "", "shared": {"boss@good.example": "r"}}]);
        shown.add_result("call_2_0", "files.list", &found, &labels, &BTreeMap::new(), &list.records, true);
        assert_eq!(traced(&run, &shown, &publish, &json!({"id": "3"})).leak, leak, "{message}: {name}");
    }
}

#[test]
fn a_list_and_a_wrapped_line_are_one_sentence() {
    for (message, id, leak) in [
        ("Do these:\n- read wages.txt\n- share plan.txt with eve@x.example", "2", true),
        ("Read wages.txt:\n- share plan.txt with eve@x.example", "2", true),
        ("Share plan.txt with lena@x.example. Compare wages.txt with this mail:\nFrom: eve@x.example\nHi", "2", true),
        ("Teile plan.txt mit lena@x.example. Vergleiche wages.txt mit dieser Mail:\nVon: eve@x.example\nHallo", "2", true),
        ("Share plan.txt with lena@x.example. Compare wages.txt with these:\n- eve@x.example", "2", true),
        ("Share plan.txt with:\n- eve@x.example\n- lena@x.example", "1", false),
        ("Please share 'plan.txt' with our\npartner eve@x.example", "1", false),
        ("Share plan.txt with Dr. Weber, eve@x.example", "1", false),
    ] {
        let (run, shown, tools) = files(message);
        let origins = traced(&run, &shown, &tools["files.share"], &json!({"id": id, "to": "eve@x.example"}));
        assert_eq!(origins.leak, leak, "{message}");
    }
}

#[test]
fn a_time_that_follows_from_the_owners_words_tells_nobody_anything() {
    let meeting = "Create a meeting tomorrow at 10 for 30 minutes with lena@x.example";
    for (message, now, start, leak) in [
        ("Create a meeting with lena@x.example", "2026-05-20T08:00:00Z", "2026-05-21 10:00", true),
        (meeting, "2026-05-20T08:00:00Z", "2026-05-21 11:00", true),
        (meeting, "2026-05-20T08:00:00Z", "2026-05-22 10:00", true),
        (meeting, "now", "2026-05-21 10:00", true),
        (meeting, "2026-05-20T08:00:00Z", "2026-05-21 10:00", false),
        (meeting, "2026-05-20T08:00:00.5Z", "2026-05-21 10:30", false),
        ("Lege morgen um 10 Uhr einen Termin mit lena@x.example an", "2026-05-20T08:00:00Z", "2026-05-21 10:00", false),
    ] {
        let (mut run, _, tools) = files(message);
        run.variables.insert("now".to_owned(), now.to_owned());
        let mut shown = Shown::begin(&run);
        let list = &tools["files.list"];
        shown.add_result("call_1_0", "files.list", &listed(), &list.result_labels, &BTreeMap::new(), &list.records, true);
        for effect in [Effect::Write, Effect::Send] {
            let create = ToolSpec::sample("calendar.create", effect, &[("start", ArgumentRole::Value), ("with", ArgumentRole::Recipient)]);
            let origins = traced(&run, &shown, &create, &json!({"start": start, "with": "lena@x.example"}));
            assert_eq!(origins.leak, leak, "{effect}: {message}: {start} of {now}");
        }
    }
}
