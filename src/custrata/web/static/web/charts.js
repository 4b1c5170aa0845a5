// Charts: every <figure data-chart="name"> holds JSON (the shapes stand in custrata/web/charts.py); the builder of that
// name makes an ECharts option of it. Until a chart is drawn, and where it cannot be, its fallback stands.
(() => {
  const source = document.currentScript.dataset.echarts;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const drawn = new Map();

  // ---- Colours, numbers and days as the page has them

  const style = (element) => {
    const held = getComputedStyle(element);
    const look = (name) => held.getPropertyValue(name).trim();
    return {
      text: look("--text"), muted: look("--muted"), line: look("--line"), card: look("--card"), accent: look("--accent"),
      soft: look("--accent-soft"), bar: look("--ramp-12"), font: held.fontFamily, width: element.clientWidth,
      tier: (name) => (name ? look(`--${name.replace("step-", "ramp-")}`) : look("--accent")),
    };
  };

  const numbers = (data) => {
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

  const days = (data) => {
    const zone = { timeZone: data.timezone };
    const full = new Intl.DateTimeFormat(data.language, { dateStyle: "medium", ...zone });
    const month = new Intl.DateTimeFormat(data.language, { year: "numeric", month: "short", ...zone });
    const noon = (text) => new Date(text.length === 10 ? `${text}T12:00:00Z` : text);
    return { full: (value) => full.format(typeof value === "string" ? noon(value) : value),
             month: (value) => month.format(typeof value === "string" ? noon(value) : value) };
  };

  // ---- The tip: elements with classes, since the page allows no styles in markup

  const element = (name, content, kind) => {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    if (content !== undefined) made.textContent = content;
    return made;
  };

  const tip = (title, rows) => {
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

  // ---- What all charts share

  const base = (look) => ({
    animation: !still.matches, animationDuration: 300,
    textStyle: { fontFamily: look.font, color: look.text, fontSize: 12 },
    grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    tooltip: { confine: true, backgroundColor: look.card, borderColor: look.line, padding: 10, transitionDuration: 0 },
    aria: { enabled: false },
  });
  const axis = (look, more) => ({
    axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false },
    axisLabel: { color: look.muted, hideOverlap: true }, splitLine: { lineStyle: { color: look.line } },
    nameTextStyle: { color: look.muted }, ...more,
  });
  const across = (look, lines) => ({
    silent: true, symbol: "none", animation: false,
    data: (lines ?? []).map((line) => ({
      xAxis: line.at, name: line.name,
      lineStyle: { color: line.colour ? look.tier(line.colour) : look.text, type: "dashed", width: 1.5 },
      label: { formatter: line.name, color: look.text, position: "end", textBorderColor: look.card, textBorderWidth: 3 },
    })),
  });
  // Names of lines that would touch stand at different heights.
  const staggered = (line) => {
    line.data.forEach((one, place) => { one.label.distance = place % 2 ? 18 : 4; });
    return line;
  };

  // ---- The builders

  const builders = {
    series(data, look) {
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
    },

    // Along the bottom silence in rhythms, closer together the longer it is; level from each point to the next. A curve
    // for each stratum with its interval as a band, and rings where at risk (open) and churned (full) begin.
    silence(data, look) {
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
    },

    distribution(data, look) {
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
    },

    rhythm(data, look) {
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
    },

    bars(data, look) {
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
    },
  };

  // ---- Drawing, again where theme or size change

  const paint = (figure) => {
    const { chart, data } = drawn.get(figure);
    const { hrefs, ...option } = builders[figure.dataset.chart](data, style(figure));
    chart.setOption(option, true);
    chart.off("click");
    chart.on("click", (event) => {
      const href = event.data?.href ?? hrefs?.(event);
      if (href) location.assign(href);
    });
  };

  // ---- Lines that can be dragged: each is a number field of the page as well, which is what is sent

  const redrawLines = (figure) => {
    const { chart, data } = drawn.get(figure);
    const [{ markLine }] = builders.distribution(data, style(figure)).series;
    chart.setOption({ series: [{ markLine }] });
  };

  // Rounded to what one can aim at: a hundredth of the width or so, in ones, twos or fives.
  const rounded = (value, width) => {
    const rough = width / 200, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((many) => many * power).find((one) => one >= rough);
    return Number((Math.round(value / step) * step).toFixed(Math.max(0, -Math.floor(Math.log10(step)))));
  };

  const drag = (figure) => {
    const { chart, data } = drawn.get(figure), held = drawn.get(figure), mouse = chart.getZr();
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
    mouse.on("mousedown", (event) => { held.line = near(event.offsetX)?.field; });
    mouse.on("mousemove", (event) => {
      if (!held.line) { mouse.setCursorStyle(near(event.offsetX) ? "ew-resize" : "default"); return; }
      const line = data.lines.find((one) => one.field === held.line), field = document.getElementById(held.line);
      if (!line || !field) return;
      line.at = rounded(edge(chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX)), data.edges.at(-1) - data.edges[0]);
      field.value = line.at;
      redrawLines(figure);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const drop = () => { held.line = undefined; };
    mouse.on("mouseup", drop);
    mouse.on("globalout", drop);
  };

  // What the server says of the lines, after it has counted: fields typed into move their lines, shares theirs.
  const takeLines = () => {
    const told = document.querySelector("[data-chart-lines] script");
    if (!told) return;
    const lines = JSON.parse(told.textContent);
    for (const [figure, { data, line }] of drawn) {
      if (figure.dataset.chart === "distribution" && figure.closest("#spread") && !line) { data.lines = lines; redrawLines(figure); }
    }
  };

  const sizes = new ResizeObserver((changes) => changes.forEach(({ target }) => drawn.get(target)?.chart.resize()));

  const draw = (figure) => {
    if (drawn.has(figure) || !builders[figure.dataset.chart]) return;
    const canvas = element("div", undefined, "chart-canvas");
    canvas.setAttribute("aria-hidden", "true"); // the table beside it says the same to who cannot see it
    figure.append(canvas);
    figure.classList.add("drawn");
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    drawn.set(figure, { chart: window.echarts.init(canvas), data });
    paint(figure);
    if (data.lines?.some((line) => line.field)) drag(figure);
    sizes.observe(figure);
  };

  let loading;
  const library = () => {
    loading ??= new Promise((loaded, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: source, onload: loaded, onerror: failed });
      document.head.append(script);
    });
    return loading;
  };

  const find = () => {
    for (const [figure, { chart }] of drawn) {
      if (!figure.isConnected) { chart.dispose(); sizes.unobserve(figure); drawn.delete(figure); }
    }
    const figures = document.querySelectorAll("figure[data-chart]:not(.drawn)");
    if (figures.length) library().then(() => figures.forEach(draw), () => {});
  };

  find();
  document.addEventListener("htmx:afterSettle", () => { find(); takeLines(); });
  document.addEventListener("custrata:theme", () => drawn.forEach((_, figure) => paint(figure)));
  window.addEventListener("beforeprint", () => drawn.forEach(({ chart }) => chart.resize()));
})();
