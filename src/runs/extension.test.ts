import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { requireSeeds } from "../results/seeds.js";
import { extendRun } from "./extension.js";
import { runOne } from "./run.js";
import { runAll } from "./run-all.js";
import { readMasks, readRun, readRunCheckpoint, readTopology, runName, type StoredRun } from "./store.js";

/**
 * Every schedule is said, so that a run of 600 steps can be told from one of 300 that goes on. Its end is no multiple
 * of the evaluation interval.
 */
const input: ConfigInput = {
  environment: "two-step",
  steps: 350,
  seed: 3,
  warmup: 20,
  targetInterval: 7,
  sparsity: { level: 0.5 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 9, end: 700 },
  returns: { burnIn: 400 },
  exploration: { anneal: 500 },
  replay: { offlineCapacity: 40, onlineCapacity: 10, offlineBatch: 6, onlineBatch: 4 },
  evaluation: { interval: 100, episodes: 2, window: 3 },
  log: { interval: 50 },
};
const short = resolveConfig(input);

let runs: string;
let ancestor: StoredRun;
beforeAll(async () => {
  runs = mkdtempSync(join(tmpdir(), "mast-extensions-"));
  ancestor = await runOne(short, { runs });
});
afterAll(() => rmSync(runs, { recursive: true, force: true }));

const evaluations = ({ metrics }: StoredRun) => metrics.filter(({ kind }) => kind === "evaluation");
const stateOf = ({ directory }: StoredRun) => {
  const { state } = readRunCheckpoint(directory);
  return { tensors: state.tensors, masks: state.masks, replay: state.replay };
};

describe("a run that goes on with another", () => {
  it("comes to the bits of a longer run where no schedule depends on the length", async () => {
    const extension = extendRun(ancestor.name, { steps: 700 }, { runs });
    const [longer, whole] = [
      await runOne(extension, { runs }),
      await runOne(resolveConfig({ ...input, steps: 700 }), { runs }),
    ];
    expect(longer.name).toMatch(/^two-step-qmix-mast-50-700-extended-seed3-[0-9a-f]{8}$/);
    expect(stateOf(longer)).toEqual(stateOf(whole));
    // The evaluation at the ancestor's end is one more, which draws battles of its own.
    expect(evaluations(longer).map(({ step }) => step)).toEqual([0, 100, 200, 300, 350, 400, 500, 600, 700]);
    expect(longer.summary!.winRates).toHaveLength(9);
    expect(longer.summary).toMatchObject({
      steps: whole.summary!.steps,
      episodes: whole.summary!.episodes,
      updates: whole.summary!.updates,
    });
    expect(readMasks(longer.directory)).toEqual(readMasks(whole.directory));
    expect(longer.summary!.seconds).toBeGreaterThan(ancestor.summary!.seconds);
  });

  it("begins with the curves of its ancestor, byte for byte", async () => {
    const longer = readRun(runName(extendRun(ancestor.name, { steps: 700 }, { runs })), { runs });
    for (const file of ["metrics.csv", "topology.csv", "masks.bin"]) {
      const [own, theirs] = [longer, ancestor].map(({ directory }) => readFileSync(join(directory, file)));
      expect(own.length).toBeGreaterThan(theirs.length);
      expect(own.subarray(0, theirs.length).equals(theirs)).toBe(true);
    }
  });

  it("has other bits with another setting from there on, and the same before", async () => {
    const slow = await runOne(extendRun(ancestor.name, { steps: 700, optimiser: { learningRate: 1e-5 } }, { runs }), {
      runs,
    });
    const usual = readRun(runName(extendRun(ancestor.name, { steps: 700 }, { runs })), { runs });
    const before = ({ metrics }: StoredRun) => metrics.filter(({ step }) => step <= 350);
    expect(before(slow)).toEqual(before(usual));
    expect(stateOf(slow).tensors).not.toEqual(stateOf(usual).tensors);
  });

  it("keeps schedules where they ended: the topology that was found stays", async () => {
    const { topology, ...rest } = input;
    const found = await runOne(resolveConfig({ ...rest, topology: { interval: topology!.interval! }, seed: 8 }), {
      runs,
    });
    const extension = extendRun(found.name, { steps: 600 }, { runs });
    expect(extension).toMatchObject({
      topology: { end: 350 },
      warmup: 20,
      returns: { burnIn: 400 },
      exploration: { anneal: 500 },
    });
    const longer = await runOne(extension, { runs });
    expect(stateOf(longer).masks).toEqual(stateOf(found).masks);
    const later = readTopology(longer.directory).filter(({ step }) => step > 360);
    expect(later.length).toBeGreaterThan(0);
    expect(later.every(({ dropped, grown, fraction }) => dropped === 0 && grown === 0 && fraction === 0)).toBe(true);
    // This holds unless the change is asked for.
    const moving = await runOne(extendRun(found.name, { steps: 600, topology: { end: 600 } }, { runs }), { runs });
    expect(stateOf(moving).masks).not.toEqual(stateOf(found).masks);
  });

  it("gives the same bits when it is stopped at any time, and when its ancestor is gone after its first checkpoint", async () => {
    const alone = mkdtempSync(join(tmpdir(), "mast-extensions-alone-"));
    try {
      const expected = readRun(runName(extendRun(ancestor.name, { steps: 700 }, { runs })), { runs });
      cpSync(ancestor.directory, join(alone, ancestor.name), { recursive: true });
      const extension = extendRun(ancestor.name, { steps: 700 }, { runs: alone });
      for (let stops = 0; ; stops++) {
        const controller = new AbortController();
        let steps = 0;
        const { state } = await runOne(extension, {
          runs: alone,
          signal: controller.signal,
          checkpointEvery: -1,
          onProgress: () => ++steps > 1 + (stops % 3) && controller.abort(),
        });
        if (stops === 0) {
          rmSync(join(alone, ancestor.name), { recursive: true });
          expect(runName(extendRun(ancestor.name, { steps: 700 }, { runs: alone }))).toBe(expected.name);
        }
        if (state === "complete") {
          expect(stops).toBeGreaterThan(1);
          break;
        }
      }
      const again = readRun(expected.name, { runs: alone });
      expect(stateOf(again)).toEqual(stateOf(expected));
      for (const file of ["metrics.csv", "topology.csv", "masks.bin"])
        expect(readFileSync(join(again.directory, file))).toEqual(readFileSync(join(expected.directory, file)));
    } finally {
      rmSync(alone, { recursive: true, force: true });
    }
  });

  it("can be gone on with again, and several together", async () => {
    const first = runName(extendRun(ancestor.name, { steps: 500 }, { runs }));
    await runOne(extendRun(ancestor.name, { steps: 500 }, { runs }), { runs });
    const [outcome] = await runAll([extendRun(first, { steps: 700 }, { runs })], { runs });
    expect(outcome.state).toBe("complete");
    expect(outcome.config).toMatchObject({ extend: { run: first }, topology: { end: 700 } });
    const whole = readRun(runName(resolveConfig({ ...input, steps: 700 })), { runs });
    expect(stateOf(outcome.run!)).toEqual(stateOf(whole));
    expect(evaluations(outcome.run!).map(({ step }) => step)).toEqual([0, 100, 200, 300, 350, 400, 500, 600, 700]);
  });

  it("is a seed among extensions of other seeds", async () => {
    const other = await runOne(resolveConfig({ ...input, seed: 4 }), { runs });
    const extensions = [ancestor, other].map(({ name }) => ({ config: extendRun(name, { steps: 600 }, { runs }) }));
    expect(() => requireSeeds(extensions)).not.toThrow();
  });

  it("is refused where there is nothing to go on with, in one line that says why", async () => {
    const refused = (run: string, changes: ConfigInput & { steps: number }) => {
      try {
        extendRun(run, changes, { runs });
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error("it was not refused");
    };
    const { name } = ancestor;
    expect(refused(name, { steps: 350 })).toBe(
      `config: extend.run is "${name}", which ended at step 350: steps count from its beginning, and 350 leave nothing to train`,
    );
    expect(refused(name, { steps: 700, environment: "3m" })).toContain(
      'which was trained with environment "two-step", not "3m": what it learned belongs to it. --from starts another run',
    );
    expect(refused(name, { steps: 700, seed: 9 })).toContain("which was trained with seed 3, not 9");
    expect(refused(name, { steps: 700, network: { hidden: 9 } })).toContain("which was trained with network ");
    expect(refused("no-such-run", { steps: 700 })).toContain('No run "no-such-run"');
    const controller = new AbortController();
    const left = await runOne(resolveConfig({ ...input, seed: 11 }), {
      runs,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(refused(left.name, { steps: 700 })).toMatch(
      /which is interrupted at step [\d,]+ of 350: train it to its end first$/,
    );
    const bare = await runOne(resolveConfig({ ...input, seed: 12 }), { runs });
    renameSync(join(bare.directory, "checkpoint.safetensors"), join(runs, "elsewhere"));
    expect(refused(bare.name, { steps: 700 })).toContain("which has no checkpoint and cannot be continued");
    // What a person writes by hand is found before a folder is made.
    const shortened = resolveConfig({ ...input, steps: 700, extend: { run: name.slice(0, -1) } });
    await expect(runOne(shortened, { runs })).rejects.toThrow(`which is short for ${name}: give the whole name`);
    await expect(runAll([shortened], { runs })).rejects.toThrow("give the whole name");
    expect(() => resolveConfig({ extend: {} })).toThrow(
      "config: extend.run is missing; allowed: text of 1 to 200 characters",
    );
  });
});
