import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findExperiment, isMeasurement } from "../experiments/all.js";
import type { Profile } from "../experiments/experiment.js";
import { packageRoot } from "../node/project.js";
import { type CsvRow, parseCsv } from "./csv.js";
import { mannWhitneyP, pText } from "./difference.js";
import { mean } from "./statistics.js";

const root = packageRoot();

/**
 * The scores that an experiment has published, by its own labels. Where its evaluations are published, there are also
 * "LABEL, untrained", the returns before training; "LABEL, from STEP", the mean win rates of all evaluations from that
 * step on; "LABEL, overestimation", what the runs expected less what they got, over the evaluations of a score; and
 * "LABEL, lowest", the lowest win rate among these.
 */
function published(id: string): Map<string, number[]> {
  const experiment = findExperiment(id);
  if (isMeasurement(experiment)) throw new Error(`${id} has no scores`);
  const rows = parseCsv(readFileSync(join(root, "data", "results", `${id}.csv`), "utf8"), id);
  const profile = rows[0]["profile"] as Profile;
  const configs = experiment.configs(profile, Math.max(...rows.map((row) => Number(row["seed"]))));
  // A row is a run, in the order in which they are declared.
  expect(rows.map((row) => [row["seed"], row["method"]])).toEqual(configs.map(({ seed, method }) => [seed, method]));
  const scores = new Map<string, number[]>();
  configs.forEach((config, i) =>
    scores.set(experiment.label(config), [...(scores.get(experiment.label(config)) ?? []), Number(rows[i]["score"])]),
  );
  const evaluations = join(root, "data", "results", `${id}-evaluations.csv`);
  if (!existsSync(evaluations)) return scores;
  const add = (label: string, value: number): void => void scores.set(label, [...(scores.get(label) ?? []), value]);
  const runs = new Map<string, CsvRow[]>();
  for (const row of parseCsv(readFileSync(evaluations, "utf8"), id))
    runs.set(String(row["run"]), [...(runs.get(String(row["run"])) ?? []), row]);
  for (const run of runs.values()) {
    const label = String(run[0]["setting"]);
    const bias = (row: CsvRow): number => Number(row["estimatedValue"]) - Number(row["trueValue"]);
    const last = run.slice(-Number(rows[0]["evaluations"]));
    add(`${label}, overestimation`, mean(last.map(bias)));
    add(`${label}, lowest`, Math.min(...last.map(({ winRate }) => Number(winRate))));
    run.forEach(({ step, episodeReturn }, i) => {
      if (step === 0) add(`${label}, untrained`, Number(episodeReturn));
      add(`${label}, from ${step}`, mean(run.slice(i).map(({ winRate }) => Number(winRate))));
    });
  }
  return scores;
}

function textOf(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  if (!file.endsWith(".ipynb")) return text;
  return (JSON.parse(text) as { cells: { cell_type: string; source: string[] }[] }).cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => source.join(""))
    .join("\n");
}

// Claims about differences: where they stand, in what words, and the published scores that they compare, those of one
// experiment or of two.
const claims: [file: string, words: string, id: string, one: string, other: string, otherId?: string][] = [
  ["README.md", "MAST and RigL: p = P; three and three", "quickstart", "RigL", "MAST"],
  ["data/results/README.md", "from 75 % (p = P) and", "burn-in-ow-qmix", "T₀ = 0 %", "T₀ = 75 %"],
  ["data/results/README.md", "100 % (p = P), and λ", "burn-in-ow-qmix", "T₀ = 0 %", "T₀ = 100 %"],
  ["data/results/README.md", "0.8 from 0 (p = P); α", "lambda-ow-qmix", "λ = 0", "λ = 0.8"],
  ["data/results/README.md", "(dense and MAST: p = P, three seeds each)", "facmac-2s3z", "Dense", "MAST"],
  ["README.md", "[91.9, 96.2] | P |", "comparison-3m", "Dense", "MAST"],
  ["README.md", "[80.1, 89.8] | P |", "comparison-3m", "Tiny", "MAST"],
  ["README.md", "[67.5, 85.4] | P |", "comparison-3m", "SS", "MAST"],
  ["README.md", "[62.5, 84.8] | P |", "comparison-3m", "SET", "MAST"],
  ["README.md", "[68.8, 83.0] | P |", "comparison-3m", "RigL", "MAST"],
  ["README.md", "[78.9, 93.6] | P |", "comparison-3m", "RLx2", "MAST"],
  [
    "notebooks/02-sparse-training.ipynb",
    "5 of 10 seeds (p = P against RigL)",
    "sparse-training-two-step",
    "SET",
    "RigL",
  ],
  [
    "notebooks/02-sparse-training.ipynb",
    "SET and SS cannot be told apart, p = P)",
    "sparse-training-two-step",
    "SET",
    "SS",
  ],
  ["notebooks/02-sparse-training.ipynb", "short of the dense team on 3m (p P)", "comparison-3m", "RigL", "Dense"],
  ["notebooks/02-sparse-training.ipynb", "told from a static mask (p = P)", "comparison-3m", "RigL", "SS"],
  ["notebooks/02-sparse-training.ipynb", "ends above RigL (p P)", "comparison-3m", "RigL", "MAST"],
  [
    "notebooks/10-step-length.ipynb",
    "lose 31 points (p = P)",
    "step-length",
    "10 % of the weights, n = 1",
    "2 % of the weights, n = 1",
  ],
  [
    "notebooks/10-step-length.ipynb",
    "89.1 % and 90.9 %, p = P)",
    "step-length",
    "10 % of the weights, n = 10",
    "2 % of the weights, n = 10",
  ],
  [
    "notebooks/10-step-length.ipynb",
    "(p = P against $n = 10$)",
    "step-length",
    "2 % of the weights, TD(λ)",
    "2 % of the weights, n = 10",
  ],
  [
    "notebooks/11-td-lambda.ipynb",
    "86.3 % ± 10.1; one-step targets win 60.2 % ± 11.4 (p = P against",
    "lambda",
    "λ = 0, from 40000",
    "λ = 0.8, from 40000",
  ],
  [
    "notebooks/11-td-lambda.ipynb",
    "60.2 % ± 11.4 (p = P against either",
    "lambda",
    "λ = 0, from 40000",
    "λ = 1, from 40000",
  ],
  ["notebooks/11-td-lambda.ipynb", "but p is P for these two", "lambda", "λ = 0", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "against 0.8 have p = P,", "lambda", "λ = 0.2", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "0.2 and 0.4 against 0.8 have p = P,", "lambda", "λ = 0.4", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "(p = P against 0.8), where", "lambda", "λ = 1", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "75 and 100 % (p = P each)", "burn-in", "T₀ = 0 %", "T₀ = 50 %"],
  ["notebooks/11-td-lambda.ipynb", "50, 75 and 100 % (p = P each)", "burn-in", "T₀ = 0 %", "T₀ = 75 %"],
  ["notebooks/11-td-lambda.ipynb", "higher than 50, 75 and 100 % (p = P each)", "burn-in", "T₀ = 0 %", "T₀ = 100 %"],
  ["notebooks/11-td-lambda.ipynb", "from 22.5 % (p = P)", "burn-in", "T₀ = 0 %", "T₀ = 22.5 %"],
  ["notebooks/11-td-lambda.ipynb", "and 37.5 % (p = P)", "burn-in", "T₀ = 0 %", "T₀ = 37.5 %"],
  ["notebooks/11-td-lambda.ipynb", "78.4 % ± 9.1, p = P)", "burn-in", "T₀ = 0 %, from 0", "T₀ = 37.5 %, from 0"],
  ["notebooks/11-td-lambda.ipynb", "56.3 % ± 28.4 (p = P).", "lambda-ow-qmix", "λ = 0", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "told from 0.8: p is P for", "lambda-ow-qmix", "λ = 0.2", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "at least P for 0.4,", "lambda-ow-qmix", "λ = 0.4", "λ = 0.8"],
  ["notebooks/11-td-lambda.ipynb", "(p = P each against $T_0 = 0$)", "burn-in-ow-qmix", "T₀ = 0 %", "T₀ = 75 %"],
  ["notebooks/11-td-lambda.ipynb", "(p = P each against $T_0 = 0$)", "burn-in-ow-qmix", "T₀ = 0 %", "T₀ = 100 %"],
  ["notebooks/11-td-lambda.ipynb", "37.5 and 50 % (p = P at the", "burn-in-ow-qmix", "T₀ = 0 %", "T₀ = 50 %"],
  ["notebooks/11-td-lambda.ipynb", "at $T_0 = 0$, P, where", "burn-in", "T₀ = 0 %", "T₀ = 0 %", "burn-in-ow-qmix"],
  ["notebooks/11-td-lambda.ipynb", "88.8 %, p = P) five", "lambda", "λ = 1", "λ = 1", "lambda-ow-qmix"],
  [
    "notebooks/11-td-lambda.ipynb",
    "(each seed less; p = P)",
    "lambda",
    "λ = 1, overestimation",
    "λ = 1, overestimation",
    "lambda-ow-qmix",
  ],
  [
    "notebooks/11-td-lambda.ipynb",
    "and 1.2 less (p = P)",
    "burn-in",
    "T₀ = 0 %, overestimation",
    "T₀ = 0 %, overestimation",
    "burn-in-ow-qmix",
  ],
  ["notebooks/12-soft-mellowmax.ipynb", "(p = P at the least of ten", "alpha-omega", "α, ω = 5, 10", "α, ω = 10, 5"],
  [
    "notebooks/12-soft-mellowmax.ipynb",
    "any seed of the other (p = P)",
    "alpha-omega",
    "α, ω = 1, 10, overestimation",
    "α, ω = 10, 10, overestimation",
  ],
  [
    "notebooks/12-soft-mellowmax.ipynb",
    "told apart (p = P at the least of ten comparisons). The paper's WQMIX",
    "alpha-omega-ow-qmix",
    "α, ω = 5, 10",
    "α, ω = 10, 5",
  ],
  [
    "notebooks/12-soft-mellowmax.ipynb",
    "with these two (p = P)",
    "alpha-omega-ow-qmix",
    "α, ω = 1, 10",
    "α, ω = 10, 10",
  ],
  [
    "notebooks/12-soft-mellowmax.ipynb",
    "The smallest p is P, with",
    "alpha-omega",
    "α, ω = 5, 5",
    "α, ω = 5, 5",
    "alpha-omega-ow-qmix",
  ],
  [
    "notebooks/12-soft-mellowmax.ipynb",
    "tell these two pairs apart (p = P)",
    "alpha-omega-ow-qmix",
    "α, ω = 1, 10, overestimation",
    "α, ω = 10, 10, overestimation",
  ],
  ["notebooks/12-soft-mellowmax.ipynb", "72.9 % ± 13.1 (p = P, Mann", "operators", "RigL, soft mellowmax", "RigL, max"],
  [
    "notebooks/12-soft-mellowmax.ipynb",
    "soft mellowmax that is p = P and",
    "operators",
    "RigL, softmax",
    "RigL, soft mellowmax",
  ],
  ["notebooks/12-soft-mellowmax.ipynb", "and p = P, where six", "operators", "RigL, mellowmax", "RigL, soft mellowmax"],
  ["notebooks/12-soft-mellowmax.ipynb", "91.7 %, p = P at the least", "operators", "MAST, max", "MAST, mellowmax"],
  ["notebooks/12-soft-mellowmax.ipynb", "72.9 % ± 13.1 (p = P).", "operators", "MAST, max", "RigL, max"],
  [
    "notebooks/13-dual-buffers.ipynb",
    "the smallest is p = P, Mann",
    "buffer-ratio",
    "offline : online = 5 : 3",
    "offline : online = 3 : 5",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "2 : 6, the lowest, p = P)",
    "buffer-ratio",
    "offline : online = 6 : 2",
    "offline : online = 2 : 6",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "3 : 5 and 2 : 6 (p = P, Mann",
    "buffer-ratio-ow-qmix",
    "offline : online = 3 : 5",
    "offline : online = 2 : 6",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "86.1 % ± 6.3 (p = P). In",
    "buffer-ratio-ow-qmix",
    "offline : online = 8 : 0",
    "offline : online = 6 : 2",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "old data alone (p = P).",
    "buffer-ratio-ow-qmix",
    "offline : online = 8 : 0",
    "offline : online = 0 : 8",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "is that of 6 : 2 (p = P).",
    "buffer-ratio-ow-qmix",
    "offline : online = 6 : 2",
    "offline : online = 6 : 2",
    "buffer-ratio",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "72.9 % ± 13.1 (p = P), with the online",
    "single-buffers",
    "RigL, both",
    "RigL, offline",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "83.7 % ± 12.3 (p = P against either)",
    "single-buffers",
    "RigL, online",
    "RigL, offline",
  ],
  [
    "notebooks/13-dual-buffers.ipynb",
    "83.7 % ± 12.3 (p = P against either)",
    "single-buffers",
    "RigL, online",
    "RigL, both",
  ],
  ["notebooks/13-dual-buffers.ipynb", "± 5.0 with one (p = P), as", "single-buffers", "Dense, both", "Dense, offline"],
  [
    "notebooks/13-dual-buffers.ipynb",
    "with the offline buffer (p = P) and",
    "single-buffers",
    "RigL, offline",
    "Dense, offline",
  ],
  ["notebooks/13-dual-buffers.ipynb", "and with both (p = P; two", "single-buffers", "RigL, both", "Dense, both"],
  ["notebooks/14-mask-update-interval.ipynb", "(20 against 200: p = P;", "mask-interval", "δₘ = 20", "δₘ = 200"],
  ["notebooks/14-mask-update-interval.ipynb", "20 against 2,000: p = P;", "mask-interval", "δₘ = 20", "δₘ = 2000"],
  ["notebooks/14-mask-update-interval.ipynb", "100 against 200: p = P;", "mask-interval", "δₘ = 100", "δₘ = 200"],
  ["notebooks/14-mask-update-interval.ipynb", "(p = P against 200)", "mask-interval", "δₘ = 2000", "δₘ = 200"],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "neither 1,000 (p = P) nor",
    "mask-interval-ow-qmix",
    "δₘ = 1000",
    "δₘ = 200",
  ],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "nor 2,000 (p = P) can be told",
    "mask-interval-ow-qmix",
    "δₘ = 2000",
    "δₘ = 200",
  ],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "20 and 1,000 (p = P), and next",
    "mask-interval-ow-qmix",
    "δₘ = 20",
    "δₘ = 1000",
  ],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "20 against 2,000 (p = P); ten tests",
    "mask-interval-ow-qmix",
    "δₘ = 20",
    "δₘ = 2000",
  ],
  ["notebooks/14-mask-update-interval.ipynb", "83.6 % ± 12.7, p = P).", "mask-interval-ow-qmix", "δₘ = 20", "δₘ = 200"],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "1,000 and 2,000 (p = P and",
    "mask-interval-ow-qmix",
    "δₘ = 20, lowest",
    "δₘ = 1000, lowest",
  ],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "(p = 0.040 and P; again",
    "mask-interval-ow-qmix",
    "δₘ = 20, lowest",
    "δₘ = 2000, lowest",
  ],
  [
    "notebooks/14-mask-update-interval.ipynb",
    "is that of 2,000 (p = P). In",
    "mask-interval-ow-qmix",
    "δₘ = 2000",
    "δₘ = 2000",
    "mask-interval",
  ],
  [
    "notebooks/15-sparsity.ipynb",
    "cannot tell MAST from SS (p = P)",
    "sparsity",
    "MAST, sparsity = 90 %",
    "SS, sparsity = 90 %",
  ],
  ["notebooks/15-sparsity.ipynb", "or from SET (p = P)", "sparsity", "MAST, sparsity = 90 %", "SET, sparsity = 90 %"],
  [
    "notebooks/15-sparsity.ipynb",
    "RigL at 90 % has p = P.",
    "sparsity",
    "MAST, sparsity = 90 %",
    "RigL, sparsity = 90 %",
  ],
  [
    "notebooks/15-sparsity.ipynb",
    "93.8 % at 99 % (p = P)",
    "sparsity",
    "MAST, sparsity = 90 %",
    "MAST, sparsity = 99 %",
  ],
  [
    "notebooks/15-sparsity.ipynb",
    "78.5 % and 80.6 % (p = P)",
    "sparsity",
    "RigL, sparsity = 90 %",
    "RigL, sparsity = 99 %",
  ],
  [
    "notebooks/15-sparsity.ipynb",
    "82.6 % and 76.8 % (p = P)",
    "sparsity",
    "SS, sparsity = 90 %",
    "SS, sparsity = 99 %",
  ],
  [
    "notebooks/15-sparsity.ipynb",
    "81.3 % to 53.6 % (p = P)",
    "sparsity",
    "SET, sparsity = 90 %",
    "SET, sparsity = 99 %",
  ],
  [
    "notebooks/15-sparsity.ipynb",
    "it wins more than SET (p = P)",
    "sparsity",
    "RigL, sparsity = 99 %",
    "SET, sparsity = 99 %",
  ],
  [
    "notebooks/16-tickets.ipynb",
    "MAST's winning tickets (p = P, and",
    "tickets",
    "random ticket",
    "MAST's winning ticket",
  ],
  [
    "notebooks/16-tickets.ipynb",
    "from the cheating ones (p = P)",
    "tickets",
    "random ticket",
    "MAST's cheating ticket",
  ],
  ["notebooks/16-tickets.ipynb", "the dense team (p = P)", "tickets", "random ticket", "Dense"],
  [
    "notebooks/16-tickets.ipynb",
    "as much as MAST's (p = P)",
    "tickets",
    "RigL's winning ticket",
    "MAST's winning ticket",
  ],
  ["notebooks/16-tickets.ipynb", "in our runs (p = P)", "tickets", "RigL's winning ticket", "random ticket"],
  ["notebooks/16-tickets.ipynb", "in all five seeds (p = P)", "tickets", "RigL itself", "RigL's winning ticket"],
  [
    "notebooks/16-tickets.ipynb",
    "says that there is a difference (p = P,",
    "tickets",
    "RigL itself",
    "MAST's cheating ticket",
  ],
  ["notebooks/16-tickets.ipynb", "be told from it (p = P)", "tickets", "MAST itself", "random ticket"],
  ["notebooks/16-tickets.ipynb", "where MAST ended (p = P)", "tickets", "MAST itself", "MAST's winning ticket"],
  [
    "notebooks/16-tickets.ipynb",
    "from MAST's winning ticket (p = P)",
    "tickets",
    "MAST's cheating ticket",
    "MAST's winning ticket",
  ],
  ["notebooks/18-comparative-evaluation.ipynb", "75.9 % ± 16.6 (p = P)", "comparison-3m", "MAST", "SS"],
  ["notebooks/18-comparative-evaluation.ipynb", "73.6 % ± 16.9 (p = P)", "comparison-3m", "MAST", "SET"],
  ["notebooks/18-comparative-evaluation.ipynb", "75.9 % ± 10.4 (p P)", "comparison-3m", "MAST", "RigL"],
  ["notebooks/18-comparative-evaluation.ipynb", "93.9 % ± 3.8 (p = P)", "comparison-3m", "MAST", "Dense"],
  ["notebooks/18-comparative-evaluation.ipynb", "SS and SET (p = P)", "comparison-3m", "SS", "SET"],
  ["notebooks/18-comparative-evaluation.ipynb", "SS and RigL (p = P)", "comparison-3m", "SS", "RigL"],
  ["notebooks/18-comparative-evaluation.ipynb", "SET and RigL (p = P)", "comparison-3m", "SET", "RigL"],
  ["notebooks/18-comparative-evaluation.ipynb", "mean is higher, but p = P is not", "comparison-3m", "MAST", "Tiny"],
  [
    "notebooks/18-comparative-evaluation.ipynb",
    "differ from RigL for certain (p = P)",
    "comparison-3m",
    "Tiny",
    "RigL",
  ],
  [
    "notebooks/18-comparative-evaluation.ipynb",
    "soft mellowmax, is shown (p P)",
    "comparison-3m",
    "RLx2, overestimation",
    "MAST, overestimation",
  ],
  [
    "notebooks/18-comparative-evaluation.ipynb",
    "of three such tests p = P is",
    "comparison-3m",
    "RigL, overestimation",
    "MAST, overestimation",
  ],
  ["notebooks/22-facmac.ipynb", "even that: dense p = P", "facmac-humanoid", "Dense", "Dense, untrained"],
  ["notebooks/22-facmac.ipynb", "training, MAST p = P,", "facmac-humanoid", "MAST", "MAST, untrained"],
  ["notebooks/22-facmac.ipynb", "SS p = P (Mann", "facmac-humanoid", "SS", "SS, untrained"],
  ["notebooks/22-facmac.ipynb", "MAST, SS has p = P,", "facmac-3m", "SS", "MAST"],
  ["notebooks/22-facmac.ipynb", "SET p = P, Dense", "facmac-3m", "SET", "MAST"],
  ["notebooks/22-facmac.ipynb", "Dense p = P (Mann", "facmac-3m", "Dense", "MAST"],
  ["notebooks/22-facmac.ipynb", "no more than p = P (Mann", "facmac-2s3z", "Dense", "MAST"],
  ["notebooks/22-facmac.ipynb", "Tiny (p = P), RigL", "facmac-2s3z", "Tiny", "MAST"],
  ["notebooks/22-facmac.ipynb", "RigL (p = P), SS", "facmac-2s3z", "RigL", "MAST"],
  ["notebooks/22-facmac.ipynb", "SS (p = P) and SET", "facmac-2s3z", "SS", "MAST"],
  ["notebooks/22-facmac.ipynb", "and SET (p = P) cannot", "facmac-2s3z", "SET", "MAST"],
  ["notebooks/23-mujoco.ipynb", "gained or lost: dense p = P", "comix-swimmer", "Dense", "Dense, untrained"],
  ["notebooks/23-mujoco.ipynb", "SS p = P, MAST", "comix-swimmer", "SS", "SS, untrained"],
  ["notebooks/23-mujoco.ipynb", "MAST p = P (Mann", "comix-swimmer", "MAST", "MAST, untrained"],
  ["notebooks/23-mujoco.ipynb", "no more than p = P with three", "comix-swimmer", "Dense", "MAST"],
  ["notebooks/23-mujoco.ipynb", "before training: dense p = P", "comix-humanoid", "Dense", "Dense, untrained"],
  ["notebooks/23-mujoco.ipynb", "and for SS p = P", "comix-humanoid", "SS", "SS, untrained"],
  ["notebooks/23-mujoco.ipynb", "and MAST p = P, three", "comix-humanoid", "MAST", "MAST, untrained"],
  ["notebooks/23-mujoco.ipynb", "told apart: dense and MAST p = P", "comix-humanoid", "Dense", "MAST"],
  ["notebooks/23-mujoco.ipynb", "SS and MAST p = P", "comix-humanoid", "SS", "MAST"],
  ["data/results/README.md", "before training (p = P for each", "comix-humanoid", "Dense", "Dense, untrained"],
  ["data/results/README.md", "before training (p = P for each", "comix-humanoid", "SS", "SS, untrained"],
  ["data/results/README.md", "before training (p = P for each", "comix-humanoid", "MAST", "MAST, untrained"],
  ["notebooks/23-mujoco.ipynb", "gain on that (p = P); whether", "comix-strokes", "Dense", "Dense, untrained"],
  ["notebooks/23-mujoco.ipynb", "whether SS (p = P) and", "comix-strokes", "SS", "SS, untrained"],
  ["notebooks/23-mujoco.ipynb", "and MAST (p = P) do cannot", "comix-strokes", "MAST", "MAST, untrained"],
  ["notebooks/23-mujoco.ipynb", "apart: dense and MAST p = P, SS and MAST p = 0.84", "comix-strokes", "Dense", "MAST"],
  ["notebooks/23-mujoco.ipynb", "p = 0.42, SS and MAST p = P. A tenth", "comix-strokes", "SS", "MAST"],
  ["notebooks/23-mujoco.ipynb", "prove little: dense p = P and", "comix-humanoid-standup", "Dense", "Dense, untrained"],
  ["notebooks/23-mujoco.ipynb", "and SS p = P, which is", "comix-humanoid-standup", "SS", "SS, untrained"],
  ["notebooks/23-mujoco.ipynb", "there is, MAST p = P.", "comix-humanoid-standup", "MAST", "MAST, untrained"],
  [
    "notebooks/23-mujoco.ipynb",
    "apart: dense and MAST p = P, SS and MAST p = 1.00.",
    "comix-humanoid-standup",
    "Dense",
    "MAST",
  ],
  ["notebooks/23-mujoco.ipynb", "p = 0.70, SS and MAST p = P.", "comix-humanoid-standup", "SS", "MAST"],
  ["data/results/README.md", "before training (p = P); for SS", "comix-strokes", "Dense", "Dense, untrained"],
  ["data/results/README.md", "for SS (p = P) and MAST", "comix-strokes", "SS", "SS, untrained"],
  ["data/results/README.md", "and MAST (p = P) that", "comix-strokes", "MAST", "MAST, untrained"],
  ["site/docs/actors.md", "gain on that (p = P), and", "comix-strokes", "Dense", "Dense, untrained"],
  ["site/docs/actors.md", "for SS (p = P) and MAST", "comix-strokes", "SS", "SS, untrained"],
  ["site/docs/actors.md", "and MAST (p = P) it", "comix-strokes", "MAST", "MAST, untrained"],
];

const read = new Map<string, Map<string, number[]>>();

describe("claims about differences name the p of what is published", () => {
  it.each(claims)("%s: %s", (file, words, id, one, other, otherId = id) => {
    const scoresOf = (experiment: string, label: string): number[] => {
      const scores = read.get(experiment) ?? published(experiment);
      read.set(experiment, scores);
      return scores.get(label)!;
    };
    const p = pText(mannWhitneyP(scoresOf(id, one), scoresOf(otherId, other)));
    // Lines of prose may be broken at any place.
    expect(textOf(file).replace(/\s+/g, " ")).toContain(words.replace(/\bP\b/, p));
  });

  it("is not said that a method fails, wins or comes first without one", () => {
    for (const file of ["README.md", "notebooks/18-comparative-evaluation.ipynb"])
      expect(textOf(file)).not.toMatch(/comes first|contradicts the paper|worst choice/);
  });
});
