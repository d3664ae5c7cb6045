import type { NumberFunction } from "./math.ts";

/** A moment in UTC as its calendar says it. */
interface CivilTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  /** From 1. */
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly dayOfWeek: number;
  readonly hour: number;
  readonly minute: number;
}

const daySeconds = 86_400;
/** Days from 1 January of year 0, the first day counted, to the Unix epoch. */
const epochDay = 719_528;
const daysPer400Years = 146_097;

/**
 * What Go makes of a number of seconds since the Unix epoch: a 64-bit integer, where what is no
 * number or too large is the smallest one, counted without a sign from a year far in the past,
 * so that the earliest moments wrap around to the latest.
 */
function civilTime(value: number): CivilTime {
  const isInRange = Math.abs(value) < 2 ** 53;
  const { days, seconds } = isInRange ? split(Math.trunc(value)) : splitWrapped(value);
  return {
    ...dateOf(days),
    dayOfWeek: (((days + 6) % 7) + 7) % 7,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor((seconds % 3600) / 60),
  };
}

interface DaysAndSeconds {
  /** Since 1 January of year 0. */
  readonly days: number;
  /** Of that day. */
  readonly seconds: number;
}

function split(seconds: number): DaysAndSeconds {
  const days = Math.floor(seconds / daySeconds);
  return { days: days + epochDay, seconds: seconds - days * daySeconds };
}

/** Years between Go's first one and year 0, and days between 1 January of both. */
const yearsBeforeZero = 292_277_022_400n;
const daysBeforeZero = (yearsBeforeZero / 400n) * BigInt(daysPer400Years);
const lowest = -(2n ** 63n);

function splitWrapped(value: number): DaysAndSeconds {
  const isInt64 = value >= -(2 ** 63) && value < 2 ** 63;
  const unix = isInt64 ? BigInt(Math.trunc(value)) : lowest;
  const offset = (daysBeforeZero + BigInt(epochDay)) * BigInt(daySeconds);
  const absolute = BigInt.asUintN(64, unix + offset);
  return {
    days: Number(absolute / BigInt(daySeconds) - daysBeforeZero),
    seconds: Number(absolute % BigInt(daySeconds)),
  };
}

const monthStarts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function dateOf(days: number): Pick<CivilTime, "year" | "month" | "day" | "dayOfYear"> {
  const cycles = Math.floor(days / daysPer400Years);
  const dayOfCycle = days - cycles * daysPer400Years;
  let year = Math.floor(dayOfCycle / 366);
  while (dayOfCycle >= firstDayOf(year + 1)) year++;
  const rest = dayOfCycle - firstDayOf(year);
  const isLeap = daysIn(year) === 366;
  let month = 12;
  while (rest < startOf(month, isLeap)) month--;
  return {
    year: cycles * 400 + year,
    month,
    day: rest - startOf(month, isLeap) + 1,
    dayOfYear: rest + 1,
  };
}

/** First day of a year of the cycle of 400 years that begins with year 0. */
function firstDayOf(year: number): number {
  return 365 * year + Math.ceil(year / 4) - Math.ceil(year / 100) + Math.ceil(year / 400);
}

function daysIn(year: number): 365 | 366 {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 366 : 365;
}

/** First day of a month, counted from 0 within its year. */
function startOf(month: number, isLeap: boolean): number {
  return (monthStarts[month - 1] as number) + (isLeap && month > 2 ? 1 : 0);
}

function daysInMonth({ year, month }: CivilTime): number {
  const isLeap = daysIn(((year % 400) + 400) % 400) === 366;
  return (
    (month === 12 ? daysIn(1) + (isLeap ? 1 : 0) : startOf(month + 1, isLeap)) -
    startOf(month, isLeap)
  );
}

function ofTime(part: (time: CivilTime) => number): NumberFunction {
  return (value) => part(civilTime(value));
}

/** Parts of the date that a number of seconds since the Unix epoch says, in UTC. */
export const dateFunctions: Readonly<Record<string, NumberFunction>> = {
  minute: ofTime(({ minute }) => minute),
  hour: ofTime(({ hour }) => hour),
  day_of_week: ofTime(({ dayOfWeek }) => dayOfWeek),
  day_of_month: ofTime(({ day }) => day),
  day_of_year: ofTime(({ dayOfYear }) => dayOfYear),
  days_in_month: ofTime(daysInMonth),
  month: ofTime(({ month }) => month),
  year: ofTime(({ year }) => year),
};
