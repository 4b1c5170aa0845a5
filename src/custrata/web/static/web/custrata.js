// What pages do beyond HTML. Every page works without it.
(() => {
  // Says on top of the page that a request did not arrive, or was not carried out.
  const notice = (kind, reference) => {
    const place = document.getElementById("notices");
    const template = document.getElementById(kind);
    if (!place || !template) return;
    const shown = template.content.cloneNode(true);
    const slot = shown.querySelector("[data-reference]");
    if (slot && reference) slot.textContent = slot.dataset.reference.replace("{}", reference);
    place.replaceChildren(shown);
    place.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:sendError", () => notice("offline"));
  document.addEventListener("htmx:timeout", () => notice("offline"));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    notice("failed", xhr.getResponseHeader("X-Request-ID"));
  });
  window.addEventListener("offline", () => notice("offline"));
  window.addEventListener("online", () => document.getElementById("notices")?.replaceChildren());

  // A select or checkbox that says so sends its form at once; the button beside it is for pages without script.
  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-submits]");
    if (field?.form) field.form.requestSubmit();
  });
  // A field that finds: of a select, or of a list of boxes, only what holds the words stays to be seen.
  document.addEventListener("input", (event) => {
    const list = document.getElementById(event.target.dataset?.filters);
    if (!list) return;
    const words = event.target.value.trim().toLowerCase();
    list.querySelectorAll("option, label").forEach((one) => { one.hidden = !one.textContent.toLowerCase().includes(words); });
    list.querySelectorAll("optgroup, fieldset").forEach((group) => { group.hidden = !group.querySelector("option:not([hidden]), label:not([hidden])"); });
  });
  // A form that is on its way is not sent twice.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post" || event.target.hasAttribute("data-download")) return;
    setTimeout(() => event.target.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true")));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("button[aria-disabled=true]")) event.preventDefault();
  });
  window.addEventListener("pageshow", () =>
    document.querySelectorAll("button[aria-disabled=true]").forEach((button) => button.removeAttribute("aria-disabled")));

  // A drop-down closes on Escape and when one clicks elsewhere.
  const close = (except) => document.querySelectorAll("details.dropdown[open]").forEach((one) => {
    if (one !== except) one.open = false;
  });
  document.addEventListener("click", (event) => close(event.target.closest("details.dropdown")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.dropdown[open]");
    close();
    open?.querySelector("summary")?.focus();
  });
  document.documentElement.classList.add("scripted");
})();
