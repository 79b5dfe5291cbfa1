import { LabError } from "../errors.js";
import { didYouMean, show } from "../messages.js";

/** The kinds of parts that a training is put together from. */
export type PartKind = "environment" | "algorithm" | "growth rule" | "operator" | "method";

/** A setting of a part: plain JSON that fits on a command line. */
export type PartOption = number | string | boolean;

/**
 * Settings of a part by name. A part declares them with their defaults; a configuration changes them under `options`.
 */
export type PartOptions = Readonly<Record<string, PartOption>>;

/** What every part may say about itself. */
export interface Part {
  /** The name under which figures and tables show it. Default: the name under which it is registered. */
  readonly title?: string;
  /** Its settings and their defaults. A value that is given must be of the default's type. */
  readonly options?: PartOptions;
  /** Set where it takes options that it does not list, and checks them itself. */
  readonly anyOptions?: boolean;
  /**
   * Files that it consists of, where it is made of its name. What they hold becomes part of the identity of the runs
   * that use it.
   */
  readonly files?: readonly string[];
}

/** A file of parts, as a complete configuration names it. */
export interface PartFile {
  /** Path of the file; a relative one is seen from the folder in which the process was started. */
  readonly file: string;
  /**
   * The beginning of the SHA-256 of what the file and everything that it imports by relative paths hold, in
   * hexadecimal.
   */
  readonly sha256: string;
}

/** Parts by kind and name, as a file exports them by default. The rooms of `src` say what each kind holds. */
export type PartTable = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A part that cannot be used; the message is one line that names the part. */
export class PartError extends LabError {
  /** The name that printouts put before the message: "PartError". */
  override readonly name = "PartError";
}

/** Where parts were registered: by this library, by the running program, or by a file with this content. */
export type PartSource =
  | "built-in"
  | "program"
  | {
      /** The beginning of the SHA-256 of what the file and its imports hold, as in `PartFile`. */
      readonly sha256: string;
    };

interface Entry {
  readonly part: Part;
  readonly source: PartSource;
}

/** One kind of parts: looks them up by name, among the built-in ones and those of a configuration's files. */
export interface Kind<P extends Part> {
  readonly kind: PartKind;
  /** The key under which a table lists them, for example "algorithms". */
  readonly section: string;
  /** The part of that name, or undefined. */
  find(name: string, files?: readonly PartFile[]): P | undefined;
  /**
   * The part of that name.
   * @throws {PartError} when there is none, with the names that there are
   */
  get(name: string, files?: readonly PartFile[]): P;
  /** All names, the built-in ones first, each group in the order of registration. */
  names(files?: readonly PartFile[]): string[];
  /** Whether a name is one of the library's own. */
  builtIn(name: string): boolean;
  /** The name under which figures and tables show a part; the name itself where the part is not loaded. */
  title(name: string, files?: readonly PartFile[]): string;
}

interface Registered {
  readonly kind: PartKind;
  readonly check: (part: object) => string | undefined;
  /** What is registered in the place of what was given. */
  readonly make?: (name: string, given: object) => Part;
  /** Every part of a name: at most one of the library or the program, and one for each content of a file. */
  readonly parts: Map<string, Entry[]>;
  /** Parts that are made of their names, by what the names begin with. */
  readonly families: Map<string, (name: string) => Part>;
}

/** By the key of a table: "environments", "algorithms", ... */
const registered = new Map<string, Registered>();

/**
 * Declares a kind of parts.
 *
 * @param section the key under which a file lists such parts, for example "algorithms"
 * @param check says what is wrong with a part, in words that follow its name, or undefined
 */
export function declareKind<P extends Part>(
  kind: PartKind,
  section: string,
  check: (part: object) => string | undefined,
): Kind<P> {
  const parts = new Map<string, Entry[]>();
  const families: Registered["families"] = new Map();
  registered.set(section, { kind, check, parts, families });
  const seen = ({ source }: Entry, files: readonly PartFile[]) =>
    typeof source === "string" || files.some(({ sha256 }) => sha256 === source.sha256);
  const known = (name: string, files: readonly PartFile[] = []) =>
    parts.get(name)?.find((entry) => seen(entry, files))?.part as P | undefined;
  const find = (name: string, files: readonly PartFile[] = []) => {
    // A configuration out of a run's files, or of another thread, names files that nobody has loaded here.
    if (!files.every(({ sha256 }) => loaded.has(sha256))) loadParts(files);
    return (
      known(name, files) ??
      ([...families].find(([prefix]) => String(name).startsWith(prefix))?.[1](name) as P | undefined)
    );
  };
  const names = (files: readonly PartFile[] = []) =>
    [...parts].filter(([, entries]) => entries.some((entry) => seen(entry, files))).map(([name]) => name);
  return {
    kind,
    section,
    find,
    names,
    get(name, files) {
      const part = find(name, files);
      if (part !== undefined) return part;
      throw new PartError(
        `Unknown ${kind} ${quote(name)}: ${didYouMean(String(name), names(files))}allowed are ${names(files).join(", ")}.`,
      );
    },
    builtIn: (name) => parts.get(name)?.some(({ source }) => source === "built-in") ?? false,
    title: (name, files) => known(name, files)?.title ?? name,
  };
}

/**
 * Declares another key under which a file lists parts of a kind, as data of which they are made: "maps" of
 * environments.
 *
 * @param check as of `declareKind`, for the data
 */
export function declareData<P extends Part>(
  { section }: Kind<P>,
  dataSection: string,
  check: (data: object) => string | undefined,
  make: (name: string, data: object) => P,
): void {
  const { kind, parts, families } = registered.get(section)!;
  registered.set(dataSection, { kind, check, make, parts, families });
}

/**
 * Registers parts that are made of their names: every name with this beginning is one. A program registers such a
 * family once.
 *
 * @param prefix what the names begin with, for example "python:"; no name of another part can
 * @param make the part of a name; it throws a PartError where there can be none of that name
 */
export function registerFamily<P extends Part>(
  { section }: Kind<P>,
  prefix: `${string}:`,
  make: (name: string) => P,
): void {
  registered.get(section)!.families.set(prefix, make);
}

/**
 * Registers parts under their names: the library's own, those of a file, and those that a program brings along come in
 * by this one door.
 *
 * @param source where they come from. Those of a file are seen by configurations that name the file, all others by
 *   every configuration
 * @throws {PartError} when a part breaks its contract or its name is taken, naming it; then none of them is registered
 * @example
 * registerParts({
 *   operators: { mean: { evaluate: (values, count) => values.subarray(0, count).reduce((a, b) => a + b) / count } },
 * });
 */
export function registerParts(table: PartTable, source: PartSource = "program"): void {
  const added: (() => void)[] = [];
  if (!isObject(table))
    throw new PartError(`gives ${describeValue(table)}; expected an object such as { environments: { ... } }`);
  if (Object.keys(table).length === 0)
    throw new PartError(`gives no parts; expected some of ${[...registered.keys()].join(", ")}`);
  for (const [section, parts] of Object.entries(table)) {
    const home = registered.get(section);
    if (home === undefined)
      throw new PartError(
        `has a key ${quote(section)}; ${didYouMean(section, [...registered.keys()])}allowed are ${[...registered.keys()].join(", ")}`,
      );
    if (!isObject(parts))
      throw new PartError(
        `has ${section} that are ${describeValue(parts)}; expected an object with a part for each name`,
      );
    for (const [name, part] of Object.entries(parts)) {
      const what = `${home.kind} ${quote(name)}`;
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/.test(name))
        throw new PartError(`${what} has a name that is not up to 60 letters, digits, ".", "_" or "-"`);
      if (!isObject(part)) throw new PartError(`${what} is ${describeValue(part)}; expected an object`);
      const wrong = checkCommon(part) ?? home.check(part);
      if (wrong !== undefined) throw new PartError(`${what} ${wrong}`);
      const others = home.parts.get(name) ?? [];
      // Files are seen by the configurations that name them only: two of them may use one name.
      const taken = others.find(
        (other) => other.source === "built-in" || (typeof source === "object" && other.source === "program"),
      );
      if (taken !== undefined)
        throw new PartError(
          `${what} has the name of one that ${taken.source === "built-in" ? "is built in" : "the program registered"}: choose another name`,
        );
      const kept = others.filter((other) => !sameSource(other.source, source));
      added.push(() => home.parts.set(name, [...kept, { part: home.make?.(name, part) ?? part, source }]));
    }
  }
  for (const add of added) add();
  if (typeof source === "object") loaded.add(source.sha256);
}

/** Files whose parts are registered, by their content. */
const loaded = new Set<string>();

function sameSource(a: PartSource, b: PartSource): boolean {
  return typeof a === "object" && typeof b === "object" ? a.sha256 === b.sha256 : a === b;
}

/** Names that two files of one configuration both register, as "algorithm \"mine\"". */
function repeatedNames(files: readonly PartFile[]): string[] {
  const own = (entry: Entry) =>
    typeof entry.source === "object" &&
    files.some(({ sha256 }) => sha256 === (entry.source as { sha256: string }).sha256);
  return [...registered.values()]
    .filter(({ make }) => make === undefined)
    .flatMap(({ kind, parts }) =>
      [...parts].filter(([, entries]) => entries.filter(own).length > 1).map(([name]) => `${kind} ${quote(name)}`),
    );
}

/**
 * Reads a file of parts and registers them under its content. How is the host's business: the core knows no disk.
 *
 * @throws {Error} when the file cannot be loaded or its parts cannot be used, in words that follow the file's name
 */
export type PartLoader = (file: string) => PartFile;

let loader: PartLoader = () => {
  throw new PartError("cannot be loaded: this program reads no files of parts; register them with registerParts");
};

/** Sets how files of parts are loaded in this thread. */
export function setPartLoader(load: PartLoader): void {
  loader = load;
}

/**
 * Loads files of parts, so that the parts in them are found by configurations that name the files.
 *
 * @param files their paths, or entries of a complete configuration, whose content must still be the same
 * @returns each file with the hash of its content
 * @throws {PartError} naming the file and what is wrong
 */
export function loadParts(files: readonly (string | PartFile)[]): PartFile[] {
  const parts = files.map((given) => {
    const file = typeof given === "string" ? given : given.file;
    let part: PartFile;
    try {
      part = loader(file);
    } catch (error) {
      throw new PartError(`parts: ${file} ${(error as Error).message}`, { cause: error });
    }
    loaded.add(part.sha256);
    if (typeof given !== "string" && given.sha256 !== part.sha256) {
      throw new PartError(
        `parts: ${file} has changed since this configuration was made (its content was ${given.sha256} and is ${part.sha256}): restore it, or configure a new run with what it holds now`,
      );
    }
    return part;
  });
  const [repeated] = repeatedNames(parts);
  if (repeated !== undefined)
    throw new PartError(`parts: ${repeated} is in more than one of ${parts.map(({ file }) => file).join(", ")}`);
  return parts;
}

/**
 * The settings of a part: what was given, completed with the part's defaults.
 *
 * @param field where they stand in the configuration, for messages
 * @throws {PartError} on a name that the part does not have, or a value of another type
 */
export function completeOptions(
  what: string,
  { options = {}, anyOptions = false }: Part,
  given: Readonly<Record<string, unknown>>,
  field: string,
): PartOptions {
  for (const [name, value] of Object.entries(given)) {
    const names = Object.keys(options);
    if (!Object.hasOwn(options, name)) {
      if (anyOptions) continue;
      throw new PartError(
        `${field} has an option ${quote(name)}, ${names.length === 0 ? `but ${what} has none` : `which ${what} has not; ${didYouMean(name, names)}allowed: ${names.join(", ")}`}`,
      );
    }
    const expected = typeof options[name];
    if (typeof value !== expected || (expected === "number" && !Number.isFinite(value)))
      throw new PartError(
        `${field}.${name} is ${describeValue(value)}; ${what} expects a ${expected}, such as ${describeValue(options[name])}`,
      );
  }
  return { ...options, ...(given as PartOptions) };
}

function checkCommon({ title, options }: { readonly title?: unknown; readonly options?: unknown }): string | undefined {
  if (title !== undefined && (typeof title !== "string" || title === ""))
    return `has title ${describeValue(title)}; expected some text`;
  if (options === undefined) return undefined;
  if (!isObject(options))
    return `has options that are ${describeValue(options)}; expected an object with a default for each`;
  const wrong = Object.entries(options).find(
    ([, value]) =>
      !["number", "string", "boolean"].includes(typeof value) || (typeof value === "number" && !Number.isFinite(value)),
  );
  return (
    wrong &&
    `has option ${wrong[0]} with the default ${describeValue(wrong[1])}; expected a number, text, true or false`
  );
}

/** Says which function a part lacks, in words that follow its name. */
export function lacksFunction(part: object, name: string): string | undefined {
  const value = (part as Record<string, unknown>)[name];
  return typeof value === "function"
    ? undefined
    : value === undefined
      ? `lacks ${name}, a function`
      : `has ${name} that is ${describeValue(value)}; expected a function`;
}

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as an error shows it: short, and on one line. */
export function describeValue(value: unknown): string {
  return ArrayBuffer.isView(value) ? `a ${value.constructor.name}` : show(value);
}

function quote(name: string): string {
  return describeValue(name);
}
