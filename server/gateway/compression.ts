import type { Transform } from "node:stream";
import {
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
} from "node:zlib";

/** A way to compress an answer. */
export type AnswerEncoding = "gzip" | "deflate" | "br" | "zstd";

/** Fast levels: on JSON they reach most of what the slow ones do. */
const compressors: Readonly<Record<AnswerEncoding, () => Transform>> = {
  gzip: () => createGzip({ level: 1 }),
  deflate: () => createDeflate({ level: 1 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 2 } }),
  zstd: () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
};

/**
 * The first encoding of an Accept-Encoding list that is known, as Prometheus chooses;
 * undefined for none. Weights only matter as zero, which is a no.
 */
export function chooseEncoding(acceptEncoding: string | undefined): AnswerEncoding | undefined {
  for (const item of (acceptEncoding ?? "").split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) continue;
    if (name === "identity") return undefined;
    if (Object.hasOwn(compressors, name)) return name as AnswerEncoding;
  }
  return undefined;
}

/** A stream that compresses. */
export function createCompressor(encoding: AnswerEncoding): Transform {
  return compressors[encoding]();
}
