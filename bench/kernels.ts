import "../src/node/host.js";
import { currentHost, type NativeKernels } from "../src/host.js";
import { networkParameters, type NetworkShape } from "../src/networks/parameters.js";
import { type Kernels, kernelsName } from "../src/networks/sparse/kernels.js";
import { createMemory } from "../src/networks/sparse/memory.js";
import { createRandom } from "../src/random.js";
import { randomEpisodes } from "../src/replay/random-episodes.js";
import { countNonzeros } from "../src/sparse/mask.js";
import { plainRule, ruleConfig, startEngine, update } from "../src/timing/random-learner.js";
import { type Effort, fastest, type Row, stopwatch, time } from "./measure.js";
import { BATCH, shapes } from "./shapes.js";

const DENSITIES = [1, 0.1, 0.05];

/** Phases of an update: its passes and its other work. */
const PHASES = [
  "layOut and agentForward",
  "agentBackward",
  "nextValues",
  "mixerForward",
  "mixerBackward",
  "collect",
  "step",
  "clear",
  "JavaScript",
] as const;
type Phase = (typeof PHASES)[number];

/** Kernels that share a phase: native code lays out a group's inputs and runs the agents over them in one call. */
const SHARED: Readonly<Record<string, Phase>> = {
  layOut: "layOut and agentForward",
  layOutEpisodes: "layOut and agentForward",
  agentForward: "layOut and agentForward",
  agentLoadAndForward: "layOut and agentForward",
};

/** Number of operations of a logistic function or a tanh. */
const ACTIVATION = 20;

/**
 * Measures how the time of an update of QMIX on 3s5z is spent, with kernels in native code and in WebAssembly:
 * milliseconds of each phase, and the share that it would take if only multiplications and additions took time (at the
 * peak of these vectors) and, where inputs are laid out, copying (at the bandwidth of the memory).
 */
export async function kernelRows(effort: Effort = { quick: false }): Promise<Row[]> {
  const rows: Row[] = [];
  for (const native of new Set([currentHost().nativeKernels?.() ?? null, null])) {
    const name = kernelsName(native);
    const perMillisecond = await speeds(native, effort);
    rows.push(
      {
        name: `${name}: peak of multiplications and additions`,
        value: perMillisecond.operations / 1e6,
        unit: "GFLOP/s",
      },
      { name: `${name}: copying more than the caches hold`, value: perMillisecond.bytes / 1e6, unit: "GB/s" },
    );
    for (const density of DENSITIES) rows.push(...(await phases(native, density, perMillisecond, effort)));
  }
  return rows;
}

interface Speeds {
  readonly operations: number;
  readonly bytes: number;
}

async function speeds(native: NativeKernels | null, effort: Effort): Promise<Speeds> {
  const { kernels } = createMemory(native);
  const iterations = effort.quick ? 10_000 : 4_000_000;
  const from = new Float32Array((effort.quick ? 1 : 64) * 2 ** 18).fill(1);
  const to = from.slice();
  const best = await fastest(
    [
      { name: "peak", sample: () => time(() => kernels.peak(iterations, 1, 1)) },
      { name: "copy", sample: () => time(() => to.set(from)) },
    ],
    1,
    effort,
  );
  return {
    operations: (12 * (native?.lanes ?? 4) * iterations) / best.peak,
    bytes: from.byteLength / Math.max(1e-3, best.copy),
  };
}

async function phases(
  native: NativeKernels | null,
  density: number,
  perMillisecond: Speeds,
  effort: Effort,
): Promise<Row[]> {
  const shape = shapes["3s5z"];
  const [episodes, steps] = effort.quick ? [8, 4] : [BATCH, 60];
  const batch = randomEpisodes(shape, Array<number>(episodes).fill(steps), createRandom(2));
  const config = ruleConfig(plainRule);
  const spent = new Map<string, number>();
  const { engine } = startEngine(shape, density, 1, { native, watch: (kernels) => watched(kernels, spent) });
  const best = new Map<Phase | "whole", number>();
  for (let turn = 0; turn < (effort.quick ? 1 : 80); turn++) {
    spent.clear();
    const whole = await time(() => update(engine, batch, config));
    const kernels = [...spent.values()].reduce((a, b) => a + b, 0);
    for (const phase of PHASES)
      best.set(
        phase,
        Math.min(
          best.get(phase) ?? Infinity,
          phase === "JavaScript" ? Math.max(0, whole - kernels) : (spent.get(phase) ?? 0),
        ),
      );
    best.set("whole", Math.min(best.get("whole") ?? Infinity, whole));
  }
  const name = `${kernelsName(native)}, density ${density}`;
  const bounds = boundsOf(shape, (name) => countNonzeros(engine.mask(name)), episodes, steps, perMillisecond);
  engine.dispose();
  return [
    { name: `${name}: whole update`, value: best.get("whole")!, unit: "ms" },
    ...PHASES.flatMap((phase): Row[] => {
      const value = best.get(phase)!;
      const bound = bounds[phase];
      // The phase is too short for the clock of processor time.
      if (value === 0) return [];
      return [
        { name: `${name}: ${phase}`, value, unit: "ms" },
        ...(bound === undefined
          ? []
          : [{ name: `${name}: ${phase}, share of the bound`, value: bound / value, unit: "x" }]),
      ];
    }),
  ];
}

/** Wraps kernels to add up the time of each. */
function watched(kernels: Kernels, spent: Map<string, number>): Kernels {
  const around = Object.entries(kernels as unknown as Record<string, unknown>).map(([name, kernel]) => {
    if (typeof kernel !== "function") return [name, kernel];
    const phase = SHARED[name] ?? name;
    return [
      name,
      (...numbers: unknown[]) => {
        const elapsed = stopwatch();
        const result: unknown = kernel(...numbers);
        spent.set(phase, (spent.get(phase) ?? 0) + elapsed());
        return result;
      },
    ];
  });
  return Object.fromEntries(around) as Kernels;
}

/** Computes the least milliseconds of each phase. */
function boundsOf(
  shape: NetworkShape,
  nonzeros: (name: string) => number,
  episodes: number,
  steps: number,
  { operations, bytes }: Speeds,
): Partial<Record<Phase, number>> {
  const { agents, hidden, observation, state } = shape;
  const weights = { agent: 0, mixer: 0 };
  // Weights of the networks' own inputs, for which no gradient of inputs is computed.
  const first = { agent: 0, mixer: 0 };
  for (const { name, network, maskable } of networkParameters(shape)) {
    if (!maskable || (network !== "agent" && network !== "mixer")) continue;
    weights[network] += nonzeros(name);
    if (/^agent.fc1|^mixer.(hyper_w_1|hyper_w_final|V).0|^mixer.hyper_b_1/.test(name)) first[network] += nonzeros(name);
  }
  const lanes = episodes * agents;
  const activations = 3 * ACTIVATION * hidden * lanes * (steps + 1) * 2;
  return {
    "layOut and agentForward":
      (4 * episodes * (steps + 1) * (agents * observation + state)) / bytes +
      (2 * 2 * weights.agent * lanes * (steps + 1) + activations) / operations,
    agentBackward: (2 * (2 * weights.agent - first.agent) * lanes * steps) / operations,
    mixerForward: (2 * 2 * weights.mixer * episodes * steps) / operations,
    mixerBackward: (2 * (2 * weights.mixer - first.mixer) * episodes * steps) / operations,
  };
}
