//! People and cards that a reader could lose without a word: every one of the file is taken, or refused with its number.

use crate::fixture::World;
use crate::import::shown;
use crate::import_db::{contacts, counts_of, imported};
use steward_office::import;

fn rows(bytes: &[u8], name: &str) -> Vec<String> {
    import::read(bytes, name).expect("file").rows.iter().map(shown).collect()
}

/// The usual list of a household or a small office: the last name under `Name`, and one number for all.
const OFFICE: &str = "\
Name;Vorname;Telefon;Firma
Müller;Anna;+49 30 1234;Muster GmbH
Müller;Peter;+49 30 1234;Muster GmbH
Müller;Eva;;Muster GmbH
Müller;Jan;;Muster GmbH
";

#[tokio::test]
async fn people_of_one_last_name_and_one_number_stay_different_people() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let report = imported(&world, &house.owner, house.sales, OFFICE).await;
    assert_eq!((counts_of(&report), report.summary.warning_count), ([4, 0, 0, 0], 0), "{report:?}");
    let mut names: Vec<String> = contacts(&world, &house.owner, "müller").await.into_iter().map(|contact| contact.display_name).collect();
    names.sort();
    assert_eq!(names, ["Anna Müller", "Eva Müller", "Jan Müller", "Peter Müller"]);
    let anna = contacts(&world, &house.owner, "anna").await.pop().expect("Anna");
    assert_eq!((anna.given_name.as_deref(), anna.family_name.as_deref()), (Some("Anna"), Some("Müller")));
    assert_eq!(counts_of(&imported(&world, &house.owner, house.sales, OFFICE).await), [0, 0, 4, 0], "a second import changes nothing");
}

#[test]
fn whole_names_beside_first_names_stay_whole() {
    let text = "Name,First Name,Email\nLena Brandt,Lena,lena@example.com\n\"Silva, Ana\",Ana,ana@example.com\nRobert Smith,Bob,bob@example.com\n";
    let read = rows(text.as_bytes(), "a.csv");
    let names: Vec<&str> = read.iter().filter_map(|row| row.split('"').nth(1)).collect();
    assert_eq!(names, ["Lena Brandt", "Silva, Ana", "Robert Smith"]);
}

fn card(name: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEND:VCARD\r\n")
}

#[test]
fn a_card_behind_a_byte_order_mark_is_taken() {
    let both = ["1 (line 1) \"Ana\"", "2 (line 5) \"Bo\""];
    assert_eq!(rows(format!("{}\u{feff}{}", card("Ana"), card("Bo")).as_bytes(), "a.vcf"), both);
    assert_eq!(rows(format!("\u{feff}\u{feff}{}\u{feff}{}", card("Ana"), card("Bo")).as_bytes(), "a.vcf"), both);
    // As Windows writes both.
    let utf16: Vec<u8> = format!("\u{feff}{}\u{feff}{}", card("Ana"), card("Bo")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(rows(&utf16, "a.vcf"), both);
    // The first file has no line end behind its last line.
    for mark in ["", "\u{feff}", "  "] {
        let glued = format!("{}{mark}{}", card("Ana").trim_end(), card("Bo"));
        assert_eq!(rows(glued.as_bytes(), "a.vcf"), ["1 (line 1) \"Ana\"", "2 (line 4) \"Bo\""], "{mark:?}");
    }
    // The first file was cut off.
    for cut in ["BEGIN:VCARD\nFN:Ana\n", "BEGIN:VCARD\nFN:Ana"] {
        let read = rows(format!("{cut}\u{feff}{}", card("Bo")).as_bytes(), "a.vcf");
        let [first, second] = read.as_slice() else { unreachable!("two cards: {read:?}") };
        assert!(first.ends_with("refused: its END:VCARD line is missing") && second.ends_with("\"Bo\""), "{read:?}");
    }
}

#[test]
fn a_card_that_is_moved_in_is_taken() {
    let moved = |name: &str, by: &str| card(name).lines().fold(String::new(), |text, line| format!("{text}{by}{line}\n"));
    // The first line alone, as a copy from a page leaves it.
    assert_eq!(rows(format!("{} {}", card("Ana"), card("Bo")).as_bytes(), "a.vcf"), ["1 (line 1) \"Ana\"", "2 (line 5) \"Bo\""]);
    for by in [" ", "    ", "\t"] {
        let text = format!("{}{}{}", moved("Ana", by), moved("Bo", by), card("Cy"));
        assert_eq!(rows(text.as_bytes(), "a.vcf"), ["1 (line 1) \"Ana\"", "2 (line 5) \"Bo\"", "3 (line 9) \"Cy\""], "{by:?}");
        // Behind one that was cut off.
        let read = rows(format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ana\n{}", moved("Bo", by)).as_bytes(), "a.vcf");
        assert_eq!(read, ["1 (line 1) refused: its END:VCARD line is missing", "2 (line 4) \"Bo\""], "{by:?}");
    }
    // A line that is folded is no beginning, in a card that is moved in neither.
    let note = ["BEGIN:VCARD", "VERSION:3.0", "FN:Ana", "NOTE:what begins with ", " BEGIN:VCARD", "END:VCARD"];
    for by in ["", "  "] {
        let text: String = note.iter().map(|line| format!("{by}{line}\n")).collect();
        assert_eq!(rows(text.as_bytes(), "a.vcf"), ["1 (line 1) \"Ana\"\n    note: \"what begins with BEGIN:VCARD\""], "{by:?}");
    }
}

#[test]
fn an_agent_inside_a_card_is_no_card_of_its_own() {
    let text = "BEGIN:VCARD\nVERSION:2.1\nFN:Ana\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Bo\nEND:VCARD\nTEL:+1 555 010 0001\nEND:VCARD\n";
    assert_eq!(rows(text.as_bytes(), "a.vcf"), ["1 (line 1) \"Ana\"\n    phone: \"+1 555 010 0001\" [+15550100001]"]);
}
