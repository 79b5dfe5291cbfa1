import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { playTrained } from "../analysis/trained-play.js";
import { playTeam } from "../analysis/team-play.js";
import { type ConfigInput, resolveConfig } from "../config.js";
import { networkPlan } from "../training/plan.js";
import { exportParameters } from "./checkpoint.js";
import { extendRun } from "./extension.js";
import { decodeSafetensors } from "./safetensors.js";
import { runOne } from "./run.js";
import { checkpointPath, readRunCheckpoint, type StoredRun } from "./store.js";
import { weightsFrom } from "./weights.js";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mast-transitions-"));
  folders.push(folder);
  return folder;
}

const input: ConfigInput = {
  environment: "manyagent-swimmer",
  options: { environment: { partition: "2x1", episodeLimit: 25 } },
  algorithm: "facmac",
  method: "mast",
  sparsity: { level: 0.7 },
  steps: 170,
  warmup: 50,
  exploration: { uniform: 60 },
  network: { hidden: 12, embed: 8, hypernetEmbed: 8 },
  topology: { interval: 40 },
  returns: { burnIn: 90 },
  replay: { offlineCapacity: 120, onlineCapacity: 40, offlineBatch: 10, onlineBatch: 6 },
  evaluation: { interval: 60, episodes: 3 },
  log: { interval: 40 },
};

const files = ({ directory }: StoredRun) =>
  ["metrics.csv", "topology.csv"].map((name) => readFileSync(join(directory, name), "utf8"));

describe("a run that learns from transitions", async () => {
  const runs = newFolder();
  const config = resolveConfig(input);
  const run = await runOne(config, { runs });
  const { state } = readRunCheckpoint(run.directory);

  it("leaves records, a checkpoint with its transitions, and a summary", () => {
    expect(run.state).toBe("complete");
    expect(run.metrics.filter(({ kind }) => kind === "evaluation").map(({ step }) => step)).toEqual([0, 60, 120, 170]);
    expect(run.summary!.returns).toHaveLength(4);
    expect(run.summary!.updates).toBe(121);
    // The ring has turned over: it holds the newest 120 of 170.
    expect(state.replay.transitions!.rewards).toHaveLength(120);
    expect(state.tensors.get("optimiser.moments.actor.fc1.weight")!.some((value) => value !== 0)).toBe(true);
  });

  it("goes on where it was stopped, again and again, to the same bits", async () => {
    const again = newFolder();
    let stopped: StoredRun | undefined;
    let times = 0;
    while (stopped?.state !== "complete") {
      const stop = new AbortController();
      let heard = 0;
      stopped = await runOne(config, {
        runs: again,
        signal: stop.signal,
        onProgress: () => {
          if (++heard === 3) stop.abort();
        },
      });
      expect(++times).toBeLessThan(9);
    }
    expect(times).toBeGreaterThan(2);
    expect(files(stopped)).toEqual(files(run));
    expect(readRunCheckpoint(stopped.directory).state).toEqual(state);
  });

  it("is extended to the bits of a longer run, where no schedule depends on the length", async () => {
    const folder = newFolder();
    const through = { ...input, steps: 240, topology: { interval: 40, end: 360 } };
    const ancestor = await runOne(resolveConfig(through), { runs: folder });
    const longer = await runOne(extendRun(ancestor.name, { steps: 360 }, { runs: folder }), { runs: folder });
    const whole = await runOne(resolveConfig({ ...through, steps: 360 }), { runs: folder });
    expect(longer.name).toMatch(/-extended-/);
    expect(longer.state).toBe("complete");
    expect(files(longer)).toEqual(files(whole));
    const [ours, theirs] = [longer, whole].map(({ directory }) => readRunCheckpoint(directory).state);
    for (const part of ["tensors", "masks", "replay", "environments"] as const)
      expect(ours[part]).toEqual(theirs[part]);
  });

  it("plays again, and is recorded, without noise", () => {
    const [once, twice] = [1, 2].map(() => playTeam(run.name, { episodes: 2, seed: 5, runs }));
    expect(twice).toEqual(once);
    expect(once!.wins).toBe(false);
    expect(once!.episodes.map(({ steps }) => steps)).toEqual([25, 25]);
    const { frames, actions, rewards } = playTrained(run, 5);
    expect(frames).toHaveLength(26);
    expect(frames[0]!.shapes!.length).toBeGreaterThan(1);
    expect(rewards.reduce((sum, reward) => sum + reward, 0)).toBeCloseTo(once!.episodes[0]!.return, 10);
    // Policies end in a tanh, so their actions lie within -1 and 1.
    for (const action of actions.flat()) expect(Math.abs(action)).toBeLessThanOrEqual(1);
  });

  it("is exported with the shapes of its networks, from which another run begins", async () => {
    const { tensors } = decodeSafetensors(exportParameters(checkpointPath(run.directory)));
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(
      Object.fromEntries(networkPlan(config).parameters.map(({ name, shape }) => [name, [...shape]])),
    );
    const from = weightsFrom(run.name, { runs });
    const next = await runOne(resolveConfig({ ...input, seed: 3, steps: 10, from }), { runs });
    // Before the warm-up nothing has learned.
    const begun = readRunCheckpoint(next.directory).state;
    for (const { name } of networkPlan(config).parameters)
      expect(begun.tensors.get(`online.${name}`), name).toEqual(state.tensors.get(`online.${name}`));
  });

  it("gives a winning ticket its topology", async () => {
    const ticket = { kind: "winning", source: run.name } as const;
    const { topology: _, ...fixed } = input;
    const next = await runOne(resolveConfig({ ...fixed, seed: 4, ticket, steps: 70 }), { runs });
    expect(next.summary!.updates).toBe(21);
    expect(readRunCheckpoint(next.directory).state.masks).toEqual(state.masks);
  });
});
