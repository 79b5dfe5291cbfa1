import { parseArgs } from "node:util";
import { campaignOfFuzz } from "./fuzz.js";
import { campaignOfKills } from "./kills.js";
import { campaignOfWorkers } from "./workers.js";

const USAGE = `npm run campaign -- kills|fuzz|workers [--count N] [--freezes N] [--seed N]
  kills  kills a process that trains N times (default 1000) at random file operations, freezes others (default 60), and compares the runs that are completed
  fuzz   gives N damaged configurations, checkpoints, safetensors files and run folders (default 5000) to what reads them
  workers  lets three workers, each as on a machine of its own with a clock that is minutes off, train N runs (default 200) in one folder, kills and freezes (default 20 each) some, and compares the runs`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string" }, freezes: { type: "string" }, seed: { type: "string" } },
});
const number = (name: "count" | "freezes" | "seed", usual: number): number => {
  const value = Number(values[name] ?? usual);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} is ${values[name]}; expected a whole number. ${USAGE}`);
  return value;
};
const started = performance.now();
const report = (line: string): void =>
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}`);
const seed = number("seed", 1);
let failures: readonly string[];
switch (positionals[0]) {
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
