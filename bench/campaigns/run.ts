import { parseArgs } from "node:util";
import { LabError } from "../../src/errors.js";
import { collectSeldom } from "../../src/node/heap.js";
import { keptPaths } from "../../src/results/kept-runs.js";
import { committedResults } from "../../src/results/place.js";
import { classroomTable, readBudgets } from "./classroom.js";
import { campaignOfFuzz } from "./fuzz.js";
import { campaignOfKills } from "./kills.js";
import { campaignOfPaper } from "./paper.js";
import { campaignOfWorkers } from "./workers.js";

const USAGE = `npm run campaign -- paper [EXPERIMENT...] [--hours H] [--seeds N] [--workers N] [--runs FOLDER] [--results FOLDER] [--profile NAME] [--any-engine] [--reduce]
  paper  trains what is missing at the paper's budget, in the order of its worth, and adds each run that is completed to data/results/runs-paper.csv and
         runs-evaluations-paper.csv, which are to be committed; what they hold is never trained again. --reduce only makes tables and figures of what is complete
npm run campaign -- classroom FILE... [--paper FILE...]
  classroom  says how far the order of methods or settings in tables of results is that of the paper's budget (default: data/results/runs-paper.csv)
npm run campaign -- kills|fuzz|workers [--count N] [--freezes N] [--seed N]
  kills  kills a process that trains N times (default 1000) at random file operations, freezes others (default 60), and compares the runs that are completed
  fuzz   gives N damaged configurations, checkpoints, safetensors files and run folders (default 5000) to what reads them
  workers  lets three workers, each as on a machine of its own with a clock that is minutes off, train N runs (default 200) in one folder, kills and freezes (default 20 each) some, and compares the runs`;

const { positionals, values } = parsed();

function parsed() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ...{ count: text, freezes: text, seed: text },
        ...{ hours: text, seeds: text, workers: text, runs: text, results: text, profile: text },
        ...{ "any-engine": flag, reduce: flag, paper: { type: "string", multiple: true } as const },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message.split("\n")[0]}\n${USAGE}`);
    process.exit(1);
  }
}

function number(name: "count" | "freezes" | "seed", usual: number): number {
  return given(name) ?? usual;
}

/** Reads a number from the options; it must be whole unless it is a number of hours. */
function given(name: "count" | "freezes" | "seed" | "seeds" | "workers" | "hours"): number | undefined {
  if (values[name] === undefined) return undefined;
  const value = Number(values[name]);
  const fits = name === "hours" ? value > 0 : Number.isSafeInteger(value) && value >= 0;
  if (fits) return value;
  console.error(
    `--${name} is ${values[name]}; expected ${name === "hours" ? "hours, more than 0" : "a whole number"}.`,
  );
  process.exit(1);
}
/** Prints an error that a person can correct as one line. */
async function inOneLine(action: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof LabError) return [error.message];
    throw error;
  }
}

collectSeldom();
const started = performance.now();
const report = (line: string): void =>
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}`);
const seed = number("seed", 1);
let failures: readonly string[];
switch (positionals[0]) {
  case "paper": {
    const [hours, seeds, workers] = [given("hours"), given("seeds"), given("workers")];
    const { runs, results } = values;
    failures = await inOneLine(() =>
      campaignOfPaper({
        ids: positionals.slice(1),
        profile: values.profile ?? "paper",
        anyEngine: values["any-engine"] === true,
        reduceOnly: values.reduce === true,
        report,
        hours,
        seeds,
        workers,
        runs,
        results,
      }),
    );
    break;
  }
  case "classroom": {
    failures = await inOneLine(async () => {
      const papers = values.paper ?? [keptPaths("paper", committedResults().tables).runs];
      console.log(classroomTable(readBudgets(positionals.slice(1)), readBudgets(papers)));
      return [];
    });
    break;
  }
  case "kills": {
    const result = await campaignOfKills({
      kills: number("count", 1000),
      freezes: number("freezes", 60),
      seed,
      report,
    });
    console.log(
      `${result.kills} kills and ${result.freezes} freezes, ${result.runs} runs compared, ${result.failures.length} failures`,
    );
    for (const [operation, count] of [...result.at].sort(([, a], [, b]) => b - a))
      console.log(`${String(count).padStart(6)}  ${operation}`);
    failures = result.failures;
    break;
  }
  case "fuzz": {
    const result = await campaignOfFuzz({ count: number("count", 5000), seed, report });
    for (const [kind, { inputs, read, refused }] of result.kinds)
      console.log(`${String(inputs).padStart(6)}  ${kind}: ${read} read, ${refused} refused in one line`);
    console.log(`${result.inputs} inputs, ${result.failures.length} failures`);
    failures = result.failures;
    break;
  }
  case "workers": {
    const result = await campaignOfWorkers({
      runs: number("count", 200),
      kills: number("freezes", 20),
      freezes: number("freezes", 20),
      seed,
      report,
    });
    console.log(
      `${result.runs} runs of ${result.started} workers${result.hosts ? ", each with a host name and process numbers of its own and a clock that is minutes off" : ""}; ${result.kills} kills, ${result.freezes} freezes, ${result.failures.length} failures`,
    );
    failures = result.failures;
    break;
  }
  default:
    console.error(USAGE);
    process.exit(1);
}
for (const failure of failures) console.log(failure);
if (failures.length > 0) process.exitCode = 1;
