/** The signals that ask a program to end, with the conventional exit codes: 128 plus the signal's number. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof CODES;

/** Work that a person, a scheduler or a lost connection may interrupt. */
export interface Interruptible {
  /** Aborted by the first signal; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Returns the exit code of interrupted work. */
  code(): number;
  /** Restores the default behaviour of signals. */
  end(): void;
}

/** Listens to Ctrl-C (SIGINT), SIGTERM and the end of a terminal or ssh session (SIGHUP) until `end`. */
export function interruptible(): Interruptible {
  const controller = new AbortController();
  let first: Signal = "SIGINT";
  const interrupt = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(CODES[signal as Signal]);
    first = signal as Signal;
    controller.abort();
  };
  const signals = Object.keys(CODES) as Signal[];
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    code: () => CODES[first],
    end() {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
