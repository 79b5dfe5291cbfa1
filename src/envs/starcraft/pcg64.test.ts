import { expect, it } from "vitest";
import { nextPcg32, pcgInterval, seedPcg64 } from "./pcg64.js";

// NumPy 2.4 printed these: PCG64(SeedSequence(seed)).random_raw(3), the low half first, and Generator.shuffle of 0..9,
// three times.
const drawn: [seed: number, words: number[], shuffled: string[]][] = [
  [
    0,
    [3653403231, 2735729615, 2195314465, 1158725112, 1322117304, 175979945],
    ["4627359081", "2936048751", "5490821673"],
  ],
  [
    1,
    [2032329983, 2198257139, 3243419750, 4082210491, 149690573, 619160822],
    ["8470125963", "0186579234", "3156907284"],
  ],
  [
    123456789,
    [3869700412, 119025308, 2513686221, 3894247085, 1462633145, 3785556492],
    ["7405382169", "2967853410", "5628104379"],
  ],
];

it.each(drawn)("draws what NumPy draws with seed %d", (seed, expected, shuffled) => {
  const words = new Int32Array(10);
  seedPcg64(words, seed);
  expect(expected.map(() => nextPcg32(words) >>> 0)).toEqual(expected);
  seedPcg64(words, seed);
  for (const order of shuffled) {
    const list = [...Array(10).keys()];
    for (let i = 9; i > 0; i--) {
      const j = pcgInterval(words, i);
      [list[i], list[j]] = [list[j], list[i]];
    }
    expect(list.join("")).toBe(order);
  }
});
