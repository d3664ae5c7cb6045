export type {
  LabelResult,
  QueryCall,
  Queryable,
  ReadAccount,
  Selection,
  SeriesBatch,
  SeriesColumns,
} from "./queryable.ts";
