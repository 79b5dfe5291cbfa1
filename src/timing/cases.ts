import { setImmediate as nextTurn } from "node:timers/promises";
import { resolveConfig } from "../config.js";
import type { NetworkShape } from "../networks/parameters.js";
import { createRandom } from "../random.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { costOf, sparseCost } from "../sparse/flops.js";
import { networkPlan } from "../training/plan.js";
import { mastRule, ruleConfig, startEngine, update } from "./random-learner.js";
import { type Part, PARTS, timeParts } from "./timed-parts.js";
import { type Candidate, type Spread, spread, stopwatch, takeTurns, time } from "./timing.js";

/** Work whose time is measured: a training update of QMIX by MAST's rule, or one joint action of a team. */
export interface TimedCase {
  /** "update" is a training update with its batch, "acting" one joint action of the team. */
  readonly work: "update" | "acting";
  /** Name of the map, which determines the shapes of the networks. */
  readonly map: string;
  /** Units of the agent's first layer and GRU; all other widths are Table 3's. */
  readonly hidden: number;
  /** Share of the weights that are present, in the agent and in the mixer; 1 is dense. */
  readonly density: number;
  /** Episodes of an update; 1 for acting. */
  readonly batch: number;
}

/** The measured times of a case. */
export interface Timing extends TimedCase {
  /** The comparison that the case belongs to; cases of one comparison are timed in turns. */
  readonly series: "hidden" | "batch";
  /** Floating point operations by Table 4. */
  readonly flops: number;
  /** Milliseconds of one update, or of one joint action. */
  readonly whole: Spread;
  /** Milliseconds of each part of an update; absent for acting. */
  readonly parts?: Readonly<Record<Part | "targets and loss", Spread>>;
}

/** The cases to be timed, and for how long. */
export interface TimingPlan {
  /** The maps, which determine the shapes of the networks. */
  readonly maps: readonly {
    /** Name of the map. */
    readonly map: string;
    /** Steps of every episode. */
    readonly steps: number;
  }[];
  /** Densities of the first comparison, with one batch and several hidden sizes; the first density is 1. */
  readonly densities: readonly number[];
  /** Hidden sizes of the first comparison. */
  readonly hidden: readonly number[];
  /** Episodes of an update in the first comparison. */
  readonly batch: number;
  /** Hidden size of the second comparison, with several batch sizes. */
  readonly usualHidden: number;
  /** Batch sizes of the second comparison, in episodes. */
  readonly batches: readonly number[];
  /** Densities of the second comparison. */
  readonly batchDensities: readonly number[];
  /** Seconds of one core for each comparison, whose cases are timed in turns. */
  readonly seconds: number;
  /** Least number of turns of a comparison, however long they last. */
  readonly turns: number;
}

/** Options of `timeCases`. */
export interface TimeCasesOptions {
  /** Stops the timing; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with the share that is done, 0..1, and a description of what is being timed. */
  readonly onProgress?: (share: number, what: string) => void;
}

/**
 * Times every case of a plan in this process, on one core. The cases of a comparison are timed in turns, after one turn
 * that does not count.
 *
 * @throws the signal's reason when it is aborted
 * @example
 * const timings = await timeCases({ maps: [{ map: "3m", steps: 25 }], densities: [1, 0.1], hidden: [64], ... });
 */
export async function timeCases(plan: TimingPlan, { signal, onProgress }: TimeCasesOptions = {}): Promise<Timing[]> {
  const comparisons = comparisonsOf(plan);
  const timings: Timing[] = [];
  let last = -Infinity;
  for (const [done, { series, cases, steps }] of comparisons.entries()) {
    const { work, map, hidden } = cases[0];
    const what = `${work === "update" ? "updates" : "acting"} on ${map}, ${series === "hidden" ? `${hidden} hidden units` : "batches"}`;
    const candidates = cases.map((one) => (one.work === "update" ? updateCandidate(one, steps) : actingCandidate(one)));
    try {
      const elapsed = stopwatch();
      let [turn, enough] = [0, Infinity];
      const another = (next: number): boolean => {
        turn = next;
        // Turn 0 is for warming up.
        if (next === 1) enough = elapsed() + 1000 * plan.seconds;
        return next <= plan.turns || elapsed() < enough;
      };
      for await (const [{ samples, takeParts }, milliseconds] of takeTurns(candidates, another)) {
        const parts = takeParts?.();
        if (turn > 0) samples.push({ milliseconds, parts });
        if (performance.now() - last < 100) continue;
        // Lets timers, messages and interrupts run.
        await nextTurn();
        signal?.throwIfAborted();
        const share = Math.min(1, turn / plan.turns, elapsed() / enough);
        onProgress?.((done + share) / comparisons.length, what);
        last = performance.now();
      }
      cases.forEach((one, i) => timings.push(timingOf(one, series, steps, candidates[i].samples)));
    } finally {
      for (const { dispose } of candidates) dispose();
    }
  }
  onProgress?.(1, "done");
  return timings;
}

/**
 * Computes the floating point operations of a case by the equations of the paper's appendix B.4, for one update of
 * full-length episodes or one joint action.
 */
export function predictedFlops(one: TimedCase, steps: number): number {
  const shape = shapeOf(one);
  const { trainFlops, inferenceFlops } =
    one.density === 1
      ? costOf("qmix", shape, { batch: one.batch })
      : sparseCost("qmix", shape, { sparsity: 1 - one.density, batch: one.batch });
  // The equations count one step of each episode.
  return one.work === "update" ? trainFlops * steps : inferenceFlops;
}

interface Comparison {
  readonly series: Timing["series"];
  readonly steps: number;
  readonly cases: readonly TimedCase[];
}

function comparisonsOf({
  maps,
  densities,
  hidden,
  batch,
  usualHidden,
  batches,
  batchDensities,
}: TimingPlan): Comparison[] {
  return maps.flatMap(({ map, steps }): Comparison[] => [
    ...hidden.map((h): Comparison => ({
      series: "hidden",
      steps,
      cases: densities.map((density) => ({ work: "update", map, hidden: h, density, batch })),
    })),
    ...hidden.map((h): Comparison => ({
      series: "hidden",
      steps,
      cases: densities.map((density) => ({ work: "acting", map, hidden: h, density, batch: 1 })),
    })),
    {
      series: "batch",
      steps,
      cases: batches.flatMap((b) =>
        batchDensities.map((density): TimedCase => ({ work: "update", map, hidden: usualHidden, density, batch: b })),
      ),
    },
  ]);
}

interface Sample {
  readonly milliseconds: number;
  readonly parts?: Readonly<Record<Part, number>>;
}

interface TimedCandidate extends Candidate {
  readonly samples: Sample[];
  takeParts?(): Readonly<Record<Part, number>>;
  dispose(): void;
}

function shapeOf({ map, hidden }: TimedCase): NetworkShape {
  return networkPlan(resolveConfig({ environment: map, network: { hidden } })).shape;
}

/** Makes a candidate for an update; every density gets the same episodes. */
function updateCandidate(one: TimedCase, steps: number): TimedCandidate {
  const shape = shapeOf(one);
  const batch = randomEpisodes(shape, Array<number>(one.batch).fill(steps), createRandom(2));
  const config = ruleConfig(mastRule);
  const { engine } = startEngine(shape, one.density);
  const timed = timeParts(engine);
  return {
    name: `${one.density}`,
    sample: () => time(() => update(timed.engine, batch, config)),
    samples: [],
    takeParts: timed.take,
    dispose: engine.dispose,
  };
}

/** Number of joint actions in one sample: milliseconds of work, which every clock resolves. */
const CALLS = 400;

function actingCandidate(one: TimedCase): TimedCandidate {
  const shape = shapeOf(one);
  const random = createRandom(6);
  const seen = Float32Array.from({ length: shape.agents * shape.observation }, () => 2 * random.float() - 1);
  const { engine } = startEngine(shape, one.density);
  const actor = engine.createActor(1);
  actor.reset(0);
  actor.lastActions.forEach((_, agent) => (actor.lastActions[agent] = random.below(shape.actions)));
  const act = (): void => {
    for (let call = 0; call < CALLS; call++) {
      actor.observations.set(seen);
      actor.forward();
    }
  };
  return {
    name: `${one.density}`,
    sample: async () => (await time(act)) / CALLS,
    samples: [],
    dispose: engine.dispose,
  };
}

function timingOf(one: TimedCase, series: Timing["series"], steps: number, samples: readonly Sample[]): Timing {
  const timing = {
    ...one,
    series,
    flops: predictedFlops(one, steps),
    whole: spread(samples.map(({ milliseconds }) => milliseconds)),
  };
  if (one.work === "acting") return timing;
  const rest = ({ milliseconds, parts }: Sample): number =>
    milliseconds - PARTS.reduce((sum, part) => sum + parts![part], 0);
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, spread(samples.map((sample) => sample.parts![part]))]),
  ) as Record<Part, Spread>;
  return { ...timing, parts: { ...parts, "targets and loss": spread(samples.map(rest)) } };
}
