// Lines that can be dragged: each is a number field of the page as well, which is what is sent.
import { style } from "./theme.js";

const redrawLines = (figure, { chart, data, build }) => {
  const [{ markLine }] = build(data, style(figure)).series;
  chart.setOption({ series: [{ markLine }] });
};

// Rounded to what one can aim at: a hundredth of the width or so, in ones, twos or fives.
const rounded = (value, width) => {
  const rough = width / 200, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((many) => many * power).find((one) => one >= rough);
  return Number((Math.round(value / step) * step).toFixed(Math.max(0, -Math.floor(Math.log10(step)))));
};

export const drag = (figure, drawing) => {
  const { chart, data } = drawing, mouse = chart.getZr();
  const bars = data.counts.length;
  const edge = (place) => {
    const bar = Math.max(0, Math.min(bars - 1, Math.floor(place)));
    return data.edges[bar] + (Math.max(0, Math.min(bars, place)) - bar) * (data.edges[bar + 1] - data.edges[bar]);
  };
  const place = (value) => {
    const above = data.edges.findIndex((one) => one > value);
    if (above <= 0) return above === 0 ? 0 : bars;
    return above - 1 + (value - data.edges[above - 1]) / (data.edges[above] - data.edges[above - 1]);
  };
  const near = (x) => data.lines.filter((line) => line.field)
    .map((line) => ({ line, off: Math.abs(chart.convertToPixel({ xAxisIndex: 0 }, place(line.at)) - x) }))
    .filter((one) => one.off < 10).sort((a, b) => a.off - b.off)[0]?.line;
  mouse.on("mousedown", (event) => { drawing.line = near(event.offsetX)?.field; });
  mouse.on("mousemove", (event) => {
    if (!drawing.line) { mouse.setCursorStyle(near(event.offsetX) ? "ew-resize" : "default"); return; }
    const line = data.lines.find((one) => one.field === drawing.line), field = document.getElementById(drawing.line);
    if (!line || !field) return;
    line.at = rounded(edge(chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX)), data.edges.at(-1) - data.edges[0]);
    field.value = line.at;
    redrawLines(figure, drawing);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const drop = () => { drawing.line = undefined; };
  mouse.on("mouseup", drop);
  mouse.on("globalout", drop);
};

// What the server says of the lines, after it has counted: fields typed into move their lines, shares theirs.
export const takeLines = (drawn) => {
  const sent = document.querySelector("[data-chart-lines] script");
  if (!sent) return;
  const lines = JSON.parse(sent.textContent);
  for (const [figure, drawing] of drawn) {
    if (figure.dataset.chart !== "distribution" || !figure.closest("#spread") || drawing.line) continue;
    drawing.data.lines = lines;
    redrawLines(figure, drawing);
  }
};
