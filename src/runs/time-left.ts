/** Number of past seconds from which the speed is estimated. */
const WINDOW = 30;

/**
 * Estimates the time that a run still needs from its recent speed, because its first steps, before the first update,
 * are many times faster than the rest.
 *
 * @param steps environment steps of the whole run
 * @param from step at which this process began
 * @returns a function of the present step and the seconds so far that returns the seconds left, or undefined while they
 *   are unknown
 */
export function timeLeft(steps: number, from: number): (step: number, seconds: number) => number | undefined {
  const recent: { step: number; seconds: number }[] = [];
  return (step, seconds) => {
    recent.push({ step, seconds });
    while (recent.length > 2 && recent[1].seconds < seconds - WINDOW) recent.shift();
    const first = recent[0];
    const done = step - first.step;
    return step <= from || done <= 0 ? undefined : ((steps - step) * (seconds - first.seconds)) / done;
  };
}
