// What the pages of customers do beyond HTML; they work without it.
(() => {
  // A slash puts one into the search, wherever one is not writing.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const search = document.getElementById("q");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
  // Of many columns one finds the right one by writing a part of its name.
  document.addEventListener("input", (event) => {
    const finder = event.target.closest("[data-finds]");
    if (!finder) return;
    const wanted = finder.value.trim().toLowerCase();
    document.querySelectorAll(finder.dataset.finds).forEach((one) => {
      one.hidden = !one.textContent.toLowerCase().includes(wanted);
    });
  });
})();
