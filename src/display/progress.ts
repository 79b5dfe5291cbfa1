import type { ScoreMeasure } from "../config.js";
import { MEASURES } from "../results/measure.js";
import { mean } from "../results/statistics.js";
import { clock } from "../figures/table.js";
import type { RunProgress } from "../runs/progress.js";

/** So many runs are shown each; of more, those that are running. */
export const FEW_RUNS = 4;

/** Where all runs of an experiment are together. */
export interface ProgressOverview {
  readonly runs: number;
  readonly counts: Readonly<Record<RunProgress["state"], number>>;
  /** Share of all steps that is done, 0..1. */
  readonly share: number;
  /** Seconds of training so far, of all runs together. */
  readonly seconds: number;
  /** Seconds until the last one is done; undefined while unknown. */
  readonly secondsLeft?: number;
  readonly scores: readonly MeanScore[];
}

/** What all seeds of one configuration have reached so far. */
export interface MeanScore {
  /** What they are seeds of. */
  readonly label: string;
  /** What scores are means of. */
  readonly measure: ScoreMeasure;
  /** Mean over the seeds: the score of one that is done, the last evaluation of any other. */
  readonly score: number;
  /** How many of the seeds are done, of how many. */
  readonly done: number;
  readonly runs: number;
}

/**
 * Sums up how far runs are.
 *
 * @param threads how many run at once
 * @example
 * progressOverview(runs, 2).counts.done;
 */
export function progressOverview(runs: readonly RunProgress[], threads: number): ProgressOverview {
  const counts = { waiting: 0, running: 0, done: 0, stopped: 0, failed: 0 };
  for (const { state } of runs) counts[state]++;
  const secondsLeft = expectedSeconds(runs, threads);
  return {
    runs: runs.length,
    counts,
    share:
      runs.reduce((sum, run) => sum + doneSteps(run), 0) /
      Math.max(
        1,
        runs.reduce((sum, { steps }) => sum + steps, 0),
      ),
    seconds: runs.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    secondsLeft,
    scores: meanScores(runs),
  };
}

function doneSteps({ step, steps, state }: RunProgress): number {
  return state === "done" ? steps : Math.min(step, steps);
}

function labelOf({ seedOf, name }: RunProgress): string {
  return seedOf ?? name;
}

/** In the order of the first seeds; what nothing is known of yet is left out. */
function meanScores(runs: readonly RunProgress[]): MeanScore[] {
  return [...new Set(runs.map(labelOf))].flatMap((label) => {
    const own = runs.filter((run) => labelOf(run) === label);
    const scores = own
      .flatMap(({ score, winRate, episodeReturn }) => score ?? winRate ?? episodeReturn ?? [])
      .filter((score) => !Number.isNaN(score));
    const measure = own.some(({ episodeReturn }) => episodeReturn !== undefined) ? "return" : "win-rate";
    return scores.length === 0
      ? []
      : [
          {
            label,
            measure,
            score: mean(scores),
            done: own.filter(({ state }) => state === "done").length,
            runs: own.length,
          },
        ];
  });
}

/**
 * Expects when the last of the runs will be done, as if each thread, when it is free, took the next one that waits. A
 * run that waits is expected to take as long a step as other seeds of the same, or where none of them has begun, as
 * those that have.
 */
function expectedSeconds(runs: readonly RunProgress[], threads: number): number | undefined {
  const rates = new Map<string, number[]>();
  for (const run of runs) {
    const rate = secondsPerStep(run);
    if (rate !== undefined) rates.set(labelOf(run), [...(rates.get(labelOf(run)) ?? []), rate]);
  }
  const usual = rates.size === 0 ? undefined : mean([...rates.values()].map(mean));
  const left = (run: RunProgress): number | undefined => {
    const own = rates.get(labelOf(run));
    const rate = own === undefined ? usual : mean(own);
    return run.secondsLeft ?? (rate === undefined ? undefined : rate * (run.steps - doneSteps(run)));
  };
  const free = Array.from({ length: Math.max(1, threads) }, () => 0);
  for (const state of ["running", "waiting"] as const) {
    for (const run of runs.filter((one) => one.state === state)) {
      const seconds = left(run);
      if (seconds === undefined) return undefined;
      const first = free.indexOf(Math.min(...free));
      free[first] = free[first] + seconds;
    }
  }
  return Math.max(...free);
}

/**
 * What a step of a run takes over all of its training: the first steps, before the first update, are many times faster
 * than the rest.
 */
function secondsPerStep({ state, seconds, secondsLeft, steps }: RunProgress): number | undefined {
  if (seconds === undefined) return undefined;
  if (state === "done") return seconds / steps;
  return state === "running" && secondsLeft !== undefined ? (seconds + secondsLeft) / steps : undefined;
}

/** Whether nothing goes on any more. */
export function isOver({ counts }: ProgressOverview): boolean {
  return counts.running + counts.waiting === 0;
}

/** "12 of 54 runs done, 2 running, 40 waiting; 3 min 20 s left" */
export function overviewLine(overview: ProgressOverview): string {
  const { runs, counts, seconds, secondsLeft } = overview;
  const others = (["running", "waiting", "stopped", "failed"] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${state}`);
  const time = isOver(overview)
    ? `${clock(seconds)} of training`
    : secondsLeft === undefined
      ? ""
      : `${clock(secondsLeft)} left`;
  return `${[`${counts.done} of ${runs} runs done`, ...others].join(", ")}${time === "" ? "" : `; ${time}`}`;
}

/** One run's progress as a line of text. */
export function progressLine(progress: RunProgress): string {
  const { name, step, steps, state, secondsLeft } = progress;
  const reached = reachedText(progress);
  const left = state !== "running" ? state : secondsLeft === undefined ? "running" : `${clock(secondsLeft)} left`;
  return `${name}: ${Math.min(step, steps).toLocaleString("en")} of ${steps.toLocaleString("en")} steps${reached === undefined ? "" : `, ${MEASURES[reached.measure].name} ${reached.text}`}, ${left}`;
}

/** The last win rate in percent, or the last return; undefined before the first. */
export function reachedText({
  winRate,
  episodeReturn,
}: RunProgress): { readonly measure: ScoreMeasure; readonly text: string } | undefined {
  const measure = episodeReturn === undefined ? "win-rate" : "return";
  const value = episodeReturn ?? winRate;
  return value === undefined || Number.isNaN(value) ? undefined : { measure, text: shortScore(measure, value) };
}

/** "93 % won", "return -54.21"; "" before the first evaluation. */
export function reachedWords(run: RunProgress, width = 0): string {
  const { measure, text } = reachedText(run) ?? {};
  if (text === undefined) return "";
  return measure === "return" ? `return ${text.padStart(width)}` : `${text.padStart(width)} won`;
}

/** Whole percents of a win rate; a return as everywhere. */
export function shortScore(measure: ScoreMeasure, value: number): string {
  return measure === "win-rate" ? `${(100 * value).toFixed(0)} %` : MEASURES[measure].text(value);
}

/** What stands above the scores of several configurations: "Win rate", or with `plural` "Win rates". */
export function scoresTitle({ scores }: ProgressOverview, { plural = false } = {}): string {
  const measures = new Set(scores.map(({ measure }) => measure));
  const title = measures.size > 1 ? "Score" : MEASURES[[...measures][0] ?? "win-rate"].title;
  return plural ? `${title}s` : title;
}

/** Why a run failed, in a line that names it once. */
export function failureLine({ name, message = "failed" }: RunProgress): string {
  return message.startsWith(`${name}: `) ? message : `${name}: ${message}`;
}

/** "MAST: 93 % (2 of 5)", the runs of it that are done behind it */
export function meanScoreText({ label, measure, score, done, runs }: MeanScore): string {
  return `${label}: ${shortScore(measure, score)} (${done} of ${runs})`;
}

/** Which share of some work is done, 0..1, and what is being done. */
export interface Share {
  readonly share: number;
  readonly what: string;
}

/** How far some work is as a line of text, after `seconds` of it. */
export function shareLine(title: string, { share, what }: Share, seconds: number): string {
  const left =
    share >= 1
      ? `done in ${clock(seconds)}`
      : share > 0
        ? `${what}, ${clock((seconds * (1 - share)) / share)} left`
        : what;
  return `${title}: ${Math.floor(100 * share)} %, ${left}`;
}
