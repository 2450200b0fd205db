//! What a sentence both orders and denies, and what it only denies.

use super::*;

#[test]
fn what_is_only_denied_is_in_no_doubt() {
    for (text, effect) in [
        ("Read the mail of lena@partner.example but do not reply to her.", Effect::Send),
        ("Read Lena's reply, but do not reply to her", Effect::Send),
        ("Please do not send it to Max.", Effect::Send),
        ("Do not reply to her or forward it", Effect::Send),
        ("Send nothing to Max", Effect::Send),
        ("Send no mail to Lena.", Effect::Send),
        ("Send nobody details", Effect::Send),
        ("Reply to nobody", Effect::Send),
        ("Send the mail that Max wrote to nobody", Effect::Send),
        ("Reply to Lena, but not now", Effect::Send),
        ("Reply to Lena? No.", Effect::Send),
        ("If possible do not send Max a reply", Effect::Send),
        ("Do not do the following:\n- reply", Effect::Send),
        ("Antworte ihr nicht", Effect::Send),
        ("Schick das nicht an Max", Effect::Send),
        ("Schick Lena keine Mail", Effect::Send),
        ("Die Mails bitte nicht löschen, sondern nur lesen", Effect::Destroy),
        ("Keine Mail senden, sondern einen Entwurf anlegen", Effect::Send),
        ("Nicht überweisen, sondern prüfen", Effect::Money),
        ("No borrar los correos, sino leerlos", Effect::Destroy),
        ("No hay que pagar la factura, sino revisa el importe", Effect::Money),
        ("Delete nothing but list the files", Effect::Destroy),
        ("Pay nobody but tell me what we owe", Effect::Money),
        ("Lösche nichts außer wenn ich es sage", Effect::Destroy),
        ("Never pay anything except in an emergency", Effect::Money),
        ("Never pay anything except after I approve", Effect::Money),
        ("Do not pay the invoice, but the total is of interest to me", Effect::Money),
        ("Do not delete the files, but the folder needs a new name", Effect::Destroy),
        ("Do not forward the mail, but the attachment you may read", Effect::Send),
        ("Überweise das Geld nicht, aber die Summe brauche ich", Effect::Money),
        ("Lösche nicht benötigte Dateien nicht", Effect::Destroy),
        ("Bezahle die noch nicht bezahlten Rechnungen nicht", Effect::Money),
        ("Zahle die Rechnung nicht die ist falsch", Effect::Money),
        ("Lies die Mail, antworten darfst du nicht", Effect::Send),
        ("Léelo sin responder", Effect::Send),
        ("Statt die Mail zu beantworten, fasse zusammen", Effect::Send),
        ("Verzichte auf eine Antwort", Effect::Send),
        ("Instead of the draft do not send Max the note", Effect::Send),
    ] {
        assert!(!asked(text, effect) && !doubted(text, effect), "{text}");
    }
}

#[test]
fn what_is_ordered_and_denied_is_in_doubt() {
    for (text, effect) in [
        ("Pay all bills not yet paid", Effect::Money),
        ("Statt des Entwurfs schick Max die Notiz", Effect::Send),
        ("Instead of the draft send Max the note", Effect::Send),
        ("Bezahle alle noch nicht bezahlten Rechnungen", Effect::Money),
        ("Bitte alle noch nicht bezahlten Rechnungen bezahlen", Effect::Money),
        ("Zahle alle noch offenen, nicht bezahlten Rechnungen", Effect::Money),
        ("Bitte die nicht bezahlten Rechnungen an Max schicken", Effect::Send),
        ("Schick die noch nicht fertigen Notizen an Max", Effect::Send),
        ("Schreib Max eine nicht zu lange Mail", Effect::Send),
        ("Lösche alle nicht mehr benötigten Dateien", Effect::Destroy),
        ("Lösche nicht benötigte Dateien", Effect::Destroy),
        ("Delete the files no one uses", Effect::Destroy),
        ("Cancel the meeting since nobody comes", Effect::Destroy),
        ("Zahl nicht mehr als 50 Euro", Effect::Money),
        ("Do not send it later than Friday", Effect::Send),
        ("Send it to no one but Max", Effect::Send),
        ("Don't send it to anyone but Max", Effect::Send),
        ("Send it to nobody except Max", Effect::Send),
        ("Send nothing but the report to Max", Effect::Send),
        ("Send Max not the draft but the note", Effect::Send),
        ("Do not send it to Max but to Lena", Effect::Send),
        ("Don't reply to Max, only to Lena", Effect::Send),
        ("Do not send the draft, but the report, to Max", Effect::Send),
        ("Schick die Notiz nicht an Max, sondern an Lena", Effect::Send),
        ("Schick die Notiz nicht an Max sondern an Lena", Effect::Send),
        ("Cambia no el título sino la fecha", Effect::Write),
        ("Ändere nicht den Titel, aber das Datum", Effect::Write),
        ("Ändere den Titel, nicht das Datum", Effect::Write),
        ("Send Max the notes, not Lena", Effect::Send),
        ("Please reply to her, not him", Effect::Send),
        ("Schick es allen, nur nicht Max", Effect::Send),
        ("If they do not answer send a reminder", Effect::Send),
        ("If there is no reply send Max a note", Effect::Send),
        ("I can't reply today, please reply to Lena", Effect::Send),
        ("I did not send Max the note, send it now", Effect::Send),
        ("He did not pay, so pay it today", Effect::Money),
        ("Do not change the date but change the title", Effect::Write),
        ("Not only reply to Lena but notify Max", Effect::Send),
        ("Do not reply to Lena, send Max the note", Effect::Send),
        ("Reply to Max, but do not reply to Lena", Effect::Send),
    ] {
        assert!(doubted(text, effect), "{text}");
    }
}
