import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import { countNonzeros } from "../sparse/mask.js";
import type { TrainState } from "../training/records.js";
import { networkPlan } from "../training/plan.js";
import { tensorsOf } from "../training/state.js";
import { train } from "../training/train.js";
import { exportParameters } from "./checkpoint.js";
import { runOne } from "./run.js";
import { runAll } from "./run-all.js";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "./safetensors.js";
import { readMasks, readRun, readRunCheckpoint, runName, type StoredRun } from "./store.js";
import { readStart, weightsFrom } from "./weights.js";

const small: ConfigInput = {
  environment: "two-step",
  steps: 300,
  seed: 1,
  warmup: 20,
  targetInterval: 10,
  sparsity: { level: 0.6 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 10 },
  evaluation: { interval: 150, episodes: 2, window: 1 },
  log: { interval: 50 },
};
const { sparsity: _, topology: __, ...rest } = small;
const dense: ConfigInput = { ...rest, method: "dense", seed: 2 };

let runs: string;
let files: string;
let sparseSource: StoredRun;
let denseSource: StoredRun;
beforeAll(async () => {
  runs = mkdtempSync(join(tmpdir(), "mast-weights-"));
  files = mkdtempSync(join(tmpdir(), "mast-weights-files-"));
  sparseSource = await runOne(resolveConfig(small), { runs });
  denseSource = await runOne(resolveConfig(dense), { runs });
});
afterAll(() => [runs, files].forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const from = (source: string) => ({ from: weightsFrom(source, { runs, folder: files }) });
/** The state with which training begins. */
async function firstState(config: Config): Promise<TrainState> {
  const start = readStart(config, { runs })!;
  for await (const record of train(config, { start, checkpointEvery: -1 }))
    if (record.kind === "checkpoint") return record.state;
  throw new Error("no checkpoint");
}
const online = ({ tensors }: Pick<TrainState, "tensors">) => tensorsOf(tensors, "online");
const ended = ({ directory }: StoredRun) => readRunCheckpoint(directory).state;
/** A file as `mast export` writes it, with a change. */
function exported(
  name: string,
  run: StoredRun,
  change: (tensors: Map<string, Tensor>) => void = () => undefined,
): string {
  const { tensors } = decodeSafetensors(exportParameters(join(run.directory, "checkpoint.safetensors")));
  const changed = new Map(tensors);
  change(changed);
  const path = join(files, name);
  writeFileSync(path, encodeSafetensors(changed));
  return path;
}

describe("a run that begins with weights", () => {
  it("has those of a sparse run under its own masks, where it is as sparse", async () => {
    const config = resolveConfig({ ...small, seed: 5, ...from(sparseSource.name) });
    const [first, source] = [await firstState(config), ended(sparseSource)];
    expect(first.masks).toEqual(source.masks);
    expect(online(first)).toEqual(online(source));
    // Everything else is new: target networks equal the online ones, and the optimiser and exploration begin.
    expect(tensorsOf(first.tensors, "target")).toEqual(online(source));
    for (const values of tensorsOf(first.tensors, "optimiser").values())
      expect(values.every((x) => x === 0)).toBe(true);
    expect(first.progress.step).toBe(0);
    const run = await runOne(config, { runs });
    expect(run.name).toMatch(/^two-step-qmix-mast-60-300-warm-start-seed5-[0-9a-f]{8}$/);
    expect(readMasks(run.directory)[0].masks).toEqual(source.masks);
    expect(run.config.from).toEqual({
      source: sparseSource.name,
      sha256: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
  });

  it("keeps the largest magnitudes of each layer of a dense run, and others where a sparser run has too few", async () => {
    const largest = async (source: StoredRun, input: ConfigInput) => {
      const config = resolveConfig({ ...input, seed: 5, ...from(source.name) });
      const first = await firstState(config);
      const before = online(ended(source));
      const { nonzeros } = networkPlan(config);
      for (const [name, mask] of first.masks) {
        const values = before.get(name)!;
        expect(countNonzeros(mask)).toBe(nonzeros.get(name));
        const kept = [...values].filter((_, i) => mask[i] === 1).map(Math.abs);
        const left = [...values].filter((_, i) => mask[i] === 0).map(Math.abs);
        // This holds however the choice is made: nothing that is left out is larger than what is kept.
        if (left.length > 0) expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...left));
        expect(online(first).get(name)).toEqual(values.map((value, i) => (mask[i] === 1 ? value : 0)));
      }
      return first;
    };
    await largest(denseSource, small);
    await largest(sparseSource, { ...small, sparsity: { level: 0.8 } });
    // The new run is less sparse: old connections stay, and random ones of weight 0 are added.
    const wider = await firstState(resolveConfig({ ...small, sparsity: { level: 0.3 }, ...from(sparseSource.name) }));
    for (const [name, mask] of ended(sparseSource).masks) {
      const now = wider.masks.get(name)!;
      expect(countNonzeros(now)).toBeGreaterThanOrEqual(countNonzeros(mask));
      mask.forEach((is, i) => is === 1 && expect(now[i]).toBe(1));
    }
    expect(online(wider)).toEqual(online(ended(sparseSource)));
  });

  it("is dense with a dense method, whatever its weights were", async () => {
    const first = await firstState(resolveConfig({ ...dense, seed: 5, ...from(sparseSource.name) }));
    expect(online(first)).toEqual(online(ended(sparseSource)));
    for (const mask of first.masks.values()) expect(mask.includes(0)).toBe(false);
  });

  it("takes a file of mast export, an agent's alone in PyMARL's names, and a checkpoint", async () => {
    const whole = exported("whole.safetensors", sparseSource);
    const state = await firstState(resolveConfig({ ...small, ...from("whole.safetensors") }));
    expect(online(state)).toEqual(online(ended(sparseSource)));

    const agent = exported("agent.safetensors", denseSource, (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        if (name.startsWith("agent.")) tensors.set(name.slice("agent.".length), tensor);
      }
    });
    const config = resolveConfig({ ...dense, seed: 6, from: weightsFrom(agent) });
    const notes: string[] = [];
    const mixed = await firstState(config);
    const drawn = resolveConfig({ ...dense, seed: 6 });
    for (const [name, values] of online(mixed))
      if (name.startsWith("agent.")) expect(values).toEqual(online(ended(denseSource)).get(name));
    // The mixer is what the seed draws without any weights.
    for await (const record of train(drawn, { checkpointEvery: -1 })) {
      if (record.kind !== "checkpoint") continue;
      for (const [name, values] of online(record.state))
        if (name.startsWith("mixer.")) expect(online(mixed).get(name)).toEqual(values);
      break;
    }
    await runOne(config, { runs, onNote: (line) => notes.push(line) });
    expect(notes).toEqual([`${agent} has no weights of the mixer: drawn at random.`]);

    const copy = join(files, "copy.safetensors");
    copyFileSync(join(sparseSource.directory, "checkpoint.safetensors"), copy);
    expect(weightsFrom(copy).sha256).toBe(weightsFrom(sparseSource.name, { runs }).sha256);
    expect(weightsFrom(whole).sha256).not.toBe(weightsFrom(copy).sha256);
  });

  it("is the run of its weights, wherever they lie", async () => {
    const [here, there] = [exported("here.safetensors", denseSource), join(files, "there.safetensors")];
    copyFileSync(here, there);
    const [one, other] = [here, there].map((path) => resolveConfig({ ...small, from: weightsFrom(path) }));
    expect(runName(one)).toBe(runName(other));
    const changed = exported("here.safetensors", denseSource, (tensors) => {
      const { shape, data } = tensors.get("agent.fc1.bias")!;
      tensors.set("agent.fc1.bias", { shape, data: (data as Float32Array).map((x, i) => (i === 3 ? x + 1e-3 : x)) });
    });
    expect(runName(resolveConfig({ ...small, from: weightsFrom(changed) }))).not.toBe(runName(one));
    // The same run begins with one file and is continued with the other.
    const controller = new AbortController();
    const stopped = await runOne(other, {
      runs,
      signal: controller.signal,
      checkpointEvery: -1,
      onProgress: ({ step }) => step > 100 && controller.abort(),
    });
    expect(stopped.state).toBe("interrupted");
    copyFileSync(there, here);
    expect((await runOne(one, { runs })).state).toBe("complete");
    expect(readRun(runName(one), { runs }).state).toBe("complete");
  });

  it("gives the same bits when it is stopped and its file is gone after the first checkpoint", async () => {
    const path = exported("gone.safetensors", denseSource);
    const config = resolveConfig({ ...small, seed: 9, from: weightsFrom(path) });
    const expected = ended(await runOne(config, { runs }));
    const again = mkdtempSync(join(tmpdir(), "mast-weights-again-"));
    try {
      const controller = new AbortController();
      await runOne(config, {
        runs: again,
        signal: controller.signal,
        checkpointEvery: -1,
        onProgress: ({ step }) => step > 120 && controller.abort(),
      });
      rmSync(path);
      // The same command finds the hash among the runs.
      const remembered = resolveConfig({ ...small, seed: 9, from: weightsFrom(path, { runs: again }) });
      const [outcome] = await runAll([remembered], { runs: again });
      expect(outcome.state).toBe("complete");
      expect(ended(outcome.run!)).toEqual(expected);
    } finally {
      rmSync(again, { recursive: true, force: true });
    }
  });

  it("is refused in one line where weights do not fit, naming the first tensor that differs", async () => {
    const { name } = denseSource;
    const message = async (input: ConfigInput): Promise<string> => {
      try {
        await runOne(resolveConfig(input), { runs });
      } catch (error) {
        expect((error as Error).message).not.toContain("\n");
        return (error as Error).message;
      }
      throw new Error("it was not refused");
    };
    expect(await message({ ...small, environment: "3m", ...from(name) })).toBe(
      `config: from.source is "${name}", whose agent.fc1.weight is [8, 7] where 3m with these settings has [8, 42]: weights start networks of equal sizes only`,
    );
    expect(await message({ ...small, network: { hidden: 8, embed: 5, hypernetEmbed: 8 }, ...from(name) })).toContain(
      "whose mixer.hyper_w_1.2.weight is [8, 8] where",
    );
    exported("half.safetensors", denseSource, (tensors) => tensors.delete("mixer.V.2.bias"));
    expect(await message({ ...small, ...from("half.safetensors") })).toContain("which has no mixer.V.2.bias");
    const stale = exported("stale.safetensors", denseSource);
    const before = weightsFrom(stale);
    exported("stale.safetensors", sparseSource);
    expect(await message({ ...small, seed: 77, from: before })).toContain("whose weights have changed");
    expect(
      await message({ ...small, seed: 77, from: { ...before, source: join(files, "never.safetensors") } }),
    ).toContain("there is no file");
    expect(() => resolveConfig({ ...small, from: { source: name } })).toThrow(
      "config: from.sha256 is missing; allowed: the 16 hexadecimal digits that weightsFrom(source) returns",
    );
    expect(() =>
      resolveConfig({ ...small, ...from(name), ticket: { kind: "random" }, topology: { grow: "none" } }),
    ).toThrow("but a ticket takes its topology from another run: leave one of the two out");
  });

  it("never opens a pickle, whatever it is called", () => {
    const zip = Buffer.from("504b0304aabb", "hex");
    const pickle = Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x2e]);
    for (const [name, bytes] of [
      ["agent.th", zip],
      ["agent.pt", pickle],
      ["agent.safetensors", zip],
      ["other.safetensors", pickle],
    ] as const) {
      writeFileSync(join(files, name), bytes);
      expect(() => weightsFrom(join(files, name))).toThrow(
        /agent|other.* is a pickle, which can run any program when it is opened, and is not opened here: save its tensors as safetensors/,
      );
    }
    writeFileSync(join(files, "text.safetensors"), "hello, this is no such file");
    expect(() => weightsFrom(join(files, "text.safetensors"))).toThrow("cannot be read: it is not a safetensors file");
    mkdirSync(join(files, "folder.safetensors"));
    expect(() => weightsFrom(join(files, "folder.safetensors"))).toThrow("it is a folder, not a file");
    exported("nan.safetensors", denseSource, (tensors) =>
      tensors.set("agent.fc1.bias", { shape: [8], data: new Float32Array(8).fill(NaN) }),
    );
    expect(() => weightsFrom(join(files, "nan.safetensors"))).toThrow("agent.fc1.bias with values that are not finite");
    exported("mixer.safetensors", denseSource, (tensors) =>
      [...tensors.keys()].forEach((name) => name.startsWith("agent.") && tensors.delete(name)),
    );
    expect(() => weightsFrom(join(files, "mixer.safetensors"))).toThrow("holds no agent network");
    expect(() => weightsFrom("no-such-run", { runs })).toThrow('No run "no-such-run"');
    expect(() => weightsFrom("two-step", { runs })).toThrow("give more of the name");
  });
});
