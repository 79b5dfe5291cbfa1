import { LabError } from "../errors.js";

/** A configuration that cannot be used; its message is one line for the person at the keyboard. */
export class ConfigError extends LabError {
  /** The name that printouts put before the message: "ConfigError". */
  override readonly name = "ConfigError";
}
