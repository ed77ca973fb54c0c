// <canvas data-chart='{"type", "labels", "datasets", "unit", "gaps", "running"}'>, drawn by Chart.js in the colours of
// the theme, and in those of paper while it is printed. Without labels, they are those of the table "table" names.
"use strict";

const drawn = new WeakMap(); // canvas -> the specification it was drawn from
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
let onPaper = false;

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const faded = (hex) => `${hex}99`;

function looks(type, index, count, set, running) {
  const own = (n) => colour(`chart-${(n % 6) + 1}`);
  if (set.before) {
    const base = { borderColor: colour("muted"), backgroundColor: colour("border") };
    if (type !== "stacked") return { ...base, borderRadius: 3, maxBarThickness: 28 };
    return { ...base, type: "line", stack: "before", order: -1, borderWidth: 2, borderDash: [5, 4], pointRadius: 0 };
  }
  if (type === "doughnut") {
    return {
      backgroundColor: Array.from({ length: count }, (_, n) => own(n)),
      borderColor: colour("surface"),
      borderWidth: 3,
      hoverOffset: 4,
    };
  }
  if (type === "line") {
    return {
      borderColor: own(index),
      backgroundColor: own(index),
      borderWidth: 2.5,
      pointRadius: count > 40 ? 0 : 2.5,
      pointHoverRadius: 5,
      cubicInterpolationMode: "monotone",
      spanGaps: false,
    };
  }
  const fill = (n) => (n === running ? faded(own(index)) : own(index));
  return {
    backgroundColor: running === undefined ? own(index) : Array.from({ length: count }, (_, n) => fill(n)),
    borderColor: colour("surface"), // keeps the parts of a column apart, whatever their colours
    borderWidth: type === "stacked" ? { top: 1 } : 0,
    borderRadius: type === "stacked" ? 2 : 5,
    maxBarThickness: 44,
  };
}

function axis(stacked, grid, title) {
  return {
    stacked,
    beginAtZero: true,
    border: { display: false },
    grid: { display: grid, color: colour("line") },
    ticks: { color: colour("muted"), maxRotation: 0, autoSkipPadding: 16 },
    title: { display: Boolean(title), text: title, color: colour("muted"), align: "end" },
  };
}

function tip(context) {
  const { dataset, dataIndex, label, formattedValue } = context;
  const name = context.chart.config.type === "doughnut" ? label : dataset.label;
  const unit = context.chart.options.unit;
  return ` ${name}: ${dataset.display ? dataset.display[dataIndex] : formattedValue}${unit ? ` ${unit}` : ""}`;
}

// What nobody knows is hatched from top to bottom: it is not 0.
const hatches = {
  id: "hatches",
  beforeDatasetsDraw(chart, _args, { gaps }) {
    if (!gaps?.length || !chart.scales.x) return;
    const { ctx, chartArea: area, scales } = chart;
    const half = area.width / chart.data.labels.length / 2;
    ctx.save();
    ctx.beginPath();
    for (const n of gaps) ctx.rect(scales.x.getPixelForValue(n) - half, area.top, half * 2, area.height);
    ctx.clip();
    ctx.fillStyle = colour("plain-soft");
    ctx.fillRect(area.left, area.top, area.width, area.height);
    ctx.strokeStyle = colour("border");
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let x = area.left - area.height; x < area.right; x += 8) {
      ctx.moveTo(x, area.bottom);
      ctx.lineTo(x + area.height, area.top);
    }
    ctx.stroke();
    ctx.restore();
  },
};

function options(spec, series, keyed) {
  const sideways = spec.type === "horizontal";
  const round = spec.type === "doughnut";
  const stacked = spec.type === "stacked";
  return {
    animation: still.matches || onPaper ? false : { duration: 300 },
    devicePixelRatio: onPaper ? 3 : undefined,
    locale: document.documentElement.lang || undefined,
    unit: spec.unit,
    maintainAspectRatio: false,
    indexAxis: sideways ? "y" : "x",
    cutout: round ? "68%" : undefined,
    interaction: round ? undefined : { mode: "index", axis: sideways ? "y" : "x", intersect: false },
    scales: round
      ? {}
      : {
          x: axis(stacked, sideways, sideways ? spec.unit : ""),
          y: axis(stacked, !sideways, sideways ? "" : spec.unit),
        },
    plugins: {
      hatches: { gaps: spec.gaps },
      legend: {
        display: !keyed && (round || series > 1),
        position: round ? "right" : "bottom",
        labels: {
          color: colour("ink"),
          usePointStyle: true,
          boxHeight: 7,
          padding: 16,
          sort: (a, b) => a.datasetIndex - b.datasetIndex, // not in the order in which they are drawn
        },
      },
      tooltip: {
        backgroundColor: colour("rail"),
        titleColor: colour("rail-ink"),
        bodyColor: colour("rail-ink"),
        padding: 10,
        cornerRadius: 8,
        usePointStyle: true,
        boxPadding: 4,
        callbacks: { label: tip },
      },
    },
  };
}

function rows(table) {
  const heads = document.querySelectorAll(`#${table} tbody tr:not(.total) > th`);
  return Array.from(heads, (head) => head.firstChild.data);
}

function draw(canvas) {
  const text = canvas.dataset.chart;
  const spec = JSON.parse(text);
  const known = { stacked: "bar", horizontal: "bar" };
  const running = spec.running?.at;
  const labels = (spec.labels || rows(spec.table)).map((label, n) => (n === running ? [label, spec.running.label] : label));
  const datasets = spec.datasets.map((set, index) => ({
    ...set,
    data: set.data.map((value) => (value === null ? null : Number(value))),
    ...looks(spec.type, index, labels.length, set, running),
  }));
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, {
    type: known[spec.type] || spec.type,
    data: { labels, datasets },
    options: options(spec, datasets.length, canvas.dataset.key === "table"),
    plugins: [hatches],
  });
  drawn.set(canvas, text);
}

function drawAll(onlyChanged) {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12.5;
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    if (!onlyChanged || drawn.get(canvas) !== canvas.dataset.chart) draw(canvas);
  }
}

// Paper is white: the colours are those of the light theme for as long as printing takes.
function paper(starts) {
  const root = document.documentElement;
  onPaper = starts;
  if (starts) paper.theme = root.dataset.theme;
  const theme = starts ? "light" : paper.theme;
  if (theme === undefined) delete root.dataset.theme;
  else root.dataset.theme = theme;
  drawAll(false);
}

const again = () => drawAll(false);
document.addEventListener("themechange", again);
dark.addEventListener("change", again);
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));
document.addEventListener("htmx:afterSettle", () => drawAll(true));
document.fonts.ready.then(again);
