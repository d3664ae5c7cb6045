/**
 * Offsets of the fields of the kernel's own records.
 */

/** Postings: an ascending list of refs as varint deltas over a chain of growing blocks. */
export const postingsLast = 0;
export const postingsLive = 4;
/** Entries whose series is gone; readers skip them until the list is rewritten. */
export const postingsDead = 8;
export const postingsWrite = 12;
export const postingsLimit = 16;
export const postingsFirst = 20;
export const postingsBlocks = 24;
/** The first bytes stand here: a list of one or two refs needs no block. */
export const postingsInline = 28;
export const postingsInlineEnd = 36;
export const postingsTotal = 36;

/**
 * A pair: one label name with one value of one tenant. Its bytes stand behind the record as
 * the remote write 1.0 field that carries them, so a payload is compared without parsing.
 */
export const pairId = 0;
export const pairTenant = 4;
export const pairNext = 8;
export const pairPrevious = 12;
/** Bit per condition while `filter` runs; zero otherwise. */
export const pairMark = 16;
export const pairRawSize = 20;
export const pairNameAt = 24;
export const pairNameSize = 26;
export const pairValueAt = 28;
export const pairValueSize = 30;
export const pairHash = 32;
export const pairPostings = 40;
export const pairRaw = 76;

/**
 * A series. The first 32 bytes are the append state. The word at 0 is what readers of other
 * threads may load: chunk pointer (32 bits), bits used (16), samples (16).
 */
export const seriesWord = 0;
export const seriesLastTime = 8;
export const seriesLastBits = 16;
export const seriesDelta = 24;
export const seriesLeading = 28;
export const seriesTrailing = 29;
export const seriesClass = 30;
export const seriesFlags = 31;
/** Folded hash of the pairs: where the series is found in the table. */
export const seriesHash = 32;
/** Ref of the series that followed this one in a payload the last time; 0: none. */
export const seriesSuccessor = 36;
/** Row of the resolution under way that came last, plus 1; 0: none. */
export const seriesPending = 40;
export const seriesRef = 44;
/** Bytes of all labels as remote write 1.0 fields. */
export const seriesLabelsSize = 48;
export const seriesPairs = 52;
export const seriesTenant = 56;
export const seriesSealed = 60;
export const seriesLate = 64;
export const seriesPairList = 68;

/** The series has had a sample: readers may see it. */
export const flagSampled = 1;
/** A log record holds the labels. */
export const flagDefined = 2;
/** Listed in the definitions of the resolution under way. */
export const flagDefining = 4;
/**
 * The last sample is a histogram, and so is what the open chunk holds: the last bits are the
 * pointer of its record, the word has no bits, and the fields of XOR mean nothing.
 */
export const flagHistogram = 8;
/** The open chunk is XOR2: the delta is the pointer of what its writer needs. */
export const flagXor2 = 16;

/** A sealed chunk: where it lies and what it covers. */
export const sealedNext = 0;
export const sealedFile = 4;
export const sealedOffset = 8;
export const sealedMinTime = 16;
/** Newest minus oldest time: a chunk spans at most two hours. */
export const sealedSpan = 24;
export const sealedSize = 28;
/** Bit 15: out of order; bits 12 to 14: the encoding, 0 for XOR. */
export const sealedCount = 30;
export const sealedTotal = 32;
export const sealedLateBit = 0x8000;
export const sealedEncodingShift = 12;
export const sealedSamplesMask = 0xfff;

/** Samples that wait out of order: ascending times. */
export const lateCount = 0;
export const lateCapacity = 4;
/** A bit per entry that is a histogram: its bits are the pointer of u32 size and its message. */
export const lateHistograms = 8;
/** Bytes of all those messages. */
export const lateMessages = 12;
export const lateEntries = 16;
export const lateEntrySize = 16;

/** A tenant. */
export const tenantIndex = 0;
export const tenantSeries = 4;
export const tenantPairs = 8;
export const tenantPairsVersion = 12;
export const tenantNewest = 16;
export const tenantOldest = 24;
/** f64: counts beyond 2^32. */
export const tenantSamples = 32;
export const tenantSeriesMax = 40;
export const tenantLabelsMax = 44;
export const tenantNameSizeMax = 48;
export const tenantValueSizeMax = 52;
export const tenantWindow = 56;
export const tenantPairsHead = 64;
export const tenantPairsTail = 68;
/** Ref of the series that closed the last payload. */
export const tenantLastRef = 72;
export const tenantNext = 76;
export const tenantKey = 80;
export const tenantPostings = 88;
/** Oldest time met by the truncation under way. */
export const tenantTruncateOldest = 128;
/** Whether native histograms are taken, and how many buckets they may have; 0: no bound. */
export const tenantHistograms = 136;
export const tenantBucketsMax = 140;
/** How samples are encoded: see the bits. */
export const tenantEncoding = 144;
export const tenantTotal = 152;

/** Start timestamps are stored, which XOR has no place for. */
export const encodingStarts = 1;
/** Floats go into XOR2 chunks. */
export const encodingFloatsXor2 = 2;

/** A label of the series being resolved, in the label scratch. */
export const labelName = 0;
export const labelNameSize = 4;
export const labelValue = 8;
export const labelValueSize = 12;
export const labelRaw = 16;
export const labelRawSize = 20;
export const labelPair = 24;
/** 1 when the pair was looked up already, found or not. */
export const labelLooked = 28;
export const labelHash = 32;
export const labelStride = 40;
