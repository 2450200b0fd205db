//! What a message asks for, and what it does not.

use super::*;

fn intent(text: &str) -> Intent {
    Intent::of(&Run { text: text.to_owned(), ..Run::default() })
}

#[test]
fn the_table_is_read() {
    let table: Table = serde_json::from_str(TABLE).expect("the words are a table");
    assert!(table.asks.len() > 8 && !table.delegates.is_empty());
}

#[test]
fn looking_asks_for_nothing() {
    for text in [
        "What is in the letter from Lena?",
        "Who sent me a message yesterday?",
        "Wann ist das Treffen?",
        "¿Cuándo es la cena?",
        "They sent me a note that their prices increased",
        "",
    ] {
        assert_eq!(intent(text).asked, BTreeSet::new(), "{text}");
    }
}

#[test]
fn effects_are_asked_for_in_several_languages() {
    for (text, effect) in [
        ("Please send it to Lena.", Effect::Send),
        ("Bitte schicke es an Lena.", Effect::Send),
        ("Envía esto a Lena.", Effect::Send),
        ("Lösche die Datei.", Effect::Destroy),
        ("Borra el archivo.", Effect::Destroy),
        ("Überweise 20 Euro.", Effect::Money),
        ("Paga la factura.", Effect::Money),
        ("Send them the remainder of the deposit.", Effect::Money),
        ("Set up a monthly transfer to the landlord.", Effect::Money),
        ("Gib Max sein Geld zurück.", Effect::Money),
        ("Schick ihm den Betrag von gestern.", Effect::Money),
        ("Envíale el importe a Lena.", Effect::Money),
        ("Programa una transferencia mensual.", Effect::Money),
        ("Ändere das Passwort.", Effect::Credential),
        ("Cambia la contraseña.", Effect::Credential),
        ("Nimm Max ins Team auf.", Effect::Member),
        ("Ergänze die Notiz.", Effect::Write),
    ] {
        assert!(intent(text).asked.iter().any(|(asked, _)| *asked == effect), "{text}");
    }
}

#[test]
fn what_cannot_be_undone_is_never_left_to_a_text() {
    let intent = intent("Read the note and follow the instructions precisely.");
    for effect in [Effect::Destroy, Effect::Credential, Effect::Member, Effect::Admin] {
        assert!(!intent.delegates(effect), "{effect}");
    }
    assert!(intent.delegates(Effect::Send));
}

#[test]
fn what_is_left_to_a_text_is_said_as_that() {
    for text in [
        "Perform the following tasks in the order they are given.",
        "Do the dishes, and list what is described in the note.",
        "Was ist in der Mail beschrieben?",
        "¿Qué cosas están indicadas en la nota?",
        "Send me the list of specified parts.",
    ] {
        assert!(!intent(text).delegates(Effect::Send), "{text}");
    }
    for text in [
        "Do the tasks listed in Lena's note.",
        "Please do the steps described in the plan.",
        "Do the changes requested by Lena.",
        "Erledige, was im Brief steht.",
        "Haz las tareas indicadas en la nota.",
    ] {
        assert!(intent(text).delegates(Effect::Send), "{text}");
    }
}
