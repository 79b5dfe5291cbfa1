import { expect, it } from "vitest";
import type { MetricsRow } from "./metrics.js";
import { crc32c, eventFile } from "./tensorboard.js";

it("sums as Castagnoli's checksum does in RFC 3720, appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

it("writes an event file byte for byte as protocol buffers and TFRecord define it", () => {
  const row = {
    kind: "evaluation",
    step: 300,
    winRate: 0.5,
    episodeReturn: NaN,
    episodeLength: NaN,
    estimatedValue: NaN,
    trueValue: NaN,
  } as unknown as MetricsRow;
  const file = Buffer.from(eventFile([row], [{ step: 300, seconds: 2, stepsPerSecond: 150 }], 0));
  // The bytes of wall_time 0.0 and file_version "brain.Event:2" were worked out by hand.
  const first = Buffer.concat([Buffer.from([0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a, 13]), Buffer.from("brain.Event:2")]);
  expect(file.readUInt32LE(0)).toBe(first.length);
  expect(file.subarray(12, 12 + first.length)).toEqual(first);
  const second = file.subarray(12 + first.length + 4);
  const tag = Buffer.from("evaluation/win_rate");
  const value = Buffer.concat([Buffer.from([0x0a, tag.length]), tag, Buffer.from([0x15, 0, 0, 0, 0x3f])]);
  // These bytes have wall_time 2.0, step 300, and a summary of one value, 0.5.
  const expected = Buffer.concat([
    Buffer.from([0x09, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x10, 0xac, 0x02, 0x2a, value.length + 2, 0x0a, value.length]),
    value,
  ]);
  expect(second.readUInt32LE(0)).toBe(expected.length);
  expect(second.subarray(12, 12 + expected.length)).toEqual(expected);
  expect(second).toHaveLength(12 + expected.length + 4);
});
