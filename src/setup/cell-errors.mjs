// Prints errors of a notebook's cell as one line each. tslab prints them with console.error: an exception with its
// stack, and a type error as one line for each step of the compiler's reasoning.
import { inspect } from "node:util";

/** The format of tslab's type errors; file, line, column and text follow. */
const TYPE_ERROR = "%s%d:%d - %s";

/**
 * Makes a console.error for a kernel. With the environment variable MAST_DEBUG it changes nothing.
 * @param {(...said: unknown[]) => void} print the console's own
 */
export function cellErrors(print) {
  /** @type {[file: string, line: number, column: number, text: string][]} */
  let typeErrors = [];
  // Of several lines about one place the last one names the wrong field; earlier ones concern the object that contains
  // it.
  const printTypeErrors = () => {
    const isLast = ([file, line, column], i) => `${[file, line, column]}` !== `${typeErrors[i + 1]?.slice(0, 3)}`;
    for (const [file, line, column, text] of typeErrors.filter(isLast))
      print(TYPE_ERROR, file, line, column, oneLine(text));
    typeErrors = [];
  };
  return (...said) => {
    if (process.env.MAST_DEBUG) return print(...said);
    if (said[0] === TYPE_ERROR) {
      // tslab prints all of them at once, and ends the cell in a later turn of the event loop.
      if (typeErrors.length === 0) queueMicrotask(printTypeErrors);
      typeErrors.push(said.slice(1));
    } else print(...said.map((part) => (part instanceof Error ? errorLine(part) : part)));
  };
}

/** Writes an exception as one line. Errors of mast-lab define their own text. */
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
