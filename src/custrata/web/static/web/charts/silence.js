import { axis, base, numbers, tip } from "./theme.js";

// Along the bottom silence in rhythms, closer together the longer it is; level from each point to the next. A curve
// for each stratum with its interval as a band, and rings where at risk (open) and churned (full) begin.
export default function build(data, look) {
  const write = numbers(data), share = write.as("share"), place = Math.log1p;
  const longest = Math.max(1, ...data.rows.flatMap((row) =>
    [row.points.at(-1).start, row.at_risk ?? 0, row.churned ?? 0].map((end) => end * 1.15)));
  const along = [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128].filter((rhythms) => rhythms <= longest).map(place);
  const level = (row, at) => (row.points.findLast((point) => point.start <= at) ?? row.points[0]).back;
  const end = (row, number) => place(row.points[number + 1]?.start ?? longest);
  const ring = (row, at, name, open) => ({ coord: [place(at), level(row, at)], name: `${row.name}: ${name}`, at,
    symbol: "circle", symbolSize: 11,
    itemStyle: { color: open ? look.card : look.tier(row.colour), borderColor: look.tier(row.colour), borderWidth: 2 } });
  return {
    ...base(look), grid: { ...base(look).grid, top: look.width > 440 ? 36 : 56, bottom: 28 },
    legend: { show: true, top: 0, left: 0, itemWidth: 12, itemHeight: 12, icon: "roundRect", itemGap: 14,
              textStyle: { color: look.text }, inactiveColor: look.line },
    tooltip: { ...base(look).tooltip, trigger: "item",
      formatter: (one) => {
        if (one.componentType === "markPoint") return tip(one.name, [["", data.x_name, `${write.full(one.data.at)}×`]]);
        const row = data.rows[one.seriesIndex], point = row.points[Math.min(one.dataIndex, row.points.length - 1)];
        return tip(`${row.name} · ${write.full(point.start)}×`, [
          [look.tier(row.colour), data.y_name, point.said], ["", data.seen_name, write.full(point.seen)]]);
      } },
    xAxis: axis(look, { type: "value", min: 0, max: place(longest), name: data.x_name, nameLocation: "middle",
      nameGap: 26, splitLine: { show: false },
      axisLabel: { color: look.muted, hideOverlap: true, customValues: along,
        formatter: (value) => `${write.full(Math.round(Math.expm1(value) * 10) / 10)}×` } }),
    yAxis: axis(look, { type: "value", min: 0, max: 1, axisLine: { show: false },
      axisLabel: { color: look.muted, formatter: (value) => share.short(value) } }),
    series: data.rows.map((row) => ({
      type: "line", name: row.name, color: look.tier(row.colour), symbol: "circle", symbolSize: 7, step: "end",
      lineStyle: { width: 2 },
      data: [...row.points.map((point) => [place(point.start), point.back]),
        { value: [place(longest), row.points.at(-1).back], symbol: "none" }],
      markArea: { silent: true, animation: false, itemStyle: { color: look.tier(row.colour), opacity: 0.14 },
        data: row.points.flatMap((point, number) => (point.low === undefined ? [] : [[
          { coord: [place(point.start), point.low] }, { coord: [end(row, number), point.high] }]])) },
      markPoint: { animation: false, label: { show: false }, data: [
        ...(row.at_risk === null ? [] : [ring(row, row.at_risk, data.at_risk_name, true)]),
        ...(row.churned === null ? [] : [ring(row, row.churned, data.churned_name, false)])] },
    })),
  };
}
