import { urdError } from "../model/index.ts";
import type { UrdError } from "../platform/base/index.ts";

/** How the body of a remote write is to be read. */
export interface WriteForm {
  /** Remote write 1.0 or 2.0. */
  readonly format: 1 | 2;
  readonly encoding: "snappy" | "zstd";
}

const formatOfProto: ReadonlyMap<string, 1 | 2> = new Map([
  ["prometheus.WriteRequest", 1],
  ["io.prometheus.write.v2.Request", 2],
]);

/**
 * Reads the headers that say what a remote write is, by the remote write 2.0 specification: no
 * type is 1.0, no encoding is snappy, anything unknown is a 415, on which a sender falls back
 * to what it can also do. Values as they came; a header given twice is refused.
 */
export function writeForm(headers: {
  readonly contentType: readonly string[];
  readonly contentEncoding: readonly string[];
}): WriteForm {
  return {
    format: formatOf(only(headers.contentType, "Content-Type")),
    encoding: encodingOf(only(headers.contentEncoding, "Content-Encoding")),
  };
}

function only(values: readonly string[], name: string): string {
  if (values.length > 1) throw unsupported(`the header ${name} was given more than once`);
  return (values[0] ?? "").trim();
}

function formatOf(contentType: string): 1 | 2 {
  if (contentType === "") return 1;
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim());
  if (type.toLowerCase() !== "application/x-protobuf") {
    throw unsupported(`the content type ${type} is not application/x-protobuf`);
  }
  const protos = parameters.flatMap((parameter) => {
    const equals = parameter.indexOf("=");
    const name = parameter.slice(0, equals).trim().toLowerCase();
    return name === "proto" ? [unquoted(parameter.slice(equals + 1).trim())] : [];
  });
  if (protos.length === 0) return 1;
  const format = protos.length === 1 ? formatOfProto.get(protos[0] ?? "") : undefined;
  if (format !== undefined) return format;
  throw unsupported(
    `the message type ${protos.join(" and ")} is not known; known are ` +
      `${[...formatOfProto.keys()].join(" and ")}`,
  );
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function encodingOf(contentEncoding: string): "snappy" | "zstd" {
  const encoding = contentEncoding.toLowerCase();
  if (encoding === "" || encoding === "snappy") return "snappy";
  if (encoding === "zstd") return "zstd";
  throw unsupported(`the content encoding ${contentEncoding} is neither snappy nor zstd`);
}

function unsupported(reason: string): UrdError {
  return urdError("write-encoding-unsupported", `The write request was not read: ${reason}.`);
}
