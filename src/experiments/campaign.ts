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

/** An experiment of a campaign, with its number of seeds. */
export interface CampaignRow {
  readonly id: string;
  readonly seeds: number;
}

const rows = (seeds: number, ...ids: readonly string[]): CampaignRow[] => ids.map((id) => ({ id, seeds }));

/**
 * The experiments to train at the paper's budget, the most important first: Table 1 with QMIX; the ablations on 3s5z;
 * OW-QMIX and RES on 3s5z; and questions that the paper does not ask. Each group is trained seed by seed: first one
 * seed of every method and setting, then the next.
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
  /** Ids of the experiments that contain the run. */
  readonly ids: readonly string[];
}

/**
 * Lists the runs of a campaign, each once, in the order in which they are trained.
 *
 * @param asked ids of experiments, also of others than the campaign's. Default: all of the campaign
 * @param seeds number of seeds of each, instead of those in its row
 * @throws {LabError} naming an id that does not exist
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
  /** Ids of experiments. Default: all of the campaign. */
  readonly ids?: readonly string[];
  /** Number of seeds of each, instead of those in its row. */
  readonly seeds?: number;
  /** Hours after which all runs stop with checkpoints. Default: no limit. */
  readonly hours?: number;
  /** The folder of tables that list the complete runs, and to which newly completed runs are added. */
  readonly results: string;
  /** If true, kept runs of an engine with another fingerprint also count as done. */
  readonly anyEngine?: boolean;
  /** Path of a file; when it appears, all runs stop with checkpoints. */
  readonly stopFile?: string;
  /** Called with lines that a person should read. */
  readonly report?: (line: string) => void;
}

/** Outcome of a campaign. */
export interface CampaignReport {
  /** Number of runs in the campaign. */
  readonly all: number;
  /** How many of them were kept before. */
  readonly before: number;
  /** How many of them were added now. */
  readonly now: number;
  /** How many of them are kept from an engine with another fingerprint and are trained again. */
  readonly otherEngine: number;
  /** Messages of the runs that failed. */
  readonly failures: readonly string[];
}

/**
 * Trains the missing runs of a campaign. Runs in the committed tables are skipped if they were trained with the same
 * configuration, rules and engine; interrupted runs in the run store are resumed; and each completed run is added to
 * the tables at once, with its curve, so that it can be committed.
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
    // A source that was trained again for its ticket is already in the tables.
    if (isDone(run)) return;
    adding = adding.then(async () => {
      try {
        const stored = readRun(directoryOf(run.config, options));
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
        runs: options.runs,
        signal: stop.signal,
        label: runName,
        onNote: report,
        onProgress: (progress, all) => {
          if (progress.state === "done") add(progress.name);
          options.onProgress?.(progress, all);
        },
        workers: options.workers,
        checkpointEvery: options.checkpointEvery,
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

/** Writes a score: "97.5 %", or a return. */
function scoreOf({ config, summary }: StoredRun): string {
  const { score } = summary!;
  return scoreMeasure(config) === "return" ? score.toPrecision(4) : `${(100 * score).toFixed(1)} %`;
}

/** Adds the sources that tickets need and the run store does not have, since tables keep no topologies. */
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
    const state = inspectRun(directoryOf(run.config, options)).state;
    const begun = state === "complete" || state === "running";
    if (source !== undefined && !begun && inspectRun(directoryOf(source.config, options)).state !== "complete")
      put(source);
    ordered.set(name, run);
  };
  missing.forEach(put);
  return [...ordered.values()];
}

/** Makes a signal that is aborted by the caller's signal, when the hours are over, and when the stop file appears. */
function stopping(
  { signal, hours }: CampaignOptions,
  stopFile: string | undefined,
  report: (line: string) => void,
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = (why: string) => (): void => {
    if (controller.signal.aborted) return;
    report(`${why}: the runs stop with checkpoints.`);
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
 * The complete runs of an experiment, from the run store or otherwise from the committed tables, with the engines that
 * trained the latter.
 */
export interface FoundRuns {
  readonly runs: readonly StoredRun[];
  /** How many of them are only in the tables. */
  readonly kept: number;
  /** Fingerprints of the engines that trained these. */
  readonly fingerprints: readonly string[];
}

/**
 * Finds complete runs in the committed tables of a profile.
 *
 * @param stored the complete runs in the run store, by name
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

/**
 * Describes how many runs of each setting are complete, if some are missing: "MAST 5 of 8 seeds, RigL 4 of 8 seeds".
 */
export function seedsText(experiment: Experiment, configs: readonly Config[], complete: readonly StoredRun[]): string {
  const count = (list: readonly Config[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const config of list) counts.set(experiment.label(config), (counts.get(experiment.label(config)) ?? 0) + 1);
    return counts;
  };
  const [all, done] = [count(configs), count(complete.map(({ config }) => config))];
  const texts = [...all].map(([label, seeds]) => `${label}: ${done.get(label) ?? 0} of ${seeds} seeds`);
  // If all settings have the same number, it is given once.
  const shares = new Set([...all].map(([label, seeds]) => `${done.get(label) ?? 0} of ${seeds} seeds`));
  return shares.size === 1 ? `${[...shares][0]} of each` : texts.join(", ");
}

/**
 * Describes the time of runs: "3.2 core-hours, 0.16 a run". It is processor time, or wall-clock time where that is
 * unknown.
 */
export function coreHoursText(runs: readonly StoredRun[]): string {
  const hours = runs.reduce((sum, { summary }) => sum + (summary!.processorSeconds ?? summary!.seconds) / 3600, 0);
  const text = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toPrecision(2));
  return `${text(hours)} core-hours, ${text(hours / runs.length)} a run`;
}

/** Returns the path of the file that stops a campaign. */
export function stopFileIn(runs: string): string {
  return join(runs, "STOP");
}
