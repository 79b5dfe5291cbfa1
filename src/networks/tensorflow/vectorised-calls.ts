/** Combines calls of several runs, which do not know of each other, into one vectorised call. */
export interface VectorisedCalls {
  /**
   * Requests work on behalf of a run. It is done when all runs that have not left are waiting, at once for those that
   * request the same `kind` of work. If runs request different kinds, the kind with the fewest requests comes first, so
   * that these runs catch up with the others.
   *
   * @param given input of the work for this run
   * @param work does the work for some runs, in ascending order, with the input of each, and returns a result for each;
   *   the function of any of the requests is called
   */
  call<Given, Result>(run: number, kind: string, given: Given, work: Work<Given, Result>): Promise<Result>;
  /** Says that a run will not ask again, so that the others no longer wait for it. */
  leave(run: number): void;
}

/** Work for several runs at once. */
export type Work<Given, Result> = (runs: readonly number[], given: readonly Given[]) => Promise<readonly Result[]>;

interface Request {
  readonly kind: string;
  readonly given: unknown;
  readonly work: Work<never, unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes vectorised calls for runs 0 .. `runs` - 1, which wait for each other until they leave. */
export function createVectorisedCalls(runs: number): VectorisedCalls {
  const present = new Set(Array.from({ length: runs }, (_, run) => run));
  const waiting = new Map<number, Request>();
  let working = false;

  function advance(): void {
    if (working || waiting.size === 0 || waiting.size < present.size) return;
    const kinds = new Map<string, number[]>();
    for (const [run, { kind }] of waiting) kinds.set(kind, [...(kinds.get(kind) ?? []), run]);
    const chosen = [...kinds.values()]
      .reduce((fewest, asking) => (asking.length < fewest.length ? asking : fewest))
      .sort((a, b) => a - b);
    const requests = chosen.map((run) => waiting.get(run)!);
    for (const run of chosen) waiting.delete(run);
    working = true;
    void requests[0]
      .work(chosen, requests.map(({ given }) => given) as never[])
      .then(
        (results) => requests.forEach(({ resolve }, i) => resolve(results[i] as never)),
        (error: unknown) => requests.forEach(({ reject }) => reject(error)),
      )
      .finally(() => {
        working = false;
        advance();
      });
  }

  return {
    call: (run, kind, given, work) =>
      new Promise((resolve, reject) => {
        waiting.set(run, { kind, given, work, resolve, reject });
        advance();
      }),
    leave(run) {
      present.delete(run);
      advance();
    },
  };
}
