//! What the owner says not to do, in three languages.

use super::*;

#[test]
fn what_is_not_to_be_done_is_not_asked_for() {
    for (text, effect) in [
        ("Read the mail of lena@partner.example but do not reply to her.", Effect::Send),
        ("Read Lena's mail, but don't reply to her.", Effect::Send),
        ("Read Lena's mail but don’t reply", Effect::Send),
        ("Never reply to Lena.", Effect::Send),
        ("Read it and do not forward it to anybody", Effect::Send),
        ("Please do not send it to Max.", Effect::Send),
        ("You must not reply to her", Effect::Send),
        ("You don't have to reply to Lena", Effect::Send),
        ("I do not want you to reply to her", Effect::Send),
        ("There is no need to reply.", Effect::Send),
        ("No need to reply", Effect::Send),
        ("No reply, please", Effect::Send),
        ("Make sure not to send it", Effect::Send),
        ("Read it without a reply", Effect::Send),
        ("Do not delete or forward it to anyone", Effect::Send),
        ("Do not reply or forward it", Effect::Send),
        ("Do not reply to her or forward it", Effect::Send),
        ("Send no mail to Lena.", Effect::Send),
        ("Reply to nobody", Effect::Send),
        ("Send nothing to Max", Effect::Send),
        ("Send it to no one", Effect::Send),
        ("Lies die Mail von Lena, aber antworte ihr nicht.", Effect::Send),
        ("Antworte nicht", Effect::Send),
        ("Bitte nicht antworten", Effect::Send),
        ("Lies sie, ohne zu antworten", Effect::Send),
        ("Lies sie, ohne ihr zu antworten", Effect::Send),
        ("Schick das nicht an Max", Effect::Send),
        ("Schick Lena keine Mail", Effect::Send),
        ("Keine Mails verschicken. Keine Mails schicken.", Effect::Send),
        ("Schick Lena die Notiz bitte nicht", Effect::Send),
        ("Leite die Mail nicht weiter", Effect::Send),
        ("Lade Lena nicht ein", Effect::Send),
        ("Du sollst nicht antworten", Effect::Send),
        ("Lee el correo de Lena, pero no debes responder", Effect::Send),
        ("Léelo sin responder", Effect::Send),
        ("No hace falta responder", Effect::Send),
        ("Lee la nota. Nunca responder.", Effect::Send),
        ("No hay que enviar nada", Effect::Send),
        ("No le responde", Effect::Send),
        ("Don't change anything in it.", Effect::Write),
        ("Read it and change nothing.", Effect::Write),
        ("Please don't add anything", Effect::Write),
        ("Do not change, move or delete anything.", Effect::Write),
        ("Look at the note but never edit it", Effect::Write),
        ("Ändere nichts daran.", Effect::Write),
        ("Lies die Notiz und ändere nichts.", Effect::Write),
        ("Keine Dateien ändern", Effect::Write),
        ("Ändere das nicht", Effect::Write),
        ("Lee la nota sin cambiar nada", Effect::Write),
        ("Do not pay the bill.", Effect::Money),
        ("Don't pay it", Effect::Money),
        ("There is nothing to pay", Effect::Money),
        ("Zahl die Rechnung nicht", Effect::Money),
        ("Bitte nicht bezahlen", Effect::Money),
        ("No hay que pagar la factura", Effect::Money),
        ("Do not delete the file.", Effect::Destroy),
        ("Read it without deleting; do not remove anything", Effect::Destroy),
        ("Don't change, move or delete anything", Effect::Destroy),
        ("Lösche die Datei nicht", Effect::Destroy),
        ("Lösch keine Dateien", Effect::Destroy),
        ("No quiero borrar el archivo", Effect::Destroy),
    ] {
        assert!(!asked(text, effect), "{text}");
    }
}

#[test]
fn what_is_to_be_done_beside_it_is() {
    for (text, effect) in [
        ("Do not forget to invite Mark and to set the location", Effect::Send),
        ("Don't forget to reply to Lena", Effect::Send),
        ("Don't hesitate to reply", Effect::Send),
        ("If not, send it to Max", Effect::Send),
        ("If not send it to Max", Effect::Send),
        ("Do not wait, send it to Max", Effect::Send),
        ("Don't worry, reply to Lena", Effect::Send),
        ("No, send it to Max", Effect::Send),
        ("No problem, send it to Max", Effect::Send),
        ("Send Max the note that nobody comes", Effect::Send),
        ("Send Max the invoice no. 17", Effect::Send),
        ("Send it no later than Friday", Effect::Send),
        ("Move the meeting to no later than 5", Effect::Send),
        ("Read it, do not delete it and send it to Max", Effect::Send),
        ("Do not delete it, send it to Max", Effect::Send),
        ("Reply no to Lena", Effect::Send),
        ("Vergiss nicht, Lena zu antworten", Effect::Send),
        ("Vergiss nicht zu antworten", Effect::Send),
        ("Antworte Lena, dass ich nicht komme", Effect::Send),
        ("Lösche es nicht, schick es an Max", Effect::Send),
        ("Schreib Lena, dass ich keine Zeit habe, und schick ihr die Notiz", Effect::Send),
        ("No olvides responder a Lena", Effect::Send),
        ("Responde a Lena que no puedo", Effect::Send),
        ("Si no responde, envía la nota a Max", Effect::Send),
        ("Add a note 'Do not reply'", Effect::Write),
        ("Please note that I am not there", Effect::Write),
        ("Don't forget to add her email address", Effect::Write),
        ("Notiere, dass Lena nicht kommt", Effect::Write),
        ("Pay invoice no. 5", Effect::Money),
    ] {
        assert!(asked(text, effect), "{text}");
    }
}

#[test]
fn what_is_not_to_be_gone_by_is_not() {
    for (text, count) in [("Update my address, and not according to 'old.txt'.", 0), ("Update my address according to 'new.txt'.", 1)] {
        assert_eq!(endorsing(text).count(), count, "{text}");
    }
}
