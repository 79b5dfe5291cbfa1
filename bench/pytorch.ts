import "../src/node/host.js";
import { wqmixNetworks } from "../src/algorithms/wqmix.js";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentHost } from "../src/host.js";
import { resolveConfig } from "../src/config.js";
import { ALGORITHM_TITLES, type PaperAlgorithm } from "../src/methods.js";
import { networkParameters, type NetworkShape } from "../src/networks/parameters.js";
import { createMemory } from "../src/networks/sparse/memory.js";
import { createRandom } from "../src/random.js";
import { uniformLengths } from "../src/replay/random-episodes.js";
import { fastest, time, type Benchmark, type Effort, type Row } from "./measure.js";
import { caseUpdate, largestDifference, startCase, sparseAnswer } from "./pytorch/agreement.js";
import { encodeCase, randomCase, ruleOf, type Rule } from "./pytorch/case.js";
import { askPytorch, ensurePytorch } from "./pytorch/oracle.js";
import { startServer, type PytorchServer } from "./pytorch/server.js";
import { BATCH, shapes, type ShapeName } from "./shapes.js";

/** Seconds of interleaved samples for each comparison, of both processes together. */
const SECONDS = 15;

/** Largest relative difference in L2 norm that still counts as the same update. */
const TOLERANCE = 1e-4;

/** Compares updates with PyTorch's, with dense weights in both, and with the same 90 % of them masked. */
export const pytorchBenchmarks: readonly Benchmark[] = [
  against("qmix", "3m", 25),
  against("qmix", "3s5z", 60),
  against("ow-qmix", "3s5z", 60),
  against("res", "3s5z", 60),
];

function against(algorithm: PaperAlgorithm, map: ShapeName, steps: number): Benchmark {
  return {
    name: `pytorch ${ALGORITHM_TITLES[algorithm]} ${map}, T=${steps}`,
    run: (effort) => compare(algorithm, map, steps, effort),
  };
}

async function compare(algorithm: PaperAlgorithm, map: ShapeName, steps: number, effort: Effort): Promise<Row[]> {
  const python = await ensurePytorch();
  const name = `${ALGORITHM_TITLES[algorithm]} update ${map}, T=${steps}`;
  const shape = { ...shapes[map], centralEmbed: 256, networks: wqmixNetworks };
  const rules = [false, true].map((masked) => updateRule(algorithm, masked));

  const checked = randomCase(shape, {
    density: 0.1,
    lengths: uniformLengths(8, 3, 9, createRandom(5)),
    seed: 2,
    rules,
    eventful: true,
  });
  const answers = askPytorch(python, checked);
  const differences: number[] = [];
  for (const rule of rules)
    differences.push(largestDifference(await sparseAnswer(checked, rule), answers.get(rule.name)!).difference);
  const difference = Math.max(...differences);
  if (!(difference <= TOLERANCE)) {
    throw new Error(
      `bench: PyTorch and the sparse engine disagree by ${difference.toExponential(1)} on the same ${name}; the comparison would mean nothing`,
    );
  }

  const lengths = Array<number>(effort.quick ? 8 : BATCH).fill(effort.quick ? 4 : steps);
  const timed = randomCase(shape, { density: 0.1, lengths, seed: 1, rules });
  const sparser = randomCase(shape, { density: 0.05, lengths, seed: 1, rules });
  const folder = mkdtempSync(join(tmpdir(), "mast-bench-"));
  const server = startServer(python);
  // PyTorch takes the same time whatever its masks, so it is timed with 90 % sparsity only.
  const [plain, masked] = rules;
  const runs = [
    { rule: plain, engine: startCase(timed, plain), update: caseUpdate(timed, plain) },
    { rule: masked, engine: startCase(timed, masked), update: caseUpdate(timed, masked) },
    ...(algorithm === "qmix"
      ? [
          { rule: masked, engine: startCase(sparser, masked), update: caseUpdate(sparser, masked) },
          { rule: masked, engine: startCase(timed, masked, { native: null }), update: caseUpdate(timed, masked) },
        ]
      : []),
  ];
  try {
    const path = join(folder, "case.safetensors");
    writeFileSync(path, encodeCase(timed));
    const { torch, blas, instructions, threads } = await server.open(path);
    const ours = runs.map(
      ({ engine, update }) =>
        () =>
          time(() => update(engine)),
    );
    const best = await fastestInTurns(
      runs.map(({ rule }) => rule),
      ours,
      server,
      effort,
    );
    // All of PyTorch's samples with masks do the same work.
    const theirsMasked = Math.min(...best.slice(1).map(({ theirs }) => theirs));
    best.slice(1).forEach((each) => (each.theirs = theirsMasked));
    const [dense, sparse, , wasm] = best;
    return [
      {
        name: `${name}: largest relative difference, PyTorch ${torch} (${blas}, ${instructions}, ${threads} thread) and sparse engine`,
        value: difference,
        unit: "",
      },
      ...best.flatMap(({ ours, theirs }, i) => [
        ...(i < 2 ? [{ name: `${name}, ${LABELS[i].theirs}`, value: theirs, unit: "ms" }] : []),
        { name: `${name}, ${LABELS[i].ours}`, value: ours, unit: "ms" },
      ]),
      ...best.map(({ ours, theirs }, i) => ({
        name: `${name}: ${LABELS[i].theirs} / ${LABELS[i].ours}`,
        value: theirs / ours,
        unit: "x",
      })),
      ...(wasm
        ? [
            {
              name: `${name}: ${LABELS[3].ours} / ${LABELS[1].ours}`,
              value: wasm.ours / sparse.ours,
              unit: "x",
            },
          ]
        : []),
      ...(algorithm === "qmix"
        ? await boundRows(name, productFlops(shapes[map], lengths.length, lengths[0]), dense, effort)
        : []),
    ];
  } finally {
    server.stop();
    runs.forEach(({ engine }) => engine.dispose());
    rmSync(folder, { recursive: true, force: true });
  }
}

const LABELS = [
  { theirs: "PyTorch dense", ours: "ours dense" },
  { theirs: "PyTorch with 90 % masks", ours: "ours at density 0.1" },
  { theirs: "PyTorch with masks", ours: "ours at density 0.05" },
  { theirs: "PyTorch with 90 % masks", ours: "ours in WebAssembly at density 0.1" },
] as const;

/**
 * Computes how long the matrix products of a dense update would take at the peak of the instructions in use, and which
 * share of the measured time that is.
 */
async function boundRows(
  name: string,
  flops: number,
  { ours, theirs }: { readonly ours: number; readonly theirs: number },
  effort: Effort,
): Promise<Row[]> {
  const native = currentHost().nativeKernels?.() ?? null;
  const { kernels } = createMemory(native);
  const lanes = native?.lanes ?? 4;
  const iterations = effort.quick ? 10_000 : 20_000_000;
  const { peak } = await fastest(
    [{ name: "peak", sample: () => time(() => kernels.peak(iterations, 1, 1)) }],
    1,
    effort,
  );
  // An iteration has 6 multiplications and 6 additions in each lane.
  const bound = (flops / (12 * lanes * iterations)) * peak;
  return [
    {
      name: `${name}: dense products alone, at this core's peak of ${32 * lanes}-bit multiplications and additions`,
      value: bound,
      unit: "ms",
    },
    { name: `${name}: that / ours dense`, value: bound / ours, unit: "x" },
    { name: `${name}: that / PyTorch dense`, value: bound / theirs, unit: "x" },
  ];
}

/**
 * Counts the operations of the matrix products in one dense update of QMIX: forward on both sides, the gradient of
 * every weight, and that of every input except the networks' own.
 */
function productFlops(shape: NetworkShape, episodes: number, steps: number): number {
  let multiplyAdds = 0;
  for (const { name, network, shape: size, maskable } of networkParameters(shape)) {
    if (!maskable) continue;
    const first = /^agent.fc1|^mixer.(hyper_w_1|hyper_w_final|V).0|^mixer.hyper_b_1/.test(name);
    const rows = network === "agent" ? episodes * shape.agents : episodes;
    const forward = 2 * (network === "agent" ? steps + 1 : steps);
    multiplyAdds += size[0] * size[1] * rows * (forward + (first ? 1 : 2) * steps);
  }
  return 2 * multiplyAdds;
}

/** Returns the plain rule of src/timing/random-learner.ts: max with double Q, one-step targets. */
function updateRule(algorithm: PaperAlgorithm, masked: boolean): Rule {
  const config = resolveConfig({ algorithm, method: "dense" });
  return ruleOf(config, { name: masked ? "masked" : "dense", masked, step: 0, updates: 1, dtype: "float32" });
}

/**
 * Works like `fastest` of measure.ts, but takes samples from two processes in turns, never two at a time. Returns the
 * milliseconds of processor time of the fastest.
 */
async function fastestInTurns(
  rules: readonly Rule[],
  ours: readonly (() => Promise<number>)[],
  server: PytorchServer,
  effort: Effort,
): Promise<{ ours: number; theirs: number }[]> {
  const best = rules.map(() => ({ ours: Infinity, theirs: Infinity }));
  let spent = 0;
  for (let turn = 0; effort.quick ? turn < 1 : turn < 3 || spent < SECONDS * 1000; turn++) {
    for (const [i, { name }] of rules.entries()) {
      const sample = { theirs: await server.update(name, 1), ours: await ours[i]() };
      spent += sample.theirs + sample.ours;
      best[i] = { theirs: Math.min(best[i].theirs, sample.theirs), ours: Math.min(best[i].ours, sample.ours) };
    }
  }
  return best;
}
