import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { type ConfigInput, resolveConfig } from "../../src/config.js";
import { createRandom } from "../../src/random.js";
import { readRun, readRunCheckpoint, runName } from "../../src/runs/store.js";
import type { KilledTask, When } from "./killed.js";

/** A short run with every kind of file operation, some two hundred in all. */
const INPUT: ConfigInput = {
  environment: "two-step",
  steps: 40,
  seed: 1,
  warmup: 10,
  targetInterval: 5,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 5 },
  evaluation: { interval: 10, episodes: 2, window: 2 },
  log: { interval: 10 },
  replay: { offlineCapacity: 20, onlineCapacity: 10, offlineBatch: 4, onlineBatch: 2 },
};
/** An extension of that run, of the same length again. */
const EXTENSION: ConfigInput = { ...INPUT, steps: 80, extend: { run: runName(resolveConfig(INPUT)) } };
/** The files of equal runs that must be equal byte by byte. */
const EQUAL = ["config.json", "metrics.csv", "topology.csv", "masks.bin"];
const WHEN: readonly When[] = ["before", "half", "after"];

export interface KillsReport {
  readonly kills: number;
  readonly freezes: number;
  /** Number of runs that reached their end and were compared. */
  readonly runs: number;
  /** Numbers of kills by operation and file, such as "rename checkpoint.safetensors". */
  readonly at: ReadonlyMap<string, number>;
  /** Failures, each with the values that reproduce it. */
  readonly failures: readonly string[];
}

/**
 * Kills processes that train a run, or an extension of a run, at every kind of file operation: before it, in the middle
 * of it and after it. Other processes continue, and the final result is compared with an undisturbed run. Then it
 * freezes processes at the same places, lets others take over and complete the run, and wakes the frozen ones up.
 *
 * @param options.report called with lines on the progress
 */
export async function campaignOfKills(options: {
  readonly kills: number;
  readonly freezes: number;
  readonly seed?: number;
  readonly report?: (line: string) => void;
}): Promise<KillsReport> {
  const { kills, freezes, seed = 1, report = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), "mast-kills-"));
  // The folder is inside the project, in which a run looks for its commit.
  const place = join(ROOT, ".cache");
  mkdirSync(place, { recursive: true });
  const programs = mkdtempSync(join(place, "kills-"));
  const random = createRandom(seed);
  const at = new Map<string, number>();
  const failures: string[] = [];
  try {
    const program = await bundle(programs);
    const whole = join(folder, "whole");
    const kinds: Kind[] = [];
    for (const input of [INPUT, EXTENSION]) {
      const train = (runs: string, stop?: KilledTask["at"]) => start(program, { runs, input, at: stop });
      const { output } = await train(whole).ended;
      const operations = Number(/complete after (\d+) operations/.exec(output)?.[1]);
      if (!(operations > 0)) throw new Error(`the undisturbed run did not end: ${output}`);
      report(
        `an undisturbed run ${input === EXTENSION ? "that goes on with another " : ""}has ${operations} file operations`,
      );
      // The run that it extends exists from the beginning.
      const prepare = (place: string) => {
        if (input === EXTENSION) {
          const ancestor = runName(resolveConfig(INPUT));
          cpSync(join(whole, ancestor), join(place, ancestor), { recursive: true });
        }
      };
      const state = (runs: string) => runState(join(runs, runName(resolveConfig(input))));
      kinds.push({ operations, expected: state(whole), state, train, prepare });
    }
    const kindOf = (i: number): Kind => kinds[i % kinds.length];

    let killed = 0;
    let runs = 0;
    while (killed < kills) {
      const { operations, expected, state: stateOf, train, prepare } = kindOf(runs);
      const place = join(folder, `run-${runs++}`);
      prepare(place);
      const story: string[] = [];
      // A process that continues first opens the existing files, which takes some 50 operations, and then does the
      // rest.
      for (let sitting = 0; ; sitting++) {
        const operation = 1 + random.below(sitting === 0 ? operations : Math.min(operations, 120));
        const when = WHEN[random.below(WHEN.length)];
        const last = killed >= kills || sitting === 8;
        const {
          output: said,
          signal,
          code,
        } = await train(place, last ? undefined : { operation, when, signal: "SIGKILL" }).ended;
        story.push(`${when} ${operation}`);
        if (signal === "SIGKILL") {
          killed++;
          const name = said.split("\n")[0];
          at.set(name, (at.get(name) ?? 0) + 1);
          if (killed % 50 === 0) report(`${killed} of ${kills} kills, ${failures.length} failures`);
          continue;
        }
        if (code !== 0) failures.push(`seed ${seed}, run ${runs} (${story.join(", ")}): ${said.trim()}`);
        else if (stateOf(place) !== expected)
          failures.push(`seed ${seed}, run ${runs} (${story.join(", ")}): it is not what the undisturbed run is`);
        break;
      }
      rmSync(place, { recursive: true });
    }

    for (let freeze = 0; freeze < freezes; freeze++) {
      const { operations, expected, state: stateOf, train, prepare } = kindOf(freeze);
      const place = join(folder, `frozen-${freeze}`);
      prepare(place);
      const stop = {
        operation: 1 + Math.floor((freeze * operations) / freezes),
        when: WHEN[freeze % WHEN.length],
        signal: "SIGSTOP",
      } as const;
      const first = train(place, stop);
      await first.frozen;
      const second = await train(place).ended;
      const before = stateOf(place);
      first.child.kill("SIGCONT");
      const { output: said, code } = await first.ended;
      // A process that was frozen at its very end has nothing left to write.
      const told = code === 0 || /LeaseLostError|RunTakenError/.test(said);
      if (second.code !== 0)
        failures.push(`frozen ${stop.when} ${stop.operation}: the other said ${second.output.trim()}`);
      else if (before !== expected)
        failures.push(`frozen ${stop.when} ${stop.operation}: the other's run is not what the undisturbed run is`);
      else if (stateOf(place) !== expected)
        failures.push(`frozen ${stop.when} ${stop.operation}: it wrote when it woke up`);
      else if (!told) failures.push(`frozen ${stop.when} ${stop.operation}: it said ${said.trim()}`);
      rmSync(place, { recursive: true });
      if ((freeze + 1) % 20 === 0) report(`${freeze + 1} of ${freezes} freezes, ${failures.length} failures`);
    }
    return { kills: killed, freezes, runs: runs + freezes, at, failures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(programs, { recursive: true, force: true });
  }
}

/** A kind of run that is killed. */
interface Kind {
  /** Number of file operations of an undisturbed run. */
  readonly operations: number;
  /** Final state of an undisturbed run. */
  readonly expected: string;
  /** Returns everything that has to be equal, as text. */
  readonly state: (runs: string) => string;
  readonly train: (runs: string, stop?: KilledTask["at"]) => Started;
  /** Prepares the folder of runs in which it begins. */
  readonly prepare: (runs: string) => void;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles the program into one file, which starts several times as fast as its modules. */
async function bundle(folder: string): Promise<string> {
  await build({
    root: ROOT,
    logLevel: "error",
    configFile: false,
    build: {
      ssr: join(ROOT, "bench/campaigns/killed.ts"),
      outDir: join(folder, "program/node"),
      emptyOutDir: false,
      minify: true,
      target: "node20",
      rollupOptions: { output: { inlineDynamicImports: true, entryFileNames: "killed.mjs" } },
    },
    ssr: { noExternal: true, external: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "webgpu"] },
  });
  // Where src/node/host.ts looks for them.
  cpSync(join(ROOT, "src/networks/kernels/built"), join(folder, "program/networks/kernels/built"), { recursive: true });
  return join(folder, "program/node/killed.mjs");
}

interface Started {
  readonly child: ReturnType<typeof spawn>;
  /** Resolves when the process has reported the operation at which it stops, and has stopped or ended. */
  readonly frozen: Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly output: string }>;
}

function start(program: string, task: KilledTask): Started {
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    env: { ...process.env, MAST_LEASE_SECONDS: "1" },
  });
  let output = "";
  const ended = new Promise<{ code: number | null; signal: string | null; output: string }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal, output })),
  );
  const frozen = new Promise<void>((resolve) => {
    const hear = (data: unknown) => {
      output += String(data);
      if (output.includes("\n")) setTimeout(resolve, 50);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then(() => resolve());
  });
  return { child, frozen, ended };
}

/** Returns everything in a complete run that must be equal in two trainings of it, as text. */
export function runState(directory: string): string {
  const { summary } = readRun(directory);
  const { state } = readRunCheckpoint(directory);
  const tensors = [...state.tensors, ...state.masks].map(([name, values]) => [
    name,
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64"),
  ]);
  return JSON.stringify([
    // A frozen process that has nothing left to write still holds its lease.
    readdirSync(directory)
      .filter((file) => !file.startsWith("lease."))
      .sort(),
    EQUAL.map((file) => readFileSync(join(directory, file)).toString("base64")),
    tensors,
    state.progress,
    [...state.replay.indices],
    [...state.replay.seeds],
    [...state.replay.lengths],
    [...state.replay.actions],
    summary?.score,
    summary?.winRates,
    summary?.steps,
    summary?.updates,
  ]);
}
