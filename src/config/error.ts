import { LabError } from "../errors.js";

/** Thrown for a configuration that cannot be used; its message is one line for the person at the keyboard. */
export class ConfigError extends LabError {
  /** The name that is printed before the message: "ConfigError". */
  override readonly name = "ConfigError";
}
