import { across, axis, base, days, numbers, tip } from "./theme.js";

// Lines over days, or areas upon one another.
export default function build(data, look) {
  const write = numbers(data), day = days(data), stacked = Boolean(data.stacked), wide = look.width > 440;
  return {
    ...base(look), grid: { ...base(look).grid, right: !stacked && wide ? 88 : 16 },
    legend: { show: data.rows.length > 1, top: 0, left: 0, type: "scroll", itemWidth: 12, itemHeight: 12, icon: "roundRect",
              textStyle: { color: look.text }, pageTextStyle: { color: look.muted }, inactiveColor: look.line },
    tooltip: { ...base(look).tooltip, trigger: "axis", axisPointer: { lineStyle: { color: look.muted } },
      formatter: (found) => tip(day.full(data.days[found[0].dataIndex]),
        found.map((one) => [look.tier(data.rows[one.seriesIndex].colour), one.seriesName, write.full(one.value)])) },
    xAxis: axis(look, { type: "category", data: data.days, boundaryGap: false, splitLine: { show: false },
      axisLabel: { color: look.muted, hideOverlap: true, formatter: (value) => day.month(value) } }),
    yAxis: axis(look, { type: "value", min: stacked ? 0 : undefined, scale: !stacked, axisLine: { show: false },
      axisLabel: { color: look.muted, formatter: (value) => write.short(value) } }),
    series: data.rows.map((row, number) => ({
      markLine: number === 0 && data.marks?.length ? across(look, data.marks) : undefined,
      type: "line", name: row.name, triggerLineEvent: true, symbolSize: 6, showSymbol: data.days.length < 2,
      stack: stacked ? "all" : undefined, color: look.tier(row.colour),
      lineStyle: { width: stacked ? 0.75 : 2, color: stacked ? look.card : look.tier(row.colour) },
      areaStyle: stacked ? { color: look.tier(row.colour), opacity: 1 } : undefined,
      emphasis: { focus: "none" },
      endLabel: { show: !stacked && wide, formatter: row.name, color: look.text, distance: 6 },
      data: row.values.map((value, place) => ({ value, href: row.hrefs?.[place] })),
    })),
    hrefs: (event) => data.rows[event.seriesIndex]?.hrefs?.[event.dataIndex ?? data.days.length - 1],
  };
}
