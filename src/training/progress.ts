import type { Config } from "../config.js";
import type { Environment } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import type { EpisodeLost } from "../envs/lost.js";
import { LabError } from "../errors.js";
import { createRandom, type Random, restoreRandom } from "../random.js";
import { MOST_LOST } from "./evaluate.js";
import type { TrainProgress, TrainRecord } from "./records.js";
import { scoredEvaluations } from "./score.js";

/** Counters, sums and random streams of a run while it goes on, whatever it learns from. */

/**
 * The step of the evaluation that is due, or undefined: steps 0, interval, 2 interval and so on, and the last step of
 * the run also where it is no multiple of the interval. These are nominal steps, so that evaluations of several seeds
 * line up; an episode may end a little later.
 */
export function evaluationDue(
  { step, nextEvaluation }: Pick<TrainProgress, "step" | "nextEvaluation">,
  { steps, evaluation }: Config,
): number | undefined {
  if (nextEvaluation <= Math.min(step, steps)) return nextEvaluation;
  return step >= steps && nextEvaluation - evaluation.interval < steps ? steps : undefined;
}

/**
 * One independent stream for each use, so that methods with the same seed play the same environment seeds. "targets" is
 * what updates draw themselves, as the cross-entropy method does.
 */
export const STREAMS = {
  parameters: 0,
  masks: 1,
  environment: 2,
  exploration: 3,
  replay: 4,
  topology: 5,
  evaluation: 6,
  targets: 7,
};

const KEPT = ["environment", "exploration", "replay", "topology", "evaluation"] as const;

/** The streams that training draws from, by their uses. */
export type RandomStreams = Readonly<Record<(typeof KEPT)[number], Random>>;

/** The streams of a run, at their beginnings or where a checkpoint left them. */
export function openRandom(
  { seed }: Pick<Config, "seed">,
  resume?: Pick<TrainProgress, "random">,
): RandomStreams & Readonly<Record<string, Random>> {
  return openStreams(seed, KEPT, resume);
}

/** Returns the same streams with the stream of updates that draw themselves. */
export function openTransitionRandom(
  { seed }: Pick<Config, "seed">,
  resume?: Pick<TrainProgress, "random">,
): RandomStreams & { readonly targets: Random } {
  return openStreams(seed, [...KEPT, "targets"] as const, resume);
}

function openStreams<Name extends keyof typeof STREAMS>(
  seed: number,
  names: readonly Name[],
  resume: Pick<TrainProgress, "random"> | undefined,
): Readonly<Record<Name, Random>> {
  return Object.fromEntries(
    names.map((name) => [name, resume ? restoreRandom(resume.random[name]) : createRandom(seed, STREAMS[name])]),
  ) as Readonly<Record<Name, Random>>;
}

/** Where each stream is, for a checkpoint. */
function randomStates(random: Readonly<Record<string, Random>>): TrainProgress["random"] {
  return Object.fromEntries(Object.entries(random).map(([name, stream]) => [name, stream.state()]));
}

/** The counters of a run while it goes on; random streams and sums are kept beside them. */
export type Progress = {
  -readonly [Key in keyof Omit<TrainProgress, "random" | "sums" | "evaluations">]: TrainProgress[Key];
} & { readonly evaluations: number[] };

/** The counters of a run, at their beginnings or where a checkpoint left them. */
export function openProgress(config: Config, resume?: TrainProgress): Progress {
  return resume ? { ...resume, evaluations: [...resume.evaluations] } : startProgress(config);
}

/** The counters, streams and sums of a run as a checkpoint keeps them. */
export function keepProgress(progress: Progress, random: Readonly<Record<string, Random>>, sums: Sums): TrainProgress {
  return {
    ...progress,
    evaluations: [...progress.evaluations],
    random: randomStates(random),
    sums: Object.values(sums),
  };
}

/** Number of parallel environments of an evaluation; each plays the same episodes whatever their number. */
const EVALUATION_COPIES = 16;

/**
 * Opens the environments of evaluations. They are added to `copies` one by one, so that the caller can close those that
 * were opened before one fails.
 */
export function openCopies(config: Config, { copies: most = Infinity }: Environment, copies: Environment[]): void {
  for (let i = Math.min(EVALUATION_COPIES, config.evaluation.episodes, most); i > 0; i--)
    copies.push(environmentOf(config));
}

/** Counts the episodes that an environment lost. */
export function createLossCount(progress: Progress) {
  let inTurn = 0;
  const count = ({ message }: EpisodeLost): void => {
    progress.lost = { episodes: (progress.lost?.episodes ?? 0) + 1, last: message };
  };
  return {
    /** Counts a lost episode of an evaluation. */
    count,
    /** To be called after an episode of training that was not lost. */
    played(): void {
      inTurn = 0;
    },
    /**
     * Counts a lost episode of training.
     * @throws {LabError} if more than `MOST_LOST` were lost one after the other
     */
    lost(error: EpisodeLost): void {
      count(error);
      if (++inTurn > MOST_LOST)
        throw new LabError(
          `Training stopped at step ${progress.step}, because the environment failed in ${inTurn} episodes in a row. Its last failure: ${error.message}.`,
          { cause: error },
        );
    },
  };
}

/** The score of a run, the mean of its last evaluations, and how many these are. */
export function scoreOf({ evaluations }: Progress, { evaluation }: Config): { score: number; evaluations: number } {
  const scored = scoredEvaluations(evaluations, evaluation.window);
  return { score: scored.reduce((sum, rate) => sum + rate, 0) / scored.length, evaluations: scored.length };
}

function startProgress({ log }: Config): Progress {
  const evaluations: number[] = [];
  return {
    step: 0,
    episode: 0,
    update: 0,
    evolution: 0,
    lastTargetUpdate: 0,
    lastEvolution: 0,
    nextEvaluation: 0,
    nextTrainRecord: log.interval,
    evaluations,
  };
}

/** epsilon at an environment step: linear decay from start to end over the first `anneal` steps. */
export function explorationRate({ start, end, anneal }: Config["exploration"], step: number): number {
  return Math.max(end, start - ((start - end) * step) / anneal);
}

/** Sums of the open train record; their order is that of `TrainProgress.sums`. */
export function startSums(saved: readonly number[] = []) {
  const [
    updates = 0,
    loss = 0,
    gradientNorm = 0,
    qTotal = 0,
    target = 0,
    episodes = 0,
    episodeReturn = 0,
    episodeLength = 0,
    won = 0,
  ] = saved;
  return { updates, loss, gradientNorm, qTotal, target, episodes, episodeReturn, episodeLength, won };
}

export type Sums = ReturnType<typeof startSums>;

/**
 * Adds what an update reports to the sums.
 *
 * @param number the update's, for the error
 * @throws {LabError} if the loss or its gradient is not finite
 */
export function addUpdate(
  sums: Sums,
  update: Readonly<Record<"loss" | "gradientNorm" | "qTotal" | "target", number>>,
  step: number,
  number: number,
): void {
  if (!Number.isFinite(update.loss) || !Number.isFinite(update.gradientNorm))
    throw new LabError(
      `The ${Number.isFinite(update.loss) ? "gradient" : "loss"} is not finite at step ${step} (update ${number}): training has diverged. Try a smaller optimiser.learningRate or optimiser.gradientClip.`,
    );
  sums.updates++;
  sums.loss += update.loss;
  sums.gradientNorm += update.gradientNorm;
  sums.qTotal += update.qTotal;
  sums.target += update.target;
}

export function clearSums(sums: Sums): void {
  Object.assign(sums, startSums());
}

export function trainRecord(
  progress: { step: number; episode: number; update: number },
  sums: Sums,
  epsilon: number,
): TrainRecord {
  const { step, episode, update } = progress;
  const { updates, episodes } = sums;
  return {
    kind: "train",
    step,
    episode,
    update,
    epsilon,
    loss: sums.loss / updates,
    gradientNorm: sums.gradientNorm / updates,
    qTotal: sums.qTotal / updates,
    target: sums.target / updates,
    episodeReturn: sums.episodeReturn / episodes,
    episodeLength: sums.episodeLength / episodes,
    winRate: sums.won / episodes,
  };
}
