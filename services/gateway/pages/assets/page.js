// Lets a person see the password that they type, sends a form once, and hides a logo that does not come. The page works without it:
// the button is only there with it.
(function () {
  "use strict";
  var inputs = document.querySelectorAll("input[type=password][data-show]");
  Array.prototype.forEach.call(inputs, function (input) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "toggle";
    button.textContent = input.getAttribute("data-show");
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-controls", input.id);
    button.addEventListener("click", function () {
      var shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = input.getAttribute(shown ? "data-show" : "data-hide");
      button.setAttribute("aria-pressed", String(!shown));
      input.focus();
    });
    input.form.addEventListener("submit", function () {
      input.type = "password";
    });
    input.parentNode.classList.add("has-toggle");
    input.parentNode.appendChild(button);
  });
  // A logo that does not come leaves the letter under it to be seen, not the browser's sign for a broken picture.
  Array.prototype.forEach.call(document.querySelectorAll(".letter.client img"), function (logo) {
    function leave() {
      logo.hidden = true;
    }
    logo.addEventListener("error", leave);
    if (logo.complete && !logo.naturalWidth) leave();
  });
  // While a slow answer is on its way: a form that is sent again finds its code or link used up, and its answer is the one that is seen.
  // Whoever has stopped the page, or did not let it open an application of their device, sends it again after a while.
  var sentAt;
  document.addEventListener("submit", function (event) {
    if (event.timeStamp - sentAt < 5000) event.preventDefault();
    else sentAt = event.timeStamp;
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) sentAt = undefined;
  });
  var alert = document.querySelector("[role=alert][tabindex]");
  if (alert) alert.focus();
})();
