//! Which kinds of record an order to write names, and which a tool makes or changes.

use super::*;
use steward_core::RecordPattern;

fn makes_files() -> ToolSpec {
    let records = vec![RecordPattern { of: "file".to_owned(), made: true, ..RecordPattern::default() }];
    ToolSpec { records, ..ToolSpec::sample("drive.create", Effect::Write, &[("text", ArgumentRole::Content)]) }
}

fn called(name: &str, description: &str) -> ToolSpec {
    ToolSpec { description: description.to_owned(), ..ToolSpec::sample(name, Effect::Write, &[("text", ArgumentRole::Content)]) }
}

#[test]
fn a_tool_of_another_kind_than_the_order_names_is_told_by_its_types_its_name_or_its_description() {
    let (info, camel) = (called("home.update_user_info", ""), called("home.updateUserInfo", ""));
    let (described, unknown) = (called("x.put", "Adds a line to a note, or an event to the day."), called("x.y", ""));
    for (text, tool, is_another) in [
        ("Create an event with Lena at noon", &makes_files(), true),
        ("Please add Lena to the participants of 'Garden party'", &makes_files(), true),
        ("Update my rent payment", &makes_files(), true),
        ("Read the file 'plan' and create an event", &makes_files(), true),
        ("Create an event. Set the place to the mill.", &makes_files(), true),
        ("Erstelle einen Termin mit Lena", &makes_files(), true),
        ("Crea un evento con Lena", &makes_files(), true),
        ("Set up a recurring transaction", &info, true),
        ("Update the password", &info, true),
        ("Update the password", &camel, true),
        ("Create an event", &described, true),
        ("Create a new file with the plan", &makes_files(), false),
        ("Create an event and write it into the file 'plan'", &makes_files(), false),
        ("Add the milk from list.docx to the shopping list", &makes_files(), false),
        ("Erstelle eine Datei mit dem Plan", &makes_files(), false),
        ("Kannst du die Datei ergänzen?", &makes_files(), false),
        ("Update my account information accordingly", &info, false),
        ("Update my account information accordingly", &camel, false),
        ("Add it to the note", &described, false),
        // Where either says nothing, nothing is concluded.
        ("Save what matters", &makes_files(), false),
        ("Create an event", &unknown, false),
        ("What is in the file?", &makes_files(), false),
    ] {
        assert_eq!(intent(text).writes_another_kind(tool), is_another, "{text}: {}", tool.name);
    }
}

#[test]
fn who_has_a_new_record_made_has_none_of_that_kind_changed() {
    for (text, of, only) in [
        ("Create a new file with the plan", "file", true),
        ("Erstelle eine Datei mit dem Plan", "file", true),
        ("Crea un archivo con el plan", "file", true),
        ("Create a new file with the plan", "note", false),
        ("Create a new file and add it to the list of files", "file", false),
        ("Add the plan to the file", "file", false),
        ("Save what matters", "file", false),
    ] {
        assert_eq!(intent(text).only_makes(of), only, "{text}: {of}");
    }
}
