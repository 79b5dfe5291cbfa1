import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import { keepRun, keptPaths, type KeptRuns, keptRun, readKept } from "../results/kept-runs.js";
import { runAll, type RunAllOptions } from "../runs/run-all.js";
import { directoryOf, inspectRun, readRun, runName, type StoredRun } from "../runs/store.js";
import { scoreMeasure } from "../training/score.js";
import { findExperiment, isMeasurement } from "./all.js";
import type { Experiment, Profile } from "./experiment.js";
import { trainingFingerprint } from "./fingerprint.js";

/** An experiment of a campaign, and how many seeds of it are worth training. */
export interface CampaignRow {
  readonly id: string;
  readonly seeds: number;
}

const rows = (seeds: number, ...ids: readonly string[]): CampaignRow[] => ids.map((id) => ({ id, seeds }));

/**
 * What is trained at the paper's budget, in the order of its worth: Table 1 with QMIX; the ablations on 3s5z; OW-QMIX
 * and RES there; and what the paper does not ask. Each group is trained seed by seed: one of every method and setting,
 * then the next.
 */
export const PAPER_CAMPAIGN: readonly (readonly CampaignRow[])[] = [
  [...rows(5, "comparison-3s5z", "comparison-2s3z", "comparison-3m"), ...rows(3, "comparison-2c_vs_64zg")],
  rows(
    3,
    ...["buffer-ratio", "lambda", "burn-in", "alpha-omega", "mask-interval"],
    ...["operators", "step-length", "sparsity", "tickets"],
  ),
  rows(3, "comparison-3s5z-ow-qmix", "comparison-3s5z-res"),
  rows(3, "wider-networks", "double-q"),
];

/** A run of a campaign. */
export interface CampaignRun {
  readonly config: Config;
  /** The experiments that have it. */
  readonly ids: readonly string[];
}

/**
 * The runs of a campaign, each once, in the order in which they are trained.
 *
 * @param asked ids of experiments, when not all are wanted; any experiment may be asked for
 * @param seeds of each, instead of those that its row says
 * @throws {LabError} naming an id that there is not
 */
export function campaignRuns(profile: Profile, asked: readonly string[] = [], seeds?: number): CampaignRun[] {
  const declared = PAPER_CAMPAIGN.flat();
  for (const id of asked)
    if (isMeasurement(findExperiment(id)))
      throw new LabError(`${id} measures something itself: \`mast experiment run ${id}\` does it.`);
  const others = asked.filter((id) => !declared.some((row) => row.id === id));
  const groups = [...PAPER_CAMPAIGN, others.map((id) => ({ id, seeds: 3 }))].map((group) =>
    group.filter(({ id }) => asked.length === 0 || asked.includes(id)),
  );
  const runs = new Map<string, { config: Config; ids: string[] }>();
  for (const group of groups) {
    const most = Math.max(0, ...group.map((row) => seeds ?? row.seeds));
    for (let seed = 1; seed <= most; seed++) {
      for (const row of group) {
        if (seed > (seeds ?? row.seeds)) continue;
        const { id, configs } = findExperiment(row.id) as Experiment;
        for (const config of configs(profile, seed).filter((one) => one.seed === seed)) {
          const name = runName(config);
          const before = runs.get(name);
          if (before === undefined) runs.set(name, { config, ids: [id] });
          else if (!before.ids.includes(id)) before.ids.push(id);
        }
      }
    }
  }
  return [...runs.values()];
}

/** Options of `trainCampaign`. */
export interface CampaignOptions extends Pick<
  RunAllOptions,
  "runs" | "workers" | "signal" | "checkpointEvery" | "onProgress"
> {
  readonly profile?: Profile;
  /** Experiments, when not all are wanted. */
  readonly ids?: readonly string[];
  /** Seeds of each, instead of those that its row says. */
  readonly seeds?: number;
  /** Hours after which everything stops with checkpoints. Default: none. */
  readonly hours?: number;
  /** The folder whose tables say what is done, and to which what is completed is added. */
  readonly results: string;
  /** Counts kept runs as done that were trained by an engine with another fingerprint. */
  readonly anyEngine?: boolean;
  /** A file that stops everything with checkpoints when it appears. */
  readonly stopFile?: string;
  /** Hears what a person should know, a line each. */
  readonly report?: (line: string) => void;
}

/** What a campaign came to. */
export interface CampaignReport {
  /** Runs that it asks for. */
  readonly all: number;
  /** Of them, those that were kept before. */
  readonly before: number;
  /** Of them, those that were kept now. */
  readonly now: number;
  /** Of them, kept runs of an engine with another fingerprint, which are trained anew. */
  readonly otherEngine: number;
  /** Runs that failed, and why. */
  readonly failures: readonly string[];
}

/**
 * Trains what is missing of a campaign. What the committed tables hold is skipped, where it was trained with the same
 * configuration, rules and engine; what the run store holds is resumed; and each run that is completed is added to the
 * tables at once, with its curve, so that it can be committed.
 *
 * @throws {LabError} in one line, before anything is trained, when there is no such experiment, or the tables cannot be
 *   read
 */
export async function trainCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { profile = "paper", results, ids, seeds, anyEngine = false, stopFile, report = () => undefined } = options;
  const runs = campaignRuns(profile, ids, seeds);
  const kept = readKept(profile, results);
  const fingerprints = new Map<string, string>();
  for (const { config } of runs)
    if (!fingerprints.has(config.algorithm))
      fingerprints.set(config.algorithm, await trainingFingerprint(config.algorithm));
  const rowOf = ({ config }: CampaignRun) => kept.rows.get(runName(config));
  const isDone = (run: CampaignRun): boolean => {
    const row = rowOf(run);
    return row !== undefined && (anyEngine || String(row["fingerprint"]) === fingerprints.get(run.config.algorithm));
  };
  const missing = withSources(
    runs.filter((run) => !isDone(run)),
    runs,
    options,
  );
  const before = runs.filter(isDone).length;
  const otherEngine = runs.filter((run) => rowOf(run) !== undefined && !isDone(run)).length;
  report(
    `${before} of ${runs.length} runs are in ${keptPaths(profile, results).runs}${otherEngine > 0 ? `; ${otherEngine} others there are of an engine that computes otherwise, and are trained anew` : ""}.`,
  );
  const wanted = new Map(missing.map((run) => [runName(run.config), run]));
  const kinds = new Set<string>();
  const failures: string[] = [];
  let adding: Promise<void> = Promise.resolve();
  let now = 0;
  const add = (name: string): void => {
    const run = wanted.get(name);
    if (run === undefined || kinds.has(name)) return;
    kinds.add(name);
    // A source that was trained again for its ticket is in the tables already.
    if (isDone(run)) return;
    adding = adding.then(async () => {
      try {
        const stored = readRun(directoryOf(run.config, store(options)));
        await keepRun(stored, { fingerprint: fingerprints.get(run.config.algorithm)! }, profile, results);
        now++;
        report(`${before + now} of ${runs.length}: ${name}, score ${scoreOf(stored)} (${run.ids.join(", ")})`);
      } catch (error) {
        failures.push(`${name}: ${(error as Error).message}`);
      }
    });
  };
  const stop = stopping(options, stopFile, report);
  try {
    const outcomes = await runAll(
      missing.map(({ config }) => config),
      {
        ...store(options),
        signal: stop.signal,
        label: runName,
        onNote: report,
        onProgress: (progress, all) => {
          if (progress.state === "done") add(progress.name);
          options.onProgress?.(progress, all);
        },
        ...(options.workers === undefined ? {} : { workers: options.workers }),
        ...(options.checkpointEvery === undefined ? {} : { checkpointEvery: options.checkpointEvery }),
      },
    );
    for (const { name, state, error } of outcomes) {
      if (state === "complete") add(name);
      if (state === "failed")
        failures.push(error!.message.includes(name) ? error!.message : `${name}: ${error!.message}`);
    }
  } finally {
    stop.end();
    await adding;
  }
  return { all: runs.length, before, now, otherEngine, failures };
}

/** "97.5 %", or a return. */
function scoreOf({ config, summary }: StoredRun): string {
  const { score } = summary!;
  return scoreMeasure(config) === "return" ? score.toPrecision(4) : `${(100 * score).toFixed(1)} %`;
}

/** Runs with the sources that their tickets need and the run store does not have: a table keeps no topology. */
function withSources(
  missing: readonly CampaignRun[],
  all: readonly CampaignRun[],
  options: CampaignOptions,
): CampaignRun[] {
  const byName = new Map(all.map((run) => [runName(run.config), run]));
  const ordered = new Map<string, CampaignRun>();
  const put = (run: CampaignRun): void => {
    const name = runName(run.config);
    if (ordered.has(name)) return;
    const source = byName.get(run.config.ticket?.source ?? "");
    const state = inspectRun(directoryOf(run.config, store(options))).state;
    const begun = state === "complete" || state === "running";
    if (source !== undefined && !begun && inspectRun(directoryOf(source.config, store(options))).state !== "complete")
      put(source);
    ordered.set(name, run);
  };
  missing.forEach(put);
  return [...ordered.values()];
}

function store({ runs }: CampaignOptions): { readonly runs?: string } {
  return runs === undefined ? {} : { runs };
}

/** Stops at the caller's signal, when the hours are over, and when the file appears. */
function stopping(
  { signal, hours }: CampaignOptions,
  stopFile: string | undefined,
  report: (line: string) => void,
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = (why: string) => (): void => {
    if (controller.signal.aborted) return;
    report(`${why}: stopping with checkpoints.`);
    controller.abort();
  };
  const asked = stop("Interrupted");
  if (signal?.aborted) asked();
  signal?.addEventListener("abort", asked, { once: true });
  const over =
    hours === undefined ? undefined : setTimeout(stop(`${hours} h are over`), Math.min(2 ** 31 - 1, 3_600_000 * hours));
  const look =
    stopFile === undefined ? undefined : setInterval(() => existsSync(stopFile) && stop(`${stopFile} is there`)(), 500);
  return {
    signal: controller.signal,
    end() {
      signal?.removeEventListener("abort", asked);
      clearTimeout(over);
      clearInterval(look);
    },
  };
}

/**
 * The runs of an experiment that are complete, in the run store or, where that does not have them, in the committed
 * tables; and who trained these.
 */
export interface FoundRuns {
  readonly runs: readonly StoredRun[];
  /** How many of them are in the tables alone. */
  readonly kept: number;
  /** Fingerprints of the engines that trained those. */
  readonly fingerprints: readonly string[];
}

/**
 * Finds complete runs in the committed tables of a profile.
 *
 * @param stored the complete runs that the run store has, by name
 */
export function withKept(
  configs: readonly Config[],
  stored: ReadonlyMap<string, StoredRun>,
  profile: Profile,
  folder: string,
): FoundRuns {
  const kept: KeptRuns = readKept(profile, folder);
  const path = keptPaths(profile, folder).runs;
  const fingerprints = new Set<string>();
  let count = 0;
  const runs = configs.flatMap((config) => {
    const name = runName(config);
    const own = stored.get(name);
    if (own !== undefined) return own;
    const found = keptRun(config, kept, path);
    if (found === undefined) return [];
    count++;
    fingerprints.add(String(kept.rows.get(name)!["fingerprint"]));
    return found;
  });
  return { runs, kept: count, fingerprints: [...fingerprints] };
}

/** "MAST 5 of 8 seeds, RigL 4 of 8 seeds", where some are missing: how many runs of each setting are complete. */
export function seedsText(experiment: Experiment, configs: readonly Config[], complete: readonly StoredRun[]): string {
  const count = (list: readonly Config[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const config of list) counts.set(experiment.label(config), (counts.get(experiment.label(config)) ?? 0) + 1);
    return counts;
  };
  const [all, done] = [count(configs), count(complete.map(({ config }) => config))];
  const texts = [...all].map(([label, seeds]) => `${label}: ${done.get(label) ?? 0} of ${seeds} seeds`);
  // Where all have as many, that is said once.
  const shares = new Set([...all].map(([label, seeds]) => `${done.get(label) ?? 0} of ${seeds} seeds`));
  return shares.size === 1 ? `${[...shares][0]} of each` : texts.join(", ");
}

/** "3.2 core-hours, 0.16 a run": processor time, or where that is not known the time on the clock. */
export function coreHoursText(runs: readonly StoredRun[]): string {
  const hours = runs.reduce((sum, { summary }) => sum + (summary!.processorSeconds ?? summary!.seconds) / 3600, 0);
  const text = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toPrecision(2));
  return `${text(hours)} core-hours, ${text(hours / runs.length)} a run`;
}

/** Where the file is that stops a campaign. */
export function stopFileIn(runs: string): string {
  return join(runs, "STOP");
}
