//! What an agent has by itself it has not below another, and what one of them was shown is not handed to one that may not be.

use super::super::grants::{for_notes, gives_this, note_tool};
use super::*;
use steward_office::grants::NewGrant;

#[tokio::test]
async fn a_standing_grant_counts_for_an_agent_by_itself_and_for_none_below_another() {
    // Told to note, the desk notes; told to have noted, it has the clerk note.
    let model = ScriptedModel::start_with(|seen| {
        let results = parsed(&seen.tool_results());
        let is_handed_on = seen.body.to_string().contains("Have the clerk");
        match (is_of(seen, "clerk"), is_handed_on, results.len()) {
            (false, true, 0) => delegate("clerk", "Add a note to Lena Petrova that we met."),
            (true, _, 0) | (false, false, 0) => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
            (true, _, 1) | (false, false, 1) => Reply::call("crm.add_note", json!({ "contact_id": results[0]["ok"]["contacts"][0]["id"], "text": "We met." })),
            _ => Reply::text("Noted."),
        }
    })
    .await;
    let agents = [("assistant", ALL, Mode::Open), ("clerk", ALL, Mode::Open)];
    let world = World::scripted(&model).await.that_delegates(&agents, RunLimits::default(), &[HOLD_NOTES]);
    poisoned(&world).await;
    let lena = world.db.texts(&world.db.superuser_url, "", "select contact_id::text from contact").await.expect("contact").remove(0);
    let lena: steward_core::ContactId = lena.parse::<uuid::Uuid>().expect("uuid").into();
    for agent in ["assistant", "clerk"] {
        let grant = NewGrant { agent: agent.into(), ..for_notes(&world, &lena.to_string(), 5, 1) };
        gives_this(&world, &world.owner, &note_tool(&world), grant).await.expect("a grant");
    }
    let uses = async || world.db.number("select sum(uses)::bigint from standing_grant").await;
    world.say("Add a note to Lena Petrova that we met.").await;
    assert_eq!((settle(&world).await, uses().await), (Some(RunStatus::Ended), 1), "by itself the desk may");
    let run = world.say("Have the clerk add a note to Lena Petrova that we met.").await;
    assert_eq!((settle(&world).await, uses().await), (Some(RunStatus::Waiting), 1), "below it nobody may on a grant");
    let [card] = waiting(&world).await.try_into().expect("one card");
    assert_eq!(card.run, only_below(&world, run).await);
    assert_eq!(world.db.number("select count(*) from note where text = 'We met.'").await, 1);
}

#[tokio::test]
async fn what_was_chosen_after_outside_text_was_read_is_not_handed_to_a_sealed_agent_whatever_it_equals() {
    let model = ScriptedModel::start_with(|seen| {
        let results = parsed(&seen.tool_results());
        match (is_of(seen, "vault"), results.len()) {
            (false, 0) => Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
            (false, 1) => Reply::call("crm.list_notes", json!({ "contact_id": results[0]["ok"]["contacts"][0]["id"] })),
            // A field of the directory, which nobody outside wrote; what chose it was.
            (false, 2) => delegate("vault", results[0]["ok"]["contacts"][0]["name"].clone()),
            _ => Reply::text("Done."),
        }
    })
    .await;
    let agents = [("assistant", ALL, Mode::Traced), ("vault", ALL, Mode::Sealed)];
    let world = World::scripted(&model).await.that_delegates(&agents, RunLimits::default(), &[]);
    poisoned(&world).await;
    let run = world.say("Look at the notes on Lena Petrova.").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let said = outcomes(&world, run).await;
    assert!(refusal(&said[2]).1.starts_with("the task holds text from outside"), "{said:?}");
    assert_eq!(below(&world, run).await, []);
}
