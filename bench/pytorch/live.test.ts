import { spawnSync } from "node:child_process";
import { wqmixNetworks } from "../../src/algorithms/wqmix.js";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/config.js";
import { createEnvironment } from "../../src/envs/index.js";
import { runOne } from "../../src/runs/run.js";
import { ALGORITHMS } from "../../src/methods.js";
import type { NetworkShape } from "../../src/networks/parameters.js";
import { exportParameters } from "../../src/runs/checkpoint.js";
import { checkpointPath, readRunCheckpoint } from "../../src/runs/store.js";
import { restoreNetworks } from "../../src/training/networks.js";
import { networkPlan } from "../../src/training/plan.js";
import { runBenchmarks } from "../run.js";
import { pytorchBenchmarks } from "../pytorch.js";
import { shapes } from "../shapes.js";
import { largestDifference, sparseAnswer } from "./agreement.js";
import { randomCase } from "./case.js";
import { askPytorch, findPytorch, scriptPath } from "./oracle.js";
import { comparedRules, LENGTHS } from "./rules.js";

const python = await findPytorch();
if (python === undefined)
  console.warn(
    "skipped: PyTorch itself (not installed; `npm run bench -- --pytorch` installs it); its recorded answers are compared all the same",
  );

const folder = mkdtempSync(join(tmpdir(), "mast-pytorch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(python === undefined)("PyTorch", () => {
  const sizes: [string, NetworkShape, readonly number[]][] = [
    ["3m", { ...shapes["3m"], centralEmbed: 256, networks: wqmixNetworks }, [5, 2, 1, 4]],
    [
      "odd sizes, three groups of episodes",
      {
        agents: 5,
        actions: 4,
        observation: 6,
        state: 8,
        hidden: 9,
        embed: 4,
        hypernetEmbed: 5,
        centralEmbed: 11,
        networks: wqmixNetworks,
      },
      Array.from({ length: 6 }, () => LENGTHS).flat(),
    ],
  ];
  it.each(sizes)(
    "has the sparse engine's losses, gradients and parameters by every rule: %s",
    async (_, shape, lengths) => {
      const given = randomCase(shape, {
        density: 0.1,
        lengths,
        seed: 7,
        eventful: true,
        rules: comparedRules.map((rule) => ({ ...rule, parameters: true })),
      });
      const answers = askPytorch(python!, given);
      for (const rule of given.rules) {
        const theirs = answers.get(rule.name)!;
        expect(theirs.after.size, rule.name).toBe(theirs.gradients.size);
        const { difference, where } = largestDifference(await sparseAnswer(given, rule), theirs);
        expect(difference, `${rule.name}: ${where}`).toBeLessThan(1e-4);
      }
    },
  );

  it.each(ALGORITHMS)(
    "opens what `mast export` writes of a run of %s, and its agents value actions as ours do",
    async (algorithm) => {
      const config = resolveConfig({
        environment: "3m",
        algorithm,
        steps: 400,
        warmup: 0,
        replay: { offlineBatch: 4, onlineBatch: 2 },
        evaluation: { episodes: 2 },
      });
      const { name } = await runOne(config, { runs: folder });
      const file = join(folder, "exported.safetensors");
      writeFileSync(file, exportParameters(checkpointPath(name, { runs: folder })));

      const observation = Array.from({ length: 30 }, (_, i) => Math.sin(i));
      const { status, stdout, stderr } = spawnSync(python!, [scriptPath("load.py"), file, ...observation.map(String)], {
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      const { parameters, q } = JSON.parse(stdout) as { parameters: Record<string, number>; q: number[][] };

      const sizes = createEnvironment("3m").sizes;
      const counts: Record<string, number> = {};
      for (const { network, shape } of networkPlan(config).parameters)
        counts[network] = (counts[network] ?? 0) + shape.reduce((a, b) => a * b, 1);
      expect(parameters).toEqual(counts);

      const engine = restoreNetworks(config, readRunCheckpoint(name, { runs: folder }).state);
      const actor = engine.createActor(1);
      actor.reset(0);
      for (let agent = 0; agent < sizes.agents; agent++) actor.observations.set(observation, agent * sizes.observation);
      actor.lastActions.fill(-1);
      const ours = actor.forward();
      q.flat().forEach((value, i) => expect(ours[i]).toBeCloseTo(value, 5));
      engine.dispose();
    },
  );

  it("is timed beside the sparse engine", { timeout: 120_000 }, async () => {
    const rows = await runBenchmarks(
      pytorchBenchmarks.filter(({ name }) => name === "pytorch QMIX 3m, T=25"),
      { quick: true },
      () => {},
    );
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { name, value } of rows) {
      expect(value, name).toBeGreaterThan(0);
      expect(value, name).toBeLessThan(Infinity);
    }
    const names = rows.map(({ name }) => name);
    expect(names).toContain("QMIX update 3m, T=25: PyTorch dense / ours dense");
    expect(names).toContain("QMIX update 3m, T=25: PyTorch with 90 % masks / ours at density 0.1");
  });
});
