import { LabError } from "../errors.js";
import { type PlayedEpisode, playTeam, type TeamPlay } from "../analysis/team-play.js";
import { writeNamed } from "../node/files.js";
import { createRandom } from "../random.js";
import { MEASURES } from "../results/measure.js";
import { bootstrapInterval, mean as meanOf } from "../results/statistics.js";
import { replaceFile } from "../runs/disk.js";

/** Options of `mast evaluate`. */
export interface EvaluateFlags extends TeamPlay {
  readonly csv?: string;
}

/**
 * Runs `mast evaluate`: prints win rate with its interval, return and length of a trained team's episodes, or where no
 * team can win the return with its interval.
 */
export function evaluateCommand(team: string, flags: EvaluateFlags): void {
  const { episodes, wins, lost } = playTeam(team, flags);
  console.log(evaluationText(episodes, wins));
  if (lost > 0)
    console.log(
      `The environment failed in ${lost === 1 ? "1 episode, which was" : `${lost} episodes, which were`} played again.`,
    );
  if (flags.csv === undefined) return;
  const { csv } = flags;
  const rows = episodes.map(({ seed, won, return: total, steps }) =>
    [seed, ...(wins ? [Number(won)] : []), total, steps].join(","),
  );
  writeNamed(csv, "choose another file with --csv", () =>
    replaceFile(csv, `seed,${wins ? "won," : ""}return,steps\n${rows.join("\n")}\n`),
  );
}

/** Summarises a team's episodes in one line. */
export function evaluationText(episodes: readonly PlayedEpisode[], wins = true): string {
  if (episodes.length === 0) throw new LabError("An evaluation needs at least one episode.");
  const n = episodes.length;
  const rate = episodes.filter(({ won }) => won).length / n;
  const [low, high] = wilsonInterval(rate, n);
  const mean = (value: (episode: PlayedEpisode) => number): number =>
    episodes.reduce((sum, episode) => sum + value(episode), 0) / n;
  const percent = (share: number): string => (100 * share).toFixed(1);
  const length = `${mean(({ steps }) => steps).toFixed(1)} steps`;
  if (!wins) {
    const returns = episodes.map((episode) => episode.return);
    const [least, most] = bootstrapInterval([returns], ([values]) => meanOf(values), { random: createRandom(0, 0) });
    const { text } = MEASURES.return;
    return `return ${text(meanOf(returns))} over ${n} episodes (95 % interval ${text(least)} to ${text(most)}), ${length}`;
  }
  return `won ${percent(rate)} % of ${n} episodes (95 % interval ${percent(low)} to ${percent(high)}), return ${mean((episode) => episode.return).toFixed(2)}, ${length}`;
}

/** Computes Wilson's 95 % interval of a share that was observed in `n` independent trials. */
export function wilsonInterval(share: number, n: number): [low: number, high: number] {
  const z = 1.959964;
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
