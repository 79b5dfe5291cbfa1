import { describe, expect, it } from "vitest";
import { createVectorisedCalls } from "./vectorised-calls.js";

describe("createVectorisedCalls", () => {
  /**
   * Lets runs each ask for the given kinds of work one after the other, and returns which runs were served by one call,
   * in order.
   */
  async function serve(kinds: readonly (readonly string[])[]): Promise<string[]> {
    const calls = createVectorisedCalls(kinds.length);
    const served: string[] = [];
    await Promise.all(
      kinds.map(async (own, run) => {
        for (const kind of own) {
          const answer = await calls.call(run, kind, 10 * run, (runs, given) => {
            served.push(`${kind} ${runs}`);
            return Promise.resolve(given.map((value) => value + 1));
          });
          expect(answer).toBe(10 * run + 1);
        }
        calls.leave(run);
      }),
    );
    return served;
  }

  it("serves runs that ask for the same in one call", async () => {
    expect(
      await serve([
        ["a", "b"],
        ["a", "b"],
        ["a", "b"],
      ]),
    ).toEqual(["a 0,1,2", "b 0,1,2"]);
  });

  it("lets those that do something of their own catch up", async () => {
    expect(
      await serve([
        ["a", "b"],
        ["x", "a", "b"],
        ["a", "b"],
      ]),
    ).toEqual(["x 1", "a 0,1,2", "b 0,1,2"]);
  });

  it("does not wait for a run that has left", async () => {
    expect(await serve([["a"], ["a", "a", "a"]])).toEqual(["a 0,1", "a 1", "a 1"]);
  });

  it("waits for a run that has not asked yet", async () => {
    const calls = createVectorisedCalls(2);
    const work = (runs: readonly number[]) => Promise.resolve(runs.map(String));
    let served = false;
    const first = calls.call(0, "a", null, work).then(() => (served = true));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(served).toBe(false);
    expect(await calls.call(1, "a", null, work)).toBe("1");
    await first;
  });

  it("tells all who asked when the work fails, and goes on", async () => {
    const calls = createVectorisedCalls(2);
    const fails = [0, 1].map((run) => calls.call(run, "a", null, () => Promise.reject(new Error("out of memory"))));
    for (const fail of fails) await expect(fail).rejects.toThrow("out of memory");
    const works = [0, 1].map((run) => calls.call(run, "a", null, (runs) => Promise.resolve(runs)));
    expect(await Promise.all(works)).toEqual([0, 1]);
  });
});
