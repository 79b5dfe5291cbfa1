import { describe, expect, it } from "vitest";
import { smooth, smoothWithin } from "./savgol.js";

const series = (size: number) => Array.from({ length: size }, (_, i) => ((i * i * 7 + 3 * i) % 11) / 10);

// scipy.signal.savgol_filter(series(size), window, order) of scipy 1.17.1 gave these values.
const scipy: [number, number, number, number[]][] = [
  [
    30,
    21,
    2,
    [
      0.3751552795, 0.3826086957, 0.3892775417, 0.3951618176, 0.4002615234, 0.404576659, 0.4081072246, 0.41085322,
      0.4128146453, 0.4139915005, 0.4143837856, 0.37829356, 0.4397515528, 0.3729323308, 0.41085322, 0.3909774436,
      0.3909774436, 0.41085322, 0.3729323308, 0.4397515528, 0.4407453416, 0.4380124224, 0.431552795, 0.4213664596,
      0.4074534161, 0.3898136646, 0.368447205, 0.3433540373, 0.3145341615, 0.2819875776,
    ],
  ],
  [
    9,
    9,
    2,
    [
      0.4, 0.3666666667, 0.3523809524, 0.3571428571, 0.380952381, 0.4238095238, 0.4857142857, 0.5666666667,
      0.6666666667,
    ],
  ],
  [
    12,
    11,
    2,
    [
      0.3230769231, 0.3692307692, 0.4051282051, 0.4307692308, 0.4461538462, 0.4512820513, 0.4, 0.36, 0.32, 0.28, 0.24,
      0.2,
    ],
  ],
  [5, 5, 2, [0.1885714286, 0.4657142857, 0.5714285714, 0.5057142857, 0.2685714286]],
  [6, 5, 1, [0.36, 0.38, 0.4, 0.46, 0.34, 0.22]],
  [4, 3, 1, [0.3166666667, 0.3666666667, 0.5666666667, 0.3666666667]],
  [3, 3, 1, [0.3166666667, 0.3666666667, 0.4166666667]],
];

describe("smooth", () => {
  it.each(scipy)("of %i points with window %i and order %i is scipy's", (size, window, order, expected) => {
    const smoothed = smooth(series(size), { window, order });
    expect(smoothed.length).toBe(size);
    smoothed.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 9));
  });

  it("uses window 21 and order 2 unless told, and the largest odd window that a short series fills", () => {
    expect(smooth(series(30))).toEqual(smooth(series(30), { window: 21, order: 2 }));
    expect(smooth(series(9))).toEqual(smooth(series(9), { window: 9, order: 2 }));
    expect(smooth(series(12))).toEqual(smooth(series(12), { window: 11, order: 2 }));
  });

  it("leaves a parabola, and series of up to four points, as they are", () => {
    const parabola = Array.from({ length: 40 }, (_, i) => 3 - 0.2 * i + 0.01 * i * i);
    smooth(parabola).forEach((value, i) => expect(value).toBeCloseTo(parabola[i], 9));
    for (let size = 0; size <= 4; size++) expect(smooth(series(size))).toEqual(series(size));
  });

  it("refuses an impossible window or order, naming it", () => {
    expect(() => smooth(series(30), { window: 20 })).toThrow("20");
    expect(() => smooth(series(30), { window: 3, order: 3 })).toThrow("above the order, 3");
    expect(() => smooth(series(30), { order: 0 })).toThrow("order was given as 0");
  });
});

describe("smoothWithin", () => {
  it("is the paper's filter inside, and never leaves the range of its window, which shrinks at the ends", () => {
    const values = series(60);
    const filtered = smoothWithin(values);
    const paper = smooth(values);
    for (let i = 10; i < 50; i++) expect(filtered[i]).toBeCloseTo(paper[i], 12);
    expect([filtered[0], filtered[1], filtered.at(-1)]).toEqual([values[0], values[1], values.at(-1)]);
    // The third value has a window of five: weights -3, 12, 17, 12, -3 over 35 (Savitzky and Golay's table).
    expect(filtered[2]).toBeCloseTo(
      (-3 * values[0] + 12 * values[1] + 17 * values[2] + 12 * values[3] - 3 * values[4]) / 35,
      12,
    );

    // A parabola would rise before the step and overshoot behind it.
    const step = Array.from({ length: 50 }, (_, i) => (i < 25 ? 0 : 1));
    expect(Math.min(...smooth(step))).toBeLessThan(-0.05);
    expect(smoothWithin(step).every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(smoothWithin([])).toEqual([]);
    expect(() => smoothWithin([1, 2], 4)).toThrow("an odd number of points");
  });
});
