import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { interruptible } from "../../src/cli/interrupt.js";
import { findExperiment } from "../../src/experiments/all.js";
import {
  campaignRuns,
  coreHoursText,
  PAPER_CAMPAIGN,
  seedsText,
  stopFileIn,
  trainCampaign,
  withKept,
} from "../../src/experiments/campaign.js";
import { type Experiment, type Profile, profileNamed } from "../../src/experiments/experiment.js";
import { reduceResults, saveStatistics } from "../../src/experiments/publish.js";
import { tableText } from "../../src/figures/table.js";
import { committedResults } from "../../src/results/place.js";
import { directoryOf, inspectRun, runName, runsDirectory, type StoredRun } from "../../src/runs/store.js";

/** Options of the command line. */
export interface PaperCampaign {
  /** Ids of experiments. Default: all of the campaign. */
  readonly ids: readonly string[];
  readonly profile: string;
  readonly hours?: number;
  readonly seeds?: number;
  readonly workers?: number;
  /** The folder of runs. */
  readonly runs?: string;
  /** The folder of tables and figures. Default: the project's committed results. */
  readonly results?: string;
  readonly anyEngine?: boolean;
  /** If true, trains nothing and only makes tables and figures of the complete runs. */
  readonly reduceOnly?: boolean;
  readonly report: (line: string) => void;
}

/**
 * Trains the missing runs at the paper's budget, adds each completed run to the committed tables, and in the end makes
 * statistics and figures of all complete runs, with their numbers of seeds.
 *
 * @returns a line for each failure
 */
export async function campaignOfPaper(options: PaperCampaign): Promise<readonly string[]> {
  const { ids, report, seeds } = options;
  const profile = profileNamed(options.profile);
  const place =
    options.results === undefined ? committedResults() : { tables: options.results, figures: options.results };
  const runs = runsDirectory(options.runs);
  const stopFile = stopFileIn(runs);
  if (existsSync(stopFile)) return [`${stopFile} is left from an earlier campaign: remove it to continue.`];
  mkdirSync(runs, { recursive: true });
  const failures: string[] = [];
  if (options.reduceOnly !== true) {
    const interrupted = interruptible();
    try {
      report(`Ctrl-C, or \`touch ${stopFile}\`, stops with checkpoints; the same command continues.`);
      const outcome = await trainCampaign({
        profile,
        ids,
        runs,
        results: place.tables,
        signal: interrupted.signal,
        stopFile,
        report,
        workers: options.workers ?? availableParallelism(),
        anyEngine: options.anyEngine === true,
        seeds,
        hours: options.hours,
      });
      report(`${outcome.before + outcome.now} of ${outcome.all} runs are done, ${outcome.now} of them now.`);
      failures.push(...outcome.failures);
    } finally {
      interrupted.end();
    }
  }
  const wanted = ids.length > 0 ? ids : PAPER_CAMPAIGN.flat().map(({ id }) => id);
  for (const id of wanted) await reduce(findExperiment(id) as Experiment, profile, { ...options, runs, place });
  return failures;
}

/**
 * Makes the table, statistics and figures of the complete runs of an experiment, on this machine or in the committed
 * tables.
 */
async function reduce(
  experiment: Experiment,
  profile: Profile,
  { runs, place, seeds, report }: PaperCampaign & { readonly place: ReturnType<typeof committedResults> },
): Promise<void> {
  const configs = campaignRuns(profile, [experiment.id], seeds).map(({ config }) => config);
  const stored = new Map<string, StoredRun>();
  for (const config of configs) {
    const run = inspectRun(directoryOf(config, { runs: runs! }), { whole: true });
    if (run.state === "complete") stored.set(runName(config), run);
  }
  const { runs: complete } = withKept(configs, stored, profile, place.tables);
  if (complete.length === 0) return report(`${experiment.id}: no run is complete.`);
  const reduction = reduceResults(experiment, complete);
  console.log(
    `\n${tableText(reduction.table)}\nComplete: ${seedsText(experiment, configs, complete)}; ${coreHoursText(complete)}.`,
  );
  await saveStatistics(experiment, profile, reduction, { place });
}
