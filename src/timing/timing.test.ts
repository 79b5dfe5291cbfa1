import { describe, expect, it } from "vitest";
import { spread, takeTurns } from "./timing.js";

describe("takeTurns", () => {
  it("samples in turns until there is to be no other", async () => {
    const times: Record<string, number[]> = { a: [5, 3], b: [7, 8] };
    const candidates = ["a", "b"].map((name) => ({ name, sample: () => times[name].shift()! }));
    const asked: number[] = [];
    const taken: string[] = [];
    for await (const [{ name }, milliseconds] of takeTurns(candidates, (turn) => (asked.push(turn), turn < 2)))
      taken.push(`${name} ${milliseconds}`);
    expect(taken).toEqual(["a 5", "b 7", "a 3", "b 8"]);
    expect(asked).toEqual([0, 1, 2]);
  });
});

describe("spread", () => {
  it("gives the fastest sample and the quartiles", () => {
    expect(spread([5, 1, 2, 4, 3])).toEqual({ fastest: 1, low: 2, median: 3, high: 4, samples: 5 });
    expect(spread([2, 1])).toEqual({ fastest: 1, low: 1.25, median: 1.5, high: 1.75, samples: 2 });
  });

  it("refuses to tell the time of nothing", () => {
    expect(() => spread([])).toThrow("`spread` needs at least one sample");
  });
});
