/** Bounds of a front port. Sizes in bytes, times in ms, all positive. */
export interface FrontPortLimits {
  /** Connections at once; further ones are closed as they come. */
  readonly connectionsMax: number;
  /** From the connection to the bytes that tell the protocol. */
  readonly firstBytesTimeoutMs: number;
  /** To the end of a request's headers; over HTTP/2, of the connection's first request. */
  readonly headersTimeoutMs: number;
  /** A request's whole body, long-lived calls excepted. */
  readonly bodyTimeoutMs: number;
  /** No byte of an unfinished body, or none of an answer taken, for so long. */
  readonly stallTimeoutMs: number;
  /** A connection without a request. */
  readonly keepAliveTimeoutMs: number;
  /** A silent HTTP/2 connection with open streams is pinged and has so long to answer. */
  readonly pingTimeoutMs: number;
  /** Request line and headers together; a GET carries its query there. */
  readonly headersSizeBytesMax: number;
  /** Streams at once on an HTTP/2 connection. */
  readonly streamsMax: number;
  /** Streams that a client may reset at once, and then per second (rapid reset). */
  readonly resetsBurst: number;
  readonly resetsPerSecond: number;
  /** Memory that one HTTP/2 connection may hold. */
  readonly sessionSizeBytesMax: number;
}

/**
 * What a public port can live with. Ten thousand connections that send 64 KiB of headers each
 * hold 640 MB; writers need 5 minutes for a body only on lines of 0.5 Mbit/s and less.
 */
export const defaultFrontPortLimits: FrontPortLimits = {
  connectionsMax: 10_000,
  firstBytesTimeoutMs: 5_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 300_000,
  stallTimeoutMs: 10_000,
  keepAliveTimeoutMs: 120_000,
  pingTimeoutMs: 10_000,
  headersSizeBytesMax: 64 * 1024,
  streamsMax: 250,
  resetsBurst: 1_000,
  resetsPerSecond: 33,
  sessionSizeBytesMax: 32 * 1024 * 1024,
};
