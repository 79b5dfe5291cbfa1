import { createHash } from "node:crypto";
import { algorithms as registered } from "../parts/algorithm.js";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { updateNetworks } from "../algorithms/update.js";
import { type ConfigInput, resolveConfig } from "../config.js";
import type { NativeKernels } from "../host.js";
import type { Engine } from "../networks/engine.js";
import type { NetworkShape } from "../networks/parameters.js";
import { kernelsName } from "../networks/sparse/kernels.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { randomMasks, maskedParameters } from "../networks/sparse/fixtures.js";
import { createRandom, type Random } from "../random.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { chosenValues } from "../targets/actions.js";
import { collect, combination, recordText, withoutCheckpoints } from "../training/fixtures.js";
import type { TrainState } from "../training/records.js";
import { describeKernels, findNativeKernels, nativeKernels } from "./kernels.js";

const built = new URL("../networks/kernels/built/", import.meta.url);
/** The native kernels that this machine has, by their instructions; the widest ones with several threads, too. */
const natives = [
  { bits: 512 },
  { bits: 256 },
  { bits: 128 },
  { bits: 512, threads: 2 },
  { bits: 512, threads: 4 },
].flatMap((options) => {
  const found = findNativeKernels(built, options);
  return "kernels" in found ? [found.kernels] : [];
});
const widths = [...new Map(natives.map((each) => [kernelsName(each), each] as const))];
if (widths.length === 0) console.log("This machine has no native kernels: nothing is compared with WebAssembly.");

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

const algorithms: readonly ConfigInput[] = [
  { algorithm: "qmix", operator: { kind: "max" } },
  { algorithm: "qmix", operator: { kind: "soft-mellowmax" }, returns: { kind: "td-lambda", lambda: 0.6, burnIn: 0 } },
  { algorithm: "ow-qmix" },
  { algorithm: "cw-qmix" },
  { algorithm: "res" },
  { algorithm: "vdn" },
  { algorithm: "iql" },
];

/** A random number of 1 to `most`, small ones as often as large ones. */
const upTo = (most: number, random: Random) => 1 + random.below(1 + random.below(most));

function randomShape(algorithm: string, random: Random): NetworkShape {
  const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
  return {
    agents: upTo(10, random),
    actions: 1 + upTo(9, random),
    observation: upTo(40, random),
    state: upTo(50, random),
    hidden: upTo(40, random),
    embed: upTo(20, random),
    hypernetEmbed: upTo(30, random),
    ...(weighted && { centralEmbed: upTo(40, random) }),
    networks: registered.get(algorithm).networks,
  };
}

const bitsOf = (values: Float32Array) => new Uint32Array(values.slice().buffer).join();

/** Everything that an engine says of an update, and after it, with bits told apart. */
async function everything(engine: Engine<true>, seed: number, input: ConfigInput): Promise<string> {
  const random = createRandom(seed);
  const config = resolveConfig({ environment: "two-step", method: "rigl", ...input });
  const hash = createHash("sha256");
  const hear = (values: Float32Array | number) =>
    hash.update(
      typeof values === "number" ? `${values}` : new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  const lengths = Array.from({ length: upTo(34, random) }, () => upTo(12, random));
  for (let update = 0; update < 2; update++) {
    const groups = groupEpisodes(randomEpisodes(engine.shape, lengths, random), engine.shape);
    if (update === 1 && random.below(2)) engine.requestDenseGradients();
    const { loss, gradientNorm, qTotal, target } = await updateNetworks(engine, groups, countSteps(groups), config, 10);
    [loss, gradientNorm, qTotal, target].forEach(hear);
    for (const { name } of engine.parameters) hear(engine.gradient(name));
    if (update === 0) engine.copyToTarget();
  }
  for (const values of [engine.read("online"), engine.read("target"), engine.readOptimiser()])
    for (const each of values.values()) hear(each);
  // Values of lanes that are there: the others are unspecified.
  const [group] = groupEpisodes(randomEpisodes(engine.shape, lengths, random), engine.shape);
  engine.load(group);
  for (const side of ["online", "target"] as const) hear(chosenValues(engine.networks.agent.forward(side), group));
  const actor = engine.createActor(upTo(5, random));
  for (let step = 0; step < 2; step++) {
    actor.observations.forEach((_, i) => (actor.observations[i] = 2 * random.float() - 1));
    actor.lastActions.forEach((_, i) => (actor.lastActions[i] = step === 0 ? -1 : random.below(engine.shape.actions)));
    hear(actor.forward());
  }
  engine.dispose();
  return hash.digest("hex");
}

describe.skipIf(widths.length === 0)("kernels in native code and in WebAssembly", () => {
  it.each(algorithms)("give the same bits: $algorithm, $operator.kind", { timeout: 300_000 }, async (input) => {
    for (let seed = 0; seed < 60; seed++) {
      const random = createRandom(seed, 7);
      const shape = randomShape(input.algorithm!, random);
      const masks = randomMasks(shape, [1, 0.7, 0.3, 0.1, 0.02][random.below(5)], random);
      const parameters = maskedParameters(shape, masks, random);
      const open = (native: NativeKernels | null) => createSparseEngine(shape, parameters, masks, { native });
      const expected = await everything(open(null), seed, input);
      for (const [instructions, native] of widths) {
        expect(
          await everything(open(native), seed, input),
          `${instructions}, seed ${seed}: ${JSON.stringify(shape)}`,
        ).toBe(expected);
      }
    }
  });

  it("let one team act as it does among several, through updates and changes of masks", async () => {
    for (let seed = 0; seed < 15; seed++) {
      const random = createRandom(seed, 8);
      const shape = randomShape("qmix", random);
      const own = randomMasks(shape, [0.7, 0.5, 0.3, 0.1, 0.02][random.below(5)], random);
      for (const native of [null, ...widths.map(([, each]) => each)]) {
        const draw = createRandom(seed, 9);
        const engine = createSparseEngine(shape, maskedParameters(shape, own, draw), own, { native });
        const [alone, among] = [engine.createActor(1), engine.createActor(2)];
        const groups = groupEpisodes(randomEpisodes(shape, [upTo(9, draw), upTo(9, draw)], draw), shape);
        for (let step = 0; step < 8; step++) {
          const seen = Float32Array.from(alone.observations, () => (draw.below(3) ? 2 * draw.float() - 1 : 0));
          alone.observations.set(seen);
          among.observations.set(seen);
          alone.lastActions.forEach((_, i) => (alone.lastActions[i] = draw.below(shape.actions + 1) - 1));
          among.lastActions.set(alone.lastActions);
          if (step === 6) for (const actor of [alone, among]) actor.reset(0);
          const values = alone.forward();
          expect(bitsOf(values), `seed ${seed}, step ${step}`).toBe(bitsOf(among.forward().subarray(0, values.length)));
          if (step === 2 || step === 5)
            await updateNetworks(engine, groups, countSteps(groups), resolveConfig({ environment: "two-step" }), 0);
          if (step === 3)
            for (const [name, mask] of randomMasks(shape, [1, 0.3][seed % 2], draw)) engine.setMask(name, mask);
        }
        engine.dispose();
      }
    }
  });

  it.each(["qmix", "ow-qmix", "res"] as const)(
    "are exchanged in the middle of a training without a trace: %s",
    async (algorithm) => {
      const input = combination(algorithm, "mast");
      const opened = (native: NativeKernels | null) => ({
        open: (...[shape, parameters, masks]: Parameters<typeof createSparseEngine>) =>
          createSparseEngine(shape, parameters, masks, { native }),
      });
      const [native, wasm] = [opened(widths[0][1]), opened(null)];
      const shared = natives.filter(({ threads }) => threads > 1).map(opened);
      const whole = await collect(input, { ...wasm, checkpointEvery: 0 });
      const lines = withoutCheckpoints(whole).map(recordText);
      expect(withoutCheckpoints(await collect(input, native)).map(recordText)).toEqual(lines);
      for (const [first, second] of [
        [native, wasm],
        [wasm, native],
        ...shared.flatMap((several) => [
          [several, native],
          [native, several],
        ]),
      ]) {
        const begun = await collect(input, { ...first, checkpointEvery: 0 });
        const middle = begun.filter(({ kind }) => kind === "checkpoint")[20] as { state: TrainState };
        const before = withoutCheckpoints(begun.slice(0, begun.indexOf(middle as never))).map(recordText);
        const after = withoutCheckpoints(await collect(input, { ...second, resume: middle.state })).map(recordText);
        expect([...before, ...after]).toEqual(lines);
      }
    },
  );

  it("work in memory that has grown, and only there", () => {
    const native = widths[0][1];
    const memory = new ArrayBuffer(4096);
    expect(() => native.agentForward(memory, 64, 3, 1, 0, 1)).toThrow("does not fit");
    expect(() => native.agentForward(memory, 4092, 3, 1, 0, 1)).toThrow("does not fit");
    expect(() => native.collect(memory, 0, 4000)).toThrow("do not fit");
    expect(() => (native.agentForward as (...all: unknown[]) => void)({}, 1, 2, 3, 4, 5)).toThrow("ArrayBuffer");
    expect(() => (native.agentForward as (...all: unknown[]) => void)(memory)).toThrow("arguments");
    expect(() => (native.agentForward as (...all: unknown[]) => void)(memory, "a", 2, 3, 4, 5)).toThrow("number");
  });
});

describe("files of native kernels", () => {
  const machine = `${process.platform}-${process.arch}`;
  const manifest = JSON.parse(readFileSync(new URL("manifest.json", built), "utf8")) as {
    sources: string;
    files: Record<string, string>;
  };
  /** A copy of what was built, changed. */
  function changed(change: (folder: string, file: string) => void): URL {
    const folder = mkdtempSync(join(tmpdir(), "mast-kernels-"));
    folders.push(folder);
    cpSync(fileURLToPath(built), folder, { recursive: true });
    change(folder, join(folder, `${machine}.node`));
    return pathToFileURL(`${folder}/`);
  }
  const rename = (folder: string, change: (manifest: { sources: string; files: Record<string, string> }) => object) =>
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(change(structuredClone(manifest))));
  const reason = (folder: URL, bits?: number) => (findNativeKernels(folder, { bits }) as { reason?: string }).reason;

  it("are all of the present sources, small, and each what the list of them says", async () => {
    const { hashOfSources } = (await import(new URL("../networks/kernels/build.mjs", import.meta.url).href)) as {
      hashOfSources(): string;
    };
    expect(manifest.sources).toBe(hashOfSources());
    const files = readdirSync(built).filter((name) => name !== "manifest.json");
    expect(files.sort()).toEqual(Object.keys(manifest.files).sort());
    for (const file of files) {
      const bytes = readFileSync(new URL(file, built));
      expect(createHash("sha256").update(bytes).digest("hex"), file).toBe(manifest.files[file]);
      if (file.endsWith(".node")) expect(bytes.includes(manifest.sources), `${file} is of other sources`).toBe(true);
    }
    expect(files.reduce((sum, file) => sum + statSync(new URL(file, built)).size, 0)).toBeLessThan(1.25 * 2 ** 20);
  });

  it.skipIf(widths.length === 0)("are not loaded where something is wrong with them, in a line that says what", () => {
    expect(reason(changed(() => undefined))).toBeUndefined();
    expect(reason(changed((_, file) => writeFileSync(file, readFileSync(file).subarray(0, 5000))))).toMatch(
      /\.node is not the file that was built$/,
    );
    expect(reason(changed((_, file) => writeFileSync(file, "foreign")))).toMatch(/is not the file that was built$/);
    expect(reason(changed((_, file) => rmSync(file)))).toMatch(/cannot be loaded \(ENOENT/);
    expect(reason(changed((folder) => rmSync(join(folder, "manifest.json"))))).toMatch(/cannot be loaded \(ENOENT/);
    // A list that belongs to another file, to sources of another day, or to a machine that nothing was built for.
    expect(
      reason(
        changed(
          (folder, file) => (
            writeFileSync(file, "foreign"),
            rename(folder, (all) => ({
              ...all,
              files: { ...all.files, [`${machine}.node`]: createHash("sha256").update("foreign").digest("hex") },
            }))
          ),
        ),
      ),
    ).toMatch(/cannot be loaded/);
    expect(reason(changed((folder) => rename(folder, (all) => ({ ...all, sources: "other" }))))).toMatch(
      /built from other sources$/,
    );
    expect((findNativeKernels(built, { machine: "sunos-sparc" }) as { reason: string }).reason).toBe(
      "there are none for sunos-sparc",
    );
  });

  it.skipIf(process.arch !== "x64" || widths.length === 0)(
    "are not used by a processor without their instructions",
    () => {
      expect(reason(built, 128)).toContain("lacks their instructions");
    },
  );
});

describe("MAST_KERNELS", () => {
  const before = process.env.MAST_KERNELS;
  afterEach(() => {
    if (before === undefined) delete process.env.MAST_KERNELS;
    else process.env.MAST_KERNELS = before;
  });

  it("chooses, and says in a line what it does not know", () => {
    process.env.MAST_KERNELS = "wasm";
    expect(nativeKernels()).toBeUndefined();
    expect(describeKernels()).toBe("kernels in WebAssembly, 128-bit: MAST_KERNELS is wasm");
    process.env.MAST_KERNELS = "fast";
    expect(() => nativeKernels()).toThrow('MAST_KERNELS is "fast"; it must be auto, native or wasm.');
    process.env.MAST_KERNELS = "";
    expect(nativeKernels()?.instructions).toBe(widths[0]?.[1].instructions);
  });
});
