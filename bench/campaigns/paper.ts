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

/** What the command line asks for. */
export interface PaperCampaign {
  /** Experiments, when not all are wanted. */
  readonly ids: readonly string[];
  readonly profile: string;
  readonly hours?: number;
  readonly seeds?: number;
  readonly workers?: number;
  /** The folder of runs. */
  readonly runs?: string;
  /** The folder of results, in which tables and figures lie side by side. Default: the project's committed results. */
  readonly results?: string;
  readonly anyEngine?: boolean;
  /** Trains nothing, and makes tables and figures of what is complete. */
  readonly reduceOnly?: boolean;
  readonly report: (line: string) => void;
}

/**
 * Trains what is missing at the paper's budget, keeps each run in the committed tables as it is completed, and in the
 * end makes statistics and figures of all that is complete, with how many seeds that are.
 *
 * @returns what failed, a line each
 */
export async function campaignOfPaper(options: PaperCampaign): Promise<readonly string[]> {
  const { ids, report, seeds } = options;
  const profile = profileNamed(options.profile);
  const place =
    options.results === undefined ? committedResults() : { tables: options.results, figures: options.results };
  const runs = runsDirectory(options.runs);
  const stopFile = stopFileIn(runs);
  if (existsSync(stopFile)) return [`${stopFile} is there from before: remove it to go on.`];
  mkdirSync(runs, { recursive: true });
  const failures: string[] = [];
  if (options.reduceOnly !== true) {
    const interrupted = interruptible();
    try {
      report(`Ctrl-C, or \`touch ${stopFile}\`, stops with checkpoints; the same command goes on.`);
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
 * The table, statistics and figures of the runs of an experiment that are complete, here or in the committed tables.
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
