// Says while a person types how hard the new password is to guess. The server judges it, as it will when the form is sent; the page
// works without.
(function () {
  "use strict";
  var input = document.querySelector("input[data-strength]");
  var meter = document.getElementById("strength");
  if (!input || !meter || !window.fetch || !window.AbortController) return;
  var said = document.getElementById("strength-said");
  var timer;
  var asking;

  function show(judged) {
    meter.hidden = !judged;
    meter.setAttribute("data-level", judged ? judged.level : 0);
    said.textContent = judged ? judged.text : "";
  }
  function ask() {
    if (asking) asking.abort();
    if (input.value === "") return show();
    asking = new AbortController();
    var body = new URLSearchParams(new FormData(input.form));
    body.set("ui_locales", document.documentElement.lang);
    fetch("/password-strength", { method: "POST", body: body, signal: asking.signal })
      .then(function (answer) {
        return answer.ok ? answer.json() : undefined;
      })
      .then(show)
      .catch(function () {});
  }
  input.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
})();
