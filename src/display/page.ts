import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Figure } from "../figures/figure.js";
import { plainJson, scriptJson } from "../figures/plain.js";
import { escapeHtml } from "../figures/table.js";
import { INK } from "../figures/theme.js";

const require = createRequire(import.meta.url);

/**
 * Returns the text of Plotly's library, which cannot be imported in Node. Its cartesian build has all that our figures
 * use, at a third of the size.
 */
export function plotlySource(): string {
  return readFileSync(require.resolve("plotly.js-cartesian-dist-min"), "utf8");
}

let packed: string | undefined;

/** Returns Plotly's library, compressed, in the form that a page contains. */
export function packedPlotly(): string {
  return (packed ??= gzipSync(plotlySource(), { level: 9 }).toString("base64"));
}

/**
 * Returns what Plotly draws as plain JSON, without our own fields, and without the button that sends a figure to
 * Plotly's maker.
 *
 * @throws {Error} when the figure holds something that JSON cannot; the message names it, see `plainJson`
 */
export function plotlyFigure(figure: Figure): {
  data: Figure["data"];
  layout: Figure["layout"];
  config: { [key: string]: unknown };
} {
  const plain = plainJson({ data: figure.data, layout: figure.layout }, "") as Pick<Figure, "data" | "layout">;
  return { ...plain, config: { displaylogo: false, showSendToCloud: false, plotlyServerURL: "" } };
}

/** Returns the same for a page, as wide as the place where it is drawn. */
export function fluidFigure(figure: Figure): { data: Figure["data"]; layout: object; config: object } {
  const { data, layout, config } = plotlyFigure(figure);
  const { width: _, ...fluid } = layout;
  return { data, layout: { ...fluid, autosize: true }, config: { ...config, responsive: true } };
}

/** The style of our pages, in the light or dark colours that a person has chosen for the whole system. */
export const PAGE_STYLE = `:root { color-scheme: light dark } body { margin: 1.5rem; font: 15px Helvetica, Arial, sans-serif; color: light-dark(#222222, #dddddd); background: light-dark(#ffffff, #111111) }`;

/** Returns how a page begins, up to its styles. It forbids the page to load anything from a network. */
export function pageHead(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>`;
}

/**
 * Returns a web page that shows a figure interactively, without a network. It contains Plotly in compressed form (0.7
 * MB instead of 1.5 MB, so that a page can be committed), which every browser since 2023 can unpack.
 */
export function figureHtml(figure: Figure, title = figure.summary): string {
  const json = scriptJson(fluidFigure(figure));
  return `${pageHead(title)}
<style>${PAGE_STYLE} #figure { max-width: 1100px }</style>
</head>
<body>
<div id="figure" role="figure" aria-label="${escapeHtml(figure.summary)}">${escapeHtml(figure.summary)}</div>
<script type="application/json" id="data">${json}</script>
<script type="application/octet-stream" id="plotly">${packedPlotly()}</script>
<script>
(async () => {
  const place = document.getElementById("figure");
  try {
    const bytes = Uint8Array.from(atob(document.getElementById("plotly").textContent), (c) => c.charCodeAt(0));
    const source = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    const script = document.createElement("script");
    script.textContent = source;
    document.head.append(script);
    const { data, layout, config } = JSON.parse(document.getElementById("data").textContent);
    place.textContent = "";
    const ink = () => getComputedStyle(document.body).color;
    const own = layout.font?.color === ${scriptJson(INK)};
    if (own) layout.font.color = ink();
    // Notes of older figures name that colour themselves; without it they take on the figure's.
    if (own) for (const { font } of layout.annotations ?? []) if (font?.color === ${scriptJson(INK)}) delete font.color;
    await Plotly.newPlot(place, data, layout, config);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => own && Plotly.relayout(place, { "font.color": ink() }));
  } catch (error) {
    place.textContent = "This browser cannot draw the figure (" + error.message + "); any Chrome, Edge, Firefox or Safari since 2023 can. " + ${scriptJson(figure.summary)};
  }
})();
</script>
</body>
</html>
`;
}
