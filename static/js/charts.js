// <canvas data-chart='{"type", "labels", "datasets"}'>, drawn by Chart.js in the colours of the theme.
"use strict";

const drawn = new WeakMap(); // canvas -> the specification it was drawn from
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function looks(type, index, count) {
  const own = (n) => colour(`chart-${(n % 6) + 1}`);
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
  return { backgroundColor: own(index), borderRadius: 5, maxBarThickness: 44 };
}

function axis(stacked, grid) {
  return {
    stacked,
    beginAtZero: true,
    border: { display: false },
    grid: { display: grid, color: colour("line") },
    ticks: { color: colour("muted"), maxRotation: 0, autoSkipPadding: 16 },
  };
}

function tip(context) {
  const { dataset, dataIndex, label, formattedValue } = context;
  const name = context.chart.config.type === "doughnut" ? label : dataset.label;
  return ` ${name}: ${dataset.display ? dataset.display[dataIndex] : formattedValue}`;
}

function options(type, series, keyed) {
  const sideways = type === "horizontal";
  const round = type === "doughnut";
  const stacked = type === "stacked";
  return {
    animation: still.matches ? false : { duration: 300 },
    maintainAspectRatio: false,
    indexAxis: sideways ? "y" : "x",
    cutout: round ? "68%" : undefined,
    interaction: round ? undefined : { mode: "index", axis: sideways ? "y" : "x", intersect: false },
    scales: round ? {} : { x: axis(stacked, sideways), y: axis(stacked, !sideways) },
    plugins: {
      legend: {
        display: !keyed && (round || series > 1),
        position: round ? "right" : "bottom",
        labels: { color: colour("ink"), usePointStyle: true, boxHeight: 7, padding: 16 },
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

function draw(canvas) {
  const text = canvas.dataset.chart;
  const spec = JSON.parse(text);
  const known = { stacked: "bar", horizontal: "bar" };
  const datasets = spec.datasets.map((set, index) => ({
    ...set,
    data: set.data.map((value) => (value === null ? null : Number(value))),
    ...looks(spec.type, index, spec.labels.length),
  }));
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, {
    type: known[spec.type] || spec.type,
    data: { labels: spec.labels, datasets },
    options: options(spec.type, datasets.length, canvas.dataset.key === "table"),
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

const again = () => drawAll(false);
document.addEventListener("themechange", again);
dark.addEventListener("change", again);
document.addEventListener("htmx:afterSettle", () => drawAll(true));
document.fonts.ready.then(again);
