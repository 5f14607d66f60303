// Sends the page's form to the client at once. Without it there is the button.
document.forms[0].submit();
