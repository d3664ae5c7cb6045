/**
 * Numbers that the WebAssembly module and its typed face share: where results lie in the
 * kernel's memory and what status codes mean. Plain constants, so that both compilers read
 * this one file. All fields are little-endian.
 */

/** Results of `resolve`, `scan` and friends lie at `reportAddress()`; offsets in it. */
export const reportRows = 0;
export const reportDefinitions = 4;
export const reportDuplicates = 8;
export const reportNextOffset = 12;
export const reportFault = 16;
export const reportFaultOffset = 20;
export const reportSeries = 24;
export const reportSamples = 28;
export const reportHistograms = 32;
export const reportExemplars = 36;
export const reportMetadata = 40;
/** Pointer and size of the bytes that a call lends. */
export const reportPointer = 44;
export const reportSize = 48;
/** Where an iteration goes on: a ref or pair id, 0 at the end. */
export const reportNextId = 52;
/** Entries of a result: how many were written, how many of the input were used up. */
export const reportEntries = 56;
export const reportConsumed = 60;
/** Rows and duplicates that are histograms. */
export const reportHistogramRows = 1008;
export const reportHistogramDuplicates = 1012;
/** Statistics: f64 each. */
export const reportStatSeries = 64;
export const reportStatPairs = 72;
export const reportStatSamples = 80;
export const reportStatMinTime = 88;
export const reportStatMaxTime = 96;
export const reportStatSize = 104;
/** One entry per refusal kind: u32 samples, u32 offset, u32 size, u32 unused, f64 time. */
export const reportRefusals = 112;
export const refusalStride = 24;
export const reportTotal = 1024;

/** Refusal kinds: places in `refusalKinds` of face.ts. */
export const refusedMissingName = 1;
export const refusedLabelCount = 2;
export const refusedLabelName = 3;
export const refusedLabelNameSize = 4;
export const refusedLabelValue = 5;
export const refusedLabelValueSize = 6;
export const refusedLabelTwice = 7;
export const refusedMetricName = 8;
export const refusedTenantSeries = 9;
export const refusedKernelSeries = 10;
export const refusedFuture = 11;
export const refusedTooOld = 12;
export const refusedOutOfOrder = 13;
export const refusedOtherValue = 14;
export const refusedHistogram = 15;

export const refusedBuckets = 16;
export const refusedSchema = 17;
export const refusedCountMismatch = 18;
export const refusedCountNotBigEnough = 19;
export const refusedNegativeBucket = 20;
export const refusedSpanOffset = 21;
export const refusedSpansBuckets = 22;
export const refusedCustomMismatch = 23;
export const refusedCustomInvalid = 24;
export const refusedCustomInfinite = 25;
export const refusedCustomBuckets = 26;

/** Chunk encodings by Prometheus's numbers. */
export const encodingXor = 1;
export const encodingHistogram = 2;
export const encodingFloatHistogram = 3;
export const encodingXor2 = 4;
/** From a histogram's encoding to its form with start timestamps. */
export const encodingToStarts = 3;

/** Fault kinds: places in the list of face.ts's `PayloadFault`, from 1. */
export const faultNone = 0;
export const faultTruncated = 1;
export const faultMalformed = 2;
export const faultSymbolRange = 3;
export const faultOddRefs = 4;

/** Rows that one part of a batch holds at most. */
export const rowsMax = 8192;
/** Definition bytes after which a part of a batch ends. */
export const definitionBytesMax = 2097152;
/** Labels that a series may have whatever the tenant's rules say. */
export const labelsMax = 4096;
/** Longest label name and value whatever the rules say: a pair must fit into one slab. */
export const labelNameSizeMax = 16384;
export const labelValueSizeMax = 32768;
/** Bytes that all labels of a series may have together, as remote write 1.0 fields. */
export const labelsSizeMax = 1048576;
/** Pending rows of one series that an out-of-order sample is compared with at most. */
export const pendingWalkMax = 64;

/** Samples of one chunk at most: as in Prometheus. */
export const chunkSamplesMax = 120;
/** No chunk spans a multiple of this time, so that blocks can be cut there. */
export const chunkBorderMs = 7200000;
/** Entries of all lists of a histogram together, a span counting as two: no record is larger. */
export const histogramUnitsMax = 3600;
/** Longest message of a histogram; that of the largest takes 40 KiB. */
export const histogramMessageSizeMax = 61440;
/** A chunk of so many histograms ends at so many bytes: as in Prometheus. */
export const histogramChunkSamplesMin = 10;
export const histogramChunkSizeMin = 1024;
/** Histogram chunks never become larger, however few their samples are. */
export const histogramChunkSizeMax = 61440;
/** Samples that wait out of order at a series before they are sealed as a chunk. */
export const outOfOrderMax = 32;
/** How far behind the tenant's newest sample a new series may start when the window is 0. */
export const newSeriesLagMs = 3600000;

/** Most refs of one call of `filter`, `read` and postings cursors: what the exchange area holds. */
export const exchangeEntries = 4096;

/** Head of a series in the result of `read`: u32 ref, u32 pairs, u32 chunks, u32 size in all. */
export const readSeriesHead = 16;
/** Head of a chunk in it; its bytes follow, padded to 8. */
export const readChunkHead = 48;
export const readChunkMinTime = 0;
export const readChunkMaxTime = 8;
export const readChunkOffset = 16;
export const readChunkFile = 24;
export const readChunkSize = 28;
export const readChunkSamples = 32;
/** Bit 0: out of order; bit 1: sealed. */
export const readChunkFlags = 36;
/** Bytes of the chunk that follow; 0 when sealed. */
export const readChunkBytes = 40;
export const readChunkEncoding = 44;

/** Head of a message in the result of `chunkMessages`: f64 time, u32 size; padded to 8 behind. */
export const messageEntryHead = 16;

/** Head of a pair in the result of `pairsList`: u32 id, u32 name size, u32 value size. */
export const listedPairHead = 12;

/** Head of a snapshot section: u32 magic, u16 version, u16 unused, u32 entries, u32 next id. */
export const sectionHead = 16;
/** Version 1 knew no histograms. */
export const sectionVersion = 2;
export const sectionMagicSeries = 0x53535255;
export const sectionMagicPairs = 0x50535255;
