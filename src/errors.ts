import { oneLine } from "./messages.js";

/**
 * An error for the person at the keyboard: its message says in one line what was wrong and what to do. Node's console
 * and notebook cells print that line; with the environment variable MAST_DEBUG they print the stack too.
 */
export class LabError extends Error {
  /** The name that is printed before the message: "Error", or the name of the class that extends this one. */
  override readonly name: string = "Error";
}

// Node's `console.error` calls the method of this name; so do notebook kernels and other runtimes that follow Node.
Object.defineProperty(LabError.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: LabError): string {
    // A browser has no environment variables.
    const debug = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env["MAST_DEBUG"];
    return debug ? (this.stack ?? this.message) : oneLine(this.message);
  },
});
