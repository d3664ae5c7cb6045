/** A number as Go's %g prints it: shortest, with an exponent below 1e-4 and from 1e6 on. */
export function formatGeneral(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return withTwoDigits(value.toExponential());
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A number with two digits, as Go's %.2g prints it. */
export function formatTwoDigits(value: number): string {
  if (!Number.isFinite(value)) return formatGeneral(value);
  const exponent = value === 0 ? 0 : Number(value.toExponential(1).split("e")[1]);
  if (exponent >= -4 && exponent < 2) return String(Number(value.toPrecision(2)));
  return withTwoDigits(value.toExponential(1).replace(".0e", "e"));
}

/** Go writes at least two digits of an exponent. */
function withTwoDigits(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}
