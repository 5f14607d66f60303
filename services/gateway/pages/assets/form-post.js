// Sends the page's form to the client at once. Without it there is the button.
document.addEventListener("DOMContentLoaded", function () {
  var form = document.forms[0];
  // As by its button, so that it is not sent by that one, too.
  if (form.requestSubmit) form.requestSubmit();
  else form.submit();
});
