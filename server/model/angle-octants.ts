/** An angle's eighth of the circle, made even, and what is left of the angle. */
export interface OctantAngle {
  /** 0, 2, 4 or 6. */
  readonly octant: number;
  /** Radians, at most π/4 either way. */
  readonly rest: number;
}

/** From here on three parts of π/4 no longer tell an angle's eighth. */
const nearMax = 2 ** 29;

/** Reduces an angle, which must be finite and not negative, with the rounding of Go's math package. */
export function reduceAngle(angle: number): OctantAngle {
  return angle < nearMax ? reduceNear(angle) : reduceFar(angle);
}

/** Takes off multiples of π/4, given as the sum of three doubles (Cody and Waite). */
function reduceNear(angle: number): OctantAngle {
  let octant = Math.floor(angle * 1.2732395447351628);
  if (octant % 2 === 1) octant++;
  const rest =
    angle -
    octant * 0.7853981256484985 -
    octant * 3.774894707930798e-8 -
    octant * 2.6951514290790595e-15;
  return { octant: octant % 8, rest };
}

/** 4/π: its one, then 1,216 bits of its fraction. */
const fourByPi = BigInt(
  "0x145f306dc9c882a53f84eafa3ea69bb81b6c52b3278872083fca2c757bd778ac36e48dc74849ba5c00c925dd" +
    "413a32439fc3bd63962534e7dd1046bea5d768909d338e04d68befc827323ac7306a673e93908bf177bf2507" +
    "63ff12fffbc0b301fde5e2316b414da3eda6cfd9e4f96136e9e8c7ecd3cbfd45aea4f758fd7cbe2f67a0e73e" +
    "f14a525d4d7f6bf623f1aba10ac06608df8f6d757",
);

const bits = new DataView(new ArrayBuffer(8));

/**
 * Multiplies with as many bits of 4/π as matter for the angle (Payne and Hanek): 192, of which
 * the first 61 above the point would only give whole turns.
 */
function reduceFar(angle: number): OctantAngle {
  bits.setFloat64(0, angle);
  const word = bits.getBigUint64(0);
  const mantissa = BigInt.asUintN(52, word) | (1n << 52n);
  const exponent = Number(word >> 52n) - 1023 - 52;
  const factor = BigInt.asUintN(192, fourByPi >> BigInt(1216 + 64 - 192 - (exponent + 61)));
  const product = BigInt.asUintN(128, (factor * mantissa) >> 64n);
  const octant = Number(product >> 125n);
  const part = fractionOf(product);
  if (octant % 2 === 0) return { octant, rest: part * (Math.PI / 4) };
  return { octant: (octant + 1) % 8, rest: (part - 1) * (Math.PI / 4) };
}

/** What follows the three bits of the octant, cut to a double. */
function fractionOf(product: bigint): number {
  const high = BigInt.asUintN(64, product >> 61n);
  const zeros = 64 - high.toString(2).length;
  // Go fills up from the product's lower word without leaving out the bits taken already.
  const filled =
    BigInt.asUintN(64, high << BigInt(zeros + 1)) |
    (BigInt.asUintN(64, product) >> BigInt(64 - (zeros + 1)));
  bits.setBigUint64(0, (BigInt(1023 - (zeros + 1)) << 52n) | (filled >> 12n));
  return bits.getFloat64(0);
}
