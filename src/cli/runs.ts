import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { type PageRun, runsPage } from "../display/runs-page.js";
import { LabError } from "../errors.js";
import { didYouMean, show } from "../messages.js";
import { MEASURES, measuresText } from "../results/measure.js";
import { flatten } from "../results/seeds.js";
import { acquireLease } from "../runs/lease.js";
import { changeTags, tagsOf } from "../runs/tags.js";
import { shortSteps } from "../figures/figure.js";
import { clock } from "../figures/table.js";
import { exportParameters } from "../runs/checkpoint.js";
import { replaceFile } from "../runs/disk.js";
import { writeNamed } from "../node/files.js";
import { scoreEvaluations } from "../results/scores.js";
import { tableWithin, terminalColumns, wrapText } from "./width.js";
import { eventFile } from "../runs/tensorboard.js";
import {
  checkpointPath,
  findRun,
  readRun,
  readTiming,
  runNamesOf,
  runsDirectory,
  type StoredRun,
  watchAndListRuns,
} from "../runs/store.js";
import { measuredBy, scoreMeasure } from "../training/score.js";

/** The folder of runs, an option of all commands about existing runs. */
export interface RunsFlags {
  readonly runs?: string;
}

/** Options that select and format runs. */
export interface ListFlags extends RunsFlags {
  readonly environment?: string;
  readonly algorithm?: string;
  readonly method?: string;
  readonly state?: string;
  readonly tag?: string;
  /** Conditions FIELD=VALUE on the complete configuration. */
  readonly where?: readonly string[];
  readonly sort?: SortKey;
  readonly reverse?: boolean;
  readonly json?: boolean;
  readonly html?: string | true;
}

/** Keys by which runs can be sorted. */
export const SORT_KEYS = ["name", "step", "score", "time", "finished"] as const;
type SortKey = (typeof SORT_KEYS)[number];
type AnyRun = Awaited<ReturnType<typeof watchAndListRuns>>[number];

/** Runs `mast runs`: lists the runs with their progress. */
export async function runsCommand(flags: ListFlags): Promise<void> {
  const all = await watchAndListRuns(flags);
  if (all.length === 0 && !flags.json)
    return console.log(`No runs in ${runsDirectory(flags.runs)} yet: \`mast train\` makes one.`);
  refuseUnknownFields(all, flags.where ?? []);
  const runs = sortRuns(
    all.filter((run) => isWanted(run, flags)),
    flags,
  );
  if (flags.json) return console.log(JSON.stringify(runs.map(plainRun), null, 2));
  if (flags.html !== undefined) return writePage(runs, flags);
  if (runs.length === 0)
    return console.log(`None of the ${all.length} runs in ${runsDirectory(flags.runs)} meets these conditions.`);
  const { title: scores } = measuresText(runs.flatMap((run) => (run.state === "damaged" ? [] : [run.config])));
  const tagged = runs.some((run) => tagsOf(run.directory).length > 0);
  console.log(
    tableWithin(
      {
        columns: [
          { title: "Run" },
          { title: "Step", align: "right" },
          { title: scores, align: "right" },
          { title: "Time", align: "right" },
          { title: "State" },
          ...(tagged ? [{ title: "Tags" }] : []),
        ],
        rows: runs.map((run) => [
          ...(run.state === "damaged"
            ? [run.name, "", "", "", run.state]
            : [
                run.name,
                `${shortSteps(run.step)} of ${shortSteps(run.config.steps)}`,
                scoreCell(run),
                run.summary ? clock(run.summary.seconds) : "",
                run.state,
              ]),
          ...(tagged ? [tagsOf(run.directory).join(" ")] : []),
        ]),
        note: `${scores}: for a complete run its score, with the number of last evaluations that it averages, and for any other run its last evaluation. Time is wall-clock time.`,
      },
      terminalColumns(),
      0,
      [5, 3, 1],
    ),
  );
  for (const run of runs) {
    if (run.state !== "damaged") continue;
    const line = `${run.name} is damaged: ${run.problem}`;
    const columns = terminalColumns();
    console.log(columns === undefined ? line : wrapText(line, columns - 1).join("\n"));
  }
}

/**
 * Checks conditions.
 * @throws {LabError} on a condition that is not FIELD=VALUE, or on a field that no run has
 */
function refuseUnknownFields(runs: readonly AnyRun[], where: readonly string[]): void {
  const fields = [...new Set(runs.flatMap(({ config }) => (config ? flatten(config).map(([field]) => field) : [])))];
  for (const entry of where) {
    if (!/^[^=]+=/.test(entry))
      throw new LabError(`--where is ${show(entry)}; expected FIELD=VALUE, for example returns.lambda=0.6.`);
    const field = entry.slice(0, entry.indexOf("="));
    if (fields.length > 0 && !fields.includes(field))
      throw new LabError(
        `--where names ${show(field)}, which no run has in its configuration. ${didYouMean(field, fields)}`.trim(),
      );
  }
}

/** Tells whether a run meets the conditions of the flags. */
function isWanted(run: AnyRun, { environment, algorithm, method, state, tag, where = [] }: ListFlags): boolean {
  if (state !== undefined && run.state !== state) return false;
  if (tag !== undefined && !tagsOf(run.directory).includes(tag)) return false;
  const conditions = [
    ...Object.entries({ environment, algorithm, method }).flatMap(([field, value]) =>
      value === undefined ? [] : [[field, value] as const],
    ),
    ...where.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)] as const),
  ];
  if (conditions.length === 0) return true;
  if (run.state === "damaged") return false;
  const fields = new Map(flatten(run.config));
  return conditions.every(([field, value]) => value.split(",").includes(fields.get(field) ?? ""));
}

function sortRuns(runs: readonly AnyRun[], { sort = "name", reverse = false }: ListFlags): AnyRun[] {
  const key = (run: AnyRun): number | string => {
    if (sort === "name") return run.name;
    if (run.state === "damaged") return NaN;
    return {
      step: run.step,
      score: run.summary?.score ?? run.winRate ?? run.episodeReturn ?? NaN,
      time: run.summary?.seconds ?? NaN,
      finished: Date.parse(run.summary?.finished ?? ""),
    }[sort];
  };
  const compare = (a: number | string, b: number | string): number =>
    typeof a === "string" || typeof b === "string"
      ? String(a).localeCompare(String(b), "en", { numeric: true })
      : a - b;
  const known = runs.filter((run) => !Number.isNaN(key(run))).sort((a, b) => compare(key(a), key(b)));
  // Runs without a value come last.
  return [...(reverse ? known.reverse() : known), ...runs.filter((run) => Number.isNaN(key(run)))];
}

/** Describes a run as JSON for other programs. */
function plainRun(run: AnyRun): object {
  const { name, directory, state } = run;
  const tags = tagsOf(directory);
  if (run.state === "damaged") return { name, directory, state, problem: run.problem, tags };
  const { step, winRate, episodeReturn, summary, config } = run;
  const { score, seconds, processorSeconds, finished, commit, parameters } = summary ?? {};
  return {
    name,
    directory,
    state,
    step,
    winRate,
    return: episodeReturn,
    measure: scoreMeasure(config),
    score,
    seconds,
    processorSeconds,
    parameters,
    finished,
    commit,
    tags,
    config,
  };
}

/** Runs `mast runs --html [FILE]`: writes the runs as a page. */
function writePage(runs: readonly AnyRun[], flags: ListFlags): void {
  const path = resolve(typeof flags.html === "string" ? flags.html : "runs.html");
  const shown = runs.map((run): PageRun => {
    if (run.state === "damaged")
      return { name: run.name, cells: { Run: run.name, State: run.state }, steps: [], values: [] };
    const { config, summary } = run;
    const evaluations = run.metrics.filter(({ kind }) => kind === "evaluation");
    const measure = scoreMeasure(config);
    const score = summary?.score ?? run.winRate ?? run.episodeReturn;
    return {
      name: run.name,
      cells: {
        Run: run.name,
        Environment: config.environment,
        Algorithm: config.algorithm,
        Method: config.method,
        Sparsity: config.sparsity.level,
        Seed: config.seed,
        Step: run.step,
        Steps: config.steps,
        ...(score === undefined ? {} : { [MEASURES[measure].title]: Number(score.toFixed(4)) }),
        State: run.state,
        Tags: tagsOf(run.directory).join(" "),
      },
      steps: evaluations.map(({ step }) => step),
      values: evaluations.map((row) => measuredBy(measure, row)),
      ...(measure === "return" && { returns: true }),
    };
  });
  writeNamed(path, "choose another file", () =>
    replaceFile(path, runsPage(shown, { title: `${shown.length} runs of ${basename(runsDirectory(flags.runs))}` })),
  );
  console.log(path);
}

/** Runs `mast runs tag RUN...`: adds tags to runs and removes others. */
export function tagCommand(
  names: readonly string[],
  flags: RunsFlags & { readonly add?: readonly string[]; readonly remove?: readonly string[] },
): void {
  if (flags.add === undefined && flags.remove === undefined) throw new LabError("Give --add TAG or --remove TAG.");
  const directories = names.map((name) => findRun(name, flags));
  for (const directory of directories)
    console.log(`${basename(directory)}: ${changeTags(directory, flags).join(" ") || "no tags"}`);
}

/** Runs `mast runs rm RUN...`, which asks before it removes anything. */
export async function removeCommand(
  names: readonly string[],
  flags: RunsFlags & { readonly yes?: boolean },
): Promise<void> {
  const directories = [...new Set(names.map((name) => findRun(name, flags)))];
  const several = directories.length === 1 ? `the run ${basename(directories[0])}` : `these ${directories.length} runs`;
  if (flags.yes !== true) {
    if (!process.stdin.isTTY)
      throw new LabError(
        `${several[0].toUpperCase()}${several.slice(1)} would be removed for good, and nobody can be asked: repeat the command with --yes.`,
      );
    directories.forEach((directory) => console.log(directory));
    const ask = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await ask.question(`Remove ${several} for good? [y/N] `);
    ask.close();
    if (!/^y(es)?$/i.test(answer.trim())) return console.log("Nothing was removed.");
  }
  for (const directory of directories) {
    // The lease keeps other processes from training the run meanwhile, and the new name keeps a partly removed folder
    // from being taken for a run.
    const lease = await acquireLease(directory);
    const gone = `${directory}.removed.tmp`;
    renameSync(directory, gone);
    lease.release();
    rmSync(gone, { recursive: true, force: true });
    console.log(`Removed ${basename(directory)}.`);
  }
}

function scoreCell(run: StoredRun): string {
  const { text } = MEASURES[scoreMeasure(run.config)];
  if (run.summary !== undefined) return `${text(run.summary.score)} (${scoreEvaluations(run)})`;
  const last = run.winRate ?? run.episodeReturn;
  return last === undefined ? "" : text(last);
}

/** Runs `mast export RUN`: writes its parameters with PyMARL's names, for PyTorch. */
export function exportCommand(
  run: string,
  flags: RunsFlags & { readonly out?: string; readonly tensorboard?: string },
): void {
  if (flags.tensorboard !== undefined) return exportCurves(run, flags.tensorboard, flags);
  const path = checkpointPath(run, flags);
  const out = resolve(flags.out ?? `${basename(findRun(run, flags))}.safetensors`);
  const content = exportParameters(path, runNamesOf(findRun(run, flags)));
  writeNamed(out, "choose another file with --out", () => replaceFile(out, Buffer.from(content)));
  console.log(out);
}

/** Runs `mast export RUN --tensorboard FOLDER`: writes its curves as an event file. */
function exportCurves(run: string, folder: string, flags: RunsFlags): void {
  const { name, directory, metrics, summary } = readRun(findRun(run, flags));
  const began =
    summary === undefined
      ? statSync(join(directory, "config.json")).mtimeMs / 1000
      : Date.parse(summary.finished) / 1000 - summary.seconds;
  const out = resolve(folder, name, "events.out.tfevents.0.mast-lab");
  writeNamed(out, "choose another folder with --tensorboard", () => {
    mkdirSync(dirname(out), { recursive: true });
    replaceFile(out, Buffer.from(eventFile(metrics, readTiming(directory), began)));
  });
  console.log(out);
}
