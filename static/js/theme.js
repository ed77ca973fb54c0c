// Loaded in the head, before anything is painted: the theme that was chosen, or the system's.
"use strict";

const theme = {
  get choice() {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto"; // storage may be switched off; the page works without
    }
  },

  set choice(value) {
    try {
      localStorage.setItem("theme", value);
    } catch {
      // kept for this page only
    }
    theme.apply(value);
  },

  apply(value) {
    const root = document.documentElement;
    if (value === "auto") delete root.dataset.theme;
    else root.dataset.theme = value;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === value));
    }
    document.dispatchEvent(new Event("themechange"));
  },
};

document.documentElement.classList.add("js");
theme.apply(theme.choice);
document.addEventListener("DOMContentLoaded", () => theme.apply(theme.choice));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (button) theme.choice = button.dataset.themeChoice;
});
