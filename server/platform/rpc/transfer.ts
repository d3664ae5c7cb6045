import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** Smaller arrays are copied: handing over a buffer costs more than copying 4 KiB. */
const transferSizeBytesMin = 4096;

/** Collects into `found` the buffers of a message that can be handed over. */
type Collector = (message: object, found: Set<ArrayBuffer>) => void;

const collectors = new WeakMap<DescMessage, Collector | "none">();

/**
 * Buffers of a message that a sender may give away: those that a `bytes` field covers wholly.
 * Parts of larger buffers (Node's pool among them) and shared memory are left alone.
 */
export function transferables(desc: DescMessage, message: Message): readonly ArrayBuffer[] {
  const collect = collectorOf(desc);
  if (collect === "none") return none;
  const found = new Set<ArrayBuffer>();
  collect(message, found);
  return found.size === 0 ? none : [...found];
}

const none: readonly ArrayBuffer[] = [];

function collectorOf(desc: DescMessage): Collector | "none" {
  const known = collectors.get(desc);
  if (known !== undefined) return known;
  // A message that holds itself is taken to have no bytes while it is looked at; none of
  // ours does.
  collectors.set(desc, "none");
  const steps = desc.fields.flatMap((field) => fieldStep(field));
  if (steps.length === 0) return "none";
  const collector: Collector = (message, found) => {
    for (const step of steps) step(message, found);
  };
  collectors.set(desc, collector);
  return collector;
}

function fieldStep(field: DescField): readonly Collector[] {
  const visit = valueVisitor(field);
  if (visit === undefined) return [];
  const { oneof, localName } = field;
  return [
    (message, found) => {
      const value = oneof
        ? caseValue(message, oneof.localName, localName)
        : (message as Record<string, unknown>)[localName];
      if (value !== undefined) visit(value, found);
    },
  ];
}

function caseValue(message: object, oneof: string, name: string): unknown {
  const chosen = (message as Record<string, { case?: string; value?: unknown }>)[oneof];
  return chosen?.case === name ? chosen.value : undefined;
}

type Visitor = (value: unknown, found: Set<ArrayBuffer>) => void;

function valueVisitor(field: DescField): Visitor | undefined {
  const isList = field.fieldKind === "list";
  const kind = isList ? field.listKind : field.fieldKind;
  let visit: Visitor | undefined;
  if (kind === "message" && field.message !== undefined) {
    const collect = collectorOf(field.message);
    if (collect !== "none") visit = (value, found) => collect(value as object, found);
  } else if (kind === "scalar") {
    visit = visitBytes;
    // Scalars other than bytes never hold a Uint8Array; skip them for good.
    if (field.scalar !== scalarBytes) visit = undefined;
  }
  if (visit === undefined || !isList) return visit;
  const each = visit;
  return (values, found) => {
    for (const value of values as readonly unknown[]) each(value, found);
  };
}

const scalarBytes = 12;

function visitBytes(value: unknown, found: Set<ArrayBuffer>): void {
  if (!(value instanceof Uint8Array)) return;
  const { buffer, byteLength } = value;
  if (byteLength < transferSizeBytesMin || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) found.add(buffer);
}
