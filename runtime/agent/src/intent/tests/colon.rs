//! What stands before a colon: what it denies of what follows, and what it only tells, which is in doubt.

use super::*;

#[test]
fn what_is_asked_or_is_not_there_denies_nothing_behind_its_colon() {
    for (text, effect) in [
        ("If Lena does not reply: send her a reminder", Effect::Send),
        ("Who has not answered: send them a reminder", Effect::Send),
        ("I have no time for Lena today: please reply to her", Effect::Send),
        ("Ich habe keine Zeit: antworte Lena", Effect::Send),
        ("I did not manage it, please do it: reply to Lena", Effect::Send),
        ("Ich habe gerade keine Zeit: antworte Lena", Effect::Send),
        ("Ich habe heute leider keine Zeit: antworte Lena", Effect::Send),
        ("I have no time to do it: reply to Lena", Effect::Send),
        ("I paid order no: 17, send Max the receipt", Effect::Send),
        // Asked for beside what is denied or in doubt.
        ("Reply to Lena. Never do this: pay the bill", Effect::Send),
        ("Reply to Lena, Max has not answered: add a note", Effect::Send),
    ] {
        assert!(asked(text, effect), "{text}");
    }
}

#[test]
fn what_is_denied_before_a_colon_is_in_no_doubt_behind_it() {
    for (text, effect) in [
        ("Don't: send her a note", Effect::Send),
        ("I don't want: send her a note", Effect::Send),
        ("Never do this: send her a note", Effect::Send),
        ("Not this: reply to Lena", Effect::Send),
        ("Not Lena: send the note", Effect::Send),
        ("Lena not: send her the note", Effect::Send),
        ("You can't do this: reply to Lena", Effect::Send),
        ("It is not allowed: reply to Lena", Effect::Send),
        ("Nobody may do this: reply to Lena", Effect::Send),
        ("This can't be: reply to Lena", Effect::Send),
        ("The agent can't do this: reply to Lena", Effect::Send),
        ("The agent will not: reply", Effect::Send),
        ("The assistant must never: reply to Lena", Effect::Send),
        ("The rule is not to: reply to Lena", Effect::Send),
        ("Steward is not allowed: reply", Effect::Send),
        ("Things I don't want: reply to Lena", Effect::Send),
        ("Es ist nicht erlaubt: antworte Lena", Effect::Send),
        ("Das darfst du nicht: antworte Lena", Effect::Send),
        ("Das geht jetzt nicht: antworte Lena", Effect::Send),
        ("Lena will das nicht: antworte ihr", Effect::Send),
        ("Lena überhaupt nicht: schick ihr die Notiz", Effect::Send),
        ("An Lena nicht: schick die Notiz", Effect::Send),
        ("No está permitido: responder a Lena", Effect::Send),
        ("El agente no puede: responder a Lena", Effect::Send),
        ("El agente no puede lo siguiente: responder a Lena", Effect::Send),
        ("Operación no disponible: responder a Lena", Effect::Send),
        ("Esto no se hace: responde a Lena", Effect::Send),
        ("I have never agreed to the following: reply to Lena", Effect::Send),
        ("As I said, I have never agreed to the following: reply to Lena", Effect::Send),
        ("I have said no to the following: reply to Lena", Effect::Send),
        ("I have not agreed to this: reply to Lena", Effect::Send),
        ("We did not want this: reply to Lena", Effect::Send),
        ("I never said: reply to Lena", Effect::Send),
        ("Max has not agreed to the following: reply to Lena", Effect::Send),
        ("Max does not want this: send him the note", Effect::Send),
        ("The following has not been agreed: reply to Lena", Effect::Send),
        ("Ich habe folgendem nie zugestimmt: antworte Lena", Effect::Send),
        ("Folgendes hat Max nicht erlaubt: antworte Lena", Effect::Send),
        ("Nunca he aceptado lo siguiente: responde a Lena", Effect::Send),
        ("No hemos acordado lo siguiente: responde a Lena", Effect::Send),
        ("No quiero esto: responde a Lena", Effect::Send),
        ("Yo no he dicho: responde a Lena", Effect::Send),
        ("Do not do this (no rush): reply to Lena", Effect::Send),
        ("We have agreed not to do any of this:\n- reply to Lena", Effect::Send),
        // What an order is of, and a rule for whoever reads it.
        ("Lena can't reply: send her a note", Effect::Send),
        ("The file is not for sharing: share it with Lena", Effect::Send),
        ("Bills are not for paying: pay the bill", Effect::Money),
        ("Max can not have any of this: send him the note", Effect::Send),
        ("We are not paying: pay the bill", Effect::Money),
        ("I will not pay: pay the bill", Effect::Money),
        ("The assistant will not act alone: pay bills, delete files", Effect::Money),
        ("The assistant will not act alone: pay bills, delete files", Effect::Destroy),
        ("The agent does not act alone: pay bills", Effect::Money),
        ("The agent can't perform: delete files, pay bills", Effect::Destroy),
        ("Steward can't perform:\n- delete files", Effect::Destroy),
        ("El asistente no ha dicho: borra los archivos", Effect::Destroy),
        ("This agent can't perform: delete files", Effect::Destroy),
        ("My AI agent can't perform: delete files", Effect::Destroy),
        ("But the agent has not answered: send him a reminder", Effect::Send),
        // A denial in what is in doubt, of what stands before it or in the line below.
        ("Delete the files, I have not agreed: no, don't.", Effect::Destroy),
        ("Delete the files, Lena has not agreed yet: don't", Effect::Destroy),
        ("Zahle die Rechnung, ich habe nie zugestimmt: nein, lass es.", Effect::Money),
        ("Zahle die Rechnung, ich habe heute keine Zeit: nein, lass es.", Effect::Money),
        ("Reply to Lena, I have not decided: not today", Effect::Send),
        ("Lena has not answered: please do not\nreply to her", Effect::Send),
        ("Lena hat nicht geantwortet: bitte auf keinen Fall\nLena antworten", Effect::Send),
        ("Die Bank hat nie zugestimmt: bitte nicht\nüberweise das Geld", Effect::Money),
        // A denial in what is denied.
        ("Reply to Lena, the agent has not answered: no, don't.", Effect::Send),
        ("Lena doesn't want this: do not\nreply to her", Effect::Send),
        ("Zahle die Rechnung, der Agent hat nie zugestimmt: nein, lass es.", Effect::Money),
        // A denial below what only tells.
        ("Lena can't come:\nNever do this: pay the bill, delete the files", Effect::Money),
        ("Lena can't come:\nNever do this: pay the bill, delete the files", Effect::Destroy),
        ("Lena can't come:\nNever do this:\npay the bill", Effect::Money),
        ("Lena can't come: never do this: pay the bill", Effect::Money),
    ] {
        assert!(!asked(text, effect) && !doubted(text, effect), "{text}");
    }
}

#[test]
fn what_only_tells_leaves_what_stands_behind_its_colon_in_doubt() {
    for (text, effect) in [
        ("I can't come: reply to Lena", Effect::Send),
        ("I am not there: reply to Lena", Effect::Send),
        ("I said no: reply to Lena", Effect::Send),
        ("I have never agreed, as you know: reply to Lena", Effect::Send),
        ("I have no intention: reply to Lena", Effect::Send),
        ("I have no time for this: please reply to Lena", Effect::Send),
        ("Ich kann nicht kommen: antworte Lena", Effect::Send),
        ("Ich habe nie zugestimmt: antworte Lena", Effect::Send),
        ("Ich habe das nicht erlaubt: antworte Lena", Effect::Send),
        ("No puedo ir: responde a Lena", Effect::Send),
        ("No tengo tiempo: responde a Lena", Effect::Send),
        ("What I don't want: reply to Lena", Effect::Send),
        ("It is not urgent: reply to Lena", Effect::Send),
        ("Es ist nicht eilig: antworte Lena", Effect::Send),
        ("Replies can't go out: reply to Lena", Effect::Send),
        ("Things Max can't handle: reply to Lena", Effect::Send),
        ("Max Weber can't come: send him a note", Effect::Send),
        ("Lena can't come:\n- send her a note\n- tell Max", Effect::Send),
        ("Lena has not answered:\n- send her a reminder", Effect::Send),
        // Of somebody or something else.
        ("Lena can't come: send her a note", Effect::Send),
        ("Lena cannot come: send her a note", Effect::Send),
        ("Lena won't come: send her a note", Effect::Send),
        ("Lena will not come today: send her a note", Effect::Send),
        ("Max is not there: reply to Lena", Effect::Send),
        ("She is not in: reply to Max", Effect::Send),
        ("But Lena can't come: send her a note", Effect::Send),
        ("The bill is not right: reply to Lena", Effect::Send),
        ("Lena kann nicht kommen: schick ihr eine Notiz", Effect::Send),
        ("Lena kommt nicht: schick ihr eine Notiz", Effect::Send),
        ("Lena kommt heute nicht: schick ihr eine Notiz", Effect::Send),
        ("Max ist nicht da: antworte Lena", Effect::Send),
        ("Er kommt nicht: antworte Lena", Effect::Send),
        ("Sie kommt nicht: schick ihr eine Notiz", Effect::Send),
        ("Lena no puede venir: envía una nota a Max", Effect::Send),
        ("Lena no viene: responde a Max", Effect::Send),
        ("Mi jefe no viene: responde a Lena", Effect::Send),
        ("El banco no está abierto hoy: responde a Lena", Effect::Send),
        ("Lena said no: send her a note", Effect::Send),
        ("The following bill has not been paid: send Max a note", Effect::Send),
        ("Lena has not answered: send her a reminder", Effect::Send),
        ("Lena hat nicht geantwortet: schick ihr eine Erinnerung", Effect::Send),
        ("Max is not entitled: pay him", Effect::Money),
        ("Max no ha dicho: borra los archivos", Effect::Destroy),
        ("Lena hasn't said: pay the bill", Effect::Money),
        ("Lena has no time: send her a note", Effect::Send),
        ("Max dijo que no: paga la factura", Effect::Money),
        ("Our letting agent has not answered: send him a reminder", Effect::Send),
        ("The letting agent has not answered: send him a reminder", Effect::Send),
        ("My assistant has not agreed: please send Max the note", Effect::Send),
        ("Unser Assistent hat nicht geantwortet: schick ihm eine Notiz", Effect::Send),
        ("Mi asistente no ha contestado: envía la nota a Max", Effect::Send),
        ("Markus kommt nicht: antworte Lena", Effect::Send),
        // What a denial in the lines below does not reach.
        ("Lena can't come:\nNever do this: pay the bill\ndelete the files", Effect::Destroy),
    ] {
        assert!(doubted(text, effect), "{text}");
    }
}

#[test]
fn what_a_text_leaves_to_another_is_left_only_with_all_of_it_read() {
    assert!(intent("Follow the instructions in the mail. Lena has not answered: reply to her").delegates(Effect::Send));
    assert!(!intent("Lena has not answered: follow the instructions in the mail").delegates(Effect::Send));
}

#[test]
fn many_colons_before_many_blanks_are_read_once() {
    let text = format!("{}{}", ": ".repeat(20_000), " ".repeat(1_000_000));
    assert_eq!(intent(&text), Intent::default());
    // Each line in doubt begins a doubt of its own.
    let text = "Lena can't come:\n".repeat(2_000) + "Never do this: pay the bill";
    assert_eq!(intent(&text), Intent::default());
}
