import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { NetworkShape } from "../../src/networks/parameters.js";
import type { Rate } from "./rate.js";

/** The update that each core makes. */
export interface CoreTask {
  readonly shape: NetworkShape;
  readonly density: number;
  /** Lengths of the episodes of a batch. */
  readonly lengths: readonly number[];
  readonly seed: number;
}

/** The sparse engine on all cores, with one engine in each process. */
export interface AllCores {
  readonly cores: number;
  /** Makes updates for the given number of seconds, at least one on each core, and returns the rate of all together. */
  rate(seconds: number): Promise<Rate>;
  close(): void;
}

/**
 * Starts one process for each core; between two calls of `rate` they wait.
 *
 * @example
 * const all = await openCores({ shape: shapes["3m"], density: 0.1, lengths: Array(32).fill(25) });
 * const { rate } = await all.rate(1);
 */
export async function openCores(task: Omit<CoreTask, "seed">): Promise<AllCores> {
  const cores = availableParallelism();
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const children = Array.from({ length: cores }, () =>
    fork(fileURLToPath(new URL("./core.ts", import.meta.url)), { execArgv: ["--import", tsx] }),
  );
  const ask = (message: (core: number) => object): Promise<unknown[]> =>
    Promise.all(
      children.map(
        (child, core) =>
          new Promise<unknown>((resolve, reject) => {
            const ended = (code: number | null, signal: string | null) =>
              reject(
                new Error(`bench: the sparse engine of core ${core + 1} ended with ${signal ?? `exit code ${code}`}`),
              );
            child.once("exit", ended);
            child.once("message", (answer) => (child.off("exit", ended), resolve(answer)));
            child.send(message(core));
          }),
      ),
    );
  await ask((core) => ({ ...task, seed: core + 1 }) satisfies CoreTask);
  return {
    cores,
    rate: async (seconds) =>
      ((await ask(() => ({ seconds }))) as Rate[]).reduce((sum, one) => ({
        rate: sum.rate + one.rate,
        busy: sum.busy + one.busy,
      })),
    close: () => children.forEach((child) => child.kill()),
  };
}
