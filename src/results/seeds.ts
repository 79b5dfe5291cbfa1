import { LabError } from "../errors.js";
import type { Config, ConfigInput } from "../config.js";
import { algorithmDefaults, methodDefaults } from "../methods.js";
import { algorithmOf } from "../parts/algorithm.js";

/** A stored run, or a configuration that was observed during training. */
interface OneRun {
  readonly name?: string;
  readonly config: Config;
}

/**
 * Refuses runs that are not seeds of one configuration, since statistics over them would mix different settings, and
 * runs that are given twice. Tickets may have sources that differ in the seed only.
 *
 * @param subject how errors call the runs
 * @throws {Error} naming the field that differs, its values and the runs, or the runs with the same seed; also when
 *   there are no runs
 * @example requireSeeds(runs.filter(({ config }) => config.method === "mast"));
 */
export function requireSeeds(runs: readonly OneRun[], subject = "These runs"): void {
  if (runs.length === 0) throw new LabError("Statistics over seeds were asked of no runs; they need at least one.");
  refuseDifference(runs, subject, () => true);
  const seeds = new Map<number, OneRun>();
  for (const run of runs) {
    const { seed } = run.config;
    const before = seeds.get(seed);
    if (before !== undefined)
      throw new LabError(
        `${subject} cannot be averaged: seed ${seed} is given twice (${[before, run].map(nameOf).join(" and ")}). Give each run once.`,
      );
    seeds.set(seed, run);
  }
}

/**
 * Refuses runs that differ in more than method and seed. A method has its own targets, buffers and growth
 * (`methodDefaults`), and dense networks have no sparsity; all other settings must agree, as in Table 1.
 *
 * @throws {Error} naming the field that differs, or the runs with the same method and seed; also when there are no runs
 * @example requireMethods(comparison3m.configs("classroom").map((config) => ({ config })));
 */
export function requireMethods(runs: readonly OneRun[]): void {
  const methods = [...new Set(runs.map(({ config }) => config.method))];
  // Where methods have targets of different kinds, n and T_0 belong to these.
  const targets = new Set(runs.map(({ config }) => config.returns.kind));
  refuseDifference(
    runs,
    "These methods",
    unlessVaried(
      [
        { sparsity: { level: 0 } },
        targets.size > 1 ? { returns: { n: 1, burnIn: 0 } } : {},
        ...methods.flatMap((method) => [{ method }, runs[0] ? adapted(method, runs[0].config) : {}]),
      ],
      runs[0]?.config.parts,
    ),
  );
  refuseDifference(
    runs.filter(({ config }) => config.sparsity.level > 0),
    "These methods",
    (field) => field === "sparsity.level",
  );
  for (const method of methods)
    requireSeeds(
      runs.filter(({ config }) => config.method === method),
      `These runs of ${method}`,
    );
}

/**
 * A method's defaults as an algorithm changes them: buffers of transitions have other sizes than those of episodes, and
 * FACMAC's baselines have TD(lambda) targets from the first step on.
 */
function adapted(method: string, config: Config): ConfigInput {
  return algorithmOf(config).adapt?.(methodDefaults(method, config.parts)) ?? {};
}

/**
 * Makes a predicate for `refuseDifference` that skips the fields which some settings vary: those that they set, and for
 * a method or an algorithm also its defaults.
 *
 * @param parts files of parts, if settings name methods or algorithms in them
 * @example refuseDifference(runs, "These runs", unlessVaried([{ method: "rigl" }, { method: "mast" }]));
 */
export function unlessVaried(settings: readonly ConfigInput[], parts?: Config["parts"]): (field: string) => boolean {
  const set = settings.flatMap(({ method, algorithm, ...input }) => [
    ...Object.keys({ ...(method && { method }), ...(algorithm && { algorithm }) }),
    ...[
      input,
      method ? methodDefaults(method, parts) : {},
      algorithm ? algorithmDefaults(algorithm, parts) : {},
    ].flatMap((part) => flatten(part).map(([field]) => field)),
  ]);
  return (field) => !set.some((own) => field === own || field.startsWith(`${own}.`));
}

/**
 * Refuses runs that differ in a field.
 *
 * @param compared whether a field is compared
 * @throws {Error} naming the field
 */
export function refuseDifference(runs: readonly OneRun[], subject: string, compared: (field: string) => boolean): void {
  const [first, ...others] = runs;
  if (first === undefined) return;
  const expected = comparedFields(first.config);
  for (const other of others) {
    const found = comparedFields(other.config);
    const field = [...new Set([...expected.keys(), ...found.keys()])].find(
      (name) => compared(name) && expected.get(name) !== found.get(name),
    );
    if (field === undefined) continue;
    const value = (fields: ReadonlyMap<string, string>, run: OneRun): string =>
      `${fields.get(field) ?? "absent"} (${nameOf(run)})`;
    throw new LabError(
      `${subject} cannot be put together: ${field} is ${value(expected, first)} and ${value(found, other)}. Statistics need runs that agree in it.`,
    );
  }
}

/**
 * Lists the fields of a configuration with their values as texts, such as "sparsity.level" and "0.95". An empty section
 * counts as a field.
 */
export function flatten(tree: object, path = ""): [field: string, value: string][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
    const section = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    return section ? flatten(value, `${path}${key}.`) : [[`${path}${key}`, String(value)] as [string, string]];
  });
}

/** Removes the seed and the hash from the end of a run's name. */
export function withoutSeed(run: string): string {
  return run.replace(/-seed\d+-[0-9a-f]+$/, "");
}

/**
 * Lists the fields that must agree: everything but the seed, the seeds of runs that it names, and the paths of files of
 * parts.
 */
function comparedFields(config: Config): Map<string, string> {
  const fields = new Map(
    flatten(config).filter(([field, value]) => value !== "undefined" && !/^parts\.\d+\.file$/.test(field)),
  );
  fields.delete("seed");
  return ofAnySeed(fields);
}

/** Fields that name other runs. Seeds of one configuration may name different seeds of one other configuration. */
const NAMING = ["ticket.source", "extend.run", "from.source"];

/**
 * Replaces the names of runs in a configuration's fields by names without a seed, so that seeds of one configuration
 * agree. The weights of a run are identified by its name.
 */
export function ofAnySeed(fields: Map<string, string>): Map<string, string> {
  for (const field of NAMING) {
    const run = fields.get(field);
    if (run === undefined) continue;
    const named = withoutSeed(run);
    fields.set(field, named);
    if (field === "from.source" && named !== run) fields.delete("from.sha256");
  }
  return fields;
}

function nameOf({ name, config }: OneRun): string {
  return name ?? `${config.environment}, ${config.algorithm}, ${config.method}, seed ${config.seed}`;
}
