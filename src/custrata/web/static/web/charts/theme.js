// Colours, numbers, days and tips as the page has them, and what all charts share.
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export const style = (element) => {
  const held = getComputedStyle(element);
  const look = (name) => held.getPropertyValue(name).trim();
  return {
    text: look("--text"), muted: look("--muted"), line: look("--line"), card: look("--card"), accent: look("--accent"),
    soft: look("--accent-soft"), bar: look("--ramp-12"), font: held.fontFamily, width: element.clientWidth,
    tier: (name) => (name ? look(`--${name.replace("step-", "ramp-")}`) : look("--accent")),
  };
};

export const numbers = (data) => {
  const as = (options) => new Intl.NumberFormat(data.language, options);
  const money = { style: "currency", currency: data.currency, maximumFractionDigits: 0 };
  const kinds = {
    number: [as({ maximumFractionDigits: 1 }), as({ notation: "compact", maximumFractionDigits: 1 })],
    money: [as(money), as({ ...money, notation: "compact", maximumFractionDigits: 1 })],
    share: [as({ style: "percent", maximumFractionDigits: 1 }), as({ style: "percent", maximumFractionDigits: 0 })],
    days: [as({ style: "unit", unit: "day", unitDisplay: "long" }), as({ maximumFractionDigits: 0 })],
  };
  const [full, short] = kinds[data.unit] ?? kinds.number;
  const plain = (value) => (value === null || value === undefined || Number.isNaN(value) ? "–" : null);
  return {
    full: (value) => plain(value) ?? full.format(value),
    short: (value) => plain(value) ?? (Math.abs(value) < 10000 ? full : short).format(value),
    as: (unit) => numbers({ ...data, unit }),
  };
};

export const days = (data) => {
  const zone = { timeZone: data.timezone };
  const full = new Intl.DateTimeFormat(data.language, { dateStyle: "medium", ...zone });
  const month = new Intl.DateTimeFormat(data.language, { year: "numeric", month: "short", ...zone });
  const noon = (text) => new Date(text.length === 10 ? `${text}T12:00:00Z` : text);
  return { full: (value) => full.format(typeof value === "string" ? noon(value) : value),
           month: (value) => month.format(typeof value === "string" ? noon(value) : value) };
};

// The tip: elements with classes, since the page allows no styles in markup

export const element = (name, content, kind) => {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (content !== undefined) made.textContent = content;
  return made;
};

export const tip = (title, rows) => {
  const box = element("div", undefined, "chart-tip");
  box.append(element("b", title));
  for (const [colour, name, value] of rows) {
    const row = element("div", undefined, "chart-tip-row");
    const key = element("span", undefined, "chart-tip-key");
    if (colour) key.style.backgroundColor = colour;
    row.append(key, element("span", name), element("span", value));
    box.append(row);
  }
  return box;
};

export const base = (look) => ({
  animation: !still.matches, animationDuration: 300,
  textStyle: { fontFamily: look.font, color: look.text, fontSize: 12 },
  grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
  tooltip: { confine: true, backgroundColor: look.card, borderColor: look.line, padding: 10, transitionDuration: 0 },
  aria: { enabled: false },
});
export const axis = (look, more) => ({
  axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false },
  axisLabel: { color: look.muted, hideOverlap: true }, splitLine: { lineStyle: { color: look.line } },
  nameTextStyle: { color: look.muted }, ...more,
});
export const across = (look, lines) => ({
  silent: true, symbol: "none", animation: false,
  data: (lines ?? []).map((line) => ({
    xAxis: line.at, name: line.name,
    lineStyle: { color: line.colour ? look.tier(line.colour) : look.text, type: "dashed", width: 1.5 },
    label: { formatter: line.name, color: look.text, position: "end", textBorderColor: look.card, textBorderWidth: 3 },
  })),
});
// Names of lines that would touch stand at different heights.
export const staggered = (line) => {
  line.data.forEach((one, place) => { one.label.distance = place % 2 ? 18 : 4; });
  return line;
};
