import {
  FEW_RUNS,
  failureLine,
  meanScoreText,
  isOver,
  overviewLine,
  type ProgressOverview,
  progressLine,
  progressOverview,
  reachedWords,
  scoresTitle,
  shortScore,
} from "./progress.js";
import type { RunProgress } from "../runs/progress.js";
import { clock, escapeHtml } from "../figures/table.js";

const COLOURS = {
  running: "#0072B2",
  waiting: "#0072B2",
  stopped: "#0072B2",
  done: "#009E73",
  failed: "#D55E00",
} as const;

/**
 * Returns the progress of runs as HTML for a notebook: each run if there are few, or an overview of many. When all are
 * over, the overview shows what is worth committing: totals and scores.
 */
export function progressHtml(runs: readonly RunProgress[], threads: number): string {
  if (runs.length <= FEW_RUNS) return `<table>${runs.map(runRow).join("")}</table>`;
  const overview = progressOverview(runs, threads);
  const colour =
    overview.counts.failed > 0
      ? COLOURS.failed
      : overview.counts.done === overview.runs
        ? COLOURS.done
        : COLOURS.running;
  const running = runs.filter(({ state }) => state === "running");
  return [
    `<div>${bar(overview.share, colour, 320)}${escapeHtml(overviewLine(overview))}</div>`,
    ...(running.length === 0 ? [] : [`<table>${running.map(runRow).join("")}</table>`]),
    ...failed(runs).map((run) => `<div style="color:${COLOURS.failed}">${escapeHtml(failureLine(run))}</div>`),
    scoreTable(overview),
  ].join("\n");
}

/** Returns the same as text. */
export function progressText(runs: readonly RunProgress[], threads: number): string {
  if (runs.length <= FEW_RUNS) return runs.map(progressLine).join("\n");
  const overview = progressOverview(runs, threads);
  const { scores } = overview;
  return [
    overviewLine(overview),
    ...runs.filter(({ state }) => state === "running").map(progressLine),
    ...failed(runs).map(failureLine),
    ...(scores.length === 0
      ? []
      : [
          `${scoresTitle(overview, { plural: true })}${isOver(overview) ? "" : " so far"}: ${scores.map(meanScoreText).join("; ")}`,
        ]),
  ].join("\n");
}

/** Returns the progress of other work for a notebook: a bar and a line. */
export function shareHtml(share: number, line: string): string {
  return `<div>${bar(share, share < 1 ? COLOURS.running : COLOURS.done)}${escapeHtml(line)}</div>`;
}

function failed(runs: readonly RunProgress[]): RunProgress[] {
  return runs.filter(({ state }) => state === "failed");
}

const cell = (text: string, align = "right", tag = "td"): string =>
  `<${tag} style="text-align:${align};padding:0.15em 0.8em;white-space:nowrap">${text}</${tag}>`;

function runRow(run: RunProgress): string {
  const { name, step, steps, state, secondsLeft } = run;
  const left = state !== "running" ? state : secondsLeft === undefined ? "" : `${clock(secondsLeft)} left`;
  return `<tr>${cell(escapeHtml(name), "left")}${cell(bar(step / steps, COLOURS[state]), "left")}${cell(`${Math.min(step, steps).toLocaleString("en")} / ${steps.toLocaleString("en")} steps`)}${cell(reachedWords(run))}${cell(left)}</tr>`;
}

function bar(share: number, colour: string, width = 160): string {
  return `<div style="width:${width}px;height:9px;border-radius:5px;background:rgba(128,128,128,0.25)"><div style="width:${Math.min(100, 100 * share).toFixed(1)}%;height:100%;border-radius:5px;background:${colour}"></div></div>`;
}

/**
 * Returns a line for the seeds of each configuration. Many lines are put in several columns, which are read downwards.
 */
function scoreTable(overview: ProgressOverview): string {
  const { scores } = overview;
  if (scores.length === 0) return "";
  const columns = scores.length > 16 ? 3 : scores.length > 8 ? 2 : 1;
  const rows = Math.ceil(scores.length / columns);
  const head = Array.from(
    { length: columns },
    () =>
      cell("", "left", "th") +
      cell(`${scoresTitle(overview)}${isOver(overview) ? "" : " so far"}`, "right", "th") +
      cell("Runs done", "right", "th"),
  );
  const body = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => {
      const one = scores[j * rows + i];
      return one === undefined
        ? cell("").repeat(3)
        : cell(escapeHtml(one.label), "left") +
            cell(shortScore(one.measure, one.score)) +
            cell(`${one.done} of ${one.runs}`);
    }).join(""),
  );
  return `<table><thead><tr>${head.join("")}</tr></thead><tbody>${body.map((row) => `<tr>${row}</tr>`).join("\n")}</tbody></table>`;
}
