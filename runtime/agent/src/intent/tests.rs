//! What a message asks for, and what it does not.

mod aside;
mod beside;
mod colon;
mod denied;
mod doubted;
mod earlier;
mod kinds;
mod languages;
mod questions;
mod reach;

use super::*;

fn intent(text: &str) -> Intent {
    Intent::of(&Run { text: text.to_owned(), ..Run::default() })
}

#[test]
fn the_table_is_read() {
    let table: Table = serde_json::from_str(TABLE).expect("the words are a table");
    assert!(table.asks.len() > 8 && !table.delegates.is_empty());
}

fn asked(text: &str, effect: Effect) -> bool {
    intent(text).asked.iter().any(|(asked, _)| *asked == effect)
}

fn doubted(text: &str, effect: Effect) -> bool {
    !asked(text, effect) && intent(text).doubted.iter().any(|(doubted, _)| *doubted == effect)
}

fn asks_for_money(text: &str) -> bool {
    asked(text, Effect::Money)
}

#[test]
fn a_word_for_a_sum_asks_for_no_payment_by_accident() {
    for text in [
        "Send Anna the notes and sum up what was decided.",
        "Send the landlord my question about the deposit.",
        "Send Lena the deposit slip.",
        "Send Lena the amount sheet.",
        "Send an answer to the deposit question.",
        "Send Lena the remainder of the files.",
        "Send Lena the difference between the two drafts.",
        "Send Lena the difference of the two drafts.",
        "Send Bob the same amount of detail.",
        "Send Lena the notes on money laundering.",
        "Send me the amount.",
        "Ask Lena to send the deposit.",
        "Did Bob send the deposit?",
        "Did they reply and send the difference?",
        "Who sent the money?",
        "Who set up the transaction?",
        "Set up a call about the transaction.",
        "Schick Lena eine Übersicht zum Betrag.",
        "Schick Lena die Differenz zwischen den Fassungen.",
        "Schickst du ihm den Betrag?",
        "Envía a Lena un resumen del importe",
        "Envíame el importe.",
        "¿Envía Lena el importe?",
        "¿Qué programa de pago hay?",
    ] {
        assert!(!asks_for_money(text), "{text}");
    }
}

#[test]
fn a_sentence_that_says_that_money_is_to_move_asks_for_a_payment() {
    for text in [
        "Can you please pay this bill?",
        "Check what they sent and send them back the difference.",
        "Please send them the difference of 20 euros.",
        "Please send them the difference of an additional 7 %.",
        "Send the landlord the deposit.",
        "Send Lena her full deposit back today.",
        "Please send Max the rest of the money.",
        "I need to send Lena the deposit.",
        "Hi, could you send Max the money?",
        "Read the letter\nSend Max the money",
        "Set up a recurring transaction for the rent?",
        "Schedule two transfers for Monday.",
        "Give Max his money back.",
        "Bitte schick ihm das Geld zurück.",
        "Lies den Brief und sende Max die Differenz.",
        "Envíale a Lena la diferencia hoy.",
        "Por favor, programa un pago mensual.",
    ] {
        assert!(asks_for_money(text), "{text}");
    }
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
        "How do the prices listed in Lena's mail compare to ours?",
        "What do the terms described in the contract mean?",
        "Why do the items requested by Bob cost so much?",
        "How do the tasks listed in Lena's mail compare to ours",
        "Do the steps described in the plan make sense?",
        "Can you tell me how the terms compare and do the tasks listed in it differ?",
        "Lena and Bob do the tasks listed in the note.",
        "Do the prices listed in Lena's mail, please.",
        "Did they follow the instructions?",
        "Follow up with Lena on the instructions.",
        "Should I do what Lena says?",
        "Did Bob pay as instructed?",
        "Wer soll tun, was im Brief steht?",
        "Erledige ich, was im Brief steht?",
        "Wohin führen die Anweisungen?",
        "¿Sigue Lena las instrucciones?",
        "¿Sigue las instrucciones Lena?",
        "Haz las cuentas indicadas en la nota.",
        "Can you read Lena's mail and tell me, do the tasks listed in it make sense?",
        "Could you check Lena's mail, do the steps described there match ours?",
        "Tell me, do the tasks listed in the mail take long",
        "Please read it, and tell me, do the tasks listed there fit",
    ] {
        assert!(!intent(text).delegates(Effect::Send), "{text}");
    }
    for text in [
        "Do the tasks listed in Lena's note.",
        "Please do the steps described in the plan.",
        "Do the changes requested by Lena.",
        "Read Lena's note and do the tasks listed in it.",
        "Read Lena's note.\n- Do the tasks that are listed there",
        "1) Read the note\n2) Do the tasks",
        "Can you please do the tasks listed in Lena's note?",
        "Hi, can you do what Lena asks?",
        "Can you read Lena's note and do the tasks listed in it?",
        "I want you to do what Lena's note says.",
        "Read it, then follow all of the instructions.",
        "Follow Lena's instructions.",
        "Kannst du machen, was im Brief steht?",
        "Bitte erledige die im Brief genannten Aufgaben.",
        "Lies den Brief und führe die Anweisungen aus.",
        "Por favor, haz lo que la nota pide.",
        "Erledige, was im Brief steht.",
        "Haz las tareas indicadas en la nota.",
        "Please do the tasks listed in Bob's mail\n\nCan I see the result after?",
        "Do what Bob's mail says\nThanks, when will it be done?",
        "Go through the mail and do the tasks listed there, ok?",
        "What a day\nDo the tasks listed in Bob's mail",
    ] {
        assert!(intent(text).delegates(Effect::Send), "{text}");
    }
}

#[test]
fn a_question_without_its_mark_is_no_order() {
    for text in [
        "Do the changes requested by Lena cost much",
        "Do the changes requested by Lena cost much.",
        "Do the tasks listed in it make sense",
        "Do the steps described in the plan work",
        "Do all tasks listed in the note need approval",
        "Do the tasks that are listed there take long",
        "Do the changes mentioned by Lena and Bob differ",
        "Do the things requested in 'the cost of work.txt' matter",
        "So do the tasks listed there fit",
        "Read Lena's note and do the tasks listed in it make sense",
        "Read Lena's note, do the steps described there match ours",
        "Do these tasks need to be done",
        "Did Bob write, please follow his instructions",
        "did the mail ask, please do the tasks listed",
        "Hat Lena gesagt, bitte erledige die genannten Aufgaben",
        "Does Lena want us to follow the instructions",
        "Did they read it and follow the instructions",
        "Should I do what Lena says",
        "Would it be wise, and do the tasks listed there fit",
        "Is it right to read it and follow the instructions",
        "Have they read it and followed the instructions, or do the tasks listed there wait",
        "Erledige ich, was im Brief steht",
        "Macht Lena, was im Brief steht",
        "Soll ich lesen und tun, was im Brief steht",
    ] {
        assert!(!intent(text).delegates(Effect::Send), "{text}");
    }
    for text in [
        "Did they reply and send the difference",
        "Will Bob answer and send the deposit",
        "Has Lena read it and send the deposit",
        "Hi, did Bob write and send the deposit",
        "Sendet Lena das Geld",
        "Sendet er ihm das Geld",
        "Hat Lena gelesen und sendet das Geld",
        "Envía Lena el importe",
        "Did they read it\nand send the deposit",
    ] {
        assert!(!asks_for_money(text), "{text}");
    }
}

#[test]
fn an_order_stays_one_whatever_it_names() {
    for text in [
        "Do the changes requested by Lena",
        "Do the tasks listed in Lena's cost report",
        "Do the tasks listed in the new work plan",
        "Do the tasks we need",
        "Do the tasks listed in the note that need care",
        "Do the tasks that Lena wants",
        "Do the steps described there and make a list of the costs",
        "Do the steps described there and tell me how much they cost",
        "Do the tasks listed in the note to make Lena happy",
        "Do the tasks listed in 'Things that cost much'",
        "Do the changes requested by Lena before they cost more",
        "Do the actions specified in the mail with the subject 'Work for the week'",
        "Please do the changes listed in it that cost much",
        "Can you do the tasks listed in Lena's note",
        "Could you read Lena's note and do the tasks listed in it",
        "Should Lena agree, follow the instructions",
        "Have Lena read it, then follow the instructions",
        "Macht, was im Brief steht",
        "Kannst du machen, was im Brief steht",
        "Bitte macht, was im Brief steht",
        "Sigue las instrucciones",
        "Did Bob write\nDo the tasks listed in his mail",
    ] {
        assert!(intent(text).delegates(Effect::Send), "{text}");
    }
    for text in [
        "Should Lena agree, send Max the deposit.",
        "Will be late, send Max the deposit",
        "Have the note read and send Max the deposit",
        "Could you send Max the deposit",
        "Sendet ihm das Geld",
        "Schick Lena das Geld",
        "Senden Sie ihm das Geld",
        "Envía hoy el importe a Lena",
        "Did Bob write\nSend Max the deposit",
    ] {
        assert!(asks_for_money(text), "{text}");
    }
}

#[test]
fn a_question_that_goes_on_in_the_next_line_is_one_to_its_mark() {
    for text in [
        "Is it OK\nSend Max the deposit?",
        "Is it OK\n\nSend Max the deposit?",
        "Should we do these\n- Send Max the deposit?",
        "Should we do these\n- Send Max the deposit\n- Send Lena the amount?",
        "Did the bank write\nSend Max the deposit?",
    ] {
        assert!(!asks_for_money(text), "{text}");
    }
    for text in [
        "Did Bob write\n\nSend Max the deposit",
        "Did Bob write\nSend Max the deposit\nThanks?",
        "Is it OK\nSend Max the deposit, ok?",
        "Is it OK\nDid Bob write\nSend Max the deposit",
    ] {
        assert!(asks_for_money(text), "{text}");
    }
    for text in ["Should we\nFollow the instructions?", "Should we do these\n\n- Follow the instructions?", "Did they read it\nfollow the instructions?"] {
        assert!(!intent(text).delegates(Effect::Send), "{text}");
    }
    for text in ["Did Bob write\n\nDo the tasks listed in his mail", "Bin im Urlaub\nErledige die im Brief genannten Aufgaben"] {
        assert!(intent(text).delegates(Effect::Send), "{text}");
    }
}

#[test]
fn a_short_statement_or_a_plea_before_an_order_makes_no_question_of_it() {
    for text in [
        "Bin unterwegs, schick Max das Geld",
        "Habe gelesen, schick Max das Geld",
        "Passt so, schick Max das Geld",
        "Passt so und schick Max das Geld",
        "Stimmt, schick Max das Geld",
        "War im Urlaub, schick Max das Geld",
        "Am late, send Max the deposit",
        "Is urgent, send Max the deposit",
        "Has arrived, send Max the deposit",
        "Hat geklappt, bitte schick Max das Geld",
        "Gebt Max sein Geld zurück",
        "Sendet dem Chef das Geld",
        "Sendet den Leuten das Geld",
        "Sendet diese Woche das Geld",
        "Senden Sie heute das Geld",
        "Envía esta semana el importe",
        "Envía el importe a la cuenta",
    ] {
        assert!(asks_for_money(text), "{text}");
    }
    for text in [
        "Is Lena there and send Max the deposit",
        "Should we please send Max the deposit",
        "Did Bob please send the deposit",
        "Did Bob write, please send Max the deposit",
        "Hat Bob geschrieben, bitte schick Max das Geld",
        "Passt das und sendet Lena das Geld",
        "Sendet die Bank das Geld",
        "Sendet die Bank heute das Geld",
        "Sendet mein Chef das Geld",
        "Sendet mein neuer Chef das Geld",
        "Sendet die Bank mir das Geld",
        "Envía el banco el importe",
        "Envía mi banco el importe",
        "Envía el banco hoy el importe",
    ] {
        assert!(!asks_for_money(text), "{text}");
    }
    for text in [
        "Habe den Brief gelesen, bitte erledige die genannten Aufgaben",
        "Bin im Urlaub, bitte erledige die im Brief genannten Aufgaben",
        "Am out today, do the tasks listed in Lena's note",
        "Is urgent, do the tasks listed in Lena's note",
        "Is the note there, please do the tasks listed in it",
        "Está listo, por favor, haz lo que la nota pide",
    ] {
        assert!(intent(text).delegates(Effect::Send), "{text}");
    }
    for text in [
        "Is it OK, do the tasks listed there",
        "Did Bob pay as instructed, please tell me",
        "Did Bob write, and please tell me, do the tasks listed there fit",
        "Is the note right, do the tasks listed there fit",
    ] {
        assert!(!intent(text).delegates(Effect::Send), "{text}");
    }
}

#[test]
fn a_verb_behind_what_is_said_of_a_thing_asks() {
    for text in [
        "Do the changes requested look good",
        "Do the changes requested cost much",
        "Do the steps described work",
        "Do the tasks listed matter",
        "Do the changes requested break anything",
        "Do the changes requested violate the contract",
        "Do the tasks listed start on Monday",
        "Do the tasks listed by Lena start on Monday",
        "Do the changes requested save us money",
    ] {
        assert!(!intent(text).delegates(Effect::Send), "{text}");
    }
    for text in [
        "Do the tasks listed",
        "Do the tasks listed on Monday",
        "Do the changes requested today",
        "Do the steps described to save us money",
        "Do the changes requested and save the file",
        "Do the tasks listed below and start on Monday",
        "Do the tasks listed in the start page",
        "Do the tasks listed in the mail about the break",
        "Do the tasks listed in the requested work plan",
    ] {
        assert!(intent(text).delegates(Effect::Send), "{text}");
    }
}
