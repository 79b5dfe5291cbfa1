import { PartError, type PartFile, repeatedNames } from "./registry.js";

/** A file of parts as a configuration is given it: its path, or a complete configuration's entry, whose content must still be the same. */
export type GivenPartFile = string | PartFile;

/**
 * Loads a file of parts and registers them under its content. How is the host's business: the core knows no disk.
 *
 * @throws {PartError} when the file cannot be loaded or its parts cannot be used, in words that follow the file's name
 */
export type PartLoader = (file: string) => PartFile;

let loader: PartLoader = () => {
  throw new PartError("cannot be loaded here: this program reads no files of parts; register them with registerParts");
};

/** Sets how files of parts are loaded, for this process. */
export function setPartLoader(load: PartLoader): void {
  loader = load;
}

/**
 * Loads the files of a configuration, so that the parts in them can be found.
 *
 * @returns each file with the hash of its content
 * @throws {PartError} naming the file
 */
export function loadParts(files: readonly GivenPartFile[]): PartFile[] {
  const loaded = files.map((given) => {
    const file = typeof given === "string" ? given : given.file;
    let part: PartFile;
    try {
      part = loader(file);
    } catch (error) {
      throw new PartError(`parts: ${file} ${(error as Error).message}`, { cause: error });
    }
    if (typeof given !== "string" && given.sha256 !== part.sha256) {
      throw new PartError(`parts: ${file} has changed since this configuration was made: its content was ${given.sha256} and is ${part.sha256}. Restore it, or configure a new run with what it holds now`);
    }
    return part;
  });
  const [repeated] = repeatedNames(loaded);
  if (repeated !== undefined) throw new PartError(`parts: ${repeated} is in more than one of ${loaded.map(({ file }) => file).join(", ")}`);
  return loaded;
}
