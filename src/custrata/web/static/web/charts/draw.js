// Every <figure data-chart="name"> holds JSON (the shapes stand in custrata/web/charts.py); the module of that name makes
// an ECharts option of it. Until a chart is drawn, and where it cannot be, its fallback stands. Charts are drawn again where
// theme or size change.
import { drag, takeLines } from "./lines.js";
import { element, style } from "./theme.js";

const builders = {
  series: () => import("./series.js"),
  silence: () => import("./silence.js"),
  distribution: () => import("./distribution.js"),
  rhythm: () => import("./rhythm.js"),
  bars: () => import("./bars.js"),
};
const drawn = new Map();

const paint = (figure) => {
  const { chart, data, build } = drawn.get(figure);
  const { hrefs, ...option } = build(data, style(figure));
  chart.setOption(option, true);
  chart.off("click");
  chart.on("click", (event) => {
    const href = event.data?.href ?? hrefs?.(event);
    if (href) location.assign(href);
  });
};

const sizes = new ResizeObserver((changes) => changes.forEach(({ target }) => drawn.get(target)?.chart.resize()));

const draw = async (figure) => {
  const { default: build } = await builders[figure.dataset.chart]();
  if (drawn.has(figure)) return;
  const canvas = element("div", undefined, "chart-canvas");
  canvas.setAttribute("aria-hidden", "true"); // the table beside it says the same to who cannot see it
  figure.append(canvas);
  figure.classList.add("drawn");
  const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  drawn.set(figure, { chart: window.echarts.init(canvas), data, build });
  paint(figure);
  if (data.lines?.some((line) => line.field)) drag(figure, drawn.get(figure));
  sizes.observe(figure);
};

let loading;
const library = () => {
  loading ??= new Promise((loaded, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: document.querySelector("script[data-echarts]").dataset.echarts, onload: loaded, onerror: failed });
    document.head.append(script);
  });
  return loading;
};

const find = () => {
  for (const [figure, { chart }] of drawn) {
    if (!figure.isConnected) { chart.dispose(); sizes.unobserve(figure); drawn.delete(figure); }
  }
  const figures = [...document.querySelectorAll("figure[data-chart]:not(.drawn)")].filter(({ dataset }) => builders[dataset.chart]);
  if (figures.length) library().then(() => figures.forEach(draw), () => {});
};

find();
document.addEventListener("htmx:afterSettle", () => { find(); takeLines(drawn); });
document.addEventListener("custrata:theme", () => drawn.forEach((_, figure) => paint(figure)));
window.addEventListener("beforeprint", () => drawn.forEach(({ chart }) => chart.resize()));
