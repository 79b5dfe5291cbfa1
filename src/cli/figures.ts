import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createEnvironment } from "../envs/index.js";
import { uniformRandom } from "../envs/play.js";
import { recordEpisode } from "../figures/recording.js";
import { replayTitle, saveReplay } from "../display/replay.js";
import { playTrained } from "../analysis/trained-play.js";
import { onDisk } from "../runs/disk.js";
import { readRun } from "../runs/store.js";
import type { RunsFlags } from "./runs.js";

/** `mast show FILE`: a saved figure in the browser. The page loads Plotly from the network; FILE.html beside it does not. */
export async function showCommand(file: string): Promise<void> {
  const { data, layout } = readFigure(file);
  const { plot } = (await import("nodeplotlib")) as unknown as { plot(data: unknown, layout: unknown): void };
  console.log(`Opening ${file} in the browser; without a network, open ${file.replace(/\.json$/, ".html")} instead. Ctrl-C ends.`);
  plot(data, layout);
}

function readFigure(file: string): { data: unknown[]; layout: unknown } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`Cannot read the figure ${file}: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file; figures are in figures/" : (error as Error).message}.`);
  }
  try {
    const figure = JSON.parse(text) as { data?: unknown; layout?: unknown };
    if (Array.isArray(figure.data)) return { data: figure.data, layout: figure.layout ?? {} };
  } catch {
    // Said below, for text that is no JSON and for JSON that is no figure.
  }
  throw new Error(`${file} is no Plotly figure: expected JSON with "data" and "layout", as in figures/NAME.json.`);
}

/** `mast replay RUN` or `--random`: one battle as a page of its own. */
export function replayCommand(run: string | undefined, flags: RunsFlags & { readonly random?: string | true; readonly seed: number; readonly out?: string }): void {
  const { seed } = flags;
  if ((run === undefined) === (flags.random === undefined)) throw new Error("Say what to replay: the name of a run (`mast runs` lists them), or --random [ENVIRONMENT].");
  const recording =
    run !== undefined
      ? playTrained(readRun(run, flags), seed)
      : recordEpisode(createEnvironment(flags.random === true ? "3m" : flags.random!), uniformRandom(seed), seed);
  const out = resolve(flags.out ?? `replay-${recording.environment}-${seed}.html`);
  onDisk(out, () => saveReplay(recording, out), "");
  console.log(`${replayTitle(recording)}\nOpen ${out} in a browser.`);
}
