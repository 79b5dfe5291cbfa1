import { evolveNetworks } from "../src/algorithms/evolve.js";
import { algorithmShape } from "../src/sparse/flops.js";
import { ALGORITHM_TITLES } from "../src/methods.js";
import type { NetworkShape } from "../src/networks/parameters.js";
import { createRandom } from "../src/random.js";
import type { Episode } from "../src/replay/episode.js";
import { groupEpisodes } from "../src/replay/group.js";
import { randomEpisodes, uniformLengths } from "../src/replay/random-episodes.js";
import { mastRule, plainRule, ruleConfig, startEngine, update } from "../src/timing/random-learner.js";
import { fastest, time, type Benchmark, type Candidate, type Effort, type Row } from "./measure.js";
import { BATCH, DENSITIES, shapes, type ShapeName } from "./shapes.js";

/** Seconds of interleaved samples for each comparison. */
const SECONDS = 8;

/** Measures the time of updates against density and lengths of episodes, and what topology evolution adds. */
export const updateBenchmarks: readonly Benchmark[] = [
  densities("3m", 25),
  densities("3m", 60),
  densities("2s3z", 60),
  densities("2s3z", 120),
  densities("3s5z", 60),
  algorithms("3m", 25),
  algorithms("3s5z", 60),
  { name: "update 3s5z, MAST's rule", run: rules },
  { name: "update 3s5z, lengths", run: lengths },
  { name: "update 3s5z, evolution", run: evolution },
];

/** Times the same learning rule on networks of several densities. */
function densities(map: ShapeName, steps: number): Benchmark {
  const name = `update ${map}, T=${steps}`;
  return {
    name,
    run: async (effort) => {
      const batch = fullLength(shapes[map], steps, effort);
      const config = ruleConfig(plainRule);
      const engines = DENSITIES.map((density) => startEngine(shapes[map], density).engine);
      const best = await fastest(
        engines.map((engine, i) => ({
          name: `density ${DENSITIES[i]}`,
          sample: () => time(() => update(engine, batch, config)),
        })),
        SECONDS,
        effort,
      );
      engines.forEach((engine) => engine.dispose());
      return [
        ...milliseconds(name, best),
        ...DENSITIES.slice(1).map((density) =>
          ratio(`${name}: density 1 / density ${density}`, best, "density 1", `density ${density}`),
        ),
      ];
    },
  };
}

/** Times OW-QMIX and RES on networks of several densities. */
function algorithms(map: ShapeName, steps: number): Benchmark {
  return {
    name: `update ${map}, T=${steps}, OW-QMIX and RES`,
    run: async (effort) => {
      const batch = fullLength(shapes[map], steps, effort);
      const rows: Row[] = [];
      for (const algorithm of ["ow-qmix", "res"] as const) {
        const name = `update ${map}, T=${steps}, ${ALGORITHM_TITLES[algorithm]}`;
        const config = ruleConfig({ ...plainRule, algorithm });
        const shape = algorithmShape(algorithm, { ...shapes[map], centralEmbed: config.network.centralEmbed });
        const engines = [1, 0.1, 0.05].map((density) => ({
          density: `density ${density}`,
          engine: startEngine(shape, density).engine,
        }));
        const best = await fastest(
          engines.map(({ density, engine }) => ({
            name: density,
            sample: () => time(() => update(engine, batch, config)),
          })),
          SECONDS,
          effort,
        );
        engines.forEach(({ engine }) => engine.dispose());
        rows.push(
          ...milliseconds(name, best),
          ...engines
            .slice(1)
            .map(({ density }) => ratio(`${name}: density 1 / ${density}`, best, "density 1", density)),
        );
      }
      return rows;
    },
  };
}

/** Compares MAST's operator and targets with the plain rule, on the same networks. */
async function rules(effort: Effort): Promise<Row[]> {
  const name = "update 3s5z, T=60, density 0.1";
  const batch = fullLength(shapes["3s5z"], 60, effort);
  const { engine } = startEngine(shapes["3s5z"], 0.1);
  const candidate = (rule: string, config = ruleConfig(rule === "MAST" ? mastRule : plainRule)): Candidate => ({
    name: `${rule} rule`,
    sample: () => time(() => update(engine, batch, config)),
  });
  const best = await fastest([candidate("max, one-step"), candidate("MAST")], SECONDS / 2, effort);
  engine.dispose();
  return [
    ...milliseconds(name, best),
    ratio(`${name}: MAST rule / max, one-step rule`, best, "MAST rule", "max, one-step rule"),
  ];
}

/** Compares batches of episodes with lengths uniform in 20..60 with batches of 60 steps each. */
async function lengths(effort: Effort): Promise<Row[]> {
  const shape = shapes["3s5z"];
  const random = createRandom(3);
  const config = ruleConfig(plainRule);
  const full = fullLength(shape, 60, effort);
  const [shortest, longest] = effort.quick ? [2, 6] : [20, 60];
  // There are several batches, so that the figure does not depend on the luck of one draw. Each has its own fastest
  // time.
  const drawn = Array.from({ length: effort.quick ? 1 : 4 }, () =>
    randomEpisodes(shape, uniformLengths(BATCH, shortest, longest, random), random),
  );
  const rows: Row[] = [];
  for (const density of [1, 0.1]) {
    const name = `update 3s5z, density ${density}`;
    const { engine } = startEngine(shape, density);
    const best = await fastest(
      [full, ...drawn].map((batch, i) => ({
        name: i === 0 ? "full" : `drawn ${i}`,
        sample: () => time(() => update(engine, batch, config)),
      })),
      SECONDS,
      effort,
    );
    engine.dispose();
    const uniform = drawn.reduce((sum, _, i) => sum + best[`drawn ${i + 1}`], 0) / drawn.length;
    rows.push(
      { name: `${name}, all lengths 60`, value: best.full, unit: "ms" },
      { name: `${name}, lengths uniform in 20..60`, value: uniform, unit: "ms" },
      { name: `${name}: lengths uniform in 20..60 / all 60`, value: uniform / best.full, unit: "x" },
    );
  }
  return rows;
}

/** Compares an update that evolves the topology by gradient with an ordinary one and one dense backward pass. */
async function evolution(effort: Effort): Promise<Row[]> {
  const shape = shapes["3s5z"];
  const batch = fullLength(shape, 60, effort);
  const dense = startEngine(shape, 1).engine;
  const config = ruleConfig(plainRule);
  const random = createRandom(4);
  const rows: Row[] = [];
  for (const density of [0.1, 0.05]) {
    const name = `update 3s5z, T=60, density ${density}`;
    const { engine } = startEngine(shape, density);
    const best = await fastest(
      [
        { name: "ordinary", sample: () => time(() => update(engine, batch, config)) },
        {
          name: "dense gradients",
          sample: () =>
            time(() => {
              engine.requestDenseGradients();
              return update(engine, batch, config);
            }),
        },
        {
          name: "evolution step",
          sample: () =>
            time(async () => {
              engine.requestDenseGradients();
              await update(engine, batch, config);
              await evolveNetworks(engine, config, 0, random);
            }),
        },
        { name: "dense backward alone", sample: () => denseBackward(dense, batch) },
      ],
      SECONDS,
      effort,
    );
    engine.dispose();
    rows.push(...milliseconds(name, best), {
      name: `${name}: evolution step / (ordinary + dense backward alone)`,
      value: best["evolution step"] / (best.ordinary + best["dense backward alone"]),
      unit: "x",
    });
  }
  return rows;
}

/** Returns milliseconds of the backward passes of a batch, without the forward passes that they need. */
async function denseBackward(
  engine: ReturnType<typeof startEngine>["engine"],
  batch: readonly Episode[],
): Promise<number> {
  let elapsed = 0;
  for (const group of groupEpisodes(batch, engine.shape)) {
    engine.load(group);
    engine.networks.agent.forward("online", true);
    const values = new Float32Array(group.steps * group.agents * group.lanes).fill(0.5);
    engine.networks.mixer.forward("online", values, 0, true);
    const gradient = new Float32Array(group.steps * group.lanes).fill(1e-3);
    elapsed += await time(() => {
      engine.networks.agent.backward(engine.networks.mixer.backward(gradient));
    });
  }
  // Clears the gradients.
  engine.step({ learningRate: 0, alpha: 0.99, epsilon: 1e-5, gradientClip: 10 });
  return elapsed;
}

function fullLength(shape: NetworkShape, steps: number, effort: Effort): Episode[] {
  return randomEpisodes(shape, Array<number>(effort.quick ? 8 : BATCH).fill(effort.quick ? 6 : steps), createRandom(2));
}

function milliseconds(name: string, best: Readonly<Record<string, number>>): Row[] {
  return Object.entries(best).map(([candidate, value]) => ({ name: `${name}, ${candidate}`, value, unit: "ms" }));
}

function ratio(name: string, best: Readonly<Record<string, number>>, slow: string, fast: string): Row {
  return { name, value: best[slow] / best[fast], unit: "x" };
}
