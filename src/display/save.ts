import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { BrowserError } from "./browser.js";
import { drawPng, noPngLine, sayOnce } from "./draw.js";
import type { Figure } from "../figures/figure.js";
import { writeNamed } from "../node/files.js";
import { figureHtml, plotlyFigure } from "./page.js";
import { shrinkPng } from "../figures/png.js";
import { replaceFile } from "../runs/disk.js";

/** The files that `saveFigure` wrote. */
export interface SavedFigure {
  /** Path of the Plotly figure as JSON. */
  readonly json: string;
  /** Path of a web page that shows the figure without a network connection. */
  readonly html: string;
  /** Path of the picture, or undefined if no browser could draw it. */
  readonly png: string | undefined;
}

/**
 * Writes a figure as PATH.json (Plotly), PATH.html (interactive, works without a network) and, if there is a browser,
 * PATH.png (twice the figure's size, for sharp screens). Each file is replaced as a whole or not at all. If a browser
 * is missing, ends or hangs, only the PNG is missing, and an old PNG of other values is removed.
 *
 * @param path path without its ending, such as "figures/quickstart"
 * @param options.log receives the line that says why there is no PNG. Default: it is written to standard error, once in
 * this process.
 * @throws {Error} when the files cannot be written
 * @example await saveFigure(figure, "figures/quickstart");
 */
export async function saveFigure(
  figure: Figure,
  path: string,
  options: { readonly log?: (line: string) => void } = {},
): Promise<SavedFigure> {
  const base = path.replace(/\.(json|html|png)$/, "");
  const { data, layout } = plotlyFigure(figure);
  const json = JSON.stringify({ data, layout });
  writeNamed(`${base}.html`, "free the disk or choose another folder", () => {
    mkdirSync(dirname(base), { recursive: true });
    if (!existsSync(`${base}.json`) || readFileSync(`${base}.json`, "utf8") !== json)
      rmSync(`${base}.png`, { force: true });
    replaceFile(`${base}.json`, json);
    replaceFile(`${base}.html`, figureHtml(figure));
  });
  let png: string | undefined;
  try {
    replaceFile(`${base}.png`, shrinkPng(await drawPng(figure, 2)));
    png = `${base}.png`;
  } catch (error) {
    (options.log ?? sayOnce)(noPngLine(error));
  }
  return { json: `${base}.json`, html: `${base}.html`, png };
}

/**
 * Returns a figure as PNG, drawn by Plotly in a headless browser, or undefined if no browser can draw.
 *
 * @param scale pixels of the picture a pixel of the figure
 * @throws {Error} when Plotly refuses the figure
 */
export async function figurePng(figure: Figure, scale = 2): Promise<Buffer | undefined> {
  try {
    return shrinkPng(await drawPng(figure, scale));
  } catch (error) {
    if (error instanceof BrowserError) return undefined;
    throw error;
  }
}
