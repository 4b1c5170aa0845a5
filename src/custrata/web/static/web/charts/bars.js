import { axis, base, numbers, tip } from "./theme.js";

// Level bars, the longest first.
export default function build(data, look) {
  const write = numbers(data);
  return {
    ...base(look), grid: { ...base(look).grid, top: 4, right: 64 },
    tooltip: { ...base(look).tooltip, trigger: "item",
      formatter: (one) => tip(one.name, [[one.color, "", write.full(one.value)]]) },
    xAxis: axis(look, { type: "value", splitNumber: 3, axisLabel: { show: false }, splitLine: { show: false }, axisLine: { show: false } }),
    yAxis: axis(look, { type: "category", inverse: true, data: data.rows.map((row) => row.name), axisLine: { show: false },
      axisLabel: { color: look.text, width: 120, overflow: "truncate" } }),
    series: [{ type: "bar", barMaxWidth: 20, color: look.bar,
      label: { show: true, position: "right", color: look.text, formatter: (one) => write.short(one.value) },
      data: data.rows.map((row) => ({ value: row.value, href: row.href,
        itemStyle: row.colour ? { color: look.tier(row.colour) } : undefined, cursor: row.href ? "pointer" : "default" })) }],
  };
}
