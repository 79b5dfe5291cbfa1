import { LabError } from "../errors.js";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createEnvironment } from "../envs/index.js";
import { uniformRandom } from "../envs/play.js";
import { figureHtml } from "../display/page.js";
import { replaceFile } from "../runs/disk.js";
import type { Figure } from "../figures/figure.js";
import { recordEpisode } from "../figures/recording.js";
import { saveReplay } from "../display/replay.js";
import { replayTitle } from "../figures/recording.js";
import { playTrained } from "../analysis/trained-play.js";
import { readNamedJson, writeNamed } from "../node/files.js";
import { resultsPlace } from "../results/place.js";
import { readRun } from "../runs/store.js";
import type { RunsFlags } from "./runs.js";

/**
 * Runs `mast show FILE`: writes a saved figure as a page that works offline, and opens it if there is a screen. The
 * page is a file; there is no server.
 */
export async function showCommand(
  file: string,
  flags: { readonly out?: string; readonly open?: boolean },
): Promise<void> {
  const figure = readFigure(file);
  let html: string;
  try {
    html = figureHtml(figure);
  } catch (error) {
    throw new LabError(
      `The figure ${file} cannot be shown: ${error instanceof RangeError ? "it is nested too deeply or too large" : (error as Error).message}.`,
    );
  }
  const page =
    flags.out === undefined ? writePage(`${basename(file).replace(/\.json$/, "")}.html`, html) : resolve(flags.out);
  if (flags.out !== undefined) writeNamed(page, "choose another file with --out", () => replaceFile(page, html));
  const opened = flags.open !== false && hasScreen() && (await openInBrowser(page));
  console.log(opened ? `Opened ${page} in the browser.` : `Open ${page} in a browser.`);
}

/** Writes a page to the folder of a person's own results, or if that is not possible to a new temporary folder. */
function writePage(name: string, html: string): string {
  try {
    const folder = join(resultsPlace().figures, "shown");
    mkdirSync(folder, { recursive: true });
    replaceFile(join(folder, name), html);
    return join(folder, name);
  } catch {
    const path = join(mkdtempSync(join(tmpdir(), "mast-show-")), "figure.html");
    return writeNamed(path, "choose another file with --out", () => (replaceFile(path, html), path));
  }
}

/** Tells whether a browser can open a window on this machine. */
function hasScreen(): boolean {
  const { DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME, SSH_CONNECTION } = process.env;
  if (process.platform === "linux") return Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME);
  return SSH_CONNECTION === undefined && ["darwin", "win32"].includes(process.platform);
}

/** Opens a page in the browser; returns whether the system accepted it. */
async function openInBrowser(page: string): Promise<boolean> {
  try {
    const { default: open } = await import("open");
    const child = await open(page);
    // A program that cannot open the page fails at once; one that can may run as long as its window is open.
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), 2000);
      const end = (opens: boolean) => (clearTimeout(timer), resolve(opens));
      child.once("error", () => end(false)).once("exit", (code) => end(code === 0));
    });
  } catch {
    return false;
  }
}

function readFigure(file: string): Figure {
  const figure = readNamedJson(file, "the figure", {
    ENOENT: "there is no such file; figures are in figures/ and data/own/",
  }) as { data?: unknown; layout?: unknown } | null;
  const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
  const { data, layout = {} } = isObject(figure) ? figure! : {};
  if (!Array.isArray(data) || !data.every(isObject) || !isObject(layout))
    throw new LabError(
      `${file} is not a Plotly figure: expected JSON with "data" and "layout", as in figures/NAME.json.`,
    );
  return { data, layout, summary: basename(file) } as Figure;
}

/** Runs `mast replay RUN` or `mast replay --random`: writes one battle as a page. */
export function replayCommand(
  run: string | undefined,
  flags: RunsFlags & { readonly random?: string | true; readonly seed: number; readonly out?: string },
): void {
  const { seed } = flags;
  if ((run === undefined) === (flags.random === undefined))
    throw new LabError("Say what to replay: the name of a run (`mast runs` lists them), or --random [ENVIRONMENT].");
  const recording =
    run !== undefined
      ? playTrained(readRun(run, flags), seed)
      : recordEpisode(createEnvironment(flags.random === true ? "3m" : flags.random!), uniformRandom(seed), seed);
  const out = resolve(flags.out ?? `replay-${recording.environment.replace(/[^A-Za-z0-9._-]+/g, "-")}-${seed}.html`);
  writeNamed(out, "choose another file with --out", () => saveReplay(recording, out));
  console.log(`${replayTitle(recording)}\nOpen ${out} in a browser.`);
}
