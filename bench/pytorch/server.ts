import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { scriptPath } from "./oracle.js";

/** Versions and settings of PyTorch. */
export interface About {
  readonly torch: string;
  readonly blas: string;
  /** The vector instructions that it uses. */
  readonly instructions: string;
  readonly threads: number;
}

/** A Python process that keeps learners and times their updates on request. */
export interface PytorchServer {
  /** Loads the case of a file for the following updates. */
  open(path: string): Promise<About>;
  /** Makes a few updates by a rule of the case; returns the milliseconds of processor time of the fastest. */
  update(rule: string, times: number): Promise<number>;
  stop(): void;
}

/**
 * Starts serve.py.
 * @param python the Python that has PyTorch
 */
export function startServer(python: string): PytorchServer {
  const child = spawn(python, [scriptPath("serve.py")], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  // An error is reported by the call that gets no answer.
  child.on("error", (error) => (errors = error.message));
  child.stdin.on("error", () => {});

  async function ask<Answer>(request: object): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`bench: PyTorch's process ended: ${errors.trim().split("\n").at(-1)}`);
    return JSON.parse(value) as Answer;
  }
  return {
    open: (path) => ask<About>({ open: path }),
    update: async (rule, times) => (await ask<{ milliseconds: number }>({ update: rule, times })).milliseconds,
    stop: () => child.stdin.end(),
  };
}
