// Passkeys (Web Authentication). A form, or a part of one, with data-passkey="get" or "create" carries the options in
// data-options; its button asks the browser, and the answer is sent with the form.
"use strict";

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function readable(options) {
  const listed = (all) => (all || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    made.user = { ...options.user, id: bytes(options.user.id) };
    made.excludeCredentials = listed(options.excludeCredentials);
  } else {
    made.allowCredentials = listed(options.allowCredentials);
  }
  return made;
}

function written(credential) {
  const answer = credential.response;
  const response = { clientDataJSON: text(answer.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (answer[name]) response[name] = text(answer[name]);
  }
  const extensions = credential.getClientExtensionResults();
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: extensions });
}

async function ask(part, form) {
  const publicKey = readable(JSON.parse(part.dataset.options));
  const found = await navigator.credentials[part.dataset.passkey]({ publicKey });
  form.elements.passkey.value = written(found);
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  const form = part.closest("form");
  const status = part.querySelector("[data-passkey-status]");
  part.querySelector("[data-passkey-button]").addEventListener("click", async (event) => {
    event.preventDefault();
    const others = [...form.elements].filter((one) => one.name !== "password" || part === form);
    if (!others.every((one) => one.reportValidity())) return;
    status.textContent = "Your device is asking you …";
    try {
      await ask(part, form);
      form.submit();
    } catch (error) {
      status.textContent = "The passkey was not used: it was cancelled, or there is none here. Try again, or use another way.";
    }
  });
}
