import type { Config, ScoreMeasure } from "../config.js";
import { LabError } from "../errors.js";
import { scoreMeasure } from "../training/score.js";

/** Names and number format of one kind of scores. */
export interface MeasureText {
  /** Name within a sentence: "win rate". */
  readonly name: string;
  /** Title of a column whose cells have units: "Win rate". */
  readonly title: string;
  /** Title of a column of bare numbers: "Win rate, %". */
  readonly column: string;
  /** Title of an axis: "Test win rate". */
  readonly axis: string;
  /** Whether values are shares, 0..1, which are written in percent. */
  readonly share: boolean;
  /** Writes a value or a spread as a bare number: "93.8". */
  number(value: number): string;
  /** Writes a value with its unit: "93.8 %". */
  text(value: number): string;
}

/** The two kinds of scores: shares of episodes that a team wins, and undiscounted returns of an episode. */
export const MEASURES: Readonly<Record<ScoreMeasure, MeasureText>> = {
  "win-rate": {
    name: "win rate",
    title: "Win rate",
    column: "Win rate, %",
    axis: "Test win rate",
    share: true,
    number: (value) => (100 * value).toFixed(1),
    text: (value) => `${(100 * value).toFixed(1)} %`,
  },
  return: {
    name: "return",
    title: "Return",
    column: "Return",
    axis: "Test return",
    share: false,
    number: returnText,
    text: returnText,
  },
};

/** Writes about four digits of a return: "-54.21", "0.93", "1234". */
function returnText(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : 2);
}

/** Names of scores of both kinds together. */
const MIXED = { title: "Score", axis: "Test win rate (a share) or return", share: false } as const;

/** Returns titles and axis for the scores of these configurations, which may be of both kinds. */
export function measuresText(
  configs: readonly Pick<Config, "evaluation">[],
): Pick<MeasureText, "title" | "axis" | "share"> {
  const measures = new Set(configs.map(scoreMeasure));
  return measures.size > 1 ? MIXED : MEASURES[[...measures][0] ?? "win-rate"];
}

/**
 * Returns the measure that the scores of all these runs average.
 * @throws {Error} when some scores are win rates and others returns, which cannot be compared
 * @example
 * MEASURES[measureOf(runs)].text(statistics.mean); // "93.8 %"
 */
export function measureOf(runs: readonly { readonly name?: string; readonly config: Config }[]): ScoreMeasure {
  const measures = new Set(runs.map(({ config }) => scoreMeasure(config)));
  if (measures.size > 1) {
    const environment = (measure: ScoreMeasure) =>
      runs.find(({ config }) => scoreMeasure(config) === measure)!.config.environment;
    throw new LabError(
      `These runs cannot be put together: the scores in ${environment("win-rate")} are win rates, those in ${environment("return")} are returns (evaluation.score).`,
    );
  }
  return [...measures][0] ?? "win-rate";
}
