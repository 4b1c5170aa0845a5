import { across, axis, base, days, numbers, tip } from "./theme.js";

// The orders of a customer over time, and when the next is expected.
export default function build(data, look) {
  const write = numbers({ ...data, unit: "money" }), day = days(data);
  const window = data.expected ? [[
    { xAxis: data.expected[0], itemStyle: { color: look.soft },
      label: { show: true, formatter: data.expected_name, color: look.text, position: "top", distance: 18 } },
    { xAxis: data.expected[1] }]] : [];
  const last = data.expected?.[1] > data.as_of ? data.expected[1] : data.as_of;
  return {
    ...base(look), grid: { ...base(look).grid, top: 44 },
    tooltip: { ...base(look).tooltip, trigger: "item",
      formatter: (one) => tip(day.full(data.orders[one.dataIndex].at),
        [[look.accent, data.orders[one.dataIndex].name ?? data.y_name, write.full(data.orders[one.dataIndex].amount)]]) },
    xAxis: axis(look, { type: "time", max: last, splitLine: { show: false },
      axisLabel: { color: look.muted, hideOverlap: true, formatter: (value) => day.month(new Date(value)) } }),
    yAxis: axis(look, { type: "value", min: 0, splitNumber: 4, axisLine: { show: false },
      axisLabel: { color: look.muted, formatter: (value) => write.short(value) } }),
    dataZoom: data.orders.length > 40 ? [{ type: "inside", zoomOnMouseWheel: "ctrl", filterMode: "none" }] : [],
    series: [{ type: "bar", barWidth: 3, color: look.accent, cursor: "pointer",
      data: data.orders.map((order) => ({ value: [order.at, order.amount], href: order.href })),
      markArea: { silent: true, data: window },
      markLine: across(look, [{ at: data.as_of, name: data.as_of_name }]) }],
  };
}
