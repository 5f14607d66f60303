// Asks for passkeys. What needs it is hidden until it has run, and stays so in browsers that know no passkeys.
(function () {
  "use strict";
  var form = document.querySelector("form[data-passkey]");
  var credentials = navigator.credentials;
  var known = window.PublicKeyCredential;
  if (!form || !known || !credentials) return;
  var options = JSON.parse(form.getAttribute("data-passkey"));
  var isNew = form.hasAttribute("data-new");
  var button = form.querySelector("button");
  var note = form.querySelector("[role=status]");
  var autofill;

  // The JSON of WebAuthn Level 3, for browsers of before it.
  function bytes(encoded) {
    var plain = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) {
      return letter.charCodeAt(0);
    });
  }
  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (byte) {
      plain += String.fromCharCode(byte);
    });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function withId(one) {
    return Object.assign({}, one, { id: bytes(one.id) });
  }
  function parsed() {
    var parse = isNew ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
    if (known[parse]) return known[parse](options);
    var all = Object.assign({}, options, { challenge: bytes(options.challenge) });
    if (all.user) all.user = withId(all.user);
    if (all.excludeCredentials) all.excludeCredentials = all.excludeCredentials.map(withId);
    if (all.allowCredentials) all.allowCredentials = all.allowCredentials.map(withId);
    return all;
  }
  function written(credential) {
    try {
      return credential.toJSON();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      var response = {};
      ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
        var value = credential.response[name];
        if (value) response[name] = text(value);
      });
      if (credential.response.getTransports) response.transports = credential.response.getTransports();
      return {
        id: credential.id,
        rawId: credential.id,
        type: credential.type,
        clientExtensionResults: credential.getClientExtensionResults(),
        response: response,
      };
    }
  }
  function ask(more) {
    var asked = Object.assign({ publicKey: parsed() }, more);
    return (isNew ? credentials.create(asked) : credentials.get(asked)).then(function (credential) {
      form.elements.passkey.value = JSON.stringify(written(credential));
      form.submit();
    });
  }
  // Tells whoever keeps the passkeys which are gone here, and whose they are, where they can be told; nobody waits for it.
  function signal(name, about) {
    if (known[name]) known[name](Object.assign({ rpId: options.rpId }, about)).catch(function () {});
  }
  function offerAutofill() {
    if (!form.hasAttribute("data-autofill") || !known.isConditionalMediationAvailable) return;
    void known.isConditionalMediationAvailable().then(function (available) {
      if (!available) return;
      autofill = new AbortController();
      ask({ mediation: "conditional", signal: autofill.signal }).catch(function () {});
    });
  }

  button.addEventListener("click", function () {
    if (autofill) autofill.abort();
    note.textContent = "";
    button.disabled = true;
    ask({}).catch(function () {
      button.disabled = false;
      // It lost it when it could not be pressed.
      button.focus();
      note.textContent = form.getAttribute("data-failed");
      offerAutofill();
    });
  });
  form.hidden = false;
  var unknown = form.getAttribute("data-unknown");
  var person = form.getAttribute("data-person");
  if (unknown) signal("signalUnknownCredential", { credentialId: unknown });
  if (person) {
    var ids = options.allowCredentials.map(function (one) {
      return one.id;
    });
    signal("signalAllAcceptedCredentials", { userId: person, allAcceptedCredentialIds: ids });
    var name = form.getAttribute("data-person-name");
    signal("signalCurrentUserDetails", { userId: person, name: name, displayName: name });
  }
  var without = document.querySelector("[data-without-passkeys]");
  if (without) without.hidden = true;
  offerAutofill();
})();
