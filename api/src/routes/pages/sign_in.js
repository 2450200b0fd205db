
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  // The secret leaves the address bar, and with it the history, before anything else happens.
  const fragment = new URLSearchParams(location.hash.slice(1));
  const link = fragment.get("token");
  if (link) history.replaceState(null, "", location.pathname);
  // Another link opened in this tab changes the fragment only, and loads nothing by itself.
  addEventListener("hashchange", () => location.reload());

  const ask = async (method, path, body) => {
    const headers = { accept: "application/json" };
    if (body) headers["content-type"] = "application/json";
    const response = await fetch(path, { method, headers, credentials: "same-origin", body: body && JSON.stringify(body) });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    if (!response.ok) throw new Error((answer && answer.detail) || "The server did not answer as expected.");
    return answer;
  };

  const on = (id, act) => {
    const form = at(id);
    const bad = form.querySelector("[role=alert]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      bad.textContent = "";
      button.disabled = true;
      try {
        await act(new FormData(form));
      } catch (error) {
        bad.textContent = error.message;
      } finally {
        button.disabled = false;
      }
    });
  };

  const inside = (me, focus) => {
    at("me-name").textContent = me.display_name;
    at("me-email").textContent = me.email;
    for (const place of document.querySelectorAll(".me")) place.textContent = me.email;
    at("me-organisation").textContent = me.organisation;
    at("me-roles").textContent = me.roles.join(", ") || "none";
    at("current-row").hidden = !me.has_password || me.method === "link";
    at("door").hidden = true;
    at("inside").hidden = false;
    document.title = "Steward";
    if (focus) at("inside-title").focus();
  };

  const door = () => {
    at("by-link").hidden = !link;
    at("inside").hidden = true;
    at("door").hidden = false;
  };

  on("by-link", async () => inside(await ask("POST", "/api/v1/session", { link }), true));
  on("by-password", async (data) => inside(await ask("POST", "/api/v1/session", { email: data.get("email"), password: data.get("password") }), true));
  on("set-password", async (data) => {
    const change = { new: data.get("new") };
    if (data.get("current")) change.current = data.get("current");
    inside(await ask("PUT", "/api/v1/me/password", change), false);
    at("set-password").reset();
    at("password-done").textContent = "The password is set. Other sessions have ended.";
  });
  on("sign-out", async () => {
    await ask("DELETE", "/api/v1/session");
    location.reload();
  });

  // Whoever comes with a link wants to be whom it names, whoever they were before.
  if (link) door();
  else ask("GET", "/api/v1/me").then((me) => inside(me, false), door);
})();
