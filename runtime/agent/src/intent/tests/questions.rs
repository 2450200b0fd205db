//! What the owner asks about, and what they beg for.

use super::*;

#[test]
fn what_a_question_is_about_is_not_asked_for() {
    for (text, effect) in [
        ("Did Max reply to lena@partner.example?", Effect::Send),
        ("Did Max reply to Lena", Effect::Send),
        ("Who should reply to Lena?", Effect::Send),
        ("When did Lena forward it?", Effect::Send),
        ("Has Lena had a reply to her mail?", Effect::Send),
        ("Does Max share files with Lena?", Effect::Send),
        ("Can you tell me who should reply to Lena?", Effect::Send),
        ("Can you tell me whether Max will reply?", Effect::Send),
        ("Can you check, did Max reply to Lena?", Effect::Send),
        ("Is there a reply from Lena?", Effect::Send),
        ("Any reply from Lena?", Effect::Send),
        ("Did we notify Lena?", Effect::Send),
        ("What did Lena reply, and who should I notify?", Effect::Send),
        ("Should I reply to Lena?", Effect::Send),
        ("Wer soll Lena antworten?", Effect::Send),
        ("Hast du Lena geantwortet, oder antwortet Max?", Effect::Send),
        ("¿Quién debe responder a Lena?", Effect::Send),
        ("¿Ha podido Max enviar la nota?", Effect::Send),
        ("Did Max change the note?", Effect::Write),
        ("Why did Lena update the file?", Effect::Write),
        ("Does the record say so?", Effect::Write),
        ("Which mark did Lena set?", Effect::Write),
        ("When is the payment due?", Effect::Money),
        ("Did Max pay the bill?", Effect::Money),
        ("How much is the transfer fee?", Effect::Money),
        ("Wann ist die Zahlung fällig?", Effect::Money),
        ("¿Cuánto hay que pagar?", Effect::Money),
        ("Is my subscription paid?", Effect::Money),
        ("Did Lena delete the file?", Effect::Destroy),
    ] {
        assert!(!asked(text, effect), "{text}");
    }
}

#[test]
fn a_question_that_begs_is_an_order() {
    for (text, effect) in [
        ("Why not send it to Max?", Effect::Send),
        ("Why don't you send it to Max?", Effect::Send),
        ("Could you please send it to Max?", Effect::Send),
        ("Can you read Lena's note and reply to her?", Effect::Send),
        ("Could you check who wrote and reply to them?", Effect::Send),
        ("Would you mind to send it to Max?", Effect::Send),
        ("Would it be possible to send it to Max?", Effect::Send),
        ("Send it to Max?", Effect::Send),
        ("Can we reschedule the meeting to Friday?", Effect::Send),
        ("If he agrees can you send him the note?", Effect::Send),
        ("Good morning can you send Max the note?", Effect::Send),
        ("Send Max the note, is that OK?", Effect::Send),
        ("Read the note and reply to Lena, is that fine?", Effect::Send),
        ("I want you to reply to Lena, can you?", Effect::Send),
        ("What did Lena write? Please reply to her.", Effect::Send),
        ("What is in it, please forward it to Max?", Effect::Send),
        ("Is it OK, please send Max the note?", Effect::Send),
        ("Kannst du Lena die Notiz schicken?", Effect::Send),
        ("Könntest du bitte Lena antworten?", Effect::Send),
        ("Schickst du Lena die Notiz?", Effect::Send),
        ("¿Puedes enviar la nota a Max?", Effect::Send),
        ("¿Podrías responder a Lena?", Effect::Send),
        ("Am I free at 12:00? If so, send Sarah a note", Effect::Send),
        ("What a day, send Max the note", Effect::Send),
        ("Tell me, did Max write? Then reply to him.", Effect::Send),
        ("Is Lena in? If so, reply to her.", Effect::Send),
        ("Can you please add this to the list?", Effect::Write),
        ("Do we have a list? If not, create one.", Effect::Write),
        ("Can you please pay this bill?", Effect::Money),
        ("Could we pay the bill today?", Effect::Money),
        ("Set up a recurring transaction for me for the amount I usually pay?", Effect::Money),
        ("Zahlst du bitte die Rechnung?", Effect::Money),
        ("Kannst du die Rechnung bezahlen?", Effect::Money),
        ("Could you find and delete the largest file?", Effect::Destroy),
        ("Find and delete the largest file?", Effect::Destroy),
    ] {
        assert!(asked(text, effect), "{text}");
    }
}
