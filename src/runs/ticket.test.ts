import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import { openRun } from "./open-run.js";
import { readMasks, readRunCheckpoint, runName, runOf } from "./store.js";
import { countNonzeros } from "../sparse/mask.js";
import { tensorsOf } from "../training/state.js";
import type { TrainState } from "../training/records.js";
import { train } from "../training/train.js";
import type { RunProgress } from "./progress.js";
import { runOne } from "./run.js";
import { runAll } from "./run-all.js";
import { readTicket } from "./ticket.js";

const small: ConfigInput = {
  environment: "two-step",
  steps: 400,
  seed: 1,
  warmup: 50,
  targetInterval: 20,
  sparsity: { level: 0.6 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 10 },
  evaluation: { interval: 200, episodes: 2, window: 1 },
  log: { interval: 50 },
};
const { topology: _, ...still } = small;
const source = resolveConfig(small);
const ticket = (kind: "random" | "winning" | "cheating", from: Config = source, more: ConfigInput = {}) =>
  resolveConfig({
    ...still,
    seed: 2,
    ...more,
    ticket: { kind, ...(kind === "random" ? {} : { source: runName(from) }) },
  });

let runs: string;
beforeAll(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-tickets-"));
});
afterAll(() => rmSync(runs, { recursive: true, force: true }));

/** The state with which training begins. */
async function firstState(config: Config): Promise<TrainState> {
  for await (const record of train(config, { ticket: readTicket(config, { runs })!, checkpointEvery: -1 }))
    if (record.kind === "checkpoint") return record.state;
  throw new Error("no checkpoint");
}

describe("a ticket", () => {
  let ended: TrainState;
  beforeAll(async () => {
    ended = readRunCheckpoint((await runOne(source, { runs })).directory).state;
  });

  it("that wins has the masks its source ended with and weights of its own, and keeps the masks", async () => {
    const run = await runOne(ticket("winning"), { runs });
    expect(run).toMatchObject({ state: "complete", name: runName(ticket("winning")) });
    expect(run.name).toMatch(/^two-step-qmix-mast-winning-ticket-60-400-seed2-/);
    const history = readMasks(run.directory);
    expect(history).toHaveLength(1);
    expect(history[0].masks).toEqual(ended.masks);
    // The source has evolved: its first masks were others.
    expect(readMasks(runName(source), { runs })[0].masks).not.toEqual(ended.masks);
    expect(readRunCheckpoint(run.directory).state.masks).toEqual(ended.masks);

    const first = await firstState(ticket("winning"));
    const [own, theirs] = [first, ended].map(({ tensors }) => tensorsOf(tensors, "online"));
    for (const [name, mask] of ended.masks) {
      expect(own.get(name)).not.toEqual(theirs.get(name));
      expect(own.get(name)!.every((value, i) => (value !== 0) === (mask[i] === 1))).toBe(true);
    }
    // The weights are those that the ticket's own seed draws without any mask.
    const dense = await firstState(
      resolveConfig({ ...still, seed: 2, sparsity: { level: 0 }, topology: { grow: "none" } }),
    );
    const drawn = tensorsOf(dense.tensors, "online");
    for (const [name, values] of own)
      expect(values).toEqual(drawn.get(name)!.map((value, i) => (ended.masks.get(name)?.[i] === 0 ? 0 : value)));
  });

  it("that cheats begins with the weights of its source on both sides, and a fresh optimiser", async () => {
    const { masks, tensors } = await firstState(ticket("cheating"));
    expect(masks).toEqual(ended.masks);
    const weights = tensorsOf(ended.tensors, "online");
    expect(tensorsOf(tensors, "online")).toEqual(weights);
    expect(tensorsOf(tensors, "target")).toEqual(weights);
    for (const values of tensorsOf(tensors, "optimiser").values())
      expect(values.every((value) => value === 0)).toBe(true);
    const run = await runOne(ticket("cheating"), { runs });
    expect(readRunCheckpoint(run.directory).state.masks).toEqual(ended.masks);
    expect(tensorsOf(readRunCheckpoint(run.directory).state.tensors, "online")).not.toEqual(weights);
  });

  it("at random has masks of the configured sparsity that stay, and needs no source", async () => {
    const run = await runOne(ticket("random"), { runs });
    const history = readMasks(run.directory);
    expect(history).toHaveLength(1);
    expect(history[0].masks).not.toEqual(ended.masks);
    for (const [name, mask] of history[0].masks)
      expect(countNonzeros(mask)).toBe(countNonzeros(ended.masks.get(name)!));
  });

  it("may come from a run of another method, and from a ticket", async () => {
    const rigl = await runOne(resolveConfig({ ...small, method: "rigl" }), { runs });
    expect((await firstState(ticket("winning", rigl.config))).masks).toEqual(
      readRunCheckpoint(rigl.directory).state.masks,
    );
    expect((await firstState(ticket("winning", ticket("winning"), { seed: 3 }))).masks).toEqual(ended.masks);
  });

  it("goes on bit for bit when it was stopped, also without its source", async () => {
    const config = ticket("cheating", source, { seed: 5 });
    const whole = await runOne(config, { runs });
    const parts = join(runs, "parts");
    await runOne(source, { runs: parts });
    const controller = new AbortController();
    let heard = 0;
    const stopped = await runOne(config, {
      runs: parts,
      signal: controller.signal,
      onProgress: () => ++heard === 4 && controller.abort(),
    });
    expect(stopped.state).toBe("interrupted");
    rmSync(runOf(source, { runs: parts })!.directory, { recursive: true });
    const [resumed] = await runAll([config], { runs: parts });
    expect(readRunCheckpoint(resumed.run!.directory).state).toEqual(readRunCheckpoint(whole.directory).state);
  });

  describe("is refused in one line, and nothing is made,", () => {
    const dense = resolveConfig({ ...still, method: "dense", sparsity: { level: 0 } });
    const tiny = resolveConfig({ ...still, method: "tiny" });
    const halted = resolveConfig({ ...small, seed: 9 });
    beforeAll(async () => {
      await runOne(dense, { runs });
      await runOne(tiny, { runs });
      (await openRun(halted, { runs })).close();
    });

    it.each<[string, () => Config, RegExp]>([
      [
        "from a run that is not there",
        () => ticket("winning", { ...source, seed: 77 }),
        /ticket\.source is "two-step-.*seed77-.*", which cannot be read: No run .*`mast runs` lists/,
      ],
      [
        "from the beginning of a name",
        () => resolveConfig({ ...still, ticket: { kind: "winning", source: runName(source).slice(0, -3) } }),
        /which is short for two-step-qmix-mast-60-400-seed1-\w{8}: give the whole name$/,
      ],
      [
        "from a run that has not ended",
        () => ticket("winning", halted),
        /which is interrupted at step 0 of 400: train it to its end first$/,
      ],
      [
        "from a dense run",
        () => ticket("winning", dense),
        /whose networks are dense \(method "dense"\): name a sparse run/,
      ],
      ["from a tiny run", () => ticket("cheating", tiny), /whose networks are dense \(method "tiny"\)/],
      [
        "of another environment",
        () => ticket("winning", source, { environment: "climbing" }),
        /which was trained with environment "two-step", not "climbing": both must be the same$/,
      ],
      [
        "of another algorithm",
        () => ticket("winning", source, { algorithm: "res" }),
        /which was trained with algorithm "qmix", not "res"/,
      ],
      [
        "of other networks",
        () => ticket("winning", source, { network: { hidden: 16, embed: 4, hypernetEmbed: 8 } }),
        /which has network\.hidden 8, not 16: both must be the same$/,
      ],
      [
        "of another sparsity",
        () => ticket("winning", source, { sparsity: { level: 0.5 } }),
        /which has sparsity\.level 0\.6, not 0\.5/,
      ],
    ])("%s", async (_, config, message) => {
      const before = readdirSync(runs);
      for (const attempt of [() => runOne(config(), { runs }), () => runAll([source, config()], { runs })]) {
        const error = await attempt().then(
          () => undefined,
          (reason: unknown) => reason as Error,
        );
        expect(error).toMatchObject({ name: "ConfigError", message: expect.stringMatching(message) as string });
        expect(error!.message).not.toContain("\n");
      }
      expect(readdirSync(runs)).toEqual(before);
    });

    it("without what it starts from, or with that of other networks", async () => {
      const next = (options: Parameters<typeof train>[1]) => train(ticket("winning"), options).next();
      await expect(next({})).rejects.toThrow(
        /^The winning ticket of two-step-\S+ is missing: give it by train\(config, \{ ticket: readTicket\(config\) \}\), or use runOne or runAll, [^\n]*$/,
      );
      const { masks, parameters } = readTicket(ticket("winning"), { runs })!;
      await expect(next({ ticket: { masks: new Map([...masks].slice(1)), parameters } })).rejects.toThrow(
        /^The winning ticket of two-step-\S+ does not fit: agent\.fc1\.weight has \d+ entries, its mask none\./,
      );
    });
  });
});

describe("runAll with sources and tickets in one list", () => {
  let store: string;
  const other = resolveConfig({ ...small, seed: 4 });
  const list = [
    ticket("winning", ticket("cheating"), { seed: 6 }),
    ticket("winning"),
    ticket("cheating"),
    ticket("winning", other),
    other,
    source,
  ];

  it.each([1, 2, 4])("trains a ticket after its source, with %i workers", async (workers) => {
    store = join(runs, `list-${workers}`);
    const order: string[] = [];
    const told = (progress: RunProgress) => progress.state === "done" && order.push(progress.name);
    const outcomes = await runAll(list, { runs: store, workers, onProgress: told });
    expect(outcomes.map(({ state }) => state)).toEqual(list.map(() => "complete"));
    expect(outcomes.map(({ name }) => name)).toEqual(list.map(runName));
    for (const config of list) {
      const from = config.ticket?.source;
      if (from !== undefined) expect(order.indexOf(from)).toBeLessThan(order.indexOf(runName(config)));
    }
    for (const i of [0, 1, 2])
      expect(readRunCheckpoint(outcomes[i].run!.directory).state.masks).toEqual(
        readRunCheckpoint(outcomes[5].run!.directory).state.masks,
      );
    // A complete run is neither repeated nor waits.
    expect((await runAll(list.slice(0, 2), { runs: store, workers })).map(({ state }) => state)).toEqual([
      "complete",
      "complete",
    ]);
  });

  it("reports tickets whose source failed, and completes the others", async () => {
    store = join(runs, "failing");
    const taken = await openRun(source, { runs: store });
    const outcomes = await runAll(list, { runs: store, workers: 2, wait: false });
    taken.close();
    expect(outcomes.map(({ state }) => state)).toEqual([
      "failed",
      "failed",
      "failed",
      "complete",
      "complete",
      "failed",
    ]);
    expect(outcomes[1].error!.message).toBe(`its source ${runName(source)} failed`);
    expect(outcomes[0].error!.message).toBe(`its source ${runName(ticket("cheating"))} failed`);
    expect(readdirSync(store)).not.toContain(runName(ticket("winning")));
  });

  it("goes on with a ticket that has a checkpoint, though its source fails now; without one it needs its source", async () => {
    store = join(runs, "begun");
    await runOne(source, { runs: store });
    const begun = ticket("cheating", source, { steps: 2_000 });
    const controller = new AbortController();
    await runOne(begun, {
      runs: store,
      signal: controller.signal,
      onProgress: ({ step }) => step >= 100 && controller.abort(),
    });
    const halted = ticket("winning", source, { seed: 8 });
    (await openRun(halted, { runs: store })).close();
    rmSync(runOf(source, { runs: store })!.directory, { recursive: true });

    await expect(runAll([begun, halted], { runs: store })).rejects.toThrow(
      /^config: ticket\.source is "two-step-\S+", which cannot be read: No run/,
    );
    const taken = await openRun(source, { runs: store });
    const outcomes = await runAll([begun, halted, source], { runs: store, workers: 1, wait: false });
    taken.close();
    expect(outcomes.map(({ state }) => state)).toEqual(["complete", "failed", "failed"]);
    expect(outcomes[1].error!.message).toBe(`its source ${runName(source)} failed`);
  });

  it("stops at an interrupt, and goes on later", async () => {
    store = join(runs, "interrupted");
    const long = resolveConfig({ ...small, steps: 20_000 });
    const both = [ticket("winning", long), long];
    const controller = new AbortController();
    const stopped = await runAll(both, {
      runs: store,
      workers: 2,
      signal: controller.signal,
      onProgress: (progress) => progress.step >= 100 && controller.abort(),
    });
    expect(stopped.map(({ state, run }) => [state, run?.state])).toEqual([
      ["stopped", undefined],
      ["stopped", "interrupted"],
    ]);
    // The ticket has fewer steps and is not begun, because its source is not a run that it could come from yet.
    await expect(runAll([both[0]], { runs: store })).rejects.toThrow(
      /which is interrupted at step [\d,]+ of 20,000: train it to its end first/,
    );
  });
});
