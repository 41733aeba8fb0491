// Warns in good time before the session ends, and lets people stay signed in without losing what they entered.
"use strict";

const warning = document.querySelector("[data-session-ends]");

if (warning) {
  const ahead = Date.parse(warning.dataset.sessionNow) - Date.now(); // the server's clock counts, not this machine's
  let ends = Date.parse(warning.dataset.sessionEnds) - ahead;
  const warns = Number(warning.dataset.sessionWarns) * 1000;

  const look = () => {
    const left = ends - Date.now();
    if (left <= 0) window.location.reload();
    const soon = left <= warns;
    if (soon && warning.hidden) {
      warning.hidden = false;
      warning.querySelector("button").focus();
    }
    if (!soon) warning.hidden = true;
  };

  warning.querySelector("[data-session-button]").addEventListener("click", async () => {
    const headers = { Accept: "application/json", "X-CSRFToken": document.querySelector("input[name=csrf_token]").value };
    const answer = await fetch(warning.dataset.sessionStay, { method: "POST", headers, redirect: "manual" });
    if (!answer.ok) {
      window.location.reload();
      return;
    }
    ends = Date.parse((await answer.json()).ends) - ahead;
    look();
    document.querySelector("main").focus();
  });

  setInterval(look, 5000);
}
