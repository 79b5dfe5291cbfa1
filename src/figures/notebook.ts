import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import type { Figure } from "./figure.js";
import { plotlyFigure } from "./page.js";
import { figurePng } from "./save.js";
import { clock, escapeHtml, tableHtml, tableText, type Table } from "./table.js";

const require = createRequire(import.meta.url);

/** One output in several forms, richest first to be chosen by the viewer: MIME type to content. */
type MimeBundle = { readonly [mime: string]: unknown };

/** What tslab sends to Jupyter; its public `display` sends one MIME type a message, and a figure needs three. */
type WriteDisplayData = (content: { data: MimeBundle; metadata: MimeBundle; transient?: { display_id: string } }, update: boolean) => void;

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
      write?.({ data: bundle, metadata: {}, transient: { display_id } }, shown);
      shown = true;
    },
  };
}

/**
 * Shows a figure below the cell: interactive where Plotly is known (JupyterLab from `npm run lab`, VS Code), as a PNG everywhere else (GitHub, nbconvert)
 * if a browser could draw one. In a terminal it prints one line.
 *
 * @example
 * await showFigure(trainingCurves(runs, { title: "3m" }));
 */
export async function showFigure(figure: Figure): Promise<void> {
  if (!inNotebook()) return void console.log(figure.summary);
  place().show(figureBundle(figure, await notebookPng(figure)));
}

/** The picture is a spare for viewers without Plotly: an interrupt that ends its browser takes nothing from the figure. */
async function notebookPng(figure: Figure): Promise<Buffer | undefined> {
  return figurePng(figure, PNG_SCALE).catch(() => undefined);
}

function figureBundle(figure: Figure, png?: Buffer): MimeBundle {
  return {
    "application/vnd.plotly.v1+json": plotlyFigure(figure),
    ...(png === undefined ? {} : { "image/png": png.toString("base64") }),
    "text/plain": figure.summary,
  };
}

/** A figure that follows training; `update` takes a function, which is called only when it is time to draw. */
export interface LiveFigure extends Live<() => Figure> {
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
    async finish(figure) {
      if (!inNotebook()) return void console.log(figure.summary);
      output.show(figureBundle(figure, await notebookPng(figure)));
    },
  };
}

/** Where one run is. */
export interface RunProgress {
  readonly name: string;
  /** Environment steps done and to do. */
  readonly step: number;
  readonly steps: number;
  /** Win rate of the last evaluation, 0..1; NaN or undefined before the first. */
  readonly winRate?: number;
  readonly state: "waiting" | "running" | "done" | "stopped" | "failed";
  /** Seconds until the end; undefined while unknown. */
  readonly secondsLeft?: number;
}

/**
 * Progress of several runs in one output of a cell: a bar, steps, win rate and time left for each.
 *
 * @example
 * const progress = showProgress();
 * progress.update([{ name: "MAST", step: 5_000, steps: 100_000, winRate: 0.2, state: "running", secondsLeft: 40 }]);
 */
export function showProgress(interval = 250): Live<readonly RunProgress[]> {
  const output = place();
  let last = 0;
  let finished = "";
  return {
    update(runs) {
      const states = runs.map((run) => run.state).join();
      if (Date.now() - last < interval && states === finished) return;
      last = Date.now();
      finished = states;
      output.show({ "text/html": progressHtml(runs), "text/plain": runs.map(progressLine).join("\n") });
    },
  };
}

/** One run's progress as a line of text. */
export function progressLine({ name, step, steps, winRate, state, secondsLeft }: RunProgress): string {
  const won = winRate === undefined || Number.isNaN(winRate) ? "" : `, win rate ${(100 * winRate).toFixed(0)} %`;
  const left = state !== "running" ? state : secondsLeft === undefined ? "running" : `${clock(secondsLeft)} left`;
  return `${name}: ${Math.min(step, steps).toLocaleString("en")} of ${steps.toLocaleString("en")} steps${won}, ${left}`;
}

/** Which share of some work is done, 0..1, and what is being done. */
export interface Share {
  readonly share: number;
  readonly what: string;
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
      output.show({ "text/html": `<div>${bar(share, share < 1 ? COLOURS.running : COLOURS.done)}${escapeHtml(line)}</div>`, "text/plain": line });
    },
  };
}

/** How far some work is as a line of text, after `seconds` of it. */
export function shareLine(title: string, { share, what }: Share, seconds: number): string {
  const left = share >= 1 ? `done in ${clock(seconds)}` : share > 0 ? `${what}, ${clock((seconds * (1 - share)) / share)} left` : what;
  return `${title}: ${Math.floor(100 * share)} %, ${left}`;
}

const COLOURS = { running: "#0072B2", done: "#009E73", failed: "#D55E00" } as const;

function bar(share: number, colour: string): string {
  return `<div style="width:160px;height:9px;border-radius:5px;background:rgba(128,128,128,0.25)"><div style="width:${Math.min(100, 100 * share).toFixed(1)}%;height:100%;border-radius:5px;background:${colour}"></div></div>`;
}

function progressHtml(runs: readonly RunProgress[]): string {
  const cell = (text: string, align = "right"): string => `<td style="text-align:${align};padding:0.15em 0.8em;white-space:nowrap">${text}</td>`;
  const rows = runs.map(({ name, step, steps, winRate, state, secondsLeft }) => {
    const colour = state === "failed" || state === "done" ? COLOURS[state] : COLOURS.running;
    const left = state !== "running" ? state : secondsLeft === undefined ? "" : `${clock(secondsLeft)} left`;
    const won = winRate === undefined || Number.isNaN(winRate) ? "" : `${(100 * winRate).toFixed(0)} % won`;
    return `<tr>${cell(escapeHtml(name), "left")}${cell(bar(step / steps, colour), "left")}${cell(`${Math.min(step, steps).toLocaleString("en")} / ${steps.toLocaleString("en")} steps`)}${cell(won)}${cell(left)}</tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

/** Shows a table below the cell, or prints it in a terminal. */
export function showTable(table: Table): void {
  if (!inNotebook()) return void console.log(tableText(table));
  place().show({ "text/html": tableHtml(table), "text/plain": tableText(table) });
}

/** Pixels across of a page that is shown in a notebook. */
export const FRAME_WIDTH = 760;

/**
 * Shows a page of its own (a battle replay) in a frame below the cell, where its scripts run.
 * `height` is in pixels. In a terminal it prints `summary`.
 */
export function showPage(html: string, options: { readonly height: number; readonly summary: string }): void {
  if (!inNotebook()) return void console.log(options.summary);
  const frame = `<iframe srcdoc="${escapeHtml(html)}" style="width:100%;max-width:${FRAME_WIDTH}px;height:${options.height}px;border:0" sandbox="allow-scripts" title="${escapeHtml(options.summary)}"></iframe>`;
  place().show({ "text/html": frame, "text/plain": options.summary });
}

/**
 * A signal that the next interrupt (Jupyter's stop button, Ctrl-C) aborts; the kernel itself only stops waiting for
 * the cell. Call `release` when the work is over, so that interrupts mean what they did before.
 */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // Not before the cell's synchronous part is over: Node runs that under a watchdog for SIGINT, which at its end puts back
  // the default (death of the kernel) over every listener that was added meanwhile.
  const later = setImmediate(() => process.once("SIGINT", abort));
  return {
    signal: controller.signal,
    release() {
      clearImmediate(later);
      process.removeListener("SIGINT", abort);
    },
  };
}
