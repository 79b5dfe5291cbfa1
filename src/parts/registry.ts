import { LabError } from "../errors.js";
import { didYouMean, show } from "../messages.js";

/** The kinds of parts that training is composed of. */
export type PartKind = "environment" | "algorithm" | "growth rule" | "operator" | "method";

/** The value of a part's setting: plain JSON that fits on a command line. */
export type PartOption = number | string | boolean;

/**
 * Settings of a part by name. A part declares them with their defaults; a configuration changes them under `options`.
 */
export type PartOptions = Readonly<Record<string, PartOption>>;

/** The fields that every part may have. */
export interface Part {
  /** Name of the part in figures and tables. Default: the name under which it is registered. */
  readonly title?: string;
  /** The part's settings with their defaults. A given value must have the default's type. */
  readonly options?: PartOptions;
  /** If true, the part takes options that it does not list, and checks them itself. */
  readonly anyOptions?: boolean;
  /**
   * For a part that is made from its name: the files that it consists of. Their content is part of the identity of runs
   * that use it.
   */
  readonly files?: readonly string[];
}

/** Entry of a complete configuration for a file of parts. */
export interface PartFile {
  /** Path of the file; a relative path starts from the folder in which the process was started. */
  readonly file: string;
  /**
   * The beginning of the SHA-256, in hexadecimal, of the content of the file and of everything that it imports by
   * relative paths.
   */
  readonly sha256: string;
}

/** Parts by kind and name, the default export of a file of parts. `Parts` in parts/index.ts documents the kinds. */
export type PartTable = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Thrown for a part that cannot be used; the message is one line that names the part. */
export class PartError extends LabError {
  /** The name that is printed before the message: "PartError". */
  override readonly name = "PartError";
}

/** The origin of parts: this library, the running program, or a file with this content. */
export type PartSource =
  | "built-in"
  | "program"
  | {
      /** The beginning of the SHA-256 of the content of the file and its imports, as in `PartFile`. */
      readonly sha256: string;
    };

interface Entry {
  readonly part: Part;
  readonly source: PartSource;
}

/** One kind of parts. It looks parts up by name, among the built-in ones and those of a configuration's files. */
export interface Kind<P extends Part> {
  readonly kind: PartKind;
  /** The key under which a table lists them, for example "algorithms". */
  readonly section: string;
  /** Finds the part of that name, or undefined. */
  find(name: string, files?: readonly PartFile[]): P | undefined;
  /**
   * Finds the part of that name.
   * @throws {PartError} when there is none, listing the names that exist
   */
  get(name: string, files?: readonly PartFile[]): P;
  /** Lists all names, the built-in ones first, each group in the order of registration. */
  names(files?: readonly PartFile[]): string[];
  /** Tells whether a name belongs to a built-in part. */
  builtIn(name: string): boolean;
  /** Returns the name of a part in figures and tables, or the name itself where the part is not loaded. */
  title(name: string, files?: readonly PartFile[]): string;
}

interface Registered {
  readonly kind: PartKind;
  readonly check: (part: object) => string | undefined;
  /** Makes the part that is registered from the data that was given. */
  readonly make?: (name: string, given: object) => Part;
  /** All parts of a name: at most one of the library or the program, and one for each content of a file. */
  readonly parts: Map<string, Entry[]>;
  /** Makers of parts that are made from their names, by the prefix of those names. */
  readonly families: Map<string, (name: string) => Part>;
}

/** The kinds by their key in a table of parts: "environments", "algorithms", ... */
const registered = new Map<string, Registered>();

/**
 * Declares a kind of parts.
 *
 * @param section the key under which a file lists such parts, for example "algorithms"
 * @param check returns what is wrong with a part, in words that follow its name, or undefined
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
    // A configuration from a run's files or from another thread names files that this thread may not have loaded.
    if (!files.every(({ sha256 }) => loaded.has(sha256))) loadParts(files);
    const part = known(name, files);
    if (part !== undefined) return part;
    const made = [...families].find(([prefix]) => String(name).startsWith(prefix))?.[1](name) as P | undefined;
    // Such a part is made from its files each time, which may have changed since they were loaded.
    const own = files.filter(({ file }) => made?.files?.includes(file));
    if (own.length > 0) loadParts(own);
    return made;
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
 * Declares another key under which a file lists data from which parts of a kind are made, such as "maps" for
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
 * Registers a family of parts that are made from their names: every name with this prefix is one. A program registers a
 * family once.
 *
 * @param prefix the prefix, for example "python:"; names of other parts cannot begin with it
 * @param make makes the part of a name, or throws a PartError where the name is impossible
 */
export function registerFamily<P extends Part>(
  { section }: Kind<P>,
  prefix: `${string}:`,
  make: (name: string) => P,
): void {
  registered.get(section)!.families.set(prefix, make);
}

/**
 * Registers parts under their names. The library's own parts, those of a file and those of a program are all registered
 * by this function.
 *
 * @param source where the parts come from. Only configurations that name the file see the parts of a file; every
 *   configuration sees all others
 * @throws {PartError} naming the part, when it breaks its contract or its name is taken; none of the parts is then
 * registered
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
      // Only configurations that name a file see its parts, so two files may use the same name.
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

/** Files whose parts are registered, by the hash of their content. */
const loaded = new Set<string>();

function sameSource(a: PartSource, b: PartSource): boolean {
  return typeof a === "object" && typeof b === "object" ? a.sha256 === b.sha256 : a === b;
}

/** Lists names that two files of one configuration both register, as "algorithm \"mine\"". */
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
 * Reads a file of parts and registers them under the hash of its content. The host provides this function, since the
 * core has no access to a disk. Where `expected` is given and the content has another hash, it returns that hash and
 * runs nothing of the file.
 *
 * @throws {Error} when the file cannot be loaded or its parts cannot be used, in words that follow the file's name
 */
export type PartLoader = (file: string, expected?: string) => PartFile;

let loader: PartLoader = () => {
  throw new PartError("cannot be loaded: this program reads no files of parts; register them with registerParts");
};

/** Sets the function that loads files of parts in this thread. */
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
    const { file, sha256 = undefined } = typeof given === "string" ? { file: given } : given;
    let part: PartFile;
    try {
      part = loader(file, sha256);
    } catch (error) {
      throw new PartError(`parts: ${file} ${(error as Error).message}`, { cause: error });
    }
    if (sha256 !== undefined && sha256 !== part.sha256) {
      throw new PartError(
        `parts: ${file} has changed since this configuration was made (its content was ${sha256} and is ${part.sha256}): restore it, or configure a new run with what it holds now`,
      );
    }
    loaded.add(part.sha256);
    return part;
  });
  const [repeated] = repeatedNames(parts);
  if (repeated !== undefined)
    throw new PartError(`parts: ${repeated} is in more than one of ${parts.map(({ file }) => file).join(", ")}`);
  return parts;
}

/**
 * Completes the given settings of a part with the part's defaults.
 *
 * @param field their field in the configuration, for messages
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

/** Checks that a part has a function; returns what is wrong in words that follow the part's name, or undefined. */
export function lacksFunction(part: object, name: string): string | undefined {
  const value = (part as Record<string, unknown>)[name];
  return typeof value === "function"
    ? undefined
    : value === undefined
      ? `lacks ${name}, a function`
      : `has ${name} that is ${describeValue(value)}; expected a function`;
}

/** Tells whether a value is an object with keys. */
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
