import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { type Config, ConfigError, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { configFromText, fieldsFromText } from "../config/text.js";
import { declare, type Experiment, type Profile, PROFILES } from "../experiments/experiment.js";
import { methodLabel } from "../figures/labels.js";
import { didYouMean, plain, show } from "../messages.js";
import { algorithmTitle, methodTitle } from "../methods.js";
import { LabError } from "../errors.js";
import { causeOf } from "../node/files.js";
import type { SlurmSettings } from "../runs/slurm/settings.js";
import { runName } from "../runs/store.js";
import { type WeightsPlace, weightsFrom, wholeSource } from "../runs/weights.js";
import { type Group, reduceGroups } from "./reduce.js";
import { type StudyFile, type StudyInput, studySchema } from "./schema.js";

/** The most runs of one study: more are probably a mistake. */
const MOST_RUNS = 10_000;

/** A user's own study: an experiment that is read from a file. */
export interface Study extends Experiment {
  /** Content of the file, complete in itself: a base from another file is included. */
  readonly file: StudyFile;
  /** Profiles of the study; none if it has a single budget. */
  readonly profiles: readonly Profile[];
  readonly slurm: SlurmSettings;
}

/** Fields for which every table of runs has a column. */
const COLUMNS: ReadonlySet<string> = new Set([
  "environment",
  "rules",
  "algorithm",
  "method",
  "sparsity.level",
  "steps",
  "engine",
  "setting",
]);

/** One setting of a study: its position among the others, and its changes of the base. */
interface Setting {
  readonly label: string;
  /** Values of the varied settings, by field. */
  readonly values: Readonly<Record<string, string>>;
  readonly input: ConfigInput;
}

/**
 * Reads a study file, JSON or YAML.
 *
 * @param runs the folder of runs, for settings that begin with the weights of a run. Default: see `runsDirectory`
 * @throws {ConfigError} saying in one line what cannot be read or used, and what to do
 * @example
 * const study = readStudy("lambda.yaml");
 * const outcomes = await runAll(study.configs(study.profile));
 */
export function readStudy(path: string, runs?: string): Study {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ConfigError(`Cannot read the study file ${plain(path)}: ${causeOf(error)}.`);
  }
  return declareStudy(fieldsFromText(bytes, path, "study file", "id: mine") as StudyInput, {
    folder: dirname(resolve(path)),
    name: plain(path),
    runs,
  });
}

/**
 * Declares a study and checks everything that can be checked before anything runs.
 *
 * @param place.folder folder of the files that it names. Default: the working directory
 * @param place.name name of the study in messages
 * @param place.runs the folder of runs, for settings that begin with the weights of a run
 * @throws {ConfigError} on an unknown field, an empty grid, too many runs, or two settings with the same runs
 * @example
 * const study = declareStudy({
 *   id: "lambda",
 *   base: { environment: "3m", steps: 100_000, short: true },
 *   grid: { "returns.lambda": [0.6, 0.8] },
 *   seeds: 5,
 * });
 */
export function declareStudy(
  input: StudyInput,
  place: { readonly folder?: string; readonly name?: string; readonly runs?: string } = {},
): Study {
  const { folder = process.cwd(), runs, name = `The study ${show(Object(input)["id"])}` } = place;
  const refuse = (what: string): never => {
    throw new ConfigError(`${name}: ${what}`);
  };
  const parsed = studySchema.safeParse(input);
  if (!parsed.success) return refuse(explainStudy(parsed.error.issues[0], input));
  const base = typeof parsed.data.base === "string" ? readBase(resolve(folder, parsed.data.base)) : parsed.data.base;
  const file: StudyFile = within(name, () =>
    withWholeSources({ ...parsed.data, base: partsFrom(base as ConfigInput, folder) }, { runs, folder }),
  );
  /** Weights whose hash is not in the file are read once. */
  const weights = new Map<string, ConfigInput>();
  const resolved = (layers: readonly ConfigInput[]): Config => {
    const merged = layers.reduce(mergeConfig, {});
    const source = merged.from?.sha256 === undefined ? merged.from?.source : undefined;
    if (source === undefined) return resolveConfig(merged);
    if (!weights.has(source)) weights.set(source, { from: weightsFrom(source, { runs, folder }) });
    return resolveConfig(mergeConfig(merged, weights.get(source)!));
  };
  const settings = settingsOf(file, refuse);
  const profiles = PROFILES.filter((known) => file.profiles?.[known] !== undefined);
  if (file.profiles !== undefined && profiles.length === 0)
    refuse(`profiles is empty: give one of ${PROFILES.join(", ")}, or leave it out`);
  const usual = file.profile ?? (profiles.length === 0 || profiles.includes("classroom") ? "classroom" : profiles[0]);
  if (file.profile !== undefined && !profiles.includes(file.profile))
    refuse(`profile is ${show(file.profile)}, which profiles does not have`);

  /** Settings by their configuration without the seed. */
  const known = new Map<string, Setting>();
  const of = (config: Config): Setting =>
    known.get(withoutSeed(config)) ?? { label: methodLabel(config), values: {}, input: {} };
  const title = file.title ?? file.id;
  const varied = [...new Set(settings.flatMap(({ values }) => Object.keys(values)))].filter(
    (field) => !COLUMNS.has(field),
  );
  const configs = (profile: Profile, count?: number, changes: ConfigInput = {}): Config[] => {
    if (profiles.length > 0 && !profiles.includes(profile))
      refuse(`it has no profile ${show(profile)}; there are: ${profiles.join(", ")}`);
    const { seeds: own, ...budget } = file.profiles?.[profile] ?? {};
    const layers = [file.base as ConfigInput, budget as ConfigInput, changes];
    const seeds = seedsOf(own ?? file.seeds ?? 1, count, (file.base as ConfigInput).seed ?? 1);
    if (settings.length * seeds.length > MOST_RUNS)
      refuse(
        `${settings.length.toLocaleString("en")} settings with ${seeds.length.toLocaleString("en")} seeds are ${(settings.length * seeds.length).toLocaleString("en")} runs; a study has at most ${MOST_RUNS.toLocaleString("en")}`,
      );
    const complete = settings.map((setting) => {
      const config = within(`${name}, ${setting.label}`, () => resolved([...layers, setting.input]));
      return { setting, config };
    });
    const first = new Map<string, string>();
    for (const { setting, config } of complete) {
      const key = withoutSeed(config);
      const before = first.get(key);
      if (before !== undefined)
        refuse(`${show(before)} and ${show(setting.label)} are the same configuration: leave one of them out`);
      first.set(key, setting.label);
      known.set(key, setting);
    }
    // Seed by seed, so that a study that is interrupted has every setting.
    return seeds.flatMap((seed) => settings.map(({ input }) => resolved([...layers, input, { seed }])));
  };
  const study = declare({
    id: file.id,
    title,
    about: file.about ?? "",
    profile: usual,
    configs,
    label: (config) => of(config).label,
    columns: (config) => {
      const { label, values } = of(config);
      return { setting: label, ...Object.fromEntries(varied.map((field) => [field, values[field] ?? ""])) };
    },
    reduce: (runs) => {
      const groups = new Map<string, Group>();
      for (const run of runs) {
        const setting = of(run.config);
        const before = groups.get(setting.label);
        groups.set(setting.label, { ...setting, runs: [...(before?.runs ?? []), run] });
      }
      const ordered = settings.flatMap(({ label }) => groups.get(label) ?? []);
      const others = [...groups.values()].filter((group) => !ordered.includes(group));
      return reduceGroups([...ordered, ...others], {
        title,
        baseline: file.baseline === undefined ? undefined : baselineOf(file.baseline, settings),
        plots: file.plot ?? ["win-rate"],
      });
    },
  });
  const all: Study = { ...study, file, profiles, slurm: file.slurm ?? {} };
  // This reports a setting that cannot be used at once.
  for (const profile of profiles.length > 0 ? profiles : [usual]) all.configs(profile);
  if (file.baseline !== undefined && baselineOf(file.baseline, settings) === undefined) {
    const labels = settings.map(({ label }) => label);
    refuse(
      `baseline is ${show(file.baseline)}, and no setting is that; ${typeof file.baseline === "string" ? didYouMean(file.baseline, labels) : ""}there are: ${labels.slice(0, 12).map(show).join(", ")}${labels.length > 12 ? ", ..." : ""}`,
    );
  }
  return all;
}

function baselineOf(
  baseline: NonNullable<StudyFile["baseline"]>,
  settings: readonly Setting[],
): ((label: string) => boolean) | undefined {
  const fields =
    typeof baseline === "string" ? undefined : Object.entries(baseline).flatMap(([key, value]) => flat(key, value));
  const is = ({ label, values }: Setting): boolean =>
    fields === undefined
      ? label === baseline
      : fields.length > 0 && fields.every(([field, value]) => values[field] === value);
  const labels = new Set(settings.filter(is).map(({ label }) => label));
  return labels.size === 0 ? undefined : (label) => labels.has(label);
}

/** Combines every combination of the grid's values with every setting of the list. */
function settingsOf({ grid, list }: StudyFile, refuse: (what: string) => never): Setting[] {
  if (grid !== undefined && Object.keys(grid).length === 0)
    refuse('grid is empty: give fields with their values, for example "returns.lambda": [0.6, 0.8], or leave it out');
  if (list !== undefined && list.length === 0) refuse("list is empty: give settings, or leave it out");
  const dimensions = Object.entries(grid ?? {});
  for (const [field, values] of dimensions) {
    if (values.length === 0) refuse(`grid.${field} is empty: give at least one value`);
    if (field === "seed" || field === "seeds")
      refuse(`grid.${field}: seeds are not a setting; give them as seeds, beside grid`);
    if (/(^|\.)(__proto__|constructor|prototype)(\.|$)/.test(field) || /^\.|\.\.|\.$/.test(field))
      refuse(`grid has ${show(field)}, which is not a field of a configuration`);
    const overlap = dimensions.find(([other]) => other !== field && other.startsWith(`${field}.`));
    if (overlap !== undefined)
      refuse(`grid has ${field} and ${overlap[0]}, one of which contains the other: give one of them`);
  }
  // Settings are counted before they are made, because a grid of ten fields can have more than fit into memory.
  const count = dimensions.reduce((product, [, values]) => product * values.length, list?.length ?? 1);
  if (count > MOST_RUNS)
    refuse(`it has ${count.toLocaleString("en")} settings; a study has at most ${MOST_RUNS.toLocaleString("en")} runs`);
  const several = dimensions.filter(([, values]) => values.length > 1);
  let settings: Setting[] = (list ?? [{ set: {}, label: undefined }]).map(({ label, set }, i) => {
    const values = Object.fromEntries(Object.entries(set).flatMap(([key, value]) => flat(key, value)));
    const own =
      label ??
      (Object.entries(values)
        .map(([field, value]) => nameOf(field, value))
        .join(", ") ||
        (list === undefined ? "" : `setting ${i + 1}`));
    return {
      label: own,
      values: list === undefined || label === undefined ? values : { setting: label, ...values },
      input: set,
    };
  });
  for (const [field, values] of dimensions) {
    settings = settings.flatMap((setting) =>
      values.map((value) => {
        const text = textOf(value);
        const shown = several.some(([other]) => other === field);
        return {
          label: [setting.label, ...(shown ? [nameOf(field, text)] : [])].filter((part) => part !== "").join(", "),
          values: { ...setting.values, ...(shown ? { [field]: text } : {}) },
          input: mergeConfig(setting.input, nested(field, value)),
        };
      }),
    );
  }
  const labels = new Set<string>();
  for (const { label } of settings) {
    if (labels.has(label)) refuse(`two settings are called ${show(label)}: give each a label of its own`);
    labels.add(label);
  }
  return settings.map((setting) => (setting.label === "" ? { ...setting, label: "all runs" } : setting));
}

/** Names a field and its value: "MAST", "returns.lambda = 0.6". */
function nameOf(field: string, value: string): string {
  if (field === "method") return methodTitle(value);
  if (field === "algorithm") return algorithmTitle(value);
  return field === "environment" ? value : `${field} = ${value}`;
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function flat(key: string, value: unknown): [string, string][] {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([inner, below]) => flat(`${key}.${inner}`, below))
    : [[key, textOf(value)]];
}

function nested(field: string, value: unknown): ConfigInput {
  return field.split(".").reduceRight<unknown>((below, key) => ({ [key]: below }), value) as ConfigInput;
}

/** Returns the requested seeds. If more are requested than a list has, further ones follow its last. */
function seedsOf(declared: number | readonly number[], count: number | undefined, first: number): number[] {
  const listed =
    typeof declared === "number" ? Array.from({ length: declared }, (_, i) => first + i) : [...new Set(declared)];
  if (count === undefined) return listed;
  const last = Math.max(...listed);
  return Array.from({ length: count }, (_, i) => listed[i] ?? last + 1 + i - listed.length);
}

/** Returns everything that determines a run except its seed. */
function withoutSeed(config: Config): string {
  return runName({ ...config, seed: 0 });
}

function readBase(path: string): object {
  try {
    return configFromText(readFileSync(path), path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`Cannot read the study's base ${plain(path)}: ${causeOf(error)}.`);
  }
}

/** Resolves files of parts, which are beside the study file. */
function partsFrom(base: ConfigInput, folder: string): ConfigInput {
  const { parts } = base;
  return Array.isArray(parts)
    ? {
        ...base,
        parts: parts.map((part: unknown) =>
          typeof part === "string" && part.startsWith(".") ? resolve(folder, part) : part,
        ) as NonNullable<ConfigInput["parts"]>,
      }
    : base;
}

/**
 * Replaces the names of runs and files with initial weights by their whole names, so that the study means the same in
 * any folder.
 */
function withWholeSources(
  file: Omit<StudyFile, "base"> & { readonly base: ConfigInput },
  place: WeightsPlace,
): StudyFile {
  const whole = (input: ConfigInput): ConfigInput => {
    const source = input.from?.source;
    if (typeof source !== "string") return input;
    return {
      ...input,
      from:
        input.from?.sha256 === undefined
          ? weightsFrom(source, place)
          : { ...input.from, source: wholeSource(source, place) },
    };
  };
  const { base, list, grid, ...rest } = file;
  return {
    ...rest,
    base: whole(base) as Record<string, unknown>,
    list: list?.map((one) => ({ ...one, set: whole(one.set as ConfigInput) as Record<string, unknown> })),
    grid:
      grid &&
      Object.fromEntries(
        Object.entries(grid).map(([field, values]) => [
          field,
          field === "from.source"
            ? values.map((value) => (typeof value === "string" ? wholeSource(value, place) : value))
            : values,
        ]),
      ),
  };
}

function within<T>(where: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof LabError) throw new ConfigError(`${where}: ${error.message.replace(/^config: /, "")}`);
    throw error;
  }
}

/** Explains what is wrong with a field of a study file. */
function explainStudy(issue: z.core.$ZodIssue, input: unknown): string {
  const path = issue.path.map(String);
  const at = path.join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0];
    const known = fieldsAt(path);
    return `unknown field ${show(key)}${at === "" ? "" : ` in ${at}`}; ${didYouMean(key, known)}${known.length > 0 ? `allowed: ${known.join(", ")}` : ""}`;
  }
  const value = path.reduce<unknown>(
    (below, key) => (typeof below === "object" && below !== null ? (below as Record<string, unknown>)[key] : undefined),
    input,
  );
  if (at === "") return `it holds ${show(value)}; expected fields, for example id: mine`;
  return `${at} ${value === undefined ? "is missing" : `is ${show(value)}`}; ${EXPECTED[path[0] === "slurm" ? at : path[0]] ?? plain(issue.message)}`;
}

const EXPECTED: Readonly<Record<string, string>> = {
  id: "expected a name of letters, digits, dots and dashes, at most 60",
  base: 'expected fields of a configuration, such as { "environment": "3m" }, or a file with them',
  grid: "expected fields, each with a list of values",
  list: 'expected settings, such as { "label": "short", "set": { "steps": 1000 } }',
  seeds: "expected a whole number from 1 to 1,000, or a list of seeds",
  profile: `expected ${PROFILES.join(", ")}`,
  profiles: `expected budgets under ${PROFILES.join(", ")}, such as { "smoke": { "steps": 2000, "seeds": 1 } }`,
  plot: "expected a list of: win-rate, return, length, estimated-value, true-value, overestimation, loss",
  "slurm.time": 'expected a time as Slurm writes it, "04:00:00" or "1-00:00:00"; in YAML it needs the quotes',
  "slurm.memory": 'expected memory, "2G"',
  "slurm.partition": "expected the name of a partition",
};

function fieldsAt(path: readonly string[]): string[] {
  if (path.length === 0) return Object.keys(studySchema.shape);
  if (path[0] === "slurm") return Object.keys(studySchema.shape.slurm.unwrap().shape);
  if (path[0] === "list") return ["label", "set"];
  return path[0] === "profiles" ? [...PROFILES] : [];
}
