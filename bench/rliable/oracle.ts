import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Answer, type Case, drawnRuns } from "./case.js";

/** rliable's results of some cases, with the versions of its packages. */
export interface RliableAnswers {
  readonly versions: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
}

/** Finds the Python that has rliable; undefined if there is none. */
export async function findRliable(): Promise<string | undefined> {
  return (await setup()).findRliable();
}

/** Finds the Python that has rliable, and installs rliable if it is missing. */
export async function ensureRliable(): Promise<string> {
  return (await setup()).ensureRliable();
}

async function setup() {
  return (await import(new URL("../../src/setup/rliable.mjs", import.meta.url).href)) as {
    findRliable(): string | undefined;
    ensureRliable(): string;
  };
}

/**
 * Runs rliable's statistics of cases: with our draws where they are "given", and with `ownResamples` draws of its own.
 * @throws {Error} with Python's message
 */
export function askRliable(
  python: string,
  cases: readonly Case[],
  { resamples, ownResamples }: { readonly resamples: number; readonly ownResamples: number },
): RliableAnswers {
  const question = JSON.stringify({
    resamples,
    ownResamples,
    cases: cases.map((given) => ({ ...given, ...drawnRuns(given, resamples) })),
  });
  const { status, stdout, stderr, error } = spawnSync(python, [fileURLToPath(new URL("oracle.py", import.meta.url))], {
    input: question,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0)
    throw new Error(`bench: rliable's oracle.py failed: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout) as RliableAnswers;
}
