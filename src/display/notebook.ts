import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { type Figure, round } from "../figures/figure.js";
import { fluidFigure } from "./page.js";
import { FEW_RUNS, type Share, shareLine } from "./progress.js";
import type { RunProgress } from "../runs/progress.js";
import { progressHtml, progressText, shareHtml } from "./progress-html.js";
import { drawPng, noPngLine, sayOnce } from "./draw.js";
import { findBrowser } from "./browser.js";
import { frameHtml } from "./frame.js";
import { shrinkPng } from "../figures/png.js";
import { escapeHtml, tableHtml, tableText, type Table } from "../figures/table.js";

const require = createRequire(import.meta.url);

/**
 * One output in several forms, as a map from MIME type to content. The viewer chooses the richest form that it can
 * show.
 */
type MimeBundle = { readonly [mime: string]: unknown };

/**
 * The function by which tslab, the notebook kernel, sends output to Jupyter. Its public `display` sends one MIME type a
 * message, but a figure needs three.
 */
type WriteDisplayData = (
  content: { data: MimeBundle; metadata: MimeBundle; transient?: { display_id: string } },
  update: boolean,
) => void;

/** Returns the kernel's function for output, or undefined outside a notebook. */
function notebookWriter(): WriteDisplayData | undefined {
  // Only the kernel process has loaded tslab. Loading it elsewhere would take a second for nothing.
  const path = require.resolve("tslab/dist/jupyter.js");
  const loaded = require.cache[path]?.exports as { lastWriteDisplayData: WriteDisplayData | null } | undefined;
  return loaded?.lastWriteDisplayData ?? undefined;
}

/** Scale of pictures in notebooks: sharp enough on GitHub, and small enough to keep a notebook under 400 kB. */
const PNG_SCALE = 1.5;

/** Tells whether this code runs in a cell of a TypeScript notebook. */
export function inNotebook(): boolean {
  return notebookWriter() !== undefined;
}

/** An output of a cell that can be overwritten in place. */
export interface Live<T> {
  /** Shows a new state in place of the last one. */
  update(state: T): void;
}

/** Makes a place in the output of the present cell. */
function place(): { show(bundle: MimeBundle): void } {
  const display_id = randomBytes(8).toString("hex");
  const write = notebookWriter();
  let shown = false;
  return {
    show(bundle) {
      const text = bundle["text/plain"];
      // The text tells people who do not see the picture what it shows.
      const metadata = bundle["image/png"] === undefined ? {} : { "image/png": { alt: text } };
      write?.({ data: bundle, metadata, transient: { display_id } }, shown);
      shown = true;
    },
  };
}

/**
 * Shows a figure below the cell: interactively where Plotly is known (JupyterLab from `npm run lab`, VS Code), and
 * elsewhere (GitHub, nbconvert) as a PNG if a browser could draw one. In a terminal it prints one line.
 *
 * @example await showFigure(trainingCurves(runs, { title: "3m" }));
 */
export async function showFigure(figure: Figure): Promise<void> {
  if (!inNotebook()) return void console.log(figure.summary);
  place().show(figureBundle(figure, await notebookPng(figure)));
}

/** Draws the picture for viewers without Plotly. The figure is shown even if this fails. */
async function notebookPng(figure: Figure): Promise<Buffer | undefined> {
  try {
    return shrinkPng(await drawPng(figure, PNG_SCALE));
  } catch (error) {
    // Without a browser, nothing is said, since it would be said at every figure. That a browser fails is said once.
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

/** A figure that follows training. `update` takes a function, which is called only when it is time to draw. */
export interface LiveFigure extends Live<() => Figure> {
  /** Shows this state at once, whenever the last one was shown. */
  show(figure: Figure): void;
  /** Shows the last state with a PNG, for viewers without Plotly. */
  finish(figure: Figure): Promise<void>;
}

/**
 * Shows a figure that is redrawn in place, at most once in `interval` milliseconds.
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

/** Settings of `showProgress`. */
export interface ProgressOptions {
  /** How many runs train at once, from which the time that is left is estimated. Default: one. */
  readonly threads?: number;
  /** The least time between two updates of the output, in milliseconds. Default: 250. */
  readonly interval?: number;
}

/**
 * Shows the progress of an experiment in one output of a cell. If there are few runs, each has a bar with steps, win
 * rate and time left. If there are more, there is one bar for all of them, a line for each that is running or has
 * failed, and what the seeds of each configuration win so far.
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
      // With many runs, some state changes all the time.
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
 * Shows the progress of work other than training in one output of a cell: a bar, what is being done, and the time left.
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

/**
 * Greatest height, in pixels, of a picture that a page shows across its whole width. On a wide screen it would
 * otherwise fill the window.
 */
export const PICTURE_HEIGHT = 560;

/** Settings of `showPage`. */
export interface PageOptions {
  /** Height of the page without its picture, in pixels. */
  readonly height: number;
  /**
   * Height of the picture that the page shows across its whole width, as a share of that width. Default: no picture.
   */
  readonly picture?: number;
  /** One line of text for a terminal, and for people who do not see the page. */
  readonly summary: string;
  /** Returns a picture for viewers that run no scripts. */
  readonly still?: () => Figure;
}

/**
 * Shows a complete web page, such as a battle replay, in a frame below the cell, as wide as the cell, in which its
 * scripts run. Then it adds a picture, if a browser can draw one. In a terminal it prints `summary`.
 */
export async function showPage(html: string, { height, picture = 0, summary, still }: PageOptions): Promise<void> {
  if (!inNotebook()) return void console.log(summary);
  // The cell's width is not known yet, so the height with which the frame begins is given in units of that width.
  const tall = `height:calc(${height}px + min(${round(100 * picture)}cqw, ${PICTURE_HEIGHT}px))`;
  const frame = frameHtml(html, height + PICTURE_HEIGHT, tall, summary);
  const output = place();
  output.show({ "text/html": frame, "text/plain": summary });
  const png = still === undefined ? undefined : (await notebookPng(still()))?.toString("base64");
  if (png === undefined) return;
  // GitHub, for example, takes frames out of the HTML. It takes styles out as well, so that this picture appears.
  const hidden = `<img style="display:none" src="data:image/png;base64,${png}" alt="${escapeHtml(summary)}">`;
  output.show({ "text/html": frame + hidden, "image/png": png, "text/plain": summary });
}

/**
 * Returns a signal that the next interrupt (Jupyter's stop button, Ctrl-C) aborts, because the kernel itself only stops
 * waiting for the cell. Call `release` when the work is over, so that interrupts mean what they did before.
 */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // This has to wait until the cell's synchronous part is over. Node runs that part under a watchdog for SIGINT, which
  // at its end restores the default (the kernel dies) over every listener that was added meanwhile.
  const later = setImmediate(() => process.once("SIGINT", abort));
  return {
    signal: controller.signal,
    release() {
      clearImmediate(later);
      process.removeListener("SIGINT", abort);
    },
  };
}
