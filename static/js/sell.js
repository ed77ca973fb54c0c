// A receipt: [data-print] opens the print dialog, and so does the page itself with data-print-now.
"use strict";

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
if (document.body.hasAttribute("data-print-now")) {
  window.addEventListener("load", () => window.print());
}
