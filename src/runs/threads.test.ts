import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { kernelsName } from "../networks/sparse/kernels.js";
import { nativeKernels } from "../node/kernels.js";
import { combination } from "../training/fixtures.js";
import { runAll } from "./run-all.js";
import { runOne } from "./run.js";
import { readRunCheckpoint } from "./store.js";

const config = resolveConfig(combination("qmix", "mast"));
const several = nativeKernels(2)?.threads === 2;
const before = process.env.MAST_KERNELS;
let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-threads-"));
});
afterEach(() => {
  rmSync(runs, { recursive: true, force: true });
  if (before === undefined) delete process.env.MAST_KERNELS;
  else process.env.MAST_KERNELS = before;
});

describe("threads of a run", () => {
  it.each([0, 3, 2.5, -1, "2"])("are 1, 2 or 4, not %s", async (threads) => {
    const options = { runs, threads: threads as number };
    const message = /^threads is .*; expected 1, 2 or 4$/;
    await expect(runOne(config, options)).rejects.toThrow(message);
    await expect(runAll([config], options)).rejects.toThrow(message);
  });

  it.skipIf(!several)(
    "leave the bits as they are, also when a run is resumed with others, and are in its summary",
    async () => {
      const end = async (folder: string, threads: readonly number[]) => {
        const store = { runs: join(runs, folder), checkpointEvery: 0 };
        for (const count of threads.slice(0, -1)) {
          const controller = new AbortController();
          const stopped = await runOne(config, {
            ...store,
            threads: count,
            signal: controller.signal,
            onProgress: ({ step }) => step >= 60 && controller.abort(),
          });
          expect(stopped.state).toBe("interrupted");
        }
        const notes: string[] = [];
        const run = await runOne(config, { ...store, threads: threads.at(-1)!, onNote: (line) => notes.push(line) });
        expect(notes).toEqual([]);
        expect(run.summary!.kernels).toBe(kernelsName(nativeKernels(threads.at(-1))!));
        return { metrics: run.metrics, tensors: readRunCheckpoint(run.directory).state.tensors };
      };
      const alone = await end("one", [1]);
      expect(await end("four", [4])).toEqual(alone);
      expect(await end("one, then two", [1, 2])).toEqual(alone);
      expect(await end("four, then one", [4, 1])).toEqual(alone);
    },
  );

  it("fall back to one with a line where kernels are not native", async () => {
    process.env.MAST_KERNELS = "wasm";
    const notes: string[] = [];
    const run = await runOne(config, { runs, threads: 2, onNote: (line) => notes.push(line) });
    expect(run.state).toBe("complete");
    expect(run.summary!.kernels).toBe("WebAssembly, 128-bit");
    expect(notes).toEqual([
      "One thread computes instead of 2: only native kernels can share threads, and this run uses kernels in WebAssembly.",
    ]);
  });

  it.skipIf(!several)("reach the worker threads of several runs", async () => {
    const outcomes = await runAll([config], { runs, threads: 2 });
    expect(outcomes[0].run!.summary!.kernels).toBe(kernelsName(nativeKernels(2)!));
  });
});
