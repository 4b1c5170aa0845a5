for (const box of document.querySelectorAll("[data-past]")) {
  const slider = box.querySelector("input"), day = box.querySelector("output");
  const live = box.querySelector(".live"), past = [...box.querySelectorAll("template")];
  const show = () => {
    const wanted = past[slider.value].content, parts = wanted.querySelectorAll("*");
    day.textContent = past[slider.value].dataset.day;
    slider.setAttribute("aria-valuetext", day.textContent);
    live.querySelectorAll("*").forEach((part, i) => {
      for (const { name, value } of parts[i].attributes) part.setAttribute(name, value);
      if (!part.children.length) part.textContent = parts[i].textContent;
      else if (part.firstChild.nodeType === Node.TEXT_NODE) part.firstChild.data = parts[i].firstChild.data;
    });
  };
  slider.addEventListener("input", show);
  box.querySelector(".slider").hidden = false;
}
