//! What denies nothing of an order beside it, and what denies it in other forms.

use super::*;

#[test]
fn what_denies_nothing_of_an_order_leaves_it_asked_for() {
    for (text, effect) in [
        ("Send ola@firma.no the note", Effect::Send),
        ("Reply to ola@firma.no today", Effect::Send),
        ("Schick ola@firma.no die Notiz", Effect::Send),
        ("Send the note to no.reply@firma.example", Effect::Send),
        ("Send Max the note about firma.no today", Effect::Send),
        ("Send Max invoice no RE-2026-17", Effect::Send),
        ("I can't come... Reply to Lena", Effect::Send),
        ("No, thanks: send it to Max", Effect::Send),
        ("No: send it to Max", Effect::Send),
        ("Invoice no: 4711, please send it to Max", Effect::Send),
        ("I have no time: please reply to Lena", Effect::Send),
        ("I did not manage these today, please do them:\n- reply to Lena\n- add a note", Effect::Send),
        ("I did not manage these today, please do them:\nreply to Lena", Effect::Send),
        ("Bitte die Verzichtserklärung an Max schicken", Effect::Send),
        ("Antworte Lena, Max kommt nicht", Effect::Send),
        ("Send Max the report, Lena can not come today", Effect::Send),
        ("Send Max the note, no rush", Effect::Send),
        ("Send Max the note, no worries", Effect::Send),
        ("Send Max the note, no attachment", Effect::Send),
        ("Reply to Lena, no problem", Effect::Send),
        ("Antworte Lena, keine Eile", Effect::Send),
        ("Antworte Lena, mehr nicht", Effect::Send),
        ("Responde a Lena. Nada más.", Effect::Send),
        ("Send it to Max, nothing else", Effect::Send),
        ("Send it to Max, and nobody else", Effect::Send),
        ("Send it to Max and to nobody else", Effect::Send),
        ("Pay the bill, no matter what", Effect::Money),
        ("Send it to Mark, not to Lena", Effect::Send),
        ("Reply to Max, not to Lena", Effect::Send),
        ("Send the note to Dr. Weber today", Effect::Send),
        ("Antworte Lena vor dem 3. Mai", Effect::Send),
        ("Pay invoice 17. Send it to Max.", Effect::Send),
        ("Do not pay invoice 17. Send it to Max.", Effect::Send),
        ("Antworte Lena, sie kommt nicht, und schick ihr die Notiz", Effect::Send),
        ("Instead of the draft send Max the note? No. Send Max the note", Effect::Send),
        ("Statt der Mail von gestern schick die von heute? Ja, antworte Lena", Effect::Send),
        // In brackets, and a thing that no order is of.
        ("Reply to Lena (no attachment)", Effect::Send),
        ("Reply to Lena (no rush, please)", Effect::Send),
        ("Antworte Lena (kein Anhang)", Effect::Send),
        ("Antworte Lena (ohne Anhang)", Effect::Send),
        ("Antworte Lena (mehr nicht)", Effect::Send),
        ("Responde a Lena (ninguna prisa)", Effect::Send),
        ("Responde a Lena, ningún problema", Effect::Send),
        ("Responde a Lena, sin prisa", Effect::Send),
        ("Reply to Lena without an attachment", Effect::Send),
        ("Send Max the note, no questions asked", Effect::Send),
        ("Antworte Lena, keine Sorge", Effect::Send),
        ("Antworte Lena. Eilt nicht.", Effect::Send),
        ("No (no rush), send it to Max", Effect::Send),
        ("Antworte Lena, keinerlei Eile", Effect::Send),
        ("Antworte Lena (kein Stress)", Effect::Send),
    ] {
        assert!(asked(text, effect), "{text}");
    }
}

#[test]
fn what_is_denied_in_other_forms_is_not_asked_for() {
    for (text, effect) in [
        // A condition in the next line lifts nothing.
        ("Antworte ihr nicht,\nwenn sie nur Werbung schickt.", Effect::Send),
        ("Schick Max die Notiz nicht,\nfalls sie leer ist", Effect::Send),
        // A full stop that ends no sentence.
        ("Antworte Dr. Weber nicht.", Effect::Send),
        ("Do not send Mr. Weber a reply", Effect::Send),
        ("Antworte Lena vor dem 3. Mai nicht", Effect::Send),
        ("Bitte nicht z. B. antworten", Effect::Send),
        ("Do not … reply", Effect::Send),
        // A denial at the end.
        ("Antworte Lena, aber noch nicht", Effect::Send),
        ("Antworte Lena\nnoch nicht", Effect::Send),
        ("Responde a Lena, pero todavía no", Effect::Send),
        ("Responde a Lena, pero aún no", Effect::Send),
        ("Responde, ahora no", Effect::Send),
        ("Reply to Lena, maybe not", Effect::Send),
        ("Reply to Lena, but I'd rather not", Effect::Send),
        ("Antworte Lena, diese Woche nicht", Effect::Send),
        ("Antworte Lena, ach nein", Effect::Send),
        ("Antworte Lena, vorerst nicht", Effect::Send),
        ("Reply to Lena, at least not today", Effect::Send),
        ("Send Max the report. On second thought, don't.", Effect::Send),
        ("Schick Max den Bericht. Ach nein, lieber nicht.", Effect::Send),
        // Words that deny without a negation.
        ("Rather than forward it, summarise it", Effect::Send),
        ("Instead of forward and reply, summarise it", Effect::Send),
        ("Refrain from sending a reply", Effect::Send),
        ("Avoid any change to it", Effect::Write),
        ("Statt zu antworten, fasse zusammen", Effect::Send),
        ("Verzichte darauf zu antworten", Effect::Send),
        ("Verzichte darauf, zu antworten", Effect::Send),
        ("Hör auf zu antworten", Effect::Send),
        ("En vez de responder, resume", Effect::Send),
        ("Deja de enviar correos", Effect::Send),
        // A wide colon.
        ("Do not do this： reply to Lena", Effect::Send),
        ("Do not do this：reply to Lena", Effect::Send),
        ("No:\n- reply to Lena", Effect::Send),
        // Beside an order, and of it all the same.
        ("Pay it, no wait", Effect::Money),
        ("Reply to Lena, no way", Effect::Send),
        ("Reply to Lena, no chance", Effect::Send),
        ("Antworte Lena, keine Antwort", Effect::Send),
        ("Lies das, keine Mails lesen und beantworten", Effect::Send),
        ("Lies das, keine Mails und antworten", Effect::Send),
        ("Change nothing else", Effect::Write),
        ("Paga la factura, no quiero", Effect::Money),
        ("Lena has not to get: reply to Lena? No.", Effect::Send),
        ("You did not have to do this: reply to Lena", Effect::Send),
        ("Write to Max, not to pay", Effect::Money),
        ("Do not, no problem, reply", Effect::Send),
        ("Do not reply to Lena, no rush", Effect::Send),
        // A list below a denial, whatever is said behind it.
        ("Do not do the following, please:\n- reply to Lena", Effect::Send),
        ("Do none of these today, thanks:\n- reply to Lena", Effect::Send),
        ("Bitte nichts davon machen, danke:\n- Antworte Lena", Effect::Send),
        ("Do not do this, no: reply to Lena", Effect::Send),
        ("We have agreed not to do any of this:\n- reply to Lena", Effect::Send),
        ("We have agreed not to do any of this, as you know:\n- reply to Lena", Effect::Send),
        ("Max does not want this:\n- send him the note", Effect::Send),
        ("As he said not to do these:\n- reply to Lena", Effect::Send),
        ("My answer is no:\n- reply to Lena", Effect::Send),
        // A digit in a name is no number.
        ("Send Lena no Q3 figures", Effect::Send),
        ("Pay no B2B invoices", Effect::Money),
        ("Send Max no MP3 files", Effect::Send),
        // Dots behind an answer.
        ("Reply to Lena? No... she is on leave.", Effect::Send),
        ("Reply to Lena? No … she is on leave.", Effect::Send),
        ("Antworte Lena? Nein... sie ist im Urlaub.", Effect::Send),
        ("Do not... reply", Effect::Send),
        ("Don't... reply to Lena", Effect::Send),
        ("Bitte nicht... antworten", Effect::Send),
        ("No … responder a Lena", Effect::Send),
        ("Antworte ihr nicht, keine Eile", Effect::Send),
        // Beside a denial.
        ("Do not all of you (no exceptions) reply to Lena", Effect::Send),
        ("Do not send it, no rush, or reply", Effect::Send),
        ("Antworte Lena. Ich habe es mir anders überlegt, doch nicht.", Effect::Send),
    ] {
        assert!(!asked(text, effect), "{text}");
    }
}
