/** Times are kept within what a number counts exactly; nothing is stored out there. */
const timeMsMax = Number.MAX_SAFE_INTEGER;

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** How Prometheus writes its own first and last moment; clients send them back. */
const boundaryTimes: ReadonlyMap<string, number> = new Map([
  ["-292273086-05-16T16:47:06Z", -timeMsMax],
  ["292277025-08-18T07:12:54.999999999Z", timeMsMax],
]);

/**
 * Milliseconds since the Unix epoch of a time as Prometheus's API takes it: seconds as a
 * decimal number, rounded to milliseconds, or RFC 3339. Undefined when it is neither.
 */
export function parseTimeMs(text: string): number | undefined {
  if (decimal.test(text)) {
    const seconds = Number(text);
    if (!Number.isFinite(seconds)) return undefined;
    const whole = Math.trunc(seconds);
    return clamp(whole * 1000 + roundAwayFromZero((seconds - whole) * 1000));
  }
  return parseRfc3339Ms(text) ?? boundaryTimes.get(text);
}

function parseRfc3339Ms(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59) return undefined;
  const sign = match[8] === "-" ? -1 : 1;
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 59) return undefined;
  const millis = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const minutes = hour * 60 + minute - sign * (offsetHours * 60 + offsetMinutes);
  return date.getTime() + minutes * 60_000 + second * 1000 + millis;
}

const durationParts =
  /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const partsMs = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1] as const;
/** The longest duration that Prometheus can hold: 2^63 - 1 nanoseconds. */
const durationNsMax = 2 ** 63;

/**
 * Milliseconds, cut off, of a duration as Prometheus's API takes it: seconds as a decimal
 * number, which may be negative, or units such as 1h30m. When it is neither, a text why not.
 */
export function parseDurationMs(text: string): number | string {
  if (decimal.test(text) && Number.isFinite(Number(text))) {
    const nanos = Math.trunc(Number(text) * 1e9);
    return Math.abs(nanos) < durationNsMax
      ? Math.trunc(nanos / 1e6)
      : `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`;
  }
  const match = durationParts.exec(text);
  let durationMs = 0;
  for (const [i, partMs] of partsMs.entries()) durationMs += Number(match?.[i + 1] ?? 0) * partMs;
  const good = match !== null && text !== "" && durationMs * 1e6 < durationNsMax;
  return good ? durationMs : `cannot parse ${JSON.stringify(text)} to a valid duration`;
}

function roundAwayFromZero(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function clamp(timeMs: number): number {
  return Math.min(Math.max(timeMs, -timeMsMax), timeMsMax);
}
