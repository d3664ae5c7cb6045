const zero = 0x30;

/** Two digits at a time: the text of 00 to 99. */
const digitPairs: Uint8Array = Uint8Array.from({ length: 200 }, (_, i) => {
  const pair = i >> 1;
  return zero + (i % 2 === 0 ? Math.floor(pair / 10) : pair % 10);
});

/** Writes a whole number below 10^9 so that it ends at `end`; returns where it begins. */
export function writeDigits(bytes: Uint8Array, end: number, value: number): number {
  let at = end;
  let rest = value | 0;
  while (rest >= 10) {
    const quotient = (rest / 100) | 0;
    const pair = (rest - quotient * 100) << 1;
    bytes[--at] = digitPairs[pair + 1]!;
    bytes[--at] = digitPairs[pair]!;
    if (quotient === 0) return at;
    rest = quotient;
  }
  bytes[--at] = zero + rest;
  return at;
}

/** Writes a whole number below 10^9 as nine digits from `position` on. */
export function writeNineDigits(bytes: Uint8Array, position: number, value: number): void {
  let first = writeDigits(bytes, position + 9, value);
  while (first > position) bytes[--first] = zero;
}
