import type { MetricsRow, TimingRow } from "./metrics.js";

/** Tags under which TensorBoard shows the columns of a run's metrics.csv, by kind of row. */
const TAGS = {
  evaluation: {
    winRate: "evaluation/win_rate",
    episodeReturn: "evaluation/return",
    episodeLength: "evaluation/length",
    estimatedValue: "evaluation/estimated_value",
    trueValue: "evaluation/true_value",
  },
  train: {
    loss: "train/loss",
    gradientNorm: "train/gradient_norm",
    qTotal: "train/q_total",
    target: "train/target",
    epsilon: "train/epsilon",
    episodeReturn: "train/return",
    episodeLength: "train/length",
    winRate: "train/win_rate",
  },
} as const satisfies Record<MetricsRow["kind"], Partial<Record<keyof MetricsRow, string>>>;

/**
 * Encodes a run's metrics as a TensorBoard event file: TFRecord records that each hold an Event. Numbers are float32;
 * missing numbers are left out.
 *
 * @param timing the run's timing: an event's time is that many seconds after `began`
 * @param began time at which training began, in seconds since 1970
 * @example writeFileSync("board/run/events.out.tfevents.0.mast", eventFile(run.metrics, readTiming(run.name)));
 */
export function eventFile(metrics: readonly MetricsRow[], timing: readonly TimingRow[], began = 0): Uint8Array {
  let at = 0;
  const time = (step: number): number => {
    while (at < timing.length - 1 && timing[at].step < step) at++;
    return began + (timing[at]?.seconds ?? 0);
  };
  const events = [event(began, undefined, field(3, bytes(new TextEncoder().encode("brain.Event:2"))))];
  for (const row of metrics) {
    const values = Object.entries(TAGS[row.kind]).flatMap(([column, tag]) => {
      const value = row[column as keyof MetricsRow] as number;
      return Number.isNaN(value)
        ? []
        : [field(1, bytes(concat([field(1, bytes(new TextEncoder().encode(tag))), [2 * 8 + 5], fixed32(value)])))];
    });
    if (values.length > 0) events.push(event(time(row.step), row.step, field(5, bytes(concat(values)))));
  }
  return concat(events.map(record));
}

/**
 * Encodes an Event of TensorBoard in the wire format of protocol buffers: field 1 wall_time, field 2 step, and the
 * given content.
 */
function event(time: number, step: number | undefined, content: Uint8Array): Uint8Array {
  const wall = new Uint8Array(8);
  new DataView(wall.buffer).setFloat64(0, time, true);
  return concat([[1 * 8 + 1], wall, ...(step === undefined ? [] : [[2 * 8], varint(step)]), content]);
}

/** Encodes a TFRecord record: its length, its content, and a masked checksum of each. */
function record(content: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, content.length, true);
  return concat([length, masked(length), content, masked(content)]);
}

function masked(content: Uint8Array): Uint8Array {
  const sum = crc32c(content);
  const result = new Uint8Array(4);
  new DataView(result.buffer).setUint32(0, (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0, true);
  return result;
}

/** Computes Castagnoli's checksum, CRC-32C. */
export function crc32c(content: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of content) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 0xff];
  return (sum ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  return sum;
});

/** Encodes a field whose content is preceded by its length. */
function field(number: number, content: Uint8Array): Uint8Array {
  return concat([[number * 8 + 2], content]);
}

function bytes(content: Uint8Array): Uint8Array {
  return concat([varint(content.length), content]);
}

function varint(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...digits, rest];
    digits.push((rest % 128) + 128);
  }
}

function fixed32(value: number): Uint8Array {
  const result = new Uint8Array(4);
  new DataView(result.buffer).setFloat32(0, value, true);
  return result;
}

function concat(parts: readonly ArrayLike<number>[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
