import { across, axis, base, numbers, staggered, tip } from "./theme.js";

// Bars of counts between edges, with lines across.
export default function build(data, look) {
  const write = numbers(data);
  // The edges may lie at any distance: each bar takes the same width, and a line stands where it falls within its bar.
  const place = (value) => {
    const above = data.edges.findIndex((edge) => edge > value);
    if (above <= 0) return above === 0 ? 0 : data.counts.length;
    const [low, high] = [data.edges[above - 1], data.edges[above]];
    return above - 1 + (value - low) / (high - low);
  };
  const span = (bar) => `${write.full(data.edges[bar])} – ${write.full(data.edges[bar + 1])}`;
  return {
    ...base(look), grid: { ...base(look).grid, top: 44, bottom: 28 },
    tooltip: { ...base(look).tooltip, trigger: "item",
      formatter: (one) => tip(span(one.dataIndex), [[look.bar, data.y_name, write.as("number").full(data.counts[one.dataIndex])]]) },
    xAxis: axis(look, { type: "value", min: 0, max: data.counts.length, interval: 1, name: data.x_name,
      nameLocation: "middle", nameGap: 26, splitLine: { show: false },
      axisLabel: { color: look.muted, hideOverlap: true, formatter: (edge) => write.short(data.edges[edge]) } }),
    yAxis: axis(look, { type: "value", axisLine: { show: false },
      axisLabel: { color: look.muted, formatter: (value) => write.as("number").short(value) } }),
    series: [{ type: "bar", color: look.bar, barCategoryGap: "6%", cursor: data.hrefs ? "pointer" : "default",
      data: data.counts.map((count, bar) => ({ value: [bar + 0.5, count], href: data.hrefs?.[bar] })),
      markLine: staggered(across(look, data.lines?.map((line) => ({ ...line, at: place(line.at) })))) }],
  };
}
