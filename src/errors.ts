import { oneLine } from "./messages.js";

/**
 * An error for the person at the keyboard: its message says in one line what was wrong and what to do. Node's console
 * and notebook cells print that line; with the environment variable MAST_DEBUG they print the stack too.
 */
export class LabError extends Error {
  /** The name that printouts put before the message: "Error", or that of a class which extends this one. */
  override readonly name: string = "Error";
}

// What `console.error` asks an object for, in Node, in a notebook's kernel and in other runtimes that follow Node.
Object.defineProperty(LabError.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: LabError): string {
    // A browser has no environment variables.
    const debug = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env["MAST_DEBUG"];
    return debug ? (this.stack ?? this.message) : oneLine(this.message);
  },
});
