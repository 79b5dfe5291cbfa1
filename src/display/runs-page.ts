import { scriptJson } from "../figures/plain.js";
import { escapeHtml } from "../figures/table.js";
import { packedPlotly, PAGE_STYLE, pageHead } from "./page.js";

/** A run as the page shows it. */
export interface PageRun {
  readonly name: string;
  /** Texts and numbers by column title. */
  readonly cells: Readonly<Record<string, string | number>>;
  /** Environment steps of the evaluations; `values` are win rates 0..1, or mean returns. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** True if the values are returns. */
  readonly returns?: boolean;
}

/**
 * Returns a web page that shows runs, without a network: a table that is filtered by words and sorted by its columns,
 * and the curves of the runs that are chosen. A row is shown if it has all words of the filter and none that is written
 * as "-word".
 *
 * @example writeFileSync("runs.html", runsPage(runs, { title: "Runs" }));
 */
export function runsPage(runs: readonly PageRun[], { title }: { readonly title: string }): string {
  const columns = [...new Set(runs.flatMap(({ cells }) => Object.keys(cells)))];
  const numeric = new Set(
    columns.filter((column) =>
      runs.every(({ cells }) => cells[column] === undefined || typeof cells[column] === "number"),
    ),
  );
  return `${pageHead(title)}
<style>
${PAGE_STYLE}
body { font-size: 14px }
h1 { font-size: 1.3rem }
#bar { display: flex; flex-wrap: wrap; gap: .7rem; align-items: center; margin: .7rem 0 }
#filter { font: inherit; padding: .35rem .5rem; width: 24rem; max-width: 100% }
button { font: inherit; padding: .35rem .7rem }
#place { overflow-x: auto }
table { border-collapse: collapse }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; white-space: nowrap; border-bottom: 1px solid rgba(128,128,128,.3) }
th button { all: unset; cursor: pointer; font-weight: bold }
th button:focus-visible { outline: 2px solid #0072b2 }
.number { text-align: right; font-variant-numeric: tabular-nums }
tr.chosen td { background: rgba(0,114,178,.15) }
#none { opacity: .7 }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<div id="curves"></div>
<div id="bar">
<label>Filter <input id="filter" type="search" placeholder="3m mast -failed"></label>
<button id="all" type="button">Show curves of these</button>
<button id="clear" type="button">Clear</button>
<span id="count" role="status"></span>
</div>
<div id="place"><table><thead><tr><th><span hidden>Chosen</span></th>${columns.map((column, i) => `<th${numeric.has(column) ? ' class="number"' : ""}><button type="button" data-column="${i}">${escapeHtml(column)}</button></th>`).join("")}</tr></thead><tbody></tbody></table></div>
<p id="none" hidden>No run has all of these words.</p>
<script type="application/json" id="data">${scriptJson({ columns, numeric: [...numeric], runs })}</script>
<script type="application/octet-stream" id="plotly">${packedPlotly()}</script>
<script>
(async () => {
  const { columns, numeric, runs } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("tbody");
  const chosen = new Set();
  let sorted = { column: columns[0], down: false };
  const text = (run) => [run.name, ...Object.values(run.cells)].join(" ").toLowerCase();
  const words = () => byId("filter").value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  const fits = (run) => words().every((word) => (word.length > 1 && word[0] === "-" ? !text(run).includes(word.slice(1)) : text(run).includes(word)));
  const order = (a, b) => {
    const [x, y] = [a.cells[sorted.column], b.cells[sorted.column]];
    // What is not known comes last in both directions.
    const missing = (x === undefined || x === "") - (y === undefined || y === "");
    const both = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
    return missing || (sorted.down ? -both : both);
  };
  const shown = () => runs.filter(fits).sort(order);
  function rows() {
    const now = shown();
    body.replaceChildren(...now.map((run) => {
      const row = document.createElement("tr");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = chosen.has(run.name);
      box.setAttribute("aria-label", "Curve of " + run.name);
      row.className = box.checked ? "chosen" : "";
      box.addEventListener("change", () => {
        box.checked ? chosen.add(run.name) : chosen.delete(run.name);
        row.className = box.checked ? "chosen" : "";
        curves();
      });
      const cell = (content) => {
        const place = document.createElement("td");
        place.append(content);
        row.append(place);
        return place;
      };
      cell(box);
      for (const column of columns) {
        const value = run.cells[column];
        cell(value === undefined ? "" : typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 4 }) : value).className = numeric.includes(column) ? "number" : "";
      }
      return row;
    }));
    byId("none").hidden = now.length > 0;
    byId("count").textContent = now.length + " of " + runs.length + " runs";
    document.querySelectorAll("th").forEach((head) => {
      const button = head.querySelector("button");
      if (button) head.setAttribute("aria-sort", columns[button.dataset.column] !== sorted.column ? "none" : sorted.down ? "descending" : "ascending");
    });
  }
  let plotly;
  async function curves() {
    plotly ??= (async () => {
      const bytes = Uint8Array.from(atob(byId("plotly").textContent), (c) => c.charCodeAt(0));
      const script = document.createElement("script");
      script.textContent = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
      document.head.append(script);
    })();
    try {
      await plotly;
    } catch (error) {
      byId("curves").textContent = "This browser cannot draw curves (" + error.message + "); any Chrome, Edge, Firefox or Safari since 2023 can.";
      return;
    }
    const data = runs.filter((run) => chosen.has(run.name)).map((run) => ({ type: "scatter", mode: run.steps.length > 1 ? "lines" : "markers", name: run.name, x: run.steps, y: run.values, ...(run.returns ? { yaxis: "y2", hovertemplate: "%{y:.4~g}" } : { hovertemplate: "%{y:.1%}" }) }));
    if (data.length === 0) return Plotly.purge(byId("curves"));
    const returns = data.filter((run) => run.yaxis === "y2").length;
    const both = returns > 0 && returns < data.length;
    await Plotly.react(byId("curves"), data, { height: 380, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: getComputedStyle(document.body).color }, hoverlabel: { bgcolor: "#ffffff", font: { color: "#222222" } }, margin: { l: 60, r: 20, t: 20, b: 50 }, hovermode: "x unified", showlegend: true, xaxis: { title: { text: "Environment steps" }, tickformat: "~s", rangemode: "tozero" }, yaxis: { title: { text: "Test win rate" }, range: [-0.02, 1.04], tickformat: ".0%", visible: returns < data.length }, ...(returns > 0 ? { yaxis2: { title: { text: "Test return" }, side: both ? "right" : "left", ...(both ? { overlaying: "y" } : {}) } } : {}) }, { displaylogo: false, showSendToCloud: false, plotlyServerURL: "", responsive: true });
  }
  byId("filter").addEventListener("input", rows);
  byId("all").addEventListener("click", () => {
    shown().forEach((run) => chosen.add(run.name));
    rows();
    curves();
  });
  byId("clear").addEventListener("click", () => {
    chosen.clear();
    rows();
    curves();
  });
  document.querySelectorAll("th button").forEach((button) => button.addEventListener("click", () => {
    const column = columns[button.dataset.column];
    sorted = { column, down: sorted.column === column && !sorted.down };
    rows();
  }));
  rows();
})();
</script>
</body>
</html>
`;
}
