//! Every form in which a secret is looked for, what is left alone, and whose value may hide what.

use super::view::{LAYERS_MAX, SETS};
use super::*;

const SECRET: &str = "s3cr3t/To+ken=\"42\"";

fn of(secrets: &[(&str, &str)]) -> Scrubber {
    Scrubber::of(secrets.iter().copied()).expect("a scrubber")
}

fn scrubber() -> Scrubber {
    of(&[("one", SECRET), ("two", "another-secret")])
}

fn tenant(number: usize) -> TenantId {
    format!("org_{number:026}").parse().expect("an id")
}

fn percented(text: &str, is_all: bool) -> String {
    text.bytes().map(|byte| if is_all || !byte.is_ascii_alphanumeric() { format!("%{byte:02x}") } else { char::from(byte).to_string() }).collect()
}

#[test]
fn every_form_is_found_wherever_it_stands() {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
    let json = serde_json::to_string(SECRET).expect("json");
    let json = json[1..json.len() - 1].to_owned();
    let twice = serde_json::to_string(&json.replace('/', "\\/")).expect("json");
    let twice = twice[1..twice.len() - 1].to_owned();
    let mut texts = vec![SECRET.to_owned(), SECRET.to_uppercase(), hex.to_lowercase(), hex, percented(SECRET, false), percented(SECRET, true), json];
    texts.push(SECRET.bytes().map(|byte| format!("\\u00{byte:02x}")).collect());
    texts.push(SECRET.replace('/', "\\/").replace('"', "\\\""));
    for (before, after) in [("", ""), ("a", ""), ("ab", "c"), ("abc", "de"), ("abcd", "efg"), ("abcde", "")] {
        let around = format!("{before}{SECRET}{after}");
        texts.extend([STANDARD.encode(&around), URL_SAFE_NO_PAD.encode(&around), percented(&STANDARD.encode(&around), false)]);
        let lines: Vec<String> = STANDARD.encode(&around).as_bytes().chunks(10).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        texts.extend([lines.join("\r\n"), lines.join("\n"), lines.join("\\r\\n")]);
    }
    texts.extend([twice, percented(&percented(SECRET, false), false)]);
    texts.push(SECRET.replace('"', "&quot;").replace('/', "&#x2F;").replace('=', "&#61;"));
    // By two different escapes, one within the other or side by side.
    texts.push(SECRET.replace('"', "\\u0026quot;").replace('+', "\\u0026#43;"));
    texts.push(SECRET.replace('"', "&quot;").replace('/', "\\/").replace('+', "&#43;"));
    texts.push(SECRET.replace('"', "%26quot%3B").replace('+', "&#43;"));
    texts.push(SECRET.replace('"', "&#92;&quot;"));
    for text in texts {
        for whole in [text.clone(), format!("x {text} y {text}"), format!("{{\"a\":\"{text}\"}}")] {
            let clean = scrubber().text(whole.clone());
            assert!(clean.contains("[one]") && !clean.contains(&text), "{whole} became {clean}");
        }
    }
}

/// Puts an escape around a text.
type Wrap = fn(&str) -> String;

const WRAPS: [Wrap; 3] = [json, address, html];

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("json").replace('/', "\\/");
    quoted[1..quoted.len() - 1].to_owned()
}

fn address(text: &str) -> String {
    percented(text, false)
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('/', "&#x2F;")
}

/// A text with these around it, the first innermost.
fn wrapped(text: &str, wraps: &[Wrap]) -> String {
    wraps.iter().fold(text.to_owned(), |text, wrap| wrap(&text))
}

#[test]
fn a_secret_within_many_escapes_is_found() {
    let check = |wraps: &[Wrap]| {
        let text = wrapped(SECRET, wraps);
        assert_eq!(scrubber().text(format!("<{text}>")), "<[one]>", "{} layers: {text}", wraps.len());
    };
    for wrap in WRAPS {
        for layers in [3, 5, LAYERS_MAX] {
            check(&vec![wrap; layers]);
        }
    }
    // Around one another in any order.
    for one in WRAPS {
        for two in WRAPS {
            for three in WRAPS {
                check(&[one, two, three]);
                check(&[one, two, three, one, two]);
                check(&[three, two, one, one, two, three, two, one]);
            }
        }
    }
    // One that reads like an escape itself.
    let literal = of(&[("odd", "left%2Fright\\\"end")]);
    for wrap in WRAPS {
        assert_eq!(literal.text(format!("<{}>", wrapped("left%2Fright\\\"end", &[wrap; 5]))), "<[odd]>");
    }
    // Base64 in lines, in JSON in JSON.
    let lines: Vec<String> = STANDARD.encode(SECRET).as_bytes().chunks(10).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let clean = scrubber().text(wrapped(&lines.join("\r\n"), &[json as Wrap, json]));
    assert!(clean.contains("[one]"), "{clean}");
}

#[test]
fn what_is_wrapped_more_often_than_is_read_stays() {
    let text = wrapped(SECRET, &[address as Wrap; LAYERS_MAX + 1]);
    assert_eq!(scrubber().clean(text.as_bytes()), None);
}

#[test]
fn a_text_is_read_again_only_where_there_is_something_to_read() {
    let views = |text: &str| {
        let mut count = 0;
        each_view(text.as_bytes(), |_| count += 1);
        count
    };
    for (text, expect) in
        [("", 1), ("{\"a\": 1}", 1), ("100 % of {\"a\": 1} & more \\ so", 1), ("a\nb", 2), ("{\\\"a\\\"}", 2), ("a%20b\nc", 4), ("a%20b\\\"", 6)]
    {
        assert_eq!(views(text), expect, "{text}");
    }
    // Whether something is there is looked for in the very same.
    for text in ["", "a%20b\r\nc\\\"&amp;%2", "%%41\\u0041&#65;\\\\n\n", &WRAPS.map(|wrap| wrapped("\"/&\r\n", &[wrap; 3])).join("\n")] {
        let (mut shown, mut asked) = (Vec::new(), Vec::new());
        each_view(text.as_bytes(), |view| shown.push(view.bytes().to_vec()));
        let is_in = is_in_any(text.as_bytes(), |view| {
            asked.push(view.to_vec());
            false
        });
        assert_eq!((asked, is_in), (shown, false), "{text}");
    }
    // And never more often than this, whatever somebody wrote to have it read.
    let deep = WRAPS.map(|wrap| wrapped("\"/&", &[wrap; 12])).join(" ");
    assert_eq!(views(&deep), 1 + 3 * LAYERS_MAX + 6 + LAYERS_MAX);
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    for text in ["", "[one]", "s3cr3t", "%", "%zz \\u12", "\\", "c2VjcmV0", "\u{e4}\u{f6} 100 %", "another", "\\u00e4"] {
        assert_eq!(scrubber().clean(text.as_bytes()), None, "{text}");
    }
    assert_eq!(scrubber().text("another-secret, \u{e4}another-secret".to_owned()), "[two], \u{e4}[two]");
    assert_eq!(scrubber().clean(&[0xff, 0xfe, b'%']), None);
    assert_eq!(of(&[]).clean(b"anything"), None);
}

#[test]
fn what_a_basic_credential_holds_is_found_too() {
    let scrubber = of(&[("login", STANDARD.encode("robot:long-password").as_str())]);
    assert_eq!(scrubber.text("bad password long-password for robot".to_owned()), "bad password [login] for robot");
    assert_eq!(scrubber.text("robot:long-password".to_owned()), "[login]");
}

#[test]
fn an_ampersand_that_two_escapes_wrote_is_read() {
    let scrubber = of(&[("both", "left&right+side")]);
    for text in ["left\\u0026amp;right+side", "left%26amp;right+side", "left&amp;right\\u0026#43;side", "left\\u0026right&#43;side"] {
        assert_eq!(scrubber.text(format!("<{text}>")), "<[both]>", "{text}");
    }
}

#[test]
fn a_value_that_reaches_into_another_secret_shows_nothing_of_it() {
    // Of one hand: both are hidden.
    let both = of(&[("hostile", "-api-key\":\"s"), ("other", "s3cr3t-of-another")]);
    let clean = both.text("{\"x-api-key\":\"s3cr3t-of-another\"}".to_owned());
    assert_eq!(clean, "{\"x[hostile]\"}");
    for inner in ["3cr3t-of", "s3cr3t-of", "of-another", "another\"}"] {
        let clean = of(&[("hostile", inner), ("other", "s3cr3t-of-another")]).text("<s3cr3t-of-another\"}>".to_owned());
        assert!(!clean.contains("s3cr") && !clean.contains("another") && !clean.contains("-of"), "{inner}: {clean}");
    }
    // Of an organisation's beside the operator's: the operator's is hidden, and what was guessed right reads like what was guessed wrong.
    let operators = of(&[("house", "s3cr3t-of-the-house")]);
    let told = |guess: &str| {
        let scrubber = operators.with_own([("own", guess), ("plain", "value-of-their-own")].into_iter()).expect("a scrubber");
        scrubber.text("{\"x-api-key\":\"s3cr3t-of-the-house\",\"b\":\"value-of-their-own\"}".to_owned())
    };
    for guess in ["-api-key\":\"s", "-api-key\":\"t", "of-the-house", "the-house\",\"b", "x3cr3t-of-the-house"] {
        assert_eq!(told(guess), "{\"x-api-key\":\"[house]\",\"b\":\"[plain]\"}", "{guess}");
    }
    // Whoever holds all of it knew it.
    assert_eq!(told("s3cr3t-of-the-house\","), "{\"x-api-key\":\"[house]\"b\":\"[plain]\"}");
}

#[test]
fn a_value_that_holds_an_operators_is_hidden_whole() {
    let operators = of(&[("user", "acme-robot"), ("zone", "zone-of-all")]);
    let own = |value: &str| operators.with_own([("token", value)].into_iter()).expect("a scrubber");
    let text = |value: &str| own(value).text(format!("<{value}> for acme-robot"));
    assert_eq!(text("acme-robot-2024!"), "<[user]> for [user]");
    assert_eq!(text("2024-acme-robot"), "<[token]> for [user]");
    assert_eq!(text("1-acme-robot-zone-of-all-2"), "<[token]> for [user]", "with all of two");
    let escaped = own("acme-robot-2024!").text("acme\\u002drobot-2024%21 and acme-robot-2024\\u0021".to_owned());
    assert_eq!(escaped, "[user] and [user]");
    // All of one and a part of the other.
    let cut = own("acme-robot zone-of").text("acme-robot zone-of-all".to_owned());
    assert_eq!(cut, "[user] [zone]");
}

#[test]
fn a_large_body_is_looked_through_away_from_others_and_a_small_one_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(async {
        // The one thread for such work is busy until it is told: what needs it is not done before.
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || told.recv());
        let with_secret = |bytes: usize| [" ".repeat(bytes).as_bytes(), SECRET.as_bytes()].concat();
        let cleaned = |bytes: usize| [" ".repeat(bytes).as_bytes(), b"[one]"].concat();
        let scrubber = scrubber();
        assert_eq!(scrubber.body(with_secret(1000), tenant(1), Turn::Bounded).await, Ok(cleaned(1000)));
        let nothing = with_secret(BODY_HERE_BYTES_MAX);
        assert_eq!(of(&[]).body(nothing.clone(), tenant(1), Turn::Bounded).await, Ok(nothing), "there is nothing to look for");
        let mut large = Box::pin(scrubber.body(with_secret(BODY_HERE_BYTES_MAX), tenant(1), Turn::Bounded));
        let is_done = std::future::poll_fn(|cx| std::task::Poll::Ready(large.as_mut().poll(cx).is_ready())).await;
        assert!(!is_done, "it waits for the thread");
        go_on.send(()).expect("told");
        assert_eq!(large.await, Ok(cleaned(BODY_HERE_BYTES_MAX)));
        busy.await.expect("ended").expect("told");
    });
}

#[test]
fn a_long_text_waits_its_turn_and_is_looked_through_away_from_others() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(async {
        // All places are taken: the thread for such work is free, and it waits all the same.
        let taken = no_place().await;
        let scrubber = scrubber();
        let mut long = Box::pin(scrubber.long_text(format!("{}{SECRET}", " ".repeat(BODY_HERE_BYTES_MAX)), tenant(1), Turn::Bounded));
        for _ in 0..2 {
            let is_done = std::future::poll_fn(|cx| std::task::Poll::Ready(long.as_mut().poll(cx).is_ready())).await;
            assert!(!is_done, "it waits for a place");
            // What was given to that thread before this is done after it.
            tokio::task::spawn_blocking(|| ()).await.expect("done");
        }
        drop(taken);
        assert_eq!(long.await, Ok(format!("{}[one]", " ".repeat(BODY_HERE_BYTES_MAX))));
        assert_eq!(scrubber.long_text(format!("\u{e4} {SECRET}"), tenant(1), Turn::Bounded).await, Ok("\u{e4} [one]".to_owned()));
    });
}

#[test]
fn of_one_plugin_so_many_long_texts_stand_in_line_and_another_s_comes_after_those() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (greedy, other) = (scrubber(), scrubber());
        let for_a_call = greedy.with_own([("own", "value-of-their-own")].into_iter()).expect("a scrubber");
        let text = || format!("{}{SECRET}", " ".repeat(BODY_HERE_BYTES_MAX));
        let taken = no_place().await;
        // More than there are places, of calls for whichever organisation; and behind them one of another plugin's.
        let calls = [&greedy, &for_a_call].into_iter().cycle().take(2 * large_max()).zip(1..);
        let mut many: Vec<_> = calls.map(|(one, number)| Box::pin(one.long_text(text(), tenant(number), Turn::Bounded))).collect();
        let mut one = Box::pin(other.long_text(text(), tenant(1), Turn::Bounded));
        for waiting in many.iter_mut().chain([&mut one]) {
            let is_done = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready())).await;
            assert!(!is_done, "it waits for a place");
        }
        drop(taken);
        // Those in line are looked through; the rest is asked for by nobody meanwhile, and keeps nobody waiting.
        let rest = many.split_off(large_of_one_max());
        for first in many {
            assert!(first.await.is_ok_and(|clean| clean.ends_with("[one]")));
        }
        assert!(one.await.is_ok_and(|clean| clean.ends_with("[one]")));
        drop(rest);
    });
}

#[test]
fn of_one_organisation_so_many_long_texts_of_a_plugin_wait_and_one_more_is_refused_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (greedy, other) = (scrubber(), scrubber());
        let text = || format!("{}{SECRET}", " ".repeat(BODY_HERE_BYTES_MAX));
        let taken = no_place().await;
        let mut many: Vec<_> = (0..line_max()).map(|_| Box::pin(greedy.long_text(text(), tenant(1), Turn::Bounded))).collect();
        for waiting in &mut many {
            let is_done = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready())).await;
            assert!(!is_done, "it waits for a place");
        }
        assert_eq!(greedy.long_text(text(), tenant(1), Turn::Bounded).await, Err(Unread::Busy));
        // What tells of something done waits all the same: what another answered, and what a call says that changed something.
        let mut answer = Box::pin(greedy.body(text().into_bytes(), tenant(1), Turn::Unbounded));
        let mut done = Box::pin(greedy.long_text(text(), tenant(1), Turn::Unbounded));
        let are_done = std::future::poll_fn(|cx| std::task::Poll::Ready((answer.as_mut().poll(cx).is_ready(), done.as_mut().poll(cx).is_ready()))).await;
        assert_eq!(are_done, (false, false), "they wait for a place");
        // What is short needs no place; and neither another organisation nor another plugin is refused for that.
        assert_eq!(greedy.long_text(SECRET.to_owned(), tenant(1), Turn::Bounded).await, Ok("[one]".to_owned()));
        for (plugin, number) in [(&greedy, 2), (&other, 1)] {
            let mut waiting = Box::pin(plugin.long_text(text(), tenant(number), Turn::Bounded));
            let is_done = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready())).await;
            assert!(!is_done, "it waits for a place");
        }
        drop((many, taken));
        assert!(answer.await.is_ok_and(|clean| clean.ends_with(b"[one]")));
        assert!(done.await.is_ok_and(|clean| clean.ends_with("[one]")));
        assert!(greedy.long_text(text(), tenant(1), Turn::Bounded).await.is_ok_and(|clean| clean.ends_with("[one]")));
    });
}

#[test]
fn both_finders_look_through_one_set_of_views() {
    let operators = of(&[("house", "s3cr3t-of-the-house")]);
    let both = operators.with_own([("own", "of-the-house"), ("plain", "value-of-their-own")].into_iter()).expect("a scrubber");
    let sets = |text: String| {
        SETS.set(0);
        (both.text(text), SETS.get())
    };
    assert_eq!(sets("a%20b".to_owned()), ("a%20b".to_owned(), 1));
    assert_eq!(sets("s3cr3t-of-the-house, value%2Dof-their-own".to_owned()), ("[house], [plain]".to_owned(), 2), "whether there is anything, and where");
    // More than is noted is found as well, and what cuts the operator's counts as little.
    let many = format!("s3cr3t-of-the-house{}", " value-of-their-own".repeat(NOTED_MAX + 1));
    assert_eq!(sets(many), (format!("[house]{}", " [plain]".repeat(NOTED_MAX + 1)), 3));
}

#[test]
fn no_form_of_a_secret_is_in_what_is_printed_of_its_finder() {
    let scrubber = scrubber().with_own([("own", "canary-of-theirs")].into_iter()).expect("a scrubber");
    let printed = format!("{scrubber:?} {scrubber:#?}");
    // The automaton would print bytes, as letters or as numbers.
    assert!(!printed.contains("another") && !printed.contains("canary") && !printed.contains("'c'") && printed.len() < 400, "{printed}");
}
