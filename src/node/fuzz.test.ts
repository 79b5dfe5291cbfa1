import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { updateNetworks } from "../algorithms/update.js";
import { resolveConfig } from "../config.js";
import type { NativeKernels } from "../host.js";
import { maskedParameters, randomMasks, SHAPES } from "../networks/sparse/fixtures.js";
import { initialParameters, networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { facmacNetworks } from "../algorithms/continuous/update.js";
import { createTransitionEngine } from "../networks/sparse/transition-engine.js";
import { createRandom } from "../random.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { findNativeKernels } from "./kernels.js";

const sources = fileURLToPath(new URL("../networks/kernels/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mast-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The order of addon.c. */
const FUNCTIONS = [
  "agentForward",
  "agentBackward",
  "mixerForward",
  "mixerBackward",
  "mixerCounterfactuals",
  "centralForward",
  "centralBackward",
  "actorForward",
  "feedForward",
  "feedBackward",
  "layOut",
  "agentLoadAndForward",
  "collect",
  "step",
  "follow",
  "clear",
  "refresh",
  "peak",
  "nextValues",
  "crossEntropy",
  "normals",
] as const;
/** How many numbers each takes. */
const NUMBERS = [5, 1, 4, 1, 3, 4, 1, 2, 3, 3, 4, 4, 2, 3, 3, 2, 2, 3, 4, 2, 4];

const canFuzz =
  process.arch === "x64" &&
  spawnSync("gcc", ["--version"]).status === 0 &&
  "kernels" in findNativeKernels(new URL("../networks/kernels/built/", import.meta.url), { bits: 256 });
if (!canFuzz) console.log("The addon is not fuzzed: that takes gcc and a processor with AVX2.");

/** Native kernels that write down some of their calls. */
function recorder(native: NativeKernels, file: string): NativeKernels {
  const times = new Map<string, number>();
  const recorded = FUNCTIONS.map((name, f) => [
    name,
    (memory: ArrayBuffer, ...numbers: unknown[]) => {
      const time = (times.get(name) ?? 0) + 1;
      times.set(name, time);
      // The first call, and some later ones: other sides, steps and layers.
      if (name !== "peak" && (time <= (name === "actorForward" ? 4 : 2) || time % 17 === 0) && time < 90)
        write(file, f, memory, numbers);
      return (native[name] as (memory: ArrayBuffer, ...numbers: unknown[]) => unknown)(memory, ...numbers);
    },
  ]);
  return { ...native, ...(Object.fromEntries(recorded) as Partial<NativeKernels>) };
}

function write(file: string, f: number, memory: ArrayBuffer, given: unknown[]): void {
  const numbers = given.slice(0, NUMBERS[f]) as number[];
  const words = new Uint32Array(memory);
  // The record, or the list of layers, and everything that its numbers point at: first the words that are addresses
  // themselves.
  const interesting: number[] = [];
  const seen = new Set<number>();
  const look = (at: number, count: number, depth: number) => {
    if (at % 4 || at + 4 * count > memory.byteLength || seen.has(at)) return;
    seen.add(at);
    for (let i = 0; i < count; i++) {
      interesting.push(at + 4 * i);
      if (depth > 0 && words[at / 4 + i] >= 2 ** 17) look(words[at / 4 + i], 24, depth - 1);
    }
  };
  look(numbers[0], 64, 2);
  const [layOut, load] = [FUNCTIONS.indexOf("layOut"), FUNCTIONS.indexOf("agentLoadAndForward")];
  if (f === load) look(numbers[1], 64, 2);
  const arrays = f === layOut || f === load ? 400 : 0;
  appendFileSync(
    file,
    new Uint8Array(Uint32Array.of(f, numbers.length, memory.byteLength, interesting.length, arrays).buffer),
  );
  for (const part of [Float64Array.from(numbers), Uint32Array.from(interesting), new Uint8Array(memory)])
    appendFileSync(file, new Uint8Array(part.buffer));
}

/** Calls of the kernels for transitions. */
function learnTransitions(native: NativeKernels, density: number): void {
  const random = createRandom(4);
  const networks = { agent: "action-value", ...facmacNetworks } as const;
  const shape = { ...SHAPES.central, networks };
  const specs = networkParameters(shape);
  const masks = new Map(
    specs
      .filter(({ maskable }) => maskable)
      .map(({ name, shape: [out, columns] }) => [
        name,
        new Uint8Array(out * columns).map(() => (random.float() < density ? 1 : 0)),
      ]),
  );
  const engine = createTransitionEngine<typeof networks>(shape, initialParameters(specs, random), masks, { native });
  const rows = 5 * shape.agents;
  for (let step = 1; step <= 3; step++) {
    engine.begin();
    if (step === 2) engine.requestDenseGradients();
    const q = engine.networks.critic.forward(
      "online",
      new Float32Array(rows * (shape.observation + shape.actions)).fill(0.5),
      true,
    );
    const totals = engine.networks.mixer.forward("online", new Float32Array(5 * shape.state).fill(0.1), q, true);
    engine.networks.critic.backward(engine.networks.mixer.backward(totals), { through: true });
    engine.networks.actor.forward("target", new Float32Array(rows * shape.observation));
    const adam = { kind: "adam", learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 0.01, step } as const;
    engine.step({ ...adam, gradientClip: 1 }, ["critic", "mixer"]);
    engine.search!(
      step === 2 ? "target" : "online",
      new Float32Array(17 * shape.observation),
      { samples: 20, elites: 3, iterations: 2 },
      random,
    );
    engine.follow(0.01);
  }
}

it.skipIf(!canFuzz)(
  "the addon stays within its memory, whatever numbers it is given",
  { timeout: 600_000 },
  async () => {
    // Those that the compiled addon will choose as well.
    const native = (
      findNativeKernels(new URL("../networks/kernels/built/", import.meta.url)) as { kernels: NativeKernels }
    ).kernels;
    const file = join(folder, "calls");
    for (const density of [0.3, 0.8]) {
      const random = createRandom(3);
      const shape = SHAPES.central;
      const masks = randomMasks(shape, density, random);
      const engine = createSparseEngine(shape, maskedParameters(shape, masks, random), masks, {
        native: recorder(native, file),
      });
      const groups = groupEpisodes(randomEpisodes(shape, [3, 5, 2], random), shape);
      for (const algorithm of ["qmix", "ow-qmix", "res"] as const) {
        await updateNetworks(
          engine,
          groups,
          countSteps(groups),
          resolveConfig({ environment: "two-step", algorithm, method: "rigl" }),
          0,
        );
      }
      engine.requestDenseGradients();
      await updateNetworks(
        engine,
        groups,
        countSteps(groups),
        resolveConfig({ environment: "two-step", method: "rigl" }),
        0,
      );
      for (const actor of [engine.createActor(1), engine.createActor(2)])
        for (let step = 0; step < 2; step++) actor.forward();
      engine.dispose();
      learnTransitions(recorder(native, file), density);
    }
    const common = ["-O1", "-g", "-std=gnu11", "-fsanitize=address", "-ffp-contract=off", "-fno-strict-aliasing", "-w"];
    const tables = [
      { table: "avx2", flags: ["-march=x86-64-v3", "-DWIDTH=32"] },
      { table: "avx512", flags: ["-march=x86-64-v4", "-DWIDTH=64"] },
    ].map(({ table, flags }) => {
      const object = join(folder, `${table}.o`);
      const names = [`-DTABLE=${table}`, `-DNAME="${table}"`];
      execFileSync("gcc", [...common, ...names, ...flags, "-c", join(sources, "native.c"), "-o", object]);
      return object;
    });
    execFileSync("gcc", [...common, "-c", join(sources, "fuzz.c"), "-o", join(folder, "fuzz.o")]);
    execFileSync("gcc", [
      "-fsanitize=address",
      join(folder, "fuzz.o"),
      ...tables,
      "-lm",
      "-lpthread",
      "-o",
      join(folder, "fuzz"),
    ]);
    const { status, stdout, stderr } = spawnSync(join(folder, "fuzz"), [file, "40"], {
      encoding: "utf8",
      env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" },
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const [calls, refused] = /(\d+) calls, (\d+) refused/.exec(stdout)!.slice(1).map(Number);
    // Both happen: numbers that fit, and numbers that do not.
    expect(refused).toBeGreaterThan(calls / 20);
    expect(calls - refused).toBeGreaterThan(calls / 20);
    console.log(stdout.trim());
  },
);
