import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LabError } from "../../errors.js";
import { oneLine } from "../../messages.js";
import { runAll } from "../run-all.js";
import { checkpointStep, directoryOf, runName } from "../store.js";
import { REQUEUE } from "./script.js";
import { readSubmission, submittedConfig } from "./submit.js";

/** Exit code of a process that SIGTERM ended. */
const TERMINATED = 143;

/**
 * Trains one run of a submission, as an element of a job array. Signal USR1 comes before the time limit: the run stops
 * with a checkpoint, and the element asks to be queued again. SIGTERM, at preemption or cancellation, stops the run
 * with a checkpoint as well. Either signal may come more than once.
 *
 * @param number of the run in the submission
 * @returns the exit code
 */
export async function trainElement(folder: string, number: number): Promise<number> {
  const submission = readSubmission(folder);
  const submitted = submission.runs[number];
  if (submitted === undefined)
    throw new LabError(`${folder} has ${submission.runs.length} runs, and no number ${number}.`);
  const runs = dirname(dirname(submission.folder));
  const failure = join(submission.folder, "failures", `${submitted.name}.txt`);
  const fail = (message: string): number => {
    mkdirSync(dirname(failure), { recursive: true });
    writeFileSync(failure, `${oneLine(message)}\n`);
    console.error(`${submitted.name}: ${oneLine(message)}`);
    return 1;
  };
  const controller = new AbortController();
  let warned = false;
  process.on("SIGUSR1", () => {
    warned = true;
    controller.abort();
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => controller.abort());
  try {
    const config = submittedConfig(submitted);
    const directory = directoryOf(config, { runs });
    if (runName(config) !== submitted.name)
      return fail("its files of parts have changed since it was submitted: submit it again");
    const before = checkpointStep(directory) ?? 0;
    console.log(`${new Date().toISOString()} ${submitted.name} (${submitted.label}) begins at step ${before}`);
    const [outcome] = await runAll([config], {
      runs,
      workers: 1,
      wait: false,
      signal: controller.signal,
      onNote: console.log,
    });
    const after = checkpointStep(directory) ?? 0;
    console.log(`${new Date().toISOString()} ${submitted.name} is ${outcome.state} at step ${after}`);
    if (outcome.state === "failed") return fail(outcome.error!.message);
    rmSync(failure, { force: true });
    if (outcome.state === "complete") return 0;
    if (!warned) return TERMINATED;
    // Otherwise the element would be queued again forever.
    if (after <= before)
      return fail(
        `the time limit is too short: the job ended before the run had come further than step ${before}. Give more time (slurm.time, --time)`,
      );
    return REQUEUE;
  } catch (error) {
    return fail((error as Error).message);
  }
}
