// How errors of a notebook's cell read: one line each. tslab prints them with console.error, an exception with its
// stack, and a type error as one line for each step of the compiler's reasoning.
import { inspect } from "node:util";

/** The format of tslab's type errors; file, line, column and text follow. */
const TYPE_ERROR = "%s%d:%d - %s";

/**
 * A console.error for a kernel. With the environment variable MAST_DEBUG it leaves everything as it is.
 * @param {(...said: unknown[]) => void} print the console's own
 */
export function cellErrors(print) {
  /** @type {[file: string, line: number, column: number, text: string][]} */
  let typeErrors = [];
  // Of several lines about one place the last one names the wrong field; those before it are about the whole that it is
  // part of.
  const printTypeErrors = () => {
    const isLast = ([file, line, column], i) => `${[file, line, column]}` !== `${typeErrors[i + 1]?.slice(0, 3)}`;
    for (const [file, line, column, text] of typeErrors.filter(isLast))
      print(TYPE_ERROR, file, line, column, oneLine(text));
    typeErrors = [];
  };
  return (...said) => {
    if (process.env.MAST_DEBUG) return print(...said);
    if (said[0] === TYPE_ERROR) {
      // tslab says all of them at once, and ends the cell in a later turn than this one.
      if (typeErrors.length === 0) queueMicrotask(printTypeErrors);
      typeErrors.push(said.slice(1));
    } else print(...said.map((part) => (part instanceof Error ? errorLine(part) : part)));
  };
}

/** An exception in one line. Errors of mast-lab say themselves how they read. */
function errorLine(error) {
  if (error.message === "Interrupted asynchronously" || error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED")
    return "Interrupted. Run the cell again to repeat it; trainings resume at their last checkpoint.";
  const own = typeof error[inspect.custom] === "function" && error.code !== "ERR_ASSERTION";
  return own ? inspect(error) : oneLine(`${error.name}: ${error.message}`);
}

function oneLine(text) {
  return String(text)
    .trim()
    .replace(/\s*\n\s*/g, " ");
}
