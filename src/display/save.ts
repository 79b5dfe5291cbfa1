import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Page } from "playwright-core";
import { BROWSER_HINT, withPage } from "./browser.js";
import type { Figure } from "../figures/figure.js";
import { figureHtml, plotlyFigure, plotlySource } from "./page.js";
import { shrinkPng } from "../figures/png.js";

/** What `saveFigure` wrote. */
export interface SavedFigure {
  readonly json: string;
  readonly html: string;
  /** Undefined where no browser could draw it. */
  readonly png: string | undefined;
}

/**
 * Writes a figure as PATH.json (Plotly), PATH.html (interactive, works without a network) and, where a browser is
 * there, PATH.png (twice the figure's size, for sharp screens). A file is replaced as a whole or not at all.
 *
 * @param path without its ending: "figures/quickstart".
 * @param options.log receives the line that says why there is no PNG. Default: standard error.
 * @throws {Error} when the files cannot be written.
 * @example
 * await saveFigure(figure, "figures/quickstart");
 */
export async function saveFigure(figure: Figure, path: string, options: { readonly log?: (line: string) => void } = {}): Promise<SavedFigure> {
  const base = path.replace(/\.(json|html|png)$/, "");
  try {
    mkdirSync(dirname(base), { recursive: true });
    replaceFile(`${base}.json`, JSON.stringify({ data: figure.data, layout: figure.layout }));
    replaceFile(`${base}.html`, figureHtml(figure));
  } catch (error) {
    throw new Error(`the figure cannot be written to ${base}.html (${error instanceof Error ? error.message : String(error)}): free the disk or choose another folder`);
  }
  const png = await figurePng(figure);
  if (png === undefined) {
    const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
    log(`no PNG beside ${base}.html: ${BROWSER_HINT}`);
    return { json: `${base}.json`, html: `${base}.html`, png: undefined };
  }
  replaceFile(`${base}.png`, png);
  return { json: `${base}.json`, html: `${base}.html`, png: `${base}.png` };
}

/** A figure as PNG, drawn by Plotly in a headless browser; undefined where there is none. `scale` is pixels of the picture a pixel of the figure. */
export async function figurePng(figure: Figure, scale = 2): Promise<Buffer | undefined> {
  const png = await drawnPng(figure, scale);
  return png === undefined ? undefined : shrinkPng(png);
}

/** The picture as the browser writes it. */
export async function drawnPng(figure: Figure, scale: number): Promise<Buffer | undefined> {
  return withPage(async (page) => {
    await loadPlotly(page);
    const url = await page.evaluate(
      async ([json, s]) => {
        const { Plotly } = globalThis as unknown as { Plotly: { toImage(figure: unknown, options: unknown): Promise<string> } };
        const { data, layout } = JSON.parse(json) as { data: unknown; layout: { width: number; height: number } };
        return Plotly.toImage({ data, layout }, { format: "png", width: layout.width, height: layout.height, scale: s });
      },
      [JSON.stringify(plotlyFigure(figure)), scale] as const,
    );
    return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
  });
}

async function loadPlotly(page: Page): Promise<void> {
  await page.setContent("<!doctype html><meta charset=utf-8><body></body>");
  await page.addScriptTag({ content: plotlySource() });
}

/** Writes beside and renames, so that an interrupted write leaves the old file. */
export function replaceFile(path: string, content: string | Buffer): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
