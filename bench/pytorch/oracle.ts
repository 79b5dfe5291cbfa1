import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeAnswer, type Answer } from "./agreement.js";
import { encodeCase, type Case } from "./case.js";

/** Returns the path of a script in this folder. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Finds the Python that has PyTorch; undefined if there is none. */
export async function findPytorch(): Promise<string | undefined> {
  return (await setup()).findPytorch();
}

/** Finds the Python that has PyTorch, and installs PyTorch if it is missing. */
export async function ensurePytorch(): Promise<string> {
  return (await setup()).ensurePytorch();
}

async function setup() {
  return (await import(new URL("../../src/setup/pytorch.mjs", import.meta.url).href)) as {
    findPytorch(): string | undefined;
    ensurePytorch(): string;
  };
}

/** A script of this folder that updates networks. */
type Script = "oracle.py" | "continuous.py" | "facmac_discrete.py";

/** How a kind of cases is written for a script, and what the script says is read. */
interface Asking<Given, Said> {
  readonly encode: (given: Given) => Uint8Array;
  readonly decode: (file: Uint8Array) => Said;
  readonly script: Script;
}

/**
 * Runs PyTorch's updates of a case and returns them by the name of each rule.
 * @throws {Error} with Python's message
 */
export function askPytorch(python: string, given: Case): Map<string, Answer>;
export function askPytorch<Given extends { readonly rules: readonly { readonly name: string }[] }, Said>(
  python: string,
  given: Given,
  asking: Asking<Given, Said>,
): Map<string, Said>;
export function askPytorch(
  python: string,
  given: Case,
  { encode, decode, script }: Asking<Case, Answer> = { encode: encodeCase, decode: decodeAnswer, script: "oracle.py" },
): Map<string, Answer> {
  const folder = mkdtempSync(join(tmpdir(), "mast-pytorch-"));
  try {
    const path = join(folder, "case.safetensors");
    writeFileSync(path, encode(given));
    writeAnswers(python, path, folder, script);
    return new Map(given.rules.map(({ name }) => [name, decode(readFileSync(join(folder, `${name}.safetensors`)))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs oracle.py, or continuous.py for continuous actions: FOLDER/RULE.safetensors for each rule of a case.
 * @throws {Error} with Python's message
 */
export function writeAnswers(python: string, path: string, folder: string, script: Script = "oracle.py"): void {
  const { status, stderr, error } = spawnSync(python, [scriptPath(script), path, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(`bench: ${script} failed: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
}
