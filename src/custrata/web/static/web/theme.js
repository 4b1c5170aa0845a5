// Light or dark as the system has it, before anything is painted; a choice of one's own the server has written already.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (root.dataset.scheme !== "auto") return;
    root.dataset.bsTheme = root.dataset.theme = system.matches ? "dark" : "light";
    document.dispatchEvent(new Event("custrata:theme"));
  };
  follow();
  system.addEventListener("change", follow);
})();
