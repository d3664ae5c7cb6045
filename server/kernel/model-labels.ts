import type { RefusalKind, TenantRules } from "./face.ts";
import { labelNameSizeMax, labelsMax, labelsSizeMax, labelValueSizeMax } from "./layout.ts";

type LabelBytes = readonly (readonly [Uint8Array, Uint8Array])[];

/** Why labels, sorted and without empty values, make no series; undefined when they do. */
export function refusalOfLabels(labels: LabelBytes, rules: TenantRules): RefusalKind | undefined {
  if (labels.length > labelsMax) return "max-label-names-per-series";
  const metricName = labels.find(([name]) => Buffer.from(name).toString("latin1") === "__name__");
  if (metricName === undefined) return "missing-metric-name";
  if (!isUtf8(metricName[1])) return "metric-name-invalid";
  if (rules.labelNamesMax !== 0 && labels.length > rules.labelNamesMax) {
    return "max-label-names-per-series";
  }
  const nameMax = Math.min(rules.labelNameSizeBytesMax || labelNameSizeMax, labelNameSizeMax);
  const valueMax = Math.min(rules.labelValueSizeBytesMax || labelValueSizeMax, labelValueSizeMax);
  for (const [index, [name, value]] of labels.entries()) {
    if (name.length === 0 || !isUtf8(name)) return "label-invalid";
    if (name.length > nameMax) return "label-name-too-long";
    if (!isUtf8(value)) return "label-value-invalid";
    if (value.length > valueMax) return "label-value-too-long";
    const before = labels[index - 1];
    if (before !== undefined && Buffer.compare(before[0], name) === 0) {
      return "duplicate-label-names";
    }
  }
  const sizes = labels.map(([name, value]) => fieldSize(name.length, value.length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return total > labelsSizeMax ? "label-value-too-long" : undefined;
}

/** Bytes of a label as a field of remote write 1.0. */
function fieldSize(nameSize: number, valueSize: number): number {
  const body = 2 + varintSize(nameSize) + nameSize + varintSize(valueSize) + valueSize;
  return 1 + varintSize(body) + body;
}

function varintSize(value: number): number {
  return value < 0x80 ? 1 : 1 + varintSize(Math.floor(value / 0x80));
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return true;
  } catch {
    return false;
  }
}
