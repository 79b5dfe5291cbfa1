import { readFileSync } from "node:fs";

/**
 * Returns the processor seconds of the calling thread since it began, which hardly depend on other work of the machine.
 * It is undefined where the system does not report them for a single thread (Node.js before 22.19, except on Linux).
 */
export function threadSeconds(): number | undefined {
  const { threadCpuUsage } = process as typeof process & { threadCpuUsage?: () => NodeJS.CpuUsage };
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage.call(process);
    return (user + system) / 1e6;
  }
  try {
    // The file describes the thread that reads it. Its first number is the nanoseconds spent on a processor.
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ", 1)[0]) / 1e9 || undefined;
  } catch {
    return undefined;
  }
}
