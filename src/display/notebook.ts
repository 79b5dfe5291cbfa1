import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { type Figure, round } from "../figures/figure.js";
import { fluidFigure } from "./page.js";
import { FEW_RUNS, type Share, shareLine } from "./progress.js";
import type { RunProgress } from "../runs/progress.js";
import { progressHtml, progressText, shareHtml } from "./progress-html.js";
import { drawPng, noPngLine, sayOnce } from "./draw.js";
import { findBrowser } from "./browser.js";
import { shrinkPng } from "../figures/png.js";
import { escapeHtml, tableHtml, tableText, type Table } from "../figures/table.js";

const require = createRequire(import.meta.url);

/** One output in several forms, richest first to be chosen by the viewer: MIME type to content. */
type MimeBundle = { readonly [mime: string]: unknown };

/** What tslab sends to Jupyter; its public `display` sends one MIME type a message, and a figure needs three. */
type WriteDisplayData = (
  content: { data: MimeBundle; metadata: MimeBundle; transient?: { display_id: string } },
  update: boolean,
) => void;

/** The kernel's way to the notebook; undefined outside a notebook. */
function notebookWriter(): WriteDisplayData | undefined {
  // Only the kernel process has loaded tslab: loading it anywhere else would take a second for nothing.
  const path = require.resolve("tslab/dist/jupyter.js");
  const loaded = require.cache[path]?.exports as { lastWriteDisplayData: WriteDisplayData | null } | undefined;
  return loaded?.lastWriteDisplayData ?? undefined;
}

/** Sharp enough on GitHub, and small enough to keep a notebook under 400 kB. */
const PNG_SCALE = 1.5;

/** True in a cell of a TypeScript notebook. */
export function inNotebook(): boolean {
  return notebookWriter() !== undefined;
}

/** An output of a cell that is overwritten in place. */
export interface Live<T> {
  /** Shows a new state; the notebook does not grow. */
  update(state: T): void;
}

/** A place in the output of the present cell. */
function place(): { show(bundle: MimeBundle): void } {
  const display_id = randomBytes(8).toString("hex");
  const write = notebookWriter();
  let shown = false;
  return {
    show(bundle) {
      const text = bundle["text/plain"];
      // What the picture shows, for whoever does not see it.
      const metadata = bundle["image/png"] === undefined ? {} : { "image/png": { alt: text } };
      write?.({ data: bundle, metadata, transient: { display_id } }, shown);
      shown = true;
    },
  };
}

/**
 * Shows a figure below the cell: interactive where Plotly is known (JupyterLab from `npm run lab`, VS Code), as a PNG
 * everywhere else (GitHub, nbconvert) if a browser could draw one. In a terminal it prints one line.
 *
 * @example await showFigure(trainingCurves(runs, { title: "3m" }));
 */
export async function showFigure(figure: Figure): Promise<void> {
  if (!inNotebook()) return void console.log(figure.summary);
  place().show(figureBundle(figure, await notebookPng(figure)));
}

/** The picture is a spare for viewers without Plotly: what goes wrong with it takes nothing from the figure. */
async function notebookPng(figure: Figure): Promise<Buffer | undefined> {
  try {
    return shrinkPng(await drawPng(figure, PNG_SCALE));
  } catch (error) {
    // Nobody who has no browser needs to hear of it at every figure; a browser that fails is news.
    if (findBrowser() !== undefined) sayOnce(noPngLine(error));
    return undefined;
  }
}

function figureBundle(figure: Figure, png?: Buffer): MimeBundle {
  return {
    "application/vnd.plotly.v1+json": fluidFigure(figure),
    ...(png === undefined ? {} : { "image/png": png.toString("base64") }),
    "text/plain": figure.summary,
  };
}

/** A figure that follows training; `update` takes a function, which is called only when it is time to draw. */
export interface LiveFigure extends Live<() => Figure> {
  /** Shows this state at once. */
  show(figure: Figure): void;
  /** Shows the last state with a PNG, for viewers without Plotly. */
  finish(figure: Figure): Promise<void>;
}

/**
 * A figure that is redrawn in place, at most once in `interval` milliseconds.
 *
 * @example
 * const live = liveFigure();
 * live.update(() => trainingCurves(soFar));
 * await live.finish(trainingCurves(all));
 */
export function liveFigure(interval = 1000): LiveFigure {
  const output = place();
  let last = 0;
  return {
    update(figure) {
      if (!inNotebook() || Date.now() - last < interval) return;
      last = Date.now();
      output.show(figureBundle(figure()));
    },
    show(figure) {
      if (!inNotebook()) return;
      last = Date.now();
      output.show(figureBundle(figure));
    },
    async finish(figure) {
      if (!inNotebook()) return void console.log(figure.summary);
      output.show(figureBundle(figure, await notebookPng(figure)));
    },
  };
}

/** How `showProgress` sums up. */
export interface ProgressOptions {
  /** How many runs go on at once, for the time that is left. Default: one. */
  readonly threads?: number;
  /** Milliseconds between two states that are shown. */
  readonly interval?: number;
}

/**
 * Progress of an experiment in one output of a cell. Of a few runs each has a bar with steps, win rate and time left;
 * of more there is one bar for all of them, a line for each that is running or has failed, and what the seeds of each
 * configuration win so far.
 *
 * @example
 * const progress = showProgress();
 * progress.update([{ name: "MAST", step: 5_000, steps: 100_000, winRate: 0.2, state: "running", secondsLeft: 40 }]);
 */
export function showProgress({ threads = 1, interval = 250 }: ProgressOptions = {}): Live<readonly RunProgress[]> {
  const output = place();
  let last = 0;
  let finished = "";
  return {
    update(runs) {
      const states = runs.map((run) => run.state).join();
      // Of many runs some state changes all the time.
      const changed =
        states !== finished &&
        (runs.length <= FEW_RUNS || !runs.some(({ state }) => state === "running" || state === "waiting"));
      if (Date.now() - last < interval && !changed) return;
      last = Date.now();
      finished = states;
      output.show({ "text/html": progressHtml(runs, threads), "text/plain": progressText(runs, threads) });
    },
  };
}

/**
 * Progress of work that is no training, in one output of a cell: a bar, what is being done, and the time left.
 *
 * @example
 * const progress = showShare("Wall-clock time");
 * progress.update({ share: 0.25, what: "a training update of 2s3z" });
 */
export function showShare(title: string, interval = 250): Live<Share> {
  const output = place();
  const started = performance.now();
  let last = -Infinity;
  return {
    update({ share, what }) {
      if (share < 1 && performance.now() - last < interval) return;
      last = performance.now();
      const seconds = (last - started) / 1000;
      const line = shareLine(title, { share, what }, seconds);
      output.show({ "text/html": shareHtml(share, line), "text/plain": line });
    },
  };
}

/** Shows a table below the cell, or prints it in a terminal. */
export function showTable(table: Table): void {
  if (!inNotebook()) return void console.log(tableText(table));
  place().show({ "text/html": tableHtml(table), "text/plain": tableText(table) });
}

/** Pixels of what a page shows across its whole width, at the most: on a wide screen it would fill the window. */
export const PICTURE_HEIGHT = 560;

/** How a page of its own is shown. */
export interface PageOptions {
  /** Pixels of the page without its picture. */
  readonly height: number;
  /** Height of the picture that the page shows across its whole width, as a share of that. Default: none. */
  readonly picture?: number;
  /** One line for a terminal, and for people who do not see the page. */
  readonly summary: string;
  /** A picture for viewers that show no scripts. */
  readonly still?: () => Figure;
}

/**
 * Shows a page of its own (a battle replay) in a frame below the cell, as wide as the cell, where its scripts run; then
 * adds a picture, if a browser draws one. In a terminal it prints `summary`.
 */
export async function showPage(html: string, { height, picture = 0, summary, still }: PageOptions): Promise<void> {
  if (!inNotebook()) return void console.log(summary);
  const title = escapeHtml(summary);
  // The frame does not know how wide the cell is; its height follows in units of that. Its own colour scheme keeps the
  // browser from giving it a white ground on a dark page.
  const tall = `height:calc(${height}px + min(${round(100 * picture)}cqw, ${PICTURE_HEIGHT}px))`;
  const frame = `<div style="container-type:inline-size"><iframe srcdoc="${escapeHtml(html)}" style="width:100%;height:${height + PICTURE_HEIGHT}px;${tall};border:0;color-scheme:light" sandbox="allow-scripts" title="${title}"></iframe></div>`;
  const output = place();
  output.show({ "text/html": frame, "text/plain": summary });
  const png = still === undefined ? undefined : (await notebookPng(still()))?.toString("base64");
  if (png === undefined) return;
  // Where frames are taken out of the HTML, as on GitHub, styles are as well, and this appears.
  const hidden = `<img style="display:none" src="data:image/png;base64,${png}" alt="${title}">`;
  output.show({ "text/html": frame + hidden, "image/png": png, "text/plain": summary });
}

/**
 * A signal that the next interrupt (Jupyter's stop button, Ctrl-C) aborts; the kernel itself only stops waiting for
 * the cell. Call `release` when the work is over, so that interrupts mean what they did before.
 */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // Not before the cell's synchronous part is over: Node runs that under a watchdog for SIGINT, which at its end puts
  // back the default (death of the kernel) over every listener that was added meanwhile.
  const later = setImmediate(() => process.once("SIGINT", abort));
  return {
    signal: controller.signal,
    release() {
      clearImmediate(later);
      process.removeListener("SIGINT", abort);
    },
  };
}
