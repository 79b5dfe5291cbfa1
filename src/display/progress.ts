import type { ScoreMeasure } from "../config.js";
import { MEASURES } from "../results/measure.js";
import { mean } from "../results/statistics.js";
import { clock } from "../figures/table.js";
import type { RunProgress } from "../runs/progress.js";

/** Up to this many runs are all shown one by one; of more, only those that are running. */
export const FEW_RUNS = 4;

/** Progress of all runs of an experiment together. */
export interface ProgressOverview {
  readonly runs: number;
  readonly counts: Readonly<Record<RunProgress["state"], number>>;
  /** Share of all steps that is done, 0..1. */
  readonly share: number;
  /** Seconds of training of all runs together so far. */
  readonly seconds: number;
  /** Seconds until the last run is done; undefined while unknown. */
  readonly secondsLeft?: number;
  readonly scores: readonly MeanScore[];
}

/** The scores that all seeds of one configuration have reached so far. */
export interface MeanScore {
  /** Name of the configuration. */
  readonly label: string;
  /** What scores are means of. */
  readonly measure: ScoreMeasure;
  /** Mean over the seeds: the score of one that is done, the last evaluation of any other. */
  readonly score: number;
  /** How many of the seeds are done; `runs` is how many there are. */
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

/** Returns mean scores in the order of the first seeds. Configurations of which nothing is known yet are left out. */
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
 * Estimates when the last of the runs will be done, as if each thread, whenever it is free, took the next run that
 * waits. A step of a waiting run is expected to take as long as one of other seeds of its configuration, or, if none of
 * them has begun, as one of those that have.
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
 * Returns the seconds of one step, averaged over all of a run's training, because the first steps, before the first
 * update, are many times faster than the rest.
 */
function secondsPerStep({ state, seconds, secondsLeft, steps }: RunProgress): number | undefined {
  if (seconds === undefined) return undefined;
  if (state === "done") return seconds / steps;
  return state === "running" && secondsLeft !== undefined ? (seconds + secondsLeft) / steps : undefined;
}

/** Tells whether all runs are over. */
export function isOver({ counts }: ProgressOverview): boolean {
  return counts.running + counts.waiting === 0;
}

/** Returns a line such as "12 of 54 runs done, 2 running, 40 waiting; 3 min 20 s left". */
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

/** Returns one run's progress as a line of text. */
export function progressLine(progress: RunProgress): string {
  const { name, step, steps, state, secondsLeft } = progress;
  const reached = reachedText(progress);
  const left = state !== "running" ? state : secondsLeft === undefined ? "running" : `${clock(secondsLeft)} left`;
  return `${name}: ${Math.min(step, steps).toLocaleString("en")} of ${steps.toLocaleString("en")} steps${reached === undefined ? "" : `, ${MEASURES[reached.measure].name} ${reached.text}`}, ${left}`;
}

/** Returns the last win rate in percent, or the last return; undefined before the first evaluation. */
export function reachedText({
  winRate,
  episodeReturn,
}: RunProgress): { readonly measure: ScoreMeasure; readonly text: string } | undefined {
  const measure = episodeReturn === undefined ? "win-rate" : "return";
  const value = episodeReturn ?? winRate;
  return value === undefined || Number.isNaN(value) ? undefined : { measure, text: shortScore(measure, value) };
}

/** Returns "93 % won" or "return -54.21", or "" before the first evaluation. */
export function reachedWords(run: RunProgress, width = 0): string {
  const { measure, text } = reachedText(run) ?? {};
  if (text === undefined) return "";
  return measure === "return" ? `return ${text.padStart(width)}` : `${text.padStart(width)} won`;
}

/** Returns a win rate in whole percents, or a return as it is written everywhere. */
export function shortScore(measure: ScoreMeasure, value: number): string {
  return measure === "win-rate" ? `${(100 * value).toFixed(0)} %` : MEASURES[measure].text(value);
}

/** Returns the heading of several configurations' scores: "Win rate", or with `plural` "Win rates". */
export function scoresTitle({ scores }: ProgressOverview, { plural = false } = {}): string {
  const measures = new Set(scores.map(({ measure }) => measure));
  const title = measures.size > 1 ? "Score" : MEASURES[[...measures][0] ?? "win-rate"].title;
  return plural ? `${title}s` : title;
}

/** Returns why a run failed, in a line that names it once. */
export function failureLine({ name, message = "failed" }: RunProgress): string {
  return message.startsWith(`${name}: `) ? message : `${name}: ${message}`;
}

/** Returns "MAST: 93 % (2 of 5)"; the brackets say how many of its runs are done. */
export function meanScoreText({ label, measure, score, done, runs }: MeanScore): string {
  return `${label}: ${shortScore(measure, score)} (${done} of ${runs})`;
}

/** The share of some work that is done, 0..1, and what is being done. */
export interface Share {
  readonly share: number;
  readonly what: string;
}

/** Returns a line of text that says how far some work is after `seconds` of it. */
export function shareLine(title: string, { share, what }: Share, seconds: number): string {
  const left =
    share >= 1
      ? `done in ${clock(seconds)}`
      : share > 0
        ? `${what}, ${clock((seconds * (1 - share)) / share)} left`
        : what;
  return `${title}: ${Math.floor(100 * share)} %, ${left}`;
}
