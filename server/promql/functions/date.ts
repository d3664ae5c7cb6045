import type { NumberFunction } from "./math.ts";

const dayMs = 86_400_000;

/** Days in the month of a date: the day before the first of the next month. */
function daysInMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

function dayOfYear(date: Date): number {
  const start = new Date(0).setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start) / dayMs) + 1;
}

/** A part of the date that a number of seconds since the Unix epoch says, in UTC. */
function ofDate(part: (date: Date) => number): NumberFunction {
  return (value) => part(new Date(Math.trunc(value) * 1000));
}

/** Functions of time. Beyond what JavaScript dates reach, 270,000 years away, they give NaN. */
export const dateFunctions: Readonly<Record<string, NumberFunction>> = {
  minute: ofDate((date) => date.getUTCMinutes()),
  hour: ofDate((date) => date.getUTCHours()),
  day_of_week: ofDate((date) => date.getUTCDay()),
  day_of_month: ofDate((date) => date.getUTCDate()),
  day_of_year: ofDate(dayOfYear),
  days_in_month: ofDate(daysInMonth),
  month: ofDate((date) => date.getUTCMonth() + 1),
  year: ofDate((date) => date.getUTCFullYear()),
};
